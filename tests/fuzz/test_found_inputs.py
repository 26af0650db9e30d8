"""Inputs that once crashed, hung or cost too much; each stays refused."""

import os
import re
import sys
import time

import pytest

from keyswitch import compiled
from keyswitch.changes import history
from keyswitch.commit import journal
from keyswitch.errors import DamagedFileError, KeyswitchError
from keyswitch.profiles import settings, state
from keyswitch.profiles.paths import resolve
from keyswitch.providers.catalogue import read_provider
from keyswitch.providers.schema import ClaudeCode
from keyswitch.secret import Secret
from keyswitch.secrets.keychain import dbus_wire
from keyswitch.secrets.vault import envelope, key_slots
from keyswitch.secrets.vault.reading import Vault
from keyswitch.switching.logins.keychain_note import decoded
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.claude_code.settings import baseline, plan
from keyswitch.targets.claude_code.target import launch, planning
from keyswitch.targets.splice import Edited

KEY = b"k" * 32
DIGITS = b"9" * 5000  # more than Python turns into a number
DEEP = b"[" * 100_000
TAILS = {"ks1-a": "tail-of-a-key-000001"}


@pytest.fixture
def paths(tmp_path):
    found = resolve({"KEYSWITCH_HOME": str(tmp_path)})
    os.makedirs(os.path.dirname(found.config_file))
    os.makedirs(found.journal_dir)
    return found


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


def test_a_vault_header_as_deep_as_python_goes_is_refused():
    """Some depths were read, and then too deep to be written again."""
    for depth in range(sys.getrecursionlimit() - 150, 1001):
        header = b"[" * depth + b"]" * depth
        data = b"keyswitch-vault/1\n%b\n%b=\n%b" % (
            header, b"A" * 43, b"x" * 1200,
        )  # fmt: skip
        with pytest.raises(envelope.DamagedError):
            envelope.parse(data)


@pytest.mark.parametrize("n", [1 << 15, 1 << 18])
def test_scrypt_slots_cost_no_more_than_argon2_slots_may(n):
    """Eight of them took four seconds within the bound on the work."""
    kdf = {"name": "scrypt", "n": n, "salt": "A" * 22 + "=="}
    start = time.process_time()
    key_slots.derive(b"x", kdf)
    cost = time.process_time() - start
    allowed = key_slots.MAX_WORK // envelope.work_of(kdf)
    # 0.7 s each on a slow machine, so 2 s are three of the largest.
    assert min(allowed, envelope.MAX_SLOTS) * n * 1024 <= 3 << 28
    assert cost > 0


@pytest.mark.parametrize(
    "text",
    [
        b"x = " + DIGITS,
        b"keychain_deadline = 0x" + b"f" * 5000,
        b"a" + b".a" * 100_000 + b" = 1",
        b"x = " + DEEP,
    ],
    ids=["digits", "hex", "dots", "deep"],
)
def test_a_config_file_beyond_python_is_refused_at_once(paths, text):
    put(paths.config_file, text)
    start = time.process_time()
    with pytest.raises(KeyswitchError):
        settings.load(paths)
    assert time.process_time() - start < 1


def test_a_deep_journal_is_damage(paths):
    put(os.path.join(paths.journal_dir, "prepared"), DEEP)
    with pytest.raises(DamagedFileError):
        journal.read_prepared(paths)


@pytest.mark.parametrize(
    "members",
    [b'"steps":[],"locks":[[]]', b'"steps":[],"locks":[1]',
     b'"steps":[{"target":1,"stage":"","old":null,"new":null}],"locks":[]',
     b'"steps":[],"locks":[],"rights":[[1,2,3]]',
     (b'"steps":[{"target":"/t","stage":"/etc/s","old":null,"new":null}],'
     b'"locks":[]')],
)  # fmt: skip
def test_a_journal_that_keyswitch_did_not_write_is_damage(paths, members):
    put(os.path.join(paths.journal_dir, "commit"), b"{" + members + b"}")
    with pytest.raises(DamagedFileError):
        journal.read_committed(paths)


def test_an_undo_record_with_half_a_pointer_is_damaged():
    text = (
        b'{"version":1,"records":[{"at":"","command":"","profile":"","files":[],'
        b'"pointer_before":[],"pointer_after":null,"created":[],'
        b'"discarded":[]}]}'
    )
    with pytest.raises(DamagedFileError):
        history.parse_undo(text, "undo.json")


@pytest.mark.parametrize(
    "line", ["ref a", "ref a b c " + "9" * 5000, "settings x", "settings a b c"]
)
def test_a_damaged_line_makes_a_kept_profile_stale(paths, line):
    profile = paths.profile("work")
    os.makedirs(os.path.dirname(profile))
    put(profile, b"")
    dep = f"dep {compiled.identity(profile)} {profile}"
    kept = paths.compiled("work")
    os.makedirs(os.path.dirname(kept))
    put(kept, f"{compiled.HEAD}\n{dep}\nend\n".encode())
    assert compiled.read(paths, "work")
    put(kept, f"{compiled.HEAD}\n{dep}\n{line}\nend\n".encode())
    assert compiled.read(paths, "work") is None


@pytest.mark.parametrize(
    "element", [DIGITS, b"[" * 900 + b"]" * 900, b"[" * 400 + b"]" * 400]
)
def test_an_odd_approved_key_stays_or_is_refused(element):
    text = b'{"customApiKeyResponses":{"approved":[' + element + b"]}}"
    try:
        after, _ = planning.plan_approvals(
            "c.json", text, baseline.Baseline(), TAILS, KEY
        )
    except KeyswitchError as e:
        assert e.message.startswith("c.json")  # noqa: PT017
    else:
        assert element in after


def test_half_a_surrogate_pair_among_approved_keys_is_no_key_of_ours():
    ours = baseline.Element(rules.APPROVED, "00" * 16)
    text = b'{"customApiKeyResponses":{"approved":["\\ud800"]}}'
    after, _ = planning.plan_approvals(
        "c.json", text, baseline.Baseline(elements=(ours,)), TAILS, KEY
    )
    assert b'"\\ud800","tail' in after


@pytest.mark.parametrize(
    "text",
    [
        b'{"env": {"X": ' + DIGITS + b"}}",
        b'{"apiKeyHelper": ' + DIGITS + b"}",
        b'{"env": {"X": ' + b"[" * 900 + b"]" * 900 + b"}}",
    ],
)
def test_odd_values_in_settings_do_not_crash_a_plan(text):
    taken = ClaudeCode("helper", "api_key")
    try:
        plan.edits_for(Edited.of("s.json", text), taken, {}, ("X",))
    except KeyswitchError as e:
        assert e.message.startswith("s.json")  # noqa: PT017


def test_a_login_as_deep_as_python_goes_is_refused():
    for depth in range(180, 1000, 5):
        login = b"[" * depth + b"]" * depth
        data = b'{"claudeAiOauth":' + login + b"}"
        try:
            parts = login_parts.read(("c.json", data), ("d.json", None))
        except KeyswitchError:
            continue
        assert depth <= 250
        assert parts.access_token == ""


@pytest.mark.parametrize("data", [b'{"files":[]}', b'{"files":1}'])
def test_a_record_of_displaced_settings_with_other_types_is_damaged(data):
    with pytest.raises(KeyswitchError, match="damaged"):
        baseline.decode("r.json", data)


@pytest.mark.parametrize(
    ("signature", "data"),
    [
        ("a()", b"\x08\0\0\0\0\0\0\0" + b"x" * 16),
        ("v", b"\x01v\0" * 3000),
        ("s", b"\x01\0\0\0\xff\0"),
        ("g", b"\x01\xff\0"),
    ],
    ids=["empty struct", "deep", "text", "signature"],
)
def test_a_hostile_bus_gets_the_wire_error(signature, data):
    """Elements of no size once filled the memory for ever."""
    with pytest.raises(dbus_wire.WireError):
        dbus_wire.Reader(data).many(signature)


@pytest.mark.parametrize(
    "text",
    [
        '[fields.a]\nrefuse = [{prefix = 1, why = "x"}]\n',
        '[fields.a]\nrefuse = [{prefix = "x", why = 1}]\n',
        '[fields.a]\npattern = "("\n',
        '[claude_code]\nhow = "helper"\nhelper_field = 3\n',
        '[claude_code]\nhow = "helper"\napprove = "no"\n',
    ],
)
def test_a_provider_file_is_checked_when_it_is_read(tmp_path, text):
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(KeyswitchError, match=re.escape("own.toml")):
        read_provider(str(tmp_path), "own")


def test_a_service_managers_passphrase_that_is_no_text_is_refused(
    tmp_path, monkeypatch, paths
):
    from keyswitch.secrets.vault import access

    monkeypatch.setattr(key_slots, "DEFAULT_KDF", key_slots.CHEAPEST_KDF)
    access.create(paths, passphrase=Secret("FAKE passphrase"))
    put(tmp_path / "keyswitch-passphrase", b"\xff\xfe")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(KeyswitchError, match="UTF-8"):
        Vault(paths).entries()


@pytest.mark.parametrize("text", [b"[]", b"1", DEEP, b'{"changes":[{}]}'])
def test_a_damaged_note_of_a_login_in_the_keychain_is_damage(text):
    with pytest.raises(DamagedFileError):
        decoded("login-items.json", text)


def test_settings_on_the_command_line_may_not_be_deep():
    with pytest.raises(KeyswitchError, match="--settings"):
        launch._merged("/", '{"a":' + DEEP.decode(), {}, secret=False)


@pytest.mark.parametrize("stamp", ["\\ud800", "a:b", "\\u001b[2J", "$(id)"])
def test_a_stamp_that_no_switch_made_is_damage(stamp):
    """It is exported by every shell's hook."""
    text = f'{{"active": "a", "previous": "", "stamp": "{stamp}"}}'
    with pytest.raises(KeyswitchError, match="damaged"):
        state.parse(text.encode(), "state.json")
