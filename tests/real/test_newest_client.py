"""The newest Claude Code does what was observed on the version pinned here.

Every 27th case of each file. What differs is printed as a table: the rule,
then, now.
"""

from __future__ import annotations

import os
import subprocess

import pytest

from tests import claude_setups
from tests.components import locate
from tests.real import claude
from tests.real.replay import (
    Difference,
    differences,
    has_managed_policy,
    replay,
    table,
)

CASES = [
    pytest.param(case, id=f"{name}-{case['id']}")
    for name in claude_setups.case_files()
    for case in claude_setups.load(name)[::27]
    if os.geteuid() == 0 or not has_managed_policy(case)
]


@pytest.mark.full
@pytest.mark.real("newest-claude")
@pytest.mark.parametrize("case", CASES)
def test_the_newest_claude_code_does_what_was_observed(case, authority):
    program = locate("newest-claude")
    assert program is not None
    found = replay(case, authority, program)
    assert not found, f"\n{table(found)}"


def test_a_change_of_version_is_shown_as_a_table():
    found = [
        Difference("pair/a: x-api-key", None, {"scheme": "raw", "value": "b"}),
        Difference("pair/a: sent", True, False),
    ]
    assert table(found).splitlines() == [
        "rule               then  now",
        "pair/a: x-api-key  None  scheme=raw value=b",
        "pair/a: sent       True  False",
    ]


def test_the_order_of_fields_is_no_difference():
    pinned = {"loggedIn": True, "authMethod": "none"}
    other_order = {"authMethod": "none", "loggedIn": True}
    case = {"id": "a", "expect": {"status": pinned, "sent": True}}
    assert differences(case, {"status": other_order, "sent": True}) == []
    changed = differences(case, {"status": pinned, "sent": False})
    assert changed == [Difference("a: sent", True, False)]


def test_a_client_that_never_ends_is_one_difference(monkeypatch, authority):
    def never_ends(**options):
        raise subprocess.TimeoutExpired("claude", 60)

    monkeypatch.setattr(claude, "run", never_ends)
    [found] = replay(CASES[0].values[0], authority, "/bin/false")
    assert found.now == "runs longer than 60 s"
