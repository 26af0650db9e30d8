"""Ways to start keyswitch often, shared by the tests of one module."""

import pytest

from tests.faults.concurrency.crowd import starters_in
from tests.faults.harness import Warm


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """One warm process that commands are forked from."""
    starter = Warm()
    yield starter
    starter.close()


@pytest.fixture(scope="module")
def starters(tmp_path_factory):
    """As many such processes as a test asks for: `starters(8)`."""
    with starters_in(tmp_path_factory.mktemp("starters")) as give:
        yield give
