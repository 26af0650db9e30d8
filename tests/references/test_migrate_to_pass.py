"""`migrate` to the real pass with gpg, and back."""

import pytest

from tests.cli.keyswitch import KEY, OTHER, Keyswitch, two_keys
from tests.secrets.references.test_real_tools import (  # noqa: F401
    keys,
    run,
    store,
)


@pytest.mark.real("pass")
def test_every_profile_goes_to_pass_and_back(home, keys, store):  # noqa: F811
    ks = Keyswitch(home, GNUPGHOME=keys).begin_as(two_keys)
    done = ks("migrate", "--all", "--to", "pass:ai/{profile}")
    assert done.out.count("moved") == 2
    assert run("pass", "show", "ai/work") == f"{KEY}\n"
    done = ks("migrate", "work", "--to", "pass:ai/claude", code=1)
    assert "pass:ai/claude already holds another value" in done.error
    ks("migrate", "work", "--to", "pass:ai/claude", "--overwrite")
    assert run("pass", "show", "ai/claude") == f"{KEY}\nuser: me\n"
    ks("migrate", "--all", "--to", "vault")
    assert ks("helper", "api-key", "work").out == f"{KEY}\n"
    assert ks("helper", "api-key", "personal").out == f"{OTHER}\n"
