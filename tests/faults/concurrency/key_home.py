"""A home with ten key profiles, and what must hold in it at any time."""

from __future__ import annotations

import json
import tomllib

from tests.faults.cases import ENVIRON, cli, vault_entries
from tests.faults.harness import files_below

SETTINGS = ".claude/settings.json"
CONFIG = ".claude.json"
POINTER = ".local/state/keyswitch/state.json"
PROFILES = ".config/keyswitch/profiles"
UNDO = ".local/state/keyswitch/undo.json"
FIRST = {
    SETTINGS: '{\n  "theme": "dark",\n  "env": {"KEEP": "1e5"},\n'
    '  "apiKeyHelper": "/bin/echo FAKE-own-helper"\n}\n',
    CONFIG: '{"numStartups":3,"odd":1.50,"projects":{"/x":{"a":[1,2]}}}',
}
_BEDROCK = ("--provider", "bedrock", "--set", "region=eu-central-1")


def _kinds():
    for n in range(4):
        yield f"key{n}", ("--provider", "anthropic"), "--stdin"
    for n in range(3):
        address = f"base_url=https://gateway{n}.example.com"
        yield f"gate{n}", ("--provider", "gateway", "--set", address), "--stdin"
    for n in range(2):
        key = f"access_key_id=AKIAFAKEFAKEEXAMPLE{n}"
        yield f"aws{n}", (*_BEDROCK, "--set", key), "--stdin"
    yield "bearer", _BEDROCK, "bearer_token"


PROVIDERS = {name: (options, how) for name, options, how in _kinds()}
NAMES = list(PROVIDERS)


def value(name, number=0):
    """Return the secret of a profile; `rotate` gives it another number."""
    if name.startswith("key"):
        return f"sk-ant-api03-FAKE-{name}-{number:022}-{name}-EXAMPLE"
    return f"FAKE{name}secretFAKE{number:020}EXAMPLE"


def adding(name, store="vault"):
    """Return the command that adds a profile."""
    options, how = PROVIDERS.get(name, PROVIDERS["key0"])
    given = ("--stdin",) if how == "--stdin" else ("--fd", f"{how}=0")
    return cli("add", name, *options, "--store", store, *given,
               stdin=value(name).encode())  # fmt: skip


def make_home(home, start, *, store="vault", environ=ENVIRON):
    """Make the home; returns what the files hold while each is active."""
    (home / ".claude").mkdir(parents=True)
    for name, text in FIRST.items():
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    steps = []
    if store == "vault":
        steps.append(cli("vault", "init", "--machine-key"))
    steps += [adding(name, store) for name in NAMES]
    for step in steps:
        _do(step, home, start, environ)
    known = {"": _present(home)}
    for name in NAMES:
        _do(cli("use", name), home, start, environ)
        known[name] = _present(home)
    _do(cli("off"), home, start, environ)
    assert list(first_bytes_lost(home)) == []
    return known


def _do(step, home, start, environ):
    done = start(step, home, environ)
    assert done.returncode == 0, done.stderr.decode()


def _present(home):
    return {
        name: plain(name, json.loads((home / name).read_bytes()))
        for name in FIRST
    }


def plain(name, document):
    """Return a document in a form that does not depend on an order."""
    document.pop("turns", None)  # what a stand-in for Claude Code counts
    if name == CONFIG:
        approved = document.get("customApiKeyResponses", {}).get("approved", [])
        approved.sort()
    return document


def active(home):
    """Return the active profile's name."""
    return json.loads((home / POINTER).read_bytes())["active"]


def first_bytes_lost(home):
    """Yield the files that are not what they were before keyswitch."""
    for name, text in FIRST.items():
        if (home / name).read_text() != text:
            yield f"{name} is not what it was: {(home / name).read_text()}"


def wrong_with(home, known):
    """Yield where pointer and files do not belong to the same profile."""
    name = active(home)
    present = _present(home)
    for file, document in known[name].items():
        if present[file] != document:
            yield f"{file} is not that of '{name}': {present[file]}"


def lost_secrets(home, values):
    """Yield the profiles whose secret is not one of those they were given."""
    entries = vault_entries(home)
    for path in sorted((home / PROFILES).glob("[a-z]*.toml")):
        name = path.stem
        for ref in tomllib.loads(path.read_text())["secrets"].values():
            kept = entries.get(f"{ref['item']}:{ref['generation']}")
            if kept not in values(name):
                yield f"{name} refers to {kept}"


def ownerless_secrets(home):
    """Yield what the vault holds though nothing refers to it."""
    places = [
        *(home / PROFILES).glob("[a-z]*.toml"),
        *(home / ".local/state/keyswitch/baseline").glob("*.json"),
        *home.glob(UNDO),
    ]
    texts = [path.read_text() for path in places]
    for entry in vault_entries(home):
        if not any(entry.partition(":")[0] in text for text in texts):
            yield f"{entry} has no owner"


def leftovers(home):
    """Yield the names of files that belong to an unfinished command."""
    for name in files_below(home):
        if (
            ".keyswitch-" in name
            or name.endswith(".json.lock")
            or "/journal/" in name
            or "/intents/" in name
        ):
            yield f"left behind: {name}"
