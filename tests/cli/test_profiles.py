"""Looking after profiles: what people see, and what is written."""

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from keyswitch.cli.commands import COMMANDS
from keyswitch.cli.main import cli
from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.cli.terminal import COMMAND, Terminal


def test_every_command_is_in_help_with_its_own_words_and_an_example(ks):
    text = ks("--help").out
    for name, (_, words) in COMMANDS.items():
        command = cli.get_command(None, name)
        assert command.get_short_help_str(limit=80) == words
        assert f"  {name}" in text
        assert "Example" in (command.epilog or ""), name


def test_every_command_is_in_a_page_and_in_completion(ks):
    from tests.components import ROOT

    written = {*(ROOT / "docs").rglob("*.md")} - {ROOT / "docs/reference.md"}
    pages = "".join(path.read_text() for path in written)
    scripts = [ks("completion", s).out for s in ("bash", "zsh", "fish")]
    for name in COMMANDS:
        assert f"keyswitch {name}" in pages, name
        assert all(name in script for script in scripts)


def test_listings_show_masks_and_never_a_secret(ks):
    ks.add("work", "--label", "Acme, API", "--expires", "2031-01-02")
    for args in (["list"], ["show", "work"], ["history"], ["providers"]):
        for form in ([], ["--json"]):
            done = ks(*args, *form)
            assert KEY not in done.out + done.err
            assert KEY[-12:] not in done.out
            if form:
                assert json.loads(done.out)["version"] == 1
    shown = json.loads(ks("show", "work", "--json").out)["profile"]
    assert shown["expires"] == "2031-01-02"
    assert shown["secrets"]["api_key"]["hint"] == "sk-ant-api03-…MPLE"


def test_a_profile_that_is_chosen_here_and_gone_is_not_called_active(ks):
    ks.add("work")
    done = ks("list", KEYSWITCH_PROFILE="gone")
    assert "no profile named 'gone', chosen by KEYSWITCH_PROFILE" in done.err
    assert "active" not in done.err


def of_no_provider(ks):
    """Make a profile whose provider's file is gone."""
    ks.add("work")
    path = ks.profile_file("work")
    path.write_text(path.read_text().replace("anthropic", "gone", 1))
    return path


def test_a_profile_whose_provider_is_gone_is_shown_and_can_be_revoked(ks):
    of_no_provider(ks)
    assert "gone, which is unknown" in ks("show", "work").out
    assert "'work' is of an unknown provider" in ks("use", "work", code=1).error
    ks("revoke-local", "--all", "--yes")
    assert "[secrets" not in ks.profile_file("work").read_text()


@pytest.mark.parametrize(
    ("provider", "code"), [("anthropic", 0), ("openrouter", 1)]
)
def test_a_provider_that_is_gone_is_mended_in_the_editor(ks, provider, code):
    path = of_no_provider(ks)
    before = path.read_text()
    editor = f"sed -i s/gone/{provider}/"
    done = Terminal(ks, *COMMAND, "edit", "work", EDITOR=editor)
    assert done.ends() == code
    changed = before.replace("gone", provider)
    assert path.read_text() == (before if code else changed)


def test_a_listing_shows_the_label_beside_the_expiry(ks):
    day = (datetime.now(UTC).astimezone().date() + timedelta(3)).isoformat()
    ks.add("work", "--label", "Acme, API", "--expires", day)
    assert re.search(r"expires in [23] d; Acme, API\n", ks("list").out)


def test_global_flags_stand_before_or_after_the_command(ks):
    assert ks("--json", "list").out == ks("list", "--json").out
    assert ks.add("a", "-q").err == ""


def test_comments_and_order_survive_edits(ks):
    ks.add("w")
    path = ks.profile_file("w")
    text = "# my notes\nzzz = 1 # odd\n" + path.read_text()
    path.write_text(text)
    ks("edit", "w", "--label", "x", "--set", "base_url=https://g.example.com")
    ks("rotate", "w", "--stdin", stdin=OTHER)
    after = path.read_text()
    assert after.startswith("# my notes\nzzz = 1 # odd\n")
    found = tomllib.loads(after)
    assert found["fields"] == {"base_url": "https://g.example.com"}
    assert found["secrets"]["api_key"]["generation"] == 2
    ks("edit", "w", "--unset", "base_url", "--label", "")
    assert "label" not in tomllib.loads(path.read_text())


def test_rotate_undo_and_redo_keep_every_value_readable(ks):
    ks.add("w")
    ks("rotate", "w", "--stdin", stdin=OTHER)
    assert ks("helper", "api-key", "w").out == OTHER + "\n"
    ks("undo")
    assert ks("helper", "api-key", "w").out == KEY + "\n"


def test_remove_can_be_undone_and_takes_the_pointer_along(ks):
    ks.add("w")
    ks("use", "w")
    done = ks("remove", "w", "--yes")
    assert "it was active" in done.err
    ks("current", code=1)
    assert not ks.file(".claude/settings.json").exists()
    ks("undo")
    assert ks("current").out == "w\n"
    assert ks("helper", "claude-code").out == KEY + "\n"
    assert "apiKeyHelper" in ks.file(".claude/settings.json").read_text()


def test_undo_says_that_the_profile_it_goes_back_to_cannot_be_had(ks):
    ks.add("work")
    ks.add("personal", secret=OTHER)
    ks("use", "work")
    ks("use", "personal")
    for path in ks.home.rglob("vault.ksv*"):
        path.unlink()
    ks("lock")
    done = ks("undo", code=4)
    assert "undid 'use personal'" in done.err
    assert "no program gets the secret of 'work'" in done.err


def test_undo_refuses_when_somebody_changed_the_file_since(ks):
    ks.add("w")
    ks("edit", "w", "--label", "x")
    path = ks.profile_file("w")
    path.write_text(path.read_text() + "# by hand\n")
    assert "has changed since" in ks("undo", code=1).error


def test_nothing_to_undo_is_said(ks):
    assert "nothing to undo" in ks("undo", code=1).error


def test_rename_moves_the_pointer_and_copy_makes_a_secret_of_its_own(ks):
    ks.add("w")
    ks("use", "w")
    ks("rename", "w", "acme")
    assert ks("current").out == "acme\n"
    ks("copy", "acme", "other")
    ks("remove", "acme", "--yes")
    ks("revoke-local", "--yes")
    assert ks("helper", "api-key", "other").out == KEY + "\n"


def test_removing_without_a_terminal_needs_a_yes(ks):
    ks.add("w")
    assert "confirmation" in ks("remove", "w", code=2).error
    assert ks.profile_file("w").exists()


def test_a_bedrock_profile_with_three_values(ks):
    ks.add(
        "c", "--set", "region=eu-central-1",
        "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE1",
        "--from-env", "session_token=SESSION",
        provider="bedrock", secret="FAKEsecretEXAMPLE",
        SESSION="FAKEsessionEXAMPLE",
    )  # fmt: skip
    found = json.loads(ks("helper", "aws", "c").out)
    assert found["SecretAccessKey"] == "FAKEsecretEXAMPLE"
    assert found["Credentials"]["SessionToken"] == "FAKEsessionEXAMPLE"
    assert found["Version"] == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ([], "lacks"),
        (["--set", "region=eu-central-1", "--set", "aws_profile=p",
          "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE1"], "takes one of"),
    ],
)  # fmt: skip
def test_a_mixed_or_incomplete_bedrock_profile_is_explained(ks, fields, says):
    done = ks(
        "add", "c", "--provider", "bedrock", "--store", "vault", "--stdin",
        *fields, stdin="FAKEsecretEXAMPLE", code=1,
    )  # fmt: skip
    assert says in done.error


def test_an_own_provider_and_a_mistake_in_one(ks):
    folder = ks.file(".config/keyswitch/providers")
    folder.mkdir(parents=True)
    (folder / "acme.toml").write_text(
        'title = "Acme"\n[fields.token]\nsecret = true\nrequired = true\n'
        'env = ["ACME_TOKEN"]\n'
    )
    (folder / "bad.toml").write_text("[fields.x]\nsecrets = true\n")
    ks.add("a", provider="acme", secret="FAKE-EXAMPLE")
    assert "ACME_TOKEN='FAKE-EXAMPLE'" in ks("env", "a", "--shell", "sh").out
    assert "bad.toml" in ks.add("b", provider="bad", code=1).error


def test_keyswitch_home_holds_everything(tmp_path):
    place = tmp_path / "portable"
    ks = Keyswitch(tmp_path, KEYSWITCH_HOME=str(place)).with_vault()
    ks.add("w")
    assert all(name.startswith("portable/") for name in ks.everything())


def test_a_thousand_profiles_do_not_slow_a_switch_s_reading(ks):
    ks.add("w")
    text = ks.profile_file("w").read_text()
    item = re.search("ks1-[0-9a-f]+", text)[0]
    for number in range(1000):
        own = text.replace(item, f"ks1-{number:032x}")
        ks.profile_file(f"p{number}").write_text(own)
    ks("use", "w")
    ks("use", "p7", code=4)  # its secret is in no store
    names = json.loads(ks("use", "--json", "--no-input").out)["profiles"]
    assert len(names) == 1001
    assert names == sorted(names)


def test_the_guard_on_billing(ks):
    assert "cloud billing" in ks.add("w", "--expect", "cloud", code=1).error
    ks.add("w", "--expect", "api")


def test_an_agent_gets_no_revealed_secret_and_nothing_if_denied(ks):
    ks.add("w")
    done = ks("show", "w", "--reveal", code=1, CLAUDECODE="1")
    assert "agent" in done.error
    assert KEY in ks("env", "w", "--shell", "sh", CLAUDECODE="1").out
    config = ks.file(".config/keyswitch/config.toml")
    config.write_text('agents = "deny"\n')
    for args in (["env", "w", "--shell", "sh"], ["run", "w", "--", "env"]):
        done = ks(*args, code=1, CLAUDECODE="1")
        assert KEY not in done.out
        assert "agent" in done.err


def test_alternatives_of_a_provider_are_not_called_required(ks):
    done = ks("providers", "bedrock")
    needed = {
        name: rest.partition("  ")[0]
        for name, _, rest in re.findall(
            r"(?m)^(\w+) +(field|secret) +(.*)$", done.out
        )
    }
    assert needed["region"] == "required"
    assert needed["access_key_id"] == "one of: keys"
    assert needed["secret_access_key"] == "one of: keys"
    assert needed["session_token"] == "optional: keys"
    assert needed["bearer_token"] == "one of: bearer"
    assert needed["aws_profile"] == "one of: profile"
    assert needed["base_url"] == "optional"
    ways = "access_key_id + secret_access_key, or bearer_token, or aws_profile"
    assert f"bedrock needs one of: {ways}" in done.err
    (found,) = json.loads(ks("providers", "bedrock", "--json").out)["providers"]
    assert found["one_of"] == {
        "keys": ["access_key_id", "secret_access_key"],
        "bearer": ["bearer_token"],
        "profile": ["aws_profile"],
    }
    groups = {field["name"]: field["group"] for field in found["fields"]}
    assert groups["session_token"] == "keys"
    assert groups["region"] is None


def test_what_is_missing_names_the_alternatives(ks):
    done = ks("add", "b", "--provider", "bedrock", "--no-input", code=2)
    assert "hint: bedrock needs region and one of: access_key" in done.err
    region = ("--set", "region=eu-central-1")
    done = ks("add", "b", "--provider", "bedrock", *region, code=2, stdin="")
    assert "hint: bedrock needs one of: access_key_id + secret" in done.err


def test_a_rotated_key_is_not_old_any_more(ks):
    ks.add("work", secret=KEY)
    path = ks.home / ".config/keyswitch/profiles/work.toml"
    today = datetime.now(UTC).astimezone().date().isoformat()
    path.write_text(path.read_text().replace(today, "2020-01-02"))
    assert "'work' is " in ks("doctor", code=None).out
    ks("rotate", "work", "--stdin", stdin=OTHER)
    assert "'work' is " not in ks("doctor", code=None).out
    assert f"created  {today}" in re.sub(" +", "  ", ks("show", "work").out)
