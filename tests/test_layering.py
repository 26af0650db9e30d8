"""Imports go in one direction, and the express lane imports next to nothing."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache

import pytest

from keyswitch import compiled
from keyswitch.targets import table
from tests.components import ROOT

PACKAGE = ROOT / "keyswitch"
MODULES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    """Return the dotted name of a file's module."""
    words = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


# From top to bottom: each may import from what stands below it, and never from
# what stands above. Within a part its folders are in such an order too.
LAYERS = (
    "__main__",
    "cli",
    "express",
    "trace",
    "usage",
    "transfer",
    "team",
    "switching",
    "changes",
    "commit",
    "terminal",
    "directories",
    "diagnosis",
    "workspace",
    "secrets",
    "network",
    "targets",
    "providers",
    "compiled",
    "shells",
    "experimental",
    "profiles",
    "disk",
    "model",
    "kernel_keyring",
    "secret",
    "progress",
    "outcome",
    "display",
    "errors",
    "__init__",
)


def test_the_map_of_the_documentation_has_every_part_in_this_order():
    text = (ROOT / "docs/project/architecture.md").read_text().split("```")[1]
    parts = re.findall(r"^([a-z_]+)(?:/|\.py)", text, re.MULTILINE)
    assert parts == [part for part in LAYERS if not part.startswith("__")]
    folders = re.findall(r"^ +([a-z_]+)/", text, re.MULTILINE)
    there = {path.name for path in PACKAGE.rglob("*") if path.is_dir()}
    assert set(folders) <= there


RANK = {name: -number for number, name in enumerate(LAYERS)}
MOST_FILES = 15  # of a folder

# What a command line may need, and the decisions below it may not.
HEAVY_ABOVE_ADAPTERS = {"click", "keyring", "tomlkit"}

# What `keyswitch env` of an unlocked session may load: the start-up lane, which
# has folders of its own, and what it needs of others. No other module of ours,
# and nothing of the standard library that costs a start-up budget.
LANE = ("terminal", "directories")
BESIDE_THE_LANE = (
    "keyswitch.terminal.repository_settings",
    "keyswitch.directories.addresses",
    "keyswitch.directories.git_remotes",
)
LIGHT = {
    "keyswitch",
    "keyswitch.__main__",
    "keyswitch.compiled",
    "keyswitch.disk",
    "keyswitch.disk.opening",
    "keyswitch.display",
    "keyswitch.errors",
    "keyswitch.experimental",
    "keyswitch.express",
    "keyswitch.kernel_keyring",
    "keyswitch.profiles",
    "keyswitch.profiles.names",
    "keyswitch.profiles.paths",
    "keyswitch.profiles.state",
    "keyswitch.secret",
    "keyswitch.shells",
    "keyswitch.shells.detect",
    "keyswitch.shells.hook_scripts",
    "keyswitch.shells.posix",
    "keyswitch.targets",
    "keyswitch.targets.claude_code",
    "keyswitch.targets.claude_code.repository",
} | {
    name
    for part in LANE
    for path in (PACKAGE / part).glob("*.py")
    if (name := module_of(path)) not in BESIDE_THE_LANE
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


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported_names(path):
    """Return (line, module, only for types) of all imports of a file."""
    tree = tree_of(path)
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [(node.lineno, name, node in typing_only) for name in names]
    return found


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
    for line, name, _ in imported_names(path):
        words = name.split(".")
        if words[0] != "keyswitch" or len(words) == 1:
            continue
        other = words[1] if words[1] in RANK else "__init__"
        if RANK[other] > RANK[own]:
            wrong.append(f"line {line}: {own} imports {name}")
    assert wrong == []


def imports():
    """Return {module: modules}: lazy ones and those for types are counted."""
    names = {module_of(path) for path in MODULES}
    found = {}
    for path in MODULES:
        own = module_of(path)
        found[own] = set()
        for _, name, _ in imported_names(path):
            while name and name not in names:
                name = name.rpartition(".")[0]  # noqa: PLW2901
            found[own] |= {name} - {"", "keyswitch", own}
    return found


def circle_in(graph):
    """Return nodes of a graph that lead to themselves, in order, or []."""
    done, way = set(), []

    def visit(node):
        if node in way:
            return way[way.index(node) :]
        if node in done:
            return []
        way.append(node)
        found = next(filter(None, map(visit, sorted(graph[node]))), [])
        way.pop()
        done.add(node)
        return found

    return next(filter(None, map(visit, sorted(graph))), [])


def test_no_modules_import_each_other():
    assert circle_in(imports()) == []


def folder_of(module):
    """Return the folder that a module is in; a file beside all is its own."""
    path = ROOT / module.replace(".", "/")
    folder = path if path.is_dir() else path.parent
    return module if folder == PACKAGE else str(folder.relative_to(PACKAGE))


def test_no_folders_import_each_other():
    graph = {}
    for module, others in imports().items():
        own = folder_of(module)
        found = {folder_of(other) for other in others} - {own}
        graph.setdefault(own, set()).update(found)
    assert circle_in(graph) == []


def test_a_circle_would_be_found():
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]


def test_no_folder_has_too_many_files():
    counts = Counter(path.parent for path in MODULES)
    assert {f: n for f, n in counts.items() if n > MOST_FILES} == {}


def test_no_two_modules_have_one_name():
    """A command and a check are named after what they are about."""
    counts = Counter(
        path.stem
        for path in MODULES
        if part_of(path) != "cli" and path.parent.name != "checks"
    )
    assert {name for name, n in counts.items() if n > 1} == {"__init__"}


def test_no_two_classes_have_one_name():
    """Apart from what implements a protocol of the programs."""
    counts = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    )
    doubled = {name for name, n in counts.items() if n > 1}
    assert doubled == {"Keychain", "LoginPlace"}


# Who knows Claude Code by name, beside its own folder, and why. Whatever is
# not here asks `targets/table.py`.
KNOWS_CLAUDE_CODE = {
    "diagnosis": "explains what Claude Code itself sends",
    "trace/intercepting/credential_hosts.py": "data: hosts of its logins",
    "trace/intercepting/interception.py": "asks the resolver whom it trusts",
    "trace/routes.py": "data: which variable has which address",
    "trace/tracing.py": "says where its settings outrank the proxy",
    "providers/variables.py": "data: variables that carry a credential",
    "terminal/agents.py": "data: variables that agents set in a terminal",
    # The start-up lane, where a look-up in the table costs a module a start.
    "compiled.py": "the folder variable, compared below with the table's",
    "express.py": "looks whether the repository's settings matter at all",
    "terminal/repository_settings.py": "asks the resolver about them",
    "terminal/active_settings.py": "which variables outrank an exported one",
    "terminal/overriding.py": "looks for names in the bytes of its settings",
}
NAMES_IT = re.compile(r"CLAUDE_|\.claude\b")


def words_of(path):
    """Yield the texts and imported modules of a file, not its docstrings."""
    tree = tree_of(path)
    said = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in said:
            yield str(node.value)
    for _, name, _ in imported_names(path):
        yield name


def test_only_those_that_are_named_here_know_claude_code():
    found = set()
    for path in MODULES:
        short = str(path.relative_to(PACKAGE))
        if not short.startswith("targets/claude_code/") and any(
            NAMES_IT.search(word)
            or word.startswith("keyswitch.targets.claude_code")
            for word in words_of(path)
        ):
            found.add("diagnosis" if part_of(path) == "diagnosis" else short)
    # The table names the module of each program.
    assert found - {"targets/table.py"} == set(KNOWS_CLAUDE_CODE)


def test_the_lane_and_the_table_name_one_variable():
    assert table.main().folder_variable == compiled.FOLDER_VARIABLE


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


def test_a_command_loads_what_only_help_needs_for_help_only(unlocked):
    def loads(*args):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "keyswitch", *args],
            env=unlocked, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return "| dis\n" in done.stderr.replace("  ", "")  # by `inspect`

    assert not loads("list")
    assert loads("list", "--help")


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
