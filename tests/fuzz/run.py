"""Run the targets under atheris, guided by coverage.

    python tests/fuzz/run.py [--seconds N] [--only TARGET]

Each target has a process of its own. Printed are executions and crashes; the
input of a crash is left in the folder that the last line names. atheris is
not among the test group's packages: `pip install atheris`.
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
    environ = {k: os.environ[k] for k in ("PATH", "TMPDIR") if k in os.environ}
    home = tempfile.mkdtemp(dir=results)
    done = subprocess.run(
        [sys.executable, __file__, "--child", target, str(corpus),
         f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10",
         "-rss_limit_mb=1024", f"-artifact_prefix={results}/{target}-"],
        capture_output=True, text=True, errors="replace", check=False,
        env={**environ, "HOME": home, "TMPDIR": home},
    )  # fmt: skip
    counts = re.findall(r"^#(\d+)", done.stderr, re.MULTILINE)
    crashes = sorted(results.glob(f"{target}-*"))
    count = int(counts[-1]) if counts else 0
    print(f"{target:34} {count:>10,} {len(crashes):>8}", flush=True)
    if crashes or done.returncode:
        print("\n".join(done.stderr.splitlines()[-25:]))
    return count, len(crashes)


def main():
    if sys.argv[1:2] == ["--child"]:
        return fuzz(sys.argv[2], sys.argv[3:])
    from tests.fuzz import targets

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", choices=sorted(targets.TARGETS))
    given = parser.parse_args()
    results = Path(tempfile.mkdtemp(prefix="keyswitch-fuzz-"))
    print(f"{'target':34} {'executions':>10} {'crashes':>8}")
    names = [given.only] if given.only else list(targets.TARGETS)
    found = [run(name, given.seconds, results) for name in names]
    total, crashes = (sum(n) for n in zip(*found, strict=True))
    print(f"{'all':34} {total:>10,} {crashes:>8}")
    print(f"crashes lie in {results}")
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())
