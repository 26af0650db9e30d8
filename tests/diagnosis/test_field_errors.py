"""Error texts as people paste them, each in a home where its cause is true.

The rows come from public threads and from documentation: `text` is as it was
pasted, `printed` is what the real program says in that home today. What is
`real` is shown again by tests/real/test_field_errors.py.
"""

import itertools
import json
import re

import pytest

from keyswitch.diagnosis.explain import knowledge
from keyswitch.diagnosis.explain.knowledge import causes_of
from keyswitch.targets.claude_code.resolver.scene import Scene
from tests.claude_setups import VECTORS, SetupFolder
from tests.diagnosis.test_knowledge import DRESSES

DOCUMENT = json.loads((VECTORS / "field_errors.json").read_text("utf-8"))
HOMES, ROWS = DOCUMENT["homes"], DOCUMENT["rows"]
TEXTS = [
    pytest.param(row, row[kind], id=f"{row['id']}-{kind}")
    for row in ROWS
    for kind in ("text", "printed")
    if kind in row
]
GATEWAY = "http://127.0.0.1:4000"


@pytest.fixture
def scene(tmp_path):
    """Build one of the homes; return what Claude Code would find there."""

    def build(name):
        place = SetupFolder(tmp_path, GATEWAY)
        cwd = place.build(HOMES[name])
        return Scene(
            {n: place.fill(v) for n, v in HOMES[name]["env"].items()},
            home=str(place.home),
            cwd=str(cwd),
            managed_dir=str(place.managed),
        )

    return build


def ids(text, scene=None):
    return [cause.id for cause in causes_of(text, scene)]


@pytest.mark.parametrize(("row", "text"), TEXTS)
def test_a_text_of_the_field_gets_its_cause_first(scene, row, text):
    found = causes_of(text, scene(row["home"]))
    assert [cause.id for cause in found][:1] == [row["cause"]]
    assert found[0].why
    assert found[0].fix


# A code, which is one word, is not known with a line end inside.
BREAKING = {"broken in the middle of words", "in a box"}


def test_the_texts_of_the_field_are_known_in_any_dress():
    dresses = [d for name, d in DRESSES.items() if name not in BREAKING]
    for parameters, dress in zip(TEXTS, itertools.cycle(dresses), strict=False):
        _, text = parameters.values
        assert ids(dress(text))[:1] == ids(text)[:1]


@pytest.mark.parametrize(
    "control", DOCUMENT["controls"], ids=lambda c: c["text"][:40]
)
def test_what_only_looks_alike_is_something_else(control):
    found = ids(control["text"])
    if control["never"] is None:
        assert found == []
    else:
        assert found[0] != control["never"]


def test_every_row_says_how_it_is_shown_and_where_it_was_seen():
    known = {rule.id for rule in knowledge.rules()}
    assert len({row["id"] for row in ROWS}) == len(ROWS) > 60
    for row in ROWS:
        assert row["cause"] in known
        assert row["shown"] == ("real" if "printed" in row else "documented")
        assert re.fullmatch(r"https://[^\s]+", row["source"])


# ------------------------------------------- remedies of the present state


def first(scene, home, text):
    cause, *_ = causes_of(text, scene(home))
    return cause.id, "\n".join((*cause.why, *cause.fix))


NOT_FOUND = "There's an issue with the selected model (claude-x)."


@pytest.mark.parametrize(
    ("home", "remedy"),
    [
        ("bedrock", "us.anthropic.claude"),
        ("vertex", "per project"),
        ("foundry", "the deployment's name"),
        ("gateway", "check the address"),
    ],
)
def test_a_model_that_is_not_found_is_explained_by_its_service(
    scene, home, remedy
):
    _, said = first(scene, home, NOT_FOUND)
    assert remedy in said


def test_a_text_about_the_conversation_says_that_no_credential_is_at_fault(
    scene,
):
    row = next(r for r in ROWS if r["id"] == "thinking-modified")
    _, said = first(scene, "login", row["text"])
    assert "no credential is at fault" in said


def test_a_text_of_codex_says_nothing_of_what_claude_code_sends(scene):
    key = scene("key")
    rows = [row for row in ROWS if row["client"] == "codex"]
    for row in rows:
        for text in (row["text"], row.get("printed", "")):
            for cause in causes_of(text, key)[:1]:
                assert "sent here" not in "\n".join(cause.why), row["id"]


def test_a_gateways_words_in_a_text_of_codex_are_about_codex(scene):
    text = "unexpected status 401 Unauthorized: Invalid API key, url: http://h"
    here = scene("key")
    assert ids(text, here)[0] == "codex-login-refused"
    assert ids("Invalid API key", here)[0] == "api-key-invalid"


def test_the_mfa_code_is_asked_by_the_aws_command_for_that_profile(scene):
    row = next(r for r in ROWS if r["id"] == "mfa")
    _, said = first(scene, "bedrock mfa", row["printed"])
    assert "export-credentials --profile dev" in said
    assert "unset AWS_PROFILE" in said


DECLINED = "Not logged in · Please run /login"


def test_a_declined_key_is_named_and_the_answer_forgotten(scene, tmp_path):
    found = scene("key")
    key = HOMES["key"]["env"]["ANTHROPIC_API_KEY"]
    answers = {"approved": [], "rejected": [key[-20:]]}
    (tmp_path / "home" / ".claude.json").write_text(
        json.dumps({"customApiKeyResponses": answers})
    )
    cause, *_ = causes_of(DECLINED, found)
    assert cause.id == "not-logged-in"
    assert "was declined" in cause.why[0]
    assert cause.fix[0].endswith("`keyswitch doctor --fix`")
