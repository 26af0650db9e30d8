"""Logins, killed anywhere or out of disk anywhere: no token is ever lost."""

import os
import time

import pytest

from tests.faults.cases import ENVIRON, cli
from tests.faults.harness import (
    Place,
    Warm,
    folder_in_memory,
    hit,
    inject_everywhere,
    inject_twice,
    points_of,
    run,
)
from tests.faults.login_cases import (
    BOTH,
    CASES,
    KEEP_A,
    LoginCase,
    found_again,
    live_text,
    make,
    stand_in,
    token,
)

pytestmark = pytest.mark.real("strace")

FAULTS = ("KILL", "ENOSPC")


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """Two starters of keyswitch, one for each processor."""
    both = [Warm() for _ in range(2)]
    yield both
    for one in both:
        one.close()


@pytest.fixture
def room(tmp_path):
    with folder_in_memory(tmp_path) as folder:
        yield folder


@pytest.fixture
def environ(room):
    """Return an environment whose `claude` logs in as a."""
    return stand_in(room / "kit", "a", 1)


def test_a_fork_makes_the_calls_of_a_process_of_its_own(room, warm):
    case = make("use", warm[0])
    place = Place(room / "place")
    case.make_home(place.home)
    place.keep()
    calls = [
        [
            point.call
            for point in points_of(
                case.command, place.fresh(), ENVIRON, place.log, run=start
            )
        ]
        for start in (run, warm[0])
    ]
    assert calls[0] == calls[1]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_sample_of_faults_loses_no_login(room, warm, environ, name):
    report = inject_everywhere(
        make(name, warm[0], environ=environ),
        environ,
        room,
        faults=FAULTS,
        step=12,
        offset=sorted(CASES).index(name),
        runners=warm,
    )
    assert report.violations[:9] == []
    assert report.points >= 6


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(CASES))
def test_every_fault_leaves_the_old_login_or_the_new_one(
    room, warm, environ, name
):
    report = inject_everywhere(
        make(name, warm[0], environ=environ),
        environ,
        room,
        faults=FAULTS,
        step=4,  # `python -m tests.faults.full.run` does it at every call
        runners=warm,
    )
    assert report.violations[:9] == []
    assert report.points >= 15


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("use", "links"),
        ("off", "links"),
        ("use", "absent"),
        ("login", "absent"),
    ],
)
def test_other_layouts_of_the_files_are_as_safe(
    room, warm, environ, name, layout
):
    report = inject_everywhere(
        make(name, warm[0], layout=layout, environ=environ),
        environ,
        room,
        faults=FAULTS,
        step=4,
        runners=warm,
    )
    assert report.violations[:9] == []
    assert report.points >= 15


@pytest.mark.full
def test_a_second_kill_while_the_first_is_mended_loses_nothing(room, warm):
    report = inject_twice(
        make("use", warm[0]),
        ENVIRON,
        room,
        step=6,
        step_again=6,
        runners=warm,
    )
    assert report.violations[:9] == []
    assert report.points >= 15


# ---------------------------------------------------------- single cases

LOCK = ".claude/.oauth_refresh.lock"


@pytest.fixture
def killed(room, warm):
    """Return a function that kills a switch at its first such call."""

    def kill(call):
        case = make("use", warm[0])
        place = Place(room / "place", warm[0])
        case.make_home(place.home)
        place.keep()
        found = points_of(
            case.command, place.home, ENVIRON, place.log, run=place.run
        )
        first = next(p for p in found if p.call == call and LOCK in p.text)
        home, _ = hit(case.command, ENVIRON, place, first, "KILL")
        return home, lambda: place.run(case.recover, home, ENVIRON)

    return kill


def test_a_lock_of_claude_code_survives_the_clean_up_after_a_kill(killed):
    home, recover = killed("mkdir")
    (home / LOCK).mkdir()
    assert recover().returncode == 0
    assert (home / LOCK).is_dir()


def test_a_lock_that_was_waited_for_goes_with_the_command_that_took_it(killed):
    home, recover = killed("rmdir")
    begun = time.time() - 8
    os.utime(home / ".local/state/keyswitch/journal/commit", (begun, begun))
    assert recover().returncode == 0
    assert not (home / LOCK).exists()


@pytest.fixture
def after(room, warm):
    """Return a function that makes a home by these steps."""

    def made(*steps):
        case = LoginCase(cli("list"), steps, kept=[], start=warm[0])
        case.make_home(room)
        return room, lambda *args: warm[0](cli(*args), room, ENVIRON)

    return made


def test_undo_does_not_take_the_newest_tokens_of_a_login_with_it(after):
    home, keyswitch = after(*BOTH, ("a", 2), KEEP_A)
    keyswitch("undo")
    assert keyswitch("use", "b").returncode == 0
    assert keyswitch("use", "a").returncode == 0
    assert token("ort", "a", 2) in live_text(home)


def test_off_after_a_logout_gives_back_that_there_is_no_login(after):
    home, keyswitch = after(*BOTH, cli("use", "b"), ("b", 2))
    assert keyswitch("logout", "a", "--yes").returncode == 0
    assert keyswitch("off").returncode == 0
    assert token("ort", "b", 2) not in live_text(home)
    assert any(token("ort", "b", 2) in text for text in found_again(home))
