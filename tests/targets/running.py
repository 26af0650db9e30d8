"""A process that passes for a session, and the file that one keeps."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

SLEEP = shutil.which("sleep")


def start_of(pid):
    text = Path(f"/proc/{pid}/stat").read_text()
    return text.rpartition(")")[2].split()[19]


class Impostor:
    """`sleep` under the name of Claude Code, in a folder of its own."""

    def __init__(self, folder, home, *, args=("600",), name="claude", **env):
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / name
        if not program.exists():
            shutil.copy(SLEEP, program)
            program.chmod(0o755)
        self.cwd = folder
        self.process = subprocess.Popen(
            [program, *args],
            env={"HOME": str(home), **env},
            cwd=folder,
        )
        self.pid = self.process.pid
        self.file = None
        # Until then /proc shows the process that it was copied from.
        end = time.monotonic() + 10
        line = f"/proc/{self.pid}/cmdline"
        while os.fsencode(program) not in Path(line).read_bytes():
            assert time.monotonic() < end
            time.sleep(0.01)

    def says(self, config_dir, status="idle", **changes):
        """Write the session's file; return the impostor."""
        document = {
            "pid": self.pid,
            "procStart": start_of(self.pid),
            "cwd": str(self.cwd),
            "kind": "interactive",
            "version": "2.1.330",
            "startedAt": 1795595159580,
            "status": status,
            **changes,
        }
        folder = config_dir / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{self.pid}.json"
        text = json.dumps({k: v for k, v in document.items() if v is not None})
        fresh = self.file.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(self.file)
        return self

    def end(self):
        self.process.kill()
        self.process.wait()
