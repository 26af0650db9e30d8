"""Measure a first `use` where `.claude.json` is as large as they become.

    python tests/bench/large.py

Beside it, in the same rounds, what Python needs to load that file. Prints
processor seconds and megabytes, the best of each; the exit code is 1 where
`use` needs more than twice the time or 300 MB. Figures of a loaded machine
mean little; nothing here is a test.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SIZE = 122_000_000  # bytes
MOST_TIME, MOST_MEMORY = 2.0, 300  # times `json.load`; megabytes
ROUNDS = 5
SECRET = b"sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvw-work-AA"

# What one process did: it waits for a child and prints its figures.
_MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
child = resource.getrusage(resource.RUSAGE_CHILDREN)
print(child.ru_utime + child.ru_stime, child.ru_maxrss * 1024 / 1e6, code)
"""


def history(kind: str, number: int) -> dict[str, object]:
    """Return one project: prompts as people write them, or many numbers."""
    if kind == "numbers":
        rows = [[n, n * 2, {"a": None, "b": [1.5, True]}] for n in range(900)]
        return {"hasTrustDialogAccepted": True, "rows": rows}
    text = f'fix "{number}" — see src/{number}.py → naïve\n' * 40
    prompts = [{"display": text[: 90 + n], "pasted": {}} for n in range(90)]
    prompts[0]["pasted"] = {"1": {"id": 1, "type": "text", "content": text * 9}}
    return {"history": prompts, "mcpServers": {}, "allowedTools": []}


def document(kind: str, projects: int) -> bytes:
    """Return a `.claude.json` with that many projects."""
    found = {
        f"/p/{number}": history(kind, number) for number in range(projects)
    }
    return json.dumps(
        {"numStartups": 4, "projects": found, "oauthAccount": {}},
        indent=2,
        ensure_ascii=False,
    ).encode()


def measured(environ: dict[str, str], *command: str) -> tuple[float, float]:
    """Return (processor seconds, megabytes) of a command."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command],
        env=environ, check=True, capture_output=True, text=True,
    )  # fmt: skip
    seconds, memory, code = done.stdout.split()
    assert code == "0", command
    return float(seconds), float(memory)


def use(folder: Path, data: bytes) -> tuple[float, float]:
    """Measure the first `use` in a new home."""
    keyswitch = (sys.executable, "-P", "-m", "keyswitch")
    with tempfile.TemporaryDirectory(dir=folder) as home:
        environ = {
            "HOME": home,
            "LC_ALL": "C.UTF-8",
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
        }
        for args in (
            ("vault", "init", "--machine-key"),
            ("add", "work", "--provider", "anthropic", "--store", "vault",
             "--stdin"),
        ):  # fmt: skip
            subprocess.run(
                [*keyswitch, *args],
                env=environ, input=SECRET, check=True, capture_output=True,
            )  # fmt: skip
        Path(home, ".claude.json").write_bytes(data)
        return measured(environ, *keyswitch, "use", "work")


def main() -> int:
    over = False
    with tempfile.TemporaryDirectory(prefix="keyswitch-bench-") as name:
        folder = Path(name)
        for kind in ("texts", "numbers"):
            data = document(kind, SIZE // len(document(kind, 1)))
            file = folder / "file.json"
            file.write_bytes(data)
            load = f"import json; json.load(open({str(file)!r}))"
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(use(folder, data))
                theirs.append(measured({}, sys.executable, "-c", load))
            seconds, memory = (min(found) for found in zip(*ours, strict=True))
            ratio = seconds / min(theirs)[0]
            print(
                f"{kind}, {len(data) / 1e6:.0f} MB: use {seconds:.2f} s, "
                f"{ratio:.2f} x json.load, {memory:.0f} MB"
            )
            over = over or ratio > MOST_TIME or memory > MOST_MEMORY
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
