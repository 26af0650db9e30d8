"""Replay the observed precedence cases against the installed Claude Code.

    python tests/real/replay.py [--only PATTERN] [--jobs N]

For a nightly run: prints what the present version does differently from what
was observed, and ends with status 1 if anything does. Cases with a managed
policy need root, since that lies in /etc; they see an /etc of their own.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.components import locate  # noqa: E402
from tests.real import claude, stub  # noqa: E402
from tests.real.certificates import Authority  # noqa: E402

CASES = ROOT / "tests" / "vectors" / "claude_code" / "precedence.json"

# A private mount table in which /etc has a writable layer of the test's own.
_OWN_ETC = (
    'mkdir -p "$0/etc/claude-code" "$0/work" && mount -t overlay overlay '
    '-o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work" /etc && exec "$@"'
)


class Place:
    """The folders of one case and the marks that stand for them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.project = folder / "work" / "project"
        self.managed = folder / "layer" / "etc" / "claude-code"
        self.marks = {
            "$HOME": str(self.home),
            "$PROJ": str(self.project),
            "$MANAGED": str(self.managed),
            "$STUB": url,
        }
        self.home.mkdir()
        self.project.mkdir(parents=True)

    def fill(self, text: str) -> str:
        for mark, value in self.marks.items():
            text = text.replace(mark, value)
        return text

    def write(self, name: str, content: Any) -> None:
        """Write one file of a setup: JSON, or text with an optional mode."""
        path = Path(self.fill(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = isinstance(content, dict) and "_text" in content
        text = content["_text"] if raw else json.dumps(content)
        path.write_text(self.fill(text), encoding="utf-8")
        path.chmod(content.get("_mode", 0o600) if raw else 0o600)


def replay(case: dict[str, Any], authority: Authority) -> dict[str, Any] | None:
    """Run one case; return what happened, or None if it cannot run here."""
    setup = case["setup"]
    managed = any(name.startswith("$MANAGED") for name in setup["files"])
    if managed and os.geteuid() != 0:
        return None
    with (
        tempfile.TemporaryDirectory() as folder,
        stub.Stub(authority) as server,
    ):
        if not case["id"].startswith("real/"):
            # Where a login is refreshed: it was out of reach when these cases
            # were observed.
            server.refused.add("platform.claude.com")
        place = Place(Path(folder), server.url)
        for name, content in setup["files"].items():
            place.write(name, content)
        if "git_init" in setup:
            subprocess.run(
                ["git", "init", "-q", place.fill(setup["git_init"])], check=True
            )
        env = claude.base_environment(place.home, server)
        env |= {k: place.fill(v) for k, v in setup["env"].items()}
        pipes = {name: _pipe(text) for name, text in setup["fds"].items()}
        env |= {name: str(fd) for name, fd in pipes.items()}
        cwd = Path(place.fill(setup.get("cwd", "$PROJ")))
        cwd.mkdir(parents=True, exist_ok=True)
        layer = ["unshare", "--mount", "sh", "-c", _OWN_ETC, f"{folder}/layer"]
        try:
            recorded = claude.run(
                server,
                env,
                cwd=cwd,
                args=[place.fill(a) for a in setup["args"]],
                command=[*layer, str(locate("claude"))] if managed else (),
                pass_fds=list(pipes.values()),
            )
        finally:
            for fd in pipes.values():
                os.close(fd)
        return observed(recorded)


def _pipe(text: str) -> int:
    """Return a descriptor from which a text can be read once."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


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
    return [
        f"{case['id']}: {name}: was {case['expect'][name]}, is {value}"
        for name, value in now.items()
        if _comparable(case["expect"][name]) != _comparable(value)
    ]


def _comparable(value: object) -> str:
    """Leave out how many tokens the stub had handed out before."""
    return re.sub(r"REFRESHED-\d+", "REFRESHED", str(value))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if locate("claude") is None:
        print("there is no Claude Code here; scripts/test-parts fetches it")
        return 2
    document = json.loads(CASES.read_text(encoding="utf-8"))
    cases = [
        case
        for case in document["cases"]
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
