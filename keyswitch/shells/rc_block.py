"""The marked block in a shell's start file: put in, found, taken out exactly.

Pure: bytes in, bytes out. Whatever the block needs to be taken out again
without a trace stands in the block itself, as comments: whether there was a
file before, and whether the line before it had an end. All these shells take
`#` for a comment. Lines end with a plain newline in any file: a shell takes a
carriage return for a part of the command.
"""

from __future__ import annotations

import textwrap

from keyswitch.errors import FileStateError

BEGIN = b"# >>> keyswitch >>>"
END = b"# <<< keyswitch <<<"
_NO_FILE = b"# There was no such file before."
_NO_LINE_END = b"# The line before this block had no line end."
_CONTINUED = b"# The line before this block ended in a backslash."
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

# ~/.profile is read by any sh, hence the question whether this is bash. All of
# them do nothing where keyswitch is gone (a hook file notices that), and have
# the status 0. What another user may have written is not read.
_POSIX = """\
__keyswitch_dir=@FOLDER@
if [ -O "$__keyswitch_dir" ] && [ -O "$__keyswitch_dir/hook.@SHELL@" ] &&
    [ -f "$__keyswitch_dir/hook.@SHELL@" ] &&
    [ ! -h "$__keyswitch_dir/hook.@SHELL@" ] &&
    . "$__keyswitch_dir/hook.@SHELL@"; then
    :
elif command -v keyswitch >/dev/null 2>&1; then
    eval "$(keyswitch hook @SHELL@)"
fi
unset -v __keyswitch_dir
"""
_CODE = {
    "bash": (
        'if [ "${BASH_VERSION-}" ]; then\n'
        + textwrap.indent(_POSIX.replace("@SHELL@", "bash"), "    ")
        + "fi\n"
    ),
    "fish": """\
begin
    set -l __keyswitch_dir @FOLDER@
    if test -O "$__keyswitch_dir" -a -O "$__keyswitch_dir/hook.fish"
        and test -f "$__keyswitch_dir/hook.fish"
        and test ! -L "$__keyswitch_dir/hook.fish"
        and source "$__keyswitch_dir/hook.fish"
    else if command -q keyswitch
        keyswitch hook fish | source
    end
end
""",
    "pwsh": """\
if (Get-Command -Name keyswitch -CommandType Application -ErrorAction Ignore) {
    keyswitch hook pwsh | Out-String | Where-Object { $_.Trim() } |
        Invoke-Expression
}
""",
    "zsh": _POSIX.replace("@SHELL@", "zsh"),
}
_INLINE = """\
# nushell cannot evaluate the output of a command, so the hook itself is here.
# Run that command again after an update of keyswitch.
"""
SHELLS = (*_CODE, "nu")


def block(shell: str, *, folder: str = "", hook: str = "") -> str:
    """Return the block for a shell.

    `folder`: where the hook file is, a word of the shell; for nu, which cannot
    read one there, `hook` is the hook itself.
    """
    code = _INLINE + hook if shell == "nu" else _CODE[shell]
    code = code.replace("@FOLDER@", folder)
    return (
        f"{BEGIN.decode()}\n"
        f"# From 'keyswitch install {shell}'; "
        f"'keyswitch uninstall {shell}' removes it.\n"
        f"{code.rstrip()}\n"
        f"{END.decode()}\n"
    )


def with_block(path: str, data: bytes | None, text: str) -> bytes:
    """Return a file with the block, in the place of an older one or last."""
    found = find(path, data)
    if data is None:
        return _noted(text, [_NO_FILE])
    if found is not None:
        old = _lines(data[found])
        kept = (_NO_FILE, _NO_LINE_END, _CONTINUED)
        notes = [n for n in kept if n in old]
        return data[: found.start] + _noted(text, notes) + data[found.stop :]
    notes = []
    if data and not data.endswith(b"\n"):
        data += b"\n"
        notes.append(_NO_LINE_END)
    if data.endswith(b"\\\n"):  # or the block would go on in that line
        data += b"\n"
        notes.append(_CONTINUED)
    return data + _noted(text, notes)


def without_block(path: str, data: bytes) -> bytes | None:
    """Return a file as it was without the block; None: it was not there."""
    found = find(path, data)
    if found is None:
        return data
    before, after = data[: found.start], data[found.stop :]
    notes = _lines(data[found])
    if _CONTINUED in notes:
        before = before.removesuffix(b"\n")
    if _NO_LINE_END in notes and not after:
        before = before.removesuffix(b"\n")
    if _NO_FILE in notes and not before and not after:
        return None
    return before + after


def find(path: str, data: bytes | None) -> slice | None:
    """Return where the block is; raise if it is not one whole block."""
    if data is None:
        return None
    if data.startswith(_UTF_16):
        raise FileStateError(
            f"{path} is written in UTF-16", "save it as UTF-8, then try again"
        )
    begins, ends = [], []
    offset = 0
    for line in data.split(b"\n"):
        after = offset + len(line) + 1
        if line.strip() == BEGIN:
            begins.append(offset)
        elif line.strip() == END:
            ends.append(min(after, len(data)))
        offset = after
    if not begins and not ends:
        return None
    if len(begins) == len(ends) == 1 and begins[0] < ends[0]:
        return slice(begins[0], ends[0])
    raise _broken(path, len(begins), len(ends))


def _broken(path: str, begins: int, ends: int) -> FileStateError:
    if begins > 1:
        return FileStateError(
            f"{path} has {begins} keyswitch blocks",
            "delete all but one, with their markers, and try again",
        )
    marker, other = (BEGIN, END) if begins > ends else (END, BEGIN)
    if begins == ends:
        what = "the end of the keyswitch block before its start"
    elif ends > 1:
        what = f"more than one line '{END.decode()}'"
    else:
        what = f"a line '{marker.decode()}' without '{other.decode()}'"
    return FileStateError(
        f"{path} has {what}",
        "delete the rest of that block, with its markers, and try again",
    )


def _lines(data: bytes) -> list[bytes]:
    return [line.strip() for line in data.split(b"\n")]


def _noted(text: str, notes: list[bytes]) -> bytes:
    """Put the notes below the block's first line."""
    first, rest = text.encode().split(b"\n", 1)
    return b"\n".join([first, *notes, rest])
