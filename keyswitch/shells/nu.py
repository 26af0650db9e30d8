"""Data for nushell, which has no eval.

    let ks = (keyswitch env --shell nu | from json)
    load-env $ks.set
    hide-env --ignore-errors ...$ks.unset

A displaced value is not restored: nushell could keep it only in the
environment, where every child process would see it.
"""

from __future__ import annotations

from keyswitch.shells import json_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.shells.script import EnvScript


def render(script: EnvScript) -> str:
    """Render as JSON with `set` for load-env and `unset` for hide-env."""
    return json_document.render(script)
