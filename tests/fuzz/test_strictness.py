"""JSON that keyswitch must not guess at: refused by the command, unchanged.

Each document is put in place of each of Claude Code's files, and a switch
that would have to edit that file is asked for.
"""

import json
import os
import shutil
import sys

import pytest

from tests.cli.accounts import log_in
from tests.cli.keyswitch import OTHER, Done, Keyswitch
from tests.faults.full.warm import Command, Warm, folder_in_memory
from tests.proof import record

FILES = {  # each with a member of the file that a switch edits, and a switch
    ".claude/settings.json": ("apiKeyHelper", "use work"),
    ".claude.json": ("customApiKeyResponses", "use work"),
    ".credentials.json": ("claudeAiOauth", "use me"),
}
EACH_FILE = pytest.mark.parametrize(
    "name",
    [n if "settings" in n else pytest.param(n, marks=pytest.mark.full)
     for n in FILES],
)  # fmt: skip
DIGITS = "9" * 5000


def nested(depth, brackets="[]"):
    """A document as deep as that, its own braces among them."""
    half = "[" if brackets == "[]" else '{"k":'
    inside = "" if half == "[" else "1"
    return f'{{"x": {half * (depth - 1)}{inside}{brackets[1] * (depth - 1)}}}'


REFUSED = {
    "owned twice": lambda own: f'{{"{own}": {{}}, "{own}": {{}}}}',
    "owned twice, one with an escape": lambda own: (
        f'{{"{own}": null, "\\u00{ord(own[0]):02x}{own[1:]}": null}}'
    ),
    "NaN": '{"a": [NaN]}',
    "Infinity": '{"a": Infinity}',
    "-Infinity": '{"a": {"b": -Infinity}}',
    "deeper than 200": nested(201),
    "objects deeper than 200": nested(201, "{}"),
    "deeper than 200 in a big file": nested(201)[:-1]
    + ', "y": [' + ",".join(['{"[":"]"}'] * 5000) + "]}",
    "nearly as deep as Python goes": nested(900),
    "deeper than Python goes": nested(100_000),
    "not UTF-8": b'{"a": "\xe9"}',
    "half a pair as bytes": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16, no mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32-be"),
    "two documents": '{"a": 1} {"b": 2}',
    "something behind": '{"a": 1}\n]',
    "NUL behind": '{"a": 1}\0',
    "a comma too many": '{"a": 1,}',
    "a comment": '{"a": 1 /* x */}',
    "a line comment": '// x\n{"a": 1}',
    "single quotes": "{'a': 1}",
    "a raw control character": '{"a": "\x01"}',
    "a list": "[]",
    "a number": "7",
    "cut short": '{"a": {"b": 1}',
}  # fmt: skip
# Claude Code goes on beside such a .claude.json, and so does a switch of keys.
PASSED_OVER = ("a list", "a number", "deeper than Python goes")
KEPT = {
    "digits": f'{{"a": {DIGITS}, "b": -{DIGITS}, "c": {DIGITS}.5e9}}',
    "a number beyond any": '{"a": 1e400, "b": [-0, 1E+5, 1.50]}',
    "200 deep": nested(200),
    "objects 200 deep": nested(200, "{}"),
    "brackets in texts": json.dumps({"a": "[{" * 400, "b\\": '"]}' * 400}),
    "others twice": '{"a": 1, "a": 2, "b": {"c": 1, "c": 1}}',
    "half a pair": r'{"a": "\ud800", "\udfff": 1}',
    "line separators": '{"a": "\u2028\u2029\x7f\x85\ufeff"}',
    "escapes": r'{"\u0061\/": "\u00e9\n\"\\", "é": "é"}',
    "mark and CR LF": '\ufeff{\r\n\t"a" : 1\r\n}\r\n\r\n',
    "white space": ' \n\t {"a":1 \t\r\n , "b" :2\n\n}\n \n',
}


def bytes_of(document, name):
    made = document(FILES[name][0]) if callable(document) else document
    return made.encode("utf-8") if isinstance(made, str) else made


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    with folder_in_memory(tmp_path_factory.mktemp("strict")) as folder:
        yield folder


@pytest.fixture(scope="module")
def template(memory):
    home = memory / "template"
    home.mkdir()
    ks = Keyswitch(home).with_vault()
    ks.add("work")
    ks.add("other", secret=OTHER)
    log_in(home, "a")
    ks("login", "me", "--capture", "--store", "vault")
    shutil.rmtree(home / ".claude")
    (home / ".claude").mkdir()
    (home / ".claude.json").unlink()
    return home


@pytest.fixture(scope="module")
def warm(memory, template):
    server = Warm()
    yield server
    server.close()


@pytest.fixture
def ks(warm, template, memory):
    """Keyswitch in a copy of the template, in a fork that is warm."""
    home = memory / "home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(template, home, symlinks=True)

    class Forked(Keyswitch):
        def __call__(self, *args, **_):
            argv = (sys.executable, "-m", "keyswitch", *args)
            environ = {**self.environ, "PATH": os.defpath}
            done = warm(Command(argv), self.home, environ)
            err = done.stderr.decode()
            assert "Traceback" not in err, err
            return Done(done.returncode, done.stdout.decode(), err)

    return Forked(home)


def place(ks, name, data):
    found = ".claude/" + name if name == ".credentials.json" else name
    ks.file(found).write_bytes(data)
    return ks.file(found)


def refused(ks, name, command):
    """Assert one line of what is wrong, one of what to do, and no change."""
    before = ks.everything()
    done = ks(*command.split())
    assert done.code == 1, f"{done.code}: {done.out}{done.err}"
    assert done.out == ""
    assert len(done.err.splitlines()) == 2, done.err
    assert os.path.basename(name) in done.error
    after = ks.everything()
    for path in set(before) | set(after):
        if "/compiled/" not in path:
            assert before.get(path) == after.get(path), path


def tried(what, bad):
    record(promise="P5", what=f"JSON that must not be guessed at: {what}",
           points=1, violations=bad)  # fmt: skip


@EACH_FILE
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_kept_is_refused_by_use(ks, name, what):
    data = bytes_of(REFUSED[what], name)
    file = place(ks, name, data)
    if name == ".claude.json" and what in PASSED_OVER:
        done = ks(*FILES[name][1].split())
        assert done.code == 0, done.err
        assert name in done.err
        assert file.read_bytes() == data
    else:
        refused(ks, name, FILES[name][1])
    tried("refused", 0)


@EACH_FILE
@pytest.mark.parametrize("what", KEPT)
def test_what_is_odd_but_json_is_edited_and_comes_back(ks, name, what):
    data = bytes_of(KEPT[what], name)
    path = place(ks, name, data)
    done = ks(*FILES[name][1].split())
    # Claude Code itself reads no login behind a byte order mark.
    unread = name == ".credentials.json" and data.startswith(b"\xef\xbb\xbf")
    assert done.code == (4 if unread else 0), done.err
    assert path.read_bytes() != data
    assert ks("undo").code == 0
    assert path.read_bytes() == data
    tried("kept", 0)


@EACH_FILE
def test_a_file_above_the_limit_is_refused_and_not_read(ks, name):
    path = place(ks, name, b'{"a": 1}')
    os.truncate(path, (128 << 20) + 1)  # a hole: it takes no room
    done = ks(*FILES[name][1].split())
    assert done.code == 1, done.err
    assert "larger than" in done.error
    assert path.stat().st_size == (128 << 20) + 1
    tried("too large", 0)


@pytest.mark.full
@pytest.mark.parametrize("what", REFUSED)
def test_off_refuses_what_it_cannot_put_back(ks, what):
    """Its own edits are taken out of a text, and this is none."""
    assert ks("use", "work").code == 0
    name = ".claude/settings.json"
    place(ks, name, bytes_of(REFUSED[what], name))
    refused(ks, name, "off")
    tried("off", 0)
