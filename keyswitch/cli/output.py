"""What commands print: results on stdout, messages on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from keyswitch.display import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Output:
    """How one command line prints; the global options set the flags."""

    json = quiet = verbose = False
    printed = False  # a result

    def data(self, line: str) -> None:
        """Print one line of the result."""
        self.raw(printable(line) + "\n")

    def raw(self, text: str) -> None:
        """Print a text of several lines that is safe already."""
        self.printed = True
        sys.stdout.write(text)

    def document(self, document: dict[str, Any]) -> None:
        """Print one JSON object; `version` is its first key."""
        import json

        text = json.dumps({"version": 1, **document}, indent=2)
        self.raw(text + "\n")

    def show(
        self, document: dict[str, Any], rows: Iterable[Sequence[str]]
    ) -> None:
        """Print a result: the document with `--json`, else the rows."""
        if self.json:
            self.document(document)
        else:
            self.table(rows)

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Print rows in columns that are as wide as their widest cell."""
        cells = [[printable(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            padded = map(str.ljust, row, widths)
            self.raw("  ".join(padded).rstrip() + "\n")

    def say(self, line: str) -> None:
        """Tell a person what happened."""
        if not self.quiet:
            sys.stderr.write(f"keyswitch: {printable(line)}\n")

    def warn(self, line: str) -> None:
        """Tell a person what needs attention; not silenced by `--quiet`."""
        sys.stderr.write(f"keyswitch: warning: {printable(line)}\n")

    def detail(self, line: str) -> None:
        """Tell a person who asked for details."""
        if self.verbose:
            self.say(line)


def attributes(
    value: object, *names: str, or_null: Iterable[str] = ()
) -> dict[str, Any]:
    """Return attributes for `--json`; of those `or_null`, null for "" or 0."""
    return {
        **{name: getattr(value, name) for name in names},
        **{name: getattr(value, name) or None for name in or_null},
    }
