"""Every command that may open the keychain, and the homes it is run in."""

from __future__ import annotations

import base64
import json
import tomllib
from dataclasses import dataclass, field

from tests.faults.login_cases import log_in

KEYS = {
    name: f"sk-ant-api03-FAKE-{name:_<8}-{'0' * 74}EXAMPLE"
    for name in (
        "one", "two", "first", "second", "third", "new", "box", "guest"
    )
}  # fmt: skip
AWS = "FAKEsecretFAKEsecretFAKEsecretFAKEEXAMPLE"
PHRASE = "FAKE passphrase of a vault"
CONFIG = 'cache = "off"\nstore = "keychain"\n'
PROFILES = ".config/keyswitch/profiles"
STATE = ".local/state/keyswitch"

SHORT = 1.5  # seconds: the deadline where nobody can answer
SLACK = 1.0  # seconds that a busy machine may take more


@dataclass(frozen=True)
class Command:
    """One command, and what is right for it.

    `shows` is on stdout when it succeeds. `hard`: its deadline is that of the
    whole command, not of one call. `touches`: it may open the keychain.
    """

    argv: tuple[str, ...]
    home: str = "keys"
    stdin: bytes | None = None
    typed: bytes | None = None
    shows: tuple[str, ...] = ()
    hard: bool = False
    touches: bool = True
    environ: dict = field(default_factory=dict)
    cleans: bool = False  # deletes items when its change is done
    reports: bool = False  # tells of failures on stdout
    plans: bool = False  # shows on stdout what it is going to do
    tries: bool = False  # once it is done it says whether the secret is there


def _key(name):
    return KEYS[name].encode()


COMMANDS = {
    "add": Command(
        ("add", "fresh", "--provider", "anthropic", "--stdin"),
        stdin=_key("new"),
    ),
    "rotate": Command(
        ("rotate", "one", "--stdin"), stdin=_key("new"), cleans=True
    ),
    "copy": Command(("copy", "one", "again")),
    "remove": Command(("remove", "two", "--yes"), cleans=True),
    "use": Command(("use", "two"), tries=True),
    "use-here": Command(("use", "two", "--here"), shows=(KEYS["third"],)),
    "env": Command(("env", "--shell", "bash"), shows=(KEYS["one"],), hard=True),
    "env-name": Command(
        ("env", "two", "--shell", "bash"), shows=(KEYS["third"],), hard=True
    ),
    "env-vault": Command(
        ("env", "box", "--shell", "bash"), shows=(KEYS["box"],), hard=True
    ),
    "helper-claude": Command(
        ("helper", "claude-code"), shows=(KEYS["one"],), hard=True
    ),
    "helper-key": Command(
        ("helper", "api-key", "two"), shows=(KEYS["third"],), hard=True
    ),
    "helper-aws": Command(("helper", "aws", "cloud"), shows=(AWS,), hard=True),
    "run": Command(("run", "two", "--", "env"), shows=(KEYS["third"],)),
    "reveal": Command(
        ("show", "two", "--reveal"), typed=b"y\n", shows=(KEYS["third"],)
    ),
    "revoke": Command(
        ("revoke-local", "two", "--yes"), cleans=True, plans=True
    ),
    "undo": Command(("undo",), cleans=True),
    "export": Command(
        ("export", "one", "two", "--to", "out.ksb", "--passphrase-fd", "0"),
        stdin=PHRASE.encode(),
    ),
    "import": Command(
        ("import", "in.ksb", "--yes", "--passphrase-fd", "0"),
        stdin=PHRASE.encode(),
        plans=True,
    ),
    "vault-keychain": Command(
        ("vault", "keychain"),
        environ={"CREDENTIALS_DIRECTORY": "credentials"},
        cleans=True,
    ),
    "unlock": Command(
        ("unlock", "--passphrase-fd", "0"),
        stdin=PHRASE.encode(),
        touches=False,
    ),
    "doctor": Command(("doctor",), reports=True),
    "capture": Command(
        ("login", "c", "--capture", "--store", "keychain"), home="anew"
    ),
    "use-login": Command(("use", "a"), home="logins", cleans=True, tries=True),
    "off-login": Command(("off",), home="logins", cleans=True),
    "whoami": Command(("whoami",), touches=False),
    "list": Command(("list",), touches=False),
    "current": Command(("current",), hard=True, touches=False),
    "history": Command(("history",), touches=False),
}


def make_homes(lane):
    """Make each of the homes, and keep it."""
    make_keys(lane)
    _begin(lane)
    for account in ("a", "b"):
        log_in(lane.home, account, 1)
        lane.done("login", account, "--capture", "--store", "keychain")
    lane.done("use", "b")
    log_in(lane.home, "b", 2)  # as Claude Code renews them
    lane.keep("logins")
    lane.done("off")
    log_in(lane.home, "c", 1)
    lane.keep("anew")


def make_keys(lane):
    """Make the home with keys and a vault, and keep it."""
    lane.order()
    _begin(lane)
    _add_keys(lane)
    lane.keep("keys")


def _begin(lane):
    lane.empty_home()
    lane.order()
    config = lane.home / ".config/keyswitch"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(CONFIG)
    (lane.home / ".claude").mkdir()
    (lane.home / ".claude/settings.json").write_text('{"theme": "dark"}\n')
    (lane.home / "credentials").mkdir()
    (lane.home / "credentials/keyswitch-passphrase").write_text(PHRASE)


def _add_keys(lane):
    add = ("--provider", "anthropic", "--stdin")
    opened = {"CREDENTIALS_DIRECTORY": "credentials"}
    phrase = PHRASE.encode()
    for name in ("one", "guest", "two"):
        lane.done("add", name, *add, stdin=_key(name))
    lane.done("add", "cloud", "--provider", "bedrock", "--stdin",
              "--set", "region=eu-central-1",
              "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE1",
              stdin=AWS.encode())  # fmt: skip
    lane.done("export", "guest", "--to", "in.ksb", "--passphrase-fd", "0",
              stdin=phrase)  # fmt: skip
    lane.done("remove", "guest", "--yes")
    lane.done("vault", "init", "--passphrase-fd", "0", stdin=phrase)
    lane.done("vault", "keychain", environ=opened)
    lane.done("add", "box", *add, "--store", "vault", stdin=_key("box"))
    lane.done("use", "one")
    for name in ("first", "second", "third"):
        lane.done("rotate", "two", "--stdin", stdin=_key(name))


# ------------------------------------------------------------ what there is


def named_items(lane):
    """Return {name: text} of keyswitch's items that the service holds."""
    return {
        item["attributes"]["username"]: base64.b64decode(
            item["secret"]
        ).decode()
        for item in lane.items.values()
    }


def value_of(text):
    """Return what an item's text keeps; all keys of vaults look alike."""
    value = base64.urlsafe_b64decode(text.rpartition(":")[2]).decode()
    is_key = len(value) == 64 and not value.strip("0123456789abcdef")
    return "a key of a vault" if is_key else value


def snapshot(lane):
    """Return all that a person would see, without random names."""
    home, items = lane.home, named_items(lane)
    profiles = {}
    for path in sorted(home.glob(f"{PROFILES}/[a-z]*.toml")):
        document = tomllib.loads(path.read_text())
        secrets = {}
        for name, ref in document.pop("secrets", {}).items():
            text = items.get(f"ks1:{ref['item'][4:]}:{ref['generation']}")
            kept = value_of(text) if text is not None else None
            if kept is None and ref["store"] == "keychain":
                kept = "lost"
            secrets[name] = (ref["store"], kept)
        profiles[path.stem] = (document, secrets)
    return {
        "profiles": profiles,
        "values": sorted(value_of(text) for text in items.values()),
        "undo": _undo(home),
        "pointer": _pointer(home),
        "vault": _slots(home, items),
        **{
            name: _text(home, name)
            for name in (
                ".claude/settings.json",
                ".claude.json",
                ".claude/.credentials.json",
            )
        },
        "bundle": (home / "out.ksb").exists(),
        "pending": sorted(
            p.parent.name
            for part in ("intents", "journal")
            for p in (home / STATE / part).glob("*")
        ),
    }


def _text(home, name):
    path = home / name
    return path.read_text().replace(str(home), "HOME") if path.exists() else ""


def _pointer(home):
    found = json.loads(_text(home, f"{STATE}/state.json") or "{}")
    found.pop("stamp", None)
    return found


def _undo(home):
    found = json.loads(_text(home, f"{STATE}/undo.json") or "{}")
    records = found if isinstance(found, list) else found.get("records", [])
    return [(r["command"], r["profile"]) for r in records]


def _slots(home, items):
    """Return how the vault opens; a slot without its item opens nothing."""
    path = home / ".local/share/keyswitch/vault.ksv"
    if not path.exists():
        return []
    header = json.loads(path.read_bytes().split(b"\n")[1])
    return [
        slot["type"]
        if slot["type"] != "keychain"
        or f"ks1:{slot['item'].removeprefix('ks1-')}:1" in items
        else "keychain, whose key is lost"
        for slot in header["slots"]
    ]


def leftovers(lane):
    """Return the items that nothing in the home refers to."""
    texts = [
        path.read_text("utf-8", "replace")
        for folder in (PROFILES, STATE, ".local/share/keyswitch")
        for path in (lane.home / folder).rglob("*")
        if path.is_file()
        and path.parent.name not in ("intents", "compiled", "journal")
    ]
    return [
        name
        for name in named_items(lane)
        if not any(name.split(":")[1] in text for text in texts)
    ]
