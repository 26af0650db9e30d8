"""A real shell that evaluates rendered text and shows what a child gets."""

import os
import random
import subprocess

import pytest

from keyswitch.shells import EnvScript, render
from tests.shells import sessions

TRIPWIRE = "tripwire"

FRAGMENTS = (
    "'", '"', "\\", "`", "$", "*", "?", "[", "]", "{a,b}", "{", "}", "(", ")",
    "!", "!!", "#", " #", ";", "&", "|", "<", ">", "~", "=", "%", "%s", "%n",
    "\n", "\r", "\r\n", "\t", " ", "  ", "\n\n", "\\n", "\\056", "\\'", "''",
    "'\\''", "'\"'\"'", "$'", "$.", ".", "$(", "${", "${HOME}", "$HOME", "$$",
    "$((1+1))", "@(a|b)", "+(x)", "!(x)", "*(x)", "~(N)x", "**", "[x]", "[!a]",
    "a b", "-n", "-e", "--", "=ls", "export", "unset -v", "; }", "; }; ", "}",
    "fi", "end", "; end; ", "EOF\n", "\u2018", "\u2019", "\u201b", "\u201c",
    "\u0085", "\u2028", "\u202e", "\ufeff", "\ufdd0", "\uf600", "\uf6ff",
    "\uffff", "\U0010ffff", "é", "日本", "\x01", "\x1b[31m", "\x7f", "\x80",
    "\x81", "\x88", "\x9f", "\xa0", "\xff",
    f"$(touch {TRIPWIRE})", f"`touch {TRIPWIRE}`", f"; touch {TRIPWIRE}; ",
    f"'; touch {TRIPWIRE}; '", f"\ntouch {TRIPWIRE}\n", f"& touch {TRIPWIRE} &",
    f"'\ntouch {TRIPWIRE}\n'", f"(touch {TRIPWIRE})", f"\\'; touch {TRIPWIRE};",
    f"; }}; touch {TRIPWIRE}; {{ ", f"; end; touch {TRIPWIRE}; begin; ",
)  # fmt: skip

EDGES = (
    "",
    "\n",
    "a\n\n\n",
    " a  b ",
    "".join(map(chr, range(1, 256))),
    "".join(map(chr, range(127, 0, -1))) + "\n",
    "sk-ant-api03-FAKE_x+/=,@:%-.",
    "x" * 100_000,
    "* '\n" * 25_000,
    "日" * 33_000,
)

# Names that match what an unquoted word could look like.
BITING = (
    "'", "''", "*", "a b", "[x]", "?", "x", "a", "b", "{", "}", "};", "-n",
    "{a", "\\", "$'", "$'047'", "export", "e", "N=", "fi;", "@(a)", "ab",
    "test", "V0=$'047'", "V0=''", "if", "a,b", "~", "$", "047", "\\047", ";",
)  # fmt: skip


def hostile_values(count, seed=20_261):
    """Values of one to about 40 characters that shells like to mangle."""
    dice = random.Random(seed)
    values = []
    for _ in range(count):
        kind = dice.random()
        length = dice.randint(1, 12)
        if kind < 0.3:
            value = "".join(chr(dice.randint(1, 255)) for _ in range(length))
        elif kind < 0.6:
            value = "".join(_any_character(dice) for _ in range(length))
        else:
            value = "".join(dice.choices(FRAGMENTS, k=dice.randint(1, 6)))
        values.append(value)
    return values


def _any_character(dice):
    while True:
        c = chr(dice.randint(1, dice.choice((0x7F, 0x7FF, 0xFFFF, 0x10FFFF))))
        if not "\ud800" <= c <= "\udfff":
            return c


def _can_be_file(name):
    return not (
        "/" in name or TRIPWIRE in name or not 0 < len(name.encode()) < 256
    )


class Bench:
    """One shell, a directory full of biting names, a directory for texts."""

    def __init__(self, tmp_path):
        self.texts = tmp_path / "texts"
        self.cwd = tmp_path / "cwd"
        self.home = tmp_path / "home"
        for folder in (self.texts, self.cwd, self.home):
            folder.mkdir(mode=0o700)
        for name in BITING:
            (self.cwd / name).touch()

    def write(self, text):
        """Keep a text for the driver; its words become file names, too."""
        path = self.texts / f"text{len(list(self.texts.iterdir()))}"
        path.write_bytes(text.encode())
        for word in text.split()[:200]:
            for name in (
                word,
                word.replace("\\", ""),
                word.replace("*", "zz").replace("?", "z"),
            ):
                if _can_be_file(name):
                    (self.cwd / name).touch()
        return path

    def run(self, argv, driver, *, env=(), locale="C.UTF-8", quiet=True):
        """Run a driver script; return stdout as bytes."""
        path = self.texts.parent / "driver"
        path.write_text(driver, encoding="utf-8")
        done = subprocess.run(
            [*argv, str(path)],
            cwd=self.cwd,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "XDG_RUNTIME_DIR": str(self.home),  # else fish takes /tmp
                "LC_ALL": locale,
                **dict(env),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert not quiet or done.stderr == b""
        assert not (self.cwd / TRIPWIRE).exists()
        return done.stdout

    def environments(self, argv, lines, count, **options):
        """Run one line per text; return what a child then sees each time.

        Each line ends by printing `env -0` and the mark `\\0END`.
        """
        stdout = self.run(argv, "\n".join(lines) + "\n", **options)
        dumps = stdout.split(b"\0END\n")
        assert dumps.pop() == b""
        assert len(dumps) == count
        return [_parse(dump) for dump in dumps]


def _parse(dump):
    pairs = (p.partition(b"=") for p in dump.split(b"\0") if b"=" in p)
    found = {
        k.decode(): v.decode("utf-8", "surrogateescape") for k, _, v in pairs
    }
    return {k: v for k, v in found.items() if k[0] in "VZ"}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A home with profiles, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "home"
    sessions.make_profiles(folder)
    return folder


@pytest.fixture
def machine(template, home, tmp_path, monkeypatch):
    """One person's machine, on which terminals are opened."""
    made = sessions.Machine(template, home, tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def round_trip(bench):
    """Send values through a shell, 25 to a text; return those that changed."""

    def send(language, argv, line, values, locale="C.UTF-8"):
        batches = [values[i : i + 25] for i in range(0, len(values), 25)]
        scripts = [
            EnvScript(assign=[(f"V{i}", v) for i, v in enumerate(batch)])
            for batch in batches
        ]
        paths = [bench.write(render(language, script)) for script in scripts]
        seen = bench.environments(
            argv,
            [line.replace("FILE", str(path)) for path in paths],
            len(paths),
            locale=locale,
        )
        return [
            (value, got.get(f"V{i}"))
            for batch, got in zip(batches, seen, strict=True)
            for i, value in enumerate(batch)
            if got.get(f"V{i}") != value or got["ZSTATUS"] != "0"
        ]

    return send
