"""Inputs near to good ones: bytes, values and lines that are exchanged.

Everything comes from one number, so that a failing example is that number.
"""

import json
import random

PIECES = (
    b"9" * 5000, b"[" * 1000, b'{"a":' * 1000, b"[" * 220 + b"]" * 220,
    b"0x" + b"f" * 4000, b"NaN", b"-Infinity", b"1e999", b"-0", b"null",
    b'"\\ud800"', b'"\\u0000"', b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\r\n",
    b"\r", b"\x1b[2J", "\u202e".encode(), "\u2028".encode(), b"\x85", b"\x0b",
    b'"', b"'", b'"""', b"\\", b"=", b":", b",", b"{", b"}", b"[", b"]", b"#",
    b".", b".a" * 40, b"a" * 9000, b"\n[a]\n", b"\n[[a]]\n", b"true", b"{}",
    b"1979-05-27T07:32:00Z", b"1979-05-27", b"../../x", b"\x01v\0" * 20,
    b"\xff\xff\xff\xff", b"\x01a", b"()", b"$(id)", b"`id`", b"", b" ",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 1 << 70, 1.5, "", "x", "\0", "\ud800", "\u202e",
    [], {}, [[]], [None], ["x"], {"a": None}, {"": ""}, "9" * 300, [1, 2, 3],
)  # fmt: skip


def of(number, seeds):
    """Return the bytes that a number stands for."""
    chance = random.Random(number)
    data = chance.choice(seeds)
    if chance.random() < 0.5:
        made = other_value(data, chance)
        if made is not None:
            return made
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = _changed(data, chance)
    return data


def _changed(data, chance):
    at = chance.randrange(len(data) + 1)
    size = chance.choice((0, 0, 1, 1, 4, 20))
    how = chance.randrange(5)
    if how == 0:
        return data[:at] + chance.randbytes(chance.choice((1, 2, 8))) + data[
            at + size :]  # fmt: skip
    if how == 1:
        return data[:at]
    if how == 2:
        other = chance.randrange(len(data) + 1)
        return data[:at] + data[other : other + 40] + data[at:]
    return data[:at] + chance.choice(PIECES) + data[at + size :]


def other_value(data, chance):
    """Exchange one value of a JSON document; None: it is none."""
    try:
        document = json.loads(data)
    except ValueError:
        return None
    places = list(_places([document]))
    holder, key = chance.choice(places)
    how = chance.randrange(6)
    if how == 0 and isinstance(holder, dict):
        holder[chance.choice(("x", "type", "", "\ud800"))] = holder.pop(key)
    elif how == 1:
        del holder[key]
    else:
        holder[key] = chance.choice(VALUES)
    return json.dumps(document).encode()


def _places(holder):
    keys = holder if isinstance(holder, dict) else range(len(holder))
    for key in list(keys):
        yield holder, key
        if isinstance(holder[key], dict | list) and holder[key]:
            yield from _places(holder[key])


SPACES = ("", "", " ", "\n", "\n  ", "\t", "\r\n", "\r\n\t")
SCALARS = (
    "1e400", "1E5", "-0.0", "0", "12345678901234567890123", "1.50", "true",
    "null", "false", r'"\ud800"', r'"\u00e9\/"', '"é"', r'"a\"b"', '"{[,:]}"',
    '""', '"\u2028"', '"FAKE"', r'"\\"', "9" * 5000,
)  # fmt: skip
NAMES = (
    "env", "theme", "a", "", "é", "permissions", "apiKeyHelpe", "{", "a\nb",
    "customApiKeyResponse", "\\", '"', "\u2028", "ANTHROPIC_API_KEY",
)  # fmt: skip


OWNED = ("env", "ANTHROPIC_API_KEY")


def document(number):
    """Return a settings.json in any style that a person or program writes."""
    chance = random.Random(number)
    members = _members(chance, 3)
    if chance.random() < 0.5:
        own = chance.choice(('"echo FAKE"', '""', "null", "7", "[1, 2]"))
        gaps = [chance.choice(SPACES) for _ in range(4)]
        member = f'{gaps[0]}"apiKeyHelper"{gaps[1]}:{gaps[2]}{own}{gaps[3]}'
        members.insert(chance.randrange(len(members) + 1), member)
    inside = ",".join(members) or chance.choice(SPACES)
    mark = chance.choice(("", "", "", "\ufeff"))
    tail = chance.choice(SPACES)
    return f"{mark}{chance.choice(SPACES)}{{{inside}}}{tail}".encode()


def _members(chance, depth):
    made = []
    names = chance.sample(NAMES, chance.randrange(6))
    if chance.random() < 0.1:  # of others' members, one may be there twice
        names += [n for n in names if n not in OWNED][:1]
    for name in names:
        key = json.dumps(name, ensure_ascii=chance.random() < 0.5)
        gaps = [chance.choice(SPACES) for _ in range(4)]
        value = _value(chance, depth)
        made.append(f"{gaps[0]}{key}{gaps[1]}:{gaps[2]}{value}{gaps[3]}")
    return made


def _value(chance, depth):
    how = chance.randrange(4) if depth else 0
    if not depth and chance.random() < 0.02:
        deep = chance.randrange(1, 190)
        return "[" * deep + chance.choice(SPACES) + "]" * deep
    if how == 2:
        parts = _members(chance, depth - 1)
        return "{" + (",".join(parts) or chance.choice(SPACES)) + "}"
    if how == 3:
        parts = [
            f"{chance.choice(SPACES)}{_value(chance, depth - 1)}"
            for _ in range(chance.randrange(4))
        ]
        return "[" + (",".join(parts) or chance.choice(SPACES)) + "]"
    return chance.choice(SCALARS)
