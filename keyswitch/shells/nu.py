"""Data for nushell, which has no eval.

    let ks = (keyswitch env --shell nu | from json)
    load-env $ks.set
    hide-env --ignore-errors ...$ks.unset

A displaced value is not restored: nushell could keep it only in the
environment, where every child process would see it.
"""

from __future__ import annotations

from keyswitch.shells import json_document
from keyswitch.shells.script import refuse_read_only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.shells.script import EnvScript

# Refused by load-env, half-way.
# https://www.nushell.sh/book/special_variables.html
_READ_ONLY = frozenset(("CURRENT_FILE", "FILE_PWD", "PWD"))


def render(script: EnvScript) -> str:
    """Render as JSON with `set` for load-env and `unset` for hide-env."""
    refuse_read_only(script, "nushell", _READ_ONLY)
    return json_document.render(script)
