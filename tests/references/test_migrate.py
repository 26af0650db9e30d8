"""`migrate`: secrets go to another store, or to a manager, and come back."""

import json

import pytest

from keyswitch.profiles.paths import resolve
from keyswitch.secrets.vault.reading import Vault
from tests.cli.accounts import two_accounts
from tests.cli.keyswitch import KEY, OTHER, Keyswitch, two_keys
from tests.cli.terminal import COMMAND, Terminal
from tests.desktop import desktop
from tests.references import file_manager

PLACE = "corp:{profile}-{field}"


@pytest.fixture
def ks(home):
    """The profiles work and personal in a vault, and a manager of files."""
    ks = Keyswitch(home).begin_as(two_keys)
    file_manager.set_up(home)
    ks("managers", "allow", "corp", "--yes")
    return ks


def kept(ks):
    """Return what the manager has."""
    folder = ks.home / "corp"
    return {path.name: path.read_text() for path in folder.iterdir()}


def in_vault(ks):
    return sorted(Vault(resolve({"HOME": str(ks.home)})).entries().values())


def test_to_a_manager_and_back(ks):
    ks("use", "work")
    before = ks.file(".claude/settings.json").read_bytes()
    done = ks("migrate", "work", "--to", "corp:key")
    assert done.out == "work  moved  api_key: vault -> corp:key\n"
    assert kept(ks) == {"key": KEY}
    assert in_vault(ks) == [OTHER]
    assert 'item = "corp:key"' in ks.profile_file("work").read_text()
    assert ks("helper", "claude-code").out == f"{KEY}\n"
    assert ks.file(".claude/settings.json").read_bytes() == before
    done = ks("migrate", "work", "--to", "vault")
    assert "corp:key still exists: keyswitch deletes nothing" in done.err
    assert kept(ks) == {"key": KEY}
    assert in_vault(ks) == [KEY, OTHER]
    assert ks("helper", "claude-code").out == f"{KEY}\n"
    ks("off")


def test_nothing_is_left_for_undo_or_beside_the_vault(ks):
    ks("rotate", "work", "--stdin", stdin=OTHER + "x")
    ks("migrate", "work", "--to", "corp:key")
    assert in_vault(ks) == [OTHER]
    assert [*ks.file(".local/share/keyswitch").glob("vault.ksv.*")] == []
    assert "nothing to undo" in ks("undo", code=1).error


def test_all_of_them_and_once_more(ks):
    done = ks("migrate", "--all", "--to", PLACE, "--json")
    shown = json.loads(done.out)["profiles"]
    assert [(one["name"], one["state"]) for one in shown] == [
        ("personal", "moved"), ("work", "moved"),
    ]  # fmt: skip
    assert kept(ks) == {"personal-api_key": OTHER, "work-api_key": KEY}
    assert in_vault(ks) == []
    done = ks("migrate", "--all", "--to", PLACE)
    assert done.out.split("\n")[0] == "personal  there already"


def test_one_that_fails_keeps_none_of_the_others(ks):
    (ks.home / "corp/personal-api_key").write_text("FAKE another EXAMPLE")
    done = ks("migrate", "--all", "--to", PLACE, code=6)
    assert "personal  failed  corp:personal-api_key already holds" in done.out
    assert "1 of 2 profiles failed and did not change" in done.err
    assert in_vault(ks) == [OTHER]
    ks("migrate", "--all", "--to", PLACE, "--overwrite")
    assert kept(ks) == {"personal-api_key": OTHER, "work-api_key": KEY}


def test_a_broken_profile_is_one_that_failed(ks):
    ks.profile_file("broken").write_text("no = [\n")
    done = ks("migrate", "--all", "--to", PLACE, code=6)
    assert done.out.startswith("broken    failed")
    assert in_vault(ks) == []


def test_the_same_value_there_is_used(ks):
    place = ks.home / "corp/key"
    place.write_text(KEY)
    number = place.stat().st_ino
    ks("migrate", "work", "--to", "corp:key")
    assert place.stat().st_ino == number


def test_a_dry_run_says_what_and_changes_nothing(ks):
    before = ks.everything()
    done = ks("migrate", "--all", "--to", PLACE, "--dry-run")
    assert "work      to move  api_key: vault -> corp:work-api_key" in done.out
    assert ks.everything() == before
    (ks.home / "corp/key").write_text("FAKE another EXAMPLE")
    done = ks("migrate", "work", "--to", "corp:key", "--dry-run", code=1)
    assert "corp:key already holds another value" in done.error


LOCKED = "#!/bin/sh\necho vault is locked >&2\nexit 1\n"
FORGETS = (
    "#!/bin/sh\ntest $1 = put && exec cat > /dev/null\n"
    "echo not found >&2\nexit 1\n"
)
CHANGES = (
    "#!/bin/sh\ncd $HOME/corp\ncase $1 in\n"
    "put) tr a-z A-Z > $2;;\n*) cat $2 2>/dev/null || "
    "{ echo not found >&2; exit 1; };;\nesac\n"
)
ODD = "#!/bin/sh\necho something else >&2\nexit 1\n"


@pytest.mark.parametrize(
    ("tool", "code", "said"),
    [
        (LOCKED, 5, "locked"),
        (ODD, 1, "cannot read"),
        (FORGETS, 1, "corp:key"),
        (CHANGES, 1, "returned a different value"),
    ],
    ids=["locked", "not known", "forgets", "changes"],
)
def test_a_manager_that_does_not_keep_it_leaves_all_as_it_was(
    ks, tool, code, said
):
    path = ks.home / "tool"
    path.write_text(tool)
    ks("managers", "allow", "corp", "--yes")
    before = ks.profile_file("work").read_bytes()
    done = ks("migrate", "work", "--to", "corp:key", code=code)
    assert said in done.err
    assert ks.profile_file("work").read_bytes() == before
    assert in_vault(ks) == [KEY, OTHER]
    assert KEY not in done.out + done.err


WRONG = {
    "vaults": "unknown store 'vaults'",
    "nope:x": "is not a reference to a manager",
    "corp:{name}": "unknown placeholder {name}",
    "corp:key": "would go to the same place: corp:key",
    "corp:{field}": "would go to the same place: corp:api_key",
}


@pytest.mark.parametrize("to", WRONG)
def test_a_place_that_is_none(ks, to):
    done = ks("migrate", "--all", "--to", to, code=None)
    assert done.code in (1, 2)
    assert WRONG[to] in done.error
    assert in_vault(ks) == [KEY, OTHER]


def test_what_is_not_said(ks):
    for args in ((), ("work", "--all")):
        ks("migrate", *args, "--to", "vault", code=2)
    ks("migrate", "nobody", "--to", "vault", code=1)
    ks("migrate", "work", code=2)


def test_several_secrets_are_moved_together_or_not_at_all(ks):
    ks("add", "cloud", "--provider", "bedrock", "--store", "vault",
       "--set", "region=eu-central-1",
       "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE1", "--stdin",
       stdin=b"FAKEsecretFAKEsecretFAKEsecretEXAMPLE")  # fmt: skip
    token = "FAKEtoken" * 20 + "EXAMPLE"
    (ks.home / "corp/token").write_text(token)
    ks("edit", "cloud", "--reference", "session_token=corp:token")
    (ks.home / "corp/new-session_token").write_text("FAKE another EXAMPLE")
    before = ks.profile_file("cloud").read_bytes()
    ks("migrate", "cloud", "--to", "corp:new-{field}", code=1)
    assert ks.profile_file("cloud").read_bytes() == before
    ks("migrate", "cloud", "--to", "corp:new-{field}", "--overwrite")
    assert kept(ks)["new-session_token"] == token
    done = ks("migrate", "cloud", "--to", "vault")
    assert token in in_vault(ks)
    assert "corp:new-session_token still exists" in done.err


def test_a_file_that_somebody_changed_moves_nothing(ks):
    ks("add", "gw", "--set", "base_url=https://gw.example.com",
       "--provider", "gateway", "--store", "vault", "--stdin",
       stdin="FAKEgatewayTOKEN0123456789EXAMPLE")  # fmt: skip
    path = ks.profile_file("gw")
    path.write_text(path.read_text().replace("gw.example", "evil.example"))
    done = ks("migrate", "gw", "--to", "corp:key", code=1)
    assert "evil.example" in done.error
    assert kept(ks) == {}


def test_a_secret_that_is_replaced_meanwhile_stays(ks):
    """The manager's tool stands for another command."""
    path = ks.home / "tool"
    text = path.read_text()
    profile = ks.profile_file("work")
    assert "generation = 1" in profile.read_text()
    other = f"put) sed -i 's/generation = 1/generation = 2/' '{profile}'; "
    path.write_text(text.replace("put) ", other))
    ks("managers", "allow", "corp", "--yes")
    done = ks("migrate", "work", "--to", "corp:key", code=1)
    assert "'work' changed in the meantime" in done.error
    assert 'store = "vault"' in profile.read_text()
    assert in_vault(ks) == [KEY, OTHER]


def test_a_login_goes_to_no_manager(ks):
    two_accounts_in_vault(ks)
    done = ks("migrate", "a", "--to", "corp:key", code=1)
    assert "'a' is a login, which renews itself while in use" in done.error
    done = ks("migrate", "--all", "--to", PLACE)
    assert "a         left   a login, which renews" in done.out


def two_accounts_in_vault(ks):
    path = ks.home / ".config/keyswitch/config.toml"
    path.write_text('store = "vault"\n' + path.read_text())
    two_accounts(ks)


def test_on_a_terminal_it_says_how_far_it_is(ks):
    tool = ks.home / "tool"
    text = tool.read_text().replace("case $1", "sleep 0.2; case $1")
    tool.write_text(text)
    ks("managers", "allow", "corp", "--yes")
    shown = Terminal(ks, *COMMAND, "migrate", "--all", "--to", PLACE)
    assert shown.ends() == 0
    assert "moving profiles: 1 of 2" in shown.raw
    assert "work      moved" in shown.shown


def test_what_a_team_keeps_stays_there(ks):
    path = ks.profile_file("work")
    ks("migrate", "work", "--to", "corp:key")
    path.write_text(f'team = "acme"\n{path.read_text()}')
    done = ks("migrate", "work", "--to", "vault", code=1)
    assert "'work' is managed by team 'acme'" in done.error
    done = ks("migrate", "--all", "--to", PLACE)
    assert "work      left   managed by team 'acme'" in done.out


@pytest.mark.real("gnome-keyring")
def test_between_the_vault_and_a_keychain(home, tmp_path):
    """A login goes as well, with its older generations."""
    folder = tmp_path / "desktop"
    folder.mkdir(mode=0o700)
    with desktop(folder) as place:
        ks = Keyswitch(home, **{**place.environ, "HOME": str(home)})
        ks("vault", "init", "--machine-key")
        ks.add("work")
        two_accounts(ks)
        ks("migrate", "--all", "--to", "vault")
        assert "keychain:" not in logins(ks)
        assert len(in_vault(ks)) == 3
        ks("use", "a")
        ks("migrate", "--all", "--to", "keychain")
        assert in_vault(ks) == []
        assert ks("helper", "api-key", "work").out == f"{KEY}\n"
        assert "vault:" not in logins(ks)
        ks("use", "b")
        ks("use", "a")
        assert ks("doctor", "--json", code=None).out.count("ks1-") == 0


def logins(ks):
    return ks.file(".local/state/keyswitch/baseline/logins.json").read_text()
