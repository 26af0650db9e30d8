"""The digests are those of the standard library, built in or not."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.disk import digests


@given(st.binary(max_size=90), st.binary(max_size=300))
def test_they_are_those_of_the_standard_library(key, data):
    assert digests.sha256(data) == hashlib.sha256(data).hexdigest()
    keyed = hmac.new(key, data, hashlib.sha256).hexdigest()
    assert digests.hmac_sha256(key, data) == keyed


@pytest.mark.parametrize("size", [(1 << 20) - 1, 1 << 20])
def test_a_long_text_has_the_same_digest(size):
    data = bytes(size)
    assert digests.sha256(data) == hashlib.sha256(data).hexdigest()


def test_a_python_without_the_built_in_has_the_same_digest(monkeypatch):
    monkeypatch.setattr(digests, "_BUILT_IN", ("_no_such_module",))
    assert digests.sha256(b"x") == hashlib.sha256(b"x").hexdigest()
