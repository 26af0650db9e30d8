"""A team file: what is in it, and that nothing else can be."""

import time

import pytest

from keyswitch.errors import InputError, NotFoundError
from keyswitch.team import team_file
from keyswitch.team.team_file import Item
from tests.team.files import KEY, SOUND, hostile, instead

HOSTILE = dict(hostile())
PATIENCE = 5  # seconds for a file of the largest size, on a slow machine


def parse(text):
    data = text if isinstance(text, bytes) else text.encode()
    return team_file.parse(data, "team.toml")


def test_a_sound_file_stands_for_ordinary_profile_files():
    team = parse(SOUND)
    assert (team.name, team.description) == ("acme", "Acme's accounts")
    assert team.texts[Item("profile", "gw")].decode() == (
        'provider = "acme-gw"\n'
        'label = "Acme, gateway"\n'
        "expires = 2027-02-01\n"
        'only = ["~/clients/**", "github.com/acme/*"]\n'
        'team = "acme"\n'
        "\n"
        "[fields]\n"
        'base_url = "https://gateway.example.com"\n'
        "\n"
        "[secrets.token]\n"
        'store = "reference"\n'
        'item = "vault:kv/claude#token"\n'
        "lifetime = 600\n"
    )
    assert sorted(team.texts) == [
        Item("profile", "api"),
        Item("profile", "gw"),
        Item("provider", "acme-gw"),
    ]


def test_there_are_enough_hostile_files():
    assert len(HOSTILE) >= 50


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name):
    began = time.monotonic()
    with pytest.raises((InputError, NotFoundError)) as refusal:
        parse(HOSTILE[name])
    assert time.monotonic() - began < PATIENCE
    error = refusal.value
    assert error.message.startswith("team.toml"), error.message
    assert error.message.isprintable(), error.message
    assert error.hint == (
        "nothing of it was taken over; ask whoever maintains the team file"
    )
    assert KEY not in error.message + error.hint


@pytest.mark.parametrize(
    "text",
    [
        instead("Acme, gateway", "claude-sonnet-4-5-20250929"),
        instead("Acme, gateway", "project 123456789012 of eu-central-1"),
        instead("Acme, gateway", "Grüße aus Köln, 東京"),
        instead("Acme, gateway", "\u2764\ufe0f gateway, e\u0301"),
        instead("Acme, gateway", "ResourceOfTeam2027InProduction"),
        instead("op://Eng/claude/key", "vault:kv/Team1ProductionKeys2#key"),
        instead("op://Eng/claude/key", "gh:github.com/octo"),
        SOUND.replace("\n", "\r\n"),
        "\ufeff" + SOUND,
        SOUND.replace("\nhosts", "\n# a remark, with a tab:\t.\nhosts"),
    ],
)
def test_what_is_no_secret_and_shows_all_of_itself_is_taken(text):
    assert parse(text).name == "acme"
