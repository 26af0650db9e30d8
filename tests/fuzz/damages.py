"""Damaged files of keyswitch's own: what a disk or a person does to them.

A damage is a number: which file of a home, and what became of it. The home
has every kind of file that keyswitch writes, work under way included.
"""

import json
import os
import random
import shutil
import socket

from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.cli.logins import Logins
from tests.fuzz import mutations

FOLDERS = (".config/keyswitch", ".local/share/keyswitch",
           ".local/state/keyswitch")  # fmt: skip
STATE = FOLDERS[2]
PROVIDER = """\
title = "Own"
bill = "api"
rivals = ["OWN_URL"]
[constants]
OWN_MODE = "1"
[fields.key]
secret = true
env = ["OWN_KEY"]
[claude_code]
how = "none"
"""
# What a kill leaves: an item of nobody, a change that comes to nothing.
INTENTS = {"ks1-00.1": "vault\nks1-00\n1\nwork\n"}
JOURNAL = {
    "steps": [], "locks": [], "rights": [], "folders": [], "links": [],
    "emptied": [], "made": [],
}  # fmt: skip


def full_home(ks):
    """Make a home with one file of each kind, for `begin_as`."""
    ks.with_vault()
    config = ks.home / FOLDERS[0]
    (config / "providers").mkdir(parents=True)
    (config / "providers/own.toml").write_text(PROVIDER)
    ks.add("work")
    ks.add("personal", secret=OTHER)
    ks.add("mine", secret="FAKE-own-0000000000EXAMPLE", provider="own")
    Logins(ks).capture("anna")
    (ks.home / "src").mkdir()
    ks.at("src", "link", "personal")
    ks("link", "work", "--remote", "github.com/acme/*")
    ks("use", "anna")
    ks("use", "work")
    ks("edit", "personal", "--set", "model=claude-FAKE")
    ks("rotate", "personal", "--stdin", stdin=KEY[:-7] + "3EXAMPLE")
    ks("use", "personal")
    ks("use", "work")
    for name in ("work", "personal", "mine"):
        ks("env", name, "--format", "json")
    state = ks.home / STATE
    (state / "intents").mkdir(exist_ok=True)
    for name, text in INTENTS.items():
        (state / "intents" / name).write_text(text)
    for name in ("prepared", "commit"):
        (state / "journal" / name).write_text(json.dumps(JOURNAL))


def copied_home(home):
    """Fill an empty home with a copy of that one, which is made once."""
    Keyswitch(home).begin_as(full_home)


def places(home):
    """Return each path of keyswitch's own, folders included, sorted."""
    found = []
    for folder in FOLDERS:
        root = home / folder
        found += [root, *root.rglob("*")]
    return sorted(path.relative_to(home) for path in found)


def damage(home, number):
    """Do damage number `number`; return (path, what was done)."""
    chance = random.Random(number)
    every = places(home)
    files = [p for p in every if (home / p).is_file()]
    folders = [p for p in every if (home / p).is_dir()]
    if chance.random() < 0.1:
        place, how = chance.choice(folders), chance.choice(_TO_FOLDERS)
    else:
        # By kind first: there are many files of some.
        kinds = sorted({p.parent for p in files})
        kind = chance.choice(kinds)
        place = chance.choice([p for p in files if p.parent == kind])
        how = chance.choice(_TO_FILES)
    how(home / place, chance)
    return str(place), how.__name__.strip("_")


def _cut(path, chance):
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data) + 1)])


def _empty(path, chance):
    path.write_bytes(b"")


def _zeroed(path, chance):
    path.write_bytes(bytes(path.stat().st_size))


def _not_utf8(path, chance):
    data = path.read_bytes()
    at = chance.randrange(len(data) + 1)
    path.write_bytes(data[:at] + b"\xff\xfe" + data[at:])


def _nul(path, chance):
    data = path.read_bytes()
    at = chance.randrange(len(data) + 1)
    path.write_bytes(data[:at] + chance.choice((b"\0", b"\\u0000")) + data[at:])


def _garbage(path, chance):
    path.write_bytes(chance.randbytes(chance.choice((1, 2, 60, 5000))))


def _mutated(path, chance):
    path.write_bytes(mutations.of(chance.random(), [path.read_bytes()]))


def _other_value(path, chance):
    data = path.read_bytes()
    made = mutations.other_value(data, chance)
    path.write_bytes(made or data[: len(data) // 2])


def _deep(path, chance):
    opened, closed = chance.choice(((b"[", b"]"), (b'{"version":1,"a":', b"}")))
    depth = chance.choice((300, 50_000))
    path.write_bytes(opened * depth + b"1" + closed * depth)


def _huge(path, chance):
    path.write_bytes(path.read_bytes() + b" " * (20 << 20))


def _digits(path, chance):
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1", b"9" * 5000, 1) or b"9" * 5000)


def _other_file(path, chance):
    # A sync that mixed two up.
    others = [p for p in path.parent.iterdir() if p.is_file() and p != path]
    others.append(path)
    path.write_bytes(chance.choice(sorted(others)).read_bytes())


def _gone(path, chance):
    path.unlink()


def _folder(path, chance):
    path.unlink()
    path.mkdir()
    if chance.random() < 0.5:
        (path / "x").write_text("somebody's")


def _fifo(path, chance):
    path.unlink()
    os.mkfifo(path)


def _socket(path, chance):
    path.unlink()
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(path.parent, os.O_RDONLY)
        try:
            made.bind(f"/proc/self/fd/{here}/{path.name[:60]}")
        finally:
            os.close(here)


def _dangling(path, chance):
    path.unlink()
    path.symlink_to("nowhere")


def _loop(path, chance):
    path.unlink()
    path.symlink_to(path.name)


def _device(path, chance):
    path.unlink()
    path.symlink_to(chance.choice(("/dev/null", "/dev/zero")))


def _mode(path, chance):
    path.chmod(chance.choice((0o000, 0o200, 0o400, 0o444, 0o777)))


def _moved_folder(path, chance):
    shutil.rmtree(path)


def _file_for_folder(path, chance):
    shutil.rmtree(path)
    path.write_bytes(b"x")


def _link_for_folder(path, chance):
    shutil.rmtree(path)
    path.symlink_to("nowhere")


def _odd_names(path, chance):
    for name in (
        b"\xff",
        b"x\n.toml",
        b".keyswitch-x",
        b"a" * 200,
        b"\xc2\xb2",
    ):
        with open(os.path.join(os.fsencode(path), name), "wb") as file:
            file.write(b"x")


_TO_FILES = (
    _cut, _cut, _empty, _zeroed, _not_utf8, _nul, _garbage, _mutated,
    _mutated, _other_value, _other_value, _deep, _huge, _digits, _other_file,
    _gone, _folder, _fifo, _socket, _dangling, _loop, _device, _mode,
)  # fmt: skip
_TO_FOLDERS = (
    _moved_folder, _file_for_folder, _link_for_folder, _odd_names, _mode,
)  # fmt: skip
