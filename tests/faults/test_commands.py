"""Killed anywhere, or out of disk anywhere: all old or all new."""

import pytest

from tests.faults.cases import CASES, ENVIRON
from tests.faults.harness import inject_everywhere

pytestmark = pytest.mark.real("strace")


@pytest.mark.parametrize("fault", ["KILL", "ENOSPC"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_sample_of_faults_leaves_the_old_state_or_the_new_one(
    tmp_path, name, fault
):
    case = CASES[name]("plain")
    offset = sorted(CASES).index(name) % 6 + (fault == "KILL")
    report = inject_everywhere(
        case, ENVIRON, tmp_path, faults=[fault], step=9, offset=offset
    )
    assert report.violations == []
    assert report.points >= 3


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(CASES))
def test_every_fault_leaves_the_old_state_or_the_new_one(tmp_path, name):
    report = inject_everywhere(
        CASES[name]("plain"), ENVIRON, tmp_path, faults=["KILL", "ENOSPC"]
    )
    assert report.violations == []
    assert report.points >= 60


@pytest.mark.full
@pytest.mark.parametrize("layout", ["links", "absent"])
def test_other_layouts_of_the_files_are_as_safe(tmp_path, layout):
    report = inject_everywhere(
        CASES["first-use"](layout),
        ENVIRON,
        tmp_path,
        faults=["KILL", "ENOSPC"],
    )
    assert report.violations == []
    assert report.points >= 40
