"""Text for the shells of Windows: PowerShell and cmd.exe.

Tested by golden text only, not in a real PowerShell or cmd.
"""

from __future__ import annotations

from keyswitch.errors import InputError
from keyswitch.shells import SAVED_PREFIX, EnvScript, runs

_REFUSED = frozenset('"%!')  # by cmd
# https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/
# command-line-string-limitation
_LONGEST_LINE = 8191


def powershell(script: EnvScript) -> str:
    """Render for Windows PowerShell 5.1 and PowerShell 7.

    One block on one line of ASCII: PowerShell hands on a program's output line
    by line, and decodes it by the console's code page. It parses the whole
    block before it runs any of it, so a block cut short does nothing. An empty
    value counts as unset there before PowerShell 7.5.
    """
    statements: list[str] = []
    for name in script.restore:
        saved = SAVED_PREFIX + name
        statements.append(
            f"if (Test-Path -LiteralPath Variable:Global:{saved}) "
            f"{{ $env:{name} = $global:{saved}; {_forget(saved)} }} "
            f"else {{ {_remove(name)} }}"
        )
    for name in script.save:
        saved = SAVED_PREFIX + name
        statements.append(
            f"if (Test-Path -LiteralPath Env:{name}) "
            f"{{ $global:{saved} = $env:{name} }} "
            f"else {{ {_forget(saved)} }}"
        )
    statements += [_remove(name) for name in script.remove]
    statements += [f"$env:{n} = {quote(v)}" for n, v in script.assign]
    return "& { " + "; ".join(statements) + " }\n"


def _remove(name: str) -> str:
    return f"Remove-Item -LiteralPath Env:{name} -ErrorAction SilentlyContinue"


def _forget(saved: str) -> str:
    return (
        f"Remove-Variable -Name {saved} -Scope Global "
        "-ErrorAction SilentlyContinue"
    )


def quote(value: str) -> str:
    """Quote; what is not printable ASCII becomes a list of UTF-16 units.

    That covers U+2018 to U+201B as well, which PowerShell takes for quotes. A
    flat list under -join, because a chain of `+` nests as deep as it is long.
    """
    parts = []
    is_ascii = False
    for is_ascii, text in runs(value, lambda c: " " <= c <= "~"):
        if is_ascii:
            parts.append("'" + text.replace("'", "''") + "'")
            continue
        units = text.encode("utf-16-be")
        parts += [
            f"[char]{units[i] << 8 | units[i + 1]}"
            for i in range(0, len(units), 2)
        ]
    if len(parts) == 1 and is_ascii:
        return parts[0]
    return f"(-join ({','.join(parts)}))" if parts else "''"


def cmd(script: EnvScript) -> str:
    """Render one `set` a line; raise InputError for what cmd cannot carry.

    Refused, not mangled: `%` and `!` are expanded inside quotes, `"` ends
    them, and characters outside ASCII depend on the console's code page. A
    displaced value is not restored: cmd has no variables of its own.
    """
    lines = [f'set "{name}="' for name in script.unset()]
    for name, value in script.assign:
        line = f'set "{name}={value}"'
        if (
            value == ""
            or not all(" " <= c <= "~" for c in value)
            or not _REFUSED.isdisjoint(value)
            or len(line) > _LONGEST_LINE
        ):
            raise InputError(
                f"cmd cannot set the value of {name}",
                "use PowerShell, or run the command with `keyswitch run`",
            )
        lines.append(line)
    return "".join([line + "\n" for line in lines])
