"""Count the modules of keyswitch that a command enters.

    python tests/bench/modules.py [CLONE]

CLONE is another version's, to compare with. A module counts when a function
of it is called; to be loaded is not enough.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = (
    ("use", "private"),
    ("env", "--shell", "bash"),
    ("whoami",),
)
KEY = "sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvw-{}-AA"

# At the end of a command, which may end with os._exit, on a descriptor of its
# own: a name a line.
COUNT = """
import os, sys
entered = set()
def notice(frame, event, _):
    if event == "call":
        name = frame.f_globals.get("__name__", "")
        if name.startswith("keyswitch.") and frame.f_code.co_name != "<module>":
            entered.add(name)
def tell():
    sys.setprofile(None)
    os.write({descriptor}, "\\n".join(sorted(entered)).encode())
leave = os._exit
def left(status):
    tell()
    leave(status)
os._exit = left
sys.argv = ["keyswitch", *{args!r}]
from keyswitch.__main__ import launch
sys.setprofile(notice)
try:
    launch()
finally:
    tell()
"""


def entered(clone, home, args):
    """Return the modules that one command enters."""
    reads, writes = os.pipe()
    with os.fdopen(reads) as found:
        subprocess.run(
            [sys.executable, "-c", COUNT.format(descriptor=writes, args=args)],
            env={
                "HOME": str(home), "PATH": os.defpath, "LC_ALL": "C.UTF-8",
                "PYTHONPATH": str(clone),
            },
            cwd=home, pass_fds=[writes], check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(writes)
        return set(found.read().split())


def main():
    """Print the number of each command, and with -v their names."""
    names = [arg for arg in sys.argv[1:] if arg != "-v"]
    clone = Path(names[0] if names else ROOT).resolve()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run = [sys.executable, "-m", "keyswitch"]
        environ = {
            "HOME": folder, "PATH": os.defpath, "PYTHONPATH": str(clone),
        }  # fmt: skip
        for args, key in (
            (("vault", "init", "--machine-key"), ""),
            *(
                (("add", name, "--provider", "anthropic", "--stdin"), name)
                for name in ("work", "private")
            ),
            (("use", "private"), ""),
            (("use", "work"), ""),
        ):
            subprocess.run(
                [*run, *args], env=environ, cwd=home, check=True, text=True,
                input=KEY.format(key.ljust(7, "0") + "0" * 45),
                capture_output=True,
            )  # fmt: skip
        for args in COMMANDS:
            found = entered(clone, home, args)
            print(f"{len(found):4}  {' '.join(args)}")
            if "-v" in sys.argv:
                print(*sorted(found), sep="\n", end="\n\n")


if __name__ == "__main__":
    main()
