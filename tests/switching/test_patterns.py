"""Patterns of places: what they match, and that they never take long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.directories.patterns import (
    LONGEST,
    check,
    matches_directory,
    matches_remote,
)
from keyswitch.errors import InputError

HOME = "/h/me"


@pytest.mark.parametrize(
    ("pattern", "folder", "expected"),
    [
        ("~", "/h/me", True),
        ("~", "/h/me/x", False),
        ("~/jobs", "/h/me/jobs", True),
        ("~/jobs", "/h/me/jobs/acme", False),
        ("~/jobs/", "/h/me/jobs", True),
        ("~/jobs/*", "/h/me/jobs/acme", True),
        ("~/jobs/*", "/h/me/jobs", False),
        ("~/jobs/*", "/h/me/jobs/acme/api", False),
        ("~/jobs/**", "/h/me/jobs", True),
        ("~/jobs/**", "/h/me/jobs/a/b/c", True),
        ("~/jobs/**", "/h/me/jobs2", False),
        ("~/jobs/**", "/h/you/jobs", False),
        ("~/**/src", "/h/me/src", True),
        ("~/**/src", "/h/me/a/b/src", True),
        ("~/**/src", "/h/me/a/src/b", False),
        ("~/**/a/**/b", "/h/me/a/a/x/b", True),
        ("~/**/a/*/b", "/h/me/a/a/x/b", True),
        ("/srv/a*c/x", "/srv/abbc/x", True),
        ("/srv/a*a/x", "/srv/a/x", False),
        ("/srv/*a*b*/x", "/srv/zazbz/x", True),
        ("/srv/*a*b*/x", "/srv/zbza/x", False),
        ("/srv/*", "/srv/.hidden", True),
        ("/**", "/", True),
        ("/**", "/any/where", True),
        ("/", "/", True),
        ("/", "/x", False),
        ("/srv/[ab]", "/srv/a", False),
        ("/srv/?", "/srv/a", False),
        ("/srv/**x", "/srv/aax", True),
        ("~/jobs/**", "", False),
    ],
)
def test_a_directory_is_one_of_those_meant_or_not(pattern, folder, expected):
    assert matches_directory(pattern, folder, HOME) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("github.com/acme/api", True),
        ("github.com/acme/api.git", True),
        ("GitHub.com/acme/*", True),
        ("github.com/*", False),
        ("github.com/**", True),
        ("*/acme/api", True),
        ("*.com/acme/api", True),
        ("github.com/ac*/api", True),
        ("gitlab.com/acme/api", False),
        ("evil-github.com/acme/api", False),
        ("github.com/acme", False),
        ("github.com/acme/api/x", False),
    ],
)
def test_a_remote_is_one_of_those_meant_or_not(pattern, expected):
    assert matches_remote(pattern, "github.com/acme/api") is expected


@pytest.mark.parametrize("pattern", ["/", "/**", "**/**", "*/**", "**/.git"])
@pytest.mark.parametrize("remote", ["", "/"])
def test_no_pattern_means_a_remote_that_is_not_there(pattern, remote):
    assert not matches_remote(pattern, remote)


@pytest.mark.parametrize("pattern", ["/", "/**", "/a/b", "~/a/**", "~"])
@pytest.mark.parametrize("remote", ["a/b", "~", "~/a/b"])
def test_a_pattern_of_directories_means_no_remote(pattern, remote):
    assert not matches_remote(pattern, remote)


def test_a_star_in_the_name_of_the_home_is_a_star_and_nothing_more():
    assert matches_directory("~/x", "/h/a*b/x", "/h/a*b")
    assert not matches_directory("~/x", "/h/aXb/x", "/h/a*b")


def test_a_pattern_that_leads_through_a_link_means_where_it_leads(tmp_path):
    real = tmp_path / "disk" / "jobs"
    (real / "acme").mkdir(parents=True)
    (tmp_path / "jobs").symlink_to(real)
    for pattern in ("~/jobs/**", "~/jobs/acme", f"{tmp_path}/jobs/*"):
        assert matches_directory(pattern, f"{real}/acme", str(tmp_path))


@pytest.mark.parametrize(
    "pattern",
    [
        "~", "~/jobs/**", "/", "/srv/a b", "github.com/acme/*", "*/acme/**",
        "h/" + "x" * (LONGEST - 2), "~/**/a/**/b/**", "~/é/*",
    ],
)  # fmt: skip
def test_a_pattern_is_acceptable(pattern):
    check(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "", " ", "work", "work*", "./work", "../work", "~user/x", "~work",
        "/a/../b", "~/..", "/a/./b", " ~/x", "~/x ", "/a\nb", "/a\x1bb",
        "/a\u202eb", "/a\0b", "h/" + "x" * (LONGEST - 1), "/**/**/**/**",
        "github.com", "github.com/", "/github.com\ud800", "git@github.com/x",
        "github.com:22/x", "https://github.com/acme/x", "github.com//x",
    ],
)  # fmt: skip
def test_a_pattern_that_could_match_nothing_is_refused(pattern):
    with pytest.raises(InputError):
        check(pattern)


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("/" + "**/" * 84 + "b", "a"),
        ("/" + "**/a/" * 50 + "b", "a"),
        ("/**/" + "*a" * 120 + "b", "a" * 255),
        ("/" + "*a*/" * 60 + "b", "a" * 250),
        ("/**/*a*/**/*a*/**/*a*/**/b", "a" * 250),
    ],
    ids=["stars", "stars and parts", "one part", "many parts", "mixed"],
)
def test_no_pattern_takes_long_against_a_long_path(pattern, part):
    folder = f"/{part}" * (4000 // (len(part) + 1))
    began = time.process_time()
    assert not matches_directory(pattern, folder, HOME)
    assert time.process_time() - began < 0.5


parts = st.sampled_from(["a", "b", "ab", "aba", "x"])
wanted = st.one_of(parts, st.sampled_from(["*", "**", "a*", "*b", "*a*"]))


@given(st.lists(wanted, min_size=1, max_size=7), st.lists(parts, max_size=7))
def test_a_pattern_means_what_the_same_regular_expression_means(pattern, path):
    expression = "".join(
        "(?:/[^/]+)*" if p == "**" else "/" + p.replace("*", "[^/]*")
        for p in pattern
    )
    expected = re.fullmatch(expression, "".join(f"/{p}" for p in path))
    found = matches_directory(
        "/" + "/".join(pattern), "/" + "/".join(path), HOME
    )
    assert found is (expected is not None)


@given(st.text(max_size=300))
def test_any_text_is_a_pattern_or_is_refused(text):
    try:
        check(text)
    except InputError:
        return
    assert text.isprintable()
    assert not matches_remote(text, "")
