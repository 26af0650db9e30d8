"""Runs a command for which the kernel has no keyrings: PROG ERRNO COMMAND...

As in a container whose filter refuses those calls (EPERM, EACCES), or with a
kernel that lacks them (ENOSYS).
"""

import ctypes
import os
import platform
import struct
import sys

# Numbers of add_key, request_key and keyctl.
CALLS = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2  # of prctl
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # of the filter's language
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refuse(calls, number):
    """Let these system calls of this process fail with an error number."""
    steps = [(_LOAD, 0, 0, 0)]
    for left, call in enumerate(reversed(calls)):
        steps.insert(1, (_EQUAL, left + 1, 0, call))
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | number)]
    code = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *step) for step in steps)
    )
    program = Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for args in (
        (_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if prctl(*args):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse(CALLS[platform.machine()], int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
