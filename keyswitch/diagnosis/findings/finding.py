"""What a check finds: how bad it is, what, why, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.model import Frozen

if TYPE_CHECKING:
    from keyswitch.diagnosis.findings.mend import Mend

ERROR = "error"  # the wrong account is used, or none works
WARNING = "warning"  # it works, and will surprise somebody
NOTE = "note"  # worth knowing; nothing is wrong

SEVERITIES = (ERROR, WARNING, NOTE)


class Finding(Frozen):
    """One thing that a check found. No field holds a secret.

    `fix` is a command, or an instruction where no command does it. `mend` is
    what `doctor --fix` does itself; None where a person has to decide.
    """

    check: str
    severity: str
    what: str
    why: str
    fix: str
    place: str = ""  # file:line, file or variable
    mend: Mend | None = None
