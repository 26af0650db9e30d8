"""The environment as one JSON object, for programs.

`set` and `unset` are disjoint. What a shell would restore is in `unset`: a
document has no memory of displaced values.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.shells.script import EnvScript


def render(script: EnvScript) -> str:
    """Render as `{"version": 1, "set": {...}, "unset": [...]}`, in ASCII."""
    import json

    document = {
        "version": 1,
        "set": dict(script.assign),
        "unset": script.unset(),
    }
    return json.dumps(document, separators=(",", ":")) + "\n"
