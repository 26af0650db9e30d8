"""Homes with subscription logins, and what must hold in them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import tomllib

from tests.faults.cases import ENVIRON, KEYS, Case, cli, vault_entries
from tests.faults.harness import Warm, files_below

HOUR = 3_600_000
BEGIN = 4_000_000_000_000  # when the first tokens end: no test lives so long
LIVE = ".claude/.credentials.json"
CONFIG = ".claude.json"
LEDGER = ".local/state/keyswitch/baseline/logins.json"
OURS = re.compile(r"\.keyswitch-|\.lock$|/journal/|/intents/|/scratch-")
NOT_OURS = re.compile(r"/vault\.lock$")

# What `claude auth login` does, as far as keyswitch can see it.
STAND_IN = """#!/bin/sh
umask 077
cp '{kit}/credentials' "$CLAUDE_CONFIG_DIR/.credentials.json"
cp '{kit}/config' "$CLAUDE_CONFIG_DIR/.claude.json"
"""


def token(kind, account, state):
    """Return one token of an account; every renewal makes another."""
    return f"sk-ant-{kind}01-FAKE{account}x{state}EXAMPLE"


def credentials(account, state):
    """Return `.credentials.json` with an account's tokens of one state."""
    oauth = {
        "accessToken": token("oat", account, state),
        "refreshToken": token("ort", account, state),
        "expiresAt": BEGIN + state * HOUR,
        "scopes": ["user:inference", "user:profile"],
        "subscriptionType": "max",
    }
    others = {"mcpOAuth": {"one": {"accessToken": "FAKEmcpEXAMPLE"}}}
    return json.dumps({"claudeAiOauth": oauth, **others})


def config(account):
    """Return `.claude.json` with the name of an account."""
    return json.dumps(
        {
            "numStartups": 3,
            "odd": [1, {"a": "\u2028"}],
            "oauthAccount": {
                "accountUuid": f"uuid-{account}",
                "emailAddress": f"{account}@example.com",
                "organizationUuid": f"org-{account}",
            },
            "clientDataCache": {"of": account},
        },
        indent=2,
    )


def log_in(home, account, state):
    """Do what Claude Code does: another login, or renewed tokens."""
    for name, text in (
        (LIVE, credentials(account, state)),
        (CONFIG, config(account)),
    ):
        path = home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)


def stand_in(folder, account, state):
    """Make a `claude` whose login is this one; returns the environment."""
    folder.mkdir()
    (folder / "credentials").write_text(credentials(account, state))
    (folder / "config").write_text(config(account))
    program = folder / "claude"
    program.write_text(STAND_IN.format(kit=folder))
    program.chmod(0o700)
    return {**ENVIRON, "PATH": f"{folder}{os.pathsep}{ENVIRON['PATH']}"}


class LoginCase(Case):
    """One command; the home is made by `steps`.

    A step is a command, or (account, state) for what Claude Code writes.
    `kept` are the logins of which no token may be lost on the way.
    """

    def __init__(
        self, command, steps, *, kept, layout="plain", once=False, start=None
    ):
        super().__init__(command, layout=layout)
        self.steps, self.kept, self.once = steps, kept, once
        self._run = start or Warm()
        self.environ = ENVIRON

    def make_home(self, home):
        folder = home / ".config/keyswitch"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text('store = "vault"\ncache = "off"\n')
        # One key for all homes, so that their fingerprints are the same.
        state = home / ".local/state/keyswitch"
        state.mkdir(parents=True, mode=0o700)
        (state / "install.key").write_bytes(b"FAKE" * 8)
        (state / "install.key").chmod(0o600)
        self._do(cli("vault", "init", "--machine-key"), home)
        self._claude_files(home)
        if self.layout == "links":
            self._link(home)
        for step in self.steps:
            if isinstance(step, tuple):
                log_in(home, *step)
            else:
                self._do(step, home)
        if self.layout == "absent":
            shutil.rmtree(home / ".claude", ignore_errors=True)
            (home / CONFIG).unlink(missing_ok=True)

    def _do(self, step, home):
        done = self._run(step, home, self.environ)
        assert done.returncode == 0, done.stderr.decode()

    def _link(self, home):
        """Keep both files of the login elsewhere, as with dotfiles."""
        for name in (LIVE, CONFIG):
            place = home / "dotfiles" / name.replace("/.", "-").strip(".")
            if (home / name).exists():
                (home / name).rename(place)
            else:
                place.write_text("{}")
            target = os.path.relpath(place, (home / name).parent.resolve())
            (home / name).symlink_to(target)

    # -------------------------------------------------------- what must hold

    def check_between(self, home):
        found = super().check_between(home)
        found += self._unreadable(home)
        found += self._torn_links(home)
        found += [f"the login {a} {s} is lost" for a, s in self._missing(home)]
        found += exposed(home, staged=True)
        return found

    def _unreadable(self, home):
        for name in (LIVE, LEDGER):
            if (home / name).exists():
                try:
                    json.loads((home / name).read_text())
                except ValueError:
                    yield f"{name} does not parse"

    def _torn_links(self, home):
        if self.layout == "links":
            for name in (LIVE, CONFIG):
                if not (home / name).is_symlink():
                    yield f"the link {name} was replaced"

    def _missing(self, home):
        """Yield the logins that are neither live nor to be found again."""
        have = [live_text(home), *found_again(home)]
        for account, state in self.kept:
            for kind in ("oat", "ort"):
                if not any(token(kind, account, state) in t for t in have):
                    yield account, state

    def snapshot(self, home):
        profiles, *others, entries = super().snapshot(home)
        return (
            {k: (t, list(map(brief, s))) for k, (t, s) in profiles.items()},
            *others,
            live_text(home),
            ledger_facts(home),
            sorted(map(brief, entries)),
        )

    def leftovers(self, home):
        names = [
            name
            for name in files_below(home)
            if OURS.search(f"/{name}") and not NOT_OURS.search(name)
        ]
        names += [f"login {a} {s} nowhere" for a, s in self._missing(home)]
        return [*names, *exposed(home), *unowned(home), *dangling(home)]


def brief(text):
    """Return a stored login as account, state and a digest of it all."""
    names = ",".join(sorted(set(re.findall(r"FAKE([ab]x\d)EX", text or ""))))
    return f"{names}/{hashlib.sha256((text or '').encode()).hexdigest()[:8]}"


def live_text(home):
    """Return the text of the live login's file, "" if there is none."""
    path = home / LIVE
    return path.read_text() if path.exists() else ""


def found_again(home):
    """Return the stored logins that a profile or the ledger refers to."""
    names = []
    for path in home.glob(".config/keyswitch/profiles/[a-z]*.toml"):
        secrets = tomllib.loads(path.read_text()).get("secrets", {})
        names += [f"{r['item']}:{r['generation']}" for r in secrets.values()]
    names += [f"{i}:{g['generation']}" for i, g in ledger_items(home)]
    entries = vault_entries(home)
    return [entries[name] for name in names if name in entries]


def ledger(home):
    path = home / LEDGER
    return json.loads(path.read_text()) if path.exists() else None


def ledger_items(home):
    """Return (item, generation) of every login that the ledger names."""
    document = ledger(home) or {"generations": {}, "orphans": []}
    kept = [*document["generations"].values(), document["orphans"]]
    return [(g["token"].split(":")[1], g) for some in kept for g in some]


def ledger_facts(home):
    """Return what the ledger says, without random names and times."""
    document = ledger(home)
    if document is None:
        return None
    entries = vault_entries(home)
    facts = {
        item: (
            g["generation"],
            brief(entries.get(f"{item}:{g['generation']}")),
        )
        for item, g in ledger_items(home)
    }
    text = json.dumps([document["folders"], document["generations"]])
    for item, fact in facts.items():
        text = text.replace(item, str(fact))
    text = re.sub(r'"at": "[^"]*"', "", text.replace(str(home), "HOME"))
    return text, sorted(map(str, facts.values()))


def dangling(home):
    """Yield what the ledger names and the store does not hold."""
    entries = vault_entries(home)
    for item, found in ledger_items(home):
        if f"{item}:{found['generation']}" not in entries:
            yield f"ledger entry without an item: {item}"


def unowned(home):
    """Yield the stored items that nothing refers to."""
    texts = [
        path.read_text()
        for place in (".config/keyswitch/profiles", ".local/state/keyswitch")
        for path in (home / place).rglob("*")
        if path.suffix in {".toml", ".json"}
    ]
    for name in vault_entries(home):
        item = name.partition(":")[0]
        if not any(item in text for text in texts):
            yield f"item without an owner: {item}"


def exposed(home, *, staged=False):
    """Yield the files with a token that are no place for one.

    `staged`: what a killed command left beside its target, or in its scratch
    folder, may hold one where nobody else can read it.
    """
    live = (home / LIVE).resolve()
    for path in home.rglob("*"):
        if path.is_symlink() or not path.is_file() or path == live:
            continue
        if not _holds_a_token(path.read_bytes()):
            continue
        beside = path.parent == live.parent and ".keyswitch-" in path.name
        scratch = path.parent.name.startswith("scratch-")
        closed = not (
            path.stat().st_mode & 0o077
            and (path.parent.stat().st_mode & 0o077 or beside)
        )
        if not (staged and closed and (beside or scratch)):
            yield f"a token lies in {path.relative_to(home)}"


_PLAIN = re.compile(rb"FAKE[ab]x\dEXAMPLE|46414b456[12]78", re.IGNORECASE)


def _base64(text, lead):
    """Return how a text looks in base64 behind so many other bytes."""
    whole = base64.b64encode(bytes(lead) + text + bytes(2))
    return whole[-(-lead * 4 // 3) : (lead + len(text)) * 4 // 3]


_BASE64 = [
    _base64(f"t01-FAKE{account}x".encode(), lead)
    for lead in range(3)
    for account in "ab"
]


def _holds_a_token(data):
    """Tell whether a file has a token as it is, in hexadecimal or base64."""
    return bool(_PLAIN.search(data)) or any(t in data for t in _BASE64)


# ------------------------------------------------------------------ the cases

KEEP_A = cli("login", "a", "--capture", "-q")
KEEP_B = cli("login", "b", "--capture", "-q")
BOTH = (("b", 1), KEEP_B, ("a", 1), KEEP_A)
# a has all the generations that are kept, and one more is live.
FULL = (*BOTH, ("a", 2), KEEP_A, ("a", 3), KEEP_A, cli("use", "a"), ("a", 4))
KEY = cli(
    "add", "key", "--provider", "anthropic", "--stdin",
    stdin=KEYS["one"].encode(),
)  # fmt: skip

CASES = {
    "capture": ((("a", 1),), KEEP_A, {"kept": [("a", 1)], "once": True}),
    "capture-again": (FULL, KEEP_A, {"kept": [("a", 4)], "once": True}),
    "login": (
        (*BOTH[:2], cli("use", "b"), ("b", 2)),
        cli("login", "a"),
        {"kept": [("b", 2)], "once": True},
    ),
    "use": (FULL, cli("use", "b"), {"kept": [("a", 4), ("b", 1)]}),
    "use-key": (
        (*FULL, KEY),
        cli("use", "key"),
        {"kept": [("a", 4), ("b", 1)]},
    ),
    "use-after-key": (
        (*FULL[:-1], KEY, cli("use", "key"), ("a", 4)),
        cli("use", "b"),
        {"kept": [("a", 4), ("b", 1)]},
    ),
    "off": (
        (*FULL, cli("use", "b"), ("b", 2)),
        cli("off"),
        {"kept": [("a", 4), ("b", 2)]},
    ),
    "undo": (
        (*FULL, cli("use", "b"), ("b", 2)),
        cli("undo"),
        {"kept": [("a", 4), ("b", 2)], "once": True},
    ),
    "logout": (FULL, cli("logout", "a", "--yes"), {"kept": [("b", 1)]}),
}


def make(name, start, *, layout="plain", environ=ENVIRON):
    """Return a case; `start` runs the commands that make its home."""
    steps, command, rest = CASES[name]
    case = LoginCase(command, steps, start=start, layout=layout, **rest)
    case.environ = environ
    if layout == "absent":
        case.kept = [("b", 1)]  # what was live is gone before it begins
    return case
