"""What a repository may hold in place of an honest `.keyswitch`.

`TEXTS` are contents of a plain file, `KINDS` make something else at a path,
`FOLDERS` are directories whose names are hostile and which hold a link.
"""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "other"  # a profile of the person's, and not the one in use

TEXTS: dict[str, bytes] = {
    # A name that exists: the one thing that could take effect.
    "a profile": b"other\n",
    "a profile, no line end": b"other",
    "a profile, crlf": b"other\r\n",
    "the profile in use": b"work\n",
    "no such profile": b"nobody\n",
    # More than a name.
    "two lines": b"other\nwork\n",
    "two line ends": b"other\n\n",
    "a line end before": b"\nother\n",
    "blank behind": b"other \n",
    "blank before": b" other\n",
    "tab behind": b"other\t\n",
    "cr": b"other\rwork\n",
    "comment": b"other # why\n",
    "shebang": b"#!/bin/sh\ntouch tripwire\n",
    "export": b"export ANTHROPIC_BASE_URL=https://evil.example.com\n",
    "assignment": b"ANTHROPIC_API_KEY=sk-ant-FAKE\n",
    "toml name": b'name = "other"\n',
    "toml profile": b'[profile]\nname = "other"\nbase_url = "https://evil"\n',
    "json": b'{"profile": "other", "base_url": "https://evil"}\n',
    "yaml": b"profile: other\n",
    "other keys": b"other\nbase_url = https://evil.example.com\n",
    "envrc": b"source_env_if_exists .envrc.private\n",
    "huge key": b"a" + b".a" * 2000 + b" = 1\n",
    # Code for whoever would hand it to a shell.
    "substitution": b"$(touch tripwire)\n",
    "backticks": b"`touch tripwire`\n",
    "semicolon": b"other; touch tripwire\n",
    "ampersand": b"other & touch tripwire &\n",
    "pipe": b"other | touch tripwire\n",
    "quote": b"other'; touch tripwire; '\n",
    "double quote": b'other"; touch tripwire; "\n',
    "newline code": b"other\ntouch tripwire\n",
    "variable": b"$HOME\n",
    "glob": b"*\n",
    "brace": b"{other,work}\n",
    "tilde": b"~\n",
    "option": b"--reveal\n",
    "dash": b"-\n",
    "redirect": b"other>tripwire\n",
    # Names that lead elsewhere.
    "url": b"https://evil.example.com/other\n",
    "traversal": b"../../../../etc/passwd\n",
    "traversal in a name": b"../profiles/other\n",
    "absolute": b"/etc/passwd\n",
    "dots": b"..\n",
    "dot": b".\n",
    "hidden": b".other\n",
    "slash": b"other/\n",
    "backslash": b"..\\other\n",
    "last dot": b"other.\n",
    "device": b"con\n",
    "device with suffix": b"nul.txt\n",
    "device with number": b"com1\n",
    "suffix": b"other.toml\n",
    "64 characters": b"a" * 64 + b"\n",
    "65 characters": b"a" * 65 + b"\n",
    "upper case": b"OTHER\n",
    # Bytes that a terminal, a parser or a person takes for something else.
    "empty": b"",
    "line end": b"\n",
    "blanks": b"   \n",
    "nul": b"other\0\n",
    "nul before": b"\0other\n",
    "binary": bytes(range(256)),
    "bom": b"\xef\xbb\xbfother\n",
    "utf-16": "other\n".encode("utf-16"),
    "utf-16 be": "other\n".encode("utf-16-be"),
    "utf-32": "other\n".encode("utf-32"),
    "latin": b"\xe9t\xe9\n",
    "emoji": "\U0001f511\n".encode(),
    "look-alike": "\u043ether\n".encode(),  # a Cyrillic letter
    "full width": "\uff4fther\n".encode(),
    "zero width": "o\u200bther\n".encode(),
    "bidi": "\u202erehto\n".encode(),
    "line separator": "other\u2028work\n".encode(),
    "escape": b"\x1b[31mother\x1b[0m\n",
    "title": b"\x1b]0;owned\x07other\n",
    "clear": b"\x1b[2J\x1b[1;1Hother\n",
    "paste": b"\x1b[201~other\n",
    "c1": b"\xc2\x9b31mother\n",
    "bell": b"\x07other\n",
    "backspace": b"work\b\b\b\bother\n",
    "delete": b"other\x7f\n",
    # Sizes.
    "4096 bytes": b"a" * 4096,
    "4097 bytes": b"a" * 4097,
    "4097 bytes with a name": b"other\n" + b"\n" * 4091,
}


def sparse(path: Path) -> None:
    """Make a file of 1 GiB that occupies nothing."""
    with path.open("wb") as f:
        f.write(b"other\n")
        f.truncate(1 << 30)


def link_to(target: str):
    """Return a maker of a symbolic link."""

    def make(path: Path) -> None:
        beside = path.parent / "beside"
        beside.write_text("other\n")
        key = path.parent / "key"
        key.write_text("-----BEGIN FAKE PRIVATE KEY-----\nEXAMPLE\n")
        path.symlink_to(target.replace("TREE", str(path.parent)))

    return make


def bind(path: Path) -> None:
    """Make a socket; its path may be longer than an address can be."""
    old = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path.name)
    finally:
        os.fchdir(old)
        os.close(old)


def full_folder(path: Path) -> None:
    """Make a directory that holds what it could be read as."""
    path.mkdir()
    (path / "other").write_text("other\n")


def device(number: int):
    """Return a maker of a character device, which needs root."""
    return lambda path: os.mknod(
        path, stat.S_IFCHR | 0o666, os.makedev(1, number)
    )


def of_another(path: Path) -> None:
    """Make a file that another user owns, which needs root."""
    path.write_text("other\n")
    os.chown(path, 1235, 1235)


def a_link_each(path: Path) -> None:
    """Put one into each directory upwards as well."""
    path.write_text("other\n")
    for folder in (path.parent.parent, path.parent.parent.parent):
        (folder / path.name).write_text("nobody\n")


KINDS = {
    "1 GiB": sparse,
    "link to a file": link_to("beside"),
    "absolute link": link_to("TREE/beside"),
    "dangling symbolic link": link_to("nowhere"),
    "link to itself": link_to(".keyswitch"),
    "link to zero": link_to("/dev/zero"),
    "link to a terminal": link_to("/dev/tty"),
    "link to stdin": link_to("/dev/stdin"),
    "link to a key": link_to("key"),
    "link to a folder": link_to("TREE"),
    "link with escapes": link_to("\x1b[31m\u202ex"),
    "fifo": os.mkfifo,
    "socket": bind,
    "folder": full_folder,
}
AS_ROOT = {
    "device zero": device(5),
    "device full": device(7),
    "of another user": of_another,
}

FOLDERS = {
    "newline": "a\nkeyswitch: switched to 'other'",
    "escape": "a\x1b[2J\x1b]0;owned\x07b",
    "bidi": "a\u202eb\u2066c",
    "c1": "a\u009b31mb",
    "bytes": "a\udcff\udc9bb",
    "bell and bs": "a\x07\x08\x08b",
    "quotes": "a'b\"c",
    "code": "$(touch tripwire)`touch tripwire`;touch tripwire",
    "option": "-n",
    "blanks": " a  b ",
    "percent": "%s%n%n\\033[31m",
    "comma and colon": "a,b:c=d",
    "line separator": "a\u2028b",
    "deep": "/".join(["d"] * 1900),
    "deeper than a path": "/".join(["x" * 60] * 100),
}
