"""Profiles whose secrets stay in a manager: made, used, cached, changed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keyswitch import kernel_keyring
from tests.references.conftest import OTHER, WORK

KEY = "op://Eng/claude/key"
ASKS = (
    ["env", "--shell", "bash"],
    ["env", "work", "--shell", "bash"],
    ["helper", "claude-code"],
    ["helper", "api-key", "work"],
    ["run", "work", "--", "sh", "-c", "echo $ANTHROPIC_API_KEY"],
)
has_keyring = pytest.mark.real("keyctl")


def edit(ks, before, after, name="work"):
    """Change a profile's file as somebody else would."""
    path = ks.profile_file(name)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_the_file_has_the_reference_as_it_was_pasted(work):
    text = work.profile_file("work").read_text()
    assert 'store = "reference"\nitem = "op://Eng/claude/key"\n' in text


def test_the_value_is_nowhere_in_the_home(work):
    work("use", "work")
    work("helper", "claude-code")
    values = (str(work.home / "values"),)
    for path, data in work.everything().items():
        if not str(work.home / path).startswith(values):
            assert WORK.encode() not in data, path


@pytest.mark.parametrize("args", ASKS, ids=" ".join)
def test_every_way_to_a_secret_gives_the_manager_s_value(work, args):
    work("use", "work")
    assert WORK in work(*args).out


@has_keyring
def test_a_value_is_read_once_and_again_after_lock(work, manager):
    work("use", "work")
    for args in ASKS * 2:
        work(*args)
    assert len(manager.asked) == 1
    assert "cleared 1 " in work("lock").err
    work("helper", "claude-code")
    work("helper", "claude-code")
    assert len(manager.asked) == 2


@has_keyring
def test_what_was_read_to_be_added_is_not_read_again(ks, manager):
    ks("add", "work", "--provider", "anthropic", "--reference", KEY)
    ks("use", "work")
    assert ks("helper", "claude-code").out == f"{WORK}\n"
    assert len(manager.asked) == 1


@has_keyring
def test_profiles_that_share_a_reference_read_it_once(work, manager):
    work("copy", "work", "twin")
    assert WORK in work("helper", "api-key", "twin").out
    assert WORK in work("helper", "api-key", "work").out
    assert len(manager.asked) == 1


@has_keyring
def test_commands_at_the_same_time_ask_the_manager_once(work, manager):
    (work.home / "slow").write_text("0.5")
    args = [sys.executable, "-m", "keyswitch", "helper", "api-key", "work"]
    started = [
        subprocess.Popen(
            args, env=work.environ, cwd=work.home, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    answers = [one.communicate(timeout=30)[0].decode() for one in started]
    assert answers == [f"{WORK}\n"] * 4
    assert len(manager.asked) == 1


@has_keyring
def test_a_reference_has_a_lifetime_of_its_own(work):
    work("edit", "work", "--reference", KEY, "--lifetime", "50")
    kernel_keyring.drop()
    work("helper", "api-key", "work")
    assert "lifetime = 50\n" in work.profile_file("work").read_text()
    assert left_of(f"keyswitch:val:{KEY}:1:") in range(20, 51)


def left_of(description):
    """Return the seconds that the kernel keeps an entry, see keyrings(7)."""
    [(number, _)] = [e for e in kernel_keyring.entries() if e[1] == description]
    lines = Path("/proc/keys").read_text(encoding="utf-8").splitlines()
    [line] = [line for line in lines if int(line.split()[0], 16) == number]
    return int(line.split()[3].removesuffix("s"))


@pytest.mark.parametrize("args", ASKS, ids=" ".join)
def test_what_cannot_be_read_gives_nothing_of_any_profile(work, manager, args):
    work("use", "work")
    work("lock")
    (work.home / "values" / "op___Eng_claude_key").unlink()
    done = work(*args, code=None, ANTHROPIC_API_KEY=OTHER)
    assert done.code == 1
    assert WORK not in done.out
    assert OTHER not in done.out
    assert "isn't an item" in done.err


LOCKED = "[ERROR] 2026/11/30 You are not currently signed in."
DENIED = "[ERROR] 2026/11/30 (403) Forbidden: you do not have access"
FAILS = {
    "locked": (f"echo '{LOCKED}' >&2; exit 1", 5, "not signed in"),
    "denied": (f"echo '{DENIED}' >&2; exit 1", 5, "denies access to"),
    "silent": ("exec sleep 30", 5, "did not answer in 0.5 s"),
    "unknown": (f"echo 'boom {OTHER}' >&2; exit 9", 1, "cannot read"),
    "empty": ("exit 0", 1, "cannot read"),
}


@pytest.mark.parametrize(
    "args",
    [
        ASKS[0],
        ASKS[2],
        *(pytest.param(a, marks=pytest.mark.full) for a in ASKS[1:2]),
        *(pytest.param(a, marks=pytest.mark.full) for a in ASKS[3:]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("kind", FAILS)
def test_each_failure_has_its_words_and_gives_nothing(
    work, manager, kind, args
):
    lines, code, words = FAILS[kind]
    work("use", "work")
    work("lock")
    config = work.home / ".config/keyswitch/config.toml"
    config.write_text("[managers.op]\ndeadline = 0.5\n")
    (manager.bin / "op").write_text(f"#!/bin/sh\n{lines}\n")
    done = work(*args, code=code, ANTHROPIC_API_KEY=OTHER)
    assert words in done.err
    assert OTHER not in done.err
    assert WORK not in done.out
    assert OTHER not in done.out


def test_a_tool_that_is_not_there_is_named(work, manager):
    (manager.bin / "op").unlink()
    done = work("helper", "api-key", "work", code=1)
    assert "its program 'op' is not installed" in done.err
    assert "install it: " in done.err
    assert done.out == ""


def test_another_reference_in_the_file_is_refused_until_it_is_confirmed(work):
    work("use", "work")
    edit(work, KEY, "op://Eng/other/key")
    for args in ASKS:
        done = work(*args, code=None)
        assert done.code == 1
        assert OTHER not in done.out
        assert "op://Eng/other/key" in done.err
    assert work("use", "work", code=1).error.startswith("the file of profile")
    work("edit", "work", "--reference", "op://Eng/other/key")
    assert work("helper", "claude-code").out == f"{OTHER}\n"


def test_another_host_in_the_file_is_refused(work):
    work("use", "work")
    edit(work, "[secrets", '[fields]\nbase_url = "https://evil.test"\n[secrets')
    done = work("helper", "claude-code", code=1)
    assert done.out == ""
    assert "evil.test" in done.err


def test_a_stored_secret_does_not_become_a_reference_by_hand(ks):
    ks.with_vault()
    ks.add("mine")
    ks("env", "mine", "--shell", "bash")
    path = ks.profile_file("mine")
    path.write_text(
        'provider = "anthropic"\n[fields]\nbase_url = "https://evil.test"\n'
        f'[secrets.api_key]\nstore = "reference"\nitem = "{KEY}"\n'
    )
    done = ks("helper", "api-key", "mine", code=1)
    assert (done.out, WORK in done.err) == ("", False)
    assert "evil.test" in done.err


def test_a_known_reference_goes_to_no_new_host_by_a_new_file(work):
    work("helper", "api-key", "work")
    work.profile_file("extra").write_text(
        'provider = "anthropic"\n[fields]\nbase_url = "https://evil.test"\n'
        f'[secrets.api_key]\nstore = "reference"\nitem = "{KEY}"\n'
    )
    done = work("helper", "api-key", "extra", code=1)
    assert done.out == ""
    assert "evil.test" in done.err


def test_a_new_file_with_a_known_reference_and_host_is_used(work):
    work.profile_file("extra").write_text(
        'provider = "anthropic"\n'
        f'[secrets.api_key]\nstore = "reference"\nitem = "{KEY}"\n'
    )
    assert work("helper", "api-key", "extra").out == f"{WORK}\n"


def test_a_profile_keeps_its_reference_through_rename_remove_and_undo(work):
    work("rename", "work", "acme")
    assert work("helper", "api-key", "acme").out == f"{WORK}\n"
    work("remove", "acme", "--yes")
    work("undo")
    assert work("helper", "api-key", "acme").out == f"{WORK}\n"
    work("remove", "acme", "--yes")
    work(
        "add", "acme", "--provider", "anthropic",
        "--reference", "op://Eng/other/key",
    )  # fmt: skip
    assert work("helper", "api-key", "acme").out == f"{OTHER}\n"


def test_a_stored_secret_gives_way_to_a_reference_and_comes_back(ks):
    ks.with_vault()
    ks.add("mine")
    mine = ks("helper", "api-key", "mine").out
    ks("edit", "mine", "--reference", KEY)
    assert ks("helper", "api-key", "mine").out == f"{WORK}\n"
    assert "generation" not in ks.profile_file("mine").read_text()
    ks("undo")
    assert ks("helper", "api-key", "mine").out == mine


def test_rotate_says_where_the_secret_is_changed(work):
    before = work.profile_file("work").read_text()
    done = work("rotate", "work", "--stdin", stdin=OTHER, code=2)
    assert KEY in done.error
    assert "1Password" in done.error
    assert work.profile_file("work").read_text() == before


def test_rotate_names_the_command_that_changes_it(ks, manager):
    ks(
        "add", "mine", "--provider", "anthropic",
        "--reference", "pass:ai/claude",
    )  # fmt: skip
    done = ks("rotate", "mine", "--stdin", stdin=OTHER, code=2)
    assert "change it with: pass edit ai/claude; then clear" in done.err


def test_a_value_of_another_shape_is_refused_when_it_is_added(ks, manager):
    manager.holds("op://Eng/wrong/key", "two words EXAMPLE")
    done = ks(
        "add", "bad", "--provider", "anthropic",
        "--reference", "op://Eng/wrong/key", code=1,
    )  # fmt: skip
    assert "two words" not in done.err
    assert not ks.profile_file("bad").exists()


def test_a_manager_that_does_not_answer_is_no_reason_not_to_add(ks):
    done = ks(
        "add", "later", "--provider", "anthropic",
        "--reference", "op://Eng/none/key",
    )  # fmt: skip
    assert "not read yet" in done.err
    assert ks.profile_file("later").exists()


def test_text_that_is_no_reference_is_refused(ks):
    for text in ("nonsense", "op://", "http://x", "op://a/b/c/d/e\n", "-x"):
        done = ks(
            "add", "bad", "--provider", "anthropic",
            f"--reference={text}", code=None,
        )  # fmt: skip
        assert done.code in (1, 2), text
        assert not ks.profile_file("bad").exists()


def test_listings_show_the_reference_and_never_the_value(work):
    work("use", "work")
    for args in (["list"], ["show", "work"], ["whoami"], ["list", "--json"]):
        done = work(*args)
        assert WORK not in done.out + done.err
    assert KEY in work("list").out
    shown = json.loads(work("show", "work", "--json").out)
    secret = shown["profile"]["secrets"]["api_key"]
    assert secret["reference"] == KEY
    assert secret["hint"].startswith("sk-ant-api03-…")


def test_whoami_knows_the_value_again(work):
    work("use", "work")
    value = work("helper", "claude-code").out.strip()
    found = work("whoami", "--json", code=None, ANTHROPIC_API_KEY=value)
    assert '"profile": "work"' in found.out


def test_a_bundle_takes_the_reference_along_and_not_the_value(work, tmp_path):
    phrase = work.home / "phrase"
    phrase.write_text("correct horse battery staple EXAMPLE")
    work("export", "work", "--to", "b.ksb", "--passphrase-file", str(phrase))
    work("remove", "work", "--yes")
    work("lock")
    work(
        "import", "b.ksb", "--yes", "--accept-host", "api.anthropic.com",
        "--passphrase-file", str(phrase),
    )  # fmt: skip
    assert work("helper", "api-key", "work").out == f"{WORK}\n"


def test_nothing_local_is_there_to_revoke(work):
    work("use", "work")
    found = json.loads(work("revoke-local", "--dry-run", "--json").out)
    assert KEY not in json.dumps(found)


def test_keys_that_are_made_anew_belong_together(ks, manager):
    """Three fields of one credential, its public half among them."""
    values = {
        "access_key": "ASIAFAKE00000EXAMPLE",
        "secret_key": "FAKEsecretkey" + "0" * 20 + "EXAMPLE",
        "security_token": "FAKEtoken" * 20 + "EXAMPLE",
    }
    for name, value in values.items():
        manager.holds(f"op://Eng/aws/{name}", value)
    ks(
        "add", "cloud", "--provider", "bedrock", "--set", "region=eu-central-1",
        "--reference", "access_key_id=op://Eng/aws/access_key",
        "--reference", "secret_access_key=op://Eng/aws/secret_key",
        "--reference", "session_token=op://Eng/aws/security_token",
    )  # fmt: skip
    script = ks("env", "cloud", "--shell", "bash").out
    assert all(value in script for value in values.values())
    answer = json.loads(ks("helper", "aws", "cloud").out)
    assert answer["AccessKeyId"] == values["access_key"]
    assert answer["SessionToken"] == values["security_token"]


def test_a_locked_manager_keeps_nobody_from_asking_another(work, manager):
    """`verify --all` asks each manager for itself."""
    (manager.bin / "pass").write_text(f"#!/bin/sh\necho {OTHER}\n")
    (manager.bin / "pass").chmod(0o755)
    store = work.home / ".password-store"
    store.mkdir()
    (store / "b.gpg").touch()
    work("add", "a", "--provider", "anthropic", "--reference", "pass:b")
    (manager.bin / "op").write_text(f"#!/bin/sh\necho '{LOCKED}' >&2\nexit 1\n")
    done = work(
        "verify", "--all", "--json", code=None,
        HTTPS_PROXY="http://127.0.0.1:1",
    )  # fmt: skip
    states = {p["name"]: p["state"] for p in json.loads(done.out)["profiles"]}
    assert states["work"] == "could not be read"
    assert states["a"] != "could not be read"


def test_whoami_shows_the_end_of_what_the_manager_gave(work):
    work("use", "work")
    work("helper", "claude-code")
    done = work("whoami", code=None)
    assert "sk-ant-api03-…MPLE" in done.out
    assert WORK not in done.out


@has_keyring
@pytest.mark.full
def test_who_waits_behind_a_silent_manager_does_not_wait_again(work, manager):
    work("lock")
    config = work.home / ".config/keyswitch/config.toml"
    config.write_text("[managers.op]\ndeadline = 2\n")
    (manager.bin / "op").write_text(
        '#!/bin/sh\necho x >>"$HOME/calls"\nexec sleep 30\n'
    )
    args = [sys.executable, "-m", "keyswitch", "helper", "api-key", "work"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [
        subprocess.Popen(args, env=work.environ, cwd=work.home, **pipes)
        for _ in range(3)
    ]
    for one in started:
        out, err = one.communicate(timeout=30)
        assert (one.returncode, out) == (5, b"")
        assert b"did not answer in 2 s" in err
    assert len(manager.asked) == 1
    # And later it is asked again.
    work("helper", "api-key", "work", code=5)
    assert len(manager.asked) == 2
