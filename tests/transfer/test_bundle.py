"""The bundle: nothing in it is believed before it is checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.errors import KeyswitchError
from keyswitch.model import Profile
from keyswitch.profiles.paths import Paths
from keyswitch.providers.catalogue import load_catalogue
from keyswitch.secret import Secret
from keyswitch.secrets.vault import envelope, key_slots
from keyswitch.transfer import bundle
from keyswitch.transfer.bundle import Packed

PHRASE = b"FAKE passphrase"
# The least that the format allows, so that a test is quick.
CHEAP = {"name": "argon2id", "m": 19 * 1024, "t": 1, "p": 1}
KEY = "sk-ant-api03-FAKE-bundle-0000000000000000000EXAMPLE"
PACKED = [
    Packed(Profile("work", "anthropic", label="Acme"), {"api_key": Secret(KEY)})
]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("none"))
    return load_catalogue(Paths(config=folder, data=folder, state=folder))


@pytest.fixture(scope="module")
def whole():
    return bundle.pack(PACKED, PHRASE, CHEAP)


@pytest.fixture
def quick(monkeypatch):
    """Derive the key of a passphrase once only."""
    known = {}
    derive = key_slots.derive

    def once(passphrase, kdf):
        key = passphrase, str(sorted(kdf.items()))
        if key not in known:
            known[key] = derive(passphrase, kdf)
        return known[key]

    monkeypatch.setattr(key_slots, "derive", once)


def sealed(profiles, **other):
    """Return a bundle with this inside, made by somebody who has the key."""
    vid, key = "00" * 16, b"k" * 32
    slot = key_slots.wrap_passphrase(vid, key, PHRASE, CHEAP)
    header = {"vid": vid, "epoch": 1, "hver": 1, "slots": [slot]}
    payload = {"kind": "keyswitch-bundle", "version": 1, "profiles": profiles}
    return envelope.seal(header, key, {**payload, **other}, bundle.MAGIC)


def test_what_is_packed_is_unpacked(whole, catalogue):
    (one,) = bundle.unpack(whole, PHRASE, catalogue)
    assert one.profile == PACKED[0].profile
    assert one.secrets["api_key"].reveal() == KEY


def test_every_flipped_bit_is_noticed(whole, catalogue, quick):
    for i in range(len(whole)):
        for bit in (1, 16, 128) if i > 400 else (1, 2, 4, 8, 16, 32, 64, 128):
            bent = whole[:i] + bytes([whole[i] ^ bit]) + whole[i + 1 :]
            with pytest.raises(KeyswitchError):
                bundle.unpack(bent, PHRASE, catalogue)


def test_every_truncation_is_noticed(whole, catalogue, quick):
    for size in range(len(whole)):
        with pytest.raises(KeyswitchError):
            bundle.unpack(whole[:size], PHRASE, catalogue)


ENTRY = {"toml": 'provider = "anthropic"\n', "secrets": {"api_key": KEY}}
LOCAL = (
    '[secrets.api_key]\nstore = "keychain"\nitem = "ks1-00"\ngeneration = 1\n'
)


@pytest.mark.parametrize(
    "profiles",
    [
        [],
        {"../x": ENTRY},
        {"con": ENTRY},
        {"a\x1b[2J": ENTRY},
        {"a": None},
        {"a": {}},
        {"a": {**ENTRY, "run": "x"}},
        {"a": {**ENTRY, "toml": 1}},
        {"a": {**ENTRY, "toml": "provider = 'nobody'\n"}},
        {"a": {**ENTRY, "toml": "provider = 'claude-login'\n"}},
        {"a": {**ENTRY, "toml": ENTRY["toml"] + LOCAL}},
        {"a": {**ENTRY, "toml": ENTRY["toml"] + 'label = "\\u202e"\n'}},
        {"a": {**ENTRY, "toml": "a" + ".a" * 30_000 + " = 1\n"}},
        {"a": {**ENTRY, "toml": "x" * 70_000}},
        {"a": {**ENTRY, "secrets": {"nothing": KEY}}},
        {"a": {**ENTRY, "secrets": {"api_key": 1}}},
        {"a": {**ENTRY, "secrets": {"api_key": KEY + "\n\x07"}}},
        {"a": {**ENTRY, "secrets": {"api_key": "\ud800"}}},
        {f"p{i}": ENTRY for i in range(1001)},
        {
            "a": {
                "toml": 'provider = "custom"\n[fields]\nenv = "PATH"\n',
                "secrets": {"value": "x"},
            }
        },
    ],
    ids=range(20),
)
def test_a_hostile_entry_is_refused(profiles, catalogue, quick):
    with pytest.raises(KeyswitchError):
        bundle.unpack(sealed(profiles), PHRASE, catalogue)


def test_a_newer_bundle_says_that(catalogue, quick):
    with pytest.raises(KeyswitchError, match="newer keyswitch"):
        bundle.unpack(sealed({}, version=2), PHRASE, catalogue)


@given(data=st.binary(max_size=3000), head=st.booleans())
def test_any_bytes_give_the_typed_error(data, head, catalogue):
    text = bundle.MAGIC + b"\n" + data if head else data
    with pytest.raises(KeyswitchError):
        bundle.unpack(text, PHRASE, catalogue)
