"""Each command, each layout, each fault; `run.py` does it at every call."""

import pytest

from tests.faults.full.matrix import CELLS, try_cell
from tests.faults.harness import folder_in_memory
from tests.proof import record

pytestmark = [pytest.mark.full, pytest.mark.real("strace")]

STEP = 53  # so that it ends in minutes
TRIED = [
    cell
    for cell in CELLS
    if cell.kind in ("faults", "twice") or cell.name in ("add-large", "use")
]


@pytest.mark.parametrize("cell", TRIED, ids=str)
def test_no_fault_leaves_anything_but_the_old_state_or_the_new_one(
    tmp_path, warm, cell
):
    with folder_in_memory(tmp_path) as room:
        rows, violations = try_cell(cell, warm, room, step=STEP)
    rows = [row for row in rows if row.points]
    assert rows, "nothing was tried"
    for row in rows:
        record(promise="P1", **row.fields())
    assert violations[:9] == []
