"""Any value comes back byte for byte through the real shells."""

import shlex

import pytest

from keyswitch.shells import fish, posix
from tests.shells.conftest import EDGES, hostile_values

DUMP = "ZSTATUS=$? env -0; printf '\\0END\\n'"
QUOTED = f'eval "$(cat FILE)"; {DUMP}'
UNQUOTED = f"eval $(cat FILE); {DUMP}"
MANY = 1_250  # values; with --times 8, 10,000
FISH_DUMP = "ZSTATUS=$status env -0; printf '\\0END\\n'"

POSIX_CASES = [
    pytest.param(language, argv, marks=pytest.mark.real(argv[0]), id=label)
    for label, language, argv in (
        ("bash", "bash", ["bash", "--norc"]),
        ("bash-posix", "bash", ["bash", "--posix"]),
        ("zsh", "zsh", ["zsh", "-f"]),
        ("ksh93", "ksh", ["ksh"]),
        ("mksh", "ksh", ["mksh"]),
        ("sh-dash", "sh", ["dash"]),
        ("sh-bash", "sh", ["bash", "--posix"]),
        ("sh-ksh93", "sh", ["ksh"]),
        ("sh-mksh", "sh", ["mksh"]),
        ("sh-busybox", "sh", ["busybox", "sh"]),
        ("sh-zsh", "sh", ["zsh", "--emulate", "sh", "-f"]),
        ("sh-zsh-native", "sh", ["zsh", "-f"]),
    )
]
FORMS = pytest.mark.parametrize(
    "line", [QUOTED, UNQUOTED], ids=["quoted", "unquoted"]
)
FISH_FORMS = pytest.mark.parametrize(
    "line",
    [
        f"cat FILE | source; {FISH_DUMP}",
        f"eval (cat FILE | string collect); {FISH_DUMP}",
        f"eval (cat FILE); {FISH_DUMP}",
    ],
    ids=["source", "collect", "bare"],
)
NU = (
    "let ks = (open --raw FILE | decode utf-8 | from json); "
    "load-env $ks.set; hide-env --ignore-errors ...$ks.unset; "
    '$env.ZSTATUS = 0; print -rn (^env -0) "\\u{0}END\\n"'
)


@FORMS
@pytest.mark.parametrize(("language", "argv"), POSIX_CASES)
def test_posix_shells_give_back_hostile_values(
    round_trip, language, argv, line
):
    values = [*EDGES, *hostile_values(300)]
    assert round_trip(language, argv, line, values) == []


@FORMS
@pytest.mark.parametrize("locale", ["C", "POSIX"])
@pytest.mark.parametrize(("language", "argv"), POSIX_CASES)
def test_posix_shells_do_so_in_a_byte_locale(
    round_trip, language, argv, line, locale
):
    values = [*EDGES[:6], *hostile_values(44, seed=7)]
    assert round_trip(language, argv, line, values, locale) == []


@pytest.mark.full
@FORMS
@pytest.mark.parametrize(("language", "argv"), POSIX_CASES)
def test_posix_shells_give_back_many_hostile_values(
    round_trip, language, argv, line, times
):
    values = hostile_values(MANY * times, 1)
    assert round_trip(language, argv, line, values) == []


@pytest.mark.real("fish")
@FISH_FORMS
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_fish_gives_back_hostile_values(round_trip, line, locale):
    values = [*EDGES, *hostile_values(300)]
    assert round_trip("fish", ["fish", "-N"], line, values, locale) == []


@pytest.mark.full
@pytest.mark.real("fish")
@FISH_FORMS
def test_fish_gives_back_many_hostile_values(round_trip, line, times):
    values = hostile_values(MANY * times, 1)
    assert round_trip("fish", ["fish", "-N"], line, values) == []


@pytest.mark.real("nu")
def test_nushell_gives_back_hostile_values(round_trip):
    values = [*EDGES, *hostile_values(300)]
    assert round_trip("nu", ["nu", "-n"], NU, values) == []


@pytest.mark.full
@pytest.mark.real("nu")
def test_nushell_gives_back_many_hostile_values(round_trip, times):
    values = hostile_values(MANY * times, 1)
    assert round_trip("nu", ["nu", "-n"], NU, values) == []


@pytest.mark.real("bash")
def test_the_harness_sees_plain_quotes_fail_unquoted(round_trip, monkeypatch):
    monkeypatch.setattr(posix, "_quote", shlex.quote)
    values = ["'*'", "a  b", "a\nb"]
    changed = round_trip("bash", ["bash"], UNQUOTED, values)
    assert [value for value, _ in changed] == values


@pytest.mark.real("fish")
def test_the_harness_sees_posix_quoting_fail_in_fish(round_trip, monkeypatch):
    monkeypatch.setattr(fish, "_quote", shlex.quote)
    line = FISH_FORMS.args[1][0]
    with pytest.raises(AssertionError):
        round_trip("fish", ["fish", "-N"], line, ["\\'\\"])
