"""What to look for, and where a command could have left it."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from pathlib import Path

# Hex of every string, so that nothing is cut or escaped another way.
STRACE = (
    "strace", "-f", "-qq", "-v", "-y", "-xx", "-s", "1000000",
    "-e", "trace=execve,write,pwrite64,writev,sendto,sendmsg,symlink,symlinkat",
)  # fmt: skip
_HEX = re.compile(r'(["<])((?:\\x[0-9a-f]{2})+)([">])')
_CALL = re.compile(rb"^(?:\d+ +)?(\w+)\((.*)$", re.DOTALL)


def forms_of(secret):
    """Return every form in which a secret could be lying around."""
    raw = secret.encode()
    found = {raw, raw[::-1], raw.hex().encode(), raw.hex().upper().encode()}
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw)
        # The characters at both ends depend on what stands beside it.
        found.add(text[4 if before else 0 : -4])
        found.add(base64.urlsafe_b64encode(b"\0" * before + raw)[4:-4])
    found.add(urllib.parse.quote(secret, safe="").encode())
    found.add(json.dumps(secret)[1:-1].encode())
    found |= {secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    return found


def has_one(data, forms):
    """Tell whether bytes hold a secret in any form."""
    return any(form in data for form in forms)


def calls(log):
    """Return (name, arguments as bytes) of each call in a log of strace."""
    found = []
    for line in Path(log).read_text(errors="replace").splitlines():
        plain = _HEX.sub(lambda m: m[1] + _decoded(m[2]) + m[3], line)
        match = _CALL.match(plain.encode("latin-1", "replace"))
        if match:
            found.append((match[1].decode(), match[2]))
    return found


def _decoded(text):
    return bytes.fromhex(text.replace("\\x", "")).decode("latin-1")


def files_with(folders, forms):
    """Return the files below these folders that hold a secret."""
    return [
        path
        for folder in folders
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and (has_one(path.read_bytes(), forms) or has_one(_name(path), forms))
    ]


def _name(path):
    return str(path).encode("utf-8", "surrogateescape")
