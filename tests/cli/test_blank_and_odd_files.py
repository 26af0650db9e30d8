"""Claude Code's files that say nothing, or something odd: it goes on.

Observed, Claude Code 2.1.330 and 2.1.332: a settings file or `.claude.json` of
white space or zeros starts it as an absent one does; answers about keys that
are no lists count as none; of a key that appears twice the last one counts; a
directory, a link to nothing and a loop of links count as absent.
"""

import json

import pytest

from tests.cli.keyswitch import two_keys

BLANK = {
    "empty": b"",
    "white": b" \n\t\r\n",
    "mark": b"\xef\xbb\xbf",
    "mark-white": b"\xef\xbb\xbf \n",
    "no-break": "\u00a0\n".encode(),
    "zeros": b"\0" * 40,
}
ODD = [
    "null", "[]", '""', '"a text"', "5", "true", "false", "{}",
    '{"approved":null}', '{"approved":"0000000000000EXAMPLE"}',
    '{"approved":{}}', '{"approved":5}', '{"approved":[1,null,{}]}',
    '{"approved":[],"rejected":"x"}', '{"rejected":null}',
]  # fmt: skip


@pytest.fixture
def ks(bare):
    return bare.begin_as(two_keys)


def put(ks, name, data):
    path = ks.file(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def findings(ks, *args):
    done = ks("doctor", "--json", *args, code=None)
    return json.loads(done.out)["findings"]


@pytest.mark.parametrize("name", [".claude/settings.json", ".claude.json"])
@pytest.mark.parametrize("data", BLANK.values(), ids=BLANK)
def test_a_file_that_says_nothing_is_as_good_as_none(ks, name, data):
    path = put(ks, name, data)
    assert not [f for f in findings(ks) if f["id"].startswith("use-")]
    ks("use", "work")
    assert json.loads(path.read_bytes())
    assert json.loads(ks("whoami", "--json").out)["in_use"]
    ks("use", "personal")
    ks("off")
    assert path.read_bytes() == data


@pytest.mark.parametrize("answers", ODD)
def test_odd_answers_about_keys_stop_no_switch(ks, answers):
    text = f'{{"a":1, "customApiKeyResponses":{answers} }}'.encode()
    path = put(ks, ".claude.json", text)
    warned = [f for f in findings(ks) if f["id"].startswith("use-")]
    done = ks("use", "work")
    assert bool(warned) == ("was not changed" in done.err)
    assert json.loads(ks("whoami", "--json").out)["in_use"]
    ks("off")
    assert path.read_bytes() == text


@pytest.mark.parametrize("text", [b"null", b"[]", b'"x"', b"5"])
def test_a_global_config_that_is_no_object_stops_no_switch(ks, text):
    path = put(ks, ".claude.json", text)
    ks("use", "work")
    ks("off")
    assert path.read_bytes() == text


def test_answers_that_became_odd_after_a_switch(ks):
    ks("use", "work")
    path = put(ks, ".claude.json", b'{"customApiKeyResponses":"x"}')
    ks("use", "personal")
    ks("off")
    assert path.read_bytes() == b'{"customApiKeyResponses":"x"}'


TWICE = b'{"env":{"A":"1"},"env":{"B":"2"}}'


def a_directory(path):
    path.mkdir()


def a_link_to_nothing(path):
    path.symlink_to(path.parent / "gone")


@pytest.mark.parametrize("name", [".claude/settings.json", ".claude.json"])
@pytest.mark.parametrize("make", [a_directory, a_link_to_nothing])
def test_doctor_says_before_what_use_refuses(ks, name, make):
    ks.file(".claude").mkdir()
    make(ks.file(name))
    said = [f for f in findings(ks) if str(ks.file(name)) in f["what"]]
    assert said
    assert ks.file(name).name in ks("use", "work", code=1).error


def test_doctor_says_before_that_a_key_appears_twice(ks):
    put(ks, ".claude/settings.json", TWICE)
    [found] = [f for f in findings(ks) if f["id"] == "use-refuses"]
    assert "'env' appears twice" in found["what"]
    assert "'env' appears twice" in ks("use", "work", code=1).error


def test_doctor_says_it_where_there_is_no_profile_yet(bare):
    put(bare, ".claude/settings.json", TWICE)
    assert "use-refuses" in [f["id"] for f in findings(bare)]


FILES = [
    ".claude/settings.json",
    ".claude/.credentials.json",
    ".claude.json",
    "work/.claude/settings.json",
    "work/.claude/settings.local.json",
]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "make",
    [
        a_directory,
        a_link_to_nothing,
        lambda path: path.symlink_to(path),
        lambda path: path.write_text('{"env":'),
    ],
    ids=["directory", "to-nothing", "loop", "cut-off"],
)
def test_whoami_names_a_file_that_was_passed_over_first(bare, name, make):
    for folder in (".claude", "work", "work/.claude"):
        bare.file(folder).mkdir()
    make(bare.file(name))
    done = bare.at("work", "whoami", "--json", code=1)
    warnings = json.loads(done.out)["warnings"]
    assert str(bare.file(name)) in warnings[0]["what"]
    assert warnings[0]["severity"] == "error"
    assert "nothing-sent" in [w["id"] for w in warnings]
    lines = bare.at("work", "whoami", code=1).out
    assert lines.index(str(bare.file(name))) < lines.index("sends nothing")


def test_a_file_after_settings_that_is_not_there_is_what_has_to_be_mended(ks):
    said = ks("whoami", "--", "--settings", "gone.json", code=1).out
    assert "refuses to start" in said
    assert "no comments" not in said  # it cannot even be read
    assert "keyswitch add" not in said
    assert said.count("fix: correct ") == 2
