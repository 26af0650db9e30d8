"""One active profile, several configuration folders: a change is one of all."""

import json
import shutil

import pytest

from tests.cli.keyswitch import OTHER
from tests.cli.logins import Logins

PLAIN = b'{\n  "model": "opus",\n  "apiKeyHelper": "get-key"\n}\n'
GATEWAY = "https://gateway.example.com"


class Folders:
    """Somebody who used keyswitch in the usual folder and in another."""

    def __init__(self, ks):
        self.ks = ks
        self.there = ks.file("else where")
        self.settings = self.there / "settings.json"
        self.there.mkdir()
        self.settings.write_bytes(PLAIN)
        ks.add("work")
        ks.add("other", secret=OTHER)
        ks("use", "work", CLAUDE_CONFIG_DIR=str(self.there))
        ks("use", "work")

    @property
    def helper(self):
        return json.loads(self.settings.read_text())["apiKeyHelper"]

    @property
    def is_set_up(self):
        return "helper claude-code" in self.helper

    def findings(self, command="doctor"):
        said = json.loads(self.ks(command, "--json", code=None).out)
        listed = said["findings" if command == "doctor" else "warnings"]
        found = {f["id"]: f for f in listed}
        return found.get("helper-elsewhere")


@pytest.fixture
def folders(ks):
    return Folders(ks)


@pytest.mark.parametrize(
    "command",
    [("off",), ("remove", "work", "--yes"), ("uninstall", "--all", "--yes")],
)
def test_what_ends_the_profile_ends_it_in_every_folder(folders, command):
    done = folders.ks(*command)
    assert folders.settings.read_bytes() == PLAIN
    assert str(folders.there) in done.err
    assert folders.findings() is None


def test_a_dry_run_of_off_names_the_other_folder_s_file(folders):
    done = folders.ks("off", "--dry-run")
    assert str(folders.settings) in done.out
    assert folders.is_set_up


def test_off_in_the_other_folder_is_off_in_the_usual_one(folders):
    folders.ks("off", CLAUDE_CONFIG_DIR=str(folders.there))
    assert not folders.ks.file(".claude/settings.json").exists()
    assert folders.settings.read_bytes() == PLAIN


def test_undo_of_off_brings_every_folder_back(folders):
    before = folders.settings.read_bytes()
    folders.ks("off")
    folders.ks("undo")
    assert folders.settings.read_bytes() == before
    assert folders.ks("current").out == "work\n"


def test_every_folder_follows_to_a_profile_of_another_kind(folders):
    ks = folders.ks
    address = ("--set", f"base_url={GATEWAY}")
    ks.add("gate", *address, provider="gateway", secret="FAKE-token-0000000EX")
    ks("use", "gate")
    said = json.loads(folders.settings.read_text())
    assert said["env"]["ANTHROPIC_BASE_URL"] == GATEWAY
    # Or the next key would go to the gateway from there.
    ks("use", "other")
    said = json.loads(folders.settings.read_text())
    assert "ANTHROPIC_BASE_URL" not in said["env"]


def test_a_new_name_is_the_new_name_in_every_folder(folders):
    """`awsCredentialExport` names its profile, the helper does not."""
    ks = folders.ks
    secrets = {
        "secret_access_key": "FAKEsecretFAKEsecretFAKEsecretFAKEsecret",
        "session_token": "FAKEtoken" * 20,
    }
    given = []
    for field, value in secrets.items():
        ks.file(field).write_text(value)
        ks.file(field).chmod(0o600)
        given += ["--from-file", f"{field}={ks.file(field)}"]
    ks("add", "aws", "--provider", "bedrock", "--set", "region=eu-central-1",
       "--set", "access_key_id=ASIAFAKEFAKEEXAMPLE0", "--store", "vault",
       *given)  # fmt: skip
    ks("use", "aws")
    ks("rename", "aws", "acme")
    document = json.loads(folders.settings.read_text())
    assert "helper aws acme" in document["awsCredentialExport"]
    ks("undo")
    document = json.loads(folders.settings.read_text())
    assert "helper aws aws" in document["awsCredentialExport"]


def test_a_folder_that_cannot_be_changed_is_named_with_the_way_out(folders):
    ks = folders.ks
    present = folders.settings.read_bytes()
    folders.settings.write_bytes(b"{ no JSON")
    done = ks("off")
    assert not ks.file(".claude/settings.json").exists()
    way = f"CLAUDE_CONFIG_DIR='{folders.there}' keyswitch off"
    assert f"{folders.there} was not changed (" in done.err
    assert way in done.err
    folders.settings.write_bytes(present)
    for command in ("doctor", "whoami"):
        found = folders.findings(command)
        assert found["fix"] == way
        assert str(folders.settings) in found["what"]
    ks("off", CLAUDE_CONFIG_DIR=str(folders.there))
    assert folders.settings.read_bytes() == PLAIN
    assert folders.findings() is None


def test_the_way_out_of_the_usual_folder_sets_no_variable(folders):
    """With the variable it would have another `.claude.json`."""
    ks, settings = folders.ks, folders.ks.file(".claude/settings.json")
    present = settings.read_bytes()
    settings.write_bytes(b"{ no JSON")
    there = {"CLAUDE_CONFIG_DIR": str(folders.there)}
    assert "env -u CLAUDE_CONFIG_DIR keyswitch off" in ks("off", **there).err
    settings.write_bytes(present)
    ks("off")
    assert not settings.exists()
    assert not ks.file(".claude/.claude.json").exists()


MINE = b'{"model":"opus","env":{"ANTHROPIC_AUTH_TOKEN":"mine-FAKE"}}'


@pytest.fixture(params=["a linked file", "a linked folder"])
def shared(ks, request):
    """Two folders with one settings.json; the second folder's name."""
    usual, there = ks.file(".claude"), ks.file("there")
    usual.mkdir()
    (usual / "settings.json").write_bytes(MINE)
    if request.param == "a linked file":
        there.mkdir()
        (there / "settings.json").symlink_to("../.claude/settings.json")
    else:
        there.symlink_to(".claude")
    ks.add("work")
    return str(there)


@pytest.mark.parametrize("first", ["usual", "other"])
@pytest.mark.parametrize("last", ["usual", "other"])
def test_settings_that_two_folders_share_are_given_back_whole(
    ks, shared, first, last
):
    where = {"usual": {}, "other": {"CLAUDE_CONFIG_DIR": shared}}
    settings = ks.file(".claude/settings.json")
    second = where["other" if first == "usual" else "usual"]
    ks("use", "work", **where[first])
    done = ks("use", "work", **second)
    assert "will not be restored" not in done.err
    assert "helper-left" not in ks("doctor", "--json", code=None, **second).out
    ks("off", **where[last])
    assert settings.read_bytes() == MINE
    ks("undo")
    assert b"mine-FAKE" not in settings.read_bytes()
    ks("off", **second)
    assert settings.read_bytes() == MINE
    records = ks.file(".local/state/keyswitch/baseline").glob("*.json")
    assert [p.name for p in records if "settings" in p.read_text()] == []


def test_whoami_names_the_other_folders(folders):
    assert str(folders.there) in folders.ks("whoami", code=None).out


def test_a_folder_that_is_gone_is_not_made_again(folders):
    shutil.rmtree(folders.there)
    folders.ks("use", "other")
    folders.ks("off")
    assert not folders.there.exists()


def test_what_somebody_changed_in_the_other_folder_stays(folders):
    document = json.loads(folders.settings.read_text())
    document["env"]["ANTHROPIC_API_KEY"] = "FAKE-by-hand"
    folders.settings.write_text(json.dumps(document))
    done = folders.ks("off")
    assert "ANTHROPIC_API_KEY was changed by another program" in done.err
    after = json.loads(folders.settings.read_text())
    assert after["env"] == {"ANTHROPIC_API_KEY": "FAKE-by-hand"}


def test_a_removed_profile_leaves_no_helper_in_its_own_folder(ks):
    ks.add("mine")
    ks("edit", "mine", "--isolated", "--share", "none")
    ks("use", "mine")
    own = ks.file(".local/share/keyswitch/claude-code/mine/settings.json")
    assert "helper claude-code" in own.read_text()
    ks("remove", "mine", "--yes")
    assert not own.exists()


def test_a_renamed_profile_s_own_folder_is_given_back_under_its_name(ks):
    ks.add("mine")
    ks("edit", "mine", "--isolated", "--share", "none")
    ks("use", "mine")
    ks("rename", "mine", "ours")
    own = ks.file(".local/share/keyswitch/claude-code/ours/settings.json")
    assert "helper claude-code" in own.read_text()
    ks("undo")
    assert ks("current").out == "mine\n"
    ks("rename", "mine", "ours")
    ks("remove", "ours", "--yes")
    assert not own.exists()
    records = ks.file(".local/state/keyswitch/baseline").glob("*.json")
    assert [p.name for p in records if "settings" in p.read_text()] == []


def test_a_removed_login_that_is_in_use_elsewhere_is_named(ks):
    logins, there = Logins(ks), ks.file("there")
    logins.capture("me")
    ks("use", "me", CLAUDE_CONFIG_DIR=str(there))
    done = ks("remove", "me", "--yes")
    assert f"the login of 'me' stays in {there}: CLAUDE_CONFIG_DIR=" in done.err


def test_revoke_local_finds_a_token_in_another_folder(folders):
    token = "sk-ant-oat01-FAKE-left-in-another-folder-EXAMPLE"
    path = folders.there / ".credentials.json"
    login = {"accessToken": token, "expiresAt": 1, "refreshToken": ""}
    path.write_text(json.dumps({"claudeAiOauth": login}))
    assert str(path) in folders.ks("revoke-local", "--dry-run").out
    folders.ks("revoke-local", "--yes")
    assert token not in path.read_text()
