"""Which profile counts: every order, and what is no choice."""

import os

import pytest

from keyswitch.compiled import Compiled
from keyswitch.directories import links, patterns
from keyswitch.errors import (
    InputError,
    KeyswitchError,
    NotFoundError,
    StaleError,
)
from keyswitch.profiles import state
from keyswitch.profiles.paths import resolve
from keyswitch.terminal import selection
from keyswitch.terminal.active_settings import require_fitting

TERMINAL = {"KEYSWITCH_PROFILE": "terminal"}
PINNED = {"KEYSWITCH_ENV": "pinned:p:s::"}
FOLLOWING = {"KEYSWITCH_ENV": "old:f:s:ANTHROPIC_API_KEY:"}
KEY = {"ANTHROPIC_API_KEY": "sk-ant-FAKE"}
BAD_NAMES = ("No", "a/b", "../x", " ", "x.", "nul", "a" * 65, "a\nb", "é")


@pytest.fixture
def paths(home, tmp_path, monkeypatch):
    """Have `machine` in use; the current directory asks for nothing."""
    folder = tmp_path / "work/below"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    found = resolve(os.environ)
    use(found, "machine")
    return found


def use(paths, name):
    os.makedirs(os.path.dirname(paths.state_file), mode=0o700, exist_ok=True)
    with open(paths.state_file, "wb") as file:
        file.write(state.to_bytes(state.State(name, "", "1")))


def ask_here(paths, tmp_path, name="folder", *, allow=True):
    """Put a link into the directory above the current one."""
    path = str(tmp_path / "work/.keyswitch")
    with open(path, "w", encoding="ascii") as file:
        file.write(name)
    if allow:
        trusted = paths.trusted(links.mark_of(path, name.encode()))
        os.makedirs(os.path.dirname(trusted), mode=0o700, exist_ok=True)
        with open(os.open(trusted, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("allow\n")
    return path


def chosen(paths, environ=(), explicit="", way=selection.select):
    given = (explicit,) if explicit else ()
    found = way(paths, dict(environ), *given)
    return found.name, found.how


# --------------------------------------------------------------------- order


def test_explicit_comes_before_terminal_directory_and_machine(paths, tmp_path):
    path = ask_here(paths, tmp_path)
    assert chosen(paths, TERMINAL, "named") == ("named", selection.BY_NAME)
    assert chosen(paths, TERMINAL) == ("terminal", selection.BY_TERMINAL)
    found = selection.select(paths, {})
    assert (found.name, found.how) == ("folder", selection.BY_DIRECTORY)
    assert found.link == path
    os.unlink(path)
    assert chosen(paths) == ("machine", selection.BY_USE)
    use(paths, "")
    assert chosen(paths) == ("", selection.NOT_CHOSEN)


def test_no_state_file_means_that_nothing_is_chosen(paths):
    os.unlink(paths.state_file)
    assert chosen(paths) == ("", selection.NOT_CHOSEN)


def test_a_pinned_shell_counts_where_it_is_asked_and_not_for_env(
    paths, tmp_path
):
    ask_here(paths, tmp_path)
    here = selection.select_here
    assert chosen(paths, PINNED, way=here) == ("pinned", selection.BY_SHELL)
    assert chosen(paths, PINNED) == ("folder", selection.BY_DIRECTORY)
    assert chosen(paths, {**PINNED, **TERMINAL}, way=here) == (
        "terminal",
        selection.BY_TERMINAL,
    )
    assert chosen(paths, FOLLOWING, way=here)[0] == "folder"


def test_a_helper_answers_for_the_key_that_the_shell_exports(paths, tmp_path):
    ask_here(paths, tmp_path)
    way = selection.select_for_helper
    assert chosen(paths, {**FOLLOWING, **KEY}, way=way) == (
        "old",
        selection.BY_SHELL,
    )
    assert chosen(paths, FOLLOWING, way=way)[0] == "folder"  # it was unset
    assert chosen(paths, KEY, way=way)[0] == "folder"  # it is his own
    assert chosen(paths, PINNED, way=way)[0] == "pinned"
    both = {**FOLLOWING, **KEY, **TERMINAL}
    assert chosen(paths, both, way=way)[0] == "terminal"


def test_an_empty_variable_is_no_choice(paths):
    assert chosen(paths, {"KEYSWITCH_PROFILE": ""})[0] == "machine"
    pinned = {"KEYSWITCH_PROFILE": "", **PINNED}
    assert chosen(paths, pinned, way=selection.select_here)[0] == "pinned"


# ---------------------------------------------------------- what is no choice


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_variable_that_is_no_name_is_an_error_and_no_other_one_is_taken(
    paths, name
):
    for way in (
        selection.select,
        selection.select_here,
        selection.select_for_helper,
    ):
        with pytest.raises(InputError) as e:
            way(paths, {"KEYSWITCH_PROFILE": name, **PINNED})
        assert "KEYSWITCH_PROFILE" in e.value.message
        assert "KEYSWITCH_PROFILE" in e.value.hint


@pytest.mark.parametrize("name", BAD_NAMES)
def test_an_explicit_name_that_is_none_is_an_error(paths, name):
    with pytest.raises(InputError):
        selection.select(paths, TERMINAL, name)


@pytest.mark.parametrize(
    "text",
    ["", ":", "::::", "work", "work:p", "work:p:s:", "work:x:s::",
     "work:p:s::::", "work:p:s:A B:", "work:p:s:1:", "work:p:s:$(id):"],
)  # fmt: skip
def test_a_malformed_marker_counts_as_none(paths, text):
    environ = {"KEYSWITCH_ENV": text, **KEY}
    for way in (selection.select_here, selection.select_for_helper):
        assert chosen(paths, environ, way=way) == ("machine", selection.BY_USE)


@pytest.mark.parametrize("name", ["", *(n for n in BAD_NAMES)])
def test_a_marker_without_a_name_never_gives_another_profile_s_key(paths, name):
    environ = {"KEYSWITCH_ENV": f"{name}:p:s:ANTHROPIC_API_KEY:", **KEY}
    for way in (selection.select_here, selection.select_for_helper):
        with pytest.raises(InputError):
            way(paths, environ)


# ---------------------------------------------------------------- directories


def test_a_removed_current_directory_asks_for_nothing(paths, tmp_path):
    ask_here(paths, tmp_path)
    os.rmdir(os.getcwd())
    assert chosen(paths) == ("machine", selection.BY_USE)
    assert chosen(paths, TERMINAL)[0] == "terminal"
    assert chosen(paths, PINNED, way=selection.select_here)[0] == "pinned"


def test_a_link_that_nobody_allowed_is_passed_over_and_named(paths, tmp_path):
    path = ask_here(paths, tmp_path, allow=False)
    found = selection.select(paths, {})
    assert (found.name, found.how) == ("machine", selection.BY_USE)
    assert [link.path for link in found.passed_over] == [path]
    assert selection.select(paths, TERMINAL).passed_over == []


def test_an_allowed_link_is_another_one_after_its_text_changed(paths, tmp_path):
    path = ask_here(paths, tmp_path)
    with open(path, "w", encoding="ascii") as file:
        file.write("machine2")
    assert chosen(paths) == ("machine", selection.BY_USE)


def test_a_link_is_looked_for_up_to_the_root(paths, tmp_path):
    assert not selection.has_link(str(tmp_path / "work/below"))
    ask_here(paths, tmp_path)
    assert selection.has_link(str(tmp_path / "work/below"))
    assert not selection.has_link(str(tmp_path))
    assert not selection.has_link("/")


def test_a_dangling_link_file_counts_as_one_that_is_there(paths, tmp_path):
    (tmp_path / "work/.keyswitch").symlink_to("nowhere")
    found = selection.select(paths, {})
    assert found.name == "machine"
    assert found.passed_over[0].why == "it is a symbolic link"


def test_rules_by_remote_that_are_not_worked_out_are_stale(paths):
    os.makedirs(os.path.dirname(paths.config_file), mode=0o700, exist_ok=True)
    with open(paths.config_file, "w", encoding="ascii") as file:
        file.write('[links]\n"github.com/acme/*" = "folder"\n')
    with pytest.raises(StaleError):
        selection.select(paths, {}, stale_is_fine=False)
    assert chosen(paths) == ("machine", selection.BY_USE)
    with pytest.raises(StaleError):
        selection.select(paths, {}, stale_is_fine=False)
    assert patterns.work_out(paths, keep_them=True)
    assert selection.select(paths, {}, stale_is_fine=False).name == "machine"
    named = selection.select(paths, TERMINAL, stale_is_fine=False)
    assert named.name == "terminal"


# ----------------------------------------------------------------- afterwards


def profile(name, **literals):
    made = Compiled(name)
    made.provider = "gateway" if literals else "anthropic"
    made.literals = list(literals.items())
    return made


def test_a_directory_s_key_goes_nowhere_but_where_the_files_say():
    def require(chosen, wanted, active):
        require_fitting(chosen, wanted, active, {})

    here = selection.Selection("a", selection.BY_DIRECTORY)
    other = profile("c", ANTHROPIC_BASE_URL="https://g.example.com")
    require(here, profile("a"), profile("b"))
    require(here, profile("a"), None)
    for active, wanted in ((other, profile("a")), (profile("b"), other)):
        with pytest.raises(KeyswitchError) as e:
            require(here, wanted, active)
        assert "keyswitch run" in e.value.hint
    with pytest.raises(KeyswitchError):
        require(here, other, None)


def test_nothing_chosen_says_how_to_choose():
    assert selection.require(selection.Selection("a", "")) == "a"
    with pytest.raises(NotFoundError) as e:
        selection.require(selection.Selection("", selection.NOT_CHOSEN))
    assert e.value.hint == "choose one: keyswitch use NAME"
