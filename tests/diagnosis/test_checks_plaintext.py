"""Credentials in plain text, and the stores of other switchers."""

import pytest

from keyswitch.diagnosis.checks.files import SWITCHERS
from tests.diagnosis.homes import (
    AWS_SECRET,
    CONFIG,
    KEY,
    SETTINGS,
    TOKEN,
    Home,
    found_in,
    profile,
)

BACKUP = ".claude/backups/.claude.json.backup.1"
LINE = f"export ANTHROPIC_API_KEY={KEY}\n"


def settings(**env):
    return Home(files={SETTINGS: {"env": env}})


HOMES = {
    "plaintext-secret": (
        Home(files={".zshrc": LINE}),
        Home(files={".zshrc": f"# {LINE}"}),
    ),
    "plaintext-backup": (
        Home(files={BACKUP: {"primaryApiKey": KEY}}),
        Home(files={BACKUP: {}, CONFIG: {"primaryApiKey": KEY}}),
    ),
    "other-switcher": (
        Home(folders=(".claude-switch-backup",)),
        Home(folders=(".claude-switch",)).but(folders=(".claude-sw",)),
    ),
}


@pytest.fixture
def look(home, monkeypatch):
    def look(built):
        found = found_in(built, home, monkeypatch)
        return [f for f in found if f.check.startswith(("plain", "other"))]

    return look


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".bashrc", f'export ANTHROPIC_AUTH_TOKEN="{TOKEN}"'),
        (".config/fish/config.fish", f"set -gx ANTHROPIC_API_KEY {KEY}"),
        (".config/nushell/env.nu", f"$env.ANTHROPIC_API_KEY = '{KEY}'"),
        (".config/environment.d/a.conf", f"AWS_SECRET_ACCESS_KEY={AWS_SECRET}"),
        (".envrc", LINE),
        ("project/.envrc", LINE),
        ("project/.env", LINE),
        ("project/.env.local", f"ANTHROPIC_API_KEY='{KEY}'\r"),
    ],
)
def test_a_key_in_a_file_is_named_once_with_its_line(look, name, text):
    (finding,) = look(Home(files={name: f"a=b\n{text}\n"}))
    assert finding.place.endswith(f"{name}:2")
    assert "EXAMPLE" not in finding.what


@pytest.mark.parametrize(
    "text",
    [
        "export ANTHROPIC_API_KEY=$(pass show x)\n",
        "export ANTHROPIC_API_KEY=\n",
        "export ANTHROPIC_API_KEY=''\n",
        "export AWS_ACCESS_KEY_ID=AKIAFAKE000000EXAMPLE\n",
        "unset ANTHROPIC_API_KEY\n",
        "export ANTHROPIC_CUSTOM_HEADERS='x-team: blue'\n",
    ],
)
def test_a_line_without_a_key_in_it_is_left_alone(look, text):
    assert look(Home(files={".zshrc": text, "project/.env": text})) == []


@pytest.mark.parametrize(
    "value", ["", " ", None, 5, True, "x-team: blue\nx-app: me"]
)
def test_a_setting_without_a_key_in_it_is_left_alone(look, value):
    assert look(settings(ANTHROPIC_CUSTOM_HEADERS=value)) == []


@pytest.mark.parametrize(
    "headers",
    [
        f"x-api-key: {KEY}",
        f"x-team: blue\nAuthorization: Bearer {TOKEN}",
        f"x-gateway-token: {TOKEN}",
    ],
)
def test_a_header_with_a_credential_is_found(look, headers):
    (finding,) = look(settings(ANTHROPIC_CUSTOM_HEADERS=headers))
    assert finding.place.endswith(f"{SETTINGS}:3")


@pytest.mark.parametrize("name", ["profiles/b", "providers/a", "config"])
def test_a_key_in_a_file_of_keyswitch_is_found(look, name):
    path = f".config/keyswitch/{name}.toml"
    text = f'provider = "anthropic"\n# {KEY}\n'
    (finding,) = look(Home(files={path: text}, profiles={"w": profile()}))
    assert finding.place.endswith(f"{name}.toml:2")
    assert KEY not in finding.what


def test_a_key_of_a_profile_is_taken_out_and_the_profile_kept(look):
    home_ = Home(files={".zshrc": LINE}, profiles={"work": profile()})
    (finding,) = look(home_)
    assert "'work'" in finding.why
    assert finding.fix.startswith("remove 'ANTHROPIC_API_KEY' from ")


def test_a_value_with_control_characters_at_its_end_is_one_line(look):
    (finding,) = look(settings(ANTHROPIC_AUTH_TOKEN=f"{TOKEN}\n\x1b[0"))
    assert finding.what.isprintable()


@pytest.mark.parametrize(("name", "place"), SWITCHERS)
def test_every_switcher_is_known_by_its_store(look, name, place):
    found = look(Home(folders=(place,)))
    assert name in {f.what.partition(" ")[0] for f in found}


def test_a_file_that_is_no_file_is_passed_over(look):
    assert look(Home(folders=(".zshrc", "project/.env", BACKUP))) == []


def test_bytes_that_are_no_text_do_not_hide_a_key(look):
    data = b"# f\xfcr\n" + LINE.encode()
    (finding,) = look(Home(files={".zshrc": data}))
    assert finding.place.endswith(".zshrc:2")
