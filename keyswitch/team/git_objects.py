"""Objects of a repository that nobody trusts, read and verified by git.

A repository's configuration can name programs: for signatures, for its file
system monitor, for what it fetches lazily. So git never works in it. It works
in an empty repository of ours and is only told where the objects are
(gitrepository-layout(5); git(1) on GIT_OBJECT_DIRECTORY). What a tag names is
read here, from a file. Which signatures are good is for the person's own
configuration: `gpg.program`, `gpg.ssh.allowedSignersFile`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Self

from keyswitch.disk.opening import is_below, read_opened, upwards
from keyswitch.errors import InputError, KeyswitchError, NotFoundError
from keyswitch.model import Frozen
from keyswitch.secrets.references import running
from keyswitch.secrets.references.running import (
    VALUE_LIMIT,
    Call,
    Done,
    SilentError,
    TooMuchError,
)

DEADLINE = 15.0  # seconds for all that git does
_REF_LIMIT = 4096  # bytes of a file that names something
_PACKED_LIMIT = 32 << 20  # bytes of packed-refs
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # Windows has none
_HASH = r"(?a)[0-9a-f]{40}|[0-9a-f]{64}"
_KEPT = re.compile(
    r"HOME|USER|LOGNAME|TMPDIR|GNUPGHOME|XDG_\w+|SystemRoot"
    r"|GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)"
)
_SET = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# Files that only make reading faster, and whose contents nothing vouches for.
_OPTIONS = (
    "core.commitGraph=false",
    "core.multiPackIndex=false",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "safe.bareRepository=all",
)


class Checkout(Frozen):
    """A repository: its common git directory, and where in it one looks."""

    top: str
    git_dir: str
    prefix: str  # of paths in a tree: "", or "tools/keyswitch/"


def checkout_of(folder: str) -> Checkout:
    """Return the repository that a folder is of."""
    folder = os.path.realpath(folder)
    for top in upwards(folder):
        git_dir = _git_dir(top)
        if git_dir:
            below = os.path.relpath(folder, top)
            prefix = "" if below == "." or git_dir == top else below + "/"
            return Checkout(top, git_dir, prefix)
    raise NotFoundError(
        f"{folder} is not a git checkout, so it has no tags",
        "name a checkout, or leave out --tag",
    )


def _git_dir(top: str) -> str:
    """Return the common git directory of a folder, or ""."""
    own = os.path.join(top, ".git")
    if os.path.isfile(own):  # of a worktree or a submodule
        text = _line(own)
        own = os.path.join(top, text.removeprefix("gitdir:").strip())
        if not text.startswith("gitdir:"):
            return ""
    elif not os.path.isdir(own):
        own = top  # a bare one
    common = _line(os.path.join(own, "commondir"))
    own = os.path.normpath(os.path.join(own, common)) if common else own
    parts = (os.path.join(own, name) for name in ("objects", "refs"))
    return own if all(map(os.path.isdir, parts)) else ""


def _line(path: str, limit: int = _REF_LIMIT) -> str:
    """Return a small file's text; "" where there is no regular file."""
    data = _file(path, limit)
    return data.decode("utf-8", "surrogateescape").strip()


def _file(path: str, limit: int) -> bytes:
    try:
        data, found = read_opened(path, limit, flags=_NO_LINK)
    except OSError:
        return b""
    return data if stat.S_ISREG(found.st_mode) else b""


def tag_hash(checkout: Checkout, tag: str) -> str:
    """Return the hash of the object that a tag names."""
    found = _line(os.path.join(checkout.git_dir, "refs", "tags", tag))
    wanted = f" refs/tags/{tag}".encode()
    if not found:
        packed = os.path.join(checkout.git_dir, "packed-refs")
        for line in _file(packed, _PACKED_LIMIT).splitlines():
            if line.endswith(wanted):
                found = line.removesuffix(wanted).decode("ascii", "replace")
    if not re.fullmatch(_HASH, found):
        raise NotFoundError(
            f"{checkout.git_dir} has no tag '{tag}'",
            "fetch it first: git fetch --tags",
        )
    return found


class Objects:
    """git, in an empty repository of ours with another one's objects."""

    def __init__(
        self, checkout: Checkout, environ: Mapping[str, str], digits: int
    ) -> None:
        self._checkout = checkout
        self._environ = environ
        self._digits = digits  # of a hash
        self._end = time.monotonic() + DEADLINE
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="keyswitch-")
        )
        for name in ("objects", "refs"):
            os.mkdir(os.path.join(folder, name))
        texts = {"HEAD": "ref: refs/heads/none\n", "config": self._config()}
        for name, text in texts.items():
            with open(os.path.join(folder, name), "w", encoding="ascii") as f:
                f.write(text)
        self._folder = folder
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _config(self) -> str:
        if self._digits == 40:
            return "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
        return (
            "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
            "[extensions]\n\tobjectFormat = sha256\n"
        )

    def size(self, name: str) -> int:
        """Return the size of an object in bytes; raise if there is none."""
        done = self.run("cat-file", "-s", name)
        if done.status or not done.output.strip().isdigit():
            raise InputError(
                f"object {name[:12]} in {self._checkout.git_dir} is missing or "
                "damaged",
                "fetch the tag again: git fetch --tags",
            )
        return int(done.output)

    def content(self, kind: str, name: str, limit: int) -> bytes:
        """Return an object of a kind that has at most `limit` bytes."""
        if self.size(name) > limit:
            raise _too_large(limit)
        done = self.run("cat-file", kind, name, most=limit)
        if done.status:
            raise InputError(
                f"object {name[:12]} is not a {kind}",
                "name an annotated tag: git tag -s NAME",
            )
        return done.output

    def run(self, *args: str, most: int = VALUE_LIMIT) -> Done:
        """Run git, which may print so many bytes."""
        path = os.pathsep.join(self._path())
        program = shutil.which("git", path=path)
        if program is None:
            raise KeyswitchError(
                "git is not installed, and --tag needs it", "install git"
            )
        words = [word for one in _OPTIONS for word in ("-c", one)]
        call = Call(
            (program, *words, *args),
            self._environment(path),
            self._folder,
            most=most,
        )
        try:
            done = running.run(call, max(0.1, self._end - time.monotonic()))
        except SilentError:
            raise KeyswitchError(
                f"git did not answer within {DEADLINE:.0f} s",
                "check that repository, or accept the file by its "
                "--sha256, with 'team add' or 'team update'",
            ) from None
        except TooMuchError:
            raise _too_large(most) from None
        return done

    def _environment(self, path: str) -> dict[str, str]:
        kept = {k: v for k, v in self._environ.items() if _KEPT.fullmatch(k)}
        return {
            **kept,
            **_SET,
            "PATH": path,
            "GIT_DIR": self._folder,
            "GIT_OBJECT_DIRECTORY": os.path.join(
                self._checkout.git_dir, "objects"
            ),
        }

    def _path(self) -> Iterator[str]:
        """Yield the folders in which git and gpg may look for programs.

        None that lies in the checkout, and none that the place decides.
        """
        checkout = self._checkout
        places = (checkout.top, checkout.git_dir)
        for entry in self._environ.get("PATH", os.defpath).split(os.pathsep):
            real = os.path.realpath(entry)
            if os.path.isabs(entry) and not any(
                is_below(real, os.path.realpath(place)) for place in places
            ):
                yield entry


def _too_large(limit: int) -> InputError:
    return InputError(
        f"an object of that tag is larger than {limit >> 10} KiB",
        "a team file is small: ask whoever made the tag",
    )
