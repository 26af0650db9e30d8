"""Values that no header can carry: what Claude Code 2.1.330 was seen to do."""

import pytest

from keyswitch.diagnosis.explain.knowledge import causes_of
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene

PAIR = {
    "CLAUDE_CODE_USE_BEDROCK": "1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIAFAKE0000EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "FAKE",
}
BEARER = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "us-east-1"}
FOUNDRY = {
    "CLAUDE_CODE_USE_FOUNDRY": "1",
    "ANTHROPIC_FOUNDRY_RESOURCE": "fake",
}
PLATFORM = {
    "CLAUDE_CODE_USE_ANTHROPIC_AWS": "1",
    "AWS_REGION": "us-east-1",
    "ANTHROPIC_AWS_WORKSPACE_ID": "wrkspc_FAKE",
}
VERTEX = {
    "CLAUDE_CODE_USE_VERTEX": "1",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH": "1",
    "ANTHROPIC_VERTEX_BASE_URL": "http://127.0.0.1:1",
    "ANTHROPIC_VERTEX_PROJECT_ID": "fake",
    "CLOUD_ML_REGION": "us-east5",
}
KEY = {"ANTHROPIC_API_KEY": "FAKE"}
# (what else is set, the variable that gets the character)
PLACES = [
    ({}, "ANTHROPIC_API_KEY"),
    ({}, "ANTHROPIC_AUTH_TOKEN"),
    (KEY, "ANTHROPIC_CUSTOM_HEADERS"),
    (PAIR, "ANTHROPIC_CUSTOM_HEADERS"),
    (PAIR, "AWS_ACCESS_KEY_ID"),
    (PAIR, "AWS_SESSION_TOKEN"),
    (BEARER, "AWS_BEARER_TOKEN_BEDROCK"),
    (FOUNDRY, "ANTHROPIC_FOUNDRY_API_KEY"),
    (FOUNDRY, "ANTHROPIC_FOUNDRY_AUTH_TOKEN"),
    (PLATFORM, "ANTHROPIC_AWS_API_KEY"),
    (VERTEX, "ANTHROPIC_AUTH_TOKEN"),
]
STOPS = {"ellipsis": "…", "carriage return": "\r"}
SENT = {
    "control": "\x01",
    "delete": "\x7f",
    "tab": "\t",
    "next line": "\x85",
    "no-break": "\xa0",
    "last of latin": "\xff",
}


@pytest.fixture
def scene(home):
    def build(environ):
        return Scene(
            environ,
            home=str(home),
            cwd=str(home),
            managed_dir=str(home / "none"),
        )

    return build


def with_character(others, name, character):
    before = "X-Team: " if name == "ANTHROPIC_CUSTOM_HEADERS" else ""
    return {**others, name: f"{before}FAKE{character}EXAMPLE"}


@pytest.mark.parametrize("character", STOPS)
@pytest.mark.parametrize(("others", "name"), PLACES)
def test_a_character_that_no_header_can_carry_stops_the_request(
    scene, others, name, character
):
    environ = with_character(others, name, STOPS[character])
    request = resolve(scene(environ)).request
    assert not request.sent
    assert request.refusal.startswith(f"{name} contains a character")


@pytest.mark.parametrize("character", SENT)
@pytest.mark.parametrize(("others", "name"), PLACES)
def test_any_other_character_is_sent(scene, others, name, character):
    environ = with_character(others, name, SENT[character])
    assert resolve(scene(environ)).request.sent


def test_a_secret_that_only_signs_may_have_any_character(scene):
    environ = with_character(PAIR, "AWS_SECRET_ACCESS_KEY", "…")
    assert resolve(scene(environ)).request.sent


@pytest.mark.parametrize(
    ("others", "name"),
    [({}, "ANTHROPIC_API_KEY"), (FOUNDRY, "ANTHROPIC_FOUNDRY_API_KEY")],
)
def test_a_custom_header_in_its_place_does_not_help(scene, others, name):
    environ = with_character(others, name, "…")
    environ["ANTHROPIC_CUSTOM_HEADERS"] = "X-Api-Key: FAKE"
    assert not resolve(scene(environ)).request.sent


def test_lines_of_custom_headers_may_end_as_on_windows(scene):
    headers = {"ANTHROPIC_CUSTOM_HEADERS": "X-A: 1\r\nX-B: 2"}
    assert resolve(scene({**KEY, **headers})).request.sent


def test_not_logged_in_is_explained_by_such_a_character(scene):
    """Observed: Claude Code says this of a key for Foundry."""
    odd = with_character(FOUNDRY, "ANTHROPIC_FOUNDRY_API_KEY", "…")
    text = "Not logged in · Please run /login"
    first, *_ = causes_of(text, scene(odd))
    assert first.id == "not-logged-in"
    assert "ANTHROPIC_FOUNDRY_API_KEY contains a character" in "".join(
        first.why
    )
