"""`current`: which profile counts here, how it was chosen, and for prompts."""

import json
import shlex

import pexpect
import pytest

from tests.cli.keyswitch import OTHER

STATE = ".local/state/keyswitch/state.json"
BOTH = ((), ("--no-input",))
LANES = pytest.mark.parametrize("lane", BOTH)


@pytest.fixture
def three(ks):
    """Have `global` in use, and a folder whose allowed link says `folder`."""
    for name in ("global", "folder"):
        ks.add(name)
    ks.add("terminal", secret=OTHER)
    ks("use", "global")
    ks.file("linked/below").mkdir(parents=True)
    ks.file("linked/.keyswitch").write_text("folder\n")
    return ks


def allowed(ks):
    home, ks.home = ks.home, ks.home / "linked"
    ks("allow")
    ks.home = ks.home / "below"
    return home / "linked/.keyswitch"


def seen(ks, lane=(), **environ):
    """Return (name, how it was chosen, link) and check that forms agree."""
    plain = ks(*lane, "current", **environ)
    assert plain.err == ""
    assert ks(*lane, "current", "--prompt", **environ).out == plain.out
    told = ks(*lane, "current", "-v", **environ)
    assert told.out == plain.out
    found = json.loads(ks(*lane, "current", "--json", **environ).out)
    link = f" ({found['link']})" if found["link"] else ""
    assert told.err == f"keyswitch: chosen by: {found['chosen_by']}{link}\n"
    assert found["active"] + "\n" == plain.out
    return found["active"], found["chosen_by"], found["link"]


@LANES
def test_the_order_is_terminal_directory_machine(three, lane):
    assert seen(three, lane) == ("global", "keyswitch use", None)
    path = allowed(three)
    assert seen(three, lane) == (
        "folder",
        "a link of this directory",
        str(path),
    )
    assert seen(three, lane, KEYSWITCH_PROFILE="terminal") == (
        "terminal",
        "KEYSWITCH_PROFILE in this terminal",
        None,
    )
    assert seen(three, lane, KEYSWITCH_ENV="terminal:p:s::") == (
        "terminal",
        "'keyswitch env NAME' in this shell",
        None,
    )
    assert three(*lane, "env", "terminal", "--shell", "json").out.count(OTHER)


@LANES
def test_a_shell_that_follows_is_not_bound_by_its_marker(three, lane):
    marker = "terminal:f:s:ANTHROPIC_API_KEY:"
    assert seen(three, lane, KEYSWITCH_ENV=marker)[0] == "global"


@LANES
def test_a_profile_variable_comes_before_a_pinned_marker(three, lane):
    found = seen(
        three, lane, KEYSWITCH_PROFILE="terminal", KEYSWITCH_ENV="folder:p:s::"
    )
    assert found[0] == "terminal"


@LANES
def test_a_link_that_nobody_allowed_does_not_count(three, lane):
    three.home = three.home / "linked/below"
    assert seen(three, lane) == ("global", "keyswitch use", None)


@LANES
def test_a_rule_by_remote_is_named_by_its_pattern(three, lane):
    git = three.file("clone/.git")
    for part in ("objects", "refs"):
        (git / part).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(
        '[remote "origin"]\n\turl = git@github.com:acme/app.git\n'
    )
    three("link", "--remote", "github.com/acme/*", "folder")
    three.home = three.home / "clone"
    assert seen(three, lane) == (
        "folder",
        "a link of this directory",
        "github.com/acme/*",
    )


@LANES
def test_where_there_is_none_it_fails_and_a_prompt_shows_nothing(ks, lane):
    done = ks(*lane, "current", code=1)
    assert done.out == ""
    assert done.err.startswith("keyswitch: error: no profile is active (")
    done = ks(*lane, "current", "--prompt")
    assert (done.out, done.err) == ("", "")
    found = json.loads(ks(*lane, "current", "--json", code=1).out)
    assert found == {
        "version": 1, "active": None, "chosen_by": None, "link": None,
    }  # fmt: skip


BROKEN = {
    "a damaged state": ("{", {}),
    "no name in the variable": (None, {"KEYSWITCH_PROFILE": "No/Name"}),
    "no name in the marker": (None, {"KEYSWITCH_ENV": "../x:p:s::"}),
}


@LANES
@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_an_error(three, lane, what):
    text, environ = BROKEN[what]
    if text:
        three.file(STATE).write_text(text)
    done = three(*lane, "current", code=1, **environ)
    assert done.out == ""
    assert done.err.startswith("keyswitch: error: ")


@pytest.mark.parametrize("args", [["current"], ["helper", "claude-code"]])
def test_an_error_has_the_same_text_on_both_lanes(three, args):
    broken = {"KEYSWITCH_PROFILE": "No/Name"}
    seen = {three(*lane, *args, code=1, **broken).err for lane in BOTH}
    assert len(seen) == 1


@LANES
@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_never_breaks_a_prompt(three, lane, what):
    text, environ = BROKEN[what]
    if text:
        three.file(STATE).write_text(text)
    done = three(*lane, "current", "--prompt", **environ)
    assert (done.out, done.err) == ("", "")


def on_a_terminal(ks, *args):
    line = shlex.join(["keyswitch", *args])
    text, status = pexpect.run(
        f"bash --norc -c {shlex.quote(f'{line}; exit $?')}",
        cwd=str(ks.home), env={**ks.environ, "TERM": "dumb"}, timeout=60,
        withexitstatus=True, encoding="utf-8",
    )  # fmt: skip
    return text.replace("\r\n", "\n"), status


def test_on_a_terminal_it_says_how_it_was_chosen(three):
    assert on_a_terminal(three, "current") == (
        "global\nkeyswitch: chosen by: keyswitch use\n",
        0,
    )


@pytest.mark.parametrize(
    "lane",
    [
        (),
        pytest.param(
            ("--no-input",),
        ),
    ],
)
def test_on_a_terminal_a_prompt_is_the_name_alone(three, lane):
    shown = on_a_terminal(three, *lane, "current", "--prompt")
    assert shown == ("global\n", 0)


@pytest.mark.real("bash")
def test_it_works_in_a_prompt(three):
    child = pexpect.spawn(
        "bash", ["--norc"], cwd=str(three.home), encoding="utf-8", timeout=30,
        env={
            **three.environ,
            "TERM": "dumb",
            "PS1": "<$(keyswitch current --prompt)>",
        },
    )  # fmt: skip
    child.expect_exact("<global>")
    child.sendline('eval "$(keyswitch use terminal --here)"')
    child.expect_exact("<terminal>")
    child.sendline('eval "$(keyswitch off --here)"')
    child.expect_exact("<global>")
    child.sendline("keyswitch off")
    child.expect_exact("<>")
    child.close(force=True)


OWN = {
    "KEYSWITCH_PROFILE": "terminal",
    "KEYSWITCH_ENV": "terminal:p:s:ANTHROPIC_API_KEY:",
}
ENDS = {
    "KEYSWITCH_PROFILE": 'eval "$(keyswitch off --here)"',
    "KEYSWITCH_ENV": 'eval "$(keyswitch env)"',
}


@LANES
@pytest.mark.parametrize("variable", OWN)
def test_a_profile_that_is_gone_is_not_named(three, lane, variable):
    own = {variable: OWN[variable]}
    three("remove", "terminal", "--yes")
    gone = three(*lane, "current", code=1, **own)
    assert gone.out == ""
    assert "no profile named 'terminal', chosen by" in gone.err
    assert ENDS[variable] in gone.err
    prompt = three(*lane, "current", "--prompt", **own)
    assert (prompt.out, prompt.err) == ("", "")


@LANES
def test_a_link_to_a_profile_that_is_gone_is_an_error(three, lane):
    allowed(three)
    three("remove", "folder", "--yes")
    err = three(*lane, "current", code=1).err
    assert "no profile named 'folder'" in err
    assert "keyswitch link NAME" in err


@pytest.mark.parametrize("variable", OWN)
@pytest.mark.parametrize(
    "command", [("remove", "terminal", "--yes"), ("rename", "terminal", "new")]
)
def test_a_shell_is_told_that_it_keeps_what_is_gone(three, command, variable):
    said = three(*command, **{variable: OWN[variable]}).err
    assert "this shell still uses 'terminal'" in said
    assert ENDS[variable] in said
    assert "still uses" not in three("remove", "global", "--yes").err
