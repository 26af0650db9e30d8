"""Ask git which addresses a repository has.

git follows `include`, `insteadOf` and `pushurl`, which the reader in
`remotes` does not. It is told to run nothing of the repository's, and gets a
deadline.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING

from keyswitch.directories import remotes
from keyswitch.disk.opening import is_below

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
# Where an address may stand, or the name of a remote.
_LOOSE = r"^(branch\..*\.(remote|pushremote)|remote\.pushdefault)$"


class Git:
    """A git that is asked about one repository, with a deadline for all.

    `top` is the folder of the repository, whose own programs are not run.
    Raises FileNotFoundError where there is no git.
    """

    def __init__(
        self,
        folder: str,
        environ: Mapping[str, str],
        *,
        top: str = "",
        git_dir: str = "",
    ) -> None:
        self.ssh = ""  # the command that the repository wants for ssh
        self.git_dir = ""  # the folder of the repository that git takes
        self._program = _program(environ, top or folder)
        self._folder = folder
        kept = {n: v for n, v in environ.items() if _KEPT.fullmatch(n)}
        self._environ = kept | _SET | ({"GIT_DIR": git_dir} if git_dir else {})
        self._until = time.monotonic() + LIMIT

    def addresses(self) -> dict[str, list[str]] | None:
        """Return {remote: addresses}; None: git sees no repository here.

        Under "" are those that belong to none. Raises OSError where git
        does not answer, ValueError where there are too many.
        """
        names = self._lines("remote")
        if names is None:
            return None
        if len(names) > MOST:
            raise ValueError(f"the repository has over {MOST} remotes")
        found = {name: self._of_remote(name) for name in names}
        self.ssh = " ".join(v for _, v in self._config(r"^core\.sshcommand$"))
        dirs = self._lines("rev-parse", "--git-dir", "--git-common-dir") or ()
        self.git_dir, common = (os.path.join(self._folder, d) for d in dirs)
        loose = {*remotes.old_files(common)}
        loose |= {value for _, value in self._config(_LOOSE)}
        found[""] = self._rewritten(sorted(loose - {*names, "", "."}))
        return found

    def _of_remote(self, name: str) -> list[str]:
        found: list[str] = []
        for more in ((), ("--push",)):
            words = ("remote", "get-url", *more, "--all", "--", name)
            found += self._lines(*words) or ()
        return found

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


def _program(environ: Mapping[str, str], below: str) -> str:
    """Return the git that a person's own shell would run.

    Not one that lies in the repository itself.
    """
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.realpath(os.path.join(entry, "git"))
        inside = is_below(os.path.realpath(entry), os.path.realpath(below))
        if os.path.isabs(entry) and not inside and os.access(path, os.X_OK):
            return os.path.join(entry, "git")
    raise FileNotFoundError("git")
