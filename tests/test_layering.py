"""Imports go in one direction, and the express lane imports next to nothing."""

import ast
import os
import subprocess
import sys

import pytest

from tests.components import ROOT

PACKAGE = ROOT / "keyswitch"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From top to bottom: a module may import from lower layers, not from higher.
LAYERS = (
    {"__main__"},
    {"cli"},
    {"express"},
    {"diagnosis", "switching", "transfer"},
    {"providers", "secrets", "shells", "targets"},
    {"profiles"},
    {"disk"},
    {"display"},
    {"__init__", "errors", "model", "secret"},
)
RANK = {name: -rank for rank, layer in enumerate(LAYERS) for name in layer}

# Same layer, other package: each pair is a decision, with its reason.
ALLOWED = {
    # The diagnosis decides what `use` reports.
    ("switching", "diagnosis"),
    ("transfer", "switching"),
}

# What a command line may need, and the decisions below it may not.
HEAVY_ABOVE_ADAPTERS = {"click", "keyring", "tomlkit"}

# Loaded by `keyswitch env` of an unlocked session. No other module of ours,
# and nothing of the standard library that costs a start-up budget.
LIGHT = {
    "keyswitch",
    "keyswitch.__main__",
    "keyswitch.disk",
    "keyswitch.disk.opening",
    "keyswitch.display",
    "keyswitch.errors",
    "keyswitch.express",
    "keyswitch.profiles",
    "keyswitch.profiles.names",
    "keyswitch.profiles.paths",
    "keyswitch.profiles.state",
    "keyswitch.secret",
    "keyswitch.secrets",
    "keyswitch.secrets.session.core_files",
    "keyswitch.secrets.reader",
    "keyswitch.secrets.session.kernel_keyring",
    "keyswitch.shells",
    "keyswitch.shells.detect",
    "keyswitch.shells.hook_scripts",
    "keyswitch.shells.posix",
    "keyswitch.shells.script",
    "keyswitch.switching",
    "keyswitch.compiled",
    "keyswitch.terminal.marker",
    "keyswitch.terminal.exports",
    "keyswitch.terminal.fingerprints",
    "keyswitch.directories.guard",
    "keyswitch.directories.links",
    "keyswitch.terminal.other_way",
    "keyswitch.terminal.overriding",
    "keyswitch.directories.patterns",
    "keyswitch.directories.remote_links",
    "keyswitch.directories.remotes",
    "keyswitch.terminal.selection",
    "keyswitch.terminal.shell_script",
    "keyswitch.targets",
    "keyswitch.targets.claude_code",
    "keyswitch.targets.claude_code.repository",
}
SLOW = {
    "click",
    "collections",
    "contextlib",
    "cryptography",
    "dataclasses",
    "enum",
    "functools",
    "hashlib",
    "jeepney",
    "json",
    "keyring",
    "pathlib",
    "platformdirs",
    "re",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "tomlkit",
    "tomllib",
    "typing",
}


def imported_names(path):
    """Yield (line, module, only for types) of all imports of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield node.lineno, name, node in typing_only


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_part_of_the_package_has_its_layer():
    assert {part_of(path) for path in MODULES} <= set(RANK)


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_a_module_imports_downwards_only(path):
    own = part_of(path)
    wrong = []
    for line, name, for_types in imported_names(path):
        words = name.split(".")
        if words[0] != "keyswitch" or len(words) == 1:
            continue
        other = words[1] if words[1] in RANK else "__init__"
        sideways = (
            RANK[other] == RANK[own] != RANK["errors"]
            and other != own
            and not for_types
            and (own, other) not in ALLOWED
        )
        if sideways or RANK[other] > RANK[own]:
            wrong.append(f"line {line}: {own} imports {name}")
    assert wrong == []


@pytest.mark.parametrize("part", ["switching", "diagnosis", "transfer"])
def test_decisions_do_not_know_how_commands_are_typed_or_secrets_stored(part):
    wrong = [
        f"{path}:{line} {name}"
        for path in MODULES
        if part_of(path) == part
        for line, name, _ in imported_names(path)
        if name.split(".")[0] in HEAVY_ABOVE_ADAPTERS
    ]
    assert wrong == []


def loaded(module):
    """Return what a bare interpreter has loaded after importing a module."""
    script = (
        "import sys; before = set(sys.modules)\n"
        f"import {module}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c",
         f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.mark.parametrize("module", sorted(LIGHT))
def test_a_light_module_loads_light_modules_only(module):
    names = loaded(module)
    assert {n for n in names if n.startswith("keyswitch")} <= LIGHT
    assert {n.partition(".")[0] for n in names} & SLOW == set()


def test_env_of_an_unlocked_session_loads_light_modules_only(unlocked):
    names = modules_of(unlocked, "env", "work", "--shell", "bash")
    assert {n for n in names if n.startswith("keyswitch")} <= LIGHT
    assert {n.partition(".")[0] for n in names} & SLOW == set()


def test_the_helper_of_an_unlocked_session_loads_light_modules_only(unlocked):
    names = modules_of(unlocked, "helper", "claude-code")
    assert {n for n in names if n.startswith("keyswitch")} <= LIGHT
    assert {n.partition(".")[0] for n in names} & SLOW == set()


def test_current_loads_light_modules_only(unlocked):
    names = modules_of(unlocked, "current")
    assert {n for n in names if n.startswith("keyswitch")} <= LIGHT
    assert {n.partition(".")[0] for n in names} & SLOW == set()


def modules_of(environ, *args):
    """Return what one run of the command line loaded, exit status 0."""
    script = (
        "import sys; before = set(sys.modules)\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from keyswitch.__main__ import main\n"
        f"code = main({list(args)!r})\n"
        "print(code, *sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, *names = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    assert done.stdout
    return set(names)


@pytest.fixture
def unlocked(home):
    """A vault that was unlocked, and a profile in use that was read once."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    def keyswitch(*args, stdin=""):
        subprocess.run(
            [sys.executable, "-m", "keyswitch", *args],
            env=environ, input=stdin, text=True, check=True,
            capture_output=True,
        )  # fmt: skip

    keyswitch("vault", "init", "--machine-key")
    keyswitch(
        "add", "work", "--provider", "anthropic", "--store", "vault",
        "--stdin", stdin="sk-ant-api03-FAKE-0123456789abcdefghijEXAMPLE",
    )  # fmt: skip
    keyswitch("use", "work")
    keyswitch("env", "--shell", "bash")
    return environ
