"""`keyswitch explain` from outside: text in, cause and steps out."""

import json
import os
import pty
import subprocess
import sys

import pytest

from keyswitch.cli.checks.explain import explain
from keyswitch.cli.commands import COMMANDS
from tests.cli.keyswitch import KEY
from tests.components import ROOT

VECTORS = ROOT / "tests" / "vectors" / "claude_code" / "error_texts.json"
ROWS = json.loads(VECTORS.read_text(encoding="utf-8"))["rows"]

INVALID = (
    "API Error: 403 The security token included in the request is invalid."
)
ERROR = {
    "type": "assistant",
    "timestamp": "2020-01-15T08:00:00.000Z",
    "message": {"content": [{"type": "text", "text": INVALID}]},
    "isApiErrorMessage": True,
}


def causes(done):
    document = json.loads(done.out)
    assert list(document) == ["version", "causes"]
    assert document["version"] == 1
    return document["causes"]


def write_log(folder, *entries):
    path = folder / "projects" / "-home-you-project" / "session.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(e) + "\n" for e in entries))
    return path


def test_a_text_is_explained_with_why_and_steps(bare):
    done = bare("explain", INVALID, CLAUDE_CODE_USE_BEDROCK="1")
    lines = done.out.splitlines()
    assert lines[0].startswith("AWS does not know")
    assert {"why:", "what to do:"} <= set(lines)
    assert "unset CLAUDE_CODE_USE_BEDROCK" in [line.strip() for line in lines]
    assert done.err == ""
    assert max(map(len, lines)) <= 80


def test_keys_that_keyswitch_gives_are_rotated_not_signed_in_to(ks):
    ks.add(
        "cloud", "--set", "region=eu-central-1",
        "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE0",
        provider="bedrock", secret="FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK",
    )  # fmt: skip
    ks("use", "cloud")
    said = ks("explain", INVALID).out
    assert "keyswitch rotate cloud" in said
    assert "sso login" not in said
    assert "to stop using AWS: keyswitch off" in " ".join(said.split())
    assert "remove 'CLAUDE_CODE_USE_BEDROCK'" not in said


def test_words_need_no_quotes_and_may_look_like_options(bare):
    text = "issue with the selected model (x). Run --model to -x pick one"
    done = bare("explain", *text.split(), "--json")
    assert causes(done)[0]["id"] == "model-not-available"


@pytest.mark.parametrize("how", ["argument", "stdin"])
def test_a_document_has_ids_titles_and_steps(bare, how):
    if how == "argument":
        done = bare("explain", "--json", "Credit balance is too low")
    else:
        done = bare("--json", "explain", stdin="Credit balance\nis too low\n")
    (cause,) = causes(done)
    assert cause["id"] == "credit-too-low"
    assert list(cause) == ["id", "title", "why", "fix", "evidence"]
    assert "or use another profile: `keyswitch use NAME`" in cause["fix"]


def test_other_causes_take_one_line_each(bare):
    done = bare("explain", "Not logged in · Please run /login")
    title, others = done.out.split("\n", 1)[0], done.out.split("possible:\n")
    assert title == "Claude Code finds no credential to use"
    assert others[1].splitlines() == [
        "  - the key in x-api-key is not valid (api-key-invalid)"
    ]


def test_known_texts_are_known_on_the_command_line(bare):
    for row in ROWS[:: len(ROWS) // 5]:
        found = [
            c["id"] for c in causes(bare("explain", "--json", row["text"]))
        ]
        assert row["cause"] in found[: 2 if row["also"] else 1]


def test_an_unknown_text_says_so_and_what_else_there_is(bare):
    done = bare("explain", "a text of nobody", code=1)
    assert done.error == "unknown error text"
    assert "keyswitch whoami" in done.err
    assert "keyswitch doctor" in done.err
    assert done.out == ""


def test_an_unknown_text_is_an_empty_list_for_programs(bare):
    assert causes(bare("explain", "--json", "a text of nobody", code=1)) == []


@pytest.mark.parametrize(
    ("args", "stdin"),
    [((), b" \n"), (("",), b"x"), (("x", "--from-log"), b"")],
    ids=["blank stdin", "empty text", "both"],
)
def test_without_one_text_it_is_a_usage_error(bare, args, stdin):
    assert bare("explain", *args, stdin=stdin, code=2).error


def test_a_terminal_is_not_read(bare):
    main, side = pty.openpty()
    os.set_inheritable(side, True)
    script = f'exec "$0" -m keyswitch explain < /dev/fd/{side}'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable],
        env=bare.environ, cwd=bare.home, pass_fds=[side], timeout=60,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    os.close(side)
    os.close(main)
    assert done.returncode == 2
    assert "no text to explain" in done.stderr


def test_a_text_may_have_a_mebibyte_and_no_more(bare):
    filler = b"x" * ((1 << 20) - 40) + b"\n"
    text = b"Credit balance is too low"
    done = bare("explain", "--json", stdin=filler + text)
    assert causes(done)[0]["id"] == "credit-too-low"
    done = bare("explain", stdin=filler * 2 + text, code=1)
    assert done.error == "the text is larger than 1 MiB"


def test_bytes_that_are_no_text_do_not_matter(bare):
    done = bare("explain", "--json", stdin=b"\xff\x00\x1b ECONNREFUSED\xfe")
    assert causes(done)[0]["id"] == "connection-refused"


@pytest.mark.parametrize("extra", [(), ("--json",), ("-v",)])
def test_no_secret_of_the_text_or_the_environment_is_printed(bare, extra):
    text = f"Invalid API key {KEY} Bearer FAKEbearer0001 AKIAFAKE0000EXAMPLE"
    done = bare("explain", text, *extra, ANTHROPIC_API_KEY=KEY)
    for secret in (KEY, "FAKEbearer0001", "AKIAFAKE0000EXAMPLE"):
        assert secret not in done.out + done.err
    unknown = bare("explain", f"what is {KEY}", *extra, code=1)
    assert KEY not in unknown.out + unknown.err


def test_the_newest_error_of_the_transcripts_is_taken(bare):
    path = write_log(bare.home / ".claude", {"type": "user"}, ERROR)
    done = bare("explain", "--from-log", "--json")
    assert causes(done)[0]["id"] == "aws-security-token-invalid"
    assert str(path) in done.err
    assert "2020-01-15" in done.err


def test_transcripts_are_looked_for_where_claude_code_keeps_them(bare):
    write_log(bare.home / "elsewhere", ERROR)
    folder = str(bare.home / "elsewhere")
    done = bare("explain", "--from-log", "--json", CLAUDE_CONFIG_DIR=folder)
    assert causes(done)[0]["id"] == "aws-security-token-invalid"


def test_without_a_logged_error_it_says_where_it_looked(bare):
    done = bare("explain", "--from-log", code=1)
    assert done.error == f"no API error in the logs below {bare.home}/.claude"


BROKEN = {
    "state": (".local/state/keyswitch/state.json", "{nope"),
    "config": (".config/keyswitch/config.toml", "= nope"),
    "settings": (".claude/settings.json", "{nope"),
    "deep settings": (".claude/settings.json", "[" * 100_000),
    "login": (".claude/.credentials.json", '{"claudeAiOauth": 5}'),
    "global configuration": (".claude.json", "{nope"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_whatever_is_broken_here_a_text_is_explained(bare, what):
    name, content = BROKEN[what]
    bare.file(name).parent.mkdir(parents=True, exist_ok=True)
    bare.file(name).write_text(content)
    done = bare("explain", "--json", INVALID, KEYSWITCH_PROFILE="not a name/")
    assert causes(done)[0]["id"] == "aws-security-token-invalid"


def test_the_active_profile_is_named(ks):
    ks.add("work")
    ks("use", "work")
    (first, *_) = causes(ks("explain", "--json", "invalid x-api-key"))
    assert "keyswitch rotate work" in "\n".join(first["fix"])


def test_nothing_is_changed(bare):
    write_log(bare.home / ".claude", ERROR)
    before = bare.everything()
    bare("explain", "--from-log")
    bare("explain", INVALID)
    assert bare.everything() == before


def test_help_says_what_the_table_says(bare):
    assert COMMANDS["explain"][1] in explain.get_short_help_str(200)
    assert "Examples:" in bare("explain", "--help").out
