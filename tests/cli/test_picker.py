"""`use` without a name, on terminals as a person has them."""

import json
import os
import re
import signal
import termios

import pytest

from keyswitch.cli.choosing import choices
from keyswitch.cli.choosing.rows import columns_of
from keyswitch.profiles.paths import resolve
from keyswitch.workspace import Workspace
from tests.cli.keyswitch import KEY, OTHER
from tests.cli.logins import Logins
from tests.cli.terminal import COMMAND, Terminal

UP, DOWN, ENTER, ESCAPE = "\x1b[A", "\x1b[B", "\r", "\x1b"
INTERRUPTED = "keyswitch: interrupted, nothing changed"


def _two_keys(ks):
    ks.with_vault()
    ks.add("acme", "--label", "Ächme, Inc")
    ks.add("home", secret=OTHER)


@pytest.fixture
def three(bare):
    ks = bare.begin_as(_two_keys)
    Logins(ks).capture("me")
    ks("use", "acme")
    return ks


@pytest.fixture
def opened(three):
    terminals = []

    def opened(*args, **options):
        terminal = Terminal(three, *COMMAND, "use", *args, **options)
        terminals.append(terminal)
        return terminal.sees("type to filter:").sees("Enter selects")

    yield opened
    for terminal in terminals:
        terminal.child.close(force=True)


def active(ks):
    return ks("current").out.strip()


def test_a_row_tells_account_expiry_and_where_it_is_used(three, opened):
    three("edit", "home", "--expires", "2020-01-01")
    rows = opened(KEYSWITCH_PROFILE="home").rows
    assert [" ".join(row.split()) for row in rows] == [
        "> * acme anthropic Ächme, Inc sk-ant-api03-…MPLE active",
        "home anthropic sk-ant-api03-…MPL2 expired 2020-01-01 this shell",
        "me claude-login me@mail.example (max) expires in 7 hours, refreshable",
    ]
    terminal = opened(columns=120)
    assert terminal.shown.splitlines()[1].split() == [
        "NAME", "PROVIDER", "ACCOUNT", "NOTES", "IN", "USE"
    ]  # fmt: skip


def test_the_preview_tells_what_use_will_ask(three, opened):
    path = three.profile_file("home")
    path.rename(three.profile_file("moved"))
    terminal = opened().type("moved").sees("'use moved' would change:")
    terminal.sees("asks first: the file of profile 'moved' would send the")


def test_what_is_pasted_stays_on_the_line_of_the_filter(opened):
    terminal = opened().type("\x1b[200~ho\nme\n\x1b[201~")
    assert terminal.sees("1 of 3").shown.startswith("type to filter: ho me\n")


def test_a_name_keeps_a_third_of_a_narrow_terminal():
    row = ("a-name", "kind", "an account of many words", "a long note", "here")
    assert columns_of([row], choices.PROFILES, 30) == [6, 0, 6, 6, 6]
    assert columns_of([("x" * 64, *row[1:])], (), 30)[0] == 8


def test_the_marker_of_a_shell_counts_as_this_shell(tmp_path):
    marker = "home:p:1:ANTHROPIC_API_KEY:"
    environ = {"HOME": str(tmp_path), "KEYSWITCH_ENV": marker}
    workspace = Workspace(environ, cwd=str(tmp_path))
    assert choices.used_here(workspace, "acme") == {
        "acme": ["active"],
        "home": ["this shell"],
    }


def test_arrows_move_and_enter_switches(three, opened):
    terminal = opened()
    assert terminal.pointed == "acme"
    terminal.type(DOWN).sees(">   home")
    terminal.type(DOWN).sees(">   me")
    terminal.type(DOWN + UP).sees(">   home").type(ENTER)
    assert terminal.ends() == 0
    assert "switched to 'home'" in terminal.shown
    assert active(three) == "home"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("HOM", "home"),
        ("claude-login", "me"),
        ("mail.example", "me"),
        ("ächme", "acme"),
        ("anthropic mpl2", "home"),
    ],
)
def test_typing_leaves_what_matches(opened, typed, name):
    terminal = opened().type(typed).sees("1 of 3")
    assert terminal.names == [name]


def test_typing_and_enter_switches(three, opened):
    terminal = opened().type("hom").sees("1 of 3").type(ENTER)
    assert terminal.ends() == 0
    assert active(three) == "home"


def test_keys_that_come_before_the_list_count(three):
    for number in range(150):
        file = three.profile_file(f"p{number}")
        file.write_text(three.profile_file("acme").read_text())
    terminal = Terminal(three, *COMMAND, "use").type("mpl2\r")
    assert terminal.ends() == 0
    assert ", reading" not in terminal.raw
    assert active(three) == "home"


def test_where_nothing_matches_enter_chooses_nothing(three, opened):
    terminal = opened().type("nothing").sees("0 of 3").type(ENTER)
    terminal.type("\x15").sees("3 of 3").type(ESCAPE)
    assert terminal.ends() == 130
    assert active(three) == "acme"


@pytest.mark.parametrize("keys", [ESCAPE, "\x03", "ho\x1b", "\x1b[B\x03"])
def test_escape_and_interrupt_change_nothing(three, opened, keys):
    before = three.everything()
    terminal = opened().type(keys)
    assert terminal.ends() == 130
    assert INTERRUPTED in terminal.shown
    assert three.everything() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(three, number):
    terminal = Terminal(
        three, "sh", "-c", 'stty -a; "$@"; echo "ended by $?"; stty -a',
        "sh", *COMMAND, "use", lines=60,
    )  # fmt: skip
    terminal.sees("Enter selects")
    before, _, _ = terminal.raw.partition("\x1b")
    assert not termios.tcgetattr(terminal.child.child_fd)[3] & termios.ECHO
    children = f"/proc/{terminal.child.pid}/task/{terminal.child.pid}/children"
    with open(children, encoding="ascii") as file:
        os.kill(int(file.read()), number)
    assert terminal.ends() == 0
    left = terminal.raw.rpartition("\x1b[?1049l")[2]
    assert before.strip()
    assert left.endswith(before)
    assert f"ended by {128 + number}" in left


@pytest.mark.parametrize("size", [(40, 10), (20, 4), (8, 3), (1, 1)])
def test_a_narrow_terminal_holds_the_list(three, size):
    columns, lines = size
    terminal = Terminal(three, *COMMAND, "use", columns=columns, lines=lines)
    terminal.until(lambda _shown: "\x1b[?1049h" in terminal.raw)
    terminal.type(DOWN + ENTER)
    assert terminal.ends() == 0
    assert active(three) == "home"


def test_forty_columns_show_a_part_of_everything(opened):
    terminal = opened(columns=40, lines=10).sees("'use acme' would change:")
    assert terminal.rows == [
        "> * acme  Ächme…MPLE              active",
        "    home  sk-an…MPL2",
        "    me    me@mail.e…  expires i…",
    ]


ASKED = "profile (number, name or a few letters):"
SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": ""}, SSH])
def test_a_plain_terminal_gets_a_numbered_list(three, environ):
    environ = {"NO_COLOR": "1", **environ}
    terminal = Terminal(three, *COMMAND, "use", **environ).sees(ASKED)
    lines = terminal.shown.splitlines()[:4]
    assert [line.split()[:3] for line in lines] == [
        ["NAME", "PROVIDER", "ACCOUNT"],
        ["1", "acme", "anthropic"],
        ["2", "home", "anthropic"],
        ["3", "me", "claude-login"],
    ]
    assert "sk-ant-api03-…MPLE" in lines[1]
    assert lines[1].endswith("  active")
    terminal.type("2" + ENTER)
    assert terminal.ends() == 0
    assert "\x1b" not in terminal.raw
    assert active(three) == "home"


def test_a_coloured_row_takes_one_line(three):
    terminal = Terminal(three, *COMMAND, "use", columns=80, **SSH).sees(ASKED)
    lines = terminal.shown.splitlines()[:5]
    assert [line.split()[0] for line in lines] == [
        "NAME", "1", "2", "3", "profile"
    ]  # fmt: skip
    assert "\x1b[32mactive" in terminal.raw
    terminal.type("\x03")
    assert terminal.ends() == 130


@pytest.mark.parametrize(
    ("setting", "environ", "seen"),
    [
        ("list", {}, ASKED),
        ("screen", SSH, "Enter selects"),
        ("screen", {"TERM": "dumb"}, ASKED),
    ],
)
def test_a_setting_says_how_it_is_chosen(three, setting, environ, seen):
    config = three.file(".config/keyswitch/config.toml")
    config.write_text(f'picker = "{setting}"\n')
    terminal = Terminal(three, *COMMAND, "use", **environ).sees(seen)
    terminal.type("\x03")
    assert terminal.ends() == 130


@pytest.mark.parametrize(
    ("typed", "name"),
    [("ho", "home"), ("claude-login", "me"), ("Mail.Example", "me"),
     ("5\rxyz\rME", "acme"), ("an\r2", "home")],
)  # fmt: skip
def test_the_list_takes_a_name_and_letters_too(three, typed, name):
    terminal = Terminal(three, *COMMAND, "use", **SSH).sees(ASKED)
    terminal.type(f"{typed}\r")
    if name == "acme":  # letters of two: asked again
        terminal.sees("nothing matches '5'").sees("nothing matches 'xyz'")
        terminal.type("1\r")
    assert terminal.ends() == 0
    assert active(three) == name


@pytest.mark.parametrize("keys", ["\r", "\x04", "\x03"])
def test_nothing_typed_in_the_list_cancels(three, keys):
    before = three.everything()
    terminal = Terminal(three, *COMMAND, "use", **SSH).sees(ASKED).type(keys)
    assert terminal.ends() == 130
    assert INTERRUPTED in terminal.shown
    assert three.everything() == before


def test_hundreds_come_in_pages(three):
    text = three.profile_file("home").read_text()
    item = re.search("ks1-[0-9a-f]+", text)[0]
    for number in range(200):
        own = text.replace(item, f"ks1-{number:032x}")
        three.profile_file(f"p{number:03}").write_text(own)
    terminal = Terminal(three, *COMMAND, "use", **SSH).sees("more):")
    assert terminal.shown.splitlines()[-1].startswith(
        "profile (number, name or a few letters; + for more):"
    )
    terminal.type("+\r").sees("… 161 more").sees(" 42  p038")
    terminal.type("p17\r").sees("182  p178")
    terminal.type("182\r")
    terminal.ends()
    assert active(three) == "p178"


def test_the_list_is_on_the_terminal_where_messages_are_not(three):
    command = '"$@" 2>messages'
    terminal = Terminal(three, "sh", "-c", command, "sh", *COMMAND, "use")
    terminal.sees(ASKED).type("home\r")
    assert terminal.ends() == 0
    assert active(three) == "home"
    messages = three.file("messages").read_text()
    assert messages.startswith("keyswitch: switched to 'home'\n")


def _colours(terminal):
    return {
        number
        for part in terminal.raw.split("\x1b[")
        if part.partition("m")[0].replace(";", "").isdigit()
        for number in part.partition("m")[0].split(";")
    }


@pytest.mark.parametrize(
    ("args", "environ"), [((), {"NO_COLOR": "1"}), (("--color", "never"), {})]
)
def test_without_colours_the_screen_is_the_same(opened, args, environ):
    plain = opened(*args, COLORTERM="truecolor", **environ)
    assert _colours(plain) <= {"0", "7"}
    assert plain.shown == opened().shown


@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "linux", "screen"])
def test_colours_are_of_the_sixteen(three, opened, term):
    three("edit", "home", "--expires", "2020-01-01")
    found = _colours(opened(COLORTERM="truecolor", TERM=term))
    assert found <= {"0", "1", "2", "7", *map(str, range(30, 38))}
    assert found >= {"31", "32"}


WIDE = ("株式会社 山田", "🚀 rocket", "e\u0301cole", "❤\ufe0f love", "한국어")


def test_wide_characters_stand_in_their_columns(three, opened):
    text = three.profile_file("home").read_text()
    for number, label in enumerate(WIDE):
        own = f'label = "{label}"\nexpires = 2020-01-01\n{text}'
        three.profile_file(f"w{number}").write_text(own)
    terminal = opened(columns=120)
    ends = {
        row.index("expired")
        for row in map(_cells, terminal.screen.buffer.values())
        if "expired" in row
    }
    assert len(ends) == 1


def _cells(line):
    """Return a line of a screen with one character a column."""
    return "".join((line[n].data or " ")[0] for n in range(120))


def test_what_would_change_is_shown(three, opened):
    terminal = opened(columns=120, ANTHROPIC_AUTH_TOKEN="x")
    terminal.sees("nothing: it is already active")
    terminal.sees("in shells: sets ANTHROPIC_API_KEY; unsets ANTHROPIC_AUTH_TO")
    terminal.type(DOWN + DOWN).sees("'use me' would change:")
    terminal.sees("active: acme -> me").sees("login: me@mail.example (max)")
    terminal.sees("~/.claude/settings.json: removes apiKeyHelper, env.ANTHROP")
    assert KEY not in terminal.raw
    assert "at01" not in terminal.raw


def test_a_preview_reads_and_writes_nothing(three, opened):
    three.file(".claude.json").write_text("{")
    before = three.everything()
    terminal = opened().sees("'use acme' would change:")
    terminal.type(DOWN).sees("active: acme -> home")
    terminal.type(ESCAPE)
    assert terminal.ends() == 130
    assert three.everything() == before


def test_a_broken_file_has_its_error_for_a_preview(three, opened):
    three.profile_file("home").write_text("provider = ")
    opened(columns=120).type(DOWN).sees("nothing: ~/.config/")


@pytest.mark.parametrize("flag", ["--no-input", "--json"])
def test_whoever_is_not_asked_gets_a_list(three, flag):
    terminal = Terminal(three, *COMMAND, "use", flag)
    assert terminal.ends() == 0
    if flag == "--json":
        assert json.loads(terminal.raw)["profiles"] == ["acme", "home", "me"]
    else:
        assert terminal.raw.split() == ["acme", "home", "me"]


def test_a_pipe_gets_one_name_a_line(three):
    assert three("use").out == "acme\nhome\nme\n"
    command = '"$@" | { read name; echo "first: $name"; }'
    terminal = Terminal(three, "sh", "-c", command, "sh", *COMMAND, "use")
    assert terminal.ends() == 0
    assert terminal.shown.strip() == "first: acme"


@pytest.mark.real("bash")
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_eval_takes_the_choice_for_this_shell(three, term):
    command = (
        'script=$("$@") && eval "$script" && echo "now $KEYSWITCH_PROFILE"'
        ' && printf %s "$script" >script'
    )
    terminal = Terminal(
        three, "bash", "-c", command, "bash", *COMMAND, "use", "--here",
        TERM=term,
    )  # fmt: skip
    if term == "dumb":
        terminal.sees(ASKED).type("2\r")
    else:
        terminal.sees("Enter selects").type(DOWN + ENTER)
    assert terminal.ends() == 0
    assert "now home" in terminal.shown
    assert three.file("script").read_text()[0] not in " \x1b"
    assert active(three) == "acme"


@pytest.mark.real("bash")
def test_escape_gives_eval_nothing(three):
    command = 'script=$("$@"); echo "$? <$script>"'
    terminal = Terminal(
        three, "bash", "-c", command, "bash", *COMMAND, "use", "--here"
    )
    terminal.sees("Enter selects").type(ESCAPE)
    assert terminal.ends() == 0
    assert "130 <>" in terminal.shown


def test_a_broken_file_is_shown_and_tells_its_error(three, opened):
    three.profile_file("home").write_text("provider = ")
    terminal = opened().type("broken").sees("1 of 3")
    assert terminal.rows == [">   home  broken"]
    terminal.type(ENTER)
    assert terminal.ends() == 1
    assert "home.toml" in terminal.shown
    assert active(three) == "acme"


@pytest.mark.parametrize(
    "label", [r"\u001b]0;owned\u0007\u001b[2J", r"a\u202Eb", r"a\rb"]
)
def test_a_label_moves_no_cursor(three, opened, label):
    file = three.profile_file("home")
    file.write_text(f'label = "{label}"\n{file.read_text()}')
    terminal = opened().type("hom").sees("1 of 3").type(ENTER)
    assert terminal.ends() == 1
    hostile = json.loads(f'"{label}"')
    assert hostile not in terminal.raw
    assert hostile[:4] not in terminal.raw


def test_what_a_row_shows_is_made_printable(three, monkeypatch):
    real = choices.profile_files.load

    def load(paths, name):
        profile, data = real(paths, name)
        return profile._replace(label="\x1b[2J\u202e"), data

    monkeypatch.setattr(choices.profile_files, "load", load)
    listing = choices.profiles(resolve(three.environ), ["me"], {})
    assert listing.row("me").account == "\\x1b[2J\\u202e"


def test_without_profiles_there_is_nothing_to_choose(ks):
    terminal = Terminal(ks, *COMMAND, "use")
    assert terminal.ends() == 1
    assert "no profiles yet" in terminal.shown


def test_many_profiles_open_before_all_are_read(three):
    text = three.profile_file("home").read_text()
    item = re.search("ks1-[0-9a-f]+", text)[0]
    for number in range(3000):
        own = text.replace(item, f"ks1-{number:032x}")
        three.profile_file(f"p{number:04}").write_text(own)
    three.profile_file("p2999").write_text(f'label = "needle"\n{own}')
    terminal = Terminal(three, *COMMAND, "use").sees("of 3003")
    assert "of 3003, reading" in terminal.raw
    terminal.type("needle").sees("1 of 3003").type(ENTER)
    assert terminal.ends() == 4  # its secret is in no store
    assert active(three) == "p2999"


def test_a_name_that_was_typed_comes_first(three):
    paths = resolve(three.environ)
    listing = choices.profiles(paths, ["acme", "home", "me", "me-too"], {})
    listing.narrow("me")
    assert listing.matches == ["me", "me-too", "acme", "home"]


def test_what_is_pointed_at_stays_while_files_are_read(three):
    paths = resolve(three.environ)
    listing = choices.profiles(paths, ["acme", "home", "me"], {})
    listing.narrow("mpl")
    listing.row("home")
    listing.look_again()
    assert listing.matches == ["home"]
    listing.row("acme")
    listing.look_again()
    assert listing.matches == ["acme", "home"]
    assert listing.pointed == "home"


@pytest.mark.parametrize(
    "args",
    [("use", "home"), ("use", "--help"), ("use",), ("use", "--json"),
     ("list",), ("--help",)],
)  # fmt: skip
def test_nothing_else_loads_what_draws_the_list(three, args):
    found = three(*args, PYTHONPROFILEIMPORTTIME="1").err
    assert "keyswitch.cli" in found
    assert "prompt_toolkit" not in found


def test_no_secret_store_is_opened_for_the_list(three, opened):
    three.file(".local/share/keyswitch/vault.ksv").unlink()
    terminal = opened()
    assert terminal.names == ["acme", "home", "me"]
    assert KEY not in terminal.raw
    assert OTHER not in terminal.raw
