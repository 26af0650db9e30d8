"""`model.Frozen` does what `typing.NamedTuple` does, of what is used here."""

import copy
import pickle
from typing import NamedTuple

import pytest

from keyswitch.model import Frozen


class One(Frozen):
    name: str
    size: int = 3
    parts: tuple[str, ...] = ()

    @property
    def twice(self):
        return self.size * 2


class Twin(NamedTuple):
    name: str
    size: int = 3
    parts: tuple[str, ...] = ()


CALLS = [
    (("a",), {}),
    (("a", 5), {}),
    (("a", 5, ("x",)), {}),
    ((), {"name": "a"}),
    (("a",), {"parts": ("x",)}),
    ((), {"parts": (), "size": 0, "name": ""}),
]


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_a_value_is_what_a_named_tuple_is(values, named):
    one, twin = One(*values, **named), Twin(*values, **named)
    assert one == twin
    assert hash(one) == hash(twin)
    assert one._asdict() == twin._asdict()
    assert (one.name, one.size, one.parts) == tuple(twin)
    assert one._replace(size=9) == twin._replace(size=9)
    assert repr(one) == repr(twin).replace("Twin", "One")
    assert type(copy.copy(one)) is One
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == twin
    assert one.twice == one.size * 2
    assert One._fields == Twin._fields


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((), {"size": 1}),
        (("a", 1, (), 4), {}),
        (("a",), {"other": 1}),
        (("a",), {"name": "b"}),
        (("a", 1, (), 4), {"size": 1}),
    ],
)
def test_other_fields_than_its_own_are_refused(values, named):
    with pytest.raises(TypeError):
        One(*values, **named)


def test_a_value_is_never_changed():
    with pytest.raises(AttributeError):
        One("a").name = "b"
