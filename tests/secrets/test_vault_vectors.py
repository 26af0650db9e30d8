"""The published vectors: two readers agree on each, and on what refuses it."""

import json
from collections import Counter

import pytest

from keyswitch.errors import LockedError
from keyswitch.secrets.vault import access, envelope, key_slots
from tests.proof import record
from tests.secrets import independent_decoder
from tests.vectors.bundle import make as make_bundles
from tests.vectors.vault import make

INDEX = json.loads((make.HERE / "index.json").read_text())
VECTORS = INDEX["vectors"]
EXPECTED = {
    "success",
    "wrong passphrase",
    "header failure",
    "header MAC failure",
    "payload failure",
    "parameter refused",
}


def layer_of(error):
    text = str(error)
    if "out of bounds" in text:
        return "parameter refused"
    return "header MAC failure" if "header was changed" in text else None


def by_keyswitch(data, way, given, magic=envelope.MAGIC):
    """Return the layer that refuses a vector, or its content."""
    try:
        opened = envelope.parse(data, magic)
    except envelope.DamagedError as e:
        return layer_of(e) or "header failure"
    try:
        if not unlocked(opened, way, given):
            return "wrong passphrase"
    except envelope.DamagedError as e:
        return layer_of(e)
    try:
        return opened.payload()
    except envelope.DamagedError:
        return "payload failure"


def unlocked(opened, way, given):
    if way == "passphrase":
        return key_slots.unwrap_passphrase(opened, given.encode())
    slot = key_slots.slot_of(opened, way)
    key = (
        access.recovery_key(given)
        if way == "recovery"
        else bytes.fromhex(given)
    )
    return slot is not None and key_slots.unwrap(opened, slot, key)


def by_the_other(data, way, given, magic=envelope.MAGIC):
    try:
        return independent_decoder.decode(data, way, given, magic)
    except independent_decoder.RefusedError as e:
        return str(e)


def judged(reader, vector, folder=make.HERE, magic=envelope.MAGIC):
    data = make.content(vector, folder)
    return reader(data, vector["open"], vector["with"], magic)


@pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])
def test_both_readers_say_what_the_index_says(vector):
    ours = judged(by_keyswitch, vector)
    other = judged(by_the_other, vector)
    bad = ours != other or (
        not isinstance(ours, dict)
        if vector["expect"] == "success"
        else ours != vector["expect"]
    )
    record(
        promise="P9",
        what="published vault vectors x two readers",
        points=2,
        violations=int(bad),
    )
    assert (ours, other) == (other, ours)
    assert not bad, (vector, ours)


def test_there_are_vectors_for_every_layer():
    found = Counter(v["expect"] for v in VECTORS)
    assert set(found) == EXPECTED
    assert len(VECTORS) >= 100
    assert min(found.values()) >= 9
    assert len({v["name"] for v in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("maker", [make, make_bundles], ids=["vault", "bundle"])
def test_the_committed_files_are_what_the_generator_makes(maker):
    files = maker.build()
    for name, data in files.items():
        assert (maker.HERE / name).read_bytes() == data, name
    kept = {p.name for p in maker.HERE.glob("*.ksv")}
    assert kept | {"index.json"} == set(files)


BUNDLES = json.loads((make_bundles.HERE / "index.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", BUNDLES, ids=[v["name"] for v in BUNDLES])
def test_both_readers_agree_on_bundles(vector):
    magic = b"keyswitch-bundle/1"
    ours = judged(by_keyswitch, vector, make_bundles.HERE, magic)
    other = judged(by_the_other, vector, make_bundles.HERE, magic)
    assert ours == other
    if vector["expect"] == "success":
        assert sorted(ours["profiles"]) == vector["profiles"]
    else:
        assert ours == vector["expect"]
    record(
        promise="P9", what="published bundle vectors x two readers",
        points=2, violations=0,
    )  # fmt: skip


@pytest.mark.parametrize("vector", BUNDLES, ids=[v["name"] for v in BUNDLES])
def test_an_import_of_a_bundle_vector_ends_as_the_index_says(vector, tmp_path):
    from keyswitch.errors import KeyswitchError
    from keyswitch.profiles.paths import Paths
    from keyswitch.providers.catalogue import load_catalogue
    from keyswitch.transfer import bundle

    none = str(tmp_path)
    catalogue = load_catalogue(Paths(config=none, data=none, state=none))
    data = make.content(vector, make_bundles.HERE)
    given = vector["with"].encode()
    if vector["import"] == "success":
        found = bundle.unpack(data, given, catalogue)
        assert [p.profile.name for p in found] == vector["profiles"]
        return
    with pytest.raises(KeyswitchError) as caught:
        bundle.unpack(data, given, catalogue)
    locked = isinstance(caught.value, LockedError)
    assert locked == (vector["import"] == "wrong passphrase")
