"""Every yes-or-no question of every command: no, Ctrl-C and Ctrl-D."""

import json

import pytest

from tests.cli.keyswitch import KEY
from tests.cli.logins import Logins
from tests.cli.terminal import COMMAND, Terminal

# The command, and what it asks.
QUESTIONS = [
    ("remove work", "remove profile 'work'?"),
    ("show work --reveal", "show the secrets of 'work'"),
    ("revoke-local --all", "from this machine?"),
    ("logout me", "from this machine?"),
    ("install bash", "write the block?"),
    ("import bundle --passphrase-file phrase --replace", "import 1 profile?"),
    ("vault accept-rollback", "accept the older vault"),
    ("doctor --fix", "make these"),
]
ANSWERS = [
    ("n\r", 1, "keyswitch: cancelled, nothing changed"),
    ("\r", 1, "keyswitch: cancelled, nothing changed"),
    ("\x03", 130, "keyswitch: interrupted, nothing changed"),
    ("\x04", 130, "keyswitch: interrupted, nothing changed"),
]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    from tests.cli.keyswitch import Keyswitch

    ks = Keyswitch(tmp_path_factory.mktemp("questions")).with_vault()
    ks.add("work")
    Logins(ks).capture("me")
    ks("use", "work")
    ks.file("phrase").write_text("FAKE passphrase of a bundle")
    ks("export", "work", "--to", "bundle", "--passphrase-file", "phrase")
    # What `doctor --fix` has to mend.
    settings = ks.file(".claude/settings.json")
    settings.chmod(0o644)
    document = json.loads(settings.read_text())
    document["env"] = {"ANTHROPIC_AUTH_TOKEN": KEY}
    settings.write_text(json.dumps(document))
    return ks


@pytest.mark.parametrize(("typed", "code", "last"), ANSWERS)
@pytest.mark.parametrize(("words", "question"), QUESTIONS)
def test_a_question_is_left_on_a_new_line(
    furnished, words, question, typed, code, last
):
    before = furnished.everything()
    terminal = Terminal(furnished, *COMMAND, *words.split(), lines=60)
    terminal.sees(question).type(typed)
    assert terminal.ends() == code, terminal.shown
    assert terminal.shown.rstrip().splitlines()[-1] == last
    after = furnished.everything()
    assert {p for p in after if before.get(p) != after[p]} == set()
