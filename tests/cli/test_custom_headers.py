"""ANTHROPIC_CUSTOM_HEADERS in a shell and in settings, and a profile's own."""

import json
import os

import pytest

from tests.cli.keyswitch import two_keys
from tests.cli.terminal import COMMAND, Terminal

NAME = "ANTHROPIC_CUSTOM_HEADERS"
TEAM = "X-Team: blue"
COOKIE = "a=FAKE-cookie-EXAMPLE"
MIXED = f"{TEAM}\nCookie: {COOKIE}"
SECRET = "FAKE-cf-secret-EXAMPLE"
GONE = "Cookie of ANTHROPIC_CUSTOM_HEADERS"
SETTINGS = ".claude/settings.json"
TOKEN = "FAKE-gateway-token-0123456789EXAMPLE"

# Prints what it is started with, as Claude Code would find it.
CLAUDE = f"""#!/bin/sh
printenv {NAME} > "$HOME/environment"
for word; do case $word in /proc/self/fd/*) word=$(cat "$word");; esac
    printf '%s\\n' "$word" > "$HOME/settings"; done
printf '%s\\n' "$*" > "$HOME/arguments"
"""


def with_gateways(ks):
    two_keys(ks)
    ks.file("headers").write_text(f"CF-Access-Client-Secret: {SECRET}\n")
    ks.file("token").write_text(TOKEN)
    for name, more in (
        ("gate", []),
        ("closed", ["--from-file", "secret_headers=headers"]),
    ):
        ks("add", name, "--provider", "gateway", "--store", "vault",
           "--from-file", "auth_token=token", *more,
           "--set", f"base_url=https://{name}.example.com",
           "--set", "headers=X-Gate: one\\nX-Other: two")  # fmt: skip
    ks.file("headers").unlink()
    ks.file("token").unlink()


OWN = "X-Gate: one\nX-Other: two"


@pytest.fixture
def ks(bare):
    return bare.begin_as(with_gateways)


def exported(ks, name, headers):
    """Return (value, what is unset, messages) of `env` in such a shell."""
    done = ks("env", name, "--format", "json", **{NAME: headers})
    found = json.loads(done.out)
    return found["set"].get(NAME), NAME in found["unset"], done.err


def settings(ks, headers):
    path = ks.file(SETTINGS)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"env": {NAME: headers, "EDITOR": "vi"}}))
    return path


def in_settings(ks):
    return json.loads(ks.file(SETTINGS).read_text())["env"].get(NAME)


def lines(text):
    return [line for line in (text or "").split("\n") if line]


@pytest.mark.parametrize("headers", [TEAM, f"{TEAM}\r\nX-Two: 2\n"])
def test_env_leaves_headers_without_a_credential_as_they_are(ks, headers):
    assert exported(ks, "work", headers) == (None, False, "")


def test_env_drops_a_credential_and_names_it(ks):
    value, unset, said = exported(ks, "work", MIXED)
    assert (lines(value), unset) == ([TEAM], False)
    assert GONE in said
    assert COOKIE not in said
    value, unset, said = exported(ks, "work", f"Cookie: {COOKIE}")
    assert (value, unset) == (None, True)
    assert GONE in said


def test_a_profiles_own_headers_are_exported_beside_a_persons(ks):
    value, _, said = exported(ks, "gate", MIXED)
    assert lines(value) == [*lines(OWN), TEAM]
    assert GONE in said
    value, _, _ = exported(ks, "closed", TEAM)
    secret = f"CF-Access-Client-Secret: {SECRET}"
    assert lines(value) == [*lines(OWN), secret, TEAM]


@pytest.mark.real("bash")
def test_no_profiles_headers_and_no_credential_stay_in_a_shell(ks):
    steps = ["closed", "work", "gate", "personal", "closed", "openai", "work"]
    ks("add", "openai", "--provider", "openai", "--store", "vault", "--stdin",
       stdin="sk-proj-FAKE-0000000000000000000000EXAMPLE")  # fmt: skip
    script = "".join(
        f'eval "$(k env {name})"; echo "{name}"; printenv {NAME}; echo =;'
        for name in steps
    )
    out = in_bash(ks, script + f'eval "$(k env --unset)"; printenv {NAME}')
    *found, after = out.split("=\n")
    for name, block in zip(steps, found, strict=True):
        _, *seen = lines(block)
        if name == "openai":
            assert seen == lines(MIXED)  # of other programs: as it was
            continue
        assert (SECRET in block) == (name == "closed")
        assert ("X-Gate: one" in seen) == (name in ("gate", "closed"))
        assert TEAM in seen
        assert COOKIE not in block
    assert after == f"{MIXED}\n"


def in_bash(ks, script):
    import subprocess
    import sys

    function = f'k() {{ "{sys.executable}" -m keyswitch "$@"; }}; '
    return subprocess.run(
        ["bash", "-c", function + script], env={**ks.environ, NAME: MIXED},
        cwd=ks.home, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


def test_use_leaves_headers_without_a_credential_as_they_are(ks):
    path = settings(ks, TEAM)
    before = path.read_bytes()
    done = ks("use", "work")
    assert in_settings(ks) == TEAM
    assert NAME not in done.err
    ks("off")
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["work", "gate"])
def test_use_drops_a_credential_and_names_it_once(ks, name):
    path = settings(ks, MIXED)
    before = path.read_bytes()
    done = ks("use", name)
    own = lines(OWN) if name == "gate" else []
    assert lines(in_settings(ks)) == [*own, TEAM]
    assert done.err.count(GONE) == 1
    assert COOKIE not in done.err
    assert GONE not in ks("use", "personal").err
    ks("off")
    assert path.read_bytes() == before


def test_no_secret_header_gets_into_settings(ks):
    done = ks("use", "closed")
    assert NAME not in ks.file(SETTINGS).read_text()
    assert "keyswitch run closed -- claude" in done.err
    assert "export them" in done.err
    for path, data in ks.everything().items():
        assert SECRET.encode() not in data, path


def test_where_settings_have_headers_only_run_sends_secret_ones(ks):
    settings(ks, TEAM)
    done = ks("use", "closed")
    assert "keyswitch run closed -- claude" in done.err
    assert "export them" not in done.err


@pytest.mark.parametrize("of_shell", ["", MIXED])
@pytest.mark.parametrize("of_settings", ["", TEAM, MIXED])
@pytest.mark.parametrize("name", ["work", "gate", "closed"])
def test_run_gives_claude_code_all_of_them(ks, name, of_settings, of_shell):
    program = ks.file("bin/claude")
    program.parent.mkdir()
    program.write_text(CLAUDE)
    program.chmod(0o755)
    environ = {"PATH": f"{program.parent}{os.pathsep}{ks.environ['PATH']}"}
    if of_settings:
        settings(ks, of_settings)
    if of_shell:
        environ[NAME] = of_shell
    done = ks("run", name, "--", "claude", **environ)
    flags = json.loads(ks.file("settings").read_text())["env"]
    seen = flags.get(NAME, ks.file("environment").read_text())
    expected = [] if name == "work" else lines(OWN)
    if name == "closed":
        expected.append(f"CF-Access-Client-Secret: {SECRET}")
    if of_settings or of_shell:
        expected.append(TEAM)
    assert lines(seen) == expected
    assert (GONE in done.err) == (MIXED in (of_settings, of_shell))
    assert SECRET not in ks.file("arguments").read_text()


def test_a_credential_is_no_plain_header_of_a_profile(ks):
    for header in (f"Cookie: {COOKIE}", "no header", "X-Team: sk-ant-x"):
        done = ks("edit", "gate", "--set", f"headers={header}", code=1)
        assert COOKIE not in done.err


@pytest.mark.parametrize("answer", ["y", "n"])
def test_use_asks_on_a_terminal(ks, answer):
    path = settings(ks, MIXED)
    terminal = Terminal(ks, *COMMAND, "use", "work")
    terminal.sees("send it with this account too?").type(f"{answer}\r")
    assert terminal.ends() == 0, terminal.shown
    assert COOKIE not in terminal.shown
    assert (COOKIE in path.read_text()) == (answer == "y")
    ks("off")
    assert json.loads(path.read_text())["env"][NAME] == MIXED


@pytest.mark.parametrize("answer", ["y", "n"])
def test_run_asks_on_a_terminal(ks, answer):
    command = ("run", "work", "--", "printenv", NAME)
    terminal = Terminal(ks, *COMMAND, *command, **{NAME: MIXED})
    terminal.sees("send it with this account too?").type(f"{answer}\r")
    assert terminal.ends() == 0, terminal.shown
    assert (COOKIE in terminal.shown) == (answer == "y")
