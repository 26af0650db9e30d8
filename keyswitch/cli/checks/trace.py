"""trace: a command's requests, and whose credential each of them carries."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

from keyswitch.cli.command import Session, at_most_one, command, option
from keyswitch.disk.ownership import require_own_home
from keyswitch.display import printable
from keyswitch.errors import InputError, KeyswitchError, UsageError
from keyswitch.switching.running import run as running
from keyswitch.trace import lines

if TYPE_CHECKING:
    from keyswitch.trace.requests.exchange import Exchange
    from keyswitch.trace.stand_ins.stand_in import StandIn

_KEPT = 4 << 20  # bytes of a body that go into a recording
# Options with which a program draws no screen.
_PRINTS = {"claude": {"-p", "--print"}, "codex": {"exec", "e"}}


@command(
    "keyswitch trace -- claude -p hi",
    "keyswitch trace --profile work -- claude",
    "keyswitch trace --json -- claude -p hi | jq .credentials",
    "keyswitch trace --record run.har -- claude -p hi",
    "keyswitch trace --view run.har",
    "keyswitch trace --simulate '529 every 3rd' -- claude -p hi",
    "keyswitch trace --replay run.har -- claude -p hi",
    note="\nThe exit status is the command's. With --json its output goes to "
    "standard error.",
    context_settings={"allow_interspersed_args": False},
)
@click.argument(
    "command", nargs=-1, type=click.UNPROCESSED, metavar="[--] COMMAND..."
)
@option("--profile", metavar="NAME", help="Run it with a profile, as 'run'.")
@option("--to", metavar="FILE", help="Where the lines go, for example a tty.")
@option("--record", metavar="FILE", help="Keep the requests, redacted (HAR).")
@option(
    "--bodies",
    type=click.Choice(("none", "answers", "all")),
    default="answers",
    help="What --record keeps of bodies.",
)
@option("--view", metavar="FILE", help="Show a recording in the browser.")
@option(
    "--simulate",
    "errors",
    metavar="ERROR",
    multiple=True,
    help="401, 403-aws, 429, 529, overloaded, slow, cut, html, bad-json or "
    "expired-login; 'every 3rd', 'after 5 s'.",
)
@option("--replay", metavar="FILE", help="Answer from a recording.")
@option(
    "--intercept",
    is_flag=True,
    help="Look into TLS as well: hosts that no base URL covers.",
)
@option(
    "--intercept-host",
    "hosts",
    metavar="PATTERN",
    multiple=True,
    help="A further host for --intercept, like '*.example.com'.",
)
def trace(  # noqa: PLR0913
    session: Session,
    command: tuple[str, ...],
    *,
    profile: str | None,
    to: str | None,
    record: str | None,
    bodies: str,
    view: str | None,
    errors: tuple[str, ...],
    replay: str | None,
    intercept: bool,
    hosts: tuple[str, ...],
) -> int | None:
    """Show a command's requests, and whose credential each carries.

    The command's requests pass through a proxy on this machine, which ends
    with it. Credentials are masked; nothing is written unless --record asks.
    """
    if view is not None:
        if command or record or replay or errors:
            raise UsageError(
                "--view takes no command", "keyswitch trace --view FILE"
            )
        _view(session, view)
        return None
    require_own_home()
    _require_aiohttp()
    stand_in = _stand_in(errors, replay)
    if profile is not None:
        session.refuse_agents()
    ready = _prepared(session, profile, list(command))
    report = _Report(session, ready, to, record)
    keep = {"none": 0}.get(bodies, _KEPT if record else 0)
    return _traced(
        session,
        ready,
        report,
        stand_in,
        (keep, keep * (bodies == "all")),
        hosts if intercept or hosts else None,
    )


def _traced(  # noqa: PLR0913
    session: Session,
    ready: running.Prepared,
    report: _Report,
    stand_in: StandIn | None,
    keep: tuple[int, int],
    intercepts: tuple[str, ...] | None,
) -> int:
    from keyswitch.secret import Secret
    from keyswitch.switching.activation.effect import situation_of
    from keyswitch.trace.passing.passage import Watcher
    from keyswitch.trace.passing.signing import Signer
    from keyswitch.trace.requests.naming import Naming
    from keyswitch.trace.tracing import Tracing
    from keyswitch.trace.usage_feed import UsageFeed

    workspace = session.workspace()
    add = UsageFeed(workspace).before(report.add)
    naming = Naming(lambda: situation_of(workspace))
    watcher = Watcher(naming, add, keep=keep[0], keep_requests=keep[1])

    def stored(key_id: str) -> str:
        from keyswitch.switching.verifying.held_secrets import HeldSecrets

        name = naming.owner(key_id)[0]
        if not name:
            return ""
        session.refuse_agents()
        held = HeldSecrets(workspace).of(name, ["secret_access_key"])
        return held.get("secret_access_key", Secret("")).reveal()

    tracing = Tracing(
        ready,
        workspace.catalogue,
        home=workspace.home,
        cwd=workspace.cwd,
        signer=Signer(ready.environ, stored),
        watcher=watcher,
        say=session.warn,
        stand_in=stand_in,
        apart=session.json,
        intercepts=intercepts,
        note=report.note,
    )
    try:
        return tracing.run()
    finally:
        report.end()


def _prepared(
    session: Session, profile: str | None, command: list[str]
) -> running.Prepared:
    workspace = session.workspace()
    if profile is None:
        program, command, launch = running.program_of(workspace, command)
        environ = dict(workspace.environ)
        return running.Prepared(program, command, environ, launch)
    from keyswitch.changes.compiling import compiled_profile
    from keyswitch.cli.secrets.agreements import agree_to_shell
    from keyswitch.directories import guard

    compiled = compiled_profile(workspace, profile)
    guard.require(compiled, workspace.environ)
    keep = agree_to_shell(session, compiled)
    return running.prepare(workspace, compiled, command, keep_headers=keep)


class _Report:
    """Where requests go: lines, a recording, and totals at the end.

    A program that draws the screen gets no lines between: they are held.
    """

    def __init__(
        self,
        session: Session,
        ready: running.Prepared,
        to: str | None,
        record: str | None,
    ) -> None:
        self._session = session
        self._totals = lines.Totals()
        self._lines = lines.PersonLines()
        self._file = _opened(to) if to else None
        self._holds = self._file is None and _draws(ready)
        self._held: list[str] = []
        self._recording = None
        if record:
            from keyswitch.trace.recording import Recording

            self._recording = Recording(record)
        self._record = record

    def add(self, exchange: Exchange) -> None:
        """Show one request."""
        self._totals.add(exchange)
        if self._recording is not None:
            self._recording.add(exchange)
        if self._session.json:
            self._write(lines.json_line(exchange))
            return
        for line in self._lines.of(exchange):
            self._write(printable(line))

    def note(self, text: str) -> None:
        """Say what is not seen: at once, or below what a program draws."""
        (self._held.append if self._holds else self._session.warn)(text)

    def _write(self, line: str) -> None:
        if self._file is not None:
            self._file.write(line + "\n")
            self._file.flush()
        elif self._session.json:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        elif self._holds:
            self._held.append(line)
        elif not self._session.quiet:
            sys.stderr.write(f"keyswitch: {line}\n")
            sys.stderr.flush()

    def end(self) -> None:
        """Show what was held, and the totals."""
        self._session.say(*self._held, lines.summary(self._totals))
        if self._recording is not None:
            self._recording.close()
            self._session.say(f"recorded in {self._record}")
        if self._file is not None:
            self._file.close()


def _draws(ready: running.Prepared) -> bool:
    """Tell whether a program is one that draws the terminal's screen."""
    name = os.path.basename(ready.program).lower().removesuffix(".exe")
    prints = _PRINTS.get(name)
    if prints is None or not os.isatty(1):
        return False
    return prints.isdisjoint(ready.command[1:])


def _opened(path: str) -> TextIO:
    try:
        return open(path, "a", encoding="utf-8")
    except OSError as e:
        raise InputError(
            f"cannot write to {path}: {e.strerror}",
            "name a file, or another terminal's device: tty",
        ) from e


def _stand_in(errors: tuple[str, ...], replay: str | None) -> StandIn | None:
    at_most_one({"--simulate": errors, "--replay": replay})
    if errors:
        from keyswitch.trace.stand_ins import simulation

        return simulation.parse(*errors)
    if replay:
        from keyswitch.trace.recording import read
        from keyswitch.trace.stand_ins.replay import Replay

        return Replay(read(replay))
    return None


def _view(session: Session, path: str) -> None:
    from keyswitch.trace.page import view

    page = view.written(path, None)
    session.data(page)
    view.show(page)


def _require_aiohttp() -> None:
    try:
        import aiohttp  # noqa: F401 - whether it is there
    except ImportError:
        raise KeyswitchError(
            "trace needs aiohttp, which is not installed",
            "pip install 'keyswitch[trace]', or pipx inject keyswitch aiohttp",
        ) from None
