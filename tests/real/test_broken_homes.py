"""A dozen broken homes: doctor names the cause, and what it says mends it.

The real Claude Code is the judge: it misbehaves as the thread says, and after
somebody followed what is printed it sends the right credential.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import components
from tests.real.accounts import FIRST_KEY, SECOND_KEY, STORED_LOGIN, add, login
from tests.real.broken_homes import (
    API,
    BEDROCK,
    FRESH_LOGIN,
    HOMES,
    Sent,
    bearer,
    both,
    env_of_settings,
    key,
    start_file,
)

CLAUDE = components.locate("claude")


class Shell:
    """A shell in a home, in which one program after the other is started."""

    def __init__(self, machine, environ=None, start=""):
        self.machine = machine
        self.environ = dict(environ or {})
        self.lines = [start]

    def _command(self, *argv):
        lines = "\n".join([*self.lines, 'exec "$@"'])
        return ["bash", "-c", lines, "bash", *argv]

    def run(self, *argv, **environ):
        return self.machine.run(
            self._command(*argv), check=False, **self.environ, **environ
        )

    def keyswitch(self, *args):
        return self.run(*self.machine.launcher, *args)

    def claude(self):
        return self.machine.claude(
            command=self._command(CLAUDE), **self.environ
        )

    def whoami(self, *options):
        """Return what whoami says, with its exit status."""
        done = self.keyswitch("whoami", "--json", *options)
        return {**json.loads(done.stdout), "exit": done.returncode}

    def doctor(self, *options):
        """Return doctor's findings by their ids."""
        done = self.keyswitch("doctor", "--json", *options)
        return {f["id"]: f for f in json.loads(done.stdout)["findings"]}


# ------------------------------------------- what was sent, what was said


def sent(recorded):
    """Return what a run sent; all its messages have to agree."""
    found = [Sent(r.host, r.credentials) for r in recorded.messages]
    assert all(f == found[0] for f in found)
    return found[0] if found else None


def foretold(document, really):
    """Tell whether whoami said exactly what was really sent."""
    request = document["request"]
    if really is None or not request["sent"]:
        return really is None and not request["sent"]
    hosts = {"firstParty": API, "bedrock": BEDROCK}
    provider = document["claude_code"]["api_provider"]
    url = re.match(r"https?://([^:/]+)", request["base_url"] or "")
    assert really.host == (url[1] if url else hosts[provider])
    return all(
        _same(request[name], really.headers.get(name))
        for name in ("x-api-key", "authorization")
    )


def _same(said, value):
    """Compare scheme and last characters of a header."""
    if said is None or value is None:
        return said is None and value is None
    if said["scheme"] == "raw":
        scheme, text = "raw", value
    else:
        scheme, _, text = value.partition(" ")
    known = said["why_unknown"] != "AWS is asked first"
    assert known == (said["masked"] is not None)
    return scheme == said["scheme"].removesuffix("-HMAC-SHA256") and (
        not known or said["masked"][-4:] == text[-4:]
    )


# ------------------------------------------------- doing what was printed


def remove_setting(shell, name, path, number):
    text = Path(path).read_text()
    assert f'"{name}"' in text.splitlines()[int(number) - 1]
    document = json.loads(text)
    del (document if name in document else document["env"])[name]
    Path(path).write_text(json.dumps(document))


def correct_json(shell, path):
    text = Path(path).read_text()
    Path(path).write_text(re.sub(r"(?m)^\s*//.*\n", "", text))


def run_here(shell, line):
    shell.lines.append(line)


def run_apart(shell, line):
    done = shell.run("bash", "-c", line)
    assert done.returncode == 0, done.stderr


def keyswitch(shell, words):
    done = shell.keyswitch(*words.split())
    assert done.returncode == 0, done.stderr


def log_in(shell):
    """Log in as /login does, without its browser."""
    shell.machine.service.answers["/v1/oauth/token"] = (
        200,
        {
            "access_token": FRESH_LOGIN,
            "refresh_token": FRESH_LOGIN.replace("oat", "ort"),
            "token_type": "Bearer",
            "expires_in": 28800,
            "scope": "user:inference user:profile",
        },
    )
    done = shell.run(
        CLAUDE, "auth", "login",
        CLAUDE_CODE_OAUTH_REFRESH_TOKEN="FAKE-of-a-browser",
        CLAUDE_CODE_OAUTH_SCOPES="user:inference user:profile",
    )  # fmt: skip
    assert "Login successful" in done.stdout


# What a fix may say, the more particular first.
STEPS = (
    (r"^remove '(?:env\.)?(\w+)' from (\S+):(\d+)$", remove_setting),
    (r"^correct '(\w+)' in (\S+):(\d+)$", remove_setting),
    (r"^(unset \w+|export \w+=\S+)$", run_here),
    (r"^keyswitch (use \w+)$", keyswitch),
    (r"^(aws sso login --profile \w+)$", run_apart),
    (r"^correct (\S+?)(?::\d+)?$", correct_json),
    (r"^claude auth login$", log_in),
)


def follow(shell, fix):
    """Do what a fix says, as the person would who reads it."""
    for pattern, act in STEPS:
        found = re.search(pattern, fix)
        if found:
            act(shell, *found.groups())
            return
    pytest.fail(f"nobody can follow this: {fix}")


# ------------------------------------------------------------------ tests


def _id(name):
    return f"{name} ({', '.join(map(str, HOMES[name].threads))})"


@pytest.mark.parametrize("broken", HOMES.values(), ids=map(_id, HOMES))
def test_doctor_names_the_cause_and_what_it_says_mends_it(machine, broken):
    broken.build(machine)
    shell = Shell(machine, broken.environ, broken.start)
    assert sent(shell.claude()) == broken.wrong
    said = shell.whoami(*broken.options)
    assert foretold(said, broken.wrong), said["request"]
    assert said["exit"] == (4 if broken.profile else 0 if broken.wrong else 1)

    places = {"home": machine.home, "project": machine.project}
    finding = shell.doctor(*broken.options)[broken.finding]
    assert finding["place"] == broken.place.format(**places)
    assert finding["fix"] == broken.fix.format(**places)
    if broken.by_doctor:
        shell.keyswitch("doctor", "--fix", "--yes")
    else:
        follow(shell, finding["fix"])

    recorded = shell.claude()
    assert sent(recorded) == broken.right
    assert recorded.exit_code == 0
    said = shell.whoami(*broken.options)
    assert foretold(said, broken.right), said["request"]
    assert said["exit"] == 0
    assert broken.finding not in shell.doctor(*broken.options)


def test_a_helper_that_came_with_a_repository_is_named_and_not_run(machine):
    """Thread 42593: a clone's settings decide whose key is sent."""
    login(machine, managed_key=False)
    place = machine.project / ".claude/settings.json"
    place.parent.mkdir(exist_ok=True)
    command = f"touch ran; echo {SECOND_KEY}"
    place.write_text(json.dumps({"apiKeyHelper": command}, indent=2))
    shell = Shell(machine)
    assert sent(shell.claude()) == both(SECOND_KEY)
    (machine.project / "ran").unlink()

    said = shell.whoami()
    assert said["request"]["x-api-key"]["masked"] is None
    assert str(place) in json.dumps(said["request"]["x-api-key"])
    refused = shell.keyswitch("whoami", "--run-helper")
    assert refused.returncode != 0
    assert str(place) in refused.stderr
    finding = shell.doctor()["helper-of-repository"]
    assert finding["place"] == f"{place}:2"
    assert not (machine.project / "ran").exists()

    follow(shell, finding["fix"])
    assert sent(shell.claude()) == bearer(STORED_LOGIN)
    assert foretold(shell.whoami(), bearer(STORED_LOGIN))
    assert "helper-of-repository" not in shell.doctor()


def test_use_names_a_repositorys_key_that_shadows_it(machine):
    """Threads 665 and 7200: a key for each project."""
    add(machine, "first")
    env_of_settings(machine.project, ANTHROPIC_API_KEY=SECOND_KEY)
    shell = Shell(machine)
    fix = shadowed(shell.keyswitch("use", "first"))
    place = machine.project / ".claude" / "settings.json"
    assert fix == f"remove 'ANTHROPIC_API_KEY' from {place}:3"
    assert sent(shell.claude()) == both(SECOND_KEY, FIRST_KEY)
    follow(shell, fix)
    assert in_effect(shell, "first", FIRST_KEY)


def test_use_names_the_line_of_a_start_file_that_shadows_it(machine):
    """Threads 22872 and 30031: several accounts on one machine."""
    add(machine, "first")
    # Otherwise `use` cancels it, and nothing is shadowed.
    (machine.home / ".config/keyswitch/config.toml").write_text(
        'shell_keys = "keep"\n'
    )
    start_file(machine, ".bashrc", f"export ANTHROPIC_API_KEY={SECOND_KEY}")
    shell = Shell(machine, start=". ~/.bashrc")
    fix = shadowed(shell.keyswitch("use", "first"))
    assert fix == "unset ANTHROPIC_API_KEY"
    assert sent(shell.claude()) == both(SECOND_KEY, FIRST_KEY)
    follow(shell, fix)
    assert in_effect(shell, "first", FIRST_KEY)


def shadowed(done):
    """Return the fix that a `use` without effect prints."""
    assert done.returncode == 4
    return re.search(r"(?m)^keyswitch: fix: (.*)$", done.stderr)[1]


def in_effect(shell, name, secret):
    assert shell.keyswitch("use", name).returncode == 0
    assert sent(shell.claude()) == both(secret)
    said = shell.whoami()
    return foretold(said, both(secret)) and said["in_use"] is True


def test_a_rejected_key_is_found_and_forgotten(machine):
    """Thread 74858: a no that was given in passing is kept for ever."""
    place = machine.home / ".claude.json"
    tail = FIRST_KEY[-20:]
    answers = {"approved": [], "rejected": [tail]}
    place.write_text(json.dumps({"customApiKeyResponses": answers}))
    shell = Shell(machine, {"ANTHROPIC_API_KEY": FIRST_KEY})
    assert sent(shell.claude()) == key(FIRST_KEY)  # -p does not care
    assert "rejected once" in shell.whoami()["interactive"][-1]
    assert shell.doctor()["key-rejected"]["place"] == str(place)
    shell.keyswitch("doctor", "--fix", "--yes")
    assert "key-rejected" not in shell.doctor()
    assert tail not in place.read_text()

    add(machine, "first")
    shell.keyswitch("use", "first")
    assert sent(shell.claude()) == both(FIRST_KEY)
    asked = shell.whoami()["interactive"]
    assert not [q for q in asked if "whether to use" in q]


PROFILE_OF_B = {
    "account": {"uuid": "FAKE-B", "email": "b@mail.example"},
    "organization": {"uuid": "FAKE-B-org", "organization_type": "claude_max"},
}


def test_a_login_under_anothers_name_is_found(machine):
    """Threads 79222, 81231 and 84915: the name is a copy, the token is not."""
    login(machine, managed_key=False)
    place = machine.claude_home / ".credentials.json"
    document = json.loads(place.read_text())
    document["claudeAiOauth"]["accountUuid"] = "FAKE-B"
    place.write_text(json.dumps(document))
    shown = {"accountUuid": "FAKE-A", "emailAddress": "a@mail.example"}
    place = machine.home / ".claude.json"
    place.write_text(json.dumps({"oauthAccount": shown}))
    shell = Shell(machine)
    assert sent(shell.claude()) == bearer(STORED_LOGIN)
    assert status_of(shell)["email"] == "a@mail.example"
    assert shell.whoami()["claude_code"]["email"] == "a@mail.example"
    finding = shell.doctor()["login-of-another"]
    assert finding["place"] == str(place)

    machine.service.answers["/api/oauth/profile"] = 200, PROFILE_OF_B
    follow(shell, finding["fix"])
    assert sent(shell.claude()) == bearer(FRESH_LOGIN)
    assert status_of(shell)["email"] == "b@mail.example"
    assert "login-of-another" not in shell.doctor()


def status_of(shell):
    return json.loads(shell.run(CLAUDE, "auth", "status").stdout)
