"""Which remotes a directory's repository may have, as git itself sees them.

For `only` and `never` alone, which have to be right where the reader of
`remotes` is quick: git follows `include`, `insteadOf` and `pushurl`. It is
told to run nothing, and gets a deadline. Where it does not answer, the reader
does, and what it cannot know is said.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from keyswitch.directories import addresses, remotes, ssh_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIMIT = 1.0  # seconds for all calls
MOST = 40  # remotes that are asked about
_OPTIONS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    # A person may forbid git to work in one; its remotes are asked for here.
    "safe.bareRepository=all",
)
_KEPT = re.compile(r"PATH|HOME|XDG_CONFIG_HOME|GIT_CONFIG(_\w+)?|SystemRoot")
_SET = {
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_NO_REPOSITORY = re.compile(
    rb"fatal: (?:not a git repository|cannot change to .*: No such file)"
)
_FOLLOWED = re.compile(rb"insteadof|\[\s*include|worktreeconfig", re.IGNORECASE)
# Where an address may stand, or the name of a remote.
_LOOSE = r"^(branch\..*\.(remote|pushremote)|remote\.pushdefault)$"
_OTHER_SSH = re.compile(r"(?:^|\s)-F|(?i:hostname)")


class Found:
    """The addresses of a place's remotes.

    `origin`: those that say what a clone is of. `every`: all that it fetches
    from or pushes to. `doubt`: why there may be others, or "".
    """

    def __init__(self, folder: str, environ: Mapping[str, str]) -> None:
        self.doubt = ""
        self.every: list[str] = []
        self.origin: list[str] = []
        self._home = environ.get("HOME", "")
        for place in _places(folder):
            self.origin = self._look(place, environ) or self.origin
        led = environ.get("GIT_DIR", "")
        if led:
            # What git is told to work on counts, and so does what is here.
            there = self._look(folder, environ, os.path.join(folder, led))
            self.origin = [url for url in self.origin if url in there]
        if self.doubt:
            self.origin = []

    def _look(
        self, folder: str, environ: Mapping[str, str], git_dir: str = ""
    ) -> list[str]:
        """Take in what a place names; return what its clone is of."""
        top = git_dir or _top(folder)
        config = git_dir + "/config" if git_dir else remotes.config_of(folder)
        child = {n: v for n, v in environ.items() if _KEPT.fullmatch(n)} | _SET
        if git_dir:
            child["GIT_DIR"] = git_dir
        try:
            git = Git(_git(environ, top or folder), folder, child)
            named = git.addresses()
        except FileNotFoundError:
            self._without_git(top, config, environ)
            return [] if git_dir else remotes.remotes_of(folder)
        except (OSError, ValueError) as e:
            self.doubt = str(e)
            return []
        if named is None:
            if top:
                self.doubt = f"git cannot read the repository of {top}"
            return []
        self.every += named.pop("", [])
        urls = [url for us in named.values() for url in us]
        self.every += urls
        ssh = f"{git.ssh} {environ.get('GIT_SSH_COMMAND', '')}"
        if _OTHER_SSH.search(ssh):
            self.doubt = "its ssh has a configuration of its own"
        chosen = named.get("origin") or urls
        return [u for u in map(remotes.normalized, chosen) if u]

    def _without_git(
        self, top: str, config: str, environ: Mapping[str, str]
    ) -> None:
        if not top:
            return
        text = remotes.read(config) if config else ""
        self.every += remotes.addresses(text)
        self.every += remotes.old_files(os.path.dirname(config))
        home = environ.get("HOME", "")
        own = environ.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(own):
            own = home + "/.config"
        shared = (home + "/.gitconfig", own + "/git/config", "/etc/gitconfig")
        if not text or any(
            _FOLLOWED.search(data)
            for data in (text.encode(), *map(_bytes, shared))
        ):
            self.doubt = f"without git nobody can tell the remotes of {top}"

    def spellings(self) -> Iterator[str]:
        """Return every remote in its plainest form, for `never`."""
        for url in self.every:
            address = addresses.meant_by(url)
            if address:
                for host in self._hosts(address):
                    yield f"{host}/{address.path}"
            elif not addresses.is_local(url):
                self.doubt = self.doubt or "a remote has an unknown address"

    def _hosts(self, address: addresses.Address) -> list[str]:
        found = [address.host]
        if address.ssh:
            found += ssh_names.hosts_of(address.host, self._home)
        if not any("." in h or ":" in h or h == "localhost" for h in found):
            self.doubt = f"nobody can tell which host '{address.host}' is"
        return [addresses.plain_host(host) for host in found]


def _top(folder: str) -> str:
    """Return the nearest folder with a `.git` of any kind, or ""."""
    while not os.path.lexists(folder + "/.git") and not _is_bare(folder):
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
    return folder


def _is_bare(folder: str) -> bool:
    parts = ("HEAD", "objects", "refs")
    return all(os.path.lexists(f"{folder}/{part}") for part in parts)


class Git:
    """A git that is asked about one repository, with a deadline for all."""

    def __init__(
        self, program: str, folder: str, environ: Mapping[str, str]
    ) -> None:
        self.ssh = ""  # the command that the repository wants for ssh
        self._program = program
        self._folder = folder
        self._environ = environ
        self._until = time.monotonic() + LIMIT

    def addresses(self) -> dict[str, list[str]] | None:
        """Return {remote: addresses}; None: git sees no repository here.

        Under "" are those that belong to none. Raises OSError where git
        does not answer.
        """
        names = self._lines("remote")
        if names is None:
            return None
        if len(names) > MOST:
            raise ValueError(f"the repository has over {MOST} remotes")
        found = {name: self._of_remote(name) for name in names}
        self.ssh = " ".join(v for _, v in self._config(r"^core\.sshcommand$"))
        common = "".join(self._lines("rev-parse", "--git-common-dir") or ())
        loose = {*remotes.old_files(os.path.join(self._folder, common))}
        loose |= {value for _, value in self._config(_LOOSE)}
        found[""] = self._rewritten(sorted(loose - {*names, "", "."}))
        return found

    def _of_remote(self, name: str) -> list[str]:
        return [
            url
            for more in ((), ("--push",))
            for url in self._lines("remote", "get-url", *more, "--all", "--",
                                   name) or ()
        ]  # fmt: skip

    def _rewritten(self, urls: Sequence[str]) -> list[str]:
        """Return addresses that no remote has, as git would use them."""
        if len(urls) > MOST:
            raise ValueError(f"the repository names over {MOST} addresses")
        found: list[str] = []
        push = self._config(r"^url\..*\.pushinsteadof$") if urls else []
        for url in urls:
            found += self._lines("ls-remote", "--get-url", "--", url) or ()
            for key, start in push:
                if url.startswith(start):
                    base = key[len("url.") : -len(".pushinsteadof")]
                    found.append(base + url.removeprefix(start))
        return found

    def _config(self, pattern: str) -> list[tuple[str, str]]:
        """Return (key, value) of what a pattern names."""
        found = self._lines("config", "-z", "--get-regexp", pattern, none=1)
        pairs = "\n".join(found or ()).split("\0")
        parted = (pair.partition("\n") for pair in pairs)
        return [(key, value) for key, _, value in parted if key]

    def _lines(self, *args: str, none: int = 0) -> list[str] | None:
        """Return what git prints; None: it sees no repository.

        `none` is the code that says that there is nothing to print.
        """
        import subprocess

        options = [word for one in _OPTIONS for word in ("-c", one)]
        try:
            done = subprocess.run(
                [self._program, *options, "-C", self._folder, *args],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=max(0.01, self._until - time.monotonic()),
            )
        except subprocess.TimeoutExpired:
            raise OSError(
                f"git did not name the remotes within {LIMIT:.0f} s"
            ) from None
        if _NO_REPOSITORY.match(done.stderr):
            return None
        if done.returncode not in (0, none):
            raise OSError(f"git cannot name the remotes of {self._folder}")
        return os.fsdecode(done.stdout).splitlines()


def _git(environ: Mapping[str, str], below: str) -> str:
    """Return the git that a person's own shell would run.

    Not one that lies in the repository itself.
    """
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.realpath(os.path.join(entry, "git"))
        inside = _is_below(os.path.realpath(entry), os.path.realpath(below))
        if os.path.isabs(entry) and not inside and os.access(path, os.X_OK):
            return os.path.join(entry, "git")
    raise FileNotFoundError("git")


def _bytes(path: str) -> bytes:
    return remotes.read(path).encode("utf-8", "surrogateescape")


def _places(folder: str) -> Iterator[str]:
    """Return a folder, and the one that it is a bind mount of."""
    yield folder
    mounts = []
    for line in remotes.read("/proc/self/mountinfo").splitlines():
        words = line.split(" ")
        if len(words) > 4:
            mounts.append(
                (words[2], _unescaped(words[3]), _unescaped(words[4]))
            )
    own = max(
        (m for m in mounts if _is_below(folder, m[2])),
        key=lambda m: len(m[2]),
        default=None,
    )
    if own is None or own[1] == "/":
        return
    device, root, point = own
    source = os.path.join(root, os.path.relpath(folder, point))
    for other, base, where in mounts:
        if other == device and where != point and _is_below(source, base):
            rest = os.path.relpath(source, base)
            yield os.path.normpath(os.path.join(where, rest))
            return


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)
