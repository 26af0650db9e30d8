"""explain: what an error text means here, and what to do."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress

import click

from keyswitch.cli import style
from keyswitch.cli.command import Session, at_most_one, command, flag
from keyswitch.cli.failures import take
from keyswitch.cli.session import attributes
from keyswitch.cli.style import DIM, GOOD, NAME, Cell, Styled
from keyswitch.diagnosis.explain.facts import NOBODY, Chosen
from keyswitch.diagnosis.explain.knowledge import Cause, causes_of
from keyswitch.diagnosis.findings.situation import Scene, scene_of
from keyswitch.errors import (
    InputError,
    KeyswitchError,
    NotFoundError,
    UsageError,
)
from keyswitch.switching.activation.effect import situation_of

WIDTH = 78  # columns of a pipe
WIDEST = 100  # columns that a person reads with ease
LIMIT = 1 << 20  # bytes of standard input
_COMMAND_AT_END = r"(?s)(.*\S)\s+`([^`]+)`"
_UNBROKEN = "\ue000"  # in place of a space that may not end a line


@command(
    "keyswitch explain 'API Error: 403 The security token ...'",
    "claude -p hi 2>&1 | keyswitch explain",
    "keyswitch explain --from-log       Claude Code's latest error",
    "keyswitch explain --from-log --json",
    # A pasted text may hold words such as --model.
    context_settings={"ignore_unknown_options": True},
)
@click.argument("text", nargs=-1)
@flag(
    "--from-log", help="Read the latest error from Claude Code's transcripts."
)
def explain(session: Session, text: tuple[str, ...], *, from_log: bool) -> None:
    """Explain an error and how to fix it.

    Without TEXT it reads standard input. It compares the text with known
    errors and with the credentials that Claude Code would use here, and lists
    the likeliest cause first. It sends the text nowhere and does not print it.
    """
    at_most_one({"TEXT": text, "--from-log": from_log})
    scene, chosen = _here(session)
    if from_log:
        error = _from_log(session, scene)
    else:
        error = " ".join(text) if text else _from_stdin()
    if not error.strip():
        raise UsageError(
            "the error text is empty", "keyswitch explain 'TEXT', or --from-log"
        )
    causes = _causes(error, scene, chosen)
    if session.json:
        names = ("id", "title", "why", "fix", "evidence")
        session.document({"causes": [attributes(c, *names) for c in causes]})
    elif causes:
        _show(session, *causes)
    if not causes:
        raise NotFoundError(
            "unknown error text",
            "'keyswitch whoami' shows what is sent here, 'keyswitch doctor' "
            "looks for problems",
        )


def _here(session: Session) -> tuple[Scene | None, Chosen]:
    """Return what Claude Code would find here, and whose credential is sent.

    An explanation is wanted most where something is broken, so whatever
    cannot be read is left out.
    """
    scene = None
    try:
        workspace = session.workspace()
        scene = scene_of(session.environ, workspace.home, workspace.cwd)
        here = situation_of(workspace)
        chosen = Chosen(here.chosen, here.again, here.profile_of, here.is_ours)
    except (KeyswitchError, OSError, ValueError) as e:
        session.detail(f"cannot tell which account is used here: {e}")
        return scene, NOBODY
    return here.scene, chosen


def _causes(
    text: str, scene: Scene | None, chosen: Chosen
) -> tuple[Cause, ...]:
    if scene is not None:
        with suppress(KeyswitchError, OSError, ValueError, RecursionError):
            return causes_of(text, scene, chosen)
    return causes_of(text)


def _from_stdin() -> str:
    if os.isatty(0):
        raise UsageError(
            "no text to explain",
            "give it: keyswitch explain 'TEXT', or pipe it in, or use "
            "--from-log",
        )
    data = take("stdin", lambda: sys.stdin.buffer.read(LIMIT + 1))
    if len(data) > LIMIT:
        raise InputError(
            f"the text is larger than {LIMIT >> 20} MiB",
            "give only its end: tail -n 50 FILE | keyswitch explain",
        )
    return data.decode("utf-8", "replace")


def _from_log(session: Session, scene: Scene | None) -> str:
    from keyswitch.diagnosis.explain.error_log import newest_error

    # Settings can move what the environment alone does not.
    places = (scene.places, scene.settings_places) if scene else ()
    folders = [one.config_dir for one in places]
    found = newest_error(folders)
    if found is None:
        where = folders[0] if folders else "Claude Code's folder"
        raise NotFoundError(
            f"no API error in the logs below {where}",
            "give the error text: keyswitch explain 'TEXT'",
        )
    session.say(f"logged {found.time} in {found.path}")
    return found.text


def _show(session: Session, first: Cause, *others: Cause) -> None:
    """Print the likeliest cause in full, the others in one line each."""
    width = WIDTH
    if session.for_person:
        width = min(style.columns(session.environ) - 1, WIDEST)
    lines: list[Cell] = [
        *(Styled(one, NAME) for one in _title(first.title, width, session)),
        "",
        Styled("why:", DIM),
    ]
    for line in first.why:
        lines += _wrapped(line, "  - ", width)
    lines += ["", Styled("what to do:", DIM)]
    for number, line in enumerate(first.fix, 1):
        lines += _wrapped(line, f"  {number}. ", width)
    if others:
        lines += ["", Styled("also possible:", DIM)]
    lines += [f"  - {cause.title} ({cause.id})" for cause in others]
    for shown in lines:
        session.data(shown)
    session.detail(f"{first.id}: recognised by '{first.evidence}'")


def _title(title: str, width: int, session: Session) -> list[str]:
    return style.wrapped(title, width) if session.for_person else [title]


def _wrapped(line: str, lead: str, width: int) -> Iterator[Cell]:
    """Break a line between words; a command at its end gets its own line."""
    match = re.fullmatch(_COMMAND_AT_END, line)
    text, command = (match[1], match[2]) if match else (line, "")
    kept = re.sub("`[^`]*`", lambda m: m[0].replace(" ", _UNBROKEN), text)
    indent = " " * len(lead)
    for part in textwrap.wrap(
        kept,
        width,
        initial_indent=lead,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        yield part.replace(_UNBROKEN, " ")
    if command:
        yield Styled(f"{indent}    {command}", GOOD)
