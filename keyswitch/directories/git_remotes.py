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
from urllib.parse import unquote

from keyswitch.directories import remotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 1.0  # seconds for all calls
MOST = 40  # remotes that are asked about
_HARDENED = ("core.fsmonitor=false", "core.hooksPath=/dev/null")
_KEPT = re.compile(r"PATH|HOME|XDG_CONFIG_HOME|GIT_CONFIG(_\w+)?|SystemRoot")
_SET = {
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_NO_REPOSITORY = 128
_FOLLOWED = re.compile(rb"insteadof|\[\s*include", re.IGNORECASE)

# Hosts that stand for another one: ssh on the port of https.
_TWINS = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_LOCAL = re.compile(r"(?:file://|[./~]|[A-Za-z]:[\\/])", re.IGNORECASE)
_OTHER = re.compile(r"\w[\w+.-]*(?:::|://)")
_SCHEME = re.compile(
    r"(?:https?|ssh|git|git\+ssh|ssh\+git|ftps?)://", re.IGNORECASE
)


class Found:
    """The addresses of a place's remotes.

    `origin`: those that say what a clone is of. `every`: all that it fetches
    from or pushes to. `doubt`: why there may be others, or "".
    """

    def __init__(self, folder: str, environ: Mapping[str, str]) -> None:
        self.doubt = ""
        self.every: list[str] = []
        self.origin: list[str] = []
        for place in _places(folder):
            self._look(place, environ)

    def _look(self, folder: str, environ: Mapping[str, str]) -> None:
        self.origin += remotes.remotes_of(folder)
        top = _top(folder)
        config = remotes.config_of(folder)
        text = remotes.read(config) if config else ""
        self.every += remotes.addresses(text)
        try:
            named = _ask(folder, environ, top)
        except FileNotFoundError:
            self._without_git(top, text, environ)
            return
        except (OSError, ValueError) as e:
            self.doubt = str(e)
            return
        if named is None:
            if top:
                self.doubt = f"git cannot read the repository of {top}"
            return
        urls = [url for us in named.values() for url in us]
        self.every += urls
        chosen = named.get("origin") or urls
        self.origin = [u for u in map(remotes.normalized, chosen) if u]

    def _without_git(
        self, top: str, text: str, environ: Mapping[str, str]
    ) -> None:
        if not top:
            return
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
            plain = plainest(url)
            if plain:
                yield plain
            elif not _LOCAL.match(url):
                self.doubt = self.doubt or "a remote has an unknown address"


def plainest(url: str) -> str:
    """Return host/path of an address, however it is spelt; "" for others."""
    text = unquote(url).strip().lstrip("\ufeff")
    form = _SCHEME.match(text)
    if form:
        rest = re.sub(r"[?#].*", "", text[form.end() :])
        host, _, path = rest.partition("/")
        host = host.rpartition("@")[2]
    elif _OTHER.match(text):
        return ""  # a program of git's, which may go anywhere
    else:
        host, path = remotes.of_scp_form(text)
    if not host.startswith("["):
        host = host.partition(":")[0]
    host = host.strip("[]").rstrip(".").lower()
    host = _TWINS.get(host, host).removeprefix("www.")
    parts: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    path = "/".join(parts).removesuffix(".git")
    return f"{host}/{path}" if host and path else ""


def _top(folder: str) -> str:
    """Return the nearest folder with a `.git` of any kind, or ""."""
    while not os.path.lexists(folder + "/.git"):
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
    return folder


def _ask(
    folder: str, environ: Mapping[str, str], top: str
) -> dict[str, list[str]] | None:
    """Return {remote: addresses}; None: git sees no repository here.

    Raises FileNotFoundError without a git, OSError where it does not answer.
    """
    git = _git(environ, top or folder)
    child = {n: v for n, v in environ.items() if _KEPT.fullmatch(n)} | _SET
    until = time.monotonic() + LIMIT
    names = _lines(git, folder, child, until, "remote")
    if names is None:
        return None
    if len(names) > MOST:
        raise ValueError(f"the repository of {top} has over {MOST} remotes")
    found: dict[str, list[str]] = {}
    for name in names:
        for more in ((), ("--push",)):
            call = ("remote", "get-url", *more, "--all", "--", name)
            found.setdefault(name, []).extend(
                _lines(git, folder, child, until, *call) or ()
            )
    return found


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


def _lines(
    git: str, folder: str, environ: Mapping[str, str], until: float, *args: str
) -> list[str] | None:
    import subprocess

    options = [word for one in _HARDENED for word in ("-c", one)]
    try:
        done = subprocess.run(
            [git, *options, "-C", folder, *args],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=max(0.01, until - time.monotonic()),
        )
    except subprocess.TimeoutExpired:
        raise OSError(
            f"git did not name the remotes within {LIMIT:.0f} s"
        ) from None
    if done.returncode == _NO_REPOSITORY:
        return None
    if done.returncode:
        raise OSError(f"git cannot name the remotes of {folder}")
    return os.fsdecode(done.stdout).splitlines()


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
