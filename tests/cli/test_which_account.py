"""Which profile each command means, where a shell or a directory has its own.

Every command of the tree stands in one class; one that is new is in none.
"""

import json

import click
import pytest

from keyswitch.cli.commands import COMMANDS
from keyswitch.cli.main import cli
from tests.cli.keyswitch import two_keys

FOREIGN = "sk-ant-api03-FAKE-foreign-0000000000000000000EXAMPL3"
INVALID = "API Error: 401 invalid x-api-key"

# What is really sent from here: the resolver says it.
SENT = {
    "doctor": ("doctor",),
    "explain": ("explain", INVALID),
    "statusline": ("statusline",),
    "whoami": ("whoami",),
}
# What this shell or directory asks for, be it in effect or not: a prompt has
# to show it, and `current --prompt` may not take longer.
HERE = {
    "current": ("current",),
    "list": ("list",),
    "show": ("show", "work"),
    "use": (),  # a list of profiles says where each is used
    "verify": (),  # asks about it: another file shows it
}
# What all other shells use, which is what the command changes.
ELSEWHERE = {
    "off": ("off", "--dry-run"),
    "undo": ("undo", "--dry-run"),
}
# The profile that was named; no other one.
NAMED = {
    "add": ("add", "work"),
    "copy": ("copy", "work", "third", "--dry-run"),
    "edit": ("edit", "work", "--label", "x", "--dry-run"),
    "env": ("env", "work", "--format", "json"),
    "helper api-key": ("helper", "api-key", "work"),
    "helper aws": ("helper", "aws", "work"),
    "login": ("login", "work", "--capture", "--dry-run"),
    "logout": ("logout", "work", "--dry-run"),
    "migrate": ("migrate", "work", "--to", "vault", "--dry-run"),
    "remove": ("remove", "work", "--dry-run"),
    "rename": ("rename", "work", "third", "--dry-run"),
    "revoke-local": ("revoke-local", "work", "--dry-run"),
    "rotate": ("rotate", "work", "--dry-run"),
    "run": ("run", "work", "--", "true"),
    "shell": ("shell", "work"),
}
# No account, or all of them by name.
NONE = {
    "allow", "completion", "deny", "export", "helper claude-code", "history",
    "hook", "import", "install", "link", "lock", "managers allow",
    "managers check", "managers list", "providers", "trace", "uninstall",
    "unlink", "unlock", "vault accept-rollback", "vault init",
    "vault keychain", "vault machine-key", "vault passwd", "vault recovery",
    "vault rotate", "vault status",
    "team add", "team diff", "team list", "team remove", "team show",
    "team update",
}  # fmt: skip
CLASSES = (SENT, HERE, ELSEWHERE, NAMED, NONE)


def commands():
    """Yield every command of the tree, subcommands after a space."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {sub}" for sub in command.commands)
        else:
            yield name


def test_every_command_stands_in_one_class():
    listed = [name for group in CLASSES for name in group]
    assert sorted(listed) == sorted(commands())


def of_shell(ks):
    """Return the variables of a shell that evaluated `env work`."""
    return json.loads(ks("env", "work", "--shell", "nu").out)["set"]


def of_terminal(_):
    return {"KEYSWITCH_PROFILE": "work"}


def of_directory(ks):
    ks("link", "work")
    return {}


@pytest.fixture(params=[of_shell, of_terminal, of_directory])
def here(ks, request):
    """Run commands where `work` counts, and `private` everywhere else."""
    ks.begin_as(two_keys)
    ks("rename", "personal", "private")
    ks("use", "private")
    ks.environ |= request.param(ks)
    return ks


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_here_is_named(here, name):
    done = here(*SENT[name], code=None)
    assert "work" in done.out + done.err
    assert "private" not in done.out + done.err


@pytest.mark.parametrize("name", [name for name in HERE if HERE[name]])
def test_what_is_asked_for_here_is_the_active_one(here, name):
    done = here(*HERE[name], "--json", code=None)
    document = json.loads(done.out)
    shown = document.get("profiles") or [document.get("profile") or document]
    active = [one.get("name", "work") for one in shown if one["active"]]
    assert active == ["work"]
    if name != "current":
        assert "'work' is active here" in done.err
        assert "elsewhere 'private' is" in done.err
    else:
        assert document["active"] == "work"


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_is_the_only_one(here, name):
    done = here(*NAMED[name], code=None)
    assert "private" not in done.out + done.err


def test_off_says_what_the_shell_keeps(ks):
    ks.begin_as(two_keys)
    ks("use", "personal")
    done = ks("off", **of_shell(ks))
    assert "no profile is active" in done.err
    assert "still has variables of 'work'" in done.err


def test_remove_says_what_the_shell_keeps(ks):
    ks.begin_as(two_keys)
    ks("use", "personal")
    done = ks("remove", "personal", "--yes", **of_shell(ks))
    assert "no profile is active now; this shell uses 'work'" in done.err


def test_nobodys_credential_is_no_profiles(ks):
    """Beside the helper of `private`, the key of the shell is sent as well."""
    ks.begin_as(two_keys)
    ks.file(".config/keyswitch/config.toml").write_text('shell_keys = "keep"')
    ks("use", "personal")
    done = ks("explain", INVALID, ANTHROPIC_API_KEY=FOREIGN)
    assert "personal" not in done.out
    assert "keyswitch rotate NAME" in done.out


def test_a_shells_own_choice_comes_back_in_that_shell(ks):
    ks.begin_as(two_keys)
    shell = of_shell(ks)
    del shell["ANTHROPIC_API_KEY"]  # somebody unset it
    done = ks("explain", "Not logged in · Please run /login", **shell)
    assert 'eval "$(keyswitch env work)"' in done.out
    done = ks("whoami", code=4, **shell)
    assert 'eval "$(keyswitch env work)"' in done.out
    assert "keyswitch use" not in done.out
