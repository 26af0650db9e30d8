"""The whole matrix: every command, every layout of the files, every fault."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.full.commands import (
    COMMANDS,
    LAYOUTS,
    LOGINS,
    command_case,
)
from tests.faults.harness import inject_everywhere, inject_twice
from tests.faults.login_cases import CASES

FAULTS = ("KILL", "ENOSPC", "EDQUOT", "EIO", "EACCES", "EROFS", "EINTR")
SIGNALS = ("INT", "TERM", "HUP", "PIPE")
LARGE = ("add-large", "first-use-large")  # with a .claude.json of 48 MB
KILLED_TWICE = (
    "import-replace", "off-displaced", "remove", "rename-isolated",
    "revoke-local", "rotate", "undo-use", "use", "vault-passwd",
)  # fmt: skip
NAMES = (
    *sorted(COMMANDS.keys() - LARGE),
    *(f"login-{name}" for name in LOGINS),
)

# What there is to do nothing about.
NOT_THERE = {
    ("login-capture", "absent"): "without files there is no login to keep",
}

_TRIED = {"faults": FAULTS, "large": ("KILL",), "signals": SIGNALS}
_WHAT = {
    "faults": "{fault} at every changing call, {layout} files",
    "large": "{fault} at every changing call, a file of 48 MB",
    "signals": "SIG{fault} at every changing call",
    "twice": "KILL at every call of the recovery from every KILL",
}


@dataclass(frozen=True)
class Cell:
    """One command in one layout, and what is done to it."""

    kind: str
    name: str
    layout: str = "plain"

    def __str__(self):
        return f"{self.kind} {self.name} {self.layout}"


@dataclass(frozen=True)
class Row:
    """One line of the table of proofs."""

    what: str
    points: int
    violations: int

    def fields(self):
        """Return what `tests.proof.record` takes."""
        return vars(self)


CELLS = (
    *(Cell("twice", name) for name in KILLED_TWICE),
    *(Cell("large", name) for name in LARGE),
    *(Cell("signals", name) for name in NAMES),
    *(
        Cell("faults", name, layout)
        for layout in LAYOUTS
        for name in NAMES
        if (name, layout) not in NOT_THERE
    ),
    *(
        Cell("faults", f"login-{name}")
        for name in sorted(CASES.keys() - set(LOGINS))
    ),
)


def try_cell(cell, warm, room, *, only=(), step=1):
    """Do all of one cell; return (rows, violations).

    `only` names the faults to do. With a `step`, each cell and each fault
    begin at another point.
    """
    case, environ = command_case(cell.name, cell.layout, warm, room / "kit")
    if cell.kind == "twice":
        if cell.name == "vault-passwd":
            case.recover = case.command  # nothing else has to be mended
        report = inject_twice(
            case, environ, room, step=step, step_again=step, runners=[warm]
        )
        row = Row(_WHAT["twice"], report.points, len(report.violations))
        return [row], report.violations
    faults = [f for f in _TRIED[cell.kind] if not only or f in only]
    report = inject_everywhere(
        case,
        environ,
        room,
        faults=faults,
        step=step,
        offset=CELLS.index(cell),
        runners=[warm],
    )
    what = _WHAT[cell.kind]
    rows = [
        Row(
            what.format(fault=fault, layout=cell.layout),
            report.tried[fault],
            report.broken(fault),
        )
        for fault in faults
    ]
    return rows, report.violations
