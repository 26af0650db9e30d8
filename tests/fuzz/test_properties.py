"""Whatever the bytes: each parser gives a value or its typed error.

The long tier tries thousands of inputs for each parser; run.py, guided by
coverage, tries millions, and is what the large numbers of a release come from.
"""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import mutations, seeds, targets
from tests.proof import record

FAST, FULL = 500, 2_000
EDITED = 50_000  # documents for the editor, in full
# Promise of each parser that stands for one of its own.
PROMISES = {
    "vault": "P9", "bundle_entry": "P9", "keyswitch_file": "P10",
    "shell_marker": "P6",
    "splice_editor": "P5", "settings_plan": "P5", "approvals": "P5",
    "credentials": "P5",
    "settings_as_claude_code_reads_it": "P5",
}  # fmt: skip
# Writing files for each example makes these slower than the others.
SLOW = {
    "config_file", "keyswitch_file",
    "compiled_profile", "journal_file", "link_rule",
    "profile_file", "provider_file", "remotes_file",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def own_place():
    yield
    shutil.rmtree(targets.place().config.rpartition("/")[0])
    targets.place.cache_clear()
    targets._catalogue.cache_clear()


def examples(count):
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def inputs(target):
    """Near to a good input, or anything at all."""
    near = st.integers(0, 1 << 64).map(
        lambda number: mutations.of(number, seeds.SEEDS[target])
    )
    return st.one_of(near, near, near, st.binary(max_size=120))


def try_all(target, strategy, count, what):
    tried = []

    @examples(count)
    @given(data=strategy)
    def one(data):
        tried.append(targets.check(target, data))

    promise, bad = PROMISES.get(target, "P9"), 1
    try:
        one()
        bad = 0
    finally:
        record(promise=promise, what=what, points=len(tried), violations=bad)
    # A parser that takes nothing, or everything, was not tried.
    assert len(tried) >= count // 2
    return tried


@pytest.mark.parametrize("target", targets.TARGETS)
def test_only_typed_errors_leave_a_parser(target):
    tried = try_all(target, inputs(target), FAST, f"any bytes for {target}")
    assert any(tried)


@pytest.mark.full
@pytest.mark.parametrize("target", targets.TARGETS)
def test_only_typed_errors_leave_a_parser_however_many(target):
    count = FULL // 2 if target in SLOW else FULL
    try_all(target, inputs(target), count, f"any bytes for {target}")


DOCUMENTS = st.integers(0, 1 << 64).map(mutations.document)
ONE_EDIT = "documents in every style, one edit and back"
EDITORS = ("splice_editor", "settings_plan", "approvals")


def try_documents(target, count):
    """All of them are edited, unless `env` is there and is no object."""
    tried = try_all(target, DOCUMENTS, count, ONE_EDIT)
    assert (
        sum(tried) > len(tried) * (0.6 if target == "settings_plan" else 1) - 1
    )


@pytest.mark.parametrize("target", EDITORS)
def test_the_editor_changes_no_byte_of_others(target):
    try_documents(target, FAST)


@pytest.mark.full
@pytest.mark.parametrize(
    ("target", "count"),
    [(e, EDITED if e == EDITORS[0] else FULL) for e in EDITORS],
)
def test_the_editor_changes_no_byte_of_others_in_many(target, count):
    try_documents(target, count)


STRICT = {
    "twice": b'{"apiKeyHelper": "a", "apiKeyHelper": "b"}',
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "deep": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "utf-16-le": '{"a": 1}'.encode("utf-16-le"),
    "utf-32": '{"a": 1}'.encode("utf-32-be"),
    "not utf-8": b'{"a": "\xe9"}',
    "surrogate bytes": b'{"a": "\xed\xa0\x80"}',
    "trailing data": b'{"a": 1} {}',
    "trailing comma": b'{"a": 1,}',
    "comment": b'{"a": 1 /* x */}',
    "control character": b'{"a": "\x01"}',
    "list": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("data", STRICT.values(), ids=STRICT)
def test_the_editor_refuses_what_it_cannot_keep(data):
    assert not targets.check("splice_editor", data)


def test_thousands_of_digits_are_none_of_the_editors_business():
    assert targets.check("splice_editor", b'{"a": ' + b"9" * 5000 + b"}")
