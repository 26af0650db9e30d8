"""Terminals follow a switch: real shells, each in a terminal of its own."""

import os

import pytest

from tests.shells import sessions

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)


@EACH
def test_a_terminal_follows_at_its_next_prompt(machine, shell):
    here, other = machine.open(shell), machine.open(shell)
    assert (here.key(), other.key()) == ("work", "work")
    # No warning of the old key: the shell has the new one by then.
    assert here.said("keyswitch use personal || keyswitch no") == [
        "keyswitch: switched to 'personal'"
    ]
    assert here.key() == "personal"
    assert other.said() == ["keyswitch: work -> personal"]
    assert other.key() == "personal"
    assert other.said() == []


@EACH
def test_every_way_of_switching_is_followed_at_once(machine, shell):
    terminal = machine.open(shell)
    for line, key, change in (
        ("keyswitch use -", None, []),
        ("keyswitch use personal", "personal", []),
        ("keyswitch undo", "work", ["personal -> work"]),
        ("keyswitch off", None, []),
        ("keyswitch -q use personal", "personal", []),
        ("keyswitch rename personal mine", "personal", ["personal -> mine"]),
        ("keyswitch list", "personal", []),
    ):
        said = terminal.said(line)
        assert [s[11:] for s in said if " -> " in s] == change, line
        assert terminal.key() == (key or ("work" if line[-1] == "-" else None))
        assert terminal.said() == []


@EACH
def test_a_pinned_terminal_is_left_alone(machine, shell):
    pinned = machine.open(shell)
    pin = {"fish": "keyswitch env personal | source"}
    pinned.enter(pin.get(shell, 'eval "$(keyswitch env personal)"'))
    machine.calls()
    machine.keyswitch("off")
    assert pinned.said() == []
    assert pinned.key() == "personal"
    assert machine.calls() == []
    back = {"fish": "keyswitch env --unset | source"}
    pinned.enter(back.get(shell, 'eval "$(keyswitch env --unset)"'))
    machine.keyswitch("use", "work")
    assert pinned.said() == ["keyswitch: none -> work"]


@EACH
def test_a_pinned_terminal_loses_a_profile_that_is_removed(machine, shell):
    pinned = machine.open(shell)
    pin = {"fish": "keyswitch env personal | source"}
    pinned.enter(pin.get(shell, 'eval "$(keyswitch env personal)"'))
    machine.keyswitch("remove", "personal", "--yes")
    gone = "keyswitch: profile 'personal' no longer exists"
    assert pinned.said() == [f"{gone}; its variables were unset in this shell"]
    machine.keyswitch("use", "work")
    assert pinned.said() == ["keyswitch: none -> work"]
    assert pinned.key() == "work"


@EACH
def test_a_terminals_own_choice_goes_with_its_profile(machine, shell):
    here = machine.open(shell)
    here.enter("keyswitch use personal --here")
    assert here.key() == "personal"
    machine.keyswitch("remove", "personal", "--yes")
    here.enter()
    assert here.key() is None


@EACH
def test_here_is_for_this_terminal(machine, shell):
    here, other = machine.open(shell), machine.open(shell)
    assert here.said("keyswitch use personal --here") == [
        "keyswitch: this terminal uses 'personal' until 'keyswitch off --here'"
    ]
    other.enter("keyswitch use personal")
    other.enter("keyswitch use work")
    assert (here.key(), other.key()) == ("personal", "work")
    here.enter()
    assert here.key() == "personal"
    assert here.said("keyswitch off --here") == [
        "keyswitch: this terminal follows switches again and uses 'work'"
    ]
    assert here.key() == "work"


@EACH
def test_here_still_works_by_eval(machine, shell):
    terminal = machine.open(shell)
    by_eval = {"fish": "eval (keyswitch use personal --here)"}
    terminal.enter(
        by_eval.get(shell, 'eval "$(keyswitch use personal --here)"')
    )
    assert terminal.key() == "personal"


@EACH
def test_a_choice_by_variable_is_followed_too(machine, shell):
    terminal = machine.open(shell)
    choose, end = "export KEYSWITCH_PROFILE=personal", "unset KEYSWITCH_PROFILE"
    if shell == "fish":
        choose, end = (
            "set -gx KEYSWITCH_PROFILE personal",
            "set -e KEYSWITCH_PROFILE",
        )
    assert terminal.said(choose) == ["keyswitch: work -> personal"]
    assert terminal.key() == "personal"
    assert terminal.said(end) == ["keyswitch: personal -> work"]
    assert terminal.key() == "work"


@EACH
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("use --here --no-input", "but keyswitch cannot ask here"),
        ("use personal --here --help", "Usage:"),
        ("use personal --here --dry-run", "leave out --dry-run"),
    ],
)
def test_what_is_no_script_is_shown_and_not_run(machine, shell, line, says):
    terminal = machine.open(shell)
    shown = terminal.enter(f"keyswitch {line}")
    assert says in shown.replace("\n", " ")
    assert "not found" not in shown
    assert terminal.key() == "work"


@EACH
def test_the_wrapper_keeps_the_exit_status(machine, shell):
    terminal = machine.open(shell)
    status = "$status" if shell == "fish" else "$?"
    assert terminal.shows(f"keyswitch use nobody 2>&-; echo {status}") == "1"
    terminal.enter("keyswitch use nobody --here")
    assert terminal.shows(f"echo {status}") == "1"
    assert terminal.shows(f"keyswitch list -q; echo {status}")[-1] == "0"
    assert terminal.key() == "work"


@EACH
def test_the_terminal_that_opens_says_nothing(machine, shell):
    inherited = {"KEYSWITCH_ENV": "personal:f:1::"}
    terminal = machine.open(shell, env=inherited)
    assert sessions.lines_of_keyswitch(terminal.greeting) == []
    assert terminal.key() == "work"


@EACH
def test_a_failure_is_told_once_and_tried_again_on_demand(machine, shell):
    terminal = machine.open(shell)
    profile = machine.home / ".config/keyswitch/profiles/personal.toml"
    whole = profile.read_text(encoding="utf-8")
    machine.keyswitch("use", "personal")
    profile.write_text("provider = [", encoding="utf-8")
    machine.calls()
    error, change = terminal.said()
    assert error.startswith("keyswitch: error: ")
    assert change == "keyswitch: work -> none"
    assert terminal.said() == []
    assert machine.calls() == ["env --shell " + shell]
    assert terminal.key() is None
    profile.write_text(whole, encoding="utf-8")
    said = terminal.said("keyswitch use personal")
    assert said == ["keyswitch: switched to 'personal'"]
    assert terminal.key() == "personal"


@EACH
def test_unlocking_the_vault_loads_what_could_not_be_read(machine, shell):
    secret = machine.folder / "passphrase"
    secret.write_text("FAKE-passphrase-EXAMPLE\n")
    given = ("--passphrase-file", str(secret))
    vault = machine.home / ".local/share/keyswitch"
    for path in vault.glob("vault.ksv*"):
        path.unlink()
    machine.keyswitch("vault", "init", *given)
    machine.keyswitch("unlock", *given)
    machine.keyswitch(
        "add",
        "shut",
        "--provider",
        "anthropic",
        "--store",
        "vault",
        "--from-file",
        str(machine.write_key("shut")),
    )
    machine.keyswitch("use", "shut")
    machine.keyswitch("lock")
    terminal = machine.open(shell)
    told = sessions.lines_of_keyswitch(terminal.greeting)
    assert len(told) == 1
    assert "locked" in told[0]
    assert (terminal.said(), terminal.key()) == ([], None)
    said = terminal.said(f"keyswitch unlock --passphrase-file {secret}")
    assert said == ["keyswitch: unlocked", "keyswitch: none -> shut"]
    assert terminal.key() == "shut"


@EACH
def test_without_keyswitch_on_the_path_nothing_happens(machine, shell):
    terminal = machine.open(shell)
    path = {"fish": "set -gx PATH /usr/bin /bin"}
    terminal.enter(path.get(shell, "PATH=/usr/bin:/bin"))
    machine.keyswitch("use", "personal")
    shown = terminal.enter()
    assert "keyswitch" not in shown
    assert terminal.key() == "work"


@EACH
def test_a_directory_with_a_link_costs_one_process_each_way(machine, shell):
    terminal = machine.open(shell)
    folder = machine.home / "a b" / "it's *$x" / 'q"'
    folder.mkdir(parents=True)
    (folder.parent / ".keyswitch").write_text("personal\n")
    machine.keyswitch("use", "work")
    terminal.enter()
    machine.calls()
    for line, calls in (
        ("", 0),
        ("cd 'a b'", 1),
        ("", 0),
        ("cd *", 1),
        ("", 0),
        ("cd q*", 1),
        ("", 0),
        ("cd", 1),
        ("", 0),
    ):
        terminal.enter(line)
        assert len(machine.calls()) == calls, line


@EACH
def test_an_allowed_link_is_followed_in_and_out(machine, shell):
    terminal = machine.open(shell)
    folder = machine.home / "project" / "deep" / "er"
    folder.mkdir(parents=True)
    terminal.enter(f"cd {folder.parent}")
    terminal.enter("keyswitch link personal")
    terminal.enter("cd")
    assert terminal.key() == "work"
    assert terminal.said("cd project/deep/er")[-1] == (
        "keyswitch: work -> personal"
    )
    assert terminal.key() == "personal"
    assert terminal.said("cd") == ["keyswitch: personal -> work"]


@EACH
def test_an_edited_link_is_noticed_once(machine, shell):
    link = machine.home / ".keyswitch"
    link.write_text("work\n")
    machine.keyswitch("use", "personal")
    terminal = machine.open(shell)
    machine.calls()
    terminal.enter()
    assert machine.calls() == []
    link.write_text("personal\n")
    terminal.enter()
    terminal.enter()
    assert machine.calls() == ["env --shell " + shell]


@EACH
def test_a_link_is_noticed_whatever_its_times_say(machine, shell):
    above, folder = machine.home / "top", machine.home / "top" / "below"
    folder.mkdir(parents=True)
    terminal = machine.open(shell)
    terminal.enter("cd top/below")
    told = ["env --shell " + shell]

    def moved_there(text, place, seconds):
        file = machine.home / "file"
        file.write_text(text)
        os.utime(file, (seconds, seconds))
        file.rename(place / ".keyswitch")

    steps = [
        lambda: moved_there("work\n", folder, 1),
        lambda: moved_there("personal\n", folder, 1),
        lambda: moved_there("personal\n", above, 1),
        lambda: moved_there("work\n", above, 2**32),
        lambda: moved_there("personal\n", above, 2**32),
        (folder / ".keyswitch").unlink,
        lambda: (folder / ".keyswitch").symlink_to("../.keyswitch"),
    ]
    for number, step in enumerate(steps):
        machine.calls()
        step()
        terminal.enter()
        assert machine.calls() == told, number
        terminal.enter()
        assert machine.calls() == [], number


@EACH
def test_a_link_that_was_moved_there_counts(machine, shell):
    link = machine.home / ".keyswitch"
    terminal = machine.open(shell)
    link.write_text("personal\n")
    os.utime(link, (1, 1))
    terminal.enter("keyswitch allow")
    assert terminal.key() == "personal"
    (machine.home / "other").write_text("work\n")
    os.utime(machine.home / "other", (1, 1))
    (machine.home / "other").rename(link)
    terminal.enter()
    assert terminal.key() == terminal.shows("keyswitch current") == "work"


@EACH
def test_a_fifo_does_not_stop_the_prompt(machine, shell):
    os.mkfifo(machine.home / ".keyswitch")
    terminal = machine.open(shell)
    terminal.enter()
    assert terminal.key() == "work"


@EACH
@pytest.mark.parametrize(
    "name",
    ["new\nline", "-n", "*", "a//b", "end\n", "x" * 200 + "/" + "é" * 90],
)
def test_any_directory_name_is_fine(machine, shell, name):
    folder = machine.home / "top" / name / "below"
    folder.mkdir(parents=True)
    (machine.home / "to").symlink_to(folder)
    terminal = machine.open(shell)
    away = {"fish": "cd to; cd (pwd -P | string collect); cd .."}
    terminal.enter(away.get(shell, "cd -P to && cd -P .."))
    link = folder.parent / ".keyswitch"
    link.touch()
    machine.calls()
    assert "rror" not in terminal.enter()
    assert machine.calls() == ["env --shell " + shell]
    terminal.enter()
    assert machine.calls() == []
    link.unlink()
    terminal.enter()
    assert machine.calls() == ["env --shell " + shell]
