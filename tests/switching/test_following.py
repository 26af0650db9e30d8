"""When sessions follow a change of `.claude.json` and the login's file."""

import json

import pytest

from keyswitch.model import FileChange
from keyswitch.switching.activation.use import following_sessions
from keyswitch.targets.claude_code.target import sessions
from keyswitch.targets.values import RunningSession
from keyswitch.workspace import Workspace

KEY = {"primaryApiKey": "sk-ant-api03-FAKE-managed-EXAMPLE"}
OTHER = {"primaryApiKey": "sk-ant-api03-FAKE-another-EXAMPLE"}
LOGIN = {"claudeAiOauth": {"accessToken": "sk-ant-oat01-FAKE"}}
HELPER = {"apiKeyHelper": "echo FAKE"}


@pytest.mark.parametrize(
    ("config", "login", "settings", "when"),
    [
        ((KEY, OTHER), None, None, "restart"),
        ((KEY, {}), None, None, "restart"),
        (({}, KEY), (LOGIN, {}), None, "restart"),
        ((KEY, {}), ({}, LOGIN), None, "next turn"),
        ((KEY, {}), None, ({}, HELPER), "next turn"),
        (({"a": 1}, {"a": 2}), None, None, ""),
        (None, (LOGIN, {}), None, "next turn"),
        (None, None, (HELPER, {}), "next turn"),
        (None, None, ({"env": {"A": ""}}, {"env": {}}), "next turn"),
        (None, None, ({"env": {"A": "b"}}, {"env": {}}), "restart"),
        (None, None, ({"env": []}, {"env": {"A": "b"}}), "next turn"),
    ],
)
def test_a_change_is_followed_as_it_was_observed(
    home, mocker, config, login, settings, when
):
    workspace = Workspace({"HOME": str(home)}, cwd=str(home))
    places = workspace.places
    given = (
        (places.global_config, config),
        (places.credentials, login),
        (places.settings, settings),
    )
    files = [
        FileChange(path, *(json.dumps(text).encode() for text in pair))
        for path, pair in given
        if pair is not None
    ]
    one = RunningSession(4711, "/x", status="idle", in_turn=False)
    mocker.patch.object(sessions, "find", return_value=[one])
    found = following_sessions(workspace, None, files)
    assert [f.follows for f in found] == [when] * bool(when)
