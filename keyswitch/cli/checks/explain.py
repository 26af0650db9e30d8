"""explain: what an error text means here, and what to do."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli import given
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import (
    ExitCode,
    InputError,
    KeyswitchError,
    NotFoundError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.explain.knowledge import Cause
    from keyswitch.diagnosis.resolver.scene import Scene

LIMIT = 1 << 20  # bytes of a text on standard input
WIDTH = 78

_COMMAND_AT_END = re.compile(r"(.*\S)\s+`([^`]+)`", re.DOTALL)
_UNBROKEN = "\ue000"  # in place of a space that may not end a line


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch explain 'API Error: 403 The security token ...'\n"
    "  claude -p hi 2>&1 | keyswitch explain\n"
    "  keyswitch explain --from-log       the last one of Claude Code\n"
    "  keyswitch explain --from-log --json",
    # A pasted text may hold words such as --model.
    context_settings={"ignore_unknown_options": True},
)
@click.argument("text", nargs=-1)
@click.option(
    "--from-log",
    is_flag=True,
    help="Take the newest error of Claude Code's transcripts.",
)
@global_options
@click.pass_obj
def explain(session: Session, text: tuple[str, ...], *, from_log: bool) -> int:
    """Say what an error text means and what to do.

    The text is read from standard input if there is none. It is compared with
    texts that are known, and what Claude Code would use here decides which
    cause comes first. Nothing of it is sent anywhere or printed again.
    """
    if text and from_log:
        raise UsageError("TEXT and --from-log exclude each other", "drop one")
    scene, active = _scene(session)
    if from_log:
        given = _from_log(session, scene)
    else:
        given = " ".join(text) if text else _from_stdin()
    if not given.strip():
        raise UsageError(
            "the text is empty", "keyswitch explain 'TEXT', or --from-log"
        )
    causes = _causes(given, scene, active)
    if session.output.json:
        session.output.document({"causes": [_document(c) for c in causes]})
    else:
        _show(session, causes)
    if not causes:
        raise NotFoundError(
            "this text is not known",
            "'keyswitch whoami' says what is sent here, 'keyswitch doctor' "
            "looks for what is wrong",
        )
    return ExitCode.OK


def _scene(session: Session) -> tuple[Scene | None, str]:
    """Return what Claude Code would find here, and the active profile.

    An explanation is wanted most where something is broken, so whatever
    cannot be read is left out.
    """
    from keyswitch.diagnosis.resolver.scene import Scene

    active = ""
    try:
        workspace = session.workspace()
        scene = Scene(session.environ, home=workspace.home, cwd=workspace.cwd)
    except (KeyswitchError, OSError, ValueError) as e:
        session.output.detail(f"looked at the text only: {e}")
        return None, active
    try:
        from keyswitch.terminal.selection import select

        active = select(workspace.paths, session.environ).name
    except (KeyswitchError, OSError, ValueError) as e:
        session.output.detail(f"the active profile is not known: {e}")
    return scene, active


def _causes(text: str, scene: Scene | None, active: str) -> tuple[Cause, ...]:
    from keyswitch.diagnosis.explain.knowledge import causes_of
    from keyswitch.diagnosis.resolver.resolve import resolve

    if scene is None:
        return causes_of(text)
    try:
        return causes_of(text, scene, resolve(scene), active)
    except (KeyswitchError, OSError, ValueError, RecursionError):
        return causes_of(text)


def _from_stdin() -> str:
    if os.isatty(0):
        raise UsageError(
            "there is no text to explain",
            "keyswitch explain 'TEXT', or pipe it in, or --from-log",
        )
    data = given.take("stdin", lambda: sys.stdin.buffer.read(LIMIT + 1))
    if len(data) > LIMIT:
        raise InputError(
            f"the text is larger than {LIMIT >> 20} MiB",
            "give its end: tail -n 50 FILE | keyswitch explain",
        )
    return data.decode("utf-8", "replace")


def _from_log(session: Session, scene: Scene | None) -> str:
    from keyswitch.diagnosis.explain.error_log import newest_error

    folders = []
    if scene is not None:
        # Settings can move what the environment alone does not.
        folders = [
            scene.places.config_dir,
            scene.settings_places.config_dir,
        ]
    found = newest_error(folders)
    if found is None:
        where = folders[0] if folders else "Claude Code's folder"
        raise NotFoundError(
            f"no API error was logged below {where}",
            "give the text itself: keyswitch explain 'TEXT'",
        )
    session.output.say(f"logged {found.time} in {found.path}")
    return found.text


def _document(cause: Cause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "title": cause.title,
        "why": list(cause.why),
        "fix": list(cause.fix),
        "evidence": cause.evidence,
    }


def _show(session: Session, causes: Sequence[Cause]) -> None:
    """Print the likeliest cause in full, the others in one line each."""
    if not causes:
        return
    first, *others = causes
    data = session.output.data
    data(first.title)
    data("")
    data("why:")
    for line in first.why:
        for part in _wrapped(line, "  - "):
            data(part)
    data("")
    data("what to do:")
    for number, line in enumerate(first.fix, 1):
        for part in _wrapped(line, f"  {number}. "):
            data(part)
    if others:
        data("")
        data("also possible:")
    for cause in others:
        data(f"  - {cause.title} ({cause.id})")
    session.output.detail(f"{first.id}: recognised by '{first.evidence}'")


def _wrapped(line: str, lead: str) -> Iterator[str]:
    """Break a line between words; a command at its end gets its own line."""
    match = _COMMAND_AT_END.fullmatch(line)
    text, command = (match[1], match[2]) if match else (line, "")
    kept = re.sub("`[^`]*`", lambda m: m[0].replace(" ", _UNBROKEN), text)
    indent = " " * len(lead)
    for part in textwrap.wrap(
        kept,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        yield part.replace(_UNBROKEN, " ")
    if command:
        yield f"{indent}    {command}"
