"""Bad input: one line of what is wrong, one of what to do, nothing changed."""

import json
import os
import re
import subprocess
import sys

import click
import pytest

from keyswitch.cli.main import cli
from tests.cli.keyswitch import KEY, Keyswitch


def refused(ks, *args, says, code=1, **options):
    """Assert a clear refusal that changed nothing but caches."""
    before = ks.everything()
    done = ks(*args, code=code, **options)
    assert says in done.error
    assert done.error[0].islower() or done.error[0] in "'/"
    after = ks.everything()
    for path in set(before) | set(after):
        if "/compiled/" not in path and "install.key" not in path:
            assert before.get(path) == after.get(path), path
    return done


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"   ", "white space"),
        (b" " + KEY.encode(), "white space"),
        (b'"' + KEY.encode() + b'"', "quotes around it"),
        (KEY.encode() + b"\nsecond", "more than one line"),
        (KEY.encode() + b"\0", "NUL"),
        (KEY.encode() + b"\x07", "control characters"),
        (KEY.encode() + "\u202e".encode(), "control characters"),
        (b"\xff\xfe", "not valid UTF-8"),
        (b"x" * 1_000_000, "larger than"),
        (b"sk-ant-admin01-FAKE-000000000000000000EXAMPLE", "admin key"),
        (b"sk-ant-oat01-FAKE-000000000000000000EXAMPLE", "subscription token"),
        (b"sk-or-v1-FAKE-000000000000000000EXAMPLE", "OpenRouter"),
        (b"AKIAFAKEFAKEEXAMPLE1", "AWS access key id"),
        (b"ghp_FAKE000000000000000EXAMPLE", "GitHub"),
        (b"FAKE-not-a-key-EXAMPLE", "does not start with"),
    ],
)
def test_a_secret_of_the_wrong_shape_is_refused(ks, secret, says):
    done = refused(
        ks, "add", "w", "--provider", "anthropic", "--store", "vault",
        "--stdin", stdin=secret, says=says,
    )  # fmt: skip
    assert "FAKE" not in done.err


def test_one_line_end_belongs_to_the_source(ks):
    ks.add("w", secret=KEY + "\n")
    assert ks("helper", "api-key", "w").out == KEY + "\n"


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "../x", "..", "A", "a b", "con", "nul.txt", "a.", "-", "é",
     "a\x1b[31m", "x" * 65, ".hidden"],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(ks, name):
    done = ks(
        "add", "--provider", "anthropic", "--stdin", "--", name,
        stdin=KEY, code=1,
    )  # fmt: skip
    assert "\x1b" not in done.err
    assert done.error


def test_near_misses_are_suggested(ks):
    ks.add("work")
    assert "did you mean 'work'?" in ks("show", "wrok", code=1).err
    assert "'anthropic'" in ks("add", "x", "--provider", "antropic", code=1).err
    assert "keyswitch list" in ks("lits", code=2).err
    done = ks.add("y", "--set", "base_ulr=x", code=1)
    assert "'base_url'" in done.err


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("show Work", "did you mean 'work'?"),
        ("LIST", "did you mean 'keyswitch list'?"),
        ("managers lst", "did you mean 'keyswitch managers list'?"),
        ("list --jsno", "did you mean '--json'?"),
        ("use --her", "did you mean '--here' or '--help'?"),
        ("completion", "choose one of: bash, fish, pwsh, zsh"),
        ("uninstall", "name one: keyswitch uninstall bash"),
    ],
)
def test_the_hint_says_what_was_meant(ks, typed, hint):
    ks.add("work")
    done = ks(*typed.split(), code=None)
    assert done.err.endswith(f"keyswitch: hint: {hint}\n")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--set", "api_key=x"], "is a secret"),
        (["--set", "base_url"], "field=value"),
        (["--set", "base_url=ftp://x"], "cannot be"),
        (["--set", "base_url=https://u:p@h"], "user name or password"),
        (["--set", "label\x07=x"], "no field"),
        (["--set", "model=a\x1bb"], "invisible"),
        (["--expires", "tomorrow"], "not a date"),
    ],
)
def test_a_field_that_is_none_is_refused(ks, args, says):
    code = 2 if says == "field=value" else 1
    done = ks.add("w", *args, code=code)
    assert says in done.error
    assert not ks.profile_file("w").exists()


def test_a_secret_in_a_plain_field_is_refused(ks):
    done = ks.add("w", "--set", f"model={KEY}", code=1)
    assert "looks like a secret" in done.error
    assert KEY not in done.err


@pytest.mark.parametrize(
    "text",
    [
        b'provider = "anthropic"\nprovider = "x"\n',
        b"provider = \n",
        b"\xff\xfe",
        b"x = [" * 5000,
        b"a." * 40 + b"b = 1",
        b"x = '" + b"y" * 9000 + b"'",
        b"[secrets]\napi_key = 'x'\nprovider = 1",
        b'provider = "anthropic"\nlabel = "a\\u001bb"\n',
    ],
)
def test_a_broken_profile_is_named_and_the_others_go_on(ks, text):
    ks.add("good")
    ks.profile_file("bad").write_bytes(text)
    done = ks("list")
    assert "good" in done.out
    assert "bad.toml" in done.err
    assert "bad.toml" in ks("use", "bad", code=1).error
    ks("use", "good")


def test_a_place_is_given_by_line_and_column(ks):
    ks.profile_file("bad").parent.mkdir(parents=True)
    ks.profile_file("bad").write_text('provider = "anthropic"\n\nx = = 1\n')
    assert "bad.toml:3:5:" in ks("show", "bad", code=1).error


def test_a_byte_order_mark_and_crlf_are_fine_and_stay(ks):
    ks.add("w")
    path = ks.profile_file("w")
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf# mine\r\n" + text.encode())
    ks("edit", "w", "--label", "new")
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf# mine\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert '"label": "new"' in ks("show", "w", "--json").out


@pytest.mark.parametrize("kind", ["directory", "fifo", "huge"])
def test_something_else_in_a_profile_s_place(ks, kind):
    path = ks.profile_file("w")
    path.parent.mkdir(parents=True)
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.write_bytes(b"#" * 10_000_000)
    assert "w.toml" in ks("use", "w", code=1).error


def settings_cases():
    return {
        "invalid": lambda p: p.write_text('{"a": 1,}'),
        "array": lambda p: p.write_text("[]"),
        "duplicates": lambda p: p.write_text('{"env": {}, "env": {}}'),
        "dangling": lambda p: p.symlink_to("nowhere.json"),
        "loop": lambda p: p.symlink_to("settings.json"),
        "fifo": os.mkfifo,
        "directory": lambda p: p.mkdir(),
        "read-only": lambda p: (p.write_text("{}"), p.chmod(0o444)),
        "utf-16": lambda p: p.write_bytes('{"a": 1}'.encode("utf-16")),
    }


@pytest.mark.parametrize("kind", sorted(settings_cases()))
def test_a_settings_file_that_cannot_be_edited_stays_as_it_is(ks, kind):
    ks.add("w", "--set", "base_url=https://gw.example.com")
    ks.file(".claude").mkdir()
    path = ks.file(".claude/settings.json")
    settings_cases()[kind](path)
    done = refused(ks, "use", "w", says="settings.json")
    assert done.out == ""
    assert ks("current", code=1).out == ""


def test_a_settings_file_behind_a_link_is_edited_and_the_link_stays(ks):
    ks.add("w")
    ks.file(".claude").mkdir()
    real = ks.file("real.json")
    real.write_text("{}")
    ks.file(".claude/settings.json").symlink_to("../real.json")
    ks("use", "w")
    assert ks.file(".claude/settings.json").is_symlink()
    assert "apiKeyHelper" in real.read_text()
    ks("off")
    assert real.read_text() == "{}"


def test_a_device_in_the_state_file_s_place(ks):
    path = ks.file(".local/state/keyswitch/state.json")
    path.symlink_to("/dev/null")
    assert "state.json.damaged-1" in ks("list").err


def test_no_keychain_says_what_was_tried_and_offers_the_vault(bare):
    done = bare(
        "add", "w", "--provider", "anthropic", "--stdin", stdin=KEY, code=1
    )
    assert "Secret Service" in done.error
    assert "KWallet" in done.error
    assert "vault init (with --machine-key" in done.err


def test_with_no_terminal_a_missing_secret_is_a_usage_error(ks):
    done = ks("add", "w", "--provider", "anthropic", code=2)
    assert "--stdin" in done.err


@pytest.mark.parametrize(
    "args",
    [
        ("add", "new", "--provider", "anthropic", "--fd"),
        ("unlock", "--passphrase-fd"),
    ],
)
def test_a_number_that_no_descriptor_can_have_is_refused(ks, args):
    ks.add("work")
    done = ks(*args, "9" * 17, code=None)
    assert done.code in (1, 2)
    assert f"descriptor {'9' * 17}: no such descriptor" in done.err


def test_an_existing_profile_is_not_overwritten(ks):
    ks.add("w")
    done = ks.add("w", code=1)
    assert "already exists" in done.error
    assert "rotate" in done.err


@pytest.mark.parametrize(
    "text",
    ["fields.k = 3", "groups.a = 1", "claude_code = {a = 1}",
     "[fields.k]\nrefuse = [1]", "[fields.k]\nrefuse = [{}]"],
)  # fmt: skip
def test_an_own_provider_with_wrong_types_is_named(ks, text):
    ks.add("w")
    path = ks.file(".config/keyswitch/providers/own.toml")
    path.parent.mkdir(mode=0o700)
    path.write_text(text + "\n")
    profile = ks.profile_file("w")
    profile.write_text(profile.read_text().replace("anthropic", "own"))
    done = ks("use", "w", code=1)
    assert str(path) in done.error


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1"])
def test_an_output_without_an_ellipsis_still_shows_everything(ks, encoding):
    ks.add("w")
    done = ks("list", PYTHONIOENCODING=encoding)
    assert "sk-ant-api03-\\u2026" in done.out


def test_a_start_file_of_endless_lines_does_not_stop_a_search(ks):
    blank = " " * 200_000
    ks.file(".bashrc").write_text(
        f"export A=b{blank};{blank}x\nexport ANTHROPIC_API_KEY={KEY}\n"
    )
    done = ks("revoke-local", "--all", "--dry-run")
    assert ".bashrc:2" in done.out


@pytest.mark.parametrize(
    "args",
    [("list",), ("show", "w"), ("history",), ("whoami",), ("env", "w"),
     ("helper", "api-key", "w"), ("current",), ("completion", "bash"),
     ("hook", "zsh"), ("--help",)],
    ids=" ".join,
)  # fmt: skip
def test_a_full_disk_behind_the_output_is_two_lines(ks, args):
    ks.add("w", "--set", "base_url=https://gw.example.com", provider="gateway")
    ks("use", "w")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "keyswitch", *args],
            stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
            env=ks.environ, cwd=ks.home, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 2 or args[0] in ("env", "helper"), lines
    assert "no space left" in lines[0]


@pytest.mark.parametrize("args", [(), ("vault",), ("helper",)], ids=str)
def test_a_group_without_a_command_shows_its_help(ks, args):
    done = ks(*args)
    assert done.out.startswith("Usage: keyswitch")
    assert "Commands:" in done.out or "Switch:" in done.out
    assert done.err == ""


def test_a_change_whose_word_could_not_be_printed_is_said_to_be_made(ks):
    ks.add("w")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "keyswitch", "use", "w", "--json"],
            stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
            env=ks.environ, cwd=ks.home, check=False,
        )  # fmt: skip
    assert done.returncode == 6
    assert b"; the change is made" in done.stderr
    assert ks("current").out == "w\n"


LABEL = "\u041a\u043b\u044e\u0447 \u65e5\u672c"


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_label_is_taken_as_it_was_typed_in_any_locale(ks, locale):
    ks.add("w")
    plain = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ks("edit", "w", "--label", LABEL, **plain)
    ks("edit", "w", "--set", "model=\u540d", **plain)
    shown = json.loads(ks("show", "w", "--json").out)["profile"]
    assert (shown["label"], shown["fields"]) == (LABEL, {"model": "\u540d"})


def test_bytes_that_are_no_text_say_which_encoding_they_are_not(ks):
    ks.add("w")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = ks("edit", "w", "--label", "\udcff\udce9", code=1, **plain)
    assert "the label is not valid in this locale's encoding" in done.error
    assert "LC_ALL=C.UTF-8" in done.err


@pytest.mark.parametrize("command", [["edit"], ["add"], ["login", "--capture"]])
def test_a_label_with_control_characters_says_so(ks, command):
    name = "w" if command == ["edit"] else "x"
    ks.add("w")
    done = ks(*command, name, "--label", "a\x1b[2J", code=1)
    assert "the label contains control or invisible characters" in done.error


def test_a_vault_that_gets_no_passphrase_leaves_no_file(home):
    ks = Keyswitch(home)
    args = ["vault", "init", "--passphrase-fd", "0"]
    refused(ks, *args, stdin="\n", says="the passphrase is empty")


@pytest.mark.parametrize(
    "line",
    [
        "add new --provider anthropic",
        "rotate work --from-file none",
        "login new --token",
        "login new --token --from-env NONE",
        "unlock",
        "unlock --passphrase-file none",
        "unlock --passphrase-fd x",
        "vault passwd",
        "vault recovery --use",
        "export work --to new.ksb",
        "import work.ksb",
        "import work.ksb --passphrase-file none",
        "import work.ksb --passphrase-file phrase",
        "vault accept-rollback",
        "managers allow exec:own",
        "remove work",
    ],
)
def test_a_hint_names_no_option_of_another_command(ks, line):
    ks.add("work")
    ks.file("phrase").write_text("a passphrase of many words\n")
    ks.file(".config/keyswitch/config.toml").write_text(
        '[exec]\nown = ["/bin/true"]\n'
    )
    ks("export", "work", "--to", "work.ksb", "--passphrase-file", "phrase")
    hint = ks(*line.split(), code=None).err.partition("hint:")[2]
    assert hint
    assert set(re.findall(r"--[a-z-]+", hint)) <= set(options_of(line.split()))


def options_of(words):
    command = cli
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    return [name for p in command.params for name in p.opts]


def test_an_option_that_is_nearly_one_is_named_in_the_hint(ks):
    done = ks("use", "work", "--frce", code=2)
    assert done.error == "no such option '--frce'"
    assert done.err.endswith("did you mean '--force'?\n")
