"""Write the published vectors of the vault format.

    python tests/vectors/vault/make.py --write

Every byte that is random in a real vault comes from a counter here, so the
files come out the same. Each vector says what opens it, what is expected, and
with that which layer has to refuse: the first one that can.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))

from keyswitch.secrets.vault import access, envelope, key_slots  # noqa: E402

MAGIC = envelope.MAGIC
VID, OTHER_VID = "0f" * 16, "1e" * 16
DATA_KEY, OTHER_KEY = bytes(range(32)), bytes(range(32, 64))
MACHINE = b"FAKE-machine-key-of-32-bytes-000"
KEYCHAIN = b"FAKE-keychain-key-of-32-bytes-00"
PASS = "FAKE passphrase é EXAMPLE"
ENTRIES = {"entries": {"ks1-00:1": "FAKE-value-EXAMPLE", "ks1-01:2": "é\n"}}
CHEAP = {"name": "argon2id", "m": 19456, "t": 1, "p": 1}
BIG = 16 * 1024 * 1024

OK, WRONG = "success", "wrong passphrase"
HEADER, MAC = "header failure", "header MAC failure"
PAYLOAD, PARAMETER = "payload failure", "parameter refused"


class Counter:
    """Bytes in the place of random ones: the same ones each time."""

    def __init__(self, seed):
        self.seed, self.count = seed, 0

    def __call__(self, size):
        self.count += 1
        text = f"{self.seed}/{self.count}".encode()
        return hashlib.shake_128(text).digest(size)


def b64(data):
    return base64.b64encode(data).decode()


def passphrase_slot(kdf=CHEAP, phrase=PASS, vid=VID, key=DATA_KEY):
    return key_slots.wrap_passphrase(vid, key, phrase.encode(), kdf)


def plain_slot(kind="machine", key=MACHINE, vid=VID, **extra):
    return key_slots.wrap(vid, DATA_KEY, kind, key, **extra)


def header(*slots, **changed):
    full = {"vid": VID, "epoch": 3, "hver": 4, "slots": list(slots)}
    return {**full, **changed}


def signed(raw, body, key=DATA_KEY, magic=MAGIC):
    """Return a vault around header bytes of any kind, with a right MAC."""
    lines = magic + b"\n" + raw + b"\n"
    mac = envelope._header_mac(key, lines).finalize()
    return lines + b64(mac).encode() + b"\n" + body


def body_of(plain=None, key=DATA_KEY, vid=VID, epoch=3):
    plain = envelope._padded(ENTRIES) if plain is None else plain
    with mock.patch.object(envelope, "_padded", return_value=plain):
        whole = envelope.seal({"vid": vid, "epoch": epoch}, key, {})
    return whole.split(b"\n", 3)[3]


def vault(*slots, **changed):
    slots = slots or (plain_slot(),)
    full = header(*slots, **changed)
    return signed(envelope.canonical(full), body_of(epoch=full["epoch"]))


def successes():
    machine = {"machine": MACHINE.hex()}
    phrase = {"passphrase": PASS}
    code = access.new_recovery_code()
    recovery = plain_slot("recovery", access.recovery_key(code))
    kept = plain_slot("keychain", KEYCHAIN, item="ks1-00")
    yield "ok-machine", vault(), machine, OK
    yield "ok-passphrase", vault(passphrase_slot()), phrase, OK
    yield "ok-recovery", vault(recovery), {"recovery": code}, OK
    yield "ok-keychain", vault(kept), {"keychain": KEYCHAIN.hex()}, OK
    everything = vault(passphrase_slot(), recovery, kept, plain_slot())
    yield "ok-four-ways-passphrase", everything, phrase, OK
    yield "ok-four-ways-machine", everything, machine, OK
    default = passphrase_slot(key_slots.DEFAULT_KDF)
    yield "ok-default-kdf", vault(default), phrase, OK
    for n in (15, 17):
        slot = passphrase_slot({"name": "scrypt", "n": 1 << n})
        yield f"ok-scrypt-{n}", vault(slot), phrase, OK
    second = vault(passphrase_slot(phrase="FAKE other"), passphrase_slot())
    yield "ok-second-passphrase-slot", second, phrase, OK
    eight = vault(*[plain_slot() for _ in range(8)])
    yield "ok-eight-slots", eight, machine, OK
    for t, p in ((2, 1), (1, 4), (10, 16)):
        slot = passphrase_slot({**CHEAP, "t": t, "p": p})
        yield f"ok-argon2-t{t}-p{p}", vault(slot), phrase, OK
    last = (1 << 53) - 1
    yield "ok-last-epoch", vault(epoch=last, hver=last), machine, OK
    odd = plain_slot("keychain", KEYCHAIN, item="\ud800\n é")
    yield "ok-odd-item", vault(odd), {"keychain": KEYCHAIN.hex()}, OK
    sizes = {"none": {}, "no-entries": {"entries": {}}}
    sizes["one-block"] = {"x": "y" * (1024 - 4 - 8)}
    sizes["over-one-block"] = {"x": "y" * (1024 - 4 - 7)}
    sizes["forty-blocks"] = {"entries": {f"ks1-{i}:1": "F" * 800 for i in
                                         range(50)}}  # fmt: skip
    for name, document in sizes.items():
        body = body_of(envelope._padded(document))
        data = signed(envelope.canonical(header(plain_slot())), body)
        yield f"ok-payload-{name}", data, machine, OK


def wrong_keys():
    yield "no-other-passphrase", vault(passphrase_slot()), {
        "passphrase": PASS + "x"}, WRONG  # fmt: skip
    yield "no-passphrase-not-normalised", vault(passphrase_slot()), {
        "passphrase": PASS.replace("é", "e\u0301")}, WRONG  # fmt: skip
    yield "no-empty-passphrase", vault(passphrase_slot()), {
        "passphrase": ""}, WRONG  # fmt: skip
    yield "no-other-machine", vault(), {"machine": "00" * 32}, WRONG
    yield "no-such-slot", vault(), {"passphrase": PASS}, WRONG
    foreign = vault(plain_slot(vid=OTHER_VID))
    yield "no-slot-of-another-vault", foreign, {"machine": MACHINE.hex()}, WRONG
    slot = passphrase_slot()
    for name, kdf in (
        ("t", {**slot["kdf"], "t": 2}),
        ("p", {**slot["kdf"], "p": 2}),
        ("m", {**slot["kdf"], "m": 19457}),
        ("salt", {**slot["kdf"], "salt": b64(bytes(16))}),
    ):
        data = vault({**slot, "kdf": kdf})
        yield f"no-kdf-{name}-changed", data, {"passphrase": PASS}, WRONG
    data = vault({**plain_slot("recovery"), "type": "machine"})
    yield "no-slot-of-another-kind", data, {"machine": MACHINE.hex()}, WRONG
    kept = {**plain_slot("keychain", KEYCHAIN, item="ks1-00"), "item": "ks1-1"}
    yield "no-item-changed", vault(kept), {"keychain": KEYCHAIN.hex()}, WRONG
    one, two = passphrase_slot(), passphrase_slot(phrase="FAKE other")
    swapped = vault({**one, "kdf": two["kdf"]}, {**two, "kdf": one["kdf"]})
    yield "no-kdfs-swapped", swapped, {"passphrase": PASS}, WRONG
    for at in (0, 31, 32, 47):
        slot = plain_slot()
        key = bytearray(base64.b64decode(slot["key"]))
        key[at] ^= 1
        data = vault({**slot, "key": b64(bytes(key))})
        yield f"no-wrapped-key-byte-{at}", data, {
            "machine": MACHINE.hex()}, WRONG  # fmt: skip


def build():
    """Return the files by name, and the index."""
    from tests.vectors.vault import damages

    files, index = {}, []
    groups = (successes, wrong_keys, *damages.GROUPS)
    for group in groups:
        with mock.patch.object(envelope.os, "urandom", Counter(group.__name__)):
            for name, made, way, expect in group():
                ((kind, given),) = way.items()
                entry = {"name": name, "open": kind, "with": given,
                         "expect": expect}  # fmt: skip
                if isinstance(made, dict):
                    entry["generate"] = made
                else:
                    files[name + ".ksv"] = made
                index.append(entry)
    text = json.dumps({"magic": MAGIC.decode(), "vectors": index}, indent=1)
    files["index.json"] = (text + "\n").encode()
    return files


def content(entry, folder=HERE):
    """Return a vector's bytes; the large ones are made from a small one."""
    made = entry.get("generate")
    if made is None:
        return (folder / f"{entry['name']}.ksv").read_bytes()
    if "of" in made:
        data = (folder / f"{made['of']}.ksv").read_bytes()
        return data + bytes(made["zeros"])
    raw = b'{"' + b"a" * made["header"] + b'":1}'
    return signed(raw, bytes(1200))


def main(build, folder):
    files = build()
    if sys.argv[1:] != ["--write"]:
        raise SystemExit("usage: make.py --write")
    for old in folder.glob("*.ksv"):
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    print(f"{len(files) - 1} files")


if __name__ == "__main__":
    main(build, HERE)
