"""The grid finds what it is there to find: seeded defects are caught."""

import pytest

from tests.keychains.commands import make_keys
from tests.keychains.grid import cell, clean
from tests.keychains.lane import Lane
from tests.keychains.runs import Runner
from tests.keychains.states import STATES

# A defect, the cell that has to notice it, and by what.
MUTANTS = {
    "has no deadline": (
        (
            "from keyswitch.secrets.keychain import worker\n"
            "from functools import partial\n"
            "start = worker.start\n"
            "worker.start = lambda p, r, d: start(p, r, 9)"
        ),
        ("create-never", "copy", "it took"),
    ),
    "takes any item's text": (
        (
            "from keyswitch.secrets.keychain import items, secret_service\n"
            "decode = items.decode\n"
            "secret_service.decode = lambda text, name: decode(\n"
            "    text, text.rpartition(':')[0])"
        ),
        ("lie", "env", "it shows another secret"),
    ),
    "does not look first": (
        (
            "from keyswitch.secrets.keychain import calls\n"
            "calls._look = lambda asks: {'ok': True, 'locked': False}"
        ),
        ("plain-only", "add", "in the clear"),
    ),
    "makes a collection": (
        (
            "from keyswitch.secrets.keychain import calls\n"
            "calls._look = lambda asks: {'ok': True, 'locked': False}"
        ),
        ("no-default", "copy", "began to make a collection"),
    ),
    "returned a different value": (
        (
            "from keyring.backends.SecretService import Keyring\n"
            "put, get, said = Keyring.set_password, Keyring.get_password, {}\n"
            "def set_password(self, service, name, value):\n"
            "    said[name] = value\n"
            "    put(self, service, name, value)\n"
            "Keyring.set_password = set_password\n"
            "Keyring.get_password = lambda self, service, name: (\n"
            "    said.get(name) or get(self, service, name))"
        ),
        ("hollow", "add", "profiles"),
    ),
    "declares nothing": (
        (
            "from keyswitch.changes import intents\n"
            "intents.declare = lambda *args: None"
        ),
        ("vanish", "add", "left behind"),
    ),
    "takes another store": (
        (
            "from keyswitch.secrets.keychain.store import KeychainStore\n"
            "from keyswitch.changes import store_choice as s\n"
            "s.choose_store = lambda *args: s.Choice('keychain')\n"
            "KeychainStore.put = lambda *args: None"
        ),
        ("no-service", "add", "profiles"),
    ),
    "reads standard input": (
        (
            "import os\n"
            "from keyswitch.secrets.keychain import secret_service\n"
            "fetch = secret_service.fetch\n"
            "secret_service.fetch = lambda *a: (os.read(0, 9), fetch(*a))[1]"
        ),
        ("locked", "env", "it read standard input"),
    ),
}


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    made = Lane(tmp_path_factory.mktemp("teeth"))
    make_keys(made)
    yield made
    made.close()


@pytest.mark.full
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_seeded_defect_is_caught(lane, mutant):
    code, (state, name, told) = MUTANTS[mutant]
    clean(lane, name)
    whole = lane.runner
    assert cell(lane, STATES[state], name).violations == ()
    lane.runner = Runner(code)
    try:
        violations = cell(lane, STATES[state], name).violations
    finally:
        lane.runner.close()
        lane.runner = whole
    assert any(told in text for text in violations), violations
