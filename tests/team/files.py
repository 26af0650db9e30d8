"""Team files: a good one, and hostile ones made of it by rule."""

from __future__ import annotations

SOUND = """\
name = "acme"
description = "Acme's accounts"

[providers.acme-gw]
title = "Acme gateway"
hosts = ["{base_url}"]

[providers.acme-gw.fields.token]
secret = true
required = true
env = ["ACME_TOKEN"]

[providers.acme-gw.fields.base_url]
required = true
env = ["ACME_URL"]
pattern = "https?://[a-z0-9.-]+"

[providers.acme-gw.claude_code]
how = "helper"
helper_field = "token"
env = { ANTHROPIC_BASE_URL = "{base_url}" }

[profiles.api]
provider = "anthropic"
references.api_key = "op://Eng/claude/key"

[profiles.gw]
provider = "acme-gw"
label = "Acme, gateway"
expires = 2027-02-01
expect = ""
only = ["~/clients/**", "github.com/acme/*"]
fields.base_url = "https://gateway.example.com"
references.token = { reference = "vault:kv/claude#token", lifetime = 600 }
"""
API = 'references.api_key = "op://Eng/claude/key"'
GATEWAY = 'fields.base_url = "https://gateway.example.com"'
KEY = "sk-ant-api03-FAKE-team-0000000000000000000000000EXAMPLE"


def with_line(text, after):
    """Return the sound file with a line more, behind another one."""
    assert after in SOUND
    return SOUND.replace(after, f"{after}\n{text}", 1)


def instead(old, new):
    assert old in SOUND
    return SOUND.replace(old, new, 1)


# What nobody may put into a team file, by where it would stand.
_TOP = {
    "settings": 'agents = "allow"',
    "managers": '[managers.mine]\ncommand = ["sh", "-c", "touch ran"]',
    "programs": '[exec]\nmine = ["touch", "ran"]',
    "links": '[links]\n"github.com/a/b" = "api"',
    "a table of the future": "[hooks]\nafter = 1",
}
_OF_A_PROFILE = {
    "a command": 'command = ["touch", "ran"]',
    "another store": 'store = "keychain"',
    "an isolated profile": "isolated = true",
    "what a folder shares": 'shared = ["commands"]',
    "another team": 'team = "other"',
    "another name": 'name = "other"',
    "a date of the file's": "created = 2026-01-01",
    "stored secrets": 'secrets.api_key = { store = "vault", item = "ks1-0" }',
    "a secret in its place": f'fields.api_key = "{KEY}"',
    "a secret field as a plain one": 'fields.api_key = "x"',
    "an unknown field": 'fields.proxy = "x"',
    "an address with a password":
        'fields.base_url = "https://me:FAKE@gateway.example.com"',
    "an address with a key":
        'fields.base_url = "https://gateway.example.com/?key=FAKE"',
    "an address of another scheme": 'fields.base_url = "file:///etc/passwd"',
    "a guard of no place": 'only = [""]',
    "a guard that is a text": 'never = "~/x"',
    "a day that is a time": "expires = 2027-02-01T10:00:00Z",
    "a label that is a key": f'label = "{KEY}"',
    "a billing of its own": 'expect = "free"',
}  # fmt: skip
_REFERENCES = {
    "a program of the person's": "exec:corp",
    "a row of the person's": "mine:path",
    "no reference": "touch ran",
    "an empty one": "",
    "a key": KEY,
    "a file": "file:///etc/passwd",
    "an option": "pass:--help",
    "a way out of a folder": "pass:../../etc/passwd",
    "a relative file": "age:secret.age",
    "two lines": "op://Eng/claude/key\\nx",
    "a text that turns": "op://Eng/\\u202eyek/x",
    "another alphabet's letter for the manager": "\\u043ep://Eng/claude/key",
}
_OF_A_PROVIDER = {
    "a variable that loads code": 'constants = { LD_PRELOAD = "/x.so" }',
    "a proxy": 'constants = { HTTPS_PROXY = "http://evil.example" }',
    "a program of git's": 'constants = { GIT_EXTERNAL_DIFF = "touch ran" }',
    "one of the shell's to be unset": 'rivals = ["PATH"]',
    "a key of the future": 'run = "touch ran"',
    "another team's mark": 'team = "other"',
    "a wrong type": "title = 1",
    "a group that is none": "groups = 1",
    "a family that is none": 'family = "x"',
    "an address to trace that steers": 'trace = { NODE_OPTIONS = "x" }',
}
_PATTERNS = {
    "a group that is repeated": "(a+)+",
    "repetitions in a row": "a*a*a*a*b",
    "many that may be missing": "a?" * 30 + "a{30}",
    "a count in a row": "a{0,4000}b{0,4000}c{0,4000}",
    "no pattern": "[",
    "a set in a set": "[[a]b]+",
    "a set without another": "[a-z--b]+",
    "branches in a row": "(?:a|a)" * 30,
    "a very long one": "a" * 500,
}
_HIDDEN = {
    "turns the text": "\u202e",
    "turns a part": "\u2066",
    "has no width": "\u200b",
    "joins": "\u200d",
    "is a tag": "\U000e0041",
    "moves the cursor": "\x1b[2A",
    "deletes": "\x08",
    "ends the text": "\x00",
    "is a byte order mark": "\ufeff",
    "is a line end of another kind": "\u2028",
    "is for private use": "\ue000",
    "fills a place": "\u3164",
    "is a blank of braille": "\u2800",
    "joins graphemes": "\u034f",
    "varies nothing": "\ufe0f",
    "varies nothing either": "\U000e0101",
}


def _escaped(character):
    return f"\\U{ord(character[0]):08x}"


def hostile():
    """Yield (name, text or bytes) of each hostile file."""
    for name, text in _TOP.items():
        yield (
            f"top: {name}",
            with_line(text, 'description = "Acme\'s accounts"'),
        )
    for name, text in _OF_A_PROFILE.items():
        yield f"profile: {name}", with_line(text, 'provider = "anthropic"')
    for name, text in _REFERENCES.items():
        yield (
            f"reference: {name}",
            instead(API, f'references.api_key = "{text}"'),
        )
    for name, text in _OF_A_PROVIDER.items():
        yield (
            f"provider: {name}",
            instead('title = "Acme gateway"', text)
            if "title" in text
            else with_line(text, 'title = "Acme gateway"'),
        )
    for name, text in _PATTERNS.items():
        yield (
            f"pattern: {name}",
            instead('"https?://[a-z0-9.-]+"', f"'{text}'"),
        )
    for name, character in _HIDDEN.items():
        yield (
            f"a character that {name}",
            instead("Acme, gateway", f"Acme{character} gateway"),
        )
        yield (
            f"an escape that {name}",
            instead("Acme, gateway", f"Acme{_escaped(character)} gateway"),
        )
    yield from _places()
    yield from _providers()
    yield from _shapes()


def _places():
    """Yield files that would be written where they do not belong."""
    for name in ("../x", "a/b", "NUL", ".x", "_x", "A", "x" * 65, "con.x", ""):
        quoted = f'"{name}"'
        yield f"a team called {name!r}", instead('"acme"', quoted)
        yield (
            f"a profile called {name!r}",
            instead("[profiles.api]", f"[profiles.{quoted}]"),
        )
        yield (
            f"a provider called {name!r}",
            SOUND.replace("providers.acme-gw", f"providers.{quoted}"),
        )
    for name in ("anthropic", "custom", "claude-login"):
        yield (
            f"a provider in place of {name}",
            SOUND.replace("acme-gw", name),
        )
    yield (
        "a variable of the shell's, by `custom`",
        instead(
            f'provider = "anthropic"\n{API}',
            'provider = "custom"\nfields.env = "BASH_ENV"\n'
            'references.value = "op://Eng/claude/key"',
        ),
    )
    yield "a login", instead('"anthropic"', '"claude-login"')
    yield "a provider of this machine", instead('"anthropic"', '"mine"')
    yield "how = login", instead('how = "helper"', 'how = "login"')
    yield (
        "a question of no sense",
        with_line(
            "[providers.acme-gw.verify]\nrun = 1", 'helper_field = "token"'
        ),
    )


def _providers():
    """Yield files with a provider that cannot be a file of its own."""
    line = 'title = "Acme gateway"'
    for value in ("1.5", "2027-02-01", "[[1.0]]", "{ a = { b = 1e9 } }"):
        yield (
            f"a question with {value}",
            with_line(
                f"[providers.acme-gw.verify]\nurl = {value}",
                'helper_field = "token"',
            ),
        )
    long = "x" * 8000
    many = "".join(f'x{i} = "{long}"\n' for i in range(9))
    yield "a provider with unknown keys", with_line(many, line)
    many = "".join(f'group_{i} = {{ A = "{long}" }}\n' for i in range(9))
    yield (
        "a provider that is too large for a file",
        SOUND + f"[providers.acme-gw.groups]\n{many}",
    )


def _shapes():
    """Yield files that are no such document, or a very large one."""
    yield "nothing", ""
    yield "a page", "<!doctype html><title>Sign in</title>"
    yield "bytes", b"\xff\xfe\x00name"
    yield "no profiles", SOUND.partition("[profiles.api]")[0]
    yield "profiles that are a list", 'name = "acme"\n[[profiles]]\nx = 1\n'
    yield "a profile that is a text", 'name = "acme"\nprofiles.api = "x"\n'
    yield (
        "fields that are a list",
        with_line("fields = []", 'provider = "anthropic"'),
    )
    yield "references that are a list", instead(API, "references = []")
    yield "no reference", instead(API, "")
    yield "the same key twice", SOUND + '[profiles.api]\nprovider = "x"\n'
    yield "a key in a remark", f"# {KEY}\n{SOUND}"
    yield (
        "a key without a beginning",
        instead("Acme, gateway", "wJalrXUtnFEMI7K1MDENGbPxRfiCY2FAKEKEY3ab"),
    )
    yield (
        "a hexadecimal key",
        instead("Acme, gateway", "0fake1" * 0 + "0a" * 16),
    )
    yield "deep nesting", 'name = "acme"\nx = ' + "[" * 3000 + "]" * 3000
    yield "a key of many parts", 'name = "acme"\nx' + ".x" * 3000 + " = 1"
    yield (
        "many keys of many parts",
        "".join(f"x{i}{'.a' * 30} = 1\n" for i in range(5000)),
    )
    yield (
        "a text of several lines",
        instead('"Acme, gateway"', '"""Acme,\ngateway"""'),
    )
    yield "a long line", instead("Acme, gateway", "x" * 9000)
    yield "a long description", instead("Acme's accounts", "x " * 300)
    yield (
        "too many profiles",
        'name = "acme"\n'
        + "".join(f"profiles.p{i} = 1\n" for i in range(10_001)),
    )
    yield "too many lines", "\n" * 200_000 + SOUND
    yield "too many bytes", SOUND + "# " + ("x" * 99 + "\n# ") * 50_000
    yield "a large number", instead("600", "9" * 5000)
    yield "a lifetime of no time", instead("600", "-1")
    yield "a lifetime that is a text", instead("600", '"600"')
    yield (
        "a reference with a command",
        instead("lifetime = 600", 'command = "touch ran"'),
    )
