"""A status line that calls a keyswitch which is gone."""

import pytest

from keyswitch.workspace import is_status_line
from tests.diagnosis.homes import SETTINGS, Home


def with_command(command):
    line = {"type": "command", "command": command}
    return Home(files={SETTINGS: {"statusLine": line}})


HOMES = {
    "status-line-gone": (
        with_command("/no/such/keyswitch statusline"),
        with_command("/no/such/line"),
    ),
}


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        ("/opt/bin/keyswitch statusline", True),
        ("'/opt/my bin/keyswitch' statusline", True),
        ("/usr/bin/python3 -P -E -m keyswitch statusline", True),
        ("python3 -PE /x/keyswitch.pyz statusline", True),
        ("keyswitch whoami", False),
        ("echo keyswitch", False),
        ("statusline", False),
        (None, False),
    ],
)
def test_whose_command_it_is(command, ours):
    assert is_status_line(command) is ours
