"""Error texts and their causes: order, dress, and what the verdict adds."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.diagnosis.explain import facts, knowledge
from keyswitch.diagnosis.explain.knowledge import causes_of
from keyswitch.targets.claude_code.resolver.scene import Scene
from tests.components import ROOT

VECTORS = ROOT / "tests" / "vectors" / "claude_code" / "error_texts.json"
ROWS = json.loads(VECTORS.read_text(encoding="utf-8"))["rows"]
FIELD = json.loads(
    VECTORS.with_name("field_errors.json").read_text(encoding="utf-8")
)["rows"]

KEY = "sk-ant-api03-FAKE-known-000000000000000000000000EXAMPLE"
TOKEN = "FAKE-token-0000000000000000000000EXAMPLE"
LOGIN = {
    "claudeAiOauth": {
        "accessToken": "sk-ant-oat01-FAKE-0000000000000000000000EXAMPLE",
        "refreshToken": "sk-ant-ort01-FAKE",
        "expiresAt": 4102444800000,
        "scopes": ["user:inference"],
    }
}
BEDROCK = {"CLAUDE_CODE_USE_BEDROCK": "1"}
PAIR = {
    "AWS_ACCESS_KEY_ID": "AKIAFAKE0000EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "FAKE",
}
GATEWAY = {
    "ANTHROPIC_BASE_URL": "https://user:FAKE@gateway.example:8443/v1",
    "ANTHROPIC_AUTH_TOKEN": TOKEN,
}

# Environments in which every text of the vectors has to be explained.
PLACES = {
    "nothing": {},
    "key": {"ANTHROPIC_API_KEY": KEY},
    "token": {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-FAKE"},
    "two": {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": TOKEN},
    "gateway": GATEWAY,
    "bedrock": {**BEDROCK, **PAIR},
    "bedrock without keys": {**BEDROCK, "AWS_PROFILE": "dev"},
    "bedrock bearer": {**BEDROCK, "AWS_BEARER_TOKEN_BEDROCK": "ABSKFAKE"},
    "foundry": {
        "CLAUDE_CODE_USE_FOUNDRY": "1",
        "ANTHROPIC_FOUNDRY_API_KEY": "FAKE",
    },
    "vertex": {"CLAUDE_CODE_USE_VERTEX": "1"},
}

AWS_WRAPPER = (
    "AWS authentication failed · refresh your AWS credentials and retry · "
)
INVALID = (
    "API Error: 403 The security token included in the request is invalid."
)


def ids(text):
    return [cause.id for cause in causes_of(text)]


def wrong(rows, explain):
    """Return the rows that do not get their causes in the right places."""
    return [
        (row["text"][:60], found)
        for row in rows
        for found in [explain(row["text"])]
        if row["cause"] not in found[: 2 if row["also"] else 1]
        or not set(row["also"]) <= set(found[:3])
    ]


@pytest.fixture
def here(home):
    """Explain texts in an environment, with files below HOME."""

    def look_around(environ=None, active="", **files):
        for name, document in files.items():
            path = (
                home
                / {
                    "login": ".claude/.credentials.json",
                    "settings": ".claude/settings.json",
                    "project": "project/.claude/settings.json",
                    "bashrc": ".bashrc",
                }[name]
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            text = document if isinstance(document, str) else dumped(document)
            path.write_text(text)
        scene = Scene(
            environ or {},
            home=str(home),
            cwd=str(home / "project"),
            managed_dir=str(home / "none"),
        )
        return lambda text: causes_of(text, scene, facts.Chosen(active))

    return look_around


def dumped(document):
    return json.dumps(document, indent=1)


def said(cause):
    return "\n".join((*cause.why, *cause.fix))


# --------------------------------------------------------- the known texts


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_known_text_gets_its_cause_first_wherever_it_is_asked(
    here, place
):
    causes = here(PLACES[place], login=LOGIN if place == "two" else {})
    assert wrong(ROWS, lambda text: [c.id for c in causes(text)]) == []


DRESSES = {
    "as it is": lambda t: t,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "coloured": lambda t: "\x1b[31m" + t.replace(" ", "\x1b[0m \x1b[1;33m"),
    "coloured, pasted without escapes": lambda t: f"[31m{t}[39m",
    "broken in the middle of words": lambda t: "\n".join(
        re.findall(r"(?s).{1,11}", t)
    ),
    "in a box": lambda t: "│ " + re.sub(r"(.{40})", r"\1 │\n│ ", t) + " │",
    "in a log": lambda t: f"12:01 start\n12:02 [ERROR] {t}\n12:03 exit 1\n",
    "in a JSON log": lambda t: json.dumps({"level": "error", "msg": t}),
    "in JSON in JSON": lambda t: json.dumps(json.dumps({"result": t})),
    "interactive": lambda t: t.replace(
        "Failed to authenticate.", "Please run /login ·"
    ),
    "behind a prompt": lambda t: f"$ claude -p hi\n  ⎿  {t}",
    "with other names": lambda t: (
        t.replace("123456789012", "999999999999")
        .replace("claude-opus-5-5", "claude-other-9")
        .replace("req_stub", "req_011CSHoEeqs5C35K2UUqR7Fy")
        .replace("us-east-1", "eu-central-1")
    ),
    "as the API writes it": lambda t: re.sub(
        r"API Error: (\d+) (.*)",
        lambda m: (
            f"API Error: {m[1]} "
            + json.dumps({"type": "error", "error": {"message": m[2]}})
        ),
        t,
    ),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_a_text_is_known_in_any_dress(dress):
    assert wrong(ROWS, lambda text: ids(DRESSES[dress](text))) == []


# Texts beyond the vectors, by their cause.
OTHERS = tomllib.loads(
    (ROOT / "tests" / "diagnosis" / "other_texts.toml").read_text("utf-8")
)


@pytest.mark.parametrize(
    ("text", "cause"), [(t, cause) for cause in OTHERS for t in OTHERS[cause]]
)
def test_texts_beyond_the_vectors_are_known(text, cause):
    assert ids(text)[0] == cause


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "command not found: claude",
        "ModuleNotFoundError: No module named 'x'",
        "API Error: 400 something about the request",
        "port 4010 and 5030 lines",
        "\x1b]8;;",
    ],
)
def test_an_unknown_text_has_no_cause(text):
    assert causes_of(text) == ()


# ----------------------------------------------------- what a verdict adds


def test_aws_text_on_bedrock_names_the_flag_and_stops_it(here):
    first = here({**BEDROCK, **PAIR})(AWS_WRAPPER + INVALID)[0]
    assert "comes from AWS" in first.why[0]
    assert "CLAUDE_CODE_USE_BEDROCK is on, set in this shell" in first.why[1]
    assert "`unset CLAUDE_CODE_USE_BEDROCK`" in first.fix[0]


def test_a_flag_of_a_settings_file_is_named_with_its_line(here, home):
    causes = here(settings={"env": {**BEDROCK, **PAIR}})
    first = causes(INVALID)[0]
    place = f"{home}/.claude/settings.json:3"
    assert f"set in {place}" in first.why[1]
    assert f"remove 'CLAUDE_CODE_USE_BEDROCK' from {place}" in first.fix[0]


def test_a_flag_of_a_start_file_is_found_there(here, home):
    causes = here(BEDROCK, bashrc="\nexport CLAUDE_CODE_USE_BEDROCK=1\n")
    first = causes(INVALID)[0]
    assert f"in this shell, by {home}/.bashrc:2" in first.why[1]
    assert f"remove it from {home}/.bashrc:2" in first.fix[0]


def test_aws_text_behind_a_base_url_is_the_gateways(here):
    first = here(GATEWAY)("Failed to authenticate. " + INVALID)[0]
    text = said(first)
    assert "https://gateway.example:8443/v1, set in this shell" in text
    assert "neither /login nor another" in text
    assert "`unset ANTHROPIC_BASE_URL`" in text
    assert "FAKE" not in text


@pytest.mark.parametrize("url", ["FAKE", "http://[", "http://h:FAKE", "//"])
def test_an_address_that_is_none_is_not_shown(here, url):
    text = said(here({"ANTHROPIC_BASE_URL": url})(INVALID)[0])
    assert "neither /login nor another" in text
    assert "FAKE" not in text


def test_aws_text_without_aws_here_came_from_elsewhere(here):
    first = here({"ANTHROPIC_API_KEY": KEY})(AWS_WRAPPER + INVALID)[0]
    assert "another terminal or directory" in said(first)


def test_a_session_token_beside_a_pair_is_suspected(here):
    causes = here({**BEDROCK, **PAIR, "AWS_SESSION_TOKEN": "FAKE-old"})
    text = said(causes(INVALID)[0])
    assert "`unset AWS_SESSION_TOKEN`" in text
    assert "FAKE-old" not in text


def test_an_aws_profile_is_signed_in_to_by_its_name(here):
    causes = here({**BEDROCK, "AWS_PROFILE": "dev"})
    for text in (INVALID, *OTHERS["aws-sso-expired"]):
        assert "`aws sso login --profile dev`" in said(causes(text)[0])


def test_the_active_profile_is_the_one_to_rotate(here):
    causes = here({**BEDROCK, **PAIR}, active="cloud")
    assert "`keyswitch rotate cloud`" in said(causes(INVALID)[0])


@pytest.mark.parametrize(
    ("environ", "first"),
    [
        ({}, "not-logged-in"),
        ({"ANTHROPIC_AUTH_TOKEN": TOKEN}, "api-key-invalid"),
        ({**BEDROCK, **PAIR}, "api-key-invalid"),
    ],
)
def test_not_logged_in_means_what_is_sent_here(here, environ, first):
    found = [c.id for c in here(environ)("Not logged in · Please run /login")]
    assert set(found) == {"not-logged-in", "api-key-invalid"}
    assert found[0] == first


def test_too_little_credit_names_the_key_and_the_login_it_hides(here):
    causes = here({"ANTHROPIC_API_KEY": KEY}, login=LOGIN)
    first = causes("Credit balance is too low")[0]
    assert "sk-ant-api03-…MPLE" in said(first)
    assert KEY not in said(first)
    assert "the key takes precedence over the login" in said(first)
    assert first.fix[0].endswith("`unset ANTHROPIC_API_KEY`")


def test_everything_before_a_login_is_taken_away_together(here):
    causes = here(PLACES["two"], login=LOGIN)
    text = said(causes("auth may not work as expected")[0])
    assert "`unset ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN`" in text


def test_a_key_of_a_repository_is_named_with_its_file(here, home):
    causes = here(project={"env": {"ANTHROPIC_API_KEY": KEY}})
    text = said(causes("Invalid API key")[0])
    assert f"{home}/project/.claude/settings.json:3" in text


def test_a_limit_is_the_plans_for_a_login_and_the_rates_for_a_key(here):
    text = "API Error: Request rejected (429) · would exceed your account's "
    text += "rate limit"
    by_key = here({"ANTHROPIC_API_KEY": KEY})(text)
    by_login = here(login=LOGIN)(text)
    assert by_key[0].id == "rate-limited"
    assert by_login[0].id == "usage-limit"


def test_an_emptied_login_is_said_to_be_one(here):
    login = {**LOGIN["claudeAiOauth"], "accessToken": "", "refreshToken": ""}
    causes = here(login={"claudeAiOauth": login})
    text = OTHERS["oauth-token-expired"][0]
    assert "renewal was rejected" in said(causes(text)[0])


def test_a_broken_configuration_still_gives_an_explanation(here, home):
    (home / ".claude.json").write_text("{nope")
    first = here({"ANTHROPIC_API_KEY": KEY})(OTHERS["config-corrupted"][0])[0]
    assert f"{home}/.claude.json" in said(first)


# ------------------------------------------------------------- the rules


@pytest.mark.parametrize("place", [None, *PLACES], ids=str)
def test_every_cause_says_why_and_what_to_do_everywhere(here, place):
    explain = here(PLACES[place]) if place else causes_of
    for texts in OTHERS.values():
        for text in texts:
            for cause in explain(text):
                assert cause.title
                assert cause.why, cause.id
                assert cause.fix, cause.id
                assert "{" not in said(cause)


def test_ids_are_kebab_case_and_every_rule_has_a_text():
    known = {rule.id for rule in knowledge.rules()}
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in known)
    assert {name for row in ROWS for name in row["also"]} <= known
    assert {row["cause"] for row in (*ROWS, *FIELD)} | set(OTHERS) == known


def test_every_rule_has_a_title_of_its_own_and_can_match():
    rules = knowledge.rules()
    assert len({rule.title for rule in rules}) == len(rules)
    for rule in rules:
        assert len(rule.title) <= 80
        assert rule.says or rule.otherwise or rule.statuses or rule.vaguely


def test_conditions_and_places_of_lines_are_known_words():
    source = Path(facts.__file__).read_text(encoding="utf-8")
    families = set(facts.FAMILIES.values())
    words = set(re.findall(r'"([a-z_-]+)"', source))
    told = (*families, "anthropic", "codex", "not-logged-in")
    words |= {*families, *(f"told-{name}" for name in told)}
    places = set(re.findall(r'_place\("([a-z]+)"', source))
    words |= {f"{p}_{end}" for p in places for end in ("where", "stop")}
    used = set()
    for rule in knowledge.rules():
        used |= set(rule.likelier)
        for line in (*rule.why, *rule.fix):
            conditions, text = knowledge.parts_of(line)
            used |= {c.removeprefix("!") for c in conditions}
            used |= set(re.findall(r"\{([^}]*)\}", text))
    assert used <= words


# ------------------------------------------------------------ any text

PHRASES = st.sampled_from(
    [p for rule in knowledge.rules() for p in (*rule.says, *rule.vaguely)]
)
SECRETS = st.one_of(
    st.text("abcdefghijklmnop0123456789", min_size=12).map(
        lambda t: f"sk-ant-api03-FAKE{t}"
    ),
    st.text("ABCDEFGHIJKLMNOP", min_size=12).map(lambda t: f"AKIAFAKE{t}"),
    st.text("abcdefABCDEF0123456789._-", min_size=16),
)


@given(st.text())
def test_no_text_makes_it_fail(text):
    assert isinstance(causes_of(text), tuple)


@given(st.lists(st.one_of(PHRASES, st.text(max_size=20)), min_size=1), SECRETS)
def test_no_secret_of_a_text_comes_back(parts, secret):
    text = f"Bearer {secret} {' '.join(parts)} (429) {secret}"
    found = causes_of(text)
    assert found
    assert secret not in "".join(
        (c.title + said(c) + c.evidence) for c in found
    )
