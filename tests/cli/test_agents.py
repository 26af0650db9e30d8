"""`agents = "deny"`: no agent gets a secret, or moves one elsewhere."""

import pytest

from keyswitch.cli.commands import COMMANDS
from keyswitch.terminal import agents
from tests.cli.keyswitch import KEY
from tests.cli.terminal import COMMAND, Terminal

GIVING = [
    ("env", "w", "--shell", "sh"),
    ("run", "w", "--", "env"),
    ("edit", "w", "--set", "base_url=https://evil.example"),
    ("edit", "w", "--unset", "base_url"),
    ("edit", "w"),
    ("edit", "w", "--only", "~/x"),
    ("use", "w", "--here"),
    ("shell", "w"),
    ("undo",),
    ("import", "bundle", "--yes"),
    ("team", "add", "shared", "--sha256", "0"),
    ("team", "update"),
    ("unlock", "--passphrase-fd", "0"),
    ("trace", "--profile", "w", "--", "true"),
    ("verify", "w"),
    ("whoami", "--verify"),
    ("whoami", "--run-helper"),
    ("doctor", "--run-helper"),
    (
        "add",
        "x",
        "--provider",
        "gateway",
        "--set",
        "base_url=https://evil.example",
        "--stdin",
        "--store",
        "vault",
    ),
    ("rotate", "w", "--stdin"),
    ("migrate", "w", "--to", "vault"),
    ("login", "x", "--capture"),
    ("allow",),
    ("remove", "w", "--yes"),
    ("revoke-local", "w", "--yes"),
    ("uninstall", "--all", "--yes"),
    ("managers", "allow", "op"),
    ("vault", "recovery"),
    ("vault", "rotate"),
    ("vault", "passwd"),
    ("vault", "keychain"),
    ("vault", "machine-key"),
    ("vault", "accept-rollback", "--yes"),
]
HELPERS = [
    ("helper", "claude-code"),
    ("helper", "api-key", "w"),
    ("helper", "aws", "w"),
]


# With no secret or host in it that a person did not choose; `use` and `link`
# name profiles that a person made.
HARMLESS = {
    "completion", "copy", "current", "deny", "explain", "history", "hook",
    "install", "link", "list", "lock", "off", "providers", "rename",
    "statusline", "unlink",
}  # fmt: skip
OTHERWISE = {"export", "show", "logout"}  # always, or with the yes they need


def test_nobody_forgot_a_command():
    refused = {line[0] for line in GIVING + HELPERS}
    assert set(COMMANDS) == HARMLESS | refused | OTHERWISE


@pytest.fixture
def denied(ks):
    ks.add("w")
    ks("use", "w")
    path = ks.home / ".config/keyswitch/config.toml"
    path.write_text('agents = "deny"\n')
    return ks


NAMES = [n for n, _ in agents.COMMANDS]
FAST = [(line, NAMES[0]) for line in GIVING + HELPERS] + [
    (GIVING[0], name) for name in NAMES[1:]
]
EVERY = [
    pytest.param(line, name, marks=pytest.mark.full)
    for line in GIVING + HELPERS
    for name in NAMES
    if (line, name) not in FAST
]


@pytest.mark.parametrize(("line", "variable"), FAST + EVERY)
def test_an_agent_s_command_gets_nothing(denied, line, variable):
    before = denied.profile_file("w").read_bytes()
    name, _, value = variable.partition("=")
    done = denied(*line, code=1, **{name: value or "1"})
    assert KEY not in done.out
    assert "an agent is running this command" in done.err
    assert denied.profile_file("w").read_bytes() == before


@pytest.mark.parametrize("line", GIVING, ids=" ".join)
@pytest.mark.parametrize("variable", ["AI_AGENT", "AGENT", "CLAUDE_CODE"])
def test_so_does_one_by_convention(denied, line, variable):
    done = denied(*line, code=1, **{variable: "some-agent"})
    assert "an agent is running this command" in done.err


def test_claude_code_s_own_helpers_are_answered(denied):
    names = {
        "AI_AGENT": "claude-code_2-1-330_harness",
        "CLAUDE_CODE_ENTRYPOINT": "sdk-cli",
    }
    assert denied("helper", "api-key", "w", **names).out == KEY + "\n"
    assert denied("helper", "claude-code", **names).out == KEY + "\n"


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_a_variable_that_says_no_is_no_agent(denied, value):
    assert KEY in denied("env", "w", "--shell", "sh", CLAUDECODE=value).out


def test_a_variable_that_people_set_tells_by_its_value_only(denied):
    served = denied("env", "w", "--shell", "sh", OR_APP_NAME="mine")
    assert KEY in served.out
    denied("env", "w", "--shell", "sh", OR_APP_NAME="Aider", code=1)


def test_a_person_is_served(denied):
    assert KEY in denied("env", "w", "--shell", "sh").out
    assert denied("helper", "api-key", "w").out == KEY + "\n"


def test_a_yes_of_an_agent_s_terminal_moves_no_secret(denied):
    path = denied.profile_file("w")
    path.write_text(
        path.read_text() + '[fields]\nbase_url = "https://evil.test"\n'
    )
    asked = Terminal(denied, *COMMAND, "use", "w", CLAUDECODE="1")
    asked.sees("evil.test")
    assert asked.ends() == 1
    assert "[y/N]" not in asked.shown


def test_what_is_no_secret_may_be_changed(denied):
    denied("edit", "w", "--label", "Acme", CLAUDECODE="1")


@pytest.mark.parametrize(
    "text",
    ['agent = "deny"', 'Agents = "deny"', 'agnets = "deny"',
     '[x]\nagents = "deny"', '[links]\nagents = "deny"',
     'agents.policy = "deny"', 'x = [{agents = "deny"}]'],
)  # fmt: skip
def test_a_policy_that_is_misspelt_does_not_allow(denied, text):
    path = denied.home / ".config/keyswitch/config.toml"
    path.write_text(text + "\n")
    for line in (GIVING[0], HELPERS[0], HELPERS[1]):
        done = denied(*line, code=1, CLAUDECODE="1")
        assert KEY not in done.out
        assert "config.toml" in done.err
        assert "agents" in done.err


def test_a_key_of_a_newer_version_is_left_alone(denied):
    path = denied.home / ".config/keyswitch/config.toml"
    path.write_text('colour = "red"\n[links]\n"h/agents" = "w"\n')
    assert denied("helper", "api-key", "w").out == KEY + "\n"
