"""No secret outside the written list, whatever a command comes to.

Each command is run to its end, refused for its arguments, left without its
store, and struck in the middle of what it does: by three signals, and by a
full disk.
"""

import stat

import pytest

from keyswitch.cli.main import COMMANDS
from keyswitch.profiles.paths import resolve
from keyswitch.secrets.vault.reading import Vault
from tests.leaks import allowed, sinks
from tests.leaks.commands import FORMS, KEY, SECRETS, form, make_home
from tests.proof import record

pytestmark = pytest.mark.real("strace")
NAMES = sorted(FORMS)
STRIKES = {
    "ENOSPC": "error=ENOSPC",
    "SIGINT": "signal=INT",
    "SIGKILL": "signal=KILL",
    "SIGTERM": "signal=TERM",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    home = tmp_path_factory.mktemp("leaks") / "home"
    home.mkdir()
    make_home(home)
    return home


@pytest.fixture(scope="module")
def canaries(template):
    data_key = Vault(resolve({"HOME": str(template)})).open().data_key
    secrets = {name: text.encode() for name, text in SECRETS.items()}
    return sinks.Canaries({**secrets, "data key": data_key})


@pytest.fixture
def place(template, tmp_path):
    return sinks.TracedHome(template, tmp_path)


def checked(place, canaries, name, run, what):
    """Assert that a run has left nothing anywhere, and that it is no bug."""
    found = allowed.beyond(name, place.hits(run, canaries))
    cores = place.cores()
    record(
        promise="P7", what=f"canary scan: commands, {what}", points=1,
        violations=len(found) + len(cores),
    )  # fmt: skip
    assert found == set()
    assert cores == []
    assert b"Traceback" not in run.err
    assert run.code != 3


def test_every_command_is_there():
    assert {form.args[0] for form in FORMS.values()} == set(COMMANDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_that_does_its_work(place, canaries, name):
    run = place.run(FORMS[name])
    assert run.code == FORMS[name].code, (run.err + run.out).decode()
    checked(place, canaries, name, run, "as they should be used")
    # Then there is no core, and /proc is root's.
    late = run.opened is not None and not (
        run.closed is not None and run.closed < run.opened
    )
    record(promise="P11", what="not dumpable before a secret is opened",
           points=1, violations=int(late))  # fmt: skip
    assert not late
    assert run.closed is not None or not FORMS[name].stdin


FAST = NAMES[::8]  # of what follows


def tiered(names):
    """Mark what is for the long tier only."""
    return [
        name if name in FAST else pytest.param(name, marks=pytest.mark.full)
        for name in names
    ]


# They take any words: texts, and options of other programs.
FREE = {
    "explain": 1, "run": 1, "run --redact": 1, "whoami": 0,
    "whoami --verify": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", tiered(NAMES))
def test_a_command_with_a_secret_as_an_argument(place, canaries, name):
    """It is in argv by the person's own doing, and is not repeated."""
    words = FORMS[name].args
    at = words.index("--") if "--" in words else len(words)
    asked = FORMS[name].with_args(*words[:at], f"--no-such={KEY}", *words[at:])
    run = place.run(asked)
    assert run.code == FREE.get(name, 2), run.err.decode()
    checked(place, canaries, name, run, "a usage error")


STORELESS = {
    "add", "add from a variable", "copy", "export", "helper api-key",
    "helper aws", "import", "login --capture", "revoke-local", "rotate",
    "unlock, wrong", "use a login", "vault machine-key",
    "vault passwd", "vault rotate",
}  # fmt: skip


@pytest.mark.parametrize("name", tiered(NAMES))
def test_a_command_whose_store_is_damaged(place, canaries, name):
    for vault in place.home.rglob("vault.ksv*"):
        vault.write_bytes(vault.read_bytes()[:-40] + b"\0" * 40)
    run = place.run(FORMS[name])
    if name in STORELESS:
        assert run.code not in (0, 2), run.err.decode()
        assert b"keyswitch: error: " in run.err
    checked(place, canaries, name, run, "their store is damaged")


@pytest.mark.parametrize("strike", STRIKES)
@pytest.mark.parametrize("name", tiered(NAMES))
def test_a_command_that_is_struck_in_the_middle(
    template, tmp_path, canaries, name, strike
):
    (tmp_path / "clean").mkdir()
    clean = sinks.TracedHome(template, tmp_path / "clean").run(FORMS[name])
    call, number = sinks.middle_of(clean)
    for back in (0, 1, 2, 4, 8):
        folder = tmp_path / str(back)
        folder.mkdir()
        place = sinks.TracedHome(template, folder)
        run = place.run(
            FORMS[name], "-e",
            f"inject={call}:{STRIKES[strike]}:when={max(1, number - back)}",
        )  # fmt: skip
        if run.fired:
            break
    assert run.fired, f"{call} {number} was not reached"
    hits = place.hits(run, canaries)
    found = allowed.beyond(name, hits - stages_of(place, canaries, name))
    record(
        promise="P7", what=f"canary scan: commands, struck by {strike}",
        points=1, violations=len(found),
    )  # fmt: skip
    assert found == set()
    assert place.cores() == []
    assert b"Traceback" not in run.err


def stages_of(place, canaries, name):
    """Return where a struck run left an allowed secret, until it is mended.

    Private, where the list says, and gone with the next command.
    """
    stages = set()
    for path in place.home.glob(".claude/.keyswitch-*"):
        where = str(path.relative_to(place.folder))
        for secret in canaries.within(path.read_bytes()):
            hit = sinks.Hit("file after a kill", where, secret)
            assert not allowed.beyond(name, {hit})
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            stages.add(sinks.Hit("file", where, secret))
    if stages:
        assert place.run(form("use work")).code == 0
        assert not list(place.home.glob(".claude/.keyswitch-*"))
    return stages


# ------------------------------------------------------- the scanner's teeth

MUTANTS = {
    "a log": ("file", "open(HOME + '/log', 'a').write(text)"),
    "a reversed log": ("file", "open(HOME + '/log', 'a').write(text[::-1])"),
    "argv of a child": ("argv", "subprocess.run(['true', 'k=' + text])"),
    "a child's environment": (
        "environment",
        (
            "subprocess.run(['true'], env={'A': base64.b64encode("
            "b'x' + text.encode()).decode()})"
        ),
    ),
    "a temporary file that went": (
        "write",
        (
            "n = HOME + '/t'; open(n, 'wb').write(text.encode('utf-16-le')); "
            "os.unlink(n)"
        ),
    ),
    "a file name": ("file", "open(HOME + '/' + text, 'w').close()"),
    "shared memory": (
        "write",
        (
            "n = '/dev/shm/FAKE-' + str(os.getpid()); "
            "open(n, 'w').write(text.encode().hex()); os.unlink(n)"
        ),
    ),
    "an error": ("stderr", "print(text, file=sys.stderr)"),
}
LEAKING = """
import base64, os, subprocess, sys
from keyswitch.secret import Secret
HOME = os.environ["HOME"]
init = Secret.__init__
def leaking(self, text):
    init(self, text)
    {defect}
Secret.__init__ = leaking
from keyswitch.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


TEETH = {"a log", "argv of a child", "a temporary file that went"}


@pytest.mark.parametrize(
    "mutant",
    [
        m if m in TEETH else pytest.param(m, marks=pytest.mark.full)
        for m in MUTANTS
    ],
)
def test_a_mutant_that_leaks_is_caught(place, canaries, mutant):
    sink, defect = MUTANTS[mutant]
    start = ("-c", LEAKING.format(defect=defect))
    run = place.run(FORMS["rotate"], start=start)
    assert run.code == 0, run.err.decode()
    found = allowed.beyond("rotate", place.hits(run, canaries))
    assert (sink, "new key") in {(hit.sink, hit.secret) for hit in found}
