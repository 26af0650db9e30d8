"""revoke-local of logins: generations, orphans, and the one that is live."""

import json
import re
import shutil

import pytest

from tests.cli.logins import Logins, tokens

LIVE = ".credentials.json: claudeAiOauth"


@pytest.fixture
def logins(ks):
    return Logins(ks)


@pytest.fixture
def renewed(logins):
    """`me` is active with two older generations; `you` is kept beside it."""
    logins.capture("you")
    logins.capture("me")
    for number in (2, 3):
        logins.put("me", number)
        logins.ks("use", "you")
        logins.ks("use", "me")
    return logins


def found(logins, *args):
    """Return {source without place and time: (profile, why it is stale)}."""
    return {
        re.sub(r", saved \S+$", "", s.rpartition("/")[2]): told
        for s, told in logins.found(*args).items()
        if "vault.ksv" not in s and "keyring" not in s
    }


def kept(logins, name):
    return [
        g["generation"] for g in logins.ledger()["generations"].get(name, ())
    ]


def revoke(logins, *args):
    done = logins.ks("revoke-local", *args, "--yes")
    assert "checked again: 0 left" in done.err
    assert logins.dangling() == set()
    return done


def with_orphan(logins):
    """Let `off` have a login of nobody to give back."""
    logins.capture("me")
    logins.put("stranger")
    logins.ks("use", "me")


# --------------------------------------------------------- what is listed


def test_every_stored_state_is_listed_with_its_owner(renewed):
    assert found(renewed, "--all") == {
        "vault: me.login": ("me", None),
        "vault: you.login": ("you", None),
        "vault: login of 'me', generation 2": ("me", "an older generation"),
        "vault: login of 'me', generation 1": ("me", "an older generation"),
        LIVE: ("me", None),
    }


def test_a_login_of_nobody_is_stale_and_says_whose_it_was(renewed):
    renewed.put("stranger")
    renewed.ks("use", "me")
    assert found(renewed)["vault: login of stranger@mail.example"] == (
        None,
        "of no profile",
    )


def test_an_earlier_state_that_something_put_back_is_superseded(renewed):
    renewed.put("me", 9, hours=-1)
    renewed.ks("use", "me")
    assert renewed.live() == tokens("me", 3)[0]
    name = "vault: login of me@mail.example"
    assert found(renewed)[name] == ("me", "superseded")
    assert name in found(renewed, "me")


def test_an_account_in_two_organisations_is_no_evidence(logins):
    with_orphan(logins)
    logins.ks("off")
    text = logins.ks.profile_file("me").read_text()
    text = text.replace("FAKE-account-me", "FAKE-account-stranger")
    logins.ks.profile_file("me").write_text(text)
    name = "vault: login of stranger@mail.example"
    assert found(logins)[name] == ("me", "superseded")
    logins.ks.profile_file("too").write_text(text)
    assert found(logins)[name] == (None, "of no profile")


def test_a_renewed_login_is_still_its_profile_s(renewed):
    renewed.put("me", 9)
    assert found(renewed, "me")[LIVE] == ("me", None)
    assert LIVE not in found(renewed, "you")


def test_a_login_is_known_by_its_tokens_where_no_account_is_named(renewed):
    renewed.config.write_text('{"numStartups":3}')
    assert found(renewed, "--claude-code")[LIVE] == ("me", None)


def test_one_without_tokens_or_account_that_are_known_is_nobody_s(renewed):
    renewed.put("stranger")
    assert found(renewed, "--claude-code")[LIVE] == (None, None)


def test_the_login_of_a_profile_s_own_folder_is_found_and_removed(renewed):
    own = renewed.ks.file(".local/share/keyswitch/claude-code/you")
    own.mkdir(parents=True)
    renewed.put("you", 4)
    for path in (renewed.credentials, renewed.config):
        shutil.copy(path, own / path.name)
    renewed.put("me", 3)
    sources = renewed.found("you")
    assert f"{own}/{LIVE}" in sources
    renewed.ks("revoke-local", "you", "--yes")
    assert json.loads((own / ".credentials.json").read_text()) == {}
    assert renewed.live() == tokens("me", 3)[0]


# ----------------------------------------------------- the stale, by default


def test_stale_ones_go_and_every_profile_still_works(renewed):
    before = found(renewed)
    revoke(renewed)
    assert set(before) == {
        "vault: login of 'me', generation 2",
        "vault: login of 'me', generation 1",
    }
    assert kept(renewed, "me") == [3]
    assert renewed.live() == tokens("me", 3)[0]
    for name, number in (("you", 1), ("me", 3)):
        renewed.ks("use", name)
        assert renewed.live() == tokens(name, number)[0]


def test_a_dry_run_changes_nothing(renewed):
    before = renewed.ks.everything()
    for args in ([], ["me"], ["--all"], ["--claude-code"]):
        renewed.found(*args)
    assert renewed.ks.everything() == before


def test_what_off_gives_back_is_not_stale(logins):
    with_orphan(logins)
    name = "vault: login of stranger@mail.example, which 'off' restores"
    assert found(logins, "--all")[name] == (None, None)
    logins.ks("revoke-local", "--yes")
    logins.ks("off")
    assert logins.live() == tokens("stranger", 1)[0]


def test_nobody_s_login_goes_and_its_page_is_named(renewed):
    renewed.put("stranger")
    renewed.ks("use", "me")
    done = revoke(renewed)
    assert "https://claude.ai/settings/claude-code" in done.err
    assert renewed.ledger()["orphans"] == []


def test_a_login_in_use_stays_however_it_looks(logins):
    logins.capture("me", refreshToken="", hours=-1)
    logins.ks("revoke-local", "--yes")
    assert logins.live() == tokens("me", 1)[0]
    logins.ks("off")
    assert found(logins)[LIVE] == ("me", "expired and cannot be renewed")


def test_a_refresh_token_alone_is_a_login(logins):
    logins.put("stranger", accessToken="")
    assert found(logins) == {}
    logins.put("stranger", accessToken="", refreshToken="")
    assert found(logins)[LIVE][1].startswith("blanked")


def test_the_newest_stays_where_a_profile_s_file_is_an_old_copy(renewed):
    older = renewed.ledger()["generations"]["me"][1]
    path = renewed.ks.profile_file("me")
    text = path.read_text().replace(
        renewed.reference("me"), older["token"].partition(":")[2]
    )
    path.write_text(text.replace("generation = 3", "generation = 2"))
    assert set(found(renewed)) == {"vault: login of 'me', generation 1"}
    revoke(renewed)
    assert kept(renewed, "me") == [3, 2]


def test_what_is_kept_for_a_broken_profile_is_not_stale(renewed):
    renewed.ks.profile_file("me").write_text("provider = 5\n")
    assert found(renewed) == {}


def test_a_profile_s_file_that_was_moved_takes_its_login_along(renewed):
    renewed.ks("use", "you")
    renewed.ks.profile_file("me").rename(renewed.ks.profile_file("moi"))
    assert set(found(renewed).values()) == {("moi", "an older generation")}
    revoke(renewed)
    renewed.ks("use", "moi")
    assert renewed.live() == tokens("me", 3)[0]


def test_logins_of_a_profile_whose_file_is_gone_are_of_no_profile(renewed):
    renewed.ks("use", "you")
    renewed.ks.profile_file("me").unlink()
    assert set(found(renewed).values()) == {(None, "of no profile")}
    revoke(renewed)
    assert kept(renewed, "me") == []


def test_what_undo_kept_of_a_removed_login_goes_with_its_entry(renewed):
    renewed.ks("use", "you")
    renewed.ks("remove", "me", "--yes")
    revoke(renewed)
    assert kept(renewed, "me") == []
    renewed.ks("undo", code=1)


# -------------------------------------------------------- a name, and all


def test_a_name_takes_every_state_and_the_live_one(renewed):
    renewed.put("me", 9)
    revoke(renewed, "me")
    assert renewed.live() == ""
    assert kept(renewed, "me") == []
    assert renewed.reference("me") == ""
    shown = json.loads(renewed.ks("show", "me", "--json").out)["profile"]
    assert shown["login"]["status"] == "no login stored"
    assert kept(renewed, "you") == [1]
    renewed.ks("undo", code=1)
    renewed.ks("off")
    renewed.ks("use", "you")
    assert renewed.live() == tokens("you", 1)[0]


def test_another_s_name_leaves_the_live_one(renewed):
    revoke(renewed, "you")
    assert renewed.live() == tokens("me", 3)[0]
    assert kept(renewed, "me") == [3, 2, 1]


def test_off_works_when_what_it_gives_back_was_revoked(logins):
    logins.capture("me")
    logins.capture("you")
    logins.put("me")
    logins.ks("use", "you")
    (folder,) = logins.ledger()["folders"].values()
    assert (folder["before"], folder["before_name"]) == ("profile", "me")
    revoke(logins, "me")
    logins.ks("off")
    assert logins.live() == ""
    logins.ks("use", "you")
    assert logins.live() == tokens("you", 1)[0]


def test_all_leaves_nothing(renewed):
    renewed.put("stranger")
    renewed.ks("use", "me")
    renewed.put("me", 9)
    revoke(renewed, "--all")
    assert renewed.live() == ""
    assert renewed.ledger() == {"folders": {}, "generations": {}, "orphans": []}
    assert {renewed.reference(n) for n in ("me", "you")} == {""}
    assert not renewed.all_tokens("me", 9)
    renewed.ks("current", code=1)
    renewed.ks("off")


def test_all_takes_what_off_would_give_back(logins):
    with_orphan(logins)
    revoke(logins, "--all")
    assert logins.live() == ""
    logins.ks("off")
    assert logins.live() == ""


# ------------------------------------------------- out of Claude Code only


def test_a_login_that_leaves_claude_code_is_kept_with_its_newest_tokens(
    renewed,
):
    renewed.put("me", 9)
    revoke(renewed, "--claude-code")
    assert renewed.live() == ""
    assert not renewed.all_tokens("me", 9)
    assert kept(renewed, "me")[0] == 4
    renewed.ks("current", code=1)
    renewed.ks("use", "me")
    assert renewed.live() == tokens("me", 9)[0]
    renewed.ks("off")


def test_one_of_nobody_is_only_removed(renewed):
    renewed.put("stranger")
    revoke(renewed, "--claude-code")
    assert renewed.live() == ""
    assert renewed.ledger()["orphans"] == []
