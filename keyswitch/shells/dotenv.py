r"""Lines of NAME=value that the readers of .env files agree on.

Those readers are python-dotenv, docker (`run --env-file`, and compose) and
`set -a; . ./file` in a shell. There is no common escape, so each value takes
the simplest quoting that it needs, and is refused where they would differ:

* safe characters: no quotes. docker's --env-file knows none and would keep
  them as part of the value.
* single quotes: literal everywhere, except that python-dotenv replaces
  `${...}` even there and reads `\\` as an escape.
* double quotes, for a value with `'`: only without what they expand.

Nothing can be unset or restored by such a file.
"""

from __future__ import annotations

from keyswitch.errors import InputError
from keyswitch.shells.script import NAME_CHARACTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.shells.script import EnvScript

_SAFE = NAME_CHARACTERS | frozenset("./:@%+=,-")


def render(script: EnvScript) -> str:
    """Render the assignments; raise InputError where the readers differ."""
    return "".join([f"{n}={_quote(n, v)}\n" for n, v in script.assign])


def _quote(name: str, value: str) -> str:
    if _SAFE.issuperset(value):
        return value
    # A newline is fine for the readers, other control characters are not.
    if "\\" not in value and value.replace("\n", "").isprintable():
        if "'" not in value and "${" not in value:
            return f"'{value}'"
        if frozenset('"$`!').isdisjoint(value):
            return f'"{value}"'
    raise InputError(
        f"a .env file cannot carry the value of {name} to every reader",
        "use `keyswitch env --format json`, or `keyswitch run`",
    )
