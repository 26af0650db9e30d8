"""managers: what there is, whether it answers, and which commands may run."""

import json

import pytest

from tests.references.conftest import OTHER, WORK

CONFIG = """
[managers.corp]
command = ["corp-secrets", "{path}"]
[exec]
key = ["corp-secrets", "fixed"]
"""


@pytest.fixture
def corp(ks, manager):
    """A home whose config.toml names a program, which is there."""
    tool = manager.bin / "corp-secrets"
    tool.write_text(f"#!/bin/sh\necho {OTHER}\n")
    tool.chmod(0o755)
    config = ks.home / ".config/keyswitch/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    return ks


def test_every_manager_is_listed_with_its_form(corp):
    found = json.loads(corp("managers", "list", "--json").out)["managers"]
    rows = {row["name"]: row for row in found}
    assert rows["op"]["form"].startswith("op://")
    assert rows["op"]["state"] == "installed"
    assert rows["corp"]["state"] == "installed"
    assert rows["exec"]["state"] == "1 in config.toml"
    assert len(rows) == 16


def test_a_manager_says_whether_it_answers(corp, manager):
    (manager.bin / "op").write_text("#!/bin/sh\nexit 0\n")
    assert "1Password answers" in corp("managers", "check", "op").err
    (manager.bin / "op").write_text(
        "#!/bin/sh\necho 'account is not signed in' >&2\nexit 1\n"
    )
    assert "not signed in" in corp("managers", "check", "op", code=5).err
    (manager.bin / "op").unlink()
    assert "is not installed" in corp("managers", "check", "op", code=1).error


@pytest.mark.parametrize("reference", ["corp:a", "exec:key"])
def test_a_command_runs_when_it_was_looked_at(corp, reference):
    name = reference if reference.startswith("exec") else "corp"
    corp("add", "a", "--provider", "anthropic", "--reference", reference)
    done = corp("helper", "api-key", "a", code=1)
    assert (done.out, f"managers allow {name}" in done.err) == ("", True)
    said = corp("managers", "allow", name, "--yes").err
    assert "corp-secrets" in said
    assert corp("helper", "api-key", "a").out == f"{OTHER}\n"


def test_a_changed_command_is_asked_about_again(corp):
    corp("managers", "allow", "exec:key", "--yes")
    corp("add", "a", "--provider", "anthropic", "--reference", "exec:key")
    corp("lock")
    config = corp.home / ".config/keyswitch/config.toml"
    config.write_text(CONFIG.replace('"fixed"', '"other"'))
    done = corp("helper", "api-key", "a", code=1)
    assert "has changed since" in done.err
    assert done.out == ""


def test_nobody_agrees_without_a_terminal(corp):
    done = corp("managers", "allow", "corp", code=2)
    assert "needs confirmation" in done.error


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("op", "is a built-in"),
        ("exec", "no program of"),
        ("exec:nothing", "no program 'nothing'"),
        ("vualt", "unknown manager 'vualt'"),
    ],
)
def test_what_cannot_be_allowed_is_said(corp, name, words):
    done = corp("managers", "allow", name, "--yes", code=None)
    assert done.code in (1, 2)
    assert words in done.error


def test_doctor_names_a_command_that_nobody_allowed(corp):
    corp("add", "a", "--provider", "anthropic", "--reference", "corp:a")
    found = json.loads(corp("doctor", "--json", code=None).out)["findings"]
    [one] = [f for f in found if f["id"] == "command-not-allowed"]
    assert one["fix"].endswith("keyswitch managers allow corp")
    assert WORK not in json.dumps(found)


@pytest.mark.parametrize(
    ("manager_name", "key", "hint"),
    [
        ("vault", "adress", "address"),
        ("op", "acount", "account"),
        ("age", "identiy", "identity"),
        ("aws-sm", "nonsense", "valid keys are"),
    ],
)
def test_a_misspelt_setting_is_no_other_way_in(ks, manager_name, key, hint):
    """Without its address, Vault would be asked by its tool, elsewhere."""
    config = ks.home / ".config/keyswitch/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[managers.{manager_name}]\n{key} = "x"\n')
    done = ks("managers", "check", manager_name, code=1)
    assert f"unknown key '{key}'" in done.error
    assert hint in done.err


def test_a_value_has_no_line_end(work, manager):
    manager.holds("op://Eng/claude/key", f"{WORK}\r\n\n")
    assert work("helper", "api-key", "work").out == f"{WORK}\n"


def test_a_manager_that_cannot_be_asked_is_only_said_to_be_here(ks, manager):
    tool = manager.bin / "age"
    tool.write_text("#!/bin/sh\nexit 9\n")
    tool.chmod(0o755)
    assert "age is installed" in ks("managers", "check", "age").err
    shown = json.loads(ks("managers", "check", "age", "--json").out)
    assert shown["answers"] is None


def test_programs_of_config_toml_are_looked_at_one_by_one(corp):
    done = corp("managers", "check", "exec", code=2)
    assert "managers allow exec:NAME" in done.err
