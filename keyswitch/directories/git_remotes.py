"""Which remotes a directory's repository may have, for `only` and `never`.

These two have to be right where the reader of `remotes` is quick, so git is
asked. Where it does not answer, the reader does, and what it cannot know is
said.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from keyswitch.directories import addresses, remotes, ssh_names
from keyswitch.directories.git import Git
from keyswitch.disk.file_systems import mount_of, mounts
from keyswitch.disk.opening import is_below, upwards

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What in a configuration makes the quick reader miss an address.
_FOLLOWED = re.compile(r"insteadof|\[\s*include|worktreeconfig", re.IGNORECASE)
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
        """Note all addresses of a place; return those of its origin."""
        top = git_dir or _top(folder)
        try:
            git = Git(folder, environ, top=top, git_dir=git_dir)
            named = git.addresses()
        except FileNotFoundError:
            if git_dir:
                self._without_git(top, f"{git_dir}/config", environ)
            elif top:
                is_plain = os.path.lexists(f"{top}/.git")
                config = remotes.config_of(top) if is_plain else ""
                self._without_git(top, config, environ)
            return [] if git_dir else remotes.remotes_of(folder)
        except (OSError, ValueError) as e:
            self.doubt = str(e)
            return []
        if named is None or not (git_dir or _is_of(top, git.git_dir)):
            if top:  # git may have taken one that lies around it
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
        text = remotes.read(config)
        self.every += remotes.addresses(text)
        self.every += remotes.old_files(os.path.dirname(config))
        own = environ.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(own):
            own = self._home + "/.config"
        shared = (
            self._home + "/.gitconfig",
            own + "/git/config",
            "/etc/gitconfig",
        )
        texts = (text, *map(remotes.read, shared))
        if not text or any(map(_FOLLOWED.search, texts)):
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
