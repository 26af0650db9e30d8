"""Under which circumstances a fork of the warmed interpreter runs a command.

Given by variables that the command itself does not see: a umask, another user,
mounts in a mount namespace of the fork's own, and a seeded defect.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import subprocess

from tests.forks import server

UMASK, USER, GROUPS = "TEST_UMASK", "TEST_USER", "TEST_GROUPS"
MOUNTS, DEFECT, FOLDER = "TEST_MOUNTS", "TEST_DEFECT", "TEST_FOLDER"
_CLONE_NEWNS = 0x20000
_IMPORTED_LATE = (
    "encodings.idna",
    "encodings.utf_16",
    "encodings.utf_8_sig",
    "grp",
    "pwd",
    "tomlkit",
    "traceback",
    "unicodedata",
)

# Code for `Warm(defect=...)`: the forks take these variables to heart.
TAKEN = "from tests.files import circumstances as c; c.take_over()\n"


def given(
    *, umask=0o022, user=None, groups=(), mounts=(), defect="", folder="."
):
    """Return the variables that ask for these circumstances.

    `groups` are those of `user` beside its own; `mounts` are argument lists
    of `mount`; `defect` is code that makes another keyswitch of it; `folder`
    is where it begins.
    """
    found = {UMASK: f"{umask:o}", DEFECT: defect, FOLDER: folder}
    if user is not None:
        found[USER] = str(user)
        found[GROUPS] = json.dumps(groups)
    if mounts:
        found[MOUNTS] = json.dumps([[str(a) for a in m] for m in mounts])
    return found


def take_over():
    """Let every fork of this process become what its variables say."""
    # Another user may not be able to read the library that is used here.
    for name in _IMPORTED_LATE:
        importlib.import_module(name)

    def become():
        wanted = {
            name: os.environ.pop(name)
            for name in (UMASK, USER, GROUPS, MOUNTS, DEFECT, FOLDER)
            if name in os.environ
        }
        if MOUNTS in wanted:
            here = os.getcwd()
            _mount(json.loads(wanted[MOUNTS]))
            os.chdir(here)
        os.chdir(wanted.get(FOLDER, "."))
        if USER in wanted:
            number = int(wanted[USER])
            os.setgroups(json.loads(wanted[GROUPS]))
            os.setresgid(number, number, number)
            os.setresuid(number, number, number)
        os.umask(int(wanted.get(UMASK, "22"), 8))
        exec(wanted.get(DEFECT, ""), {})

    server.BEFORE.append(become)


def _mount(mounts):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    # In a changed root, "/" is no mount, and what is there is private already.
    private = [["--make-rprivate", "/"]] if _is_mount("/") else []
    for arguments in (*private, *mounts):
        subprocess.run(["mount", *arguments], check=True)


def _is_mount(folder):
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        return any(line.split()[4] == folder for line in mounts)
