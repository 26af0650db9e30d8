"""`scripts/strings` finds every text for a person; none sounds translated."""

import importlib.machinery
import importlib.util
import re

import pytest

from tests.components import ROOT


def load():
    loader = importlib.machinery.SourceFileLoader(
        "strings", str(ROOT / "scripts/strings")
    )
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("strings", loader)
    )
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts():
    return load().collect()


# One of each kind: its file, and a part of it.
KINDS = {
    "error": ("errors.py", "was written by a newer keyswitch"),
    "hint": ("errors.py", "update keyswitch; nothing changed"),
    "message": ("cli/switching/use.py", "switched to '{outcome.chosen}'"),
    "warning": ("cli/prompt.py", "that was more than one line"),
    "short help": ("cli/commands.py", "Show one profile."),
    "docstring of a command": ("cli/switching/use.py", "Switch to a profile."),
    "help of an option": ("cli/command.py", "Print data as JSON."),
    "example": ("cli/switching/run.py", "keyswitch run work -- claude"),
    "finding": (
        "diagnosis/checks/files.py",
        "is a mount point, as in containers",
    ),
    "prompt": ("cli/session.py", "came with the repository; run"),
    "title of a provider": ("providers/built_in/bedrock.toml", "AWS region"),
    "why of a provider": (
        "providers/built_in/bedrock.toml",
        "that is a Bedrock API key",
    ),
    "title of a cause": (
        "diagnosis/explain/causes/aws.toml",
        "the AWS session of the request has expired",
    ),
    "line of advice": (
        "diagnosis/explain/causes/aws.toml",
        "ask the administrator of {gateway}",
    ),
    "manager": ("secrets/references/built_in/pass.toml", "or the package pass"),
    "hook of bash": ("shells/hooks/hook.bash", "profile '%s' no longer exists"),
    "hook of nushell": ("shells/hooks/hook.nu", "its variables were unset"),
    "heading of the page": ("trace/page/page.html", "Duration"),
    "message of the page": ("trace/page/page.js", "No request matches"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_text_is_found(texts, kind):
    path, part = KINDS[kind]
    assert [t for t in texts if t.path.endswith(path) and part in t.text]


def test_a_text_has_the_line_where_it_begins(texts):
    found = next(t for t in texts if t.text == "Print data as JSON.")
    lines = (ROOT / found.path).read_text(encoding="utf-8").splitlines()
    assert found.text in lines[found.line - 1]


def test_docstrings_comments_and_patterns_are_no_texts(tmp_path):
    source = (
        '"""What it is."""\n'
        "# a comment of several words\n"
        "def f(a: 'int | None') -> None:\n"
        '    """Say what it does."""\n'
        "    re.compile('a pattern (with words)')\n"
        "    raise Error(f'no {what} there', 'look again')\n"
    )
    assert list(load().of_python(source)) == [
        (6, "no {what} there"),
        (6, "look again"),
    ]


# Words that earlier messages had, and what the field says instead.
TRANSLATED = {
    r"mend(ed|s)?": "fix",
    r"(take|takes|took|taken) (it |that )?back": "undo",
    r"there (is|are) no (?!such)": "no such ...; ... not found",
    r"(is|are) no (?!longer|such)": "is not a",
    r"any more": "no longer",
    r"anew": "again",
    r"(gave|gives|give|given) back": "returned; restores",
    r"(has|have) to be": "must be",
    r"exists already": "already exists",
    r"the same again": "confirm passphrase",
    r"by way of": "through",
    r"on the way": "in between",
    r"whoever runs": "the administrator of",
    r"somebody else changed": "another program changed",
    r"looked at": "checked",
    r"is there twice": "was pasted twice",
    r"beats": "takes precedence over",
    r"stands in": "is in",
    r"holds? no": "contains no",
    r"end not known": "expiry unknown",
    r"nobody can be asked": "cannot ask",
    r"changed (the \w+ )?meanwhile": "changed in the meantime",
    r"does not let anybody": "does not allow",
}
# What one file may say all the same, with the reason.
KEPT = {
    # Recognised in settings that earlier versions wrote.
    "keyswitch/targets/claude_code/settings/wanted.py": "any more",
}


@pytest.mark.parametrize("words", TRANSLATED)
def test_no_text_sounds_translated(texts, words):
    said = re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    assert [
        f"{one.path}:{one.line}: {one.text}"
        for one in texts
        if said.search(re.sub(r"\{[^{}]*\}", "", one.text))
        and KEPT.get(one.path) != words
    ] == []
