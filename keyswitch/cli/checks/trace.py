"""trace: a command's requests, and whose credential each of them carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.cli.checks.trace_report import TraceReport
from keyswitch.cli.command import Session, at_most_one, command, option
from keyswitch.disk.ownership import require_own_home
from keyswitch.errors import KeyswitchError, UsageError
from keyswitch.switching.running import run as running

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.trace.stand_ins.stand_in import StandIn

_KEPT = 4 << 20  # bytes of a body that go into a recording


@command(
    "keyswitch trace -- claude -p hi",
    "keyswitch trace --profile work -- claude",
    "keyswitch trace --json -- claude -p hi | jq .credentials",
    "keyswitch trace --record run.har -- claude -p hi",
    "keyswitch trace --view run.har",
    "keyswitch trace --simulate '529 every 3rd' -- claude -p hi",
    "keyswitch trace --replay run.har -- claude -p hi",
    note="\nExits with the command's status. With --json the command's output "
    "goes to standard error.",
    context_settings={"allow_interspersed_args": False},
)
@click.argument(
    "command", nargs=-1, type=click.UNPROCESSED, metavar="[--] COMMAND..."
)
@option("--profile", metavar="NAME", help="Run it with a profile, like 'run'.")
@option(
    "--to", metavar="FILE", help="Write the lines to this file or terminal."
)
@option("--record", metavar="FILE", help="Save the requests, redacted (HAR).")
@option(
    "--bodies",
    type=click.Choice(("none", "answers", "all")),
    default="answers",
    help="What --record keeps of bodies.",
)
@option("--view", metavar="FILE", help="Open a recording in the browser.")
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
    help="Also decrypt TLS to hosts that no base URL covers.",
)
@option(
    "--intercept-host",
    "hosts",
    metavar="PATTERN",
    multiple=True,
    help="Another host for --intercept, such as '*.example.com'.",
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
    """Show the requests a command sends.

    The command's requests pass through a local proxy that ends with it.
    Credentials are masked; only --record saves requests.
    """
    if view is not None:
        others = (profile, to, record, errors, replay, intercept, hosts)
        if command or any(others):
            raise UsageError(
                "--view takes neither a command nor other options",
                "keyswitch trace --view FILE",
            )
        _view(session, view)
        return None
    require_own_home()
    _require_aiohttp()
    stand_in = _stand_in(errors, replay)
    if profile is not None:
        session.refuse_agents()
    ready = _prepared(session, profile, list(command))
    kept = _KEPT if record and bodies != "none" else 0
    return _traced(
        session,
        ready,
        lambda: TraceReport(session, ready, to, record),
        stand_in,
        (kept, kept if bodies == "all" else 0),
        hosts if intercept or hosts else None,
    )


def _traced(  # noqa: PLR0913
    session: Session,
    ready: running.Prepared,
    reporting: Callable[[], TraceReport],
    stand_in: StandIn | None,
    keep: tuple[int, int],
    intercepts: tuple[str, ...] | None,
) -> int:
    """Run the command. `keep`: bytes of answers and of requests to keep."""
    from keyswitch.secret import Secret
    from keyswitch.switching.activation.effect import situation_of
    from keyswitch.trace.passing.passage import Watcher
    from keyswitch.trace.passing.signing import Signer
    from keyswitch.trace.requests.naming import Naming
    from keyswitch.trace.tracing import Tracing
    from keyswitch.trace.usage_feed import UsageFeed
    from keyswitch.workspace import Workspace

    workspace = session.workspace()
    # Whose a login is, is told by the folder that the command reads.
    seen = Workspace(ready.environ, tell=workspace.tell)
    naming = Naming(lambda: situation_of(seen))
    report = reporting()  # makes files: what may be refused was before
    add = UsageFeed(workspace).before(report.add)
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
            "pipx inject keyswitch aiohttp, or with pip: pip install aiohttp",
        ) from None
