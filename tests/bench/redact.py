"""Measure what `run --redact` lets pass in a second, beside `run` without it.

    python tests/bench/redact.py [--megabytes N]

Three outputs through a pipe: log lines, base64, and log lines with a secret of
thirty lines. Figures of a loaded machine mean little; nothing here is a test.
"""

from __future__ import annotations

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LINE = b"2026-11-30T10:00:00Z INFO request 0123456789 took 12 ms, status 200\n"
KEY = "sk-ant-api03-FAKE-bench-" + "0123456789abcdef" * 5 + "EXAMPLE"


class Home:
    """A throw-away home with a profile, and a command of keyswitch's in it."""

    def __init__(self, folder):
        self.environ = {
            "HOME": folder,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        }
        self("vault", "init", "--machine-key")
        self.add("work", KEY)
        lines = (f"{n:02}{'0123456789abcdef' * 3}EXAMPLE" for n in range(30))
        self.add("long", "\n".join(lines))

    def __call__(self, *args, data=None):
        command = [sys.executable, "-m", "keyswitch", *args]
        return subprocess.run(
            command, env=self.environ, input=data, capture_output=True,
            check=True,
        )  # fmt: skip

    def add(self, name, secret):
        args = ("--set", "env=BENCH_KEY", "--store", "vault", "--stdin")
        self("add", name, "--provider", "custom", *args, data=secret.encode())

    def seconds(self, name, path, *options):
        began = time.perf_counter()
        done = self("run", name, *options, "--", "cat", path)
        assert len(done.stdout) == os.path.getsize(path)
        return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=200)
    size = parser.parse_args().megabytes * 1_000_000
    encoded = base64.encodebytes(os.urandom(1 << 20))
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder)
        print(f"{'':24}  without   redacted      MB/s")
        for title, name, text in (
            ("log lines", "work", LINE),
            ("base64", "work", encoded),
            ("log lines, a long secret", "long", LINE),
        ):
            path = f"{folder}/output"
            Path(path).write_bytes(text * (size // len(text)))
            plain = home.seconds(name, path)
            took = home.seconds(name, path, "--redact")
            speed = size / 1e6 / took
            print(f"{title:24}  {plain:5.2f} s  {took:7.2f} s  {speed:8.0f}")


if __name__ == "__main__":
    main()
