"""What commands print: data on stdout, talk on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from keyswitch.display import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Output:
    """How this run prints. One object for a whole command line."""

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        self.json = json
        self.quiet = quiet
        self.verbose = verbose

    def data(self, line: str) -> None:
        """Print one line of what the command was asked for."""
        sys.stdout.write(printable(line) + "\n")

    def raw(self, text: str) -> None:
        """Print a text of several lines that is safe already."""
        sys.stdout.write(text)

    def document(self, document: dict[str, Any]) -> None:
        """Print one JSON object; `version` is its first key."""
        import json

        text = json.dumps(
            {"version": 1, **document}, indent=2, ensure_ascii=True
        )
        sys.stdout.write(text + "\n")

    def say(self, line: str) -> None:
        """Tell a person what happened."""
        if not self.quiet:
            sys.stderr.write(f"keyswitch: {printable(line)}\n")

    def warn(self, line: str) -> None:
        """Tell a person what needs attention; not silenced by --quiet."""
        sys.stderr.write(f"keyswitch: warning: {printable(line)}\n")

    def detail(self, line: str) -> None:
        """Tell a person who asked for details."""
        if self.verbose:
            self.say(line)

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Print rows in columns that are as wide as their widest cell."""
        cells = [[printable(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            line = "  ".join(
                cell.ljust(width)
                for cell, width in zip(row, widths, strict=True)
            )
            sys.stdout.write(line.rstrip() + "\n")
