"""Keeps the tables in keyswitch/shells/completions/ as the commands are.

    python tests/shells/completion_files.py --write

The rest of those files is written by hand; the tables stand between two marks.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

if __name__ == "__main__":  # started by its path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.components import ROOT
from tests.shells import completion_model as model
from tests.shells.completion_specs import powershell, zsh
from tests.shells.completion_tables import bash, fish

TABLES = {
    "bash": bash,
    "fish": fish,
    "ps1": powershell,
    "zsh": zsh,
}
FOLDER = ROOT / "keyswitch" / "shells" / "completions"
COMMAND = "python tests/shells/completion_files.py --write"
MARKS = re.compile(
    r"^( *)(# written: begin\n)(?s:.*?)(^ *# written: end\n)", re.MULTILINE
)


def path_of(kind):
    return FOLDER / f"completion.{kind}"


def written(kind):
    """Return what a file should be: its own text with the present tables."""
    text = path_of(kind).read_text(encoding="utf-8")
    tables = "".join(line + "\n" for line in TABLES[kind](model.places()))
    done, number = MARKS.subn(
        lambda m: m[1] + m[2] + textwrap.indent(tables, m[1]) + m[3], text
    )
    assert number == 1, f"{path_of(kind)} has no place for its tables"
    return done


def main():
    for kind in TABLES:
        text = written(kind)
        if "--write" in sys.argv:
            path_of(kind).write_text(text, encoding="utf-8")
        elif text != path_of(kind).read_text(encoding="utf-8"):
            sys.exit(f"{path_of(kind)} is not up to date: {COMMAND}")


if __name__ == "__main__":
    main()
