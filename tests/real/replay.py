"""Replay the observed precedence cases against the installed Claude Code.

    python tests/real/replay.py [--only PATTERN] [--jobs N] [--cases FILE]

For a nightly run: prints what the present version does differently from what
was observed, and ends with status 1 if anything does. Cases with a managed
policy need root, since that lies in /etc; they see an /etc of their own.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import json
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests import claude_setups  # noqa: E402
from tests.claude_setups import VECTORS  # noqa: E402
from tests.components import locate  # noqa: E402
from tests.real import claude, stub  # noqa: E402
from tests.real.certificates import Authority  # noqa: E402

# A private mount table in which /etc has a writable layer of the test's own.
_OWN_ETC = (
    'mkdir -p "$0/etc/claude-code" "$0/work" && mount -t overlay overlay '
    '-o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work" /etc && exec "$@"'
)


def replay(case: dict[str, Any], authority: Authority) -> dict[str, Any] | None:
    """Run one case; return what happened, or None if it cannot run here.

    A request and `auth status` each get a home of their own: both write.
    """
    managed = any(n.startswith("$MANAGED") for n in case["setup"]["files"])
    if managed and os.geteuid() != 0:
        return None
    with _started(case, authority, managed=managed) as (command, options):
        found = observed(claude.run(**options, command=command))
    with _started(case, authority, managed=managed) as (command, options):
        found["status"] = claude.status(**options, command=command)
    return found


@contextlib.contextmanager
def _started(
    case: dict[str, Any], authority: Authority, *, managed: bool
) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Build the home of a case; yield a command and how to run it."""
    setup = case["setup"]
    with (
        tempfile.TemporaryDirectory() as folder,
        stub.Stub(authority) as server,
        claude_setups.descriptors(setup) as opened,
    ):
        if not case["id"].startswith("real/"):
            # Where a login is refreshed: it was out of reach when these cases
            # were observed.
            server.refused.add("platform.claude.com")
        place = claude_setups.SetupFolder(Path(folder), server.url)
        server.answers = place.answers(setup)
        cwd = place.build(setup)
        env = claude.base_environment(place.home, server)
        env |= {k: place.fill(v) for k, v in setup["env"].items()}
        env |= {name: str(number) for name, number in opened.items()}
        command = [str(locate("claude"))]
        if managed:
            layer = ["unshare", "--mount", "sh", "-c", _OWN_ETC]
            command = [*layer, f"{folder}/layer", *command]
        yield (
            command,
            {
                "stub": server,
                "env": env,
                "cwd": cwd,
                "args": [place.fill(a) for a in setup["args"]],
                "pass_fds": list(opened.values()),
            },
        )


def observed(recorded: claude.Recorded) -> dict[str, Any]:
    """Return what a run did in the form of a case's `expect`."""
    messages = recorded.messages
    headers = messages[-1].headers if messages else {}
    key = headers.get("x-api-key")
    return {
        "sent": bool(messages),
        "x-api-key": None if key is None else {"scheme": "raw", "value": key},
        "authorization": _authorization(headers.get("authorization")),
        "exit": recorded.exit_code,
    }


def _authorization(header: str | None) -> dict[str, str] | None:
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme == "AWS4-HMAC-SHA256":
        value = value.partition("Credential=")[2].partition("/")[0]
    return {"scheme": scheme, "value": value}


def differences(case: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return one line for each thing that is not as it was observed."""
    expect = case["expect"]
    seen = {**now, "status": _fields(now["status"], expect["status"])}
    return [
        f"{case['id']}: {name}: was {expect[name]}, is {value}"
        for name, value in seen.items()
        if name in expect and _comparable(expect[name]) != _comparable(value)
    ]


def _fields(
    status: dict[str, Any] | None, expected: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Return the fields of a status that a case tells about."""
    if status is None or expected is None:
        return status
    # The service is asked for the e-mail of some logins; the stub has none.
    told = [name for name in expected if name != "email"]
    found = {name: status.get(name) for name in told}
    return {**found, **{n: expected[n] for n in expected if n not in told}}


def _comparable(value: object) -> str:
    """Leave out how many tokens the stub had handed out before."""
    return re.sub(r"REFRESHED-\d+", "REFRESHED", str(value))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN")
    parser.add_argument(
        "--cases",
        default="precedence.json",
        choices=["precedence.json", "observed.json", "layouts.json"],
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if locate("claude") is None:
        print("there is no Claude Code here; scripts/test-parts fetches it")
        return 2
    document = json.loads((VECTORS / options.cases).read_text(encoding="utf-8"))
    cases = [
        case
        for case in claude_setups.load(options.cases)
        if fnmatch.fnmatch(case["id"], options.only)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(options.jobs) as pool,
    ):
        authority = Authority(Path(folder))
        results = list(pool.map(lambda c: replay(c, authority), cases))
    drift, changed, skipped = [], 0, 0
    for case, now in zip(cases, results, strict=True):
        skipped += now is None
        lines = differences(case, now) if now else []
        changed += bool(lines)
        drift += lines
    print(*drift, sep="\n", end="\n" if drift else "")
    print(
        f"Claude Code {claude.version()}, observed with "
        f"{document['claude_code']}: {len(cases)} cases, {changed} differ, "
        f"{skipped} not run"
    )
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
