"""A process of another user that has learnt the token gets nothing."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.components import ROOT
from tests.files import users

ASK = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1] + "/v1/models").status)
except urllib.error.HTTPError as error:
    print(error.code)
"""
TRACED = """
import os, sys
print(os.environ["ANTHROPIC_BASE_URL"], flush=True)
sys.stdin.read()
"""


def as_user(user, *words):
    return [
        "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
        sys.executable, *words,
    ]  # fmt: skip


@users.only_root
@pytest.mark.real("other-users", "setpriv")
def test_a_process_of_another_user_gets_nothing(upstream):
    # Below pytest's own folder nobody else has a way in.
    with tempfile.TemporaryDirectory(prefix="keyswitch-") as name:
        home = Path(name)
        os.chown(home, users.ME, users.ME)
        environ = {
            "ANTHROPIC_BASE_URL": upstream.url, "HOME": name,
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": name,
        }  # fmt: skip
        words = ("-m", "keyswitch", "trace", "--", sys.executable, "-c", TRACED)
        with subprocess.Popen(
            as_user(users.ME, *words), env=environ, cwd=name, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            base = process.stdout.readline().strip()
            answers = [
                subprocess.run(
                    as_user(user, "-c", ASK, base), env=environ, cwd="/",
                    capture_output=True, text=True, check=True,
                ).stdout
                for user in (users.OTHER, users.ME)
            ]  # fmt: skip
            process.stdin.close()
    assert answers == ["404\n", "200\n"]
    assert len(upstream.got) == 1
