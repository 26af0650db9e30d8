"""What a manager says, and which kind of failure that is."""

import pytest

from keyswitch.errors import LockedError, NoItemError, StoreError
from keyswitch.profiles.settings import Settings
from keyswitch.secrets.references import failures, managers
from tests.secrets.references.said import SAID

KINDS = {
    "missing": (NoItemError, "has no"),
    "locked": (LockedError, "is locked, or you are not signed in"),
    "denied": (LockedError, "denies access to"),
    "unknown": (StoreError, "cannot read"),
}
KNOWN = managers.load(Settings(programs={"corp": ("corp-key",)}))


def error_of(name, words, status=1, text="", secrets=()):
    manager = KNOWN.get(name)
    reference = KNOWN.parse(text or manager.example)
    said = failures.Said(words.encode(), secrets)
    return failures.error_of(
        manager, reference, {**reference.parts}, said, status
    )


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    SAID,
    ids=[f"{one[0]}-{one[1]}-{n}" for n, one in enumerate(SAID)],
)
@pytest.mark.parametrize("status", [1, 255])
def test_the_words_decide_and_no_status_does(name, kind, words, status):
    error = error_of(name, words, status)
    kind, says = KINDS[kind]
    assert type(error) is kind
    assert says in error.message
    assert error.hint
    assert "\n" not in error.message + error.hint
    assert "\x1b" not in error.message


def test_each_manager_has_each_kind():
    there = {(name, kind) for name, kind, _ in SAID}
    wanted = {(name, kind) for name in KNOWN.names() for kind in KINDS}
    exec_only = {("exec", kind) for kind in ("missing", "locked", "denied")}
    assert wanted - there == exec_only


LINES = {
    "Warning: x\n\n* permission denied\n": "permission denied",
    "reading\nerror: it broke\nsee the manual\n": "it broke",
    "Traceback:\n  File x\nKeyError: 'k'\n": "Traceback: File x",
    "all is lost\nbye\n": "all is lost",
    "[ERROR] 2026/11/30 09:00:00 no such thing.\n": "no such thing",
    "\n\n": "it failed with status 7 and printed no message",
    "\xff\xfe\x00bad": "ÿþ\\x00bad",
    "a" * 5000 + "b" * 90: "a" * 100 + "…" + "a" * 10 + "b" * 90,
}


@pytest.mark.parametrize("words", LINES)
def test_the_line_that_says_most_is_quoted(words):
    error = error_of("exec", words, 7, "exec:corp")
    assert error.message.endswith(f": {LINES[words]}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pass:x is not in the password store",
         "gpg: x is not in the password store: Broken pipe"),
        ("op://Eng/The vault, not signed in/key",
         "[ERROR] bad luck with The vault, not signed in"),
        ("bw:you are not logged in", "crashed at 'You are not logged in'"),
    ],
)  # fmt: skip
def test_a_name_in_the_reference_decides_nothing(text, words):
    error = error_of(text.partition(":")[0], words, 1, text)
    assert type(error) is StoreError


def test_what_is_secret_in_the_words_is_not_quoted():
    words = "invalid token hvs.FAKEabcdefghijklmnopqrst for master-FAKE-word"
    error = error_of("vault", words, 2, secrets=["master-FAKE-word"])
    assert "hvs.…" in error.message
    assert "FAKE" not in error.message


def test_a_line_that_only_begins_a_sentence_is_read_on():
    said = failures.Said(b"Error: You must run:\n\n    pass init your-gpg-id\n")
    assert said.telling() == "You must run: pass init your-gpg-id"
