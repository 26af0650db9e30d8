"""House rules that no tool checks: sizes, docstrings, words of one machine."""

import ast
import json
import re
import subprocess

import pytest

from tests.components import ROOT

PACKAGE = ROOT / "keyswitch"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 250  # lines of code
LONGEST_FUNCTION = 40  # without signature and docstring

# Each with its reason.
LONG_FILES: dict[str, str] = {}

GRAB_BAGS = {"base", "common", "helpers", "misc", "util", "utils"}

# A home directory, a mount of one machine, or a secret that is not marked as
# invented. Written in pieces, so that this file does not match itself.
HOMES = re.compile(
    "/(?:" + "home|Users)/(?!you\\b|me\\b|user\\b|NAME\\b)[a-z]|/" + "root/"
)
KEYS = re.compile(
    r"sk-ant-(?:api|oat|ort|admin)\d\d-[\w-]{24,}|AKIA[0-9A-Z]{16}"
)
INVENTED = re.compile(
    "FAKE|EXAMPLE|REFRESHED|aaaa|0123456789|xxxx", re.IGNORECASE
)


def module_id(path):
    return str(path.relative_to(ROOT))


def tracked_files():
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = done.stdout.split("\0") if done.returncode == 0 else []
    return [ROOT / n for n in names if n and (ROOT / n).is_file()]


def code_lines(path):
    """Return the numbers of lines that hold code: no comment, no docstring."""
    text = path.read_text(encoding="utf-8")
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    return {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    } - prose


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_a_module_says_what_it_is_for_and_is_short(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)) or not text.strip()
    if str(path.relative_to(PACKAGE)) not in LONG_FILES:
        assert len(code_lines(path)) <= LONGEST_FILE
    assert path.stem not in GRAB_BAGS


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_no_function_is_long(path):
    lines = code_lines(path)
    long = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # A command's options are its signature; the rest is the function.
            body = range(node.body[0].lineno, node.end_lineno + 1)
            length = len(lines & set(body))
            if length > LONGEST_FUNCTION:
                long.append(f"{node.name}: {length} lines")
    assert long == []


def texts():
    for path in tracked_files():
        data = path.read_bytes()
        if b"\0" not in data[:4096]:
            yield path, data.decode("utf-8", "replace")


def test_no_file_names_a_place_of_one_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts()
        for match in HOMES.finditer(text)
        if "vectors" not in path.parts
    ]
    assert found == []


def test_every_key_in_the_tree_is_marked_as_invented():
    found = [
        f"{path.relative_to(ROOT)}: {match[0][:16]}..."
        for path, text in texts()
        for match in KEYS.finditer(text)
        if not INVENTED.search(match[0])
    ]
    assert found == []


def test_no_file_is_left_for_later():
    words = re.compile("TO" + "DO|FIX" + "ME|XX" + "X(?!X)")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts()
        for match in words.finditer(text)
        if path.suffix in {".py", ".sh", ".md", ".toml"}
    ]
    assert found == []


def test_json_files_are_json():
    for path in tracked_files():
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))


def test_what_has_to_be_executable_is():
    wanted = ["scripts/keyswitch", "scripts/test", "scripts/try", ".ci/run"]
    assert [n for n in wanted if not (ROOT / n).stat().st_mode & 0o100] == []
