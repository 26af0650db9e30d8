"""Managers that are asked by their tools: what comes of each way to end."""

import json
import os
import re

import pytest

from keyswitch.errors import (
    ExitCode,
    InputError,
    LockedError,
    NoItemError,
    StoreError,
)
from keyswitch.profiles.settings import Settings
from keyswitch.secrets.references import command_line, invocation, managers
from tests.secrets.references.fake_tools import PROGRAMS, VALUE, answer
from tests.secrets.references.said import SAID

NAMES = managers.load(Settings()).names()


@pytest.fixture(name="asked")
def what_is_asked(tools, home):
    """For each manager, a reference that its tool may be asked about."""
    store = home / ".password-store" / "ai"
    store.mkdir(parents=True)
    for path in (home / "s", home / "key", store / "claude.gpg"):
        path.write_text("there")
    program = str(tools.folder / PROGRAMS["exec"])
    settings = Settings(
        programs={"corp": (program,)},
        managers={"age": {"identity": f"{home}/key"}},
    )
    files = {
        "age": "age:~/s", "sops": "sops:~/s#a/b", "keepassxc": "keepassxc:~/s#e"
    }  # fmt: skip

    def ask(name, person=None):
        known = managers.load(settings)
        text = files.get(name, known.get(name).example)
        if name == "exec" and os.path.exists(program):
            tools.allow(text, settings)
        return tools.read(text, settings, ask=person or answer("master-FAKE"))

    return ask


@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_what_the_tool_prints(tools, asked, name):
    output = json.dumps({"key": VALUE}) if name == "aws-sm" else VALUE
    tools.says(name, f"{output}\n")
    assert asked(name) == VALUE
    assert VALUE not in tools.words()


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_that_is_not_there_is_named(asked, name, capfd):
    with pytest.raises(StoreError) as e:
        asked(name)
    assert type(e.value) is StoreError
    program = PROGRAMS.get(name, name)
    assert re.search(
        f"its program '(/.*/)?{program}' is not installed", str(e.value)
    )
    assert "install it: " in e.value.hint
    assert capfd.readouterr() == ("", "")


FAILURES = {(name, kind): words for name, kind, words in reversed(SAID)}
KINDS = {
    "missing": (NoItemError, ExitCode.FAILED),
    "locked": (LockedError, ExitCode.LOCKED),
    "denied": (LockedError, ExitCode.LOCKED),
    "unknown": (StoreError, ExitCode.FAILED),
}


@pytest.mark.parametrize(("name", "kind"), FAILURES)
def test_a_tool_that_fails_gives_nothing(tools, asked, name, kind, capfd):
    error, code = KINDS[kind]
    # What it printed before it failed is no value.
    tools.says(name, VALUE, FAILURES[name, kind] + VALUE, 1)
    with pytest.raises(error) as e:
        asked(name)
    assert type(e.value) is error
    assert e.value.exit_code == code
    assert VALUE not in e.value.message + e.value.hint
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_silent_tool_ends_at_the_deadline(tools, asked, name, capfd):
    tools.deadline = 0.2
    tools.write(name, "echo waiting for a thumb >&2; exec sleep 60\n")
    os.environ["PATH"] += ":/usr/bin:/bin"
    with pytest.raises(LockedError) as e:
        asked(name)
    # On a busy machine it may not have come so far as to say something.
    said = e.value.message.removesuffix(": waiting for a thumb")
    assert said.endswith("did not answer in 0.2 s")
    assert "'deadline' in [managers." in e.value.hint
    assert capfd.readouterr() == ("", "")


def test_a_tool_that_ends_well_and_gives_nothing_is_heard(tools):
    tools.says("bw", "", "Vault is locked.\n", 0)
    with pytest.raises(LockedError, match="Vault is locked"):
        tools.read("bw:claude")
    tools.says("bw", "\n", "who knows\n", 0)
    with pytest.raises(StoreError, match=r"cannot read .*who knows"):
        tools.read("bw:claude")
    tools.write("bw", "kill -SEGV $$\n")
    with pytest.raises(StoreError, match="it was killed by signal 11"):
        tools.read("bw:claude")


OUTPUTS = {
    "": "it returned nothing",
    "\n": "it returned nothing",
    " \n": "it returned nothing",
    "\\377\\376\n": "it returned no text",
    "a\\000b": "contains a NUL byte",
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_output_that_is_no_value_could_not_be_read(tools, output):
    tools.write("op", f"printf '{output}'\n")
    with pytest.raises(
        StoreError, match=f"cannot read .*: .*{OUTPUTS[output]}"
    ):
        tools.read("op://Eng/claude/key")


@pytest.mark.parametrize(
    ("output", "value"),
    [
        (VALUE, VALUE),
        (f"{VALUE}\r\n", VALUE),
        (f"{VALUE}\n\n", f"{VALUE}\n"),
        ("a\nb\n", "a\nb"),
        ("schlüssel-钥匙", "schlüssel-钥匙"),
        ("x" * 32_767 + "\n", "x" * 32_767),
    ],
    ids=["bare", "crlf", "two-ends", "lines", "letters", "long"],
)
def test_one_last_line_end_is_not_of_the_value(tools, output, value):
    tools.says("op", output)
    assert tools.read("op://Eng/claude/key") == value


def test_more_than_a_secret_can_be_is_refused(tools):
    tools.write("op", "while :; do echo 0123456789012345678901234567; done\n")
    with pytest.raises(StoreError, match="it returned more than 32 KiB"):
        tools.read("op://Eng/claude/key")


def test_of_pass_the_first_line_is_the_value(tools, asked):
    tools.says("pass", f"{VALUE}\nuser: me\n")
    assert asked("pass") == VALUE


def test_a_folder_of_pass_is_no_secret(tools, asked):
    tools.says("pass", "ai\n`-- claude\n")
    with pytest.raises(StoreError, match=r"/ai\.gpg$"):
        tools.read("pass:ai")
    assert not (tools.folder / "words").exists()


def test_a_store_of_pass_may_lie_elsewhere(tools, home, monkeypatch):
    monkeypatch.setenv("PASSWORD_STORE_DIR", str(home / "team"))
    tools.says("pass", VALUE)
    with pytest.raises(NoItemError, match="/team/ai/claude"):
        tools.read("pass:ai/claude")


def test_a_folder_of_gopass_is_no_secret(tools):
    tools.says("gopass", "ai/\n└── claude\n")
    with pytest.raises(StoreError, match="several lines, as for a folder"):
        tools.read("gopass:ai")


def test_no_text_of_a_secret_in_aws_is_no_value(tools):
    tools.says("aws", "None\n")
    with pytest.raises(StoreError, match="it is binary, not text"):
        tools.read("aws-sm:eng/claude")


DOCUMENT = {"key": VALUE, "port": 8080, "ratio": 0.5, "on": True, "more": {}}


def test_a_key_of_a_json_document_is_the_value(tools):
    tools.says("aws", json.dumps(DOCUMENT))
    assert tools.read("aws-sm:eng/claude#key") == VALUE
    assert tools.read("aws-sm:eng/claude#port") == "8080"
    with pytest.raises(NoItemError) as e:
        tools.read("aws-sm:eng/claude#Key")
    assert e.value.hint == "available: key, more, on, port, ratio"
    for key in ("on", "more"):
        with pytest.raises(StoreError, match=f"'{key}' is not text"):
            tools.read(f"aws-sm:eng/claude#{key}")


@pytest.mark.parametrize("text", [VALUE, "[1]", "[" * 10_000, '"x"'])
def test_what_is_no_document_has_no_keys(tools, text):
    tools.says("aws", text)
    with pytest.raises(StoreError, match="it is not a JSON object") as e:
        tools.read("aws-sm:eng/claude#key")
    assert VALUE not in e.value.message


def test_an_own_field_of_bitwarden_is_taken_from_the_item(tools):
    fields = [{"name": "API key", "value": VALUE}, {"name": "x", "value": None}]
    item = {"name": "claude", "login": {"password": "other"}, "fields": fields}
    tools.says("bw", json.dumps(item))
    assert tools.read("bw:claude/API key") == VALUE
    with pytest.raises(NoItemError, match="names 'nothing'"):
        tools.read("bw:claude/nothing")


@pytest.mark.parametrize("name", ["age", "sops", "keepassxc"])
def test_a_file_that_is_not_there_is_missing(tools, home, name):
    tools.says(name, VALUE)
    (home / "folder").mkdir()
    rest = "" if name == "age" else "#e"
    settings = Settings(managers={"age": {"identity": "/k"}})
    for path, error in (("~/none", NoItemError), ("~/folder", StoreError)):
        with pytest.raises(error) as e:
            tools.read(f"{name}:{path}{rest}", settings, ask=answer("x"))
        assert type(e.value) is error
    assert not (tools.folder / "words").exists()


def test_age_takes_the_identity_that_there_is(tools, home, monkeypatch):
    tools.says("age", VALUE)
    (home / "s").write_text("there")
    with pytest.raises(LockedError, match="no identity"):
        tools.read("age:~/s")
    (home / ".ssh").mkdir()
    (home / ".ssh/id_ed25519").write_text("FAKE")
    assert tools.read("age:~/s") == VALUE
    assert tools.words()[2] == f"{home}/.ssh/id_ed25519"
    (home / "keys.txt").write_text("FAKE")
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", f"{home}/keys.txt")
    tools.read("age:~/s")
    assert tools.words()[2] == f"{home}/keys.txt"
    tools.read("age:~/s", Settings(managers={"age": {"identity": "~/mine"}}))
    assert tools.words()[2] == f"{home}/mine"


KEEPASS = "if read -r p; then echo $p; else exit 9; fi\n"


def test_keepassxc_is_given_its_password_and_no_word_of_it(tools, home):
    (home / "s").write_text("there")
    tools.write("keepassxc", KEEPASS)
    asked = []

    def person(question):
        asked.append(question)
        return answer("master-FAKE")(question)

    assert tools.read("keepassxc:~/s#e", ask=person) == "master-FAKE"
    assert asked == [f"Master password of {home}/s: "]
    with pytest.raises(LockedError, match="needs its master password"):
        tools.read("keepassxc:~/s#e")


def keepassxc(**table):
    return Settings(managers={"keepassxc": table})


def test_keepassxc_may_have_its_password_from_another_manager(tools, home):
    (home / "s").write_text("there")
    tools.write("keepassxc", KEEPASS)
    resolve = {"op://Eng/kdbx/pw": answer("from-op-FAKE")("")}.__getitem__
    settings = keepassxc(password="op://Eng/kdbx/pw")
    found = tools.read("keepassxc:~/s#e", settings, resolve=resolve)
    assert found == "from-op-FAKE"
    for wrong in ("keepassxc:~/other#e", 5, ["op://Eng/kdbx/pw"]):
        settings = keepassxc(password=wrong)
        with pytest.raises(InputError, match="reference to another manager"):
            tools.read("keepassxc:~/s#e", settings, resolve=resolve)


def test_keepassxc_needs_no_password_with_a_key_file(tools, home):
    (home / "s").write_text("there")
    tools.says("keepassxc", VALUE)
    settings = keepassxc(key_file="~/team.key")
    assert tools.read("keepassxc:~/s#e", settings) == VALUE
    assert tools.words()[:4] == [
        "show", "--no-password", "-k", f"{home}/team.key"
    ]  # fmt: skip
    settings = keepassxc(key_file="~/team.key", password="ask")
    tools.read("keepassxc:~/s#e", settings, ask=answer("master-FAKE"))
    assert tools.words()[:3] == ["show", "-k", f"{home}/team.key"]


ENTRIES = """while [ $# -gt 1 ]; do
  [ "$1" = -a ] && attribute=$2
  shift
done
case $1/$attribute in
  AI/claude/[Pp]assword) echo entry ;;
  AI/Key) echo attribute ;;
  AI/*) echo "ERROR: unknown attribute $attribute." >&2; exit 1 ;;
  *) echo "Could not find entry with path $1." >&2; exit 1 ;;
esac
"""


def test_the_last_name_of_keepassxc_is_an_entry_or_an_attribute(tools, home):
    (home / "s").write_text("there")
    tools.write("keepassxc", ENTRIES)

    def read(entry):
        return tools.read(f"keepassxc:~/s#{entry}", ask=answer("m"))

    assert read("AI/claude") == read("AI/claude/password") == "entry"
    assert read("AI/Key") == "attribute"
    for entry, words in {
        "AI/none": "unknown attribute none",
        "None/x": "path None/x",
        "None": "path None",
    }.items():
        with pytest.raises(NoItemError, match=words):
            read(entry)


def test_a_tool_sees_what_it_needs_and_nothing_else(tools, monkeypatch):
    hidden = {
        "ANTHROPIC_API_KEY", "BW_SESSION", "GPG_TTY", "LANGUAGE", "LC_ALL",
        "LD_PRELOAD",
    }  # fmt: skip
    for name in ("OP_ACCOUNT", "OP_SESSION_x", *hidden):
        monkeypatch.setenv(name, "de_DE.UTF-8")
    tools.write("op", "set | /usr/bin/cut -d= -f1\n")
    names = {*tools.read("op://Eng/claude/key").split()}
    assert {"OP_ACCOUNT", "OP_SESSION_x", "LC_CTYPE", "HOME", "PATH"} <= names
    assert not names & hidden


def test_a_tool_runs_in_the_home(tools, home, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    tools.write("op", "pwd\n")
    assert tools.read("op://Eng/claude/key") == str(home)


def test_a_tool_of_the_working_directory_is_not_started(
    tools, home, monkeypatch, tmp_path
):
    tools.says("op", "from the repository")
    here = tmp_path / "repository"
    here.mkdir()
    tools.folder.rename(here / "bin")
    monkeypatch.chdir(here)
    for path in (f"{here}/bin", ".", "", "bin", "./bin", f"{tmp_path}/link"):
        monkeypatch.setenv("PATH", path)
        if not os.path.lexists(tmp_path / "link"):
            os.symlink(here / "bin", tmp_path / "link")
        with pytest.raises(StoreError, match="'op' is not installed"):
            tools.read("op://Eng/claude/key")
    # The home is where a person's own programs are.
    (here / "bin").rename(home / "bin")
    monkeypatch.setenv("PATH", f"{home}/bin")
    monkeypatch.chdir(home)
    assert tools.read("op://Eng/claude/key") == "from the repository"


def test_the_systems_folders_are_no_working_directory(monkeypatch):
    manager = managers.load(Settings()).get("op")._replace(program="")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir("/usr")
    assert invocation.program_of(manager, "env") == "/usr/bin/env"


def test_whether_a_manager_would_answer(tools):
    known = managers.load(Settings())

    def probe(name):
        return command_line.probe(known.get(name), 5, tools.caller())

    path = tools.says("pass")
    assert probe("pass") == str(path)
    with pytest.raises(StoreError, match="'op' is not installed"):
        probe("op")
    tools.says("op", "signed in\n")
    assert probe("op") == f"{tools.folder}/op"
    assert tools.words() == ["whoami"]
    tools.says("op", "", "[ERROR] account is not signed in\n", 1)
    with pytest.raises(LockedError, match="not signed in"):
        probe("op")
