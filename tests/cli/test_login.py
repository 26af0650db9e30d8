"""login and logout, from a person's chair."""

import base64
import json
import os
from unittest.mock import ANY

import pytest

from tests.cli.keyswitch import KEY, Keyswitch
from tests.cli.logins import Logins, tokens

LIVE = ".claude/.credentials.json"
MCP = '"mcpOAuth": {"x": {"accessToken":"FAKE-mcp"}}'

# What `claude auth login` does, as far as keyswitch can see it.
STAND_IN = """#!/bin/sh
env > '{kit}/environment'
echo "$*" > '{kit}/arguments'
test ! -f '{kit}/credentials' ||
    cp '{kit}/credentials' "$CLAUDE_CONFIG_DIR/.credentials.json"
test ! -f '{kit}/config' ||
    cp '{kit}/config' "$CLAUDE_CONFIG_DIR/.claude.json"
exit {status}
"""


@pytest.fixture
def logins(ks):
    return Logins(ks)


def capture(ks, name, *args, **options):
    return ks("login", name, "--capture", "--store", "vault", *args, **options)


def claude(ks, name="", number=1, status=0):
    """Put a `claude` on the PATH whose login is this one; "" for none."""
    kit = ks.file("kit")
    kit.mkdir(exist_ok=True)
    if name:
        other = Logins(Keyswitch(kit))
        other.put(name, number)
        other.credentials.rename(kit / "credentials")
        other.config.rename(kit / "config")
    program = kit / "claude"
    program.write_text(STAND_IN.format(kit=kit, status=status))
    program.chmod(0o700)
    return {"PATH": f"{kit}{os.pathsep}{ks.environ['PATH']}"}


def as_old_session(logins, name, number):
    """Write tokens back as an old session does, the shown name stays."""
    access, refresh = tokens(name, number)
    login = json.loads(logins.credentials.read_text())
    login["claudeAiOauth"] |= {
        "accessToken": access,
        "refreshToken": refresh,
        "accountUuid": f"FAKE-account-{name}",
        "organizationUuid": f"FAKE-organization-{name}",
    }
    logins.credentials.write_text(json.dumps(login))


# --------------------------------------------------------------- --capture


def test_the_present_login_is_kept_and_stays_where_it_is(logins):
    logins.put("me")
    before = logins.credentials.read_bytes()
    done = capture(logins.ks, "me")
    assert "me@mail.example (max) as 'me', tokens in the vault" in done.err
    assert done.out == ""
    assert logins.credentials.read_bytes() == before
    assert logins.ks("current").out == "me\n"
    assert logins.dangling() == set()


def test_a_program_gets_whose_login_was_kept(logins):
    logins.put("me")
    done = capture(logins.ks, "me", "--json")
    assert json.loads(done.out) == {
        "profile": "me",
        "email": "me@mail.example",
        "plan": "max",
        "store": "vault",
        "version": 1,
    }


def test_without_a_login_there_is_nothing_to_keep(ks):
    before = ks.everything()
    done = capture(ks, "me", code=1)
    assert done.error.startswith("no login in ")
    assert "/login" in done.err
    assert ks.everything().keys() - before.keys() <= {
        ".local/state/keyswitch/lock"
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"claudeAiOauth": {"accessToken": "", "refreshToken": ""}}',
        '{"claudeAiOauth": {"accessToken": 5}}',
        '{"claudeAiOauth": null}',
        '{"mcpOAuth": {"x": 1}}',
        "{}",
        "",
    ],
)
def test_a_login_without_tokens_is_no_login(logins, text):
    logins.put("me")
    logins.credentials.write_text(text)
    assert "no login" in capture(logins.ks, "me", code=1).error
    assert not logins.ks.profile_file("me").exists()


def test_an_account_is_kept_once_only(logins):
    logins.capture("me")
    done = capture(logins.ks, "again", code=1)
    assert done.error == "this account is already saved as 'me'"
    assert "keyswitch use me" in done.err
    assert not logins.ks.profile_file("again").exists()


def test_keeping_it_again_takes_the_renewed_tokens(logins):
    logins.capture("me")
    logins.put("me", 2)
    capture(logins.ks, "me")
    capture(logins.ks, "me")
    kept = logins.ledger()["generations"]["me"]
    assert len({tuple(g["tokens"]) for g in kept}) == len(kept) == 2
    assert logins.dangling() == set()


def test_a_name_of_another_account_is_not_given_to_this_one(logins):
    logins.capture("me")
    logins.put("you")
    done = capture(logins.ks, "me", code=1)
    assert done.error == "profile 'me' belongs to another account"
    assert len(logins.ledger()["generations"]["me"]) == 1


def test_a_name_of_a_key_is_not_given_to_a_login(logins):
    logins.ks.add("key")
    before = logins.ks.profile_file("key").read_bytes()
    logins.put("me")
    assert capture(logins.ks, "key", code=1).error == (
        "profile 'key' is not a login"
    )
    assert logins.ks.profile_file("key").read_bytes() == before


def test_a_profile_that_cannot_be_read_is_left_alone(logins):
    logins.put("me")
    logins.ks.profile_file("me").parent.mkdir(parents=True)
    logins.ks.profile_file("me").write_text("provider = 5\n")
    assert "cannot read" in capture(logins.ks, "me", code=1).error
    assert logins.ks.profile_file("me").read_text() == "provider = 5\n"


@pytest.mark.parametrize("name", ["Me", "../me", "con", "a b", ""])
def test_a_name_has_to_be_a_name(logins, name):
    logins.put("me")
    assert capture(logins.ks, name, code=1).error
    assert not logins.ks.file(".config/keyswitch/profiles").exists()


def test_options_that_exclude_each_other_are_a_usage_error(ks):
    for args in (
        ["--capture", "--orphan"],
        ["--capture", "--token"],
        ["--stdin"],
        ["--from-env", "X"],
    ):
        assert ks("login", "me", *args, code=2).error


def test_an_earlier_state_does_not_replace_what_is_stored(logins):
    logins.capture("me")
    logins.capture("me", 2)
    logins.put("me", 1)
    done = capture(logins.ks, "me", code=1)
    assert done.error == "the current login is an older version of 'me'"
    logins.ks("use", "me")
    assert logins.live() == tokens("me", 2)[0]


# ------------------------------------------------------------------ stores


def test_without_a_store_nothing_happens(bare):
    logins = Logins(bare)
    logins.put("me")
    before = bare.everything()
    assert "no vault" in capture(bare, "me", code=1).error
    assert (
        "no usable keychain" in bare("login", "me", "--capture", code=1).error
    )
    assert bare.everything() == before


def test_a_locked_store_stops_everything_and_loses_nothing(logins):
    ks = logins.ks
    logins.capture("you")
    logins.capture("me")
    ks("use", "me")
    logins.put("me", 2)
    machine_key = ks.file(".local/state/keyswitch/machine.key")
    key = machine_key.read_bytes()
    machine_key.unlink()
    ks("lock")
    before = logins.credentials.read_bytes()
    ledger = logins.ledger()
    for args in (
        ["use", "you"],
        ["off"],
        ["login", "me", "--capture", "--store", "vault"],
    ):
        done = ks(*args, code=5)
        assert logins.credentials.read_bytes() == before, args
        assert tokens("me", 2)[0] not in done.err
    assert logins.ledger()["generations"] == ledger["generations"]
    machine_key.write_bytes(key)
    ks("use", "you")
    ks("use", "me")
    assert logins.live() == tokens("me", 2)[0]


def test_a_stored_login_that_is_gone_is_stored_again_before_it_is_replaced(
    logins,
):
    """The ledger alone is no proof that a store has something."""
    from keyswitch.profiles.paths import resolve
    from keyswitch.secrets.vault.writing import VaultStore

    logins.capture("you")
    logins.capture("me")
    item = logins.reference("me")
    VaultStore(resolve(logins.ks.environ)).delete(item, 1)
    logins.ks("use", "you")
    logins.ks("use", "me")
    assert logins.live() == tokens("me", 1)[0]
    assert logins.dangling() == set()


# ----------------------------------------------------------------- --orphan


def test_a_login_of_nobody_is_kept_and_becomes_a_profile(logins):
    ks = logins.ks
    assert "without a profile" in ks("login", "x", "--orphan", code=1).error
    logins.capture("me")
    logins.put("stranger")
    done = ks("use", "me")
    assert "stranger@mail.example" in done.err
    assert "login NAME --orphan" in done.err
    assert logins.live() == tokens("me", 1)[0]
    ks("login", "new", "--orphan", "--label", "found")
    assert "found" in ks("list").out
    ks("use", "new")
    assert logins.live() == tokens("stranger", 1)[0]
    assert logins.ledger()["orphans"] == []
    assert logins.dangling() == set()
    ks("login", "more", "--orphan", code=1)


def test_a_login_of_nobody_does_not_hide_behind_an_earlier_state(logins):
    ks = logins.ks
    logins.capture("me")
    logins.put("stranger")
    ks("use", "me")
    logins.put("me", 9, hours=-9)
    ks("use", "me")
    assert len(logins.ledger()["orphans"]) == 2
    ks("login", "new", "--orphan")
    shown = json.loads(ks("show", "new", "--json").out)["profile"]
    assert shown["fields"]["email"] == "stranger@mail.example"


# ------------------------------------------------------------- a new login


def test_a_new_login_leaves_the_present_one_alone(logins):
    ks = logins.ks
    logins.capture("me")
    before = logins.credentials.read_bytes(), logins.config.read_bytes()
    rivals = {"ANTHROPIC_API_KEY": KEY, "CLAUDE_CONFIG_DIR": str(ks.file("x"))}
    rivals["CLAUDE_CODE_OAUTH_TOKEN"] = "sk-ant-oat01-FAKE"
    done = ks(
        "login", "work", "--store", "vault", "--console", "--email", "a@b.c",
        **claude(ks, "you"), **rivals,
    )  # fmt: skip
    assert "you@mail.example" in done.err
    assert "keyswitch use work" in done.err
    assert (logins.credentials.read_bytes(), logins.config.read_bytes()) == (
        before
    )
    said = ks.file("kit/environment").read_text()
    for name in set(rivals) - {"CLAUDE_CONFIG_DIR"}:
        assert f"{name}=" not in said
    arguments = ks.file("kit/arguments").read_text()
    assert arguments == "auth login --console --email a@b.c\n"
    assert not list(ks.file(".local/state/keyswitch").glob("scratch-*"))
    ks("use", "work")
    assert logins.live() == tokens("you", 1)[0]


def test_a_login_that_fails_changes_nothing(logins):
    ks = logins.ks
    done = ks("login", "me", "--store", "vault", code=1, **claude(ks, status=3))
    assert done.error == "Claude Code's login failed with status 3"
    done = ks("login", "me", "--store", "vault", code=1, **claude(ks))
    assert done.error == "Claude Code's login wrote no token"
    assert not ks.profile_file("me").exists()
    assert not list(ks.file(".local/state/keyswitch").glob("scratch-*"))


def test_without_claude_code_there_is_no_new_login(ks):
    empty = ks.file("empty")
    empty.mkdir()
    done = ks("login", "me", "--store", "vault", code=1, PATH=str(empty))
    assert done.error == "'claude' is not on PATH"


def test_what_is_known_before_is_said_before_anybody_logs_in(logins):
    ks = logins.ks
    ks.add("key")
    path = claude(ks, "me")
    ks("login", "key", "--store", "vault", code=1, **path)
    ks.file(".local/state/keyswitch/machine.key").unlink()
    ks("lock")
    ks("login", "me", "--store", "vault", code=5, **path)
    assert not ks.file("kit/arguments").exists()


@pytest.mark.parametrize("name", ["me", "work"])
def test_a_new_login_that_cannot_have_the_name_is_not_lost(logins, name):
    ks = logins.ks
    logins.capture("me")
    who = "you" if name == "me" else "me"
    done = ks(
        "login", name, "--store", "vault", code=6, **claude(ks, who, 7)
    )  # fmt: skip
    assert "the new login was saved separately" in done.error
    taker = "you" if name == "me" else "me"
    ks("login", taker, "--orphan")
    ks("use", taker)
    assert logins.live() == tokens(who, 7)[0]
    assert logins.dangling() == set()


def test_the_token_of_setup_token_becomes_a_profile_of_its_own_kind(ks):
    token = "sk-ant-oat01-FAKE-setup-000000000000000000000000EXAMPLE"
    done = ks(
        "login", "ci", "--token", "--stdin", "--store", "vault", stdin=token
    )
    assert token not in done.out + done.err
    shown = json.loads(ks("show", "ci", "--json").out)["profile"]
    assert shown["provider"] == "claude-token"


# ------------------------------------------------------------------- logout


def test_logout_takes_this_login_off_the_machine_and_nothing_else(logins):
    ks = logins.ks
    logins.capture("you")
    logins.capture("me")
    text = logins.credentials.read_text()
    logins.credentials.write_text(text.replace("{", "{" + MCP + ", ", 1))
    logins.put("me", 2)
    logins.credentials.write_text(
        logins.credentials.read_text().replace("{", "{" + MCP + ", ", 1)
    )
    done = ks("logout", "me", "--yes")
    assert "keyswitch login me" in done.err
    assert "https://" in done.err
    assert logins.credentials.read_text() == "{" + MCP + "}"
    assert "oauthAccount" not in logins.config.read_text()
    assert logins.reference("me") == ""
    assert logins.dangling() == set()
    assert "keyswitch login me" in ks("use", "me", code=1).err
    ks("use", "you")
    assert logins.live() == tokens("you", 1)[0]


def test_logout_asks_and_a_dry_run_shows(logins):
    ks = logins.ks
    logins.capture("me")
    before = ks.everything()
    assert "needs confirmation" in ks("logout", "me", code=2).error
    found = json.loads(ks("logout", "me", "--dry-run", "--json").out)["found"]
    assert len(found) == 3
    lines = ks("logout", "me", "--dry-run").out
    assert lines.splitlines() == found
    assert ks.everything() == before


def test_logout_takes_what_was_kept_as_an_earlier_state_too(logins):
    ks = logins.ks
    logins.capture("me")
    logins.put("me", 9, hours=-9)
    ks("use", "me")
    assert "an older version of 'me'" in ks("logout", "me", "--dry-run").out
    ks("logout", "me", "--yes")
    assert logins.ledger()["orphans"] == []
    assert logins.dangling() == set()


def test_logout_of_an_old_sessions_login_leaves_the_chosen_one(logins):
    ks = logins.ks
    logins.capture("you")
    logins.capture("me")
    ks("use", "me")
    ks.file(".local/state/keyswitch/login-stamp").unlink()
    as_old_session(logins, "you", 2)
    ks("logout", "you", "--yes")
    assert logins.live() == ""
    name = json.loads(logins.config.read_text())["oauthAccount"]
    assert name["emailAddress"] == "me@mail.example"
    ks("use", "me")
    assert logins.live() == tokens("me", 1)[0]


def test_logout_is_for_logins(logins):
    logins.ks.add("key")
    done = logins.ks("logout", "key", "--yes", code=1)
    assert done.error == "'key' is not a login"
    assert "revoke-local key" in done.err
    assert "no profile" in logins.ks("logout", "nobody", "--yes", code=1).error


def test_off_after_a_logout_gives_back_what_was_before(logins):
    ks = logins.ks
    logins.capture("me")
    logins.put("stranger")
    ks("use", "me")
    ks("logout", "me", "--yes")
    ks("off")
    assert logins.live() == tokens("stranger", 1)[0]


# ----------------------------------------------------- others write as well


def test_an_old_sessions_login_is_said_once_and_put_aside(logins):
    ks = logins.ks
    logins.capture("you")
    logins.capture("me")
    ks("use", "me")
    as_old_session(logins, "you", 2)
    said = "an old session had restored the login of 'you'"
    assert said in ks("list").err
    assert logins.live() == tokens("me", 1)[0]
    assert ks("list").err == ""
    ks("use", "you")
    assert logins.live() == tokens("you", 2)[0]


def test_what_nobody_asked_for_is_not_what_a_failure_calls_the_change(logins):
    ks = logins.ks
    logins.capture("you")
    logins.capture("me")
    ks("use", "me")
    as_old_session(logins, "you", 2)
    done = ks("use", "nobody", code=1)
    assert "an old session had restored the login" in done.err
    assert done.error == "no profile named 'nobody'"


def test_what_nobody_asked_for_is_not_what_undo_takes_back(logins):
    ks = logins.ks
    logins.capture("you")
    logins.capture("me")
    ks("use", "you")
    ks("use", "me")
    as_old_session(logins, "you", 2)
    ks("list")
    assert "undid 'use me'" in ks("undo").err
    assert ks("current").out == "you\n"
    assert logins.live() == tokens("you", 2)[0]


def test_tokens_that_do_not_say_whose_they_are_are_left_and_reported(logins):
    """Those of this account say it; an old version may have written these."""
    ks = logins.ks
    logins.capture("me", accountUuid="FAKE-account-me")
    ks("use", "me")
    access, refresh = tokens("you", 5)
    login = {"accessToken": access, "refreshToken": refresh}
    logins.credentials.write_text(json.dumps({"claudeAiOauth": login}))
    done = ks("list")
    assert "is unknown" in done.err
    assert logins.live() == access
    ks("use", "me")
    assert logins.live() == tokens("me", 1)[0]
    assert len(logins.ledger()["generations"]["me"]) == 1
    assert len(logins.ledger()["orphans"]) == 1


@pytest.mark.parametrize(
    "text", ['{"claudeAiOauth": {"accessToken": "FAKE-cut', "[1]", "\xff\xfe"]
)
def test_a_file_that_cannot_be_read_is_not_replaced(logins, text):
    logins.capture("you")
    logins.capture("me")
    logins.credentials.write_bytes(text.encode("latin-1"))
    for args in (["use", "you"], ["login", "x", "--capture"]):
        done = logins.ks(*args, "-q", code=1)
        assert ".credentials.json" in done.error
        assert "FAKE-cut" not in done.err
        assert logins.credentials.read_bytes() == text.encode("latin-1")


def test_a_damaged_ledger_is_set_aside_and_no_login_is_lost(logins):
    logins.capture("you")
    logins.capture("me")
    path = logins.ks.file(".local/state/keyswitch/baseline/logins.json")
    path.write_text("{")
    done = logins.ks("use", "you")
    assert f"{path} is damaged; moved it to {path}.damaged-1" in done.err
    assert path.with_name("logins.json.damaged-1").read_text() == "{"
    assert logins.live() == tokens("you", 1)[0]
    logins.ks("use", "me")
    assert logins.live() == tokens("me", 1)[0]


def test_a_lost_ledger_loses_no_login(logins):
    ks = logins.ks
    logins.capture("you")
    logins.capture("me")
    ks.file(".local/state/keyswitch/baseline/logins.json").unlink()
    ks("use", "you")
    assert logins.live() == tokens("you", 1)[0]
    ks("use", "me")
    assert logins.live() == tokens("me", 1)[0]
    assert logins.dangling() == set()


# --------------------------------------------------------------- the canary


def forms(secret):
    data = secret.encode()
    yield data
    yield data[::-1]
    yield data.hex().encode()
    for lead in range(3):
        text = base64.b64encode(b"-" * lead + data)
        yield text[4 if lead else 0 : -4]


def test_no_other_file_and_no_output_of_a_whole_life_holds_a_token(logins):
    ks = logins.ks
    logins.put("me")
    said = ""
    path = claude(ks, "you")
    for args in (
        ["login", "me", "--capture", "--store", "vault", "-v"],
        ["login", "you", "--store", "vault", "-v"],
        ["list"],
        ["list", "--json"],
        ["show", "you"],
        ["show", "you", "--json"],
        ["use", "you", "--dry-run"],
        ["use", "you", "-v"],
        ["use", "you", "--json"],
        ["whoami"],
        ["doctor"],
        ["undo"],
        ["rename", "you", "them"],
        ["use", "them"],
        ["history", "--json"],
        ["revoke-local", "--all", "--dry-run", "--json"],
        ["off"],
        ["remove", "them", "--yes"],
        ["undo"],
        ["logout", "me", "--dry-run", "--json"],
        ["logout", "me", "--yes"],
    ):
        done = ks(*args, code=ANY, **path)
        said += done.out + done.err
        files = ks.everything()
        files.pop(LIVE, None)
        for name in ("me", "you"):
            for token in tokens(name, 1):
                assert token not in said, args
                for place, data in files.items():
                    if not place.startswith("kit/"):
                        found = [f for f in forms(token) if f in data]
                        assert found == [], (place, args)
