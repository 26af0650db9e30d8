"""Files that others can read, links, mounts, and locks that were left."""

import os

import pytest

from keyswitch.targets.verdict import Mend
from tests.diagnosis.homes import (
    AWS_FILES,
    CONFIG,
    CREDENTIALS,
    KEY,
    OAUTH,
    SETTINGS,
    Home,
    login,
)

LOGIN = Home(files={CREDENTIALS: login()})
LOCK = f"{CONFIG}.lock"
BACKUP = ".claude/backups/.claude.json.backup.1"
ANTHROPIC = ".config/anthropic/credentials/default.json"


def is_mount(path):
    return path.endswith(".credentials.json")


HOMES = {
    "file-exposed": (
        LOGIN.but(modes={CREDENTIALS: 0o644}),
        LOGIN.but(modes={CREDENTIALS: 0o400}),
    ),
    "credentials-linked": (
        Home(
            files={"elsewhere.json": login()},
            folders=(".claude",),
            links={CREDENTIALS: "../elsewhere.json"},
        ),
        Home(
            files={"elsewhere.json": {}},
            folders=(".claude",),
            links={SETTINGS: "../elsewhere.json"},
        ),
    ),
    "file-mounted": (
        LOGIN.but(patches={"os.path.ismount": is_mount}),
        Home(files={SETTINGS: "{}"}, patches={"os.path.ismount": is_mount}),
    ),
    "file-hard-linked": (Home(), Home()),  # see below: made by os.link
    "lock-left": (
        Home(folders=(LOCK,), ages={LOCK: 120}),
        Home(folders=(LOCK,), ages={LOCK: 5}),
    ),
}


class Linked(Home):
    """A home whose settings have a second name."""

    def build(self, folder):
        situation = super().build(folder)
        os.link(folder / SETTINGS, folder / "second-name")
        return situation


HOMES["file-hard-linked"] = (
    Linked(files={SETTINGS: "{}"}),
    Home(files={SETTINGS: "{}"}),
)

EXPOSED = {
    "login": {CREDENTIALS: login()},
    "Console key": {CONFIG: {"primaryApiKey": KEY}},
    "old copy": {BACKUP: {"primaryApiKey": KEY}},
    "settings": {SETTINGS: {"env": {"ANTHROPIC_API_KEY": KEY}}},
    "AWS": AWS_FILES,
    "AWS sign-in": {".aws/sso/cache/x.json": {"accessToken": "FAKE"}},
    "Anthropic profile": {ANTHROPIC: {"access_token": OAUTH}},
    "vault": {".local/share/keyswitch/vault.ksv": "FAKE"},
    "machine key": {".local/state/keyswitch/machine.key": "FAKE"},
}
HARMLESS = {
    "no login": {CREDENTIALS: {}},
    "identity": {CONFIG: {"oauthAccount": {"emailAddress": "y@x.example"}}},
    "old identity": {BACKUP: {"oauthAccount": {}}},
    "settings": {SETTINGS: {"env": {"ANTHROPIC_MODEL": "opus"}}},
    "headers": {
        SETTINGS: {"env": {"ANTHROPIC_CUSTOM_HEADERS": "x-team: blue"}}
    },
    "cleared": {SETTINGS: {"env": {"ANTHROPIC_API_KEY": ""}}},
    "AWS region": {".aws/credentials": "[default]\nregion = eu-west-1\n"},
    "pointer": {".local/state/keyswitch/state.json": "{}"},
}


@pytest.mark.parametrize("what", EXPOSED)
def test_a_credential_that_others_can_read_is_found(look, what):
    modes = dict.fromkeys(EXPOSED[what], 0o644)
    finding = look(Home(files=EXPOSED[what], modes=modes))["file-exposed"]
    assert (finding.mend.kind, finding.mend.mode) == (Mend.MODE, 0o600)


@pytest.mark.parametrize("what", HARMLESS)
def test_others_may_read_what_is_no_credential(look, what):
    modes = dict.fromkeys(HARMLESS[what], 0o644)
    assert "file-exposed" not in look(Home(files=HARMLESS[what], modes=modes))


def test_an_anthropic_profile_is_looked_for_where_it_is(look):
    files = {"moved/credentials/a.json": {"access_token": OAUTH}}
    home_ = Home(files=files, modes=dict.fromkeys(files, 0o640))
    environ = {"ANTHROPIC_CONFIG_DIR": "{home}/moved"}
    assert "file-exposed" in look(home_.but(environ=environ))


def test_a_command_for_a_path_with_a_space_can_be_pasted(look):
    place = "my files/settings.json"
    home_ = Home(
        files={place: {"env": {"ANTHROPIC_API_KEY": KEY}}},
        modes={place: 0o604},
        environ={"CLAUDE_CONFIG_DIR": "{home}/my files"},
        folders=("my files.lock",),
        ages={"my files.lock": 3600},
    )
    found = look(home_)
    assert found["file-exposed"].fix.endswith("my files/settings.json'")
    assert found["file-exposed"].fix.startswith("chmod 600 '")
    assert found["lock-left"].fix.startswith("rmdir '")


def test_a_file_in_a_lock_s_place_is_no_lock(look):
    assert "lock-left" not in look(Home(files={LOCK: ""}, ages={LOCK: 99}))


def test_a_lock_is_taken_away_as_an_empty_folder(look):
    assert look(HOMES["lock-left"][0])["lock-left"].mend.kind == Mend.FOLDER
