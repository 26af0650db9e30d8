"""A file of megabytes is edited as a small one is, and checked as strictly."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyswitch.errors import UnreadableTextError
from keyswitch.targets import splice
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.claude_code.login.stored import GlobalConfig
from keyswitch.targets.claude_code.login.stored import global_config as stored
from keyswitch.targets.claude_code.settings.baseline import Baseline
from keyswitch.targets.claude_code.target import planning
from tests.fuzz import mutations, seeds
from tests.targets.documents import VALUES, objects, settings_texts

KEY = b"k" * 32
OURS = ("customApiKeyResponses", "oauthAccount", "primaryApiKey")
MANY = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
ANY_VALUE = st.recursive(
    st.one_of(st.integers(), st.text(max_size=6), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)
    ),
    max_leaves=6,
)
OWN_KEYS = st.sampled_from(
    ["a", "b", "projects", "é", "approved", "clientDataCache", *OURS]
)


def texts():
    """Documents of our members and others, well formed or not."""
    seed = st.sampled_from(
        [*seeds.SEEDS["approvals"], *seeds.SEEDS["credentials"]]
    )
    mutated = st.tuples(st.integers(0, 1 << 64), seed).map(
        lambda drawn: mutations.of(drawn[0], [drawn[1]])
    )
    return st.one_of(
        settings_texts().map(str.encode),
        objects(VALUES, OWN_KEYS).map(str.encode),
        mutated,
    )


@st.composite
def styled(draw):
    """A document as some program writes it, with all of its lines alike."""
    answers = st.fixed_dictionaries(
        {}, optional={"approved": st.lists(st.text(max_size=4), max_size=2)}
    )
    document = draw(
        st.fixed_dictionaries(
            {"startups": st.integers()},
            optional={
                "projects": ANY_VALUE,
                "oauthAccount": ANY_VALUE,
                "customApiKeyResponses": answers,
                "clientDataCache": ANY_VALUE,
                "primaryApiKey": st.text(max_size=5),
            },
        )
    )
    text = json.dumps(
        document,
        indent=draw(st.sampled_from([None, 2, 4, "\t"])),
        ensure_ascii=draw(st.booleans()),
    )
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + text + draw(st.sampled_from(["", "\n"]))).encode(
        "utf-8", "backslashreplace"
    )


def approved(data):
    return planning.plan_approvals(
        "c.json", data, Baseline(), {"ks1-a": "tail-0001"}, KEY
    )


def taken_back(data):
    after, record = approved(data)
    return planning.plan_approvals("c.json", after, record, {}, KEY)[0]


PARTS = login_parts.Parts({"oauthAccount": '{"a": 1}'})


def moved(data):
    return login_parts.applied(
        "c.json", data, PARTS, login_parts.CONFIG_KEYS, login_parts.CACHES
    )


def login_of(data):
    return login_parts.read(("a.json", None), ("c.json", data))


def outcome(long, work, data):
    """Return what comes of it where values of that many bytes are long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splice, "_LONG", long)
        patch.setattr(splice, "_STEP", 3)
        try:
            return work(data)
        except UnreadableTextError as e:
            return e.message


NEVER = 1 << 30


@MANY
@given(styled(), st.integers(0, 20))
@pytest.mark.parametrize("work", [approved, taken_back, moved, login_of])
def test_what_is_left_out_makes_no_byte_different(work, data, long):
    assert outcome(long, work, data) == outcome(NEVER, work, data)


@MANY
@given(texts(), st.integers(0, 20))
@pytest.mark.parametrize("work", [approved, moved])
def test_what_cannot_be_edited_is_refused_in_the_same_words(work, data, long):
    short, whole = outcome(long, work, data), outcome(NEVER, work, data)
    assert isinstance(short, str) == isinstance(whole, str)
    if isinstance(whole, str):
        assert short == whole


@MANY
@given(texts(), st.integers(0, 20))
@pytest.mark.parametrize("work", [taken_back, login_of, stored])
def test_what_is_read_or_given_back_is_the_same(work, data, long):
    assert outcome(long, work, data) == outcome(NEVER, work, data)


@pytest.mark.parametrize(
    "bad",
    ["[1,]", '{"a" 1}', "NaN", "'a'", '"\\q"', '"\t"', "[", "// a\n1", "01"],
)
@pytest.mark.parametrize("before", ["", '"long": "%s", ' % ("é" * 70_000)])
def test_an_error_behind_a_long_value_has_its_place(bad, before):
    data = f'{{\n {before}"bad": {bad}\n}}'.encode()
    short = outcome(1 << 16, approved, data)
    assert short == outcome(NEVER, approved, data)
    assert short.startswith("c.json:")


def test_a_key_that_appears_twice_behind_a_long_value_is_named_by_place():
    lines = ",\n".join(['"é é"'] * 20_000)
    data = f'{{"a": [{lines}], "primaryApiKey": 1, "primaryApiKey": 2}}'
    with pytest.raises(UnreadableTextError, match=r"json:20000:29: .* twice"):
        moved(data.encode())


def test_not_one_byte_that_is_no_utf_8_passes():
    data = b'{"a": "' + b"a" * 70_000 + b'\xff", "b": 1}'
    with pytest.raises(UnreadableTextError, match="UTF-8"):
        approved(data)


@pytest.mark.parametrize("depth", [199, 200, 2_000, 200_000])
def test_a_long_value_may_be_as_deep_as_any(depth):
    nested = "[" * (depth - 1) + '"\\\\]\\"]"' + "]" * (depth - 1)
    data = f'{{"a": {nested}, "b": "{"x" * 70_000}"}}'.encode()
    whole = outcome(NEVER, approved, data)
    assert outcome(1 << 16, approved, data) == whole
    assert isinstance(whole, str) == (depth > 200)


def test_a_long_file_that_is_broken_is_broken_for_claude_code():
    data = b'{"a": "' + b"a" * 70_000 + b'", "b": }'
    assert stored(data) == GlobalConfig(broken=True)
