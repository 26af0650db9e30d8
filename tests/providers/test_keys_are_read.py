"""Every key of the TOML files that keyswitch brings is read by some code."""

import ast
import tomllib

from tests.components import ROOT

PACKAGE = ROOT / "keyswitch"
PROVIDERS = PACKAGE / "providers" / "built_in"
MANAGERS = PACKAGE / "secrets" / "references" / "built_in"
# Tables whose keys are names, not words of the schema.
NAMES = {
    "fields", "groups", "ignored", "models", "constants", "env", "env_unless",
    "trace", "headers", "defaults", "fixed",
}  # fmt: skip


def words(table, *, known=True):
    """Yield the keys of a document that are words of its schema."""
    for key, value in table.items():
        if known:
            yield key
        if isinstance(value, dict):
            yield from words(value, known=key not in NAMES)
        for entry in value if isinstance(value, list) else ():
            if isinstance(entry, dict):
                yield from words(entry)


def read():
    """Return what the code takes out of something by name."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Subscript):
                found |= {getattr(node.slice, "value", None)}
            elif isinstance(node, ast.Call) and node.args:
                found |= {getattr(node.args[0], "value", None)}
    return found


def keys_of(folder):
    found = set()
    for path in folder.glob("[a-z]*.toml"):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        # [verify] and [claude_code] may be told by group.
        found |= {*words(document)} - document.get("groups", {}).keys()
    return found


def test_every_key_of_a_provider_is_read():
    from keyswitch.providers import catalogue

    schema = {
        *catalogue._PROVIDER_KEYS,
        *catalogue._FIELD_KEYS,
        *catalogue._IGNORED_KEYS,
        *catalogue._CLAUDE_CODE_KEYS,
    }
    assert (schema | keys_of(PROVIDERS)) - read() == set()


def test_every_key_of_a_manager_is_read():
    from keyswitch.secrets.references import manager

    schema = {*manager._OWN_KEYS, *manager._BROUGHT_ONLY}
    assert (schema | keys_of(MANAGERS)) - read() == set()


def test_a_key_that_nobody_reads_is_noticed():
    assert {"expiry_dayz"} - read() == {"expiry_dayz"}
