"""The first `add` on a machine, typed by somebody who makes mistakes."""

import errno
import platform
import re
import sys
import tomllib

import pytest

from keyswitch.profiles.paths import resolve
from keyswitch.providers.catalogue import load_catalogue
from tests.cli import no_session_keyring
from tests.cli.terminal import COMMAND, Terminal
from tests.desktop import desktop

ENTER = "\r"
PHRASE = "FAKE a long passphrase EXAMPLE"
ANTHROPIC = "sk-ant-api03-" + "FAKE" * 22 + "EXAMPLE"
SECRET_KEY = "FAKE" * 8 + "/EXAMPLE"
OFFER = "create an encrypted vault? [y/N]"

# provider -> the questions in their order, each with what a person types. A
# tuple: wrong answers, each with what is said of it, and the right one.
TYPED = {
    "anthropic": [
        ("API key:", ("", "is empty"),
         ("ghp_" + "FAKE" * 9, "GitHub token"), (ANTHROPIC * 2, "twice"),
         ANTHROPIC),
    ],
    "anthropic-aws": [
        ("workspace id", ("a b", "cannot be"), "wrkspc_FAKE"),
        ("AWS region", ("", "needed"), ("Frankfurt", "eu-central-1"),
         "eu-central-1"),
        ("API key:", "FAKE-EXAMPLE-key"),
    ],
    "aws": [
        ("which of these", ("4", "choose one"), ("kexs", "'keys'"), "1"),
        ("access key id", ("AKIA", "16 more"), "AKIA" + "F" * 9 + "EXAMPLE"),
        ("secret access key:", ("AKIA" + "F" * 16, "access key id"),
         SECRET_KEY),
    ],
    "bedrock": [
        ("which of these", "bearer"),
        ("AWS region", "us-east-1"),
        ("Bedrock API key:", ("AKIA" + "F" * 16, "access key id"),
         "ABSK" + "FAKE" * 30),
    ],
    "claude-token": [
        ("token:", (ANTHROPIC, "API key"),
         "sk-ant-oat01-" + "FAKE" * 22 + "EXAMPLE"),
    ],
    "custom": [
        ("name of the variable", ("PATH", "not a variable"),
         ("A-B", "cannot be"), "ACME_API_KEY"),
        ("value:", "any text, FAKE"),
    ],
    "foundry": [
        ("which of these", "address"),
        ("address of the Foundry resource", ("acme", "for example"),
         "https://acme.example.com"),
        ("API key:", "FAKE-EXAMPLE-key"),
    ],
    "gateway": [
        ("address of the gateway", ("gateway.example.com", "for example"),
         ("https://me:pw@gateway.example.com", "cannot be"),
         "https://gateway.example.com"),
        ("token:", ("two words", "white space"), "FAKE-EXAMPLE-token"),
    ],
    "gemini": [("API key:", (ANTHROPIC, "another provider"),
                "AIza" + "FAKE" * 7 + "EXAMPLE")],
    "github": [("token:", ("ghr_FAKE", "refresh token"),
                "ghp_" + "FAKE" * 9)],
    "openai": [("API key:", ("sk-or-v1-FAKE", "OpenRouter"),
                "sk-proj-" + "FAKE" * 31)],
    "openrouter": [("API key:", (ANTHROPIC, "Anthropic key"),
                    "sk-or-v1-" + "fa" * 32)],
    "vertex": [
        ("Google project", ("P", "for example"), "fake-project"),
        ("region", "us-east5"),
    ],
}  # fmt: skip


class Person(Terminal):
    """Somebody who answers questions one after the other."""

    def answers(self, question, *answers):
        """Type an answer to each time that a question is seen."""
        for answer in answers:
            self.asked(question).type(answer + ENTER)
        return self

    def asked(self, question):
        """Wait until a question is what was written last."""

        def last(_shown):
            tail = re.sub(r"\s+", " ", self.raw.rpartition("\n")[2])
            return question in tail and tail.rstrip().endswith((":", "]", "]:"))

        self.until(last)
        self.heard = getattr(self, "heard", "") + self.raw
        self.raw = ""
        return self

    def said(self):
        """Return all that was written, in one line."""
        text = getattr(self, "heard", "") + self.raw
        return " ".join(text.split())

    def makes_the_vault(self):
        self.answers(OFFER, "y")
        self.answers("new passphrase:", PHRASE)
        return self.answers("confirm passphrase:", PHRASE)


@pytest.fixture
def add(bare):
    people = []

    def add(*args, before=COMMAND, **environ):
        environ = {"TERM": "dumb", "XDG_RUNTIME_DIR": "", **environ}
        person = Person(bare, *before, "add", *args, columns=80, **environ)
        people.append(person)
        return person

    yield add
    for person in people:
        person.child.close(force=True)


def type_all(person, provider):
    """Answer a provider's questions, the wrong answers first."""
    told = []
    for question, *answers in TYPED[provider]:
        for answer in answers:
            text, says = (answer, "") if isinstance(answer, str) else answer
            person.answers(question, text)
            told.append(says)
    assert [says for says in told if says not in person.said()] == []
    return person


def without_keyring(number=errno.EPERM):
    if platform.machine() not in no_session_keyring.CALLS:
        pytest.skip("no filter for this machine's system calls")
    program = no_session_keyring.__file__
    return (sys.executable, program, str(number), *COMMAND)


def kept(bare, name, provider):
    """Return what a profile file holds, and check that no secret is there."""
    text = bare.profile_file(name).read_text()
    typed = [a[-1] for a in TYPED[provider]]
    found = tomllib.loads(text)
    secrets = [t for t in typed if t not in found.get("fields", {}).values()]
    assert not [s for s in secrets if len(s) > 10 and s in text]
    return found


@pytest.mark.parametrize("provider", TYPED)
def test_every_provider_is_added_from_nothing(bare, add, provider):
    person = add()
    person.answers("provider (number, name or a few letters)", provider)
    person.answers("name of the profile", "")
    type_all(person, provider)
    if provider != "vertex":
        person.makes_the_vault()
    assert person.ends() == 0, person.said()
    said = person.said()
    assert f"switch to it: keyswitch use {provider}" in said
    assert said.count("no keychain here") == (provider != "vertex")
    assert "vault passphrase" not in said
    assert kept(bare, provider, provider)["provider"] == provider
    for _, *answers in TYPED[provider]:
        if len(answers[-1]) > 30 and "http" not in answers[-1]:
            assert answers[-1] not in said
    # What is stored can be read again without a question.
    if provider == "anthropic":
        assert bare("helper", "api-key", provider).out == ANTHROPIC + "\n"
        bare("lock")


@pytest.mark.real("gnome-keyring")
def test_with_a_keychain_nothing_is_said_of_stores(bare, add, tmp_path):
    folder = tmp_path / "desktop"
    folder.mkdir(mode=0o700)
    with desktop(folder) as place:
        environ = {k: v for k, v in place.environ.items() if k != "HOME"}
        person = add("work", "--provider", "gateway", **environ)
        type_all(person, "gateway")
        assert person.ends() == 0, person.said()
        assert "secret in the keychain" in person.said()
        assert "vault" not in person.said()
        done = bare("helper", "api-key", "work", **environ)
        assert done.out == "FAKE-EXAMPLE-token\n"
        person = add("two", "--provider", "anthropic", "--store", "vault",
                     **environ)  # fmt: skip
        person.answers("API key:", ANTHROPIC).answers(OFFER, "n")
        assert person.ends() == 1


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.ENOSYS])
def test_without_a_session_keyring_nothing_is_asked_twice(bare, add, number):
    """Two secrets are stored, and both need the vault open."""
    filtered = without_keyring(number)
    bare.file(".config/keyswitch/providers").mkdir(parents=True)
    bare.file(".config/keyswitch/providers/two.toml").write_text(
        'title = "Two"\n[fields.one]\nsecret = true\nrequired = true\n'
        'env = ["ONE"]\n[fields.two]\nsecret = true\nrequired = true\n'
        'env = ["TWO"]\n'
    )
    person = add("first", "--provider", "two", before=filtered)
    person.answers("one:", "FAKE-1").answers("two:", "FAKE-2")
    person.makes_the_vault()
    assert person.ends() == 0, person.said()
    assert "vault passphrase" not in person.said()
    assert "keyswitch vault machine-key" in person.said()
    person = add("second", "--provider", "two", before=filtered)
    person.answers("one:", "FAKE-1").answers("two:", "FAKE-2")
    person.answers("vault passphrase:", PHRASE)
    assert person.ends() == 0, person.said()
    assert "no keychain" not in person.said()


def test_the_way_out_of_a_session_without_a_keyring_works(bare, add):
    filtered = without_keyring()
    person = add("work", "--provider", "gateway", before=filtered)
    type_all(person, "gateway").makes_the_vault()
    assert person.ends() == 0
    # For one shell, also where a login made no folder for it.
    script = (
        'eval "$("$@" unlock)" && "$@" helper api-key work; "$@" lock;'
        ' "$@" helper api-key work </dev/null'
    )
    environ = {"XDG_RUNTIME_DIR": "", "TMPDIR": str(bare.home)}
    person = Person(bare, "sh", "-c", script, "sh", *filtered, **environ)
    person.answers("vault passphrase:", PHRASE)
    assert person.ends() == 5
    assert person.said().count("FAKE-EXAMPLE-token") == 1
    assert "unlocked for this shell" in person.said()
    # For good.
    person = Person(bare, *filtered, "vault", "machine-key", **environ)
    person.answers("vault passphrase:", PHRASE)
    assert person.ends() == 0
    assert bare("helper", "api-key", "work").out == "FAKE-EXAMPLE-token\n"


def test_unlock_does_not_ask_where_it_could_not_remember(bare):
    bare("vault", "init", "--passphrase-fd", "0", stdin=PHRASE)
    person = Person(bare, *without_keyring(), "unlock")
    assert person.ends() == 5
    assert "vault passphrase" not in person.said()
    assert 'eval "$(keyswitch unlock)"' in person.said()


def test_a_key_survives_two_wrong_passphrases(bare, add):
    bare("vault", "init", "--passphrase-fd", "0", stdin=PHRASE)
    person = add("work", "--provider", "anthropic")
    person.answers("API key:", ANTHROPIC)
    person.answers("vault passphrase:", "FAKE wrong")
    person.answers("try again:", "FAKE wrong, too", PHRASE)
    assert person.ends() == 0, person.said()
    assert bare("helper", "api-key", "work").out == ANTHROPIC + "\n"
    bare("lock")


def test_a_new_passphrase_may_be_mistyped(bare, add):
    person = add("work", "--provider", "anthropic")
    person.answers("API key:", ANTHROPIC).answers(OFFER, "y")
    person.answers("new passphrase:", "")
    person.answers("new passphrase:", PHRASE)
    person.answers("confirm passphrase:", "FAKE else")
    person.answers("new passphrase:", PHRASE)
    person.answers("confirm passphrase:", PHRASE)
    assert person.ends() == 0, person.said()
    assert "the passphrase is empty" in person.said()
    assert "the passphrases do not match" in person.said()
    bare("lock")


def test_what_can_be_refused_is_before_a_passphrase(bare, add):
    bare("vault", "init", "--passphrase-fd", "0", stdin=PHRASE)
    person = add("work", "--provider", "anthropic", "--expect", "cloud")
    person.answers("API key:", ANTHROPIC)
    assert person.ends() == 1
    assert "expects cloud billing" in person.said()
    assert "passphrase" not in person.said()


def test_a_name_is_proposed_and_asked_for_again(bare, add):
    add_args = ("--provider", "vertex", "--set", "project_id=fake-project",
                "--set", "region=global")  # fmt: skip
    bare("add", "vertex", *add_args)
    person = add(*add_args)
    person.answers("name of the profile [vertex-2]", "My Work", "vertex", "")
    assert person.ends() == 0, person.said()
    assert "cannot be a profile name" in person.said()
    assert "already exists" in person.said()
    assert bare.profile_file("vertex-2").exists()


@pytest.mark.parametrize("how", ["typed", "--from-env", "--from-file"])
def test_a_cut_key_is_asked_about(bare, add, how):
    cut = ANTHROPIC[:-1]
    bare.with_vault()
    bare.file("key").write_text(cut)
    source = {"--from-env": ["--from-env", "CUT"],
              "--from-file": ["--from-file", "key"]}.get(how, [])  # fmt: skip
    person = add("work", "--provider", "anthropic", *source, CUT=cut)
    if how == "typed":
        person.answers("API key:", cut)
        person.answers("use it anyway? [y/N]", "n")
        person.answers("API key:", ANTHROPIC)
        assert person.ends() == 0
        assert bare("helper", "api-key", "work").out == ANTHROPIC + "\n"
    else:
        person.answers("use it anyway? [y/N]", "n")
        assert person.ends() == 1
        assert "keyswitch: cancelled, nothing changed" in person.said()
        assert not bare.profile_file("work").exists()
    assert "has 107 characters, not 108: a part may be missing" in person.said()


def test_a_script_is_told_of_a_cut_key(ks):
    done = ks.add("work", secret=ANTHROPIC[:-1])
    assert "has 107 characters, not 108" in done.err
    assert "characters" not in ks.add("full", secret=ANTHROPIC).err
    url = "base_url=https://gateway.example.com"
    assert "characters" not in ks.add("own", "--set", url).err


@pytest.mark.parametrize(
    ("value", "why"),
    [(ANTHROPIC[:-1], "has 107 characters, not 108: a part may be missing"),
     (ANTHROPIC * 2, "the value was pasted twice"),
     (f"{ANTHROPIC}\n{ANTHROPIC}\n", "the value was pasted twice"),
     ("glpat-FAKEFAKE" * 2, "the value was pasted twice"),
     ("glpat-FAKEFAKE" * 3, "the value was pasted twice"),
     ("FAKE-of-no-known-kind-1 " * 2, "the value was pasted twice"),
     ("sk-ant-a" + ANTHROPIC, "the value starts twice"),
     (ANTHROPIC + "\n", ""), ("ghost story", ""), ("FAKE" * 2, ""),
     ("glpat-FAKE", "")],
)  # fmt: skip
def test_a_cut_or_doubled_key_is_asked_about_in_any_variable(ks, value, why):
    name = ("--set", "env=ACME_API_KEY")
    done = ks.add("own", *name, provider="custom", secret=value)
    assert (why in done.err) if why else "the value" not in done.err


def test_a_doubled_token_of_a_gateway_is_asked_about(ks):
    url = ("--set", "base_url=https://gateway.example.com")
    token = "FAKE-gateway-token-000EX"
    for count, name in enumerate(("whole", "doubled"), 1):
        done = ks.add(name, *url, provider="gateway", secret=token * count)
        assert ("was pasted twice" in done.err) == (count > 1)


@pytest.mark.parametrize("provider", ["anthropic", "custom"])
def test_a_paste_over_two_lines_is_not_taken_by_half(bare, add, provider):
    bare.with_vault()
    person = add("work", "--provider", provider)
    question = "API key:"
    if provider == "custom":
        person.answers("name of the variable", "ACME")
        question = "value:"
    half = ANTHROPIC[:60] + "\r" + ANTHROPIC[60:]
    person.answers(question, half)
    person.asked(question).type(ANTHROPIC[:60] + "\r" + ANTHROPIC[60:])
    person.asked(question).type(ANTHROPIC + "\r\r")
    assert person.ends() == 0, person.said()
    assert person.said().count("more than one line") == 2
    assert bare("helper", "api-key", "work").out == ANTHROPIC + "\n"


def test_the_picker_finds_what_was_nearly_typed(bare, add):
    person = add(TERM="xterm-256color")
    count = len(load_catalogue(resolve(bare.environ)).ids())
    person.sees(f"{count} of {count}").sees("an API key of the Console")
    assert max(len(line) for line in person.shown.splitlines()) <= 80
    assert "…" not in person.shown
    person.type("antropic").sees(f"1 of {count}, did you mean this?")
    person.type(ENTER)
    person.sees("name of the profile [anthropic]:").type("\x03")
    assert person.ends() == 130


def test_a_login_is_handed_over(bare, add):
    person = add(PATH="/nonexistent")
    person.answers("provider (number, name or a few letters)", "claude-login")
    person.answers("name of the profile [claude-login]", "me")
    person.answers("which login", "new")
    assert person.ends() == 1
    assert "'claude' is not on PATH" in person.said()
    person = add("me", "--provider", "claude-login", "--store", "vault")
    person.answers("which login", "present")
    assert person.ends() == 1
    assert "no login in" in person.said()
    assert OFFER not in person.said()


@pytest.mark.parametrize("keys", ["\x03", "\x04"])
@pytest.mark.parametrize("steps", range(7))
def test_every_question_can_be_left(bare, add, keys, steps):
    """What follows stands on a line of its own, and nothing is changed."""
    before = bare.everything()
    questions = [
        ("provider (number, name or a few letters)", "aws"),
        ("name of the profile", "work"),
        ("which of these", "keys"),
        ("access key id", "AKIA" + "F" * 9 + "EXAMPLE"),
        ("secret access key:", SECRET_KEY),
        (OFFER, "y"),
        ("new passphrase:", PHRASE),
    ]
    person = add()
    for question, answer in questions[:steps]:
        person.answers(question, answer)
    person.asked(questions[steps][0]).type(keys)
    assert person.ends() == 130
    last = person.shown.rstrip().splitlines()[-1]
    assert last == "keyswitch: interrupted, nothing changed"
    assert bare.everything() == before


def test_a_no_is_no_interruption(bare, add):
    before = bare.everything()
    person = add("work", "--provider", "anthropic")
    person.answers("API key:", ANTHROPIC).answers(OFFER, "n")
    assert person.ends() == 1
    last = person.shown.rstrip().splitlines()[-1]
    assert last == "keyswitch: cancelled, nothing changed"
    assert bare.everything() == before


@pytest.mark.parametrize(
    "words",
    [
        "add work KEY",
        "KEY",
        "use KEY",
        "add work --provider anthropic --set api_key=KEY",
        "add work --provider anthropic --set api_key=unknown",
        "add work --provider anthropic --from-env KEY",
        "rotate work KEY",
        "edit work --label KEY",
    ],
)
def test_a_key_as_an_argument_is_named_where_it_is(ks, words):
    args = words.replace("KEY", ANTHROPIC).split()
    before = ks.everything()
    if args[0] in ("edit", "rotate"):
        ks.add("work", secret=ANTHROPIC)
        before = ks.everything()
    done = ks(*args, code=1 if "=" in args[-1] else 2)
    assert "is now in your shell's history" in done.err
    assert "revoke it at https://console.anthropic.com" in done.err
    assert "--stdin" in done.err
    assert ANTHROPIC not in done.err
    assert ks.everything() == before


def test_a_name_that_begins_like_a_key_is_a_name(ks):
    ks.add("sk-things-of-another-department")
    assert "sk-things" in ks("list").out


def test_a_profile_for_other_programs_is_no_way_into_claude_code(ks):
    ks.add("other", "--set", "env=MY_TOKEN", provider="custom", secret="FAKE-x")
    ks("use", "other")
    for command in ("whoami", "doctor"):
        said = ks(command, code=1, PATH="/nonexistent").out
        assert "fix: keyswitch use\n" in said


def test_an_empty_machine_is_told_to_add(bare):
    said = bare("whoami", code=1, PATH="/nonexistent").out
    assert "`claude` is not installed" in said
    assert "fix: keyswitch add\n" in said
    said = bare("doctor", code=1, PATH="/nonexistent").out
    assert "`claude` is not installed" in said
    assert "use NAME" not in said
