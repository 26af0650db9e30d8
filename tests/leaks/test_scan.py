"""No secret where it does not belong, whatever a command comes to."""

import shutil
import subprocess
import sys

import pytest

from keyswitch.cli.commands import COMMANDS
from tests.cli.keyswitch import Keyswitch
from tests.components import ROOT
from tests.leaks import canary
from tests.leaks.scenarios import (
    CANARIES,
    CHILD,
    KEY,
    OTHER_PHRASE,
    SCENARIOS,
    STDOUT,
    TOKEN,
)
from tests.proof import record

FORMS = {form for secret in CANARIES for form in canary.forms_of(secret)}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A home with a vault, two profiles in use, a link and a bundle."""
    home = tmp_path_factory.mktemp("leaks") / "home"
    home.mkdir()
    ks = Keyswitch(home).with_vault()
    ks.add("work", secret=KEY)
    ks.add("gw", "--set", "base_url=https://gw.example.com",
           provider="gateway", secret=TOKEN)  # fmt: skip
    ks("export", "--all", "--to", "b.ksb", "--passphrase-fd", "0",
       stdin=OTHER_PHRASE)  # fmt: skip
    ks("use", "work")
    ks("env", "--shell", "bash")
    (home / "project").mkdir()
    (home / "project/.keyswitch").write_text("work\n")
    return home


class Place:
    """One run's own home, and every place that it could write to."""

    def __init__(self, template, folder):
        folder.mkdir(exist_ok=True)
        self.home = folder / "home"
        shutil.copytree(template, self.home, symlinks=True)
        self.log = folder / "log"
        self.more = [folder / name for name in ("tmp", "run")]
        for path in self.more:
            path.mkdir(0o700)
        self.environ = {
            **Keyswitch(self.home).environ,
            "TMPDIR": str(self.more[0]),
            "XDG_RUNTIME_DIR": str(self.more[1]),
            "PYTHONPATH": str(ROOT),
        }

    def run(self, scenario, *inject, script=("-m", "keyswitch")):
        start = (sys.executable, *script)
        return subprocess.run(
            [*canary.STRACE, *inject, "-o", str(self.log), *start,
             *scenario.args],
            input=scenario.stdin.encode(),
            capture_output=True, env=self.environ, timeout=60, check=False,
            cwd=self.home / "project"
            if scenario.args[0] in ("allow", "deny")
            else self.home,
        )  # fmt: skip

    def leaks(self, scenario, done):
        """Return where a secret is that does not belong there."""
        found = [
            f"file {path.relative_to(self.home.parent)}"
            for path in canary.files_with([self.home, *self.more], FORMS)
        ]
        if STDOUT not in scenario.allowed and canary.has_one(
            done.stdout, FORMS
        ):
            found.append("stdout")
        if canary.has_one(done.stderr, FORMS):
            found.append("stderr")
        for name, text in canary.calls(self.log):
            if not canary.has_one(text, FORMS):
                continue
            if name == "execve":
                argv = text.partition(b"], [")[0]
                if canary.has_one(argv, FORMS) or CHILD not in scenario.allowed:
                    found.append(f"execve {text[:60]!r}")
            elif not _is_stdout(text, scenario):
                found.append(f"{name} {text[:60]!r}")
        return found


def _is_stdout(text, scenario):
    """Tell a write to standard output, or to a pipe of a child's answer."""
    target = text.partition(b",")[0]
    return b"pipe:" in target and (
        STDOUT in scenario.allowed or not target.startswith((b"1<", b"2<"))
    )


@pytest.fixture
def place(template, tmp_path):
    return Place(template, tmp_path)


EACH = pytest.mark.parametrize("name", sorted(SCENARIOS))
pytestmark = pytest.mark.real("strace")


def test_every_command_has_a_scenario():
    assert {s.args[0] for s in SCENARIOS.values()} == set(COMMANDS)


@EACH
def test_a_command_leaves_no_secret_anywhere(place, name):
    scenario = SCENARIOS[name]
    done = place.run(scenario)
    assert done.returncode == scenario.code, done.stderr.decode()
    found = place.leaks(scenario, done)
    record(promise="P7", what="commands, done or refused", points=1,
           violations=len(found))  # fmt: skip
    assert found == []


STRIKES = [
    pytest.param(name, fault, id=f"{name}-{fault}")
    for name in sorted(SCENARIOS)
    for fault in ("KILL", "INT", "TERM", "ENOSPC")
    # Its pipes to another program never run out of room on a disk.
    if (name, fault) != ("shell", "ENOSPC")
]


@pytest.mark.full
@pytest.mark.parametrize(("name", "fault"), STRIKES)
def test_a_command_that_is_struck_leaves_no_secret_anywhere(
    template, tmp_path, name, fault
):
    scenario = SCENARIOS[name]
    whole = Place(template, tmp_path / "whole")
    whole.run(scenario)
    writes = [call for call, _ in canary.calls(whole.log) if call == "write"]
    shutil.rmtree(tmp_path / "whole")
    if not writes:  # a refusal goes to a terminal-like stream at once
        pytest.fail("nothing is written that could be struck")
    place = Place(template, tmp_path / "struck")
    what = f"error={fault}" if fault == "ENOSPC" else f"signal={fault}"
    middle = (len(writes) + 1) // 2
    done = place.run(scenario, "-e", f"inject=write:{what}:when={middle}")
    assert _fired(place, done, fault)
    found = place.leaks(scenario, done)
    record(promise="P7", what=f"commands struck by {fault}", points=1,
           violations=len(found))  # fmt: skip
    assert found == []
    assert b"Traceback" not in done.stderr


def _fired(place, done, fault):
    if fault == "KILL":
        return done.returncode in (-9, 137)
    mark = "(INJECTED)" if fault == "ENOSPC" else f"--- SIG{fault} "
    return mark in place.log.read_text(errors="replace")


# ------------------------------------------------------- the scanner's teeth

DEFECTS = {
    "a log": "open(os.path.expanduser('~/log'), 'w').write(text)",
    "argv": "subprocess.run(['true', text])",
    "environment": "subprocess.run(['true'], env={'A': text})",
    "a temporary file that went": "n = os.path.expanduser('~/t'); "
    "open(n, 'w').write(text); os.unlink(n)",
    "stderr": "print(text, file=sys.stderr)",
    "hex in a log": "open(os.path.expanduser('~/log'), 'w')"
    ".write(text.encode().hex())",
    "base64 in a log": "open(os.path.expanduser('~/log'), 'w').write("
    "base64.b64encode(b'x' + text.encode()).decode())",
}


@pytest.mark.parametrize("defect", sorted(DEFECTS))
def test_a_defect_is_caught(place, defect):
    script = (
        "import base64, os, subprocess, sys\n"
        "from keyswitch.secret import Secret\n"
        "init = Secret.__init__\n"
        "def leaking(self, text):\n"
        "    init(self, text)\n"
        f"    {DEFECTS[defect]}\n"
        "Secret.__init__ = leaking\n"
        "from keyswitch.__main__ import main; sys.exit(main(sys.argv[1:]))\n"
    )
    scenario = SCENARIOS["rotate"]
    done = place.run(scenario, script=("-c", script))
    assert done.returncode == 0, done.stderr.decode()
    assert place.leaks(scenario, done) != []
