"""Switches of a cloud that were left on, and which may be taken out."""

import pytest

from keyswitch.targets.verdict import Mend
from tests.diagnosis.homes import (
    BEDROCK,
    CREDENTIALS,
    KEY,
    LOCAL,
    PAIR,
    PROJECT,
    SETTINGS,
    Home,
    found_in,
    helper,
    login,
    profile,
)

FLAG = "CLAUDE_CODE_USE_BEDROCK"
EXPORT = f"export {FLAG}=1"
WORK = Home(profiles={"work": profile()}, chosen="work")
ON = {**helper(), "env": {FLAG: "1"}}
ROCK = Home(
    profiles={
        "rock": profile("bedrock", "", region="eu-west-1", aws_profile="dev")
    },
    chosen="rock",
    files={SETTINGS: {"env": {**BEDROCK, "AWS_PROFILE": "dev"}}},
)

HOMES = {
    "provider-flag-left": (
        WORK.but(files={SETTINGS: ON}),
        WORK.but(files={SETTINGS: {"env": {FLAG: "0"}}}),
    ),
}


@pytest.fixture
def look(home, monkeypatch):
    def look(built):
        found = found_in(built, home, monkeypatch)
        return [f for f in found if f.check == "provider-flag-left"]

    return look


@pytest.mark.parametrize("place", [SETTINGS, PROJECT, LOCAL])
def test_a_settings_file_of_a_person_can_be_mended(look, place):
    (finding,) = look(WORK.but(files={place: ON}))
    assert finding.place.endswith(f"{place}:4")
    assert finding.mend.kind == Mend.MEMBER
    assert finding.mend.keys == ("env", FLAG)
    assert finding.severity == "error"


def test_one_of_an_organization_is_not_a_person_s_to_mend(look):
    managed = {"managed-settings.json": {"env": {FLAG: "1"}}}
    (finding,) = look(WORK.but(managed=managed))
    assert finding.mend is None
    assert finding.fix.startswith("ask whoever manages ")


def test_one_that_is_given_on_the_command_line_is_not_mended(look):
    settings = '{"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}'
    (finding,) = look(WORK.but(flags=("--settings", settings)))
    assert finding.mend is None


@pytest.mark.parametrize(
    "text",
    [
        f'{{"env": {{"{FLAG}": "1", "{FLAG}": "1"}}}}',
        b'{"x": "f\xfcr", "env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}',
    ],
    ids=["twice", "not UTF-8"],
)
def test_a_file_that_cannot_be_edited_is_only_named(look, text):
    (finding,) = look(WORK.but(files={SETTINGS: text}))
    assert finding.mend is None


@pytest.mark.parametrize(
    "home_",
    [
        ROCK,
        Home(environ={**BEDROCK, **PAIR}, files={".zshrc": EXPORT}),
        Home(files={SETTINGS: {"env": BEDROCK}}),
        WORK.but(files={SETTINGS: {**helper(), "env": {FLAG: "false"}}}),
    ],
    ids=["of the profile", "works", "nothing else", "off"],
)
def test_a_switch_that_is_meant_is_left_alone(look, home_):
    assert look(home_) == []


def test_without_a_profile_a_login_that_is_kept_away_is_missed(look):
    files = {CREDENTIALS: login(), SETTINGS: {"env": BEDROCK}}
    assert len(look(Home(files=files))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".zshrc", EXPORT),
        (".bashrc", f"{EXPORT}\r"),
        (".profile", f"{FLAG}=true"),
        (".config/fish/config.fish", f"set -gx {FLAG} 1"),
        (".config/environment.d/a.conf", f"{FLAG}=1"),
    ],
)
def test_a_line_of_a_start_file_can_be_taken_out(look, name, text):
    files = {name: f"a=b\n{text}\nc=d\n", SETTINGS: helper()}
    (finding,) = look(WORK.but(files=files))
    assert finding.place.endswith(f"{name}:2")
    assert (finding.mend.kind, finding.mend.line) == (Mend.LINE, 2)
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "text",
    [
        f"if true; then\n{EXPORT}\nfi\n",
        f"if test -d x\n  {EXPORT}\nend\n",
        f"case $x in\n  a)\n{EXPORT} ;;\nesac\n".replace(" ;;", "\n;;"),
        f"export A=1 \\\n{EXPORT}\n",
        f"true &&\n{EXPORT}\n",
        f"cat <<END\n{EXPORT}\nEND\n",
        f"{EXPORT} # key {KEY}\n",
        f"{{\n{EXPORT}\n}}\n",
        f"while read x; do\n\n# a comment\n{EXPORT}\ndone\n",
    ],
)
def test_a_line_that_others_lean_on_is_left_to_the_person(look, text):
    files = {".zshrc": text, SETTINGS: helper()}
    found = look(WORK.but(files=files, environ={FLAG: "1"}))
    assert [f.mend for f in found] == [None]


def test_a_function_that_switches_is_no_start(look):
    text = f"work() {{\n  {EXPORT}\n}}\n"
    assert look(WORK.but(files={".zshrc": text, SETTINGS: helper()})) == []


@pytest.mark.parametrize(
    "text", [f"# {EXPORT}", f"{FLAG}=0", f"{FLAG}=$X", f"unset {FLAG}"]
)
def test_a_line_that_switches_nothing_on_is_left_alone(look, text):
    assert look(WORK.but(files={".zshrc": text, SETTINGS: helper()})) == []
