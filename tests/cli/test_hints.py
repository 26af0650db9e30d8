"""What an error's hint says is run where it was printed, and then it works."""

import shlex

import pytest

from tests.cli.accounts import log_in, two_accounts
from tests.cli.keyswitch import KEY, OTHER, two_keys

VAULT = ".local/share/keyswitch"
PHRASE = "FAKE a long passphrase EXAMPLE"
GATEWAY = (
    "--provider", "gateway", "--store", "vault", "--stdin",
    "--set", "base_url=https://gw.example.com",
)  # fmt: skip
NEW = ("add", "new", "--provider", "anthropic", "--stdin", "--store")
VALUES = {"base_url=VALUE": "base_url=https://gw.example.com"}
# What a command of a hint asks for on a terminal.
ALSO = {
    "remove": ("--yes",),
    "rotate": ("--stdin",),
    "vault": ("--machine-key",),
}


@pytest.fixture
def two(bare):
    return bare.begin_as(two_keys)


def lose_the_vault(ks):
    for path in ks.file(VAULT).glob("vault.ksv*"):
        path.unlink()


def lose_all_secrets(ks):
    lose_the_vault(ks)
    ks("vault", "init", "--machine-key")


def replace(ks, name, old, new=""):
    path = ks.profile_file(name)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def revoke(ks):
    ks("revoke-local", "work", "--yes")


def forget_the_address(ks):
    ks("add", "gw", *GATEWAY, stdin="FAKE-gateway-token-EXAMPLE")
    replace(ks, "gw", 'base_url = "https://gw.example.com"\n')


def forget_all(ks):
    forget_the_address(ks)
    ks("revoke-local", "gw", "--yes")


def expect_another(ks):
    replace(ks, "work", "provider =", 'expect = "cloud"\nprovider =')


def forbid(ks):
    ks("edit", "work", "--only", "~/clients/**")


# what -> (what leads to it, the command that fails, what is to be done)
HELPED = {
    "no key": (revoke, ("use", "work"), "rotate work"),
    "no key for a helper": (
        revoke, ("helper", "api-key", "work"), "rotate work",
    ),
    "lost": (
        lose_all_secrets, ("helper", "api-key", "work"), "rotate work",
    ),
    "no address": (
        forget_the_address, ("use", "gw"),
        "edit gw --set base_url=VALUE",
    ),
    "nothing": (forget_all, ("use", "gw"), "remove gw"),
    "billing": (expect_another, ("use", "work"), "edit work --expect api"),
    "elsewhere": (forbid, ("run", "work", "--", "true"), "edit work --only ''"),
    "no vault": (lose_the_vault, (*NEW, "vault"), "vault init"),
}  # fmt: skip


def hint_of(done):
    """Return the hint, on a line of its own or in brackets."""
    return done.err.splitlines()[-1].partition("hint: ")[2] or done.err


@pytest.mark.parametrize("what", HELPED)
def test_what_the_hint_says_helps(two, what):
    break_it, args, advice = HELPED[what]
    break_it(two)
    done = two(*args, stdin=KEY, code=1)
    hint = hint_of(done)
    assert f"keyswitch {advice}" in hint
    command = [VALUES.get(word, word) for word in shlex.split(advice)]
    done = two(*command, *ALSO.get(command[0], ()), stdin=OTHER, code=None)
    assert done.code == 0, done.err
    if command[0] == "remove":
        two("add", "gw", *GATEWAY, stdin="FAKE-gateway-token-EXAMPLE")
    two(*args, stdin=KEY)


@pytest.fixture
def logins(ks):
    ks.file(".config/keyswitch").mkdir(parents=True)
    ks.file(".config/keyswitch/config.toml").write_text('store = "vault"\n')
    return two_accounts(ks)


def test_a_login_that_is_lost_comes_from_claude_code_again(logins):
    lose_all_secrets(logins)
    done = logins("use", "a", code=1)
    assert hint_of(done) == "log in again: keyswitch login a"
    log_in(logins.home, "a", 2)
    logins("login", "a", "--capture")
    logins("use", "a")


def test_a_name_that_is_taken_is_replaced_as_its_kind_is(logins):
    logins.add("work")
    login, key = (logins(*NEW[:1], name, *NEW[2:], "vault", stdin=KEY, code=1)
                  for name in ("a", "work"))  # fmt: skip
    assert hint_of(login).endswith("; to log in again: keyswitch login a")
    assert hint_of(key).endswith(
        "; to replace its secret: keyswitch rotate work"
    )
    for command in ("rename", "copy"):
        done = logins(command, "work", "a", code=1)
        assert hint_of(done) == "choose another name"


def test_a_vault_that_is_there_is_not_made_again(two):
    nobody = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    done = two(*NEW, "keychain", stdin=KEY, code=1, **nobody)
    assert hint_of(done).startswith("use the vault: --store vault")
    two(*NEW, "vault", stdin=KEY)


def test_a_link_that_is_none_is_moved_before_there_is_another(two):
    link = two.file(".keyswitch")
    link.write_text("x" * 9000)
    done = two("allow", code=1)
    assert hint_of(done) == "move it out of the way, then: keyswitch link NAME"
    link.rename(two.file("elsewhere"))
    two("link", "work")
    two("allow")


def test_a_recovery_code_can_only_be_typed(two):
    lose_the_vault(two)
    two("vault", "init", "--passphrase-fd", "0", stdin=PHRASE)
    done = two("vault", "recovery", "--use", code=2)
    assert hint_of(done) == "run it on a terminal"


def test_a_lifetime_alone_is_not_called_nothing(two):
    done = two("edit", "work", "--lifetime", "60", code=2)
    assert "needs --reference" in done.error


def test_an_incomplete_add_says_which_options_it_lacks(two):
    args = [word for word in GATEWAY if "base_url" not in word][:-1]
    done = two("add", "gw", *args, stdin="FAKE-gateway-token-EXAMPLE", code=1)
    assert hint_of(done).startswith("give --set base_url=VALUE; ")


def test_a_secret_in_a_profile_s_file_is_deleted_before_it_is_stored(two):
    text = two.profile_file("work").read_text().partition("[secrets")[0]
    two.profile_file("work").write_text(f'{text}[secrets]\napi_key = "FAKE"\n')
    done = two("use", "work", code=1)
    assert hint_of(done).startswith("delete it: ")
    two.profile_file("work").write_text(text)
    two("rotate", "work", "--stdin", stdin=OTHER)
    two("use", "work")


@pytest.mark.parametrize(
    "args", [("run", "work", "--", "true"), ("shell", "work", "--shell", "sh")]
)
def test_what_is_started_without_a_secret_is_said(two, args):
    assert "lacks" not in two(*args).err
    revoke(two)
    said = "profile 'work' (anthropic) lacks api_key; store it: keyswitch"
    assert said in two(*args).err


def test_verify_says_what_is_lacking(two):
    revoke(two)
    done = two("verify", "work", code=4)
    assert "keyswitch rotate work" in done.out


def test_a_hint_names_the_option_that_migrate_has(two):
    done = two("migrate", "--all", "--to", "keychain", code=1)
    assert "no usable keychain" in done.err
    assert done.err.endswith("hint: use the vault: --to vault\n")
