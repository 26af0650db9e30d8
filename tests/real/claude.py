"""Runs the real Claude Code once and says which credential it sent."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests import components

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.real.stub import Request, Stub

QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_MAX_RETRIES": "0",  # the default hides an error for 40 s
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True)
class Recorded:
    """What one run sent and printed."""

    requests: list[Request] = field(repr=False)
    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def messages(self) -> list[Request]:
        return [r for r in self.requests if r.is_message]

    @property
    def credentials(self) -> dict[str, str] | None:
        """Return the credential headers of the messages; None: none sent.

        All messages of a run have to agree, and no side request (policies,
        model lists) may speak for another account than they do.
        """
        if not self.messages:
            return None
        sent = self.messages[0].credentials
        for request in self.requests:
            if request.is_message:
                assert request.credentials == sent, request.path
            else:
                values = _bare(request.credentials)
                assert values <= _bare(sent), request.path
        return sent

    def mentions(self, text: str) -> bool:
        """Tell whether a text went out in any request or was printed."""
        return any(
            text in f"{r.path}{r.headers}" or text.encode() in r.body
            for r in self.requests
        ) or text in (self.stdout + self.stderr)


def _bare(credentials: dict[str, str]) -> set[str]:
    return {value.removeprefix("Bearer ") for value in credentials.values()}


def base_environment(home: Path, stub: Stub) -> dict[str, str]:
    """Return what every run needs: a home, silence, and only the stub."""
    return {
        **QUIET,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(home),
        "HTTPS_PROXY": stub.url,
        "HTTP_PROXY": stub.url,
        "NODE_EXTRA_CA_CERTS": str(stub.authority.ca_file),
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
        "TMPDIR": str(home),
    }


def _program() -> str:
    """Return the pinned Claude Code, which tests without it do not reach."""
    program = components.locate("claude")
    assert program is not None
    return program


def run(
    stub: Stub,
    env: Mapping[str, str],
    *,
    cwd: Path,
    args: Sequence[str] = (),
    command: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
    timeout: float = 60,
) -> Recorded:
    """Run `claude -p hi` (behind `command`, if given) in exactly `env`."""
    stub.taken()
    began = time.monotonic()
    done = subprocess.run(
        [*(command or [_program()]), *args, "-p", "hi"],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        pass_fds=pass_fds,
        timeout=timeout,
    )
    return Recorded(
        stub.taken(),
        done.returncode,
        done.stdout,
        done.stderr,
        time.monotonic() - began,
    )


def status(
    stub: Stub,
    env: Mapping[str, str],
    *,
    cwd: Path,
    args: Sequence[str] = (),
    command: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
) -> dict[str, Any] | None:
    """Return what `claude auth status` prints; None where it is no JSON."""
    done = subprocess.run(
        [*(command or [_program()]), *args, "auth", "status"],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        pass_fds=pass_fds,
        timeout=60,
    )
    stub.taken()
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def version(program: str) -> str:
    """Return what a Claude Code says its version is."""
    done = subprocess.run(
        [program, "--version"],
        env={**QUIET, "PATH": os.defpath, "HOME": "/nonexistent"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return (done.stdout.split() or ["unknown"])[0]
