"""Secrets that stay in managers: findings, and that nobody is asked."""

import pytest

from tests.diagnosis.homes import Home, profile

CONFIG_TOML = ".config/keyswitch/config.toml"


def outside(reference, config=""):
    text = profile().split("[secrets")[0]
    secret = f'[secrets.api_key]\nstore = "reference"\nitem = "{reference}"\n'
    return Home(profiles={"work": text + secret}, files={CONFIG_TOML: config})


MINE = '[managers.mine]\ncommand = ["sh", "-c", "exit 9"]\n'
# `sh` stands for any tool that is here, and no test has `op`.
HERE = '[managers.op]\nprogram = "/bin/sh"\n'

HOMES = {
    "reference-unreadable": (
        outside("nonsense"),
        Home(profiles={"work": profile()}),
    ),
    "command-not-allowed": (
        outside("mine:a", MINE),
        outside("nonsense"),
    ),
}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("op://Eng/claude", "not have the form op://"),
        ("vualt:a/b#c", "not a reference to a manager"),
        ("exec:corp", "no program 'corp' in [exec]"),
    ],
)
def test_what_cannot_be_a_reference_is_named(look, reference, words):
    finding = look(outside(reference))["reference-unreadable"]
    assert words in finding.what
    assert "'work'" in finding.why


def test_another_program_for_a_manager_has_to_be_allowed(look):
    found = look(outside("op://Eng/claude/key", HERE))
    assert "managers allow op" in found["command-not-allowed"].fix
