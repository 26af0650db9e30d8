"""Run the targets under atheris, guided by coverage.

    python -m tests.fuzz.run [--seconds N] [--only TARGET]

Each target has a process of its own. Printed is a Markdown table of executions
and crashes, for SECURITY.md; the input of a crash is left in the folder that
the last line names, and is tried again by

    python -m tests.fuzz.run --child TARGET FILE

atheris is not among the test group's packages, for it has no wheels for most
systems. Put it beside them in the environment of the tests, or elsewhere:

    pip install --target /tmp/atheris --no-deps atheris
    PYTHONPATH=/tmp/atheris python -m tests.fuzz.run --seconds 60
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def seeds(target, folder):
    """Write what the generators of test_properties make, as a beginning."""
    from tests.fuzz import seeds

    for number, data in enumerate(seeds.SEEDS.get(target, [])):
        (folder / f"seed-{number}").write_bytes(data)


def fuzz(target, arguments):
    """Become the fuzzer of one target; does not return."""
    import atheris

    with atheris.instrument_imports(include=["keyswitch", "json"]):
        from tests.fuzz import targets

    def one(data):
        targets.check(target, data)

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


def run(target, seconds, results):
    corpus = results / target
    corpus.mkdir()
    seeds(target, corpus)
    kept = ("PATH", "PYTHONPATH")
    environ = {k: os.environ[k] for k in kept if k in os.environ}
    home = tempfile.mkdtemp(dir=results)
    done = subprocess.run(
        [sys.executable, __file__, "--child", target, str(corpus),
         f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10",
         "-rss_limit_mb=1024", f"-artifact_prefix={results}/{target}-"],
        capture_output=True, text=True, errors="replace", check=False,
        env={**environ, "HOME": home, "TMPDIR": home},
    )  # fmt: skip
    counts = re.findall(r"^#(\d+)", done.stderr, re.MULTILINE)
    crashes = len(list(results.glob(f"{target}-*")))
    count = int(counts[-1]) if counts else 0
    print(row(target, count, crashes), flush=True)
    if crashes or done.returncode:
        print("\n".join(done.stderr.splitlines()[-25:]), file=sys.stderr)
    # Without a crash, it is the fuzzer that did not run.
    return count, crashes or int(done.returncode != 0)


def row(target, count, crashes):
    return f"| {target:34} | {count:>12,} | {crashes:>7} |"


def main():
    if sys.argv[1:2] == ["--child"]:
        return fuzz(sys.argv[2], sys.argv[3:])
    from tests.fuzz import targets

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", choices=sorted(targets.TARGETS))
    given = parser.parse_args()
    results = Path(tempfile.mkdtemp(prefix="keyswitch-fuzz-"))
    print(f"| {'parser':34} | {'executions':>12} | crashes |")
    print(f"|{'-' * 36}|{'-' * 13}:|{'-' * 8}:|")
    names = [given.only] if given.only else list(targets.TARGETS)
    found = [run(name, given.seconds, results) for name in names]
    total, crashes = (sum(n) for n in zip(*found, strict=True))
    print(row("all", total, crashes))
    print(f"inputs lie in {results}", file=sys.stderr)
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())
