"""The keychain on a real gnome-keyring, and in every state but the good one."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from keyswitch.errors import LockedError, StoreError
from keyswitch.secret import Secret
from keyswitch.secrets.keychain import calls as keychain_calls
from keyswitch.secrets.keychain import secret_service, worker
from keyswitch.secrets.keychain.items import decode
from keyswitch.secrets.keychain.store import (
    CHUNK,
    KeychainStore,
    encode,
    joined,
    part_names,
)
from keyswitch.secrets.stores import new_item
from tests.components import ROOT
from tests.desktop import desktop

VALUE = Secret("sk-ant-api03-FAKE-keychain-0123456789EXAMPLE")

real_keyring = pytest.mark.real("gnome-keyring")


@pytest.fixture
def session(tmp_path, monkeypatch):
    """Reach a private desktop from this process."""
    opened = []

    def start(**options):
        folder = tmp_path / f"desktop-{len(opened)}"
        folder.mkdir(mode=0o700)
        manager = desktop(folder, **options)
        place = manager.__enter__()
        opened.append(manager)
        for name, value in place.environ.items():
            monkeypatch.setenv(name, value)
        return place

    yield start
    for manager in opened:
        manager.__exit__(None, None, None)


@real_keyring
@pytest.mark.parametrize("size", [1, 15, 16, 1280, 4096, 65536])
def test_a_value_of_any_size_comes_back_by_either_reader(session, size):
    session()
    value = Secret("aé\n"[:1] * (size - 1) + "z")
    item = new_item()
    KeychainStore().put(item, 1, value)
    assert KeychainStore().get(item, 1) == value
    assert secret_service.fetch([(item, 1)]) == {(item, 1): value}


@real_keyring
def test_several_items_are_read_in_one_session(session):
    session()
    keychain = KeychainStore()
    wanted = {(new_item(), n): Secret(f"FAKE-{n}-é\n") for n in (1, 2, 3)}
    for (item, generation), value in wanted.items():
        keychain.put(item, generation, value)
    assert secret_service.fetch(list(wanted)) == wanted


@real_keyring
def test_an_item_is_never_overwritten(session):
    session()
    item = new_item()
    KeychainStore().put(item, 1, VALUE)
    with pytest.raises(StoreError, match="already exists"):
        KeychainStore().put(item, 1, Secret("FAKE-other"))
    assert KeychainStore().get(item, 1) == VALUE


@real_keyring
def test_deleting_twice_is_as_good_as_once(session):
    session()
    item = new_item()
    KeychainStore().put(item, 1, VALUE)
    KeychainStore().delete(item, 1)
    KeychainStore().delete(item, 1)
    for read in (
        lambda: KeychainStore().get(item, 1),
        lambda: secret_service.fetch([(item, 1)]),
    ):
        with pytest.raises(StoreError, match="does not have"):
            read()


@real_keyring
def test_names_in_the_keychain_say_nothing(session):
    place = session()
    item = new_item()
    KeychainStore().put(item, 1, VALUE)
    files = [p for p in place.folder.rglob("*") if p.is_file()]
    stored = b"".join(p.read_bytes() for p in files)
    assert len(stored) > 100
    assert b"FAKE-keychain" not in stored
    assert b"work" not in stored


def within(limit, call):
    start = time.monotonic()
    with pytest.raises((StoreError, LockedError)) as caught:
        call()
    assert time.monotonic() - start < limit
    assert caught.value.hint
    return caught.value


@real_keyring
def test_a_locked_keychain_says_so_and_does_not_wait(session):
    place = session()
    item = new_item()
    KeychainStore().put(item, 1, VALUE)
    place.lock()
    for call in (
        lambda: KeychainStore(deadline=1.5).get(item, 1),
        lambda: KeychainStore(deadline=1.5).put(new_item(), 1, VALUE),
        lambda: secret_service.fetch([(item, 1)], 1.5),
    ):
        error = within(2.5, call)
        assert isinstance(error, LockedError)
        assert "locked" in error.message


@real_keyring
def test_a_silent_keychain_is_given_up_after_the_deadline(session):
    place = session()
    item = new_item()
    KeychainStore().put(item, 1, VALUE)
    place.freeze()
    for call in (
        lambda: KeychainStore(backend="secret-service", deadline=0.5).get(
            item, 1
        ),
        lambda: secret_service.fetch([(item, 1)], 0.5),
    ):
        error = within(1.5, call)
        assert "0.5 s" in error.message


def test_where_there_is_no_fork_an_interpreter_has_the_deadline(
    tmp_path, monkeypatch
):
    path = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
    request = {"op": "probe", "backend": "secret-service", "name": ""}
    text = json.dumps({**request, "value": "", "asks": False}).encode()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        with pytest.raises(worker.DeadlineError):
            worker.in_interpreter(text, 0.5)
    answer = json.loads(worker.in_interpreter(text, 20))
    assert answer["error"] == "absent", answer


@pytest.mark.parametrize("given", [":", ".", ""])
def test_that_interpreter_takes_no_module_from_the_directory_one_is_in(
    tmp_path, monkeypatch, given
):
    (tmp_path / "json.py").write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", given)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    request = {"op": "probe", "backend": "secret-service", "name": ""}
    text = json.dumps({**request, "value": "", "asks": False}).encode()
    assert b'"absent"' in worker.in_interpreter(text, 20)


def test_an_interpreter_that_nobody_waits_for_ends_by_itself():
    argv = [sys.executable, "-m", "keyswitch.secrets.keychain.worker", "0.1"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.wait(30) == 1  # of a request that never comes
        assert process.stdout.read() == b""


@real_keyring
def test_a_bus_without_a_keychain_names_what_was_tried(session):
    session(keyring=False)
    found = KeychainStore().probe()
    assert not found.ok
    assert [title for title, _ in found.tried] == ["Secret Service", "KWallet"]
    assert all(why for _, why in found.tried)
    error = within(4, lambda: KeychainStore().put(new_item(), 1, VALUE))
    assert "no usable keychain" in error.message
    assert "vault" in error.hint


@pytest.mark.parametrize("address", ["unix:path=/nonexistent", "rubbish", ""])
def test_no_bus_at_all_is_no_keychain(monkeypatch, address):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")  # is ignored
    assert not KeychainStore().probe().ok
    with pytest.raises(secret_service.NotHandledError):
        secret_service.fetch([(new_item(), 1)], 30)


def test_a_mute_socket_in_the_bus_s_place_hangs_nothing(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "bus"))
        mute.listen()
        monkeypatch.setenv(
            "DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/bus"
        )
        error = within(2, lambda: secret_service.fetch([(new_item(), 1)], 0.5))
        assert "0.5 s" in error.message


def test_settings_of_the_keyring_library_choose_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / "evil.py").write_text(
        "open('tripwire', 'w').close()\n"
        "from keyring.backends.null import Keyring\n"
    )
    config = tmp_path / "python_keyring"
    config.mkdir()
    (config / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring=evil.Keyring\nkeyring-path={folder}\n"
    )
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "KEYRING_PROPERTY_PREFERRED_COLLECTION": "/evil",
    }.items():
        monkeypatch.setenv(name, value)
    backend = keychain_calls.make("secret-service")
    assert type(backend).__module__ == "keyring.backends.SecretService"
    assert not hasattr(backend, "preferred_collection")
    assert not (tmp_path / "tripwire").exists()


def test_a_fresh_interpreter_is_told_where_this_keyswitch_lies(monkeypatch):
    assert worker._package_place() == str(ROOT)
    inside = "/x/keyswitch.pyz/keyswitch/secrets/keychain/worker.py"
    monkeypatch.setattr(worker, "__file__", inside)
    assert worker._package_place() == "/x/keyswitch.pyz"


class RecordedBackend:
    """What the macOS and Windows backends do, as their sources say."""

    def __init__(self, limit=None):
        self.items, self.calls, self.limit = {}, [], limit

    def get_password(self, service, name):
        return self.items.get((service, name))

    def set_password(self, service, name, value):
        self.calls.append(name)
        if (service, name) in self.items:
            raise AssertionError("macOS deletes before it adds: never do that")
        if self.limit and len(value) > self.limit:
            raise OSError(1783, "CredWrite")
        self.items[service, name] = value

    def delete_password(self, service, name):
        del self.items[service, name]


@pytest.mark.parametrize(
    ("backend", "limit"), [("macos", None), ("windows", 1280)]
)
@pytest.mark.parametrize("size", [1, 900, 5000])
def test_other_systems_get_new_items_within_their_limits(
    monkeypatch, backend, limit, size
):
    recorded = RecordedBackend(limit)
    monkeypatch.setattr(keychain_calls, "make", lambda name: recorded)

    def answer(op, _backend, _deadline, name, value):
        call = {"op": op, "backend": backend, "name": name, "value": value}
        return json.loads(keychain_calls.perform(json.dumps(call).encode()))

    keychain = KeychainStore(backend=backend)
    monkeypatch.setattr(keychain, "_call", answer)
    value = Secret("é" * size)
    keychain.put("ks1-a", 1, value)
    assert keychain.get("ks1-a", 1) == value
    keychain.delete("ks1-a", 1)
    assert recorded.items == {}


@pytest.mark.parametrize("count", ["\u00b2", "", "-1", "9" * 9, "9" * 5000])
def test_an_item_with_an_odd_number_of_parts_has_none(count):
    assert part_names("n", f"chunks:{count}:0") == []


def test_a_part_that_was_exchanged_is_noticed():
    value = "".join(map(str, range(800)))
    items = dict(encode("n", value, "windows"))
    names = part_names("n", items["n"])
    assert names == ["n#0", "n#1", "n#2", "n#3"]
    assert len(names) > 1
    assert all(len(text) <= CHUNK for text in items.values())
    parts = [items[name] for name in names]
    assert decode(joined(items["n"], parts), "n") == value
    with pytest.raises(StoreError):
        joined(items["n"], [*parts[:-1], parts[0]])


@real_keyring
def test_env_in_a_start_file_fails_in_one_line_and_in_time(session, tmp_path):
    place = session()
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KEYSWITCH_HOME": str(tmp_path / "ks"),
    }
    main = [sys.executable, "-m", "keyswitch"]
    subprocess.run(
        [*main, "add", "work", "--provider", "anthropic", "--stdin"],
        input=b"sk-ant-api03-FAKE-0123456789012345678901EXAMPLE",
        env=environ, check=True, capture_output=True,
    )  # fmt: skip
    place.freeze()
    start = time.monotonic()
    done = subprocess.run(
        [*main, "env", "work", "--shell", "bash"],
        env=environ, capture_output=True, stdin=subprocess.PIPE, check=False,
    )  # fmt: skip
    assert time.monotonic() - start < 1.5 + 0.6
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"did not answer" in done.stderr
