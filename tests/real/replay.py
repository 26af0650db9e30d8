"""Replay observed cases of Claude Code on an installed version of it.

    python tests/real/replay.py [--cases FILE] [--only PATTERN] [--every N]
                                [--program PATH] [--jobs N]

Prints a table of what that version does differently (case and field, then,
now), and ends with status 1 if there is anything in it. Cases with a managed
policy need root, since that lies in /etc; they see an /etc of their own.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests import claude_setups  # noqa: E402
from tests.components import locate  # noqa: E402
from tests.real import claude, stub  # noqa: E402
from tests.real.certificates import Authority  # noqa: E402

# A private mount table in which /etc has a writable layer of the test's own.
_OWN_ETC = (
    'mkdir -p "$0/etc/claude-code" "$0/work" && mount -t overlay overlay '
    '-o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work" /etc && exec "$@"'
)


class Difference(NamedTuple):
    """One thing that a version does otherwise than it was observed."""

    rule: str  # the case, and what of it
    then: object
    now: object


def has_managed_policy(case: dict[str, Any]) -> bool:
    """Tell whether a case has files in /etc, which takes root to replay."""
    return any(n.startswith("$MANAGED") for n in case["setup"]["files"])


def replay(
    case: dict[str, Any], authority: Authority, program: str
) -> list[Difference]:
    """Run one case; return what is not as it was observed.

    A request and `auth status` each get a home of their own: both write.
    """
    try:
        with _started(case, authority, program) as options:
            now = observed(claude.run(**options))
        with _started(case, authority, program) as options:
            now["status"] = claude.status(**options)
    except subprocess.TimeoutExpired as late:
        ended = f"runs longer than {late.timeout:.0f} s"
        return [Difference(f"{case['id']}: the run", "ends", ended)]
    return differences(case, now)


@contextlib.contextmanager
def _started(
    case: dict[str, Any], authority: Authority, program: str
) -> Iterator[dict[str, Any]]:
    """Build the home of a case; yield how to run Claude Code in it."""
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
        command = [program]
        if has_managed_policy(case):
            layer = ["unshare", "--mount", "sh", "-c", _OWN_ETC]
            command = [*layer, f"{folder}/layer", *command]
        yield {
            "stub": server,
            "env": env,
            "cwd": cwd,
            "args": [place.fill(a) for a in setup["args"]],
            "pass_fds": list(opened.values()),
            "command": command,
        }


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


def differences(case: dict[str, Any], now: dict[str, Any]) -> list[Difference]:
    """Compare what happened with what was observed, field by field."""
    expect = case["expect"]
    seen = {**now, "status": _fields(now["status"], expect["status"])}
    return [
        Difference(f"{case['id']}: {name}", expect[name], value)
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


def _comparable(value: object) -> object:
    """Leave out how many tokens the stub had handed out before."""
    if isinstance(value, dict):
        return {name: _comparable(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return re.sub(r"REFRESHED-\d+", "REFRESHED", value)
    return value


def table(found: Sequence[Difference]) -> str:
    """Return differences as a table with a header."""
    rows = [("rule", "then", "now")]
    rows += [(d.rule, _shown(d.then), _shown(d.now)) for d in found]
    first, second = (max(len(row[n]) for row in rows) for n in (0, 1))
    return "\n".join(f"{a:{first}}  {b:{second}}  {c}" for a, b, c in rows)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    return str(value)


def main() -> int:
    names = sorted(claude_setups.case_files())
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN")
    parser.add_argument("--cases", choices=names, action="append")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--program", default=locate("claude"), metavar="PATH")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.program is None:
        print("there is no Claude Code here; scripts/test-parts fetches it")
        return 2
    cases = [
        case
        for name in options.cases or names
        for case in claude_setups.load(name)[:: options.every]
        if fnmatch.fnmatch(case["id"], options.only)
    ]
    possible = [
        case
        for case in cases
        if os.geteuid() == 0 or not has_managed_policy(case)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(options.jobs) as pool,
    ):
        authority = Authority(Path(folder))
        run = partial(replay, authority=authority, program=options.program)
        results = list(pool.map(run, possible))
    found = [difference for result in results for difference in result]
    if found:
        print(table(found))
    print(
        f"Claude Code {claude.version(options.program)}: {len(cases)} cases, "
        f"{sum(map(bool, results))} differ, "
        f"{len(cases) - len(possible)} not run"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
