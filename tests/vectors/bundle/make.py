"""Write the published vectors of the bundle format; see ../vault/make.py.

`expect` is what the envelope says, `import` what becomes of the bundle: one
that opens may still hold what no import takes.
"""

import json
import sys
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))

from keyswitch.secrets.vault import envelope  # noqa: E402
from keyswitch.transfer import bundle  # noqa: E402
from tests.vectors.vault import make as vaults  # noqa: E402

PASS = vaults.PASS
KEY = "sk-ant-api03-FAKE-bundle-0000000000000000000EXAMPLE"
ENTRY = {"toml": 'provider = "anthropic"\n', "secrets": {"api_key": KEY}}
REFERENCE = (
    '[secrets.api_key]\nstore = "vault"\nitem = "ks1-00"\ngeneration = 1\n'
)
OK, REFUSED = vaults.OK, "refused"


def made(profiles, magic=bundle.MAGIC, slots=None, **other):
    payload = {"kind": "keyswitch-bundle", "version": 1, "profiles": profiles}
    full = vaults.header(*(slots or [vaults.passphrase_slot()]))
    return envelope.seal(full, vaults.DATA_KEY, {**payload, **other}, magic)


def vectors():
    """Yield name, bytes, passphrase, expect, import, profiles."""
    one, two = made({"work": ENTRY}), made({"a": ENTRY, "b": ENTRY})
    yield "ok-one", one, PASS, OK, OK, ["work"]
    yield "ok-two", two, PASS, OK, OK, ["a", "b"]
    yield "ok-none", made({}), PASS, OK, OK, []
    yield "no-other-passphrase", one, "FAKE", vaults.WRONG, vaults.WRONG, None
    hostile = {
        "name-path": {"../x": ENTRY},
        "name-device": {"con": ENTRY},
        "name-control": {"a\x1b": ENTRY},
        "entry-null": {"a": None},
        "entry-extra": {"a": {**ENTRY, "run": "x"}},
        "provider-unknown": {"a": {**ENTRY, "toml": "provider = 'x'\n"}},
        "reference": {"a": {**ENTRY, "toml": ENTRY["toml"] + REFERENCE}},
        "secret-unknown": {"a": {**ENTRY, "secrets": {"x": KEY}}},
        "secret-number": {"a": {**ENTRY, "secrets": {"api_key": 1}}},
        "dots": {"a": {**ENTRY, "toml": "a" + ".a" * 900 + " = 1\n"}},
    }
    for name, profiles in hostile.items():
        data = made(profiles)
        yield f"inside-{name}", data, PASS, OK, REFUSED, sorted(profiles)
    newer = made({}, version=2)
    yield "inside-newer", newer, PASS, OK, REFUSED, []
    other = made({}, kind="keyswitch-vault")
    yield "inside-another-kind", other, PASS, OK, REFUSED, []
    vault = made({"work": ENTRY}, magic=envelope.MAGIC)
    yield "magic-vault", vault, PASS, vaults.HEADER, REFUSED, None
    renamed = vault.replace(envelope.MAGIC, bundle.MAGIC, 1)
    yield "mac-of-a-vault", renamed, PASS, vaults.MAC, REFUSED, None
    yield "body-cut", two[:-1], PASS, vaults.HEADER, REFUSED, None
    yield "payload-longer", one + b"x", PASS, vaults.PAYLOAD, REFUSED, None
    slot = vaults.passphrase_slot()
    large = {**slot, "kdf": {**slot["kdf"], "m": 1 << 30}}
    data = made({"work": ENTRY}, slots=[large])
    yield "kdf-m-huge", data, PASS, vaults.PARAMETER, REFUSED, None


def build():
    files, index = {}, []
    with mock.patch.object(envelope.os, "urandom", vaults.Counter("bundle")):
        for name, data, given, expect, imported, profiles in vectors():
            files[name + ".ksv"] = data
            entry = {"name": name, "open": "passphrase", "with": given,
                     "expect": expect, "import": imported}  # fmt: skip
            if profiles is not None:
                entry["profiles"] = profiles
            index.append(entry)
    document = {"magic": bundle.MAGIC.decode(), "vectors": index}
    files["index.json"] = (json.dumps(document, indent=1) + "\n").encode()
    return files


if __name__ == "__main__":
    vaults.main(build, HERE)
