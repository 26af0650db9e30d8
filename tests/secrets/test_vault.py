"""The vault: every bit counts, nothing opens it but its keys."""

import json
import os
import stat
import subprocess
import sys

import pytest

from keyswitch import kernel_keyring
from keyswitch.disk import atomic
from keyswitch.errors import InputError, KeyswitchError, LockedError, StoreError
from keyswitch.profiles.paths import resolve
from keyswitch.secret import Secret
from keyswitch.secrets.keychain import store as keychain
from keyswitch.secrets.vault import (
    access,
    envelope,
    key_slots,
    reading,
)
from keyswitch.secrets.vault.writing import VaultStore

PASS = Secret("correct horse battery")
VALUE = Secret("FAKE-vault-value-é\n")
DATA_KEY = bytes(range(32))
VID = "ab" * 16


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(key_slots, "DEFAULT_KDF", key_slots.CHEAPEST_KDF)
    # What one vault caches must not open the next one.
    monkeypatch.setattr(kernel_keyring, "write", lambda *_: False)


@pytest.fixture
def paths(tmp_path):
    return resolve({"KEYSWITCH_HOME": str(tmp_path)})


def sealed(payload=None, slots=None, **header):
    slots = slots or [key_slots.wrap(VID, DATA_KEY, "machine", b"m" * 32)]
    full = {"vid": VID, "epoch": 3, "hver": 4, "slots": slots, **header}
    return envelope.seal(full, DATA_KEY, payload or {"entries": {"a:1": "b"}})


def opened(data):
    found = envelope.parse(data)
    slot = key_slots.slot_of(found, "machine")
    assert key_slots.unwrap(found, slot, b"m" * 32)
    return found.payload()


def test_what_is_sealed_is_opened_again():
    assert opened(sealed()) == {"entries": {"a:1": "b"}}


def test_every_flipped_bit_is_noticed():
    data = sealed()
    for position in range(len(data)):
        for bit in (1 << (position % 8), 0x80):
            damaged = bytearray(data)
            damaged[position] ^= bit
            with pytest.raises((StoreError, LockedError, AssertionError)):
                opened(bytes(damaged))


def test_every_truncation_and_an_extra_byte_are_noticed():
    data = sealed()
    for size in range(len(data)):
        with pytest.raises((StoreError, AssertionError)):
            opened(data[:size])
    with pytest.raises(StoreError):
        opened(data + b"\0")


def test_a_body_of_another_epoch_or_vault_does_not_fit():
    data = sealed()
    body = envelope.parse(data).body
    slots = envelope.parse(data).header["slots"]
    for other in ({"epoch": 4}, {"vid": "cd" * 16}):
        header = {"vid": VID, "epoch": 3, "hver": 4, "slots": slots, **other}
        found = envelope.parse(envelope.with_body(header, DATA_KEY, body))
        assert found.use_key(DATA_KEY)
        with pytest.raises(envelope.DamagedError):
            found.payload()


def slot(**kdf):
    full = {"name": "argon2id", "m": 19456, "t": 1, "p": 1, **kdf}
    made = key_slots.wrap_passphrase(
        VID, DATA_KEY, b"x", key_slots.CHEAPEST_KDF
    )
    return {**made, "kdf": {**made["kdf"], **full}}


@pytest.mark.parametrize(
    "kdf",
    [
        {"m": 1 << 21},
        {"m": 8},
        {"t": 11},
        {"t": 0},
        {"p": 17},
        {"t": True},
        {"m": "19456"},
        {"name": "md5"},
        {"salt": "AAAA"},
        {"salt": "not base64!"},
        {"extra": 1},
    ],
)
def test_a_key_derivation_out_of_bounds_costs_nothing(kdf, monkeypatch):
    data = sealed(slots=[slot(**kdf)])
    monkeypatch.setattr(key_slots, "derive", None)
    with pytest.raises(envelope.DamagedError):
        envelope.parse(data)


def test_the_work_of_all_passphrase_slots_together_is_bounded(monkeypatch):
    found = envelope.parse(sealed(slots=[slot(m=1 << 20, t=1)] * 2))
    monkeypatch.setattr(key_slots, "derive", None)
    with pytest.raises(envelope.DamagedError, match="out of bounds"):
        key_slots.unwrap_passphrase(found, b"x")


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"null",
        b"{}",
        b"[" * 50_000,
        b'{"epoch":1, "hver":1}',
        b'{"epoch":1,"epoch":1}',
        b"\xff",
        b"x" * 70_000,
    ],
)
def test_a_strange_header_is_a_typed_error(header):
    with pytest.raises(envelope.DamagedError):
        envelope.parse(
            b"keyswitch-vault/1\n" + header + b"\nAAAA\n" + b"x" * 99
        )


def test_a_recovery_code_forgives_typing_habits_and_no_mistakes():
    code = access.new_recovery_code()
    key = access.recovery_key(code)
    assert len(key) == 16
    loose = code.lower().replace("-", " ").replace("0", "o")
    assert access.recovery_key(loose) == key
    wrong = ("2" if code[0] != "2" else "3") + code[1:]
    for text in (wrong, code[:-1], code + "A", "", "!" * 28):
        with pytest.raises(StoreError, match="not a recovery code"):
            access.recovery_key(text)


def test_a_passphrase_opens_it_and_a_wrong_one_does_not(paths):
    access.create(paths, passphrase=PASS)
    vault = VaultStore(paths, ask=lambda _: PASS)
    vault.put("ks1-a", 1, VALUE)
    assert VaultStore(paths, ask=lambda _: PASS).get("ks1-a", 1) == VALUE
    with pytest.raises(LockedError, match="wrong vault passphrase"):
        VaultStore(paths, ask=lambda _: Secret("wrong")).get("ks1-a", 1)
    with pytest.raises(LockedError, match="locked"):
        VaultStore(paths).get("ks1-a", 1)


def test_the_recovery_code_sets_a_new_passphrase(paths):
    code = access.create(paths, passphrase=PASS)
    VaultStore(paths, ask=lambda _: PASS).put("ks1-a", 1, VALUE)
    vault = VaultStore(paths)
    access.open_with_recovery(vault, code)
    access.change_passphrase(vault, Secret("another long one"))
    new = VaultStore(paths, ask=lambda _: Secret("another long one"))
    assert new.get("ks1-a", 1) == VALUE
    with pytest.raises(LockedError):
        VaultStore(paths, ask=lambda _: PASS).get("ks1-a", 1)


def test_a_new_passphrase_leaves_the_content_as_it_was(paths):
    access.create(paths, passphrase=PASS)
    vault = VaultStore(paths, ask=lambda _: PASS)
    before = vault.load().body
    access.change_passphrase(vault, Secret("another long one"))
    assert VaultStore(paths).load().body == before


def test_rotating_makes_every_old_copy_useless(paths):
    access.create(paths, passphrase=None, machine_key=True)
    vault = VaultStore(paths)
    vault.put("ks1-a", 1, VALUE)
    old = vault.open().data_key
    access.rotate(VaultStore(paths), None)
    fresh = VaultStore(paths)
    assert fresh.get("ks1-a", 1) == VALUE
    assert fresh.open().data_key != old
    assert reading.previous_versions(paths) == []


def test_a_machine_key_opens_it_for_nobody_without_the_key_file(paths):
    access.create(paths, passphrase=None, machine_key=True)
    VaultStore(paths).put("ks1-a", 1, VALUE)
    assert stat.S_IMODE(os.stat(paths.machine_key_file).st_mode) == 0o600
    assert VaultStore(paths).get("ks1-a", 1) == VALUE
    os.rename(paths.machine_key_file, paths.machine_key_file + ".away")
    with pytest.raises(LockedError, match="machine key"):
        VaultStore(paths).get("ks1-a", 1)


def test_without_the_machine_key_a_recovery_code_is_named(paths):
    access.create(paths, passphrase=None, machine_key=True)
    access.new_recovery(VaultStore(paths), lambda code: None)
    os.remove(paths.machine_key_file)
    with pytest.raises(LockedError, match="machine key") as refused:
        VaultStore(paths).open()
    assert "vault recovery --use" in refused.value.hint


class Items(dict):
    """A keychain, as far as a slot needs one."""

    def put(self, item, generation, value):
        self[item, generation] = value

    def get(self, item, generation):
        return self[item, generation]


def test_the_keychain_can_open_it(paths, monkeypatch):
    access.create(paths, passphrase=PASS)
    items = Items()
    access.add_keychain_slot(
        VaultStore(paths, ask=lambda _: PASS), items, "ks1-k"
    )
    monkeypatch.setattr(keychain, "open_keychain", lambda paths: items)
    assert VaultStore(paths).entries() == {}


def test_an_older_file_is_refused_and_both_versions_are_named(paths):
    access.create(paths, passphrase=None, machine_key=True)
    with open(paths.vault_file, "rb") as file:
        older = file.read()
    VaultStore(paths).put("ks1-a", 1, VALUE)
    with open(paths.vault_file, "wb") as file:
        file.write(older)
    with pytest.raises(StoreError, match=r"version 1\.1 after 2\.2"):
        VaultStore(paths).entries()
    access.accept_rollback(paths)
    assert not os.path.exists(paths.vault_seen_file)
    assert VaultStore(paths).entries() == {}


def test_a_reader_beside_a_writer_sees_no_older_file(paths, monkeypatch):
    """Whichever file it has read when another command stores something."""
    access.create(paths, passphrase=None, machine_key=True)
    VaultStore(paths).put("ks1-a", 1, VALUE)
    read = atomic.read_regular
    reads = []

    def read_and_overtaken(path, *args, **options):
        found = read(path, *args, **options)
        reads.append(path)
        monkeypatch.setattr(atomic, "read_regular", read)
        VaultStore(paths).put(f"ks1-{len(reads)}", 1, VALUE)
        monkeypatch.setattr(atomic, "read_regular", read_and_overtaken)
        return found

    monkeypatch.setattr(atomic, "read_regular", read_and_overtaken)
    assert VaultStore(paths).get("ks1-a", 1) == VALUE
    assert {paths.vault_file, paths.vault_seen_file} <= set(reads)


def test_three_versions_stay_beside_it_until_something_is_deleted(paths):
    access.create(paths, passphrase=None, machine_key=True)
    for number in range(5):
        VaultStore(paths).put(f"ks1-{number}", 1, VALUE)
    assert len(reading.previous_versions(paths)) == 3
    VaultStore(paths).delete("ks1-0", 1)
    assert reading.previous_versions(paths) == []
    with pytest.raises(StoreError, match="does not have"):
        VaultStore(paths).get("ks1-0", 1)


def test_every_file_is_private_whatever_the_umask(paths):
    before = os.umask(0)
    try:
        access.create(paths, passphrase=None, machine_key=True)
        VaultStore(paths).put("ks1-a", 1, VALUE)
    finally:
        os.umask(before)
    for folder, _, names in os.walk(os.path.dirname(paths.data)):
        for name in names:
            mode = os.stat(os.path.join(folder, name)).st_mode
            assert stat.S_IMODE(mode) == 0o600, name


@pytest.mark.parametrize("passphrase", ["", "short"])
def test_a_weak_passphrase_is_refused_or_warned_of(passphrase):
    if passphrase:
        assert "short" in access.check_passphrase(Secret(passphrase))
    else:
        with pytest.raises(InputError):
            access.check_passphrase(Secret(passphrase))


def test_two_writers_lose_nothing(paths):
    access.create(paths, passphrase=None, machine_key=True)
    code = (
        "import sys\n"
        "from keyswitch.profiles.paths import resolve\n"
        "from keyswitch.secret import Secret\n"
        "from keyswitch.secrets.vault.writing import VaultStore as Store\n"
        "paths = resolve({'KEYSWITCH_HOME': sys.argv[1]})\n"
        "for n in range(10):\n"
        "    Store(paths).put(f'ks1-{sys.argv[2]}-{n}', 1, Secret('FAKE'))\n"
    )
    home = os.path.dirname(paths.data)
    writers = [
        subprocess.Popen([sys.executable, "-c", code, home, name])
        for name in "ab"
    ]
    assert [w.wait() for w in writers] == [0, 0]
    assert len(VaultStore(paths).entries()) == 20


def test_no_message_shows_what_is_inside(paths):
    access.create(paths, passphrase=None, machine_key=True)
    VaultStore(paths).put("ks1-a", 1, VALUE)
    with open(paths.vault_file, "r+b") as file:
        file.seek(-3, 2)
        file.write(b"xxx")
    with pytest.raises(KeyswitchError) as caught:
        VaultStore(paths).get("ks1-a", 1)
    assert "FAKE" not in json.dumps([caught.value.message, caught.value.hint])
