"""Who pays, in the one sentence that whoami begins with."""

import pytest

from keyswitch.diagnosis.findings.commands import Runner
from keyswitch.diagnosis.findings.payer import payer
from tests.diagnosis.homes import (
    KEY,
    OTHER,
    TOKEN,
    Home,
    helper,
    login,
    profile,
)

SETTINGS = ".claude/settings.json"
PROJECT = "project/.claude/settings.json"
LOGIN = ".claude/.credentials.json"
WHO = {".claude.json": {"oauthAccount": {"emailAddress": "anna@x.example"}}}
WORK = {"work": profile()}
OWN = {SETTINGS: helper()}
BEDROCK = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_EC2_METADATA_DISABLED": "true"}
GATEWAY = "https://gw.example"

# What there is -> the sentence.
SENTENCES = {
    "nothing": (Home(), "nobody pays: Claude Code has no credential"),
    "nothing of what is chosen": (
        Home(profiles=WORK, chosen="work"),
        "nobody pays, though 'work' is active: Claude Code has no credential",
    ),
    "a profile": (
        Home(profiles=WORK, chosen="work", files=OWN),
        "work pays: API billing (Anthropic API)",
    ),
    "a profile by its key, with nothing chosen": (
        Home(profiles=WORK, environ={"ANTHROPIC_API_KEY": KEY}),
        "work pays: API billing (Anthropic API)",
    ),
    "a profile with a label": (
        Home(
            profiles={"work": f'label = "Acme API key"\n{profile()}'},
            chosen="work",
            files=OWN,
        ),
        "work (Acme API key) pays: API billing (Anthropic API)",
    ),
    "another profile": (
        Home(
            profiles={**WORK, "old": profile(secret=OTHER)},
            chosen="work",
            environ={"ANTHROPIC_API_KEY": OTHER},
        ),
        "old pays, not 'work': API billing (Anthropic API)",
    ),
    "a key of nobody": (
        Home(environ={"ANTHROPIC_API_KEY": OTHER}),
        (
            "an account without a profile pays: ANTHROPIC_API_KEY in this "
            "environment, API billing (Anthropic API)"
        ),
    ),
    "a login": (
        Home(files={LOGIN: login(), **WHO}),
        "your Claude subscription pays: anna@x.example, max",
    ),
    "a login in a profile's place": (
        Home(files={LOGIN: login()}, profiles=WORK, chosen="work"),
        "your Claude subscription pays, not 'work': max",
    ),
    "a Console login": (
        Home(files={".claude.json": {"primaryApiKey": OTHER}}),
        "your Console account pays: API billing (Anthropic API)",
    ),
    "two accounts": (
        Home(
            profiles=WORK,
            environ={"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": OTHER},
        ),
        (
            "not known who pays: one request carries two credentials, of work "
            "and of an account without a profile"
        ),
    ),
    "two accounts beside what is chosen": (
        Home(
            profiles=WORK,
            chosen="work",
            environ={"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": OTHER},
        ),
        (
            "not known who pays, perhaps not 'work': one request carries two "
            "credentials, of work and of an account without a profile"
        ),
    ),
    "a program that is not run": (
        Home(files={SETTINGS: {"apiKeyHelper": "get-key"}}),
        (
            "not known who pays: it runs a program first: the answer is known "
            "only when that runs (--run-helper)"
        ),
    ),
    "a gateway": (
        Home(
            environ={
                "ANTHROPIC_AUTH_TOKEN": TOKEN,
                "ANTHROPIC_BASE_URL": GATEWAY,
            }
        ),
        (
            "an account without a profile pays: ANTHROPIC_AUTH_TOKEN in this "
            "environment, API billing (gw.example)"
        ),
    ),
    "a login that goes to another host": (
        Home(
            files={
                LOGIN: login(),
                PROJECT: {"env": {"ANTHROPIC_BASE_URL": GATEWAY}},
            }
        ),
        (
            "not known who pays: the credential of your Claude subscription "
            "goes to gw.example"
        ),
    ),
    "a cloud without a credential": (
        Home(environ=BEDROCK),
        "nobody pays: no AWS credentials found",
    ),
    "a cloud in a profile's place": (
        Home(
            profiles=WORK,
            chosen="work",
            files=OWN,
            environ={
                **BEDROCK,
                "AWS_ACCESS_KEY_ID": "AKIAFAKE000000EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "FAKE",
            },
        ),
        (
            "an account without a profile pays, not 'work': AWS_ACCESS_KEY_ID "
            "in this environment, cloud billing (Amazon Bedrock)"
        ),
    ),
}


@pytest.mark.parametrize(
    ("there", "sentence"), SENTENCES.values(), ids=SENTENCES
)
def test_the_sentence(home, there, sentence):
    assert payer(there.build(home)) == sentence


def test_a_helper_that_answers_nobody_lets_nobody_pay(home):
    there = Home(profiles=WORK, chosen="work", files=OWN)
    assert payer(there.build(home), "it is not used here") == (
        "nobody pays, though 'work' is active: it is not used here"
    )


def test_what_is_sent_all_the_same_is_paid_for(home):
    there = Home(
        profiles=WORK, chosen="work", environ={"ANTHROPIC_API_KEY": KEY}
    )
    said = payer(there.build(home), "it is not used here")
    assert said == "work pays: API billing (Anthropic API)"


def test_an_empty_answer_is_paid_by_nobody(home):
    there = Home(files={SETTINGS: {"apiKeyHelper": "true"}}).build(home)
    there = type(there)(there.scene, there.accounts, run=Runner(there.scene))
    assert payer(there) == "nobody pays: apiKeyHelper gives an empty credential"
