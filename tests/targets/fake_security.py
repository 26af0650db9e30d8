"""A stand-in for `/usr/bin/security`: a keychain in a file, and a log.

It behaves as public reports measured the real one: hexadecimal digits for what
is not printable, status 44 for what is not there, and a line of more than 4096
bytes cut in two commands, of which the second is printed as unknown.
"""

import json
import stat

from tests.components import PYTHON

# The way to an interpreter may have a space, or be too long for a first line.
PROGRAM = """#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import json, os, shlex, signal, sys, time
from pathlib import Path

HERE = Path({folder!r})
argv, taken = sys.argv[1:], b""
if argv == ["-i"]:
    taken = sys.stdin.buffer.read()
with open(HERE / "log", "a") as log:
    log.write(json.dumps([argv, taken.decode("latin-1")]) + "\\n")
items = json.loads((HERE / "items").read_text())
orders = json.loads((HERE / "orders").read_text())
changing = argv == ["-i"]
adding = taken.startswith(b"add")

def obey(name):
    if name not in orders:
        return None
    order = orders[name]
    order["skipped"] -= 1
    order["times"] -= order["skipped"] < 0
    (HERE / "orders").write_text(json.dumps(orders))
    acts = order["skipped"] < 0 and order["times"] >= 0
    return order["value"] if acts else None

def end(status):
    (HERE / "items").write_text(json.dumps(items))
    other = argv[0] == "find-generic-password" and obey(
        "write-after-reading-" + option(argv, "-s"))
    if other:
        (HERE / "items").write_text(json.dumps({{**items, **other}}))
    sys.exit(status)

def option(words, name):
    return words[words.index(name) + 1]

def perform(words):
    name = option(words, "-s") + "|" + option(words, "-a")
    if words[0] == "add-generic-password":
        assert "-U" in words
        digits = option(words, "-X")
        items[name] = digits[: len(digits) // 2 * 2]
        return 0
    if name not in items:
        sys.stderr.write("security: SecKeychainSearchCopyNext: not found\\n")
        return 44
    if words[0] == "delete-generic-password":
        del items[name]
        return 0
    data = bytes.fromhex(items[name])
    plain = all(0x20 <= byte < 0x7F for byte in data)
    sys.stdout.write((data.decode() if plain else data.hex()) + "\\n")
    return 0

if obey("hang"):
    time.sleep(60)
if adding and obey("kill-before-write"):
    os.kill(os.getppid(), signal.SIGKILL)
    sys.exit(1)
status = obey("fail-write") if changing else obey("fail-read")
if status is not None:
    sys.stderr.write("security: refused: " + taken.decode() + "\\n")
    sys.exit(status)
if changing and obey("lie"):
    sys.exit(0)
if not changing:
    end(perform(argv))
status = 0
while taken:
    line, end_of_line, _ = taken[:4095].partition(b"\\n")
    taken = taken[len(line + end_of_line):]
    words = shlex.split(line.decode())
    if words and words[0].endswith("-generic-password"):
        status = perform(words)
    else:
        sys.stderr.write("security: unknown command " + line.decode())
        status = 1
if adding and obey("kill-after-write"):
    (HERE / "items").write_text(json.dumps(items))
    os.kill(os.getppid(), signal.SIGKILL)
end(status)
"""


class FakeSecurity:
    """The program, what is in its keychain, and how it was called."""

    def __init__(self, folder):
        self.folder = folder
        self.program = folder / "security"
        if folder.exists():
            return
        folder.mkdir(parents=True)
        text = PROGRAM.format(python=PYTHON, folder=str(folder))
        self.program.write_text(text)
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)
        self.clear()
        (folder / "orders").write_text("{}")
        (folder / "log").touch()

    def order(self, name, value=1, *, times=1, skipped=0):
        """Let the next calls that it concerns go another way."""
        found = json.loads((self.folder / "orders").read_text())
        found[name] = {"value": value, "times": times, "skipped": skipped}
        (self.folder / "orders").write_text(json.dumps(found))

    @property
    def unmet(self):
        """The orders that no call has followed, by name."""
        orders = json.loads((self.folder / "orders").read_text())
        return [
            name
            for name, order in orders.items()
            if order["skipped"] >= 0 and order["times"] > 0
        ]

    def clear(self):
        (self.folder / "items").write_text("{}")

    @property
    def items(self):
        """The content of every item, by service and account."""
        found = json.loads((self.folder / "items").read_text())
        return {name: bytes.fromhex(text) for name, text in found.items()}

    def put(self, service, value, account="me"):
        """Do what Claude Code does: write an item."""
        found = json.loads((self.folder / "items").read_text())
        data = value if isinstance(value, bytes) else value.encode()
        found[f"{service}|{account}"] = data.hex()
        (self.folder / "items").write_text(json.dumps(found))

    def get(self, service, account="me"):
        return self.items.get(f"{service}|{account}")

    @property
    def calls(self):
        """Every call: its arguments and what it was given on stdin."""
        lines = (self.folder / "log").read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines]
