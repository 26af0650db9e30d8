"""Which models a profile asks for: fields of every profile for Claude Code."""

import json

import pytest

from keyswitch.providers.catalogue import Catalogue

VARIABLES = {
    "model": "ANTHROPIC_MODEL",
    "models.opus": "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "models.sonnet": "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "models.haiku": "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "models.small": "ANTHROPIC_SMALL_FAST_MODEL",
    "models.subagent": "CLAUDE_CODE_SUBAGENT_MODEL",
}
NAMES = {field: f"our-{number}" for number, field in enumerate(VARIABLES)}
GATEWAY = {
    "provider": "gateway",
    "secret": "FAKE-gateway-token-0123456789EXAMPLE",
}
BASE = ("--set", "base_url=https://gateway.example.com")


def sets(fields):
    return [
        w for name, text in fields.items() for w in ("--set", f"{name}={text}")
    ]


def env_of_settings(ks):
    settings = json.loads((ks.home / ".claude/settings.json").read_text())
    return settings["env"]


def test_use_and_env_hand_each_of_them_on(ks):
    ks.add("gate", *BASE, *sets(NAMES), **GATEWAY)
    wanted = {VARIABLES[field]: name for field, name in NAMES.items()}
    ks("use", "gate")
    assert wanted.items() <= env_of_settings(ks).items()
    exported = json.loads(ks("env", "gate", "--shell", "nu").out)["set"]
    assert wanted.items() <= exported.items()
    ks("off")
    assert not (ks.home / ".claude/settings.json").exists()


@pytest.mark.parametrize(
    "provider",
    [
        name
        for name in Catalogue().ids()
        if "ANTHROPIC_MODEL" in str(Catalogue().get(name))
    ],
)
def test_every_provider_of_claude_code_has_them(provider):
    found = {f.name: f for f in Catalogue().get(provider).fields}
    assert VARIABLES.keys() <= found.keys()
    assert all(found[name].harmless for name in VARIABLES)


def test_a_file_may_have_them_as_a_table(ks):
    ks.add("gate", *BASE, "--set", "models.opus=big", **GATEWAY)
    file = ks.home / ".config/keyswitch/profiles/gate.toml"
    text = file.read_text().replace('"models.opus" = "big"\n', "")
    table = '\n[fields.models]  # ours\nopus = "big"\nhaiku = "small"\n'
    file.write_text(text + table)
    assert "models.haiku" in ks("show", "gate").out
    ks("edit", "gate", "--set", "models.opus=bigger", "--unset", "models.haiku")
    assert file.read_text() == text + table.replace(
        'big"\nhaiku = "small"', 'bigger"'
    )
    ks("edit", "gate", "--unset", "models.opus")
    assert "models" not in file.read_text()


def test_a_small_model_of_an_older_profile_still_counts(ks):
    ks.add("gate", *BASE, "--set", "small_model=little", **GATEWAY)
    ks("use", "gate")
    small = env_of_settings(ks)["ANTHROPIC_DEFAULT_HAIKU_MODEL"]
    assert small == "little"


def test_an_empty_value_is_refused_with_the_way_to_take_it_away(ks):
    ks.add("gate", *BASE, "--set", "model=big", **GATEWAY)
    done = ks("edit", "gate", "--set", "model=", code=2)
    assert done.error == "--set model= has no value"
    assert "--unset model" in done.err


def test_an_empty_table_of_models_says_nothing(ks):
    ks.add("gate", *BASE, **GATEWAY)
    file = ks.home / ".config/keyswitch/profiles/gate.toml"
    file.write_text(file.read_text() + "\n[fields.models]\n")
    assert "gateway.example.com" in ks("show", "gate").out
