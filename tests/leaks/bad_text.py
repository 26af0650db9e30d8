"""Text that must not reach a terminal raw, and the ways it could come in."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from keyswitch.secrets.vault import envelope, key_slots
from keyswitch.transfer import bundle

CLASSES = {
    "nul": "a\0b",
    "bell and backspace": "a\a\b\b\bb",
    "tabs": "a\t\v\fb",
    "carriage return": "a\rkeyswitch: all is well",
    "line end": "a\nkeyswitch: all is well",
    "shift out": "a\x0e\x0fb",
    "delete": "a\x7f\x7fb",
    "c1": "a\x80\x85\x90\x9bb",
    "csi": "a\x1b[31;1mb\x1b[2J\x1b[Hc",
    "csi, one byte": "a\x9b31mb",
    "osc title": "a\x1b]0;title\x07b",
    "osc 52, clipboard": "a\x1b]52;c;RkFLRQ==\x07b",
    "osc 8, link": "a\x1b]8;;http://x.example\x1b\\b\x1b]8;;\x1b\\",
    "dcs and apc": "a\x1bPq#0\x1b\\b\x1b_x\x1b\\c",
    "bidi overrides": "a\u202a\u202b\u202c\u202d\u202eb",
    "bidi isolates": "a\u2066\u2067\u2068\u2069b",
    "bidi marks": "a\u200e\u200f\u061cb",
    "zero width": "a\u200b\u200c\u200d\u2060b",
    "soft hyphen": "a\u00ad\u034fb",
    "line separators": "a\u2028\u2029b",
    "byte order mark": "a\ufeffb\ufff9\ufffa\ufffb",
    "tags": "a\U000e0001\U000e0041\U000e007fb",
    "lone surrogates": "a\ud800\udfff\udc9bb",
    "combining flood": "a" + "\u0300\u0301\u0489" * 60 + "b",
    "private and unassigned": "a\ue000\U000f0000\uffff\u0378b",
}
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
                 "\u2066\u2067\u2068\u2069")  # fmt: skip
PHRASE = "FAKE phrase of a bundle"


def raw_in(data):
    """Return what is in some output and must not reach a terminal."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"no UTF-8"}
    return {
        f"U+{ord(c):04X}"
        for c in text
        if c != "\n"
        and (c < " " or "\x7f" <= c <= "\x9f" or c in BIDI
             or unicodedata.category(c) in ("Cf", "Cs", "Zl", "Zp"))
    }  # fmt: skip


# --------------------------------------------------------------- ways in


def label_by_hand(home, text):
    """A label written raw into a profile's file."""
    _into_profile(home, f'label = "{text}"\n')


def label_escaped(home, text):
    """A label with TOML's escapes, which parse well."""
    _into_profile(home, f"label = {_toml(text)}\n")


def field_by_hand(home, text):
    """A field's value and a field's name."""
    _into_profile(home, f"[fields]\nmodel = {_toml(text)}\n")


def key_by_hand(home, text):
    """A key that nobody knows."""
    _into_profile(home, f"{_toml(text)} = {_toml(text)}\n")


def config(home, text):
    """Keys and values of config.toml."""
    path = home / ".config/keyswitch/config.toml"
    path.write_bytes(
        _bytes(
            f"{_toml(text)} = 1\nstore = {_toml(text)}\ncache = {_toml(text)}\n"
        )
    )


def profile_name(home, text):
    """A file among the profiles with a name that is none."""
    path = home / ".config/keyswitch/profiles"
    name = _bytes(text[:60]).replace(b"\0", b"").replace(b"/", b"")
    Path(str(path).encode().decode()).joinpath(
        name.decode("utf-8", "surrogateescape") + ".toml"
    ).write_text("provider = 1")


def login_owner(home, text):
    """The account's name in Claude Code's own file."""
    path = home / ".claude.json"
    document = json.loads(path.read_text())
    document["oauthAccount"] |= {
        "emailAddress": text + "@example.com",
        "organizationName": text,
        "displayName": text,
    }
    path.write_text(json.dumps(document))


def settings(home, text):
    """Addresses, helpers and variables in Claude Code's settings."""
    path = home / ".claude/settings.json"
    document = {
        "apiKeyHelper": f"echo {text}",
        "model": text,
        "env": {
            "ANTHROPIC_BASE_URL": f"https://{text}.example.com/{text}",
            "ANTHROPIC_AUTH_TOKEN": text,
            "ANTHROPIC_CUSTOM_HEADERS": f"{text}: {text}",
            text: text,
        },
        text: {"x": 1},
    }
    path.write_text(json.dumps(document))


def link_file(home, text):
    """A link of a repository."""
    (home / ".keyswitch").write_bytes(_bytes(text) + b"\n")


def start_file(home, text):
    """A variable set in a shell's start file."""
    (home / ".bashrc").write_bytes(
        b"export ANTHROPIC_API_KEY=sk-ant-api03-FAKE"
        + _bytes(text)
        + b"EXAMPLE\n"
        b"export ANTHROPIC_BASE_URL='https://" + _bytes(text) + b"'\n"
    )


def state(home, text):
    """The history and the state, as another program could leave them."""
    folder = home / ".local/state/keyswitch"
    for path in folder.rglob("*.jsonl"):
        line = path.read_text().splitlines()[-1]
        document = json.loads(line)
        changed = {
            k: text if isinstance(v, str) and k not in ("at", "time") else v
            for k, v in document.items()
        }
        path.write_text(line + "\n" + json.dumps(changed) + "\n")


def bundle_entry(home, text):
    """A bundle, made by somebody who knows its passphrase."""
    toml = f'provider = "gateway"\nlabel = {_toml(text)}\n'
    toml += f"[fields]\nbase_url = {_toml('https://x.example/' + text)}\n"
    entries = {
        "entry": {"toml": toml, "secrets": {"auth_token": text}},
        text: {"toml": toml, "secrets": {text: text}},
    }
    for number, (name, entry) in enumerate(entries.items()):
        made = _sealed({name: entry})
        (home / f"bundle{number}").write_bytes(made)


def _sealed(profiles):
    kdf = key_slots.CHEAPEST_KDF
    slot = key_slots.wrap_passphrase("00" * 16, b"k" * 32, PHRASE.encode(), kdf)
    header = {"vid": "00" * 16, "epoch": 1, "hver": 1, "slots": [slot]}
    payload = {"kind": "keyswitch-bundle", "version": 1, "profiles": profiles}
    return envelope.seal(header, b"k" * 32, payload, bundle.MAGIC)


def _into_profile(home, more):
    path = home / ".config/keyswitch/profiles/work.toml"
    path.write_bytes(b'provider = "anthropic"\n' + _bytes(more))


def _toml(text):
    """Quote for TOML, with escapes; a surrogate cannot be written."""
    text = "".join("?" if "\ud800" <= c <= "\udfff" else c for c in text)
    return '"' + "".join(
        c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08x}"
        for c in text
    ) + '"'  # fmt: skip


def _bytes(text):
    return text.encode("utf-8", "surrogatepass")


WAYS = {
    function.__name__: function
    for function in (
        label_by_hand, label_escaped, field_by_hand, key_by_hand, config,
        profile_name, login_owner, settings, link_file, start_file, state,
        bundle_entry,
    )
}  # fmt: skip
