"""Five ways in which each manager fails, as a person sees them."""

import json
import shlex
import sys

import pytest

from keyswitch.profiles.settings import Settings
from keyswitch.secrets.references import managers
from tests.components import ROOT
from tests.references.conftest import OTHER, WORK
from tests.secrets.references.fake_tools import PROGRAMS, Tools
from tests.secrets.references.said import SAID

# Amazon's are asked by botocore where it is installed, as for the tests.
NAMES = [
    name
    for name in managers.load(Settings()).names()
    if not name.startswith("aws-")
]
EXAMPLES = {
    "age": "age:~/s", "sops": "sops:~/s#a/b", "keepassxc": "keepassxc:~/s#e",
    "exec": "exec:corp",
}  # fmt: skip
WORDS = {(name, kind): words for name, kind, words in reversed(SAID)}
CODES = {"missing": 1, "unknown": 1, "locked": 5, "denied": 5}
SAYS = {
    "missing": " has no '",
    "unknown": ": cannot read '",
    "locked": " is locked, or you are not signed in: ",
    "denied": " denies access to '",
}


@pytest.fixture
def tools(ks, manager):
    (ks.home / ".password-store/ai").mkdir(parents=True)
    for name in ("s", "key", ".password-store/ai/claude.gpg"):
        (ks.home / name).write_text("there")
    return Tools(manager.bin)


def add(ks, tools, name):
    """Add a profile whose key a manager has; nothing of it is cached."""
    tables = {"age": {"identity": "~/key"}, "keepassxc": {"key_file": "~/key"}}
    rows = {**tables.get(name, {}), "deadline": 0.5}
    lines = [f"{key} = {json.dumps(value)}" for key, value in rows.items()]
    config = ks.home / ".config/keyswitch/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    program = tools.folder / PROGRAMS["exec"]
    config.write_text(
        "\n".join([f"[managers.{name}]", *lines, "[exec]"])
        + f"\ncorp = [{json.dumps(str(program))}]\n"
    )
    tools.says(name, f"{WORK}\n")
    if name == "exec":
        ks("managers", "allow", "exec:corp", "--yes")
    example = managers.load(Settings()).get(name).example
    ks("add", "mine", "--provider", "anthropic",
       "--reference", EXAMPLES.get(name, example))  # fmt: skip
    assert ks("helper", "api-key", "mine").out == f"{WORK}\n"
    ks("lock")


def gives_nothing(ks, code, **environ):
    environ = {"ANTHROPIC_API_KEY": OTHER, **environ}
    done = ks("helper", "api-key", "mine", code=code, **environ)
    assert done.out == ""
    assert WORK not in done.err
    assert OTHER not in done.err
    return done


@pytest.mark.parametrize("name", NAMES)
def test_each_way_to_fail_has_its_words_and_status(ks, tools, name):
    add(ks, tools, name)
    for kind, code in CODES.items():
        if (name, kind) in WORDS:
            tools.says(name, WORK, WORDS[name, kind], 1)
            assert SAYS[kind] in gives_nothing(ks, code).err
    tools.write(name, "exec sleep 60\n")
    assert " did not answer in 0.5 s" in gives_nothing(ks, 5).err
    (tools.folder / PROGRAMS.get(name, name)).unlink()
    done = gives_nothing(ks, 1, PATH=str(tools.folder))
    assert " is not installed" in done.err
    assert "install it: " in done.err


def test_a_tool_that_asks_for_what_it_reads_is_refused(ks, tools):
    add(ks, tools, "exec")
    words = [sys.executable, "-m", "keyswitch", "helper", "api-key", "mine"]
    root = shlex.quote(str(ROOT))
    tools.write("exec", f"PYTHONPATH={root} exec {shlex.join(words)}\n")
    config = ks.home / ".config/keyswitch/config.toml"
    config.write_text(config.read_text().replace("0.5", "20"))
    done = gives_nothing(ks, 1)
    assert "the tool that reads exec:corp itself asks" in done.err
