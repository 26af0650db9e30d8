"""Every provider of the catalogue, as a profile would use it."""

import re

import pytest

from keyswitch.compiled import HEADERS
from keyswitch.errors import InputError
from keyswitch.model import Profile, SecretRef
from keyswitch.profiles.paths import resolve
from keyswitch.providers.catalogue import HOWS, load_catalogue
from keyswitch.providers.schema import environment
from keyswitch.providers.shapes import check_variable, fingerprint, mask

CATALOGUE = load_catalogue(resolve({"KEYSWITCH_HOME": "/nonexistent"}))
REF = SecretRef("vault", "ks1-0")

# provider -> (plain fields, secret fields, variables that are set)
TABLE = [
    ("anthropic", {}, ["api_key"], {"ANTHROPIC_API_KEY"}),
    ("gateway", {"base_url": "https://g.example.com"}, ["auth_token"],
     {"ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"}),
    ("claude-token", {}, ["oauth_token"], {"CLAUDE_CODE_OAUTH_TOKEN"}),
    ("bedrock", {"region": "eu-central-1", "access_key_id": "AKIA" + "F" * 16},
     ["secret_access_key"],
     {"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
      "CLAUDE_CODE_USE_BEDROCK"}),
    ("bedrock", {"region": "us-east-1"}, ["bearer_token"],
     {"AWS_REGION", "AWS_BEARER_TOKEN_BEDROCK", "CLAUDE_CODE_USE_BEDROCK"}),
    ("bedrock", {"region": "us-east-1", "aws_profile": "p"}, [],
     {"AWS_REGION", "AWS_PROFILE", "CLAUDE_CODE_USE_BEDROCK"}),
    ("vertex", {"project_id": "p-123", "region": "us-east5"}, [],
     {"ANTHROPIC_VERTEX_PROJECT_ID", "CLOUD_ML_REGION",
      "CLAUDE_CODE_USE_VERTEX"}),
    ("foundry", {"resource": "acme"}, ["api_key"],
     {"ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_API_KEY",
      "CLAUDE_CODE_USE_FOUNDRY"}),
    ("anthropic-aws", {"workspace_id": "w", "region": "us-east-1"},
     ["api_key"],
     {"ANTHROPIC_AWS_API_KEY", "ANTHROPIC_AWS_WORKSPACE_ID", "AWS_REGION",
      "CLAUDE_CODE_USE_ANTHROPIC_AWS"}),
    ("openai", {}, ["api_key"], {"OPENAI_API_KEY", "CODEX_API_KEY"}),
    ("gemini", {}, ["api_key"], {"GEMINI_API_KEY"}),
    ("openrouter", {}, ["api_key"], {"OPENROUTER_API_KEY"}),
    ("github", {}, ["token"], {"GH_TOKEN", "GITHUB_TOKEN"}),
    ("aws", {"access_key_id": "AKIA" + "F" * 16}, ["secret_access_key"],
     {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}),
    ("custom", {"env": "ACME"}, ["value"], {"ACME"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "secrets", "variables"), TABLE)
def test_a_profile_sets_exactly_its_variables(name, fields, secrets, variables):
    provider = CATALOGUE.get(name)
    profile = Profile(
        "p", name, fields=fields, secrets=dict.fromkeys(secrets, REF)
    )
    provider.check(profile)
    found = environment(provider, profile)
    assert {n for n, _ in found.literals + found.secrets} == variables
    assert not variables & set(found.rivals)
    assert list(found.rivals) == sorted(found.rivals)
    assert provider.claude_code_for(profile).how in HOWS


def test_the_table_has_every_provider():
    assert {row[0] for row in TABLE} | {"claude-login"} == set(CATALOGUE.ids())


@pytest.mark.parametrize("name", CATALOGUE.ids())
def test_an_entry_is_fit_for_people(name):
    provider = CATALOGUE.get(name)
    assert provider.title
    assert provider.help_url.startswith("https://") or not provider.help_url
    assert all(f.title for f in provider.fields)
    for variable in [v for f in provider.fields if f.secret for v in f.env]:
        # Headers are more than a credential: nobody else may name them.
        if not variable.startswith("{") and variable != HEADERS:
            check_variable(variable)


@pytest.mark.parametrize("name", CATALOGUE.ids())
def test_a_hint_is_true_of_add_and_of_rotate(name):
    hints = [r.hint for f in CATALOGUE.get(name).fields for r in f.refuse]
    for hint in hints:
        rest = re.sub(r"keyswitch .*", "", hint)
        assert set(re.findall(r"--[a-z-]+", rest)) <= {"--from-file"}, hint


def test_a_login_is_not_added_by_hand():
    with pytest.raises(InputError, match="'add' cannot create"):
        CATALOGUE.get("claude-login").check_addable()


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "KEYSWITCH_X", "ifs"])
def test_a_variable_that_loads_code_is_refused(name):
    with pytest.raises(InputError):
        CATALOGUE.get("custom").check_fields({"env": name})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "…"),
        ("short", "…"),
        ("sk-ant-api03-FAKE", "…"),
        ("sk-ant-api03-FAKE0123456789abcdefEXAMPLE", "sk-ant-api03-…MPLE"),
        ("x" * 19, "…"),
        ("x" * 16 + "TAIL", "…TAIL"),
        ("x" * 30 + "\x1b[1m", "…"),
    ],
)
def test_a_mask_shows_a_tail_only_where_much_stays_hidden(text, shown):
    assert mask(text) == shown


def test_a_fingerprint_depends_on_the_machine():
    one, two = (fingerprint(bytes([n]) * 32, "FAKE") for n in (1, 2))
    assert one != two
    assert len(one) == 9
