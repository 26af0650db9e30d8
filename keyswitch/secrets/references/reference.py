"""What a reference is, and what a manager answers to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from keyswitch.model import Frozen
from keyswitch.secret import Secret

# Asks the person for a passphrase; None: nobody can be asked.
AskPerson = Callable[[str], Secret] | None

# Says to a keyswitch that a manager's tool starts what that tool is asked.
READING = "KEYSWITCH_READING"


class Reference(Frozen):
    """A reference as it was pasted, taken apart by its manager's form."""

    text: str  # "op://Eng/claude/key"
    manager: str  # the name of its row: "op", "vault", "exec", …
    parts: Mapping[str, str]  # by the names in the form; absent parts are ""


class Fetched(Frozen):
    """A value that a manager gave. `lease` is 0 where it named no end."""

    value: Secret
    lease: int = 0  # seconds from now for which the value is good
    _hidden = ("value",)


def document_of(text: str) -> str:
    """Return what a reference and others beside it are read of at once."""
    return text.partition("#")[0]


def under_way(environ: Mapping[str, str]) -> list[str]:
    """Return the references that the tools above this process are asked."""
    return environ.get(READING, "").splitlines()
