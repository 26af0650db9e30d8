"""whoami, doctor, explain, revoke-local and errors, as a person sees them.

A pipe gets the same texts, or for a table its own plain rows, without colour.
"""

import re

import pytest

from tests.cli.keyswitch import OTHER

ANSI = re.compile(r"\x1b\[[0-9;]*m")
BROAD = {"CLICOLOR_FORCE": "1", "COLUMNS": "500"}
NARROW = {"CLICOLOR_FORCE": "1", "COLUMNS": "40"}
ERROR_TEXT = "API Error: 403 The security token in the request is invalid"


@pytest.fixture
def ks(ks):
    ks.add("work", "--label", "Acme API key")
    ks("use", "work")
    ks.environ |= {"HTTPS_PROXY": "no address", "CLAUDE_CODE_USE_BEDROCK": "1"}
    return ks


@pytest.mark.parametrize(
    "command",
    [
        ("whoami",),
        ("whoami", "--explain"),
        ("doctor",),
        ("use", "nobody"),
        ("explain", "of nothing"),
    ],
    ids=" ".join,
)
def test_a_pipe_gets_the_same_text_without_colour(ks, command):
    plain = ks(*command, code=None)
    shown = ks(*command, code=None, **BROAD)
    assert ANSI.search(shown.out + shown.err)
    for before, after in ((plain.out, shown.out), (plain.err, shown.err)):
        assert "\x1b" not in before
        assert ANSI.sub("", after) == before


@pytest.mark.parametrize("command", ["whoami", "doctor"])
def test_a_fix_stays_on_one_line_where_all_else_is_wrapped(ks, command):
    lines = ANSI.sub("", ks(command, code=None, **NARROW).out).splitlines()
    broad = ks(command, code=None).out.splitlines()
    fixes = [line for line in broad if "fix: " in line]
    assert fixes
    assert [line for line in lines if "fix: " in line] == fixes
    whys = [line for line in lines if "why: " in line]
    assert max(map(len, whys)) <= 40


def test_the_first_line_is_who_pays_and_the_headers_follow(ks):
    first, blank, key, bearer = ks("whoami", code=4).out.splitlines()[:4]
    assert first.startswith("not known who pays, not 'work': ")
    assert blank == ""
    assert key.startswith("x-api-key      ")
    assert bearer.startswith("authorization  ")


def test_the_ladder_is_numbered_and_marks_what_is_sent(ks):
    del ks.environ["CLAUDE_CODE_USE_BEDROCK"]
    shown = ks("whoami", "--explain").out
    _, _, order = shown.partition("\nx-api-key: ")
    rows = order.partition("\n\n")[0].splitlines()[1:]
    assert [row[:3] for row in rows] == ["  1", "  2", "* 3", "  4"]
    assert rows[2].split()[2] == "apiKeyHelper"


def test_an_explanation_is_as_before_on_a_pipe(ks):
    plain = ks("explain", ERROR_TEXT).out
    assert max(map(len, plain.splitlines())) <= 78
    broad = ANSI.sub("", ks("explain", ERROR_TEXT, **BROAD).out)
    assert broad.split() == plain.split()
    assert max(map(len, broad.splitlines())) <= 100


def test_what_is_revoked_is_a_table_that_says_what_will_be_done(ks):
    ks.file(".claude/settings.local.json").write_text(
        f'{{"env": {{"ANTHROPIC_AUTH_TOKEN": "{OTHER}"}}}}'
    )
    shown = ks("revoke-local", "--all", "--dry-run", **BROAD).out
    head, *rows = ANSI.sub("", shown).splitlines()
    assert head.split() == ["WHAT", "WHOSE", "ACTION", "WHERE"]
    assert any("work  " in r and "remove  " in r for r in rows)
    plain = ks("revoke-local", "--all", "--dry-run").out
    assert "ACTION" not in plain
    assert len(plain.splitlines()) == len(rows)


def test_the_labels_of_an_error_have_a_colour_on_a_terminal(ks):
    lines = ks("use", "nobody", code=1, **BROAD).err.splitlines()
    assert "\x1b[31m\x1b[1merror:\x1b[0m " in lines[0]
    assert "hint:\x1b[0m " in lines[1]
