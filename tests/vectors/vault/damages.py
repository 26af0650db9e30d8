"""The vectors that have to be refused for their form or their content."""

import base64
import json

from keyswitch.secrets.vault import envelope
from tests.vectors.vault import make
from tests.vectors.vault.make import (
    BIG,
    CHEAP,
    HEADER,
    MAC,
    MACHINE,
    MAGIC,
    OTHER_KEY,
    OTHER_VID,
    PARAMETER,
    PASS,
    PAYLOAD,
    VID,
    b64,
    body_of,
    header,
    passphrase_slot,
    plain_slot,
    signed,
    vault,
)

WAY = {"machine": MACHINE.hex()}
PHRASE = {"passphrase": PASS}


def raw_headers():
    """Other spellings of a header, each under a right MAC."""
    right = header(plain_slot())
    text = envelope.canonical(right).decode()
    yield "spaces", json.dumps(right, sort_keys=True)
    yield "order", json.dumps(right, separators=(",", ":"))
    yield "leading-space", " " + text
    yield "trailing-space", text + " "
    yield "carriage-return", text + "\r"
    yield "byte-order-mark", "\ufeff" + text
    yield "escaped-letter", text.replace('"vid"', '"\\u0076id"')
    yield "capital-escape", text.replace("machine", "machin\\u0065")
    yield "duplicate-key", text[:-1] + ',"vid":"' + VID + '"}'
    yield "duplicate-first", '{"epoch":3,' + text[1:]
    yield "extra-key", text[:-1] + ',"x":1}'
    yield "float-epoch", text.replace('"epoch":3', '"epoch":3.0')
    yield "exponent-epoch", text.replace('"epoch":3', '"epoch":3e0')
    yield "signed-zero-epoch", text.replace('"epoch":3', '"epoch":-0')
    yield "nan-epoch", text.replace('"epoch":3', '"epoch":NaN')
    yield "huge-epoch", text.replace('"epoch":3', '"epoch":' + "9" * 5000)
    yield "trailing-comma", text[:-1] + ",}"
    yield "comment", text + "//"
    yield "two-documents", text + text
    yield "empty", ""
    yield "null", "null"
    yield "list", "[" + text + "]"
    yield "string", json.dumps(text)
    yield "not-ascii", text.replace("machine", "machin\u00e9")
    yield "deep", "[" * 30_000 + "]" * 30_000


def spellings():
    for name, raw in raw_headers():
        data = signed(raw.encode(), body_of())
        yield f"header-{name}", data, WAY, HEADER
    text = envelope.canonical(header(plain_slot())).decode()
    for name in ("utf-16", "utf-32"):
        raw = text.encode(name).replace(b"\n", b"")
        yield f"header-{name}", signed(raw, body_of()), WAY, HEADER
    yield (
        "header-not-utf-8",
        signed(b"\xff" + text.encode(), body_of()),
        WAY,
        HEADER,
    )


def values():
    """Canonical headers with a value that may not be there."""
    changes = {
        "epoch-0": {"epoch": 0}, "epoch-negative": {"epoch": -1},
        "epoch-true": {"epoch": True}, "epoch-text": {"epoch": "3"},
        "epoch-null": {"epoch": None}, "epoch-too-large": {"epoch": 1 << 53},
        "hver-0": {"hver": 0}, "hver-float": {"hver": 1.5},
        "vid-short": {"vid": VID[:-1]}, "vid-long": {"vid": VID + "0"},
        "vid-capitals": {"vid": VID.upper()}, "vid-number": {"vid": 1},
        "vid-other-letters": {"vid": "g" * 32},
        "vid-other-digits": {"vid": "\u0661" * 32},
        "slots-none": {"slots": []}, "slots-null": {"slots": None},
        "slots-object": {"slots": {}}, "slots-nine": {"slots":
        [plain_slot() for _ in range(9)]}, "slot-null": {"slots": [None]},
        "slot-text": {"slots": ["machine"]}, "slot-list": {"slots": [[]]},
    }  # fmt: skip
    for name, changed in changes.items():
        full = header(plain_slot(), **changed)
        data = signed(envelope.canonical(full), body_of())
        yield f"value-{name}", data, WAY, HEADER
    for key in ("vid", "epoch", "hver", "slots"):
        full = header(plain_slot())
        del full[key]
        data = signed(envelope.canonical(full), body_of())
        yield f"value-no-{key}", data, WAY, HEADER


def slots():
    good = plain_slot()
    nonce, key = good["nonce"], good["key"]
    changes = {
        "extra-key": {"x": 1}, "item-of-another-kind": {"item": "x"},
        "unknown-type": {"type": "fido"}, "type-number": {"type": 1},
        "type-null": {"type": None}, "nonce-number": {"nonce": 1},
        "nonce-null": {"nonce": None}, "nonce-11": {"nonce": b64(bytes(11))},
        "nonce-13": {"nonce": b64(bytes(13))}, "nonce-empty": {"nonce": ""},
        "key-47": {"key": b64(bytes(47))}, "key-49": {"key": b64(bytes(49))},
        "key-list": {"key": [key]}, "key-newline": {"key": key + "\n"},
        "key-space": {"key": key[:4] + " " + key[4:]},
        "key-padding": {"key": key + "="}, "key-junk": {"key": key + "!"},
        "key-not-ascii": {"key": key[:-1] + "\u00e9"},
        "nonce-url-alphabet": {"nonce": b64(b"\xff" * 12).replace("/", "_")},
        "nonce-junk-inside": {"nonce": nonce[:4] + "\n" + nonce[4:]},
    }  # fmt: skip
    for name, changed in changes.items():
        yield f"slot-{name}", vault({**good, **changed}), WAY, HEADER
    yield "slot-no-nonce", vault({"type": "machine", "key": key}), WAY, HEADER
    kept = plain_slot("keychain", make.KEYCHAIN, item="ks1-00")
    yield "slot-item-number", vault({**kept, "item": 1}), WAY, HEADER
    phrase = passphrase_slot()
    del phrase["kdf"]
    yield "slot-no-kdf", vault(phrase), PHRASE, HEADER
    for name, kdf in (("null", None), ("list", []), ("text", "argon2id")):
        data = vault({**passphrase_slot(), "kdf": kdf})
        yield f"slot-kdf-{name}", data, PHRASE, HEADER
    salt = b64(b"\xff" * 15 + b"\xf0")
    for name, text in (
        ("number", 1), ("junk", "not base64!"), ("no-padding", salt[:-2]),
        ("last-bits", salt[:-3] + "x=="), ("url", salt.replace("/", "_")),
        ("line-end", salt + "\n"), ("null", None),
    ):  # fmt: skip
        slot = passphrase_slot()
        data = vault({**slot, "kdf": {**slot["kdf"], "salt": text}})
        yield f"slot-salt-{name}", data, PHRASE, HEADER


def bounds():
    changes = {
        "m-low": {"m": 19455}, "m-high": {"m": (1 << 20) + 1},
        "m-0": {"m": 0}, "m-negative": {"m": -19456}, "m-float": {"m": 2e4},
        "m-text": {"m": "19456"}, "m-huge": {"m": 10**300}, "t-0": {"t": 0},
        "t-11": {"t": 11}, "t-true": {"t": True}, "t-2-32": {"t": 1 << 32},
        "p-0": {"p": 0}, "p-17": {"p": 17}, "p-null": {"p": None},
        "extra": {"x": 1}, "version": {"v": 19}, "name": {"name": "md5"},
        "name-argon2i": {"name": "argon2i"}, "name-null": {"name": None},
        "name-list": {"name": ["argon2id"]},
        "salt-15": {"salt": b64(bytes(15))}, "salt-17": {"salt":
        b64(bytes(17))}, "salt-empty": {"salt": ""},
    }  # fmt: skip
    slot = passphrase_slot()
    for name, changed in changes.items():
        data = vault({**slot, "kdf": {**slot["kdf"], **changed}})
        yield f"kdf-{name}", data, PHRASE, PARAMETER
    for name, n in (("small", 1 << 14), ("large", 1 << 19), ("odd", 40_000),
                    ("true", True), ("negative", -(1 << 15))):  # fmt: skip
        kdf = {"name": "scrypt", "n": n, "salt": b64(bytes(16))}
        data = vault({**slot, "kdf": kdf})
        yield f"kdf-scrypt-{name}", data, PHRASE, PARAMETER
    many = {
        "one": [{**CHEAP, "m": 1 << 20, "t": 2}],
        "two": [{**CHEAP, "m": 1 << 20}] * 2,
        "eight": [{**CHEAP, "m": 1 << 18}] * 8,
        "passes": [{**CHEAP, "m": 1 << 16, "t": 10}] * 3,
        "scrypt": [{"name": "scrypt", "n": 1 << 18}] * 3,
        "mixed": [{"name": "scrypt", "n": 1 << 18}, {**CHEAP, "m": 1 << 20}],
    }
    for name, kdfs in many.items():
        made = [
            {**slot, "kdf": {**kdf, "salt": b64(bytes([i] * 16))}}
            for i, kdf in enumerate(kdfs)
        ]
        yield f"work-{name}", vault(*made), PHRASE, PARAMETER


def outsides():
    good = vault()
    lines = good.split(b"\n", 3)
    for name, magic in (
        ("v2", b"keyswitch-vault/2"), ("capital", b"Keyswitch-vault/1"),
        ("space", MAGIC + b" "), ("carriage-return", MAGIC + b"\r"),
        ("empty", b""), ("bundle", b"keyswitch-bundle/1"),
        ("no-version", b"keyswitch-vault"), ("nul", MAGIC + b"\0"),
    ):  # fmt: skip
        raw = envelope.canonical(header(plain_slot()))
        data = signed(raw, body_of(), magic=magic)
        yield f"magic-{name}", data, WAY, HEADER
    for name, mac in (
        ("empty", b""), ("short", lines[2][:-5] + b"="),
        ("space", lines[2] + b" "), ("carriage-return", lines[2] + b"\r"),
        ("hex", base64.b64decode(lines[2]).hex().encode()),
        ("31", b64(bytes(31)).encode()), ("33", b64(bytes(33)).encode()),
        ("not-ascii", b"\xff" * 44),
    ):  # fmt: skip
        data = b"\n".join([*lines[:2], mac, lines[3]])
        yield f"mac-text-{name}", data, WAY, HEADER
    yield "file-empty", b"", WAY, HEADER
    yield "file-magic-only", MAGIC + b"\n", WAY, HEADER
    yield "file-no-body", b"\n".join([*lines[:3], b""]), WAY, HEADER
    yield "file-no-mac-line", b"\n".join([*lines[:2], lines[3]]), WAY, HEADER
    for size in (31, 32, 48, 1071):
        data = b"\n".join([*lines[:3], lines[3][:size]])
        yield f"body-of-{size}", data, WAY, HEADER
    yield "file-too-large", {"of": "ok-machine", "zeros": BIG}, WAY, HEADER
    yield "header-too-large", {"header": 64 * 1024}, WAY, HEADER
    yield "line-ends-of-windows", good.replace(b"\n", b"\r\n", 3), WAY, HEADER
    yield "mark-first", b"\xef\xbb\xbf" + good, WAY, HEADER


def macs():
    raw = envelope.canonical(header(plain_slot()))
    body = body_of()
    yield "mac-zero", signed(raw, body).replace(
        signed(raw, body).split(b"\n")[2], b64(bytes(32)).encode()), WAY, MAC  # fmt: skip  # noqa: E501
    yield "mac-of-another-key", signed(raw, body, OTHER_KEY), WAY, MAC
    good = vault()
    for name, old, new in (
        ("epoch", b'"epoch":3', b'"epoch":4'),
        ("hver", b'"hver":4', b'"hver":3'),
    ):
        yield f"mac-{name}-changed", good.replace(old, new), WAY, MAC
    two = vault(passphrase_slot(), plain_slot())
    parts = two.split(b"\n", 3)
    document = json.loads(parts[1])
    for name, kept in (
        ("removed", document["slots"][1:]),
        ("doubled", document["slots"] + document["slots"][:1]),
        ("reordered", document["slots"][::-1]),
    ):
        changed = envelope.canonical({**document, "slots": kept})
        data = b"\n".join([parts[0], changed, *parts[2:]])
        yield f"mac-slot-{name}", data, WAY, MAC
    foreign = signed(raw, body, magic=b"keyswitch-bundle/1")
    data = foreign.replace(b"keyswitch-bundle/1", MAGIC, 1)
    yield "mac-of-a-bundle", data, WAY, MAC
    first = plain_slot()
    data = vault(first).replace(b'"hver":4', b'"hver":5')
    yield "mac-of-the-version-before", data, WAY, MAC


def payloads():
    raw = envelope.canonical(header(plain_slot()))
    bodies = {
        "epoch-before": body_of(epoch=2), "epoch-after": body_of(epoch=4),
        "another-vault": body_of(vid=OTHER_VID),
        "another-key": body_of(key=OTHER_KEY),
        "trailing-byte": body_of() + b"\0", "newline": body_of() + b"\n",
        "tag-cut": body_of(bytes(2048))[:-1],
        "salt-changed": b"\0" + body_of()[1:], "zero": bytes(2048),
        "block-cut": body_of(bytes(4096))[:-1024],
    }  # fmt: skip
    for at in (0, 31, 32, 500, -16, -1):
        body = bytearray(body_of())
        body[at] ^= 0x80
        bodies[f"byte-{at}"] = bytes(body)
    for name, text, padding in (
        ("padding-not-zero", b"{}", b"\0" * 1017 + b"\1"),
        ("padding-short", b"{}", b"\0" * 1050),
        ("not-json", b"{", b"\0" * 1019), ("list", b"[]", b"\0" * 1018),
        ("null", b"null", b"\0" * 1016), ("empty", b"", b"\0" * 1020),
        ("text-after", b"{}x", b"\0" * 1017),
        ("not-utf-8", b'{"a":"\xff"}', b"\0" * 1011),
        ("digits", b'{"a":' + b"9" * 5000 + b"}", b"\0" * 110),
        ("deep", b"[" * 9000, b"\0" * 212),
    ):  # fmt: skip
        bodies[name] = body_of(len(text).to_bytes(4, "big") + text + padding)
    size = (1 << 32) - 1
    bodies["length-too-large"] = body_of(size.to_bytes(4, "big") + bytes(1020))
    bodies["length-one-over"] = body_of((1021).to_bytes(4, "big") + bytes(1020))
    for name, body in bodies.items():
        yield f"payload-{name}", signed(raw, body), WAY, PAYLOAD


GROUPS = (spellings, values, slots, bounds, outsides, macs, payloads)
