"""One rule of config.toml is edited, and everything else stays."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.errors import InputError
from keyswitch.profiles import toml_edits
from keyswitch.profiles.settings import LINKS_LIMIT
from keyswitch.profiles.toml_edits import with_link

ACME = "github.com/acme/*"

FILES = {
    "absent": None,
    "empty": b"",
    "no line end": b"store = 'vault'",
    "comment only": b"# mine",
    "other keys": b"store='vault'   # why\ncache = \"off\"\n",
    "rules": b'[links]\n# first\n"a/b" = "w" # c\n\n# about next\n[x]\ny=1\n',
    "commented table": b"[links]\n# nothing yet\n[x]\ny = 1 # z\n",
    "only a comment in it": b"[links]\n# nothing yet\n",
    "inline": b"links = {\"a/b\" = 'w'} # all\nstore = 'vault'\n",
    "inline, empty": b"links = {} # none\nstore = 'vault'",
    "dotted": b"links.\"a/b\" = 'w'\nstore = 'vault' # s\n",
    "in the middle": b"[x]\na = 1\n[links]\n\"a/b\"='w'\n[y] # end\nb=1.50\n",
    "crlf": b"store='vault' # s\r\n[x]\r\n# t\r\na = 1\r\n",
    "bom": b"\xef\xbb\xbfstore='vault' # s\n",
    "strings": b"x = '''\na # b\n[links]\n'''\n[y]\nz = \"\\u00e9\"\n",
    "arrays": b"[[a]]\nb = [1, # c\n 2]\n[[a]]\n",
    "header spaced": b"[ links ]\n'a/b'='w'\n",
}
each = pytest.mark.parametrize("name", sorted(FILES))


def edit(data, pattern, name):
    return with_link(data, pattern, name, "config.toml")


def meaning(data):
    """Return (rules, everything else)."""
    document = tomllib.loads((data or b"").decode("utf-8-sig"))
    return document.pop("links", {}), document


def comments(data):
    return [
        line.partition(b"#")[2].strip()
        for line in (data or b"").split(b"\n")
        if b"#" in line
    ]


@each
def test_a_rule_is_added_and_nothing_else_is_changed(name):
    before = FILES[name]
    after = edit(before, ACME, "work")
    rules, others = meaning(before)
    assert meaning(after) == ({**rules, ACME: "work"}, others)
    assert set(comments(before)) <= set(comments(after))


@each
def test_a_rule_that_was_added_is_taken_away_without_a_trace(name):
    before = FILES[name]
    after = edit(edit(before, ACME, "work"), ACME, None)
    assert meaning(after) == meaning(before)
    assert comments(after) == comments(before)


def test_the_lines_of_others_keep_their_bytes():
    before = FILES["rules"]
    after = edit(before, ACME, "work")
    assert after.replace(b'"github.com/acme/*" = "work"\n', b"") == before
    assert edit(after, ACME, None) == before


def test_comments_behind_the_last_rule_stay_when_it_goes():
    data = b'[links]\n"a/b" = "w"\n\n# about next\n[next]\nx = 1\n'
    assert b"# about next\n[next]\n" in edit(data, "a/b", None)


def test_a_name_is_replaced_in_its_line():
    before = b'[links]\n"a/b" = "w" # why\n"c/d" = "x"\n'
    after = edit(before, "a/b", "y")
    assert after == before.replace(b'"w"', b'"y"')


@pytest.mark.parametrize("name", ["crlf", "bom"])
def test_line_ends_and_a_byte_order_mark_are_kept(name):
    after = edit(FILES[name], ACME, "work")
    assert after.startswith(FILES[name])
    ends = after.count(b"\r\n") == after.count(b"\n")
    assert ends == (name == "crlf")


def test_the_only_rule_leaves_no_file_behind():
    assert edit(edit(None, ACME, "work"), ACME, None) is None


@pytest.mark.parametrize(
    "data",
    [
        b"links = 1\n",
        b"links = ['a']\n",
        b"[[links]]\na = 'b'\n",
        b"[links\n",
        b"\xff\xfe[\0l\0",
        b"a = 1\na = 2\n",
        b"x = " + b"[" * 3000,
        b"x = " + b"9" * 5000 + b"\n",
    ],
    ids=lambda d: repr(d[:12]),
)
def test_what_cannot_be_edited_is_refused_with_a_reason(data):
    with pytest.raises(InputError):
        edit(data, ACME, "work")


@pytest.mark.parametrize(
    "text", ["", "store = 'keychain'\n", "[links]\n'a/b' = 'work'\n", "["]
)
def test_an_edit_that_went_wrong_is_not_handed_on(monkeypatch, text):
    monkeypatch.setattr(toml_edits, "_edited", lambda *_: text)
    with pytest.raises(InputError):
        edit(b"store = 'vault'\n", ACME, "work")


def test_one_rule_too_many_would_break_the_file_and_is_refused():
    lines = [f"'h/{i}' = 'w'\n" for i in range(LINKS_LIMIT)]
    data = ("[links]\n" + "".join(lines)).encode()
    with pytest.raises(InputError, match="at most"):
        edit(data, ACME, "work")
    assert meaning(edit(data, "h/7", "v"))[0]["h/7"] == "v"


patterns = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "S"])
    | st.sampled_from("é\"\\'#=.[]{} "),
    min_size=1,
    max_size=40,
)
lines = st.one_of(
    st.sampled_from(
        [
            "",
            "# about it",
            "store = 'vault'",
            'cache = "off"  # no',
            "[links]",
            "[links] # mine",
            "'a/b' = \"w\"",
            "\"c/d\" = 'x' # because",
            "links = {}",
            "links = { 'a/b' = 'w', \"e/f\"='y' }",
            "links.'g/h' = 'z'",
            "[other]",
            "[[many]]",
            "k = [1,\n  2, # two\n]",
            "m = '''\n[links]\n'''",
            "[other.links]",
        ]
    ),
    patterns.map(lambda p: f"{p!r} = 'q'"),
)
documents = st.builds(
    lambda bom, end, found: bom + end.join([*found, ""]).encode(),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(lines, max_size=12),
)


@given(data=documents, pattern=patterns, name=st.sampled_from(["w", "work"]))
def test_an_edit_and_its_opposite_mean_what_was_there(data, pattern, name):
    """Or the edit is refused; nothing else happens to a file."""
    try:
        after = edit(data, pattern, name)
        back = edit(after, pattern, None)
    except InputError:
        return
    rules, others = meaning(data)
    assert meaning(after) == ({**rules, pattern: name}, others)
    rules.pop(pattern, None)
    assert meaning(back) == (rules, others)
    assert after.startswith(data[:3]) or not data.startswith(b"\xef")


@given(data=st.binary(max_size=60), pattern=patterns)
def test_any_bytes_are_edited_or_refused(data, pattern):
    try:
        after = edit(data, pattern, "work")
    except InputError:
        return
    assert meaning(after)[0][pattern] == "work"
