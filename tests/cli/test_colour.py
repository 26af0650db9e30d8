"""Colour and columns: a person's form on a terminal, plain text on a pipe."""

import pytest

from keyswitch.cli import style
from keyswitch.cli.listings.screens import gravity
from keyswitch.cli.main import cli
from keyswitch.cli.style import DIM, GOOD, NAME, WHOLE, Styled
from tests.cli.terminal import COMMAND, Terminal

TERMINAL = {"TERM": "xterm-256color"}
ESCAPE = "\x1b["


@pytest.fixture(autouse=True)
def choice():
    yield style.choose
    style.choose(style.AUTO)


@pytest.mark.parametrize(
    ("given", "environ", "is_terminal", "coloured"),
    [
        ("auto", TERMINAL, True, True),
        ("auto", TERMINAL, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {}, True, False),
        ("auto", {**TERMINAL, "NO_COLOR": "1"}, True, False),
        ("auto", {**TERMINAL, "NO_COLOR": ""}, True, True),
        ("auto", {**TERMINAL, "CLICOLOR": "0"}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {**TERMINAL, "CLICOLOR_FORCE": "1"}, True, False),
    ],
)
def test_colour_is_decided_by_option_then_variables_then_terminal(
    monkeypatch, choice, given, environ, is_terminal, coloured
):
    monkeypatch.setattr("os.isatty", lambda _: is_terminal)
    choice(given)
    assert style.is_coloured(1, environ) is coloured


ROWS = [
    ("*", Styled("work", NAME), "", "a note that is longer than the line is"),
    ("", Styled("日本", NAME), "", Styled("good", GOOD)),
]
HEADERS = ("", "NAME", "EMPTY", "NOTES")


def test_a_table_has_headers_wraps_at_words_and_leaves_out_empty_columns():
    assert style.table(ROWS, HEADERS, 36, colour=False) == [
        "   NAME  NOTES",
        "*  work  a note that is longer than",
        "         the line is",
        "   日本  good",
    ]


def test_a_wide_column_is_cut_before_the_last_one_has_no_room():
    row = ("work", "op://Engineering/claude/very/long/reference", "active")
    (line,) = style.table([row], (), 46, colour=False)
    assert line == "work  op://Engineering…/long/reference  active"


def test_a_name_is_never_cut():
    row = (
        Styled("a-profile-with-a-long-name", NAME),
        "op://Eng/claude/key",
        "x",
    )
    assert style.table([row], ("NAME", "SECRET", ""), 40, colour=False) == [
        "NAME                        SECRET",
        "a-profile-with-a-long-name  op://E…e/key",
        "      x",
    ]


def test_columns_that_do_not_fit_follow_on_lines_of_their_own():
    rows = [
        ("3", Styled("AN_OPTION_OF_SO_MANY_LETTERS", WHOLE), "x", "so and so"),
        ("4", Styled("ANOTHER", WHOLE), "", ""),
    ]
    assert style.table(rows, (), 40, colour=False) == [
        "3  AN_OPTION_OF_SO_MANY_LETTERS  x",
        "      so and so",
        "4  ANOTHER",
    ]


def test_a_mark_is_not_alone_on_its_line():
    row = ("*", Styled("a-name-of-many-letters", NAME), "x", "more words")
    assert style.table([row], ("", "", "", ""), 24, colour=False) == [
        "*  a-name-of-many-letters",
        "      x  more words",
    ]


@pytest.mark.parametrize("width", [32, 40, 60, 80, 120])
def test_no_line_of_words_is_wider_than_the_terminal(width):
    cells = [
        "word " * 9,
        "日本語 " * 9,
        "sk-ant-api03-…MPLE",
        "more words " * 9,
    ]
    headers = ("ONE", "TWO", "THREE", "FOUR")
    lines = style.table([cells, cells[::-1]], headers, width, colour=False)
    assert max(map(style.width_of, lines)) <= width


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("sk-ant-api03-…MPLE", "sk-ant-…MPLE"),
        ("2026-11-30 15:12, 3 days ago", "2026-11-30…"),
        ("~/.config/keyswitch/x.toml", "~/.con….toml"),
        ("日本語 sk-ant-api03-…MPLE", "日本語 …MPLE"),
    ],
)
def test_what_is_cut_keeps_what_tells_it_apart(text, cut):
    assert style.shortened(text, 12) == cut


def test_a_command_in_quotes_stays_on_one_line():
    text = "choose another name, or 'keyswitch rotate work' for a new one"
    assert style.wrapped(text, 40) == [
        "choose another name, or",
        "'keyswitch rotate work' for a new one",
    ]


def test_colours_do_not_move_columns():
    coloured = style.table(ROWS, HEADERS, 80, colour=True)
    assert coloured[-1] == "   \x1b[1m日本\x1b[0m  \x1b[32mgood\x1b[0m"


def test_a_pipe_has_one_line_a_row_and_no_headers():
    assert style.plain_table(ROWS) == [
        "*  work    a note that is longer than the line is",
        "   日本      good",
    ]


def test_a_styled_text_is_made_printable():
    assert ESCAPE not in style.painted(Styled("a\x1b[31m", DIM), colour=False)


def test_list_is_coloured_on_a_terminal_and_plain_on_a_pipe(ks):
    ks.add("work")
    ks("use", "work")
    on_terminal = Terminal(ks, *COMMAND, "list")
    assert on_terminal.ends() == 0
    assert "NAME" in on_terminal.shown
    assert ESCAPE in on_terminal.raw
    assert ESCAPE not in ks("list").out
    assert "NAME" not in ks("list").out
    assert ESCAPE in ks("list", "--color", "always").out
    never = Terminal(ks, *COMMAND, "list", "--color", "never")
    assert never.ends() == 0
    assert ESCAPE not in never.raw


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("swtich", "switch"),
        ("lst", "list"),
        ("rm", "remove"),
        ("help", "--help"),
    ],
)
def test_an_unknown_command_names_the_one_that_was_meant(ks, typed, meant):
    done = ks(typed, code=2)
    assert f"did you mean 'keyswitch {meant}'?" in done.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(("ls",), ("list",)), (("managers", "ls"), ("managers", "list"))],
)
def test_a_second_name_does_the_same(ks, typed, meant):
    ks.add("work")
    assert ks(*typed).out == ks(*meant).out
    assert f"keyswitch {' '.join(meant)}" in ks(*typed, "--help").out


def test_switch_is_use(ks):
    ks.add("work")
    assert ks("switch", "work").code == 0
    assert ks("current").out == "work\n"


def test_every_option_says_what_it_does_and_no_line_is_cut_off(ks):
    for args in walked(cli, ()):
        text = ks(*args, "--help").out
        lines = text.splitlines()
        assert all(len(line) <= 80 for line in lines), args
        shown = [line for line in lines if not line.startswith("Usage:")]
        assert not [line for line in shown if line.endswith("...")], args
        bare = [x for x in shown if x.startswith("  -") and "  " not in x[2:]]
        assert not [x for x in bare if is_alone(lines, x)], args


def test_help_fits_a_narrow_terminal(ks):
    for args in walked(cli, ()):
        text = ks(*args, "--help", COLUMNS="40").out
        options = text.partition("ptions:\n")[2].partition("Example")[0]
        texts = options.partition("  'keyswitch COMMAND")[0].splitlines()
        texts = [line for line in texts if not line.startswith("  -")]
        assert all(len(line) <= 40 for line in texts), args
    assert "(apiKeyHelper or" in ks("whoami", "--help", COLUMNS="40").out
    assert "op://Eng/claude/key," in ks("add", "--help", COLUMNS="40").out


def walked(command, path):
    """Yield the words of every command, the groups' included."""
    yield path
    names = command.list_commands(None) if hasattr(command, "commands") else ()
    for name in names:
        yield from walked(command.get_command(None, name), (*path, name))


def is_alone(lines, line):
    """Tell whether an option's line is followed by no text of its own."""
    at = lines.index(line) + 1
    return at == len(lines) or not lines[at].startswith("      ")


LONG = "the vault is locked, and nobody can be asked here; unlock it once"


@pytest.fixture
def told(monkeypatch, capsys):
    def tell(text, width, *label):
        monkeypatch.setattr("os.isatty", lambda _: True)
        environ = {"TERM": "xterm", "COLUMNS": str(width), "NO_COLOR": "1"}
        style.tell(text, environ, *label)
        return capsys.readouterr().err.splitlines()

    return tell


def test_a_long_message_goes_on_below_its_first_word(told):
    assert told(LONG, 50) == [
        "keyswitch: the vault is locked, and nobody can be",
        "           asked here; unlock it once",
    ]
    assert told("short", 50, "warning") == ["keyswitch: warning: short"]
    own = told("kept: keyswitch's own folders, which are still of some use", 50)
    assert own[0] == "keyswitch: kept: keyswitch's own folders, which"


@pytest.mark.parametrize("program", ["claude", "aws", "A_B=1 x", "keyswitch"])
def test_a_command_in_a_message_is_not_broken(told, program):
    text = f"{LONG}: {program} unlock --and --some --more --options --here"
    assert told(text, 50)[-1].strip() == text.partition(": ")[2]


@pytest.mark.parametrize(
    ("notes", "role"),
    [
        ("active; expired 2026-11-05", style.ERROR),
        ("expires in 5 days", style.WARNING),
        ("expires about 2026-12-05, expected", style.WARNING),
        ("expired, refreshable", style.DIM),
        ("lease expired: read again at the next use", style.DIM),
        ("", style.DIM),
    ],
)
def test_only_an_end_that_a_person_has_to_see_to_is_coloured(notes, role):
    assert gravity(notes) == role


def test_a_cell_of_a_whole_file_is_cut_at_once():
    row = ("work", "日" * 200_000, "active")
    lines = style.table([row], ("NAME", "ACCOUNT", "NOTES"), 80, colour=False)
    assert all(style.width_of(line) <= 80 for line in lines)
