"""The real pass with gpg, age, KeePassXC, bao and aws: what they give."""

import os
import shutil
import subprocess
import tempfile

import pytest

from keyswitch.errors import LockedError, NoItemError, StoreError
from keyswitch.profiles.settings import Settings
from tests.secrets.references.fake_tools import VALUE, Tools, answer
from tests.secrets.references.vault_stub import ROOT


@pytest.fixture
def real(home, monkeypatch):
    """Return the tools that are on this machine.

    From elsewhere: no program of the working directory is started, and some
    lie in this clone.
    """
    monkeypatch.chdir(home)
    return Tools(home)


def run(*words, given="", **more):
    return subprocess.run(
        words, input=given, check=True, capture_output=True, text=True, **more
    ).stdout


def make_key(mail, passphrase):
    run("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback",
        "--passphrase", passphrase, "--quick-gen-key", mail,
        "future-default", "default", "never")  # fmt: skip


def agent(settings):
    """Let the agent of gpg begin anew, with these settings."""
    with open(f"{os.environ['GNUPGHOME']}/gpg-agent.conf", "w") as file:
        file.write(f"{settings}\n")
    run("gpgconf", "--kill", "gpg-agent")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Return a GNUPGHOME with a key, and one that has a passphrase."""
    # The agent's socket lies there, and its path may be short only.
    folder = tempfile.mkdtemp(prefix="ks-gpg-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GNUPGHOME", folder)
        agent("s2k-count 65536")  # it would measure how many it can do
        make_key("one@example.com", "")
        make_key("two@example.com", "secret-FAKE")
        run("gpgconf", "--kill", "gpg-agent")  # which knows the passphrase
        yield folder
        run("gpgconf", "--kill", "gpg-agent")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(home, keys, monkeypatch):
    monkeypatch.setenv("GNUPGHOME", keys)
    run("pass", "init", "one@example.com")
    run("pass", "insert", "-m", "ai/claude", given=f"{VALUE}\nuser: me\n")
    run("pass", "init", "-p", "team", "two@example.com")
    run("pass", "insert", "-m", "team/key", given=VALUE)
    return home / ".password-store"


@pytest.mark.real("pass")
def test_pass_gives_the_first_line(real, store):
    assert real.read("pass:ai/claude") == VALUE


@pytest.mark.real("pass")
def test_a_value_written_into_pass_leaves_the_other_lines(real, store):
    for text in ("pass:ai/claude", "pass:ai/new"):
        real.put(text, "FAKE-new")
        assert real.read(text) == "FAKE-new"
    assert run("pass", "show", "ai/claude") == "FAKE-new\nuser: me\n"


@pytest.mark.real("pass")
def test_what_pass_does_not_give(real, store, monkeypatch):
    with pytest.raises(NoItemError):
        real.read("pass:ai")
    with pytest.raises(NoItemError):
        real.read("pass:ai/none")
    # Nobody is there who could say the passphrase.
    with pytest.raises(LockedError, match="decryption failed"):
        real.read("pass:team/key")
    (store / "junk.gpg").write_bytes(b"junk")
    with pytest.raises(StoreError, match=r"no valid OpenPGP data"):
        real.read("pass:junk")
    monkeypatch.setenv("GNUPGHOME", str(store))  # without any key
    with pytest.raises(LockedError, match="No secret key"):
        real.read("pass:ai/claude")


PINENTRY = """#!/bin/sh
echo OK
while read -r order _; do
  [ "$order" = GETPIN ] && sleep 60
  echo OK
done
"""


@pytest.mark.real("pass")
def test_a_pinentry_that_nobody_answers_ends_at_the_deadline(real, store, home):
    pinentry = home / "pinentry"
    pinentry.write_text(PINENTRY)
    pinentry.chmod(0o755)
    agent(f"pinentry-program {pinentry}")
    real.deadline = 0.5
    with pytest.raises(LockedError, match="did not answer"):
        real.read("pass:team/key")
    agent("")


@pytest.fixture
def encrypted(home):
    """Return a function that says which identity opens a file of age."""
    for name in ("mine", "other"):
        run("age-keygen", "-o", str(home / name))
    run("age", "-e", "-i", str(home / "mine"), "-o", str(home / "s.age"),
        given=f"{VALUE}\n")  # fmt: skip
    return lambda name: Settings(managers={"age": {"identity": f"~/{name}"}})


@pytest.mark.real("age")
def test_age_opens_a_file_with_the_right_identity(real, encrypted, home):
    assert real.read("age:~/s.age", encrypted("mine")) == VALUE
    assert real.read(f"age:{home}/s.age", encrypted("mine")) == VALUE
    with pytest.raises(LockedError, match="no identity matched"):
        real.read("age:~/s.age", encrypted("other"))
    with pytest.raises(LockedError, match="no such file or directory"):
        real.read("age:~/s.age", encrypted("none"))
    with pytest.raises(NoItemError, match="no such file"):
        real.read("age:~/none.age", encrypted("mine"))
    (home / "s.age").write_text("junk")
    with pytest.raises(StoreError, match="failed to read intro"):
        real.read("age:~/s.age", encrypted("mine"))


@pytest.mark.real("age")
def test_age_writes_a_new_file_for_its_identity(real, encrypted):
    real.put("age:~/new.age", VALUE, encrypted("mine"))
    assert real.read("age:~/new.age", encrypted("mine")) == VALUE
    with pytest.raises(StoreError, match="who it is encrypted for"):
        real.put("age:~/new.age", VALUE, encrypted("mine"))


def keepassxc(*words, given):
    run("keepassxc-cli", *words, given=given,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})  # fmt: skip


@pytest.fixture
def database(home):
    path = str(home / "t.kdbx")
    keepassxc("db-create", "-p", "-t", "100", path, given="m-FAKE\nm-FAKE\n")
    keepassxc("mkdir", path, "AI", given="m-FAKE\n")
    keepassxc("add", "-p", "-u", "me", path, "AI/claude",
              given=f"m-FAKE\n{VALUE}\n")  # fmt: skip
    return path


@pytest.mark.real("keepassxc-cli")
def test_keepassxc_gives_what_its_password_opens(real, database, home):
    right = answer("m-FAKE")
    assert real.read("keepassxc:~/t.kdbx#AI/claude", ask=right) == VALUE
    assert real.read("keepassxc:~/t.kdbx#AI/claude/UserName", ask=right) == "me"
    for entry, words in {
        "AI/none": "Could not find entry",
        "AI/claude/none": "unknown attribute none",
    }.items():
        with pytest.raises(NoItemError, match=words):
            real.read(f"keepassxc:~/t.kdbx#{entry}", ask=right)
    with pytest.raises(LockedError, match="Invalid credentials") as e:
        real.read("keepassxc:~/t.kdbx#AI/claude", ask=answer("wrong"))
    assert "wrong" not in e.value.message
    (home / "t.kdbx").write_text("junk")
    with pytest.raises(StoreError, match="Failed to read database file"):
        real.read("keepassxc:~/t.kdbx#AI/claude", ask=right)


@pytest.mark.real("keepassxc-cli")
def test_keepassxc_takes_a_password_for_an_entry(real, database):
    right = answer("m-FAKE")
    for entry in ("AI/claude", "AI/new", "AI/claude/Password"):
        text = f"keepassxc:~/t.kdbx#{entry}"
        real.put(text, f"FAKE-{entry}", ask=right)
        assert real.read(text, ask=right) == f"FAKE-{entry}"
    assert real.read("keepassxc:~/t.kdbx#AI/claude/UserName", ask=right) == "me"
    with pytest.raises(StoreError):
        real.put("keepassxc:~/t.kdbx#No/group", VALUE, ask=right)


@pytest.mark.real("keepassxc-cli")
def test_keepassxc_with_a_key_file_asks_nobody(real, home):
    (home / "k").write_bytes(os.urandom(128))
    path = str(home / "t.kdbx")
    keepassxc("db-create", "-k", str(home / "k"), path, given="")
    keepassxc("add", "-p", "-k", str(home / "k"), "--no-password", path, "e",
              given=f"{VALUE}\n")  # fmt: skip
    settings = Settings(managers={"keepassxc": {"key_file": "~/k"}})
    assert real.read("keepassxc:~/t.kdbx#e", settings) == VALUE
    settings = Settings(managers={"keepassxc": {"key_file": "~/none"}})
    with pytest.raises(LockedError, match="Failed to load key file"):
        real.read("keepassxc:~/t.kdbx#e", settings)


@pytest.fixture
def bao_row(bao, authority, monkeypatch):
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    table = {"address": bao.address, "ca_file": str(authority.ca_file)}
    return Settings(managers={"bao": table})


@pytest.mark.real("bao")
def test_bao_reads_what_it_has_written(real, bao_row, monkeypatch):
    # A mount may have a name of several words, as the second.
    for text in ("bao:secret/cli/new#key", "bao:team/kv/new#key"):
        real.put(text, VALUE, bao_row)
        real.put(text.replace("#key", "#other"), "FAKE-other", bao_row)
        assert real.read(text, bao_row) == VALUE
    for text in ("bao:secret/cli/none#key", "bao:secret/cli/new#none"):
        with pytest.raises(NoItemError):
            real.read(text, bao_row)
    monkeypatch.setenv("BAO_TOKEN", "wrong-FAKE")
    with pytest.raises(LockedError, match="permission denied"):
        real.read("bao:secret/cli/new#key", bao_row)


@pytest.mark.full
@pytest.mark.real("aws", "moto")
def test_aws_reads_what_it_has_written(real, moto, monkeypatch):
    for name, value in moto.environ.items():
        monkeypatch.setenv(name, value)
    for text in ("aws-ssm:/cli/new", "aws-sm:cli/json#key"):
        real.put(text)
        assert real.read(text) == VALUE
    real.put("aws-sm:cli/json#other", "FAKE-other")
    for text in ("aws-ssm:/cli/none", "aws-sm:none", "aws-sm:cli/json#none"):
        with pytest.raises(NoItemError):
            real.read(text)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(LockedError, match="Unable to locate credentials"):
        real.read("aws-ssm:/cli/new")
