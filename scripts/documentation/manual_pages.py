"""Manual pages: `keyswitch.1`, and one for each of its commands."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from command_pages import (
    ENVIRONMENT,
    EXIT_STATUS,
    FILES,
    ROOT,
    VERSION,
    Page,
    groups,
    pages,
)

_ROFF = {
    "\\": r"\e",
    "-": r"\-",
    "'": r"\(aq",
    "`": r"\(ga",
    "^": r"\(ha",
    "~": r"\(ti",
}


def write(folder: Path) -> list[Path]:
    """Write every manual page into a folder; return their paths."""
    everything = list(pages())
    written = []
    for page in everything:
        path = folder / f"{page.name}.1"
        path.write_text(manual(page, everything), encoding="utf-8")
        written.append(path)
    return written


def manual(page: Page, everything: list[Page]) -> str:
    """Return one page in roff's macros for manuals."""
    root = everything[0]
    is_root = page is root
    options = page.options
    if not is_root:
        options = [
            *options,
            *(row for row in root.options if row[0] != "--version"),
        ]
    others = [other for other in everything if _is_near(other, page)]
    lines = [
        f'.TH {page.name.upper()} 1 "{_date()}" "keyswitch {VERSION}"',
        ".SH NAME",
        _prose(f"{page.name} - {page.summary}"),
        ".SH SYNOPSIS",
        rf"\fB{page.words}\fR {_exact(page.usage)}",
        ".SH DESCRIPTION",
        "\n.PP\n".join(map(_prose, _description(page))),
        *(_grouped(page) if is_root else _list("COMMANDS", page.commands)),
        *_list("OPTIONS", options),
        *_examples(page),
        *(_list("EXIT STATUS", EXIT_STATUS) if is_root else []),
        *(_list("ENVIRONMENT", ENVIRONMENT) if is_root else []),
        *(_list("FILES", FILES) if is_root else []),
        ".SH SEE ALSO",
        ",\n".join(rf"\fB{other.name}\fR(1)" for other in others),
    ]
    return "\n".join(lines) + "\n"


def _description(page: Page) -> list[str]:
    also = f" Also typed: keyswitch {page.also}." if page.also else ""
    return [f"{page.summary}.{also}", *page.paragraphs]


def _is_near(other: Page, page: Page) -> bool:
    """Tell whether a page is one step above or below another one."""
    here, there = page.words.split(), other.words.split()
    return here[:-1] == there or there[:-1] == here


def _date() -> str:
    """Return the day of the newest release, so that builds are alike."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## \[[0-9.]+\] - (\S+)", text, re.MULTILINE)
    return found[1] if found else ""


def _grouped(page: Page) -> list[str]:
    """Return the commands as `--help` groups them."""
    summaries = dict(page.commands)
    lines = [".SH COMMANDS"]
    for title, names in groups().items():
        lines += [f".SS {title}"]
        lines += _rows([(name, summaries[name]) for name in names])
    return lines


def _list(title: str, rows: list[tuple[str, str]]) -> list[str]:
    return [f".SH {title}", *_rows(rows)] if rows else []


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    lines = []
    for name, text in rows:
        lines += [".TP", rf"\fB{_exact(name)}\fR", _prose(text)]
    return lines


def _examples(page: Page) -> list[str]:
    lines = []
    if page.examples:
        lines += [".SH EXAMPLES", ".EX", *map(_exact, page.examples), ".EE"]
    if page.note:
        lines += [".PP", _prose(page.note)]
    return lines


def _exact(text: str) -> str:
    """Return text that can be copied and typed as it is shown."""
    return "".join(_ROFF.get(letter, letter) for letter in text)


def _prose(text: str) -> str:
    """Return words in short lines, none of which is taken for a request."""
    lines = textwrap.wrap(text, 72, break_on_hyphens=False)
    return (
        "\n".join(
            rf"\&{line}" if line.startswith((".", "'")) else line
            for line in (line.replace("\\", r"\e") for line in lines)
        )
        .replace(" - ", r" \- ")
        .replace("--", r"\-\-")
    )
