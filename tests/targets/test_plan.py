"""Edits by key: what is owned is as wanted, every other byte stays."""

import json
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.providers.schema import ClaudeCode
from keyswitch.targets.claude_code.settings.baseline import (
    Baseline,
    decode,
    encode,
)
from keyswitch.targets.claude_code.settings.plan import edits_for, plan_settings
from keyswitch.targets.claude_code.settings.wanted import (
    Command,
    wanted_settings,
)
from keyswitch.targets.claude_code.target import planning
from tests.targets.documents import settings_texts

KEY = b"k" * 32
RIVALS = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CODE_USE_BEDROCK")
COMMAND = Command("/opt/ks bin", "client", "/state/aws-config")
WAYS = {
    "key": (ClaudeCode("helper", "api_key", approve=True), {}),
    "gateway": (
        ClaudeCode("helper", "token", (("ANTHROPIC_BASE_URL", "{base_url}"),)),
        {"base_url": "https://gw.example.com"},
    ),
    "bedrock": (
        ClaudeCode(
            "cloud",
            env=(
                ("CLAUDE_CODE_USE_BEDROCK", "1"),
                ("AWS_REGION", "{region}"),
                ("ANTHROPIC_MODEL", "{model}"),
            ),
            aws_export=True,
        ),
        {"region": "eu-central-1"},
    ),
    "token": (ClaudeCode("environment"), {}),
    "none": (ClaudeCode("none"), {}),
}


class Store:
    """The secret store of displaced texts."""

    def __init__(self):
        self.texts = {}

    def new_token(self):
        return f"vault:ks1-{secrets.token_hex(4)}"


def switch(data, baseline, way, store):
    """Plan one switch; way None stands for `off`."""

    def make(text):
        if way is None:
            return []
        taken, fields = WAYS[way]
        wanted = wanted_settings(taken, fields, COMMAND, expires=True)
        return edits_for(text, taken, wanted, RIVALS)

    plan = plan_settings(
        "s.json",
        data,
        baseline,
        make,
        key=KEY,
        resolve=store.texts.__getitem__,
        new_token=store.new_token,
    )
    store.texts.update(plan.displaced)
    kept = decode("r", encode({"s.json": plan.baseline}))
    return plan, kept.get("s.json", Baseline())


def without_owned(data):
    """Return what a document means, less the keys that a switch may own."""
    document = json.loads(data.decode("utf-8-sig"))
    for key in ("apiKeyHelper", "awsCredentialExport"):
        document.pop(key, None)
    env = document.pop("env", {})
    return document, {
        k: v
        for k, v in env.items()
        if not k.startswith(("ANTHROPIC", "AWS", "CLAUDE"))
    }


def check_round_trip(text, ways):
    original = text.encode("utf-8", "surrogatepass")
    store, baseline, data = Store(), Baseline(), original
    for way in ways:
        plan, baseline = switch(data, baseline, way, store)
        assert plan.conflicts == []
        data = plan.after
        assert without_owned(data) == without_owned(original)
        document = json.loads(data.decode("utf-8-sig"))
        taken, fields = WAYS[way]
        wanted = wanted_settings(taken, fields, COMMAND, expires=True)
        for key, value in wanted.get("env", {}).items():
            assert document["env"][key] == value
        for key in ("apiKeyHelper", "awsCredentialExport"):
            if key in wanted:
                assert document[key] == wanted[key]
        again, _ = switch(data, baseline, way, store)
        assert again.after == data
    plan, baseline = switch(data, baseline, None, store)
    assert plan.after == original
    assert baseline == Baseline()


WAY_LISTS = st.lists(st.sampled_from(sorted(WAYS)), min_size=1, max_size=4)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(settings_texts(), WAY_LISTS)
def test_any_way_through_profiles_ends_at_the_original_bytes(text, ways):
    check_round_trip(text, ways)


@pytest.mark.full
@settings(max_examples=1_500, suppress_health_check=list(HealthCheck))
@given(settings_texts(), WAY_LISTS)
def test_it_does_so_for_many_documents(text, ways):
    check_round_trip(text, ways)


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(settings_texts(), st.sampled_from(sorted(WAYS)))
def test_foreign_edits_in_between_survive(text, way):
    original = text.encode("utf-8", "surrogatepass")
    store = Store()
    plan, baseline = switch(original, Baseline(), way, store)
    document = json.loads(plan.after.decode("utf-8-sig"), parse_float=str)
    document["added by hand"] = 1
    edited = json.dumps(document, indent=3).encode()
    back, _ = switch(edited, baseline, None, store)
    found = json.loads(back.after, parse_float=str)
    wanted = json.loads(original.decode("utf-8-sig"), parse_float=str)
    assert found.pop("added by hand") == 1
    if "env" not in wanted:
        found.pop("env", None)
    assert found == wanted


def test_a_value_that_somebody_changed_is_left_and_named():
    store = Store()
    plan, baseline = switch(b"{}", Baseline(), "key", store)
    edited = plan.after.replace(b"/opt/ks bin", b"/mine")
    back, _ = switch(edited, baseline, None, store)
    assert back.conflicts == ["apiKeyHelper"]
    assert back.after == (b'{\n  "apiKeyHelper": "/mine helper claude-code"\n}')


def test_a_displaced_secret_is_handed_out_and_not_in_the_record():
    store = Store()
    data = b'{"env": {"ANTHROPIC_API_KEY": "FAKE-displaced"}}'
    plan, baseline = switch(data, Baseline(), "key", store)
    assert b"FAKE-displaced" not in plan.after
    assert "FAKE-displaced" not in json.dumps(baseline._asdict())
    assert list(store.texts.values()) == ['"FAKE-displaced"']


def test_a_file_that_was_not_there_goes_again():
    store = Store()
    plan, baseline = switch(None, Baseline(), "key", store)
    assert plan.after == (
        b'{\n  "apiKeyHelper": "/opt/ks bin helper claude-code",\n'
        b'  "env": {\n    "ANTHROPIC_API_KEY": "",\n'
        b'    "ANTHROPIC_AUTH_TOKEN": "",\n'
        b'    "CLAUDE_CODE_OAUTH_TOKEN": ""\n  }\n}\n'
    )
    plan, _ = switch(plan.after, baseline, None, store)
    assert plan.after is None


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"null",
        b"{",
        b'{"a": 1,}',
        b'{"a": 1} x',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{// c\n"a": 1}',
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xff"}',
        b'{"env": [], "a": 1}',
        b'{"env": {}, "env": {}}',
        b'{"apiKeyHelper": "a", "apiKeyHelper": "b"}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_cannot_be_edited_safely_is_refused_by_place(data):
    with pytest.raises(FileStateError) as caught:
        switch(data, Baseline(), "gateway", Store())
    assert caught.value.message.startswith("s.json")
    assert isinstance(caught.value, KeyswitchError)
    assert caught.value.hint


def test_odd_but_valid_places_do_not_matter():
    huge = b'{"n": ' + b"9" * 5000 + b', "d": {"x": 1, "x": 2}, "e": "\\ud800"}'
    plan, baseline = switch(huge, Baseline(), "key", Store())
    assert plan.after.startswith(huge[:-1])
    assert switch(plan.after, baseline, None, Store())[0].after == huge


def test_the_tail_of_a_key_is_approved_and_taken_back():
    text = b'{"numStartups":1,"customApiKeyResponses":{"rejected":["x"]}}'
    after, record = planning.plan_approvals(
        "c.json", text, Baseline(), {"ks1-a": "tail-of-a-key-000001"}, KEY
    )
    found = json.loads(after)
    assert found["customApiKeyResponses"] == {
        "rejected": ["x"],
        "approved": ["tail-of-a-key-000001"],
    }
    assert "tail-of-a-key" not in json.dumps(record._asdict())
    back, _ = planning.plan_approvals("c.json", after, record, {}, KEY)
    assert back == text


def test_an_approval_of_the_persons_own_is_not_ours_to_take_back():
    text = b'{"customApiKeyResponses":{"approved":["mine"]}}'
    after, record = planning.plan_approvals(
        "c.json", text, Baseline(), {"ks1-a": "mine"}, KEY
    )
    assert after == text
    assert record == Baseline()
