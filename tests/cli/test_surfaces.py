"""whoami, use and doctor say what another way to start Claude Code sends."""

import json

import pytest

LOGIN = {
    "claudeAiOauth": {
        "accessToken": "sk-ant-oat01-FAKE-FILEACCESS-kkkkkkkkkkkkkkkkkk11AA",
        "refreshToken": "sk-ant-ort01-FAKE-FILEREFRESH-lllllllllllllllll12AA",
        "expiresAt": 4102444800000,
        "scopes": ["user:inference"],
        "subscriptionType": "max",
    }
}
WHO = {"oauthAccount": {"emailAddress": "anna@example.com"}}


DESKTOP = {"CLAUDE_CODE_ENTRYPOINT": "claude-desktop"}


@pytest.fixture
def person(ks):
    """A home with a login of Claude Code and a profile with a key."""
    folder = ks.file(".claude")
    folder.mkdir(mode=0o700)
    folder.joinpath(".credentials.json").write_text(json.dumps(LOGIN))
    folder.joinpath(".credentials.json").chmod(0o600)
    ks.file(".claude.json").write_text(json.dumps(WHO))
    ks.add("work")
    return ks


def payer(ks, *args, **how):
    return ks("whoami", *args, code=None, **how).out.splitlines()[0]


def test_use_says_that_the_desktop_goes_on_with_the_login(person):
    said = person("use", "work").err
    who = "in the desktop app, remote sessions: anna@example.com (max)"
    assert f"elsewhere, {who}" in said


@pytest.mark.parametrize(
    ("surface", "whose"),
    [
        ("terminal", "work"),
        ("vscode", "work"),
        ("action", "work"),
        ("desktop", "anna@example.com"),
        ("remote", "anna@example.com"),
    ],
)
def test_each_surface_is_predicted(person, surface, whose):
    person("use", "work")
    assert whose in payer(person, "--as", surface)


def test_whoami_started_by_the_desktop_is_right_by_itself(person):
    person("use", "work")
    assert "anna@example.com" in payer(person, **DESKTOP)


def test_a_switch_that_the_desktop_does_not_follow_says_what_to_do(person):
    said = person("use", "work", code=4, **DESKTOP).err
    assert "prefer a login to any key" in said
    assert "keyswitch use work" not in said


def test_without_a_login_nothing_is_said_of_other_surfaces(person):
    person.file(".claude/.credentials.json").unlink()
    assert "elsewhere" not in person("use", "work").err
    assert json.loads(person("whoami", "--json").out)["elsewhere"] == {}


def test_doctor_says_it_too(person):
    person("use", "work")
    said = person("doctor", code=None).err
    assert "elsewhere, in the desktop app" in said
