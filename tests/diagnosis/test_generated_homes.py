"""Many generated homes: no traceback, no write, no secret printed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

from keyswitch.cli.checks.doctor import doctor
from keyswitch.cli.checks.explain import explain
from keyswitch.cli.checks.whoami import whoami
from keyswitch.cli.session import Session
from keyswitch.diagnosis.explain import error_log
from keyswitch.diagnosis.findings.origin import StartFiles
from keyswitch.disk.atomic import unusable
from keyswitch.display import error_text
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import clock
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.workspace import Workspace
from tests.components import ROOT
from tests.diagnosis import generated_homes as homes

HOMES = range(1_500)
MORE_HOMES = range(1_500, 20_000)  # with --times 8; else an eighth of them
SAMPLE = range(40)  # of the real command line

NOW = 1_800_000_000.0
PATIENCE = 60  # seconds for one home; what takes longer hangs
CODES = {0, 1, 2, 4, 5}

PIECE = 9  # characters of a secret in a row that are too many
RUNS = re.compile(f"[{homes.RARE}]{{{PIECE},}}", re.IGNORECASE | re.ASCII)

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = (
    "os.chflags", "os.chmod", "os.chown", "os.exec", "os.fork", "os.kill",
    "os.link", "os.lockf", "os.mkdir", "os.posix_spawn", "os.putenv",
    "os.remove", "os.rename", "os.rmdir", "os.setxattr", "os.spawn",
    "os.symlink", "os.system", "os.truncate", "os.unsetenv", "os.utime",
    "pty.", "shutil.", "socket.", "subprocess.", "tempfile.",
)  # fmt: skip


class Watch:
    """Records what this process changes, starts or connects to."""

    def __init__(self):
        self.on = False
        self.seen = []

    def __call__(self, event, args):
        if not self.on:
            return
        if event == "open":
            _, mode, flags = args
            if flags & WRITING or set(mode or "") & set("wax+"):
                self.seen.append(event)
        elif event.startswith(CHANGES):
            self.seen.append(event)

    @contextlib.contextmanager
    def watching(self):
        self.seen.clear()
        self.on = True
        try:
            yield self.seen
        finally:
            self.on = False


WATCH = Watch()
sys.addaudithook(WATCH)


def tree(folder):
    """Return what shows whether anything below a folder was changed."""
    found = {}
    for entry in os.scandir(folder):
        s = entry.stat(follow_symlinks=False)
        found[entry.path] = (
            s.st_mode, s.st_ino, s.st_nlink, s.st_size, s.st_mtime_ns,
            s.st_ctime_ns,
        )  # fmt: skip
        if entry.is_dir(follow_symlinks=False):
            found |= tree(entry.path)
    return found


def leaked(secrets, text):
    """Return the rows of characters that a text has from a secret."""
    runs = [run.lower() for run in RUNS.findall(text)]
    if not runs:
        return set()
    pieces = {
        secret[at : at + PIECE].lower()
        for secret in secrets
        for at in range(len(secret) - PIECE + 1)
    }
    return {
        run[at : at + PIECE]
        for run in runs
        for at in range(len(run) - PIECE + 1)
    } & pieces


@dataclass
class Shown:
    """What one command came to."""

    code: int
    out: str
    err: str

    def problems(self, home, args):
        """Yield every promise that the output breaks."""
        if self.code not in CODES:
            yield f"exit status {self.code}"
        if leaked(home.secrets, self.out + self.err):
            yield "shows a secret"
        for line in (self.out + self.err).split("\n"):
            if not line.isprintable():
                yield f"prints {line[:200]!a}"
        if "--json" in args and self.out:
            with_version = json.loads(self.out)
            if with_version["version"] != 1:
                yield "has no version"
        for line in self.err.splitlines():
            if not line.startswith("keyswitch: "):
                yield f"says {line[:200]!a}"


def as_shown(error, profiles):
    """Return the error that is printed; of the system's only one may be."""
    if isinstance(error, KeyswitchError):
        return error
    if error.filename != profiles:
        raise error
    return unusable(error.filename, error)


def run(home, command, *args):
    """Do in this process what the command line does."""
    out, err = io.StringIO(), io.StringIO()
    session = Session(home.environ)
    session.no_input = True
    session._workspace = Workspace(home.environ, cwd=home.cwd)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = command.main(list(args), obj=session, standalone_mode=False)
            code = code or 0  # as the command line takes it
        except (KeyswitchError, OSError) as e:
            error = as_shown(e, session.workspace().paths.profiles_dir)
            err.write(error_text(error))
            code = error.exit_code
    return Shown(code, out.getvalue(), err.getvalue())


class HangError(BaseException):
    """It takes too long; no handler of a TimeoutError may take it."""


def commands(home):
    """Return the commands for a home; their forms take turns."""
    form = ["--json"] if home.index % 2 else []
    asked = [
        (whoami, "--", *home.options),
        (whoami, "--json", "--", *home.options),
        (doctor, *form),
        (doctor, "--report"),
        (explain, *form, "--", home.texts[home.index // 2 % 2]),
    ]
    if home.index // 4 % 2:
        asked.append((explain, "--from-log", *form))
    return asked


def problems_of(home):
    """Yield what is wrong with what is said of a home."""
    asked = commands(home)
    again = asked[home.index % len(asked)]
    seen = []
    for command, *args in [*asked, again]:
        try:
            shown = run(home, command, *args)
        except (Exception, HangError) as e:  # noqa: BLE001
            last = traceback.extract_tb(e.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            yield f"{command.name}: {type(e).__name__} in {where}"
            return
        seen.append(shown)
        for problem in shown.problems(home, args):
            yield f"{command.name} {args[:1]}: {problem}"
    if seen.pop() != seen[asked.index(again)]:
        yield f"{again[0].name}: says something else the second time"


@contextlib.contextmanager
def descriptors(home):
    """Open what a home has on its descriptors; nothing may be used up."""
    readers = []
    for number, data in home.descriptors.items():
        if number % 2:
            reader, writer = os.memfd_create("x"), None
            os.pwrite(reader, data, 0)
        else:
            reader, writer = os.pipe()
            os.write(writer, data)
            os.close(writer)
        os.dup2(reader, number)
        os.close(reader)
        readers.append(number)
    try:
        yield
        for number in readers:
            if number % 2:
                assert os.lseek(number, 0, os.SEEK_CUR) == 0
            assert os.read(number, 1 << 20) == home.descriptors[number]
    finally:
        for number in readers:
            os.close(number)


def look_at(index, root):
    """Return all that is wrong with one home."""
    root.mkdir()
    home = homes.build(index, root)
    before = tree(root)
    Scene.__init__.__kwdefaults__["managed_dir"] = home.managed
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    with descriptors(home), WATCH.watching() as changes:
        found = list(problems_of(home))
    signal.setitimer(signal.ITIMER_REAL, 0)
    found += [f"does {event}" for event in sorted(set(changes))]
    if tree(root) != before:
        found.append("changes a file")
    homes.remove(root)
    return [f"home {index}: {problem}" for problem in found]


@pytest.fixture
def folder():
    """Return an empty folder, in memory where there is one: many are made."""
    memory = "/dev/shm"
    found = tempfile.mkdtemp(
        prefix="keyswitch-homes-",
        dir=memory if os.access(memory, os.W_OK) else None,
    )
    yield Path(found)
    homes.remove(found)


@pytest.fixture
def apart(folder, monkeypatch):
    """Stand still in time, in a folder of its own; give up what hangs."""

    def give_up(*_):
        raise HangError

    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setitem(Scene.__init__.__kwdefaults__, "managed_dir", "")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    before = signal.signal(signal.SIGALRM, give_up)
    yield folder / "home"
    signal.signal(signal.SIGALRM, before)
    assert list(elsewhere.iterdir()) == []


def chunks(numbers, size):
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]


def name_of(chunk):
    return f"{chunk.start}-{chunk.stop - 1}"


@pytest.mark.parametrize("chunk", chunks(HOMES, 100), ids=name_of)
def test_a_generated_home_is_only_looked_at(chunk, apart):
    assert [p for index in chunk for p in look_at(index, apart)] == []


@pytest.mark.full
@pytest.mark.parametrize("chunk", chunks(MORE_HOMES, 2_313), ids=name_of)
def test_each_of_many_generated_homes_is_only_looked_at(chunk, apart, times):
    some = chunk[:: max(8 // times, 1)]
    assert [p for index in some for p in look_at(index, apart)] == []


# ------------------------------------------------------ the real command line


def by_command_line(home, command, *args):
    """Run the real command in a home; a folder that is gone was there once."""
    words = [homes.as_variable(word) for word in args]
    start = [sys.executable, "-m", "keyswitch", command.name, *words]
    cwd = home.cwd
    if not os.path.isdir(cwd):
        cwd = home.root / "gone"
        cwd.mkdir()
        start = [
            "/bin/sh",
            "-c",
            '/bin/rmdir "$PWD" && exec "$@"',
            "sh",
            *start,
        ]
    done = subprocess.run(
        start,
        env={**home.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
             "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        pass_fds=list(home.descriptors), timeout=PATIENCE,
    )  # fmt: skip
    out, err = done.stdout.decode(), done.stderr.decode()
    return Shown(done.returncode, out, err)


@pytest.mark.parametrize("index", SAMPLE)
def test_the_command_line_ends_a_generated_home_in_order(index, folder):
    home = homes.build(index, folder)
    before = tree(folder)
    asked = commands(home)
    command, *args = asked[index % len(asked)]
    with descriptors(home):
        shown = by_command_line(home, command, *args)
    assert list(shown.problems(home, args)) == []
    assert "Traceback" not in shown.err
    assert "this is a bug" not in shown.err
    assert tree(folder) == before


# -------------------------------------------------- what finds all of this out


def write(path):
    path.write_text("x")


def ask(path):
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 9))


CHANGING = {
    "write": write,
    "append": lambda path: path.open("ab").close(),
    "create": lambda path: os.close(os.open(path, os.O_CREAT)),
    "mkdir": lambda path: path.with_name("new").mkdir(),
    "chmod": lambda path: path.chmod(0o600),
    "remove": lambda path: path.unlink(),
    "rename": lambda path: path.rename(path.with_name("new")),
    "link": lambda path: path.with_name("new").symlink_to(path),
    "touch": lambda path: os.utime(path, (1, 1)),
    "start": lambda path: subprocess.run(["true"], check=True),
    "fork": lambda path: os.waitpid(
        os.posix_spawn("/bin/true", ["true"], {}), 0
    ),
    "connect": ask,
}


@pytest.mark.parametrize("change", CHANGING)
def test_whatever_is_changed_or_started_is_noticed(change, folder):
    path = folder / "file"
    path.write_text("FAKE")
    path.chmod(0o644)
    before = tree(folder)
    with WATCH.watching() as seen:
        CHANGING[change](path)
    assert seen
    elsewhere = {"start", "fork", "connect", "append", "create"}
    assert (tree(folder) == before) == (change in elsewhere)


def test_reading_is_no_change(folder):
    (folder / "file").write_text("FAKE")
    before = tree(folder)
    with WATCH.watching() as seen:
        assert (folder / "file").read_text() == "FAKE"
    assert seen == []
    assert tree(folder) == before


def test_nine_characters_of_a_secret_in_a_row_are_noticed():
    secret = "JKQVXZ23456789JKQVXZ23456789"
    assert leaked([secret], f"sk-FAKE-{secret}")
    assert leaked([secret], f"… {secret[7:16].lower()} …")
    assert not leaked([secret], f"sk-FAKE-…{secret[-8:]} {secret[:8]}")


MADE = """
import sys
from pathlib import Path
from tests.diagnosis import generated_homes as homes
root = Path(sys.argv[1], "it")
root.mkdir()
print(ascii([
    homes.build(9, root),
    sorted((str(p), p.lstat().st_mode, p.is_dir() or p.lstat().st_size)
           for p in root.rglob("*")),
]))
homes.remove(root)
"""


def test_a_number_always_makes_the_same_home(folder):
    made = {
        subprocess.run(
            [sys.executable, "-c", MADE, str(folder)],
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert b"FAKE" in made.pop()


def test_most_checks_find_something_in_the_homes(apart):
    found = set()
    for index in range(1, 300, 2):
        apart.mkdir()
        home = homes.build(index, apart)
        out = run(home, doctor, "--json").out
        found |= {
            f["id"] for f in json.loads(out or '{"findings": []}')["findings"]
        }
        homes.remove(apart)
    assert len(found) > 40


# --------------------------------------- what these homes have brought to light


@pytest.fixture
def bare(apart):
    """A home with nothing in it, and a way to fill it."""
    apart.mkdir()
    found = homes.GeneratedHome(0, apart, f"{apart}/home", f"{apart}/work")
    Path(found.home).mkdir()
    Path(found.cwd).mkdir()
    found.environ = {"HOME": found.home, "PATH": ""}
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    yield found
    signal.setitimer(signal.ITIMER_REAL, 0)


def put(home, name, text):
    path = Path(home.home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


SECRET = "JKQVXZ23456789JKQVXZ23456789"


@pytest.mark.parametrize("line", homes.LONG_LINES, ids=lambda line: line[:20])
def test_a_start_file_with_an_endless_line_is_read_in_no_time(bare, line):
    put(bare, ".bashrc", line)
    name = "ANTHROPIC_API_KEY"
    scene = Scene({}, home=bare.home, cwd=bare.cwd)
    found = StartFiles(scene).assignments({name})
    assert {origin.line for origin in found} <= {1}
    assert run(bare, doctor).code in CODES


def test_a_descriptor_of_many_digits_is_no_descriptor(bare):
    bare.environ["CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR"] = "9" * 5000
    assert "file descriptor without a key" in run(bare, whoami).out


def test_a_version_of_many_digits_is_no_version(bare):
    package = {"name": "claude-code", "version": "9" * 5000 + ".1.1"}
    put(bare, "package.json", json.dumps(package))
    put(bare, "bin/claude", "").chmod(0o700)
    bare.environ["PATH"] = f"{bare.home}/bin"
    assert "bin/claude version unknown" in run(bare, doctor, "--report").out


@pytest.mark.parametrize("when", [1 << 40, -(1 << 40)])
def test_an_error_of_no_year_is_explained_all_the_same(bare, monkeypatch, when):
    entry = {
        "isApiErrorMessage": True,
        "message": {"content": "API Error: 401 invalid x-api-key"},
    }
    path = put(bare, ".claude/projects/x/1.jsonl", json.dumps(entry))
    # Not every file system keeps such a time: ext4 ends in the year 2446.
    monkeypatch.setattr(
        error_log, "_transcripts", lambda *_: [(when, str(path))]
    )
    shown = run(bare, explain, "--from-log")
    assert shown.code == 0
    assert f"logged at {when} s in" in shown.err


def test_settings_on_the_command_line_need_not_be_utf8(bare):
    text = '{"env": {"ANTHROPIC_API_KEY": "FAKE\udcff"}}'
    shown = run(bare, whoami, "--", "--settings", text)
    assert "invalid in a header" in shown.out


def test_settings_that_are_cut_short_are_not_printed_as_a_path(bare):
    text = '{"env": {"ANTHROPIC_API_KEY": "sk-ant-FAKE-' + SECRET
    shown = run(bare, whoami, "--", "--settings", text)
    assert "the text after --settings: cannot be read" in shown.out
    assert not leaked([SECRET], shown.out)


def test_half_a_character_belongs_to_no_profile(bare):
    put(bare, ".local/state/keyswitch/install.key", "FAKE" * 8)
    put(bare, ".claude.json", '{"primaryApiKey": "FAKE-\\ud800-key-key-key"}')
    assert json.loads(run(bare, whoami, "--json").out)["in_use"] is None


@pytest.mark.parametrize("key", ["forceLoginMethod", "forceLoginOrgUUID"])
def test_a_policy_of_numbers_is_read(bare, key):
    Scene.__init__.__kwdefaults__["managed_dir"] = bare.home
    put(bare, "managed-settings.json", json.dumps({key: [1, None]}))
    assert run(bare, whoami).code == 1


@pytest.mark.parametrize("number", ["9" * 400, "1e400", "-1e400"])
def test_numbers_beyond_a_double_are_read_as_javascript_does(bare, number):
    env = f'{{"env": {{"ANTHROPIC_API_KEY": {number}}}}}'
    scopes = '"accessToken": "FAKE", "scopes": ["user:inference"]'
    login = f'{{"claudeAiOauth": {{{scopes}, "expiresAt": {number}}}}}'
    put(bare, ".claude/settings.json", env)
    put(bare, ".claude/.credentials.json", login)
    scene = Scene(bare.environ, home=bare.home, cwd=bare.cwd)
    assert scene.request.text("ANTHROPIC_API_KEY").endswith("Infinity")
    found = run(bare, doctor).out
    assert ("has expired" in found) == number.startswith("-")


def test_a_count_beyond_a_double_is_a_wrong_type(bare):
    text = '{"cleanupPeriodDays": ' + "9" * 400 + "}"
    put(bare, ".claude/settings.json", text)
    assert "'cleanupPeriodDays' has the wrong type" in run(bare, doctor).out


def test_a_key_in_place_of_a_scheme_is_not_shown(bare):
    bare.environ["ANTHROPIC_CUSTOM_HEADERS"] = f"Authorization: FAKE{SECRET}"
    shown = run(bare, whoami, "--json")
    header = json.loads(shown.out)["request"]["authorization"]
    assert header["scheme"] == "other"
    assert not leaked([SECRET], shown.out)
    assert not leaked([SECRET], run(bare, doctor, "--report").out)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:S@gateway.example/x?key=S#S", "https://gateway.example/x"),
        ("S", "an invalid address"),
        ("http://me:S@[::1", "an invalid address"),
    ],
)
def test_a_secret_in_an_address_is_not_shown(bare, url, shown):
    bare.environ["ANTHROPIC_AUTH_TOKEN"] = "FAKE"
    bare.environ["ANTHROPIC_BASE_URL"] = url.replace("S", SECRET)
    out = run(bare, whoami).out
    assert f"sent to        {shown}  " in out
    document = json.loads(run(bare, whoami, "--json").out)
    assert document["request"]["base_url"] == shown
    assert not leaked([SECRET], out + json.dumps(document))


def test_a_host_that_is_another_in_lower_case_is_hidden(bare):
    bare.environ["ANTHROPIC_BASE_URL"] = "https://gateways.example"
    bare.environ["CLAUDE_CONFIG_DIR"] = "~/gateway\u017f.example"
    out = run(bare, doctor, "--report").out
    assert "config-dir-tilde" in out
    assert "example" not in out


def test_a_report_of_an_endless_name_is_made_in_no_time(bare):
    name = "a" * homes.MEGABYTE
    put(bare, ".claude/settings.json", json.dumps({"env": {name: None}}))
    assert "[setting-null]" in run(bare, doctor, "--report").out


@pytest.mark.parametrize(
    "text",
    ["&#" + "9" * 5000, "\\" * homes.MEGABYTE],
    ids=["no character", "backslashes"],
)
def test_a_text_that_is_not_one_is_not_known(bare, text):
    assert run(bare, explain, "--", text).code == 1
