"""The environment as a document, for programs and for nushell.

A document has no memory of displaced values: what a shell would restore is
unset, as far as the form can say that.
"""

from __future__ import annotations

from keyswitch.errors import InputError
from keyswitch.profiles.names import VARIABLE_CHARACTERS
from keyswitch.shells import EnvScript, refuse_read_only

_SAFE = VARIABLE_CHARACTERS | frozenset("./:@%+=,-")


# Refused by load-env, half-way.
# https://www.nushell.sh/book/special_variables.html
_READ_ONLY = frozenset(("CURRENT_FILE", "FILE_PWD", "PWD"))


def json(script: EnvScript) -> str:
    """Render as `{"version": 1, "set": {...}, "unset": [...]}`, in ASCII.

    `set` and `unset` are disjoint.
    """
    from json import dumps

    document = {
        "version": 1,
        "set": dict(script.assign),
        "unset": script.unset(),
    }
    return dumps(document, separators=(",", ":")) + "\n"


def nu(script: EnvScript) -> str:
    """Render the same for nushell, which has no eval.

        let ks = (keyswitch env --shell nu | from json)
        load-env $ks.set
        hide-env --ignore-errors ...$ks.unset

    nushell could keep a displaced value only in the environment, where every
    child process would see it.
    """
    refuse_read_only(script, "nushell", _READ_ONLY)
    return json(script)


def dotenv(script: EnvScript) -> str:
    r"""Render lines of NAME=value that the readers of .env files agree on.

    Those readers are python-dotenv, docker (`run --env-file`, and compose) and
    `set -a; . ./file` in a shell. There is no common escape, so each value
    takes the simplest quoting that it needs, and is refused where they would
    differ:

    * safe characters: no quotes. docker's --env-file knows none and would keep
      them as part of the value.
    * single quotes: literal everywhere, except that python-dotenv replaces
      `${...}` even there and reads `\\` as an escape.
    * double quotes, for a value with `'`: only without what they expand.

    Nothing can be unset by such a file.
    """
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
        f"not every reader of a .env file accepts the value of {name}",
        "use `keyswitch env --format json`, or `keyswitch run`",
    )
