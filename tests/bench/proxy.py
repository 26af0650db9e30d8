"""Measure what `trace` adds to a request, against the same without it.

    python tests/bench/proxy.py [--requests N]

A service on the loopback answers at once. Prints medians in milliseconds, and
the memory that `trace` needs while 200 MB stream through. Figures of a loaded
machine mean little; nothing here is a test. The exit code is 1 where the
median is more than 2 ms over that without `trace`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.trace.upstream import Upstream  # noqa: E402

BUDGET = 2.0  # milliseconds
ASK = """
import http.client, json, os, socket, statistics, sys, time
from urllib.parse import urlsplit
base = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
connection = http.client.HTTPConnection(base.hostname, base.port)
connection.connect()
connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def ask(path):
    connection.request("POST", base.path + path, b"x" * 1000)
    answer = connection.getresponse()
    while answer.read(1 << 16):
        pass
took = []
for _ in range(int(sys.argv[1])):
    began = time.perf_counter()
    ask("/v1/messages")
    took.append(time.perf_counter() - began)
ask("/big?mb=200")
peak = 0
for line in open(f"/proc/{os.getppid()}/status"):
    if line.startswith("VmHWM"):
        peak = int(line.split()[1])
print(json.dumps([statistics.median(took) * 1000, peak]), file=sys.stderr)
"""


def measured(url: str, home: str, count: int, *before: str) -> list[float]:
    """Return (median in ms, peak memory of the parent in kB)."""
    done = subprocess.run(
        [*before, sys.executable, "-c", ASK, str(count)],
        env={
            "ANTHROPIC_BASE_URL": url,
            "HOME": home,
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
        },
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: list[float] = json.loads(done.stderr.splitlines()[0])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    count = parser.parse_args().requests
    trace = (sys.executable, "-m", "keyswitch", "-q", "trace", "--")
    with tempfile.TemporaryDirectory() as home, Upstream() as service:
        direct, _ = measured(service.url, home, count)
        through, peak = measured(service.url, home, count, *trace)
    added = through - direct
    print("request, median of", count)
    print(f"  without trace   {direct:6.2f} ms")
    print(f"  through trace   {through:6.2f} ms")
    print(f"  added           {added:6.2f} ms   budget {BUDGET} ms")
    print(f"memory of trace while 200 MB stream: {peak / 1000:.0f} MB at most")
    return added > BUDGET


if __name__ == "__main__":
    sys.exit(main())
