"""What a bug prints, what a core would hold, and what the key file is."""

from pathlib import Path

import pytest

from keyswitch.profiles.paths import resolve
from keyswitch.secrets.vault.reading import Vault
from tests.leaks import sinks
from tests.leaks.allowed import beyond
from tests.leaks.commands import FORMS
from tests.leaks.test_outcomes import (  # noqa: F401
    canaries,
    place,
    template,
    tiered,
)
from tests.proof import record

pytestmark = pytest.mark.real("strace")

# A defect that has the secret in its message, its cause and its variables.
BROKEN = """
import sys
import keyswitch.{module} as module
whole = module.{function}
def broken(*args, **options):
    found = whole(*args, **options)
    text = repr(found) + {secret!r}
    try:
        raise LookupError(text)
    except LookupError as e:
        raise ValueError(text, {{text: text}}) from e
module.{function} = broken
from keyswitch.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
DEFECTS = {
    "add": ("cli.sources", "read_source", "new key"),
    "rotate": ("cli.sources", "read_source", "new key"),
    "unlock": ("cli.sources", "given_passphrase", "vault passphrase"),
    "env": ("secrets.stores", "_from_stores", "key"),
    "helper claude-code": ("secrets.stores", "_from_stores", "key"),
    "helper aws": ("secrets.stores", "_from_stores", "aws secret"),
    "use --here": ("secrets.stores", "_from_stores", "gateway token"),
    "run": ("secrets.stores", "_from_stores", "key"),
    "use a login": ("secrets.vault.reading", "Vault.get", "refresh token"),
    "export": ("secrets.vault.reading", "Vault.get", "key"),
    "import": ("transfer.bundle", "unpack", "bundle passphrase"),
    "vault rotate": ("secrets.vault.reading", "Vault.entries", "key"),
}


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_the_report_of_a_bug_holds_no_secret(place, canaries, name):  # noqa: F811
    module, function, secret = DEFECTS[name]
    text = canaries.secrets[secret].decode()
    script = BROKEN.format(module=module, function=function, secret=text)
    # Nothing is cached, so that the stores are asked.
    (place.home / ".config/keyswitch/config.toml").write_text('cache = "off"\n')
    run = place.run(FORMS[name], start=("-c", script))
    shown = canaries.within(run.err) | canaries.within(run.out)
    record(promise="P7", what="reports of bugs", points=1,
           violations=len(shown))  # fmt: skip
    assert run.code == 3, run.err.decode()
    assert b"this is a bug in keyswitch: ValueError in" in run.err
    assert shown == set()


@pytest.mark.parametrize("name", tiered(sorted(FORMS)))
def test_a_signal_that_dumps_leaves_no_secret(place, canaries, name, tmp_path):  # noqa: F811
    """Where there is a core after all, none of the secrets is in it."""
    signal = ("QUIT", "ABRT")[sorted(FORMS).index(name) % 2]
    call, number = sinks.middle_of(place.run(FORMS[name]))
    folder = tmp_path / "again"
    folder.mkdir()
    again = sinks.TracedHome(Path(place.template), folder)
    for back in (0, 1, 2, 4, 8):
        inject = f"inject={call}:signal={signal}:when={max(1, number - back)}"
        run = again.run(FORMS[name], "-e", inject)
        if run.fired:
            break
    assert run.fired
    hits = {h for h in again.hits(run, canaries) if "core" in h.where}
    found = beyond(name, hits)
    record(promise="P11", what="SIGQUIT or SIGABRT in the middle", points=1,
           violations=len(found))  # fmt: skip
    assert found == set()


def test_the_machine_s_key_file_is_not_the_data_key(template, canaries):  # noqa: F811
    """It opens the slot that wraps that key, and is in no other file."""
    paths = resolve({"HOME": str(template)})
    machine = Path(paths.machine_key_file).read_bytes()
    vault = Vault(paths)
    assert machine != vault.open().data_key
    assert len(machine) == len(vault.open().data_key)
    assert not canaries.within(machine)
    forms = sinks.Canaries({"machine key": machine})
    holders = [p.name for p in template.rglob("*")
               if p.is_file() and forms.within(p.read_bytes())]  # fmt: skip
    assert holders == ["machine.key"]
