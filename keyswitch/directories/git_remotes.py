"""Which remotes a directory's repository may have, for `only` and `never`.

These two have to be right where the reader of `remotes` is quick: every address
counts that git may use. Where git does not answer, that is said, and `never`
holds.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from keyswitch.directories import addresses, remotes
from keyswitch.directories.git import Git
from keyswitch.disk.file_systems import mount_of, mounts
from keyswitch.disk.opening import is_below, upwards

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OTHER_SSH = r"(?:^|\s)-F|(?i:hostname)"
MOST = 40  # remotes that are asked about
# Where an address may stand, or the name of a remote.
_LOOSE = r"^(branch\..*\.(remote|pushremote)|remote\.pushdefault)$"


class FoundRemotes:
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
        """Note all addresses of a place; return those of its origin."""
        top = git_dir or _top(folder)
        try:
            asked = _Repository(folder, environ, top, git_dir)
            named = asked.addresses()
        except FileNotFoundError:
            if top:
                self.doubt = f"without git the remotes of {top} are unknown"
            return []
        except (OSError, ValueError) as e:
            self.doubt = str(e)
            return []
        if named is None or not (git_dir or _is_of(top, asked.git_dir)):
            if top:  # git may have taken one that lies around it
                self.doubt = f"git cannot read the repository of {top}"
            return []
        self.every += named.pop("", [])
        urls = [url for us in named.values() for url in us]
        self.every += urls
        ssh = f"{asked.ssh} {environ.get('GIT_SSH_COMMAND', '')}"
        if re.search(_OTHER_SSH, ssh):
            self.doubt = "its ssh command has its own configuration"
        chosen = named.get("origin") or urls
        return [u for u in map(remotes.normalized, chosen) if u]

    def spellings(self) -> Iterator[str]:
        """Return every remote in its plainest form, for `never`."""
        for url in self.every:
            address = addresses.meant_by(url)
            if address:
                for host in self._hosts(address):
                    yield f"{host}/{address.path}"
            elif not addresses.is_local(url):
                self.doubt = self.doubt or "a remote has an unknown address"

    def _hosts(self, address: addresses.RemoteAddress) -> list[str]:
        found = [address.host]
        if address.ssh:
            found += addresses.hosts_of(address.host, self._home)
        if "" in found or not any(
            "." in h or ":" in h or h == "localhost" for h in found
        ):
            self.doubt = f"the host behind '{address.host}' is unknown"
        return [addresses.plain_host(host) for host in found]


def _top(folder: str) -> str:
    """Return the nearest folder with a `.git` of any kind, or ""."""
    bare = ("HEAD", "objects", "refs")
    for at in upwards(folder):
        if os.path.lexists(f"{at}/.git") or all(
            os.path.lexists(f"{at}/{part}") for part in bare
        ):
            return at
    return ""


def _is_of(top: str, git_dir: str) -> bool:
    """Tell whether git takes the repository that is the nearest one."""
    path = f"{top}/.git" if os.path.lexists(f"{top}/.git") else top
    word, _, place = remotes.read(path).partition(":")
    if word == "gitdir":
        path = os.path.join(top, place.strip())
    return os.path.realpath(path) == os.path.realpath(git_dir)


def _places(folder: str) -> Iterator[str]:
    """Yield a folder, and the one that it is a bind mount of."""
    yield folder
    own = mount_of(folder)
    if own is None or own.root == "/":
        return
    source = os.path.join(own.root, os.path.relpath(folder, own.point))
    for other in mounts():
        if (
            other.device == own.device
            and other.point != own.point
            and is_below(source, other.root)
        ):
            rest = os.path.relpath(source, other.root)
            yield os.path.normpath(os.path.join(other.point, rest))
            return


class _Repository:
    """What git says of one repository.

    Raises FileNotFoundError where there is no git.
    """

    def __init__(
        self, folder: str, environ: Mapping[str, str], top: str, git_dir: str
    ) -> None:
        self.ssh = ""  # the command that the repository wants for ssh
        self.git_dir = ""  # the folder of the repository that git takes
        self._git = Git(folder, environ, top, git_dir)
        self._folder = folder
        self._top = top

    def addresses(self) -> dict[str, list[str]] | None:
        """Return {remote: addresses}; None: git sees no repository here.

        Under "" are those that belong to none. Raises OSError where git
        does not answer, ValueError where there are too many.
        """
        names = self._lines("remote")
        if names is None:
            return None
        if len(names) > MOST:
            raise ValueError(f"the repository has more than {MOST} remotes")
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
            raise ValueError(f"the repository names more than {MOST} addresses")
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

    def _lines(self, *words: str, none: int = 0) -> list[str] | None:
        """Return what git prints; None: it sees no repository.

        `none` is the code that says that there is nothing to print.
        """
        status, lines = self._git.lines(*words)
        if status in (0, none):
            return lines
        if not self._top:
            return None
        raise OSError(f"git cannot read the repository of {self._top}")
