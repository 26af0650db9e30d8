"""The pages of docs/ that are made: the reference, and the error texts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from command_pages import EXIT_STATUS, Page, groups, pages

from keyswitch.diagnosis.explain.knowledge import (
    FOLDER,
    CauseEntry,
    causes_of,
    rules,
)

MADE = "<!-- Made by scripts/docs. Change its source, and run it again. -->\n"

# File of causes -> heading, in the order of the page.
SUBJECTS = {
    "keys": "API keys",
    "logins": "Logins",
    "accounts": "Accounts, limits and credit",
    "settings": "Settings",
    "models": "Models",
    "conversation": "Conversations",
    "service": "The service",
    "network": "The network",
    "gateways": "Gateways",
    "aws": "Amazon Bedrock and AWS",
    "google": "Google Vertex AI",
    "foundry": "Microsoft Foundry",
    "codex": "Codex",
}


# What helps where a cause has no command of its own.
NETWORK = "try the way to the service: `keyswitch doctor --network`"
LOOK = {"network": NETWORK, "gateways": NETWORK, "service": NETWORK}


def made_pages() -> dict[str, str]:
    """Return {path below docs/: text}."""
    return {
        "reference.md": "\n".join(_reference()),
        "troubleshooting.md": "\n".join(_troubleshooting()),
    }


def _reference() -> Iterator[str]:
    root, *commands = pages()
    yield MADE
    yield "# Reference\n"
    yield (
        "The same as `keyswitch COMMAND --help` and `man keyswitch-COMMAND`.\n"
    )
    yield "Every command also takes these options:\n"
    yield from _table("option", "does", root.options)
    yield "## Exit status\n"
    yield from _table("status", "means", EXIT_STATUS)
    for title, names in groups().items():
        yield f"## {title}\n"
        found = [page for page in commands if page.words.split()[1] in names]
        found.sort(key=lambda page: names.index(page.words.split()[1]))
        for page in found:
            yield f"- [`{page.words}`](#{page.name}): {page.summary}"
        yield ""
        for page in found:
            yield from _section(page)


def _section(page: Page) -> Iterator[str]:
    yield f"### {page.words}\n"
    also = f" Also typed `keyswitch {page.also}`." if page.also else ""
    yield f"{page.summary}.{also}\n"
    yield f"```text\n{page.words} {page.usage}\n```\n"
    for paragraph in page.paragraphs:
        yield f"{paragraph}\n"
    if page.options:
        yield from _table("option", "does", page.options)
    if page.examples:
        yield "\n".join(["```text", *page.examples, "```\n"])
    if page.note:
        yield f"{page.note}\n"


def _table(left: str, right: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    yield f"| {left} | {right} |\n|---|---|"
    for name, text in rows:
        yield f"| `{_in_a_cell(name)}` | {_in_a_cell(text)} |"
    yield ""


def _in_a_cell(text: str) -> str:
    return text.replace("|", r"\|")


def _troubleshooting() -> Iterator[str]:
    yield MADE
    yield "# Troubleshooting by error text\n"
    yield (
        "Search this page for a few words of the error. `keyswitch explain` "
        "does the same and also looks at your machine, so that it names the "
        "file, the profile and the likeliest cause. keyswitch's own messages "
        "are in [Questions](questions.md).\n"
    )
    yield (
        "```console\n"
        "$ keyswitch explain 'API Error: 403 The security token included in "
        "the request is invalid.'\n"
        "...\n"
        "$ claude -p hi 2>&1 | keyswitch explain\n"
        "...\n"
        "```\n"
    )
    yield (
        "`keyswitch explain --from-log` takes the newest error of Claude "
        "Code's transcripts.\n"
    )
    yield (
        "In the texts below `…` stands for other words, and in the commands "
        "`NAME` for a profile of yours.\n"
    )
    for title in SUBJECTS.values():
        anchor = title.lower().replace(",", "").replace(" ", "-")
        yield f"- [{title}](#{anchor})"
    for subject, title in SUBJECTS.items():
        yield f"\n## {title}\n"
        ids = _ids(subject)
        for entry in rules():
            if entry.id in ids:
                yield from _cause(entry, subject)


def _ids(subject: str) -> set[str]:
    text = Path(FOLDER, f"{subject}.toml").read_text(encoding="utf-8")
    return {cause["id"] for cause in tomllib.loads(text).get("cause", ())}


def _cause(entry: CauseEntry, subject: str) -> Iterator[str]:
    """Describe a cause as `explain` does on a machine it knows nothing of."""
    statuses = [f"HTTP status {status}" for status in entry.statuses]
    texts = [*entry.says, *entry.may_say] or [*entry.otherwise, *statuses]
    texts = [text.removeprefix("^") for text in texts or entry.vaguely]
    found = causes_of(texts[0].replace("*", "x"))
    cause = next(cause for cause in found if cause.id == entry.id)
    yield f"### {cause.title[0].upper()}{cause.title[1:]}\n"
    shown = (text.replace("*", "…") for text in texts)
    yield " · ".join(f"`{each}`" for each in shown) + "\n"
    yield "".join(f"- {line}\n" for line in cause.why)
    yield "**Fix:**\n"
    steps = [*cause.fix]
    if "`" not in "".join(steps):
        steps.append(LOOK.get(subject, "see what is sent: `keyswitch whoami`"))
    yield "".join(f"{n}. {line}\n" for n, line in enumerate(steps, 1))
