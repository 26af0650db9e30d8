"""Plain TOML is read at once, and means what any parser says that it means."""

import os
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyswitch.profiles import toml_text
from keyswitch.providers.catalogue import BUILT_IN
from keyswitch.secrets.references import managers
from tests.fuzz import mutations, seeds

LINES = st.lists(
    st.sampled_from(
        [
            "", "# a note é", 'a = "x"', 'b = "é …"', "c = 3", "d = 03",
            "e = 0", "day = 2027-02-01", "day = 2027-02-30", "[fields]",
            "[secrets.a]",
            "[secrets]", "[secrets.a.b]", "[a]", "[a.b]", 'a.b = "x"',
            'q = "a\\"b"', 'q = "\x7f"', "t = true", "l = ['x']", "a", "[a",
            'a = "x" # y', "big = 12345678901", "\ta = 1", 'a="x"', "# \x01",
            'w = "x"\r', "[[a]]", '"k" = "x"', "[ a ]", "a = 'x'", "# \t tab",
        ]
    ),
    max_size=7,
)  # fmt: skip
MANY = settings(
    max_examples=1_000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def by_the_library(text):
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def require_the_same(text):
    try:
        found = toml_text._plain(text.split("\n"))
    except (ValueError, RecursionError):
        return
    assert repr(found) == repr(by_the_library(text))


@MANY
@given(LINES.map("\n".join))
def test_lines_in_any_order_mean_the_same(text):
    require_the_same(text)


@MANY
@given(st.integers(0, 1 << 64))
def test_a_profile_that_somebody_changed_means_the_same(number):
    data = mutations.of(number, seeds.SEEDS["profile_file"])
    require_the_same(data.decode("utf-8", "replace"))


def test_what_keyswitch_writes_needs_no_other_parser():
    text = (
        'provider = "anthropic"\nlabel = "Kläranlage … 2"\n'
        "created = 2026-11-29\n\n[fields]\n"
        'base_url = "https://gw.example.com"\n\n[secrets.api_key]\n'
        'store = "vault"\ngeneration = 12\nhint = "sk-ant-…k-AA"\n'
    )
    assert toml_text._plain(text.split("\n")) == tomllib.loads(text)


@pytest.mark.parametrize(
    "path",
    [
        os.path.join(folder, name)
        for folder in (BUILT_IN, managers.BUILT_IN)
        for name in sorted(os.listdir(folder))
    ],
    ids=os.path.basename,
)
def test_built_in_providers_and_managers_need_no_other_parser(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert toml_text._plain(text.split("\n")) == tomllib.loads(text)


VALUES = st.lists(
    st.sampled_from(
        [*"[]{},= \n\t'\"\\\\1 0", '"a"', '"a,]"', '"\\\\"', '"\\""',
         "a = ", "b = ", "true", "false", "true = ", "12", "1234567890",
         "[1, 2]", "{ a = 1 }",
         "2027-02-01", ",\n", "[\n", "]\n", "}, ", "é", "\x7f", "# x"]
    ),
    max_size=9,
)  # fmt: skip


@MANY
@given(
    VALUES.map("".join),
    st.sampled_from(["{}", "[{}]", "[\n{},\n]", "{{ {} }}"]),
)
def test_values_of_any_tokens_mean_the_same(value, around):
    require_the_same("k = " + around.format(value))


@pytest.mark.parametrize(
    "value",
    ["[,]", "[ ,]", "[1,,]", "[1 2]", "{ a = 1, }", "{ a = 1, a = 2 }",
     '[\n{ a = "}"\n, b = "{" }\n]', "{ a = [1,\n2] }", "[\n", "[1,", "{ a }",
     "[a = 1]", '{ "a" = 1 }', "[1, # x\n2]", "01", '["a",\n"b"\n]',
     "[{ a = 1,\n b = 2 }]", "[{ a = 1 },\n]", "x", "[]", "{}", "[[1], []]"],
)  # fmt: skip
def test_odd_lists_and_tables_mean_the_same(value):
    require_the_same(f"k = {value}")
    require_the_same(f"k = {value}\n[k.a]")
    require_the_same(f"[a]\nk = {value}\n[a.k]\n[k]")


@pytest.mark.parametrize(
    "text", ['a = "x"\na = "y"', "[a]\n[a]", "[a.b]\n[a.b]", 'a = "x"\n[a.b]']
)
def test_what_is_there_twice_is_an_error_with_its_line(text):
    with pytest.raises(toml_text.InputError, match=r"c\.toml:[12]:"):
        toml_text.parse_text(text, "c.toml")
