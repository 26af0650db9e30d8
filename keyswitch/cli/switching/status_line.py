"""statusline: the command that Claude Code runs for its status line.

Nothing here may disturb Claude Code: whatever goes wrong, it prints a line or
nothing, and ends with 0. Observed, 2.1.330: of a command that fails, nothing
is shown; of one that hangs neither, and the session goes on.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keyswitch.cli.command import Session, command
from keyswitch.errors import KeyswitchError
from keyswitch.express import write_out

if TYPE_CHECKING:
    from keyswitch.workspace import Workspace

_MOST = 4 << 20  # bytes that are read; what Claude Code hands out is 2 KiB
_WAIT = 2.0  # seconds for all of the input
_FORMER_WAIT = 5.0  # seconds for a person's own command


@command(
    "keyswitch install claude-statusline",
    note="Claude Code runs it and passes its data on standard input.",
)
def statusline(session: Session) -> int:
    """Print Claude Code's limits for its status line.

    It prints the output of your own status line if there was one before.
    """
    data = _input()
    try:
        from keyswitch.workspace import Workspace

        workspace = Workspace(session.environ)
        line = _observed(workspace, data)
    except Exception:  # noqa: BLE001 - see the module's text
        workspace, line = None, ""
    former = _former(workspace) if workspace else ""
    if former:
        return _call(former, data)
    if line:
        session.data(line)
    return 0


def _input() -> bytes:
    """Return what is on standard input, as far as it comes in time."""
    if os.isatty(0):
        return b""
    end, parts, size = time.monotonic() + _WAIT, list[bytes](), 0
    while size <= _MOST:
        left = max(0.0, end - time.monotonic())
        if os.name == "posix" and not select.select([0], [], [], left)[0]:
            break
        try:
            part = os.read(0, 1 << 16)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _observed(workspace: Workspace, data: bytes) -> str:
    """Record what Claude Code says; return what is shown of it."""
    import json

    from keyswitch.profiles import clock
    from keyswitch.usage import shown
    from keyswitch.usage.observed import observe

    name, windows = "", {}
    now = clock.now()
    try:
        document: Any = json.loads(data) if len(data) <= _MOST else {}
        if isinstance(document, dict):
            seen = observe(workspace, document, now)
            name, windows = seen.profile, seen.windows
    except (KeyswitchError, OSError, RecursionError, ValueError):
        pass  # such as a state folder that cannot be written
    at = datetime.fromtimestamp(int(now), UTC).astimezone()
    name = name or ("" if windows else _chosen(workspace))
    return "  ".join(filter(None, (name, shown.short(windows, at))))


def _chosen(workspace: Workspace) -> str:
    from keyswitch.terminal import selection

    return selection.select_here(workspace.paths, workspace.environ).name


def _former(workspace: Workspace) -> str:
    from keyswitch.switching.editing import status_line_setting

    try:
        return status_line_setting.former_command(workspace)
    except (KeyswitchError, AttributeError, ValueError):
        return ""


def _call(former: str, data: bytes) -> int:
    """Run a person's own command as Claude Code would; return its status.

    It has a group of its own, so that nothing of one that hangs is left.
    """
    try:
        process = subprocess.Popen(  # noqa: S602 - a person's own words
            former,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
    except OSError:
        return 0
    try:
        out, _ = process.communicate(data, _FORMER_WAIT)
    except subprocess.TimeoutExpired as e:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        _write(e.output or b"")
        return 0
    _write(out)
    return max(process.returncode, 0)


def _write(out: bytes) -> None:
    sys.stdout.flush()
    write_out(out.decode("utf-8", "surrogateescape"))
