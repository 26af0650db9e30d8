"""A secret that was typed in the wrong place is not repeated in the error.

It is in argv by the person's own doing; what is printed ends in logs of CI and
in pasted terminals.
"""

import subprocess
import sys

import pytest

from keyswitch.display import error_text
from keyswitch.errors import InputError
from tests.cli.keyswitch import Keyswitch
from tests.leaks.commands import KEY, TOKEN
from tests.proof import record

PLACES = [
    "S", "use S", "add S", "add x S", "add x --provider S", "rotate work S",
    "add x --provider anthropic --from-env S",
    "add x --provider anthropic --from-file S",
    "add x --provider anthropic --fd S", "edit work --set S",
    "edit work --set api_key=S", "edit work --label S",
    "edit work --expires S", "edit work --expect S", "edit work --only S",
    "env S", "env --shell S", "helper S", "helper api-key S", "show S",
    "run S -- true", "run work -- S", "shell S", "import S",
    "export S --to x", "export work --to x --passphrase-file S",
    "unlock S", "unlock --timeout S", "unlock --passphrase-fd S", "vault S",
    "link S", "link --remote S work", "login S --capture", "logout S",
    "remove S --yes", "rename work S", "copy S a", "revoke-local S --yes",
    "explain S", "completion S", "install S",
]  # fmt: skip


@pytest.fixture(scope="module")
def ks(tmp_path_factory):
    home = tmp_path_factory.mktemp("arguments")
    ks = Keyswitch(home).with_vault()
    ks.add("work")
    return ks


def said(ks, place, secret):
    """Return what a command prints that got a secret in this place."""
    args = [word.replace("S", secret) if word == "S" or word.endswith("=S")
            else word for word in place.split()]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "keyswitch", *args], input=b"",
        env=ks.environ, cwd=ks.home, capture_output=True, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    return (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_of_a_known_shape_is_not_repeated(ks, place):
    shown = KEY in said(ks, place, KEY)
    record(promise="P7", what="secrets as arguments, in what is printed",
           points=1, violations=int(shown))  # fmt: skip
    assert not shown


@pytest.mark.parametrize("place", ["rotate work S", "add x S", "unlock S"])
def test_a_word_too_many_is_not_repeated_whole(ks, place):
    """It could be a token whose shape nobody knows."""
    assert TOKEN not in said(ks, place, TOKEN)
    assert "(all)" in said(ks, place.replace("S", "all"), "")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"no '{KEY}' here", "no 'sk-ant-api03-…' here"),
        (f"{KEY} {KEY}", "sk-ant-api03-… sk-ant-api03-…"),
        ("ghp_FAKE000000000000000EXAMPLE", "ghp_…"),
        ("it begins with sk-ant-api03-", "it begins with sk-ant-api03-"),
        ("/opt/desk-aaaaaaaaaaaaaaaaaaaaaaa", None),
        # A secret that is glued to a word is not repeated either.
        ("task-ant-api03-aaaaaaaaaaaaaaaaaaa", "task-ant-api03-…"),
    ],
)
def test_what_is_left_of_it(message, shown):
    text = error_text(InputError(message))
    assert text == f"keyswitch: error: {shown or message}\n"
