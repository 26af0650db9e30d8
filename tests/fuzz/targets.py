"""One function for each parser: bytes in, nothing out.

A target may raise KeyswitchError, and for the bus WireError; `ALLOWED` says
so once. Whatever else escapes is a defect. hypothesis (test_properties.py)
and atheris (run.py) call the same functions.
"""

import functools
import itertools
import json
import os
import tempfile

from keyswitch import compiled
from keyswitch.changes import history, login_ledger
from keyswitch.commit import journal
from keyswitch.directories import links, patterns
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import (
    own_json,
    profile_files,
    settings,
    state,
    team_records,
    toml_edits,
)
from keyswitch.profiles.names import is_variable
from keyswitch.profiles.paths import resolve
from keyswitch.providers import catalogue
from keyswitch.providers.catalogue import load_catalogue
from keyswitch.providers.shapes import check_plain, check_secret
from keyswitch.secrets.keychain import dbus_wire
from keyswitch.secrets.vault import envelope, key_slots
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.claude_code.settings import baseline, plan, settings_file
from keyswitch.targets.claude_code.target import planning, tokens
from keyswitch.targets.json_text import JsonText
from keyswitch.targets.splice import Edited
from keyswitch.targets.verdict import ORGANIZATION_LEVELS
from keyswitch.team import team_file
from keyswitch.team.comparison import team_of
from keyswitch.terminal import marker as environment
from keyswitch.transfer import bundle

ALLOWED = (KeyswitchError, dbus_wire.WireError)
KEY = b"k" * 32


@functools.cache
def place():
    """Return the paths of an empty keyswitch, made once for each process."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    folder = tempfile.mkdtemp(prefix="keyswitch-fuzz-", dir=memory)
    paths = resolve({"KEYSWITCH_HOME": folder})
    for file in (
        paths.config_file,
        paths.profile("work"),
        paths.compiled("work"),
        paths.journal_dir + "/x",
        paths.remotes_file,
        paths.state_file,
        paths.providers_dir + "/x",
    ):
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    return paths


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def profile_file(data):
    """A profile file, and the edit of one that can be read."""
    text = data.decode("utf-8", "replace")
    found = profile_files.parse(text, "work.toml")
    edited = toml_edits.with_profile(text, found)
    assert profile_files.parse(edited, "work.toml") == found


def provider_file(data):
    put(place().providers_dir + "/own.toml", data)
    found = catalogue.read_provider(place().providers_dir, "own")
    for field in found.fields:
        if field.secret:
            check_secret(field, b"FAKE-value", found.id, "")
        else:
            check_plain(field, "value")


def team_text(data):
    """A team file; what it stands for shows all that it says."""
    found = team_file.parse(data, "team.toml")
    for item, text in found.texts.items():
        assert text.decode().replace("\n", "").isprintable()
        path = f"{item.name}.toml"
        if item.kind == "profile":
            read = profile_files.parse(text.decode(), path)
            assert read == found.profiles[item.name]
        else:
            put(f"{place().providers_dir}/own.toml", text)
            catalogue.read_provider(place().providers_dir, "own")
        assert team_of(text) == found.name


def team_record(data):
    found = team_records.parse("acme.json", data)
    made = own_json.encode(**found._asdict())
    assert team_records.parse("acme.json", made) == found


def config_file(data):
    put(place().config_file, data)
    found = settings.load(place())
    assert 0 < found.cache_timeout <= 86_400
    assert found.cache in ("values", "key", "off")


def link_rule(data):
    for name in ("work", None):
        made = toml_edits.with_link(data, "github.com/a/*", name, "c.toml")
        if made and name:
            put(place().config_file, made)
            assert ("github.com/a/*", name) in settings.load(place()).links


def splice_editor(data):
    """The editor of settings.json: its own key changes, no other byte."""
    edited, key = Edited.of("s.json", data), ("apiKeyHelper",)
    text, before, raw = edited.text, edited.raw(key), '"FAKE helper"'
    if before is None:
        gap = edited.insert(key, raw)
    else:
        edited.replace(key, raw)
    after = edited.text
    assert edited.raw(key) == raw
    if before is None:
        edited.remove(key, gap)
    else:
        edited.replace(key, before)
    assert edited.text == text
    start = len(os.path.commonprefix([text, after]))  # noqa: RUF071
    ends = [text[start:][::-1], after[start:][::-1]]
    same = start + len(os.path.commonprefix(ends))  # noqa: RUF071
    assert same >= len(text) - len(gap or "" if before is None else before)


EDITS = (
    plan.Edit(("apiKeyHelper",), '"FAKE helper"'),
    plan.Edit(("env", "ANTHROPIC_API_KEY"), '""'),
    plan.Edit(("env", "FAKE_NAME"), '"FAKE"'),
)


def settings_plan(data):
    """A switch's edits of settings.json, and the same bytes after `off`."""
    kept, tokens = {}, map(str, itertools.count())

    def planned(observed, record, edits):
        return plan.plan_settings(
            "s.json", observed, record, lambda _: edits, key=KEY,
            resolve=kept.__getitem__, new_token=tokens.__next__,
        )  # fmt: skip

    made = planned(data, baseline.Baseline(), EDITS)
    kept.update(made.displaced)
    text = JsonText.of("s.json", made.after)
    for edit in EDITS:
        assert text.raw(edit.keys) == edit.raw
    assert planned(made.after, made.baseline, ()).after == data
    assert not made.conflicts


def settings_as_claude_code_reads_it(data):
    settings_file.parse(data, "user", "s.json")
    for level in ORGANIZATION_LEVELS:
        settings_file.parse(data, level, "s.json")


def approvals(data):
    after, record = planning.plan_approvals(
        "c.json", data, baseline.Baseline(), {"ks1-a": "tail-0001"}, KEY
    )
    assert "tail-0001" in JsonText.of("c.json", after).elements(rules.APPROVED)
    back, _ = planning.plan_approvals("c.json", after, record, {}, KEY)
    assert back == data or not data.strip(b" \t\r\n\xef\xbb\xbf")


def credentials(data):
    """Both of Claude Code's files: read, stored, put elsewhere, read again."""
    parts = login_parts.read(("c.json", data), ("d.json", data))
    assert login_parts.unpack(login_parts.pack(parts)) == parts
    _ = parts.usable, parts.expires_at, parts.identity, parts.described()
    made = login_parts.applied("c.json", None, parts, login_parts.ALL_KEYS)
    for keys in (login_parts.CREDENTIALS_KEYS, login_parts.CONFIG_KEYS):
        login_parts.applied("c.json", data, login_parts.Parts({}), keys)
    again = login_parts.read(("c.json", made), ("d.json", made))
    assert again == parts
    list(tokens.in_credentials("c.json", data, 0.0))


def displaced_record(data):
    for record in baseline.decode("r.json", data).values():
        record._asdict()


def vault(data):
    """The outside of a vault, then what any key can reach."""
    opened = envelope.parse(data)
    assert envelope.parse(data).signed == opened.signed
    for slot in opened.header["slots"]:
        if key_slots.unwrap(opened, slot, KEY):
            opened.payload()


@functools.cache
def _catalogue():
    return load_catalogue(place())


def bundle_entry(data):
    """What stands inside a bundle, and its outside."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        for name, entry in document.items():
            bundle._packed(name, entry, _catalogue())
    opened = envelope.parse(data, bundle.MAGIC)
    opened.use_key(KEY)


def keyswitch_file(data):
    path = put(place().config + "/.keyswitch", data)
    link = links.read(place(), path)
    assert link is not None
    assert link.status in (links.UNKNOWN, links.UNUSABLE)
    assert (link.name == "") == (link.status == links.UNUSABLE)
    if link.name:
        assert data.rstrip(b"\r\n") == link.name.encode()


def state_file(data):
    found = state.parse(data, "state.json")
    again = state.parse(state.to_bytes(found), "state.json")
    assert vars(again) == vars(found)


def journal_file(data):
    put(place().journal_dir + "/prepared", data)
    found = journal.read_prepared(place())
    assert all(isinstance(s.target, str) for s in found.steps)


def undo_file(data):
    records = history.parse_undo(data, "undo.json")
    made = history.to_bytes(records)
    assert history.parse_undo(made, "undo.json") == records


def history_file(data):
    found = history.parse(data)
    more = history.parse(history.appended(data, "use", "work", "ab"))
    assert more[:-1] == found[-history.MAX_LINES + 1 :]


def login_ledger_file(data):
    ledger = login_ledger.decode("logins.json", data)
    made = login_ledger.encode(ledger)
    assert login_ledger.decode("logins.json", made) == ledger


def compiled_profile(data):
    seen = compiled.identity(put(place().profile("work"), b""))
    head = f"{compiled.HEAD}\ndep {seen} {place().profile('work')}\n"
    for text in (data, head.encode() + data, head.encode() + data + b"\nend\n"):
        put(place().compiled("work"), text)
        found = compiled.read(place(), "work")
        assert found is None or found.name == "work"


def remotes_file(data):
    seen = compiled.identity(put(place().config_file, b""))
    head = f"{compiled.RULES_HEAD}\ndep {seen} {place().config_file}\n".encode()
    for text in (data, head + data + b"\nend\n"):
        put(place().remotes_file, text)
        patterns.work_out(place())


def shell_marker(data):
    value = os.fsdecode(data).replace("\0", "")
    environ = {"KEYSWITCH_ENV": value, "PATH": "/bin"}
    marker = environment.read_marker(environ)
    names = [*marker.assigned, *marker.displaced] if marker else []
    assert all(is_variable(n) for n in names)
    environment.plan_unset(environ)
    child = environment.applied(environ, [("A", "1")], ["B"])
    assert "KEYSWITCH_ENV" not in child


def bus_reply(data):
    """A signature of up to 20 characters, then the message it describes."""
    size = data[0] % 21 if data else 0
    signature = data[1 : 1 + size].decode("ascii", "replace")
    dbus_wire.Reader(data[1 + size :]).many(signature)


def bus_message(data):
    """A whole message, header and all, as it comes from the socket."""

    class Peer(dbus_wire.BusConnection):
        def __init__(self):
            self._buffer = b""
            self.parts = iter([data])

        def _receive(self):
            part = next(self.parts, b"")
            if not part:
                raise dbus_wire.WireError("the bus closed the connection")
            self._buffer += part

    Peer()._message()


TARGETS = {
    f.__name__: f
    for f in (
        profile_file, provider_file, team_text, team_record, config_file,
        link_rule, splice_editor, settings_plan,
        settings_as_claude_code_reads_it, approvals, credentials,
        displaced_record, vault, bundle_entry, keyswitch_file, state_file,
        journal_file, undo_file, history_file,
        login_ledger_file, compiled_profile, remotes_file, shell_marker,
        bus_reply, bus_message,
    )
}  # fmt: skip


def check(target, data):
    """Run a target; what it may raise is swallowed."""
    try:
        TARGETS[target](data)
    except ALLOWED:
        return False
    return True
