"""Any value comes back byte for byte through real shells, either way."""

import os
import random
import subprocess

import pytest

from tests.cli.keyswitch import Keyswitch
from tests.components import PYTHON, ROOT

VALUES = {
    "quotes": "'\"`'\\''\"$(touch tripwire)`touch tripwire`$HOME${IFS}",
    "globs": "* ? [a-z]* {a,b} ~ !x #c %1 &;|<>()",
    "spaces": "  two  spaces\tand tabs  ",
    "lines": "\n\nfirst\n second\r\n\n",
    "unicode": "é\u0085\u2028\u202e\ufeff\U0001f511 \x01\x1b[31m\x7f",
    "backslash": "\\n\\0\\\\ \\' \\\" \\",
    "control": "".join(map(chr, range(1, 128))),
}
random.seed(7)
VALUES["every"] = "".join(
    chr(c)
    for c in random.sample(range(1, 0x110000), 2000)
    if not 0xD800 <= c < 0xE000
)
VALUES["large"] = "FAKE x*' \n" * 10_000  # 100 KB

SHOW = "printenv HOSTILE"  # no shell has it itself
QUOTED = 'eval "$(KS env hostile --shell SHELL)"; ' + SHOW
UNQUOTED = "eval $(KS env hostile --shell SHELL); " + SHOW
FORMS = [
    *[(s, form) for s in ("bash", "zsh", "dash", "ksh", "mksh")
      for form in (QUOTED, UNQUOTED)],
    ("fish", "KS env hostile --shell fish | source; " + SHOW),
    ("nu", "let ks = (KS env hostile --shell nu | from json); "
           "load-env $ks.set; " + SHOW),
]  # fmt: skip


@pytest.fixture(scope="module")
def biting(tmp_path_factory):
    """A directory full of files named to bite globs."""
    folder = tmp_path_factory.mktemp("biting")
    for name in (
        "a",
        "b",
        "*",
        "?",
        "[a-z]*",
        "a b",
        "'",
        '"',
        "\\",
        "$'",
        "export",
        "HOSTILE",
        "~",
        "{",
        "}",
        "-n",
        "#",
        "{ export",
    ):
        (folder / name).touch()
    return folder


def _maker(value):
    def make(ks):
        ks.with_vault()
        source = ks.file("value")
        source.write_bytes(value.encode())
        ks(
            "add", "hostile", "--provider", "custom", "--set", "env=HOSTILE",
            "--store", "vault", "--from-file", str(source),
        )  # fmt: skip

    return make


_MAKERS = {name: _maker(value) for name, value in VALUES.items()}


@pytest.mark.parametrize("name", sorted(VALUES))
@pytest.mark.parametrize(
    ("shell", "form"),
    [
        pytest.param(s, f, marks=pytest.mark.real(s),
                     id=f"{s}-{'plain' if f is UNQUOTED else 'quoted'}")
        for s, f in FORMS
    ],
)  # fmt: skip
def test_a_hostile_value_comes_back(tmp_path, biting, shell, form, name):
    ks = Keyswitch(tmp_path).begin_as(_MAKERS[name])
    value = VALUES[name]
    launcher = tmp_path / "ks"
    launcher.write_text(f'#!/bin/sh\nexec {PYTHON} -m keyswitch "$@"\n')
    launcher.chmod(0o700)
    kind = {"dash": "sh", "mksh": "ksh"}.get(shell, shell)
    code = form.replace("KS", str(launcher)).replace("SHELL", kind)
    done = subprocess.run(
        [shell, "-c", code],
        capture_output=True,
        env={**ks.environ, "PATH": os.environ["PATH"]},
        cwd=biting,
        check=False,
        timeout=60,
    )
    assert done.stdout == value.encode() + b"\n", done.stderr[-500:]
    assert not (biting / "tripwire").exists()
    assert str(ROOT) in ks.environ["PYTHONPATH"]
