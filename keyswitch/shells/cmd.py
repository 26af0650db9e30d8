"""`set` lines for cmd.exe, which cannot carry every value.

Refused, not mangled: `%` and `!` are expanded inside quotes, `"` ends them,
and characters outside ASCII depend on the console's code page. A displaced
value is not restored: cmd has no variables of its own.

Tested by golden text only, not in a real cmd.
"""

from __future__ import annotations

from keyswitch.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.shells.script import EnvScript

_REFUSED = frozenset('"%!')
# https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/
# command-line-string-limitation
_LONGEST_LINE = 8191


def render(script: EnvScript) -> str:
    """Render one `set` a line; raise InputError for what cmd cannot carry."""
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
                f"cmd cannot carry the value of {name}",
                "use PowerShell, or run the command with `keyswitch run`",
            )
        lines.append(line)
    return "".join([line + "\n" for line in lines])
