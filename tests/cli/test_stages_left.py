"""What a kill left beside files of keyswitch's own goes with any command."""

import fcntl

import pytest

DATA = ".local/share/keyswitch"
STATE = ".local/state/keyswitch"
STAGE = ".keyswitch-0123456789abcdef-{}"
LEFT = (
    f"{DATA}/{STAGE.format('vault.ksv')}",
    f"{STATE}/{STAGE.format('vault-seen')}",
    f"{STATE}/{STAGE.format('machine.key')}",
    f"{STATE}/{STAGE.format('state.json')}",
    f".config/keyswitch/profiles/{STAGE.format('work.toml')}",
)


@pytest.fixture
def left(ks):
    ks.add("work")
    for name in LEFT:
        ks.file(name).write_bytes(b"FAKE")
    return ks


def present(ks):
    return [name for name in LEFT if ks.file(name).exists()]


@pytest.mark.parametrize(
    "args", [("list",), ("show", "work"), ("history",), ("vault", "status")]
)
def test_any_command_removes_what_a_kill_left(left, args):
    left(*args)
    assert present(left) == []


@pytest.mark.parametrize(
    ("lock", "stay"),
    [(f"{DATA}/vault.lock", LEFT[:3]), (f"{STATE}/lock", LEFT[3:])],
)
def test_what_a_command_at_work_has_staged_stays(left, lock, stay):
    with left.file(lock).open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        left("list")
    assert tuple(present(left)) == stay


def test_a_vault_that_is_a_link_is_swept_where_it_is(left):
    vault = left.file(f"{DATA}/vault.ksv")
    vault.rename(left.file("real.ksv"))
    vault.symlink_to(left.file("real.ksv"))
    stage = left.file(STAGE.format("real.ksv"))
    stage.write_bytes(b"FAKE")
    left("list")
    assert not stage.exists()
