"""Killed anywhere, or out of disk anywhere: all old or all new."""

import pytest

from tests.faults.cases import CASES, ENVIRON
from tests.faults.full.matrix import NAMES, Cell, try_cell
from tests.faults.harness import (
    folder_in_memory,
    inject_everywhere,
    run,
)
from tests.proof import record

pytestmark = pytest.mark.real("strace")


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_faults_leaves_the_old_state_or_the_new_one(
    tmp_path, warm, name
):
    with folder_in_memory(tmp_path) as room:
        rows, violations = try_cell(
            Cell("faults", name), warm, room, only=("KILL", "ENOSPC"), step=20
        )
    for row in rows:
        record(promise="P1", **row.fields())
    assert violations[:9] == []


def test_a_process_of_its_own_does_as_well_as_a_fork(tmp_path):
    report = inject_everywhere(
        CASES["use"]("plain"),
        ENVIRON,
        tmp_path,
        faults=["KILL", "ENOSPC"],
        step=25,
        runners=[run],
    )
    assert report.violations == []
    assert report.points >= 4
