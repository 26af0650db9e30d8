"""Unpacks the packages of keyswitch once, and starts it.

Modules that are no Python cannot be loaded from an archive. The folder is the
person's own and in its name has what it was unpacked from.
"""

import os
import sys

WANTED = "@WANTED@"
BUILD = "@BUILD@"


def fail(what: str, remedy: str) -> None:
    """End with an error."""
    sys.stderr.write(f"keyswitch: error: {what}\nkeyswitch: hint: {remedy}\n")
    raise SystemExit(1)


def check_python() -> None:
    """See that this is the Python that the packages are for."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    version, _, machine = WANTED.partition(" ")
    if version != here:
        fail(
            f"this file is for Python {version} on {machine}, and this is "
            f"Python {here}",
            f"start it with that one: python{version} -PE {sys.argv[0]}",
        )


def is_safe(folder: str) -> bool:
    """Tell whether nobody else can have put something into a folder."""
    try:
        found = os.lstat(folder)
    except OSError:
        return True  # to be made, which may fail
    return found.st_uid == os.getuid() and found.st_mode & 0o170022 == 0o040000


def unpack(folder: str) -> None:
    """Unpack everything, so that a folder of that name is always whole."""
    import shutil
    import tempfile
    import zipfile

    above = os.path.dirname(folder)
    stage = ""
    try:
        os.makedirs(above, mode=0o700, exist_ok=True)
        stage = tempfile.mkdtemp(prefix=".unpacking-", dir=above)
        with (
            zipfile.ZipFile(sys.path[0]) as outer,
            zipfile.ZipFile(outer.open("packages.zip")) as inner,
        ):
            inner.extractall(stage)
        os.rename(stage, folder)
    except OSError as e:
        if stage:
            shutil.rmtree(stage, ignore_errors=True)
        if not os.path.isdir(folder):  # another one was faster
            fail(
                f"cannot unpack into {above}: {e.strerror}",
                "check that you can write there and that the disk has space",
            )


def main() -> None:
    """Start keyswitch."""
    check_python()
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):  # its specification: to be ignored
        cache = os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "keyswitch", BUILD)
    if not os.path.isabs(folder):
        fail("no folder to unpack into", "set HOME")
    if not (is_safe(os.path.dirname(folder)) and is_safe(folder)):
        fail(
            f"{os.path.dirname(folder)} belongs to another user, or others "
            "can write there",
            "remove it, or set another folder in XDG_CACHE_HOME",
        )
    if not os.path.isdir(folder):
        unpack(folder)
    sys.path.insert(1, folder)
    try:
        from keyswitch.__main__ import launch
    except ImportError:
        fail(
            f"the files unpacked into {folder} are damaged",
            "remove that folder and start keyswitch again",
        )
    launch()


main()
