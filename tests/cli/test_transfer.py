"""export and import: what a person meets."""

import json
import os

import pytest

from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.components import ROOT

PHRASE = "FAKE correct horse battery staple"
URL = "https://gw.example.com/v1"


@pytest.fixture
def full(ks):
    """A home with a key and a gateway, and the file with the passphrase."""
    ks.file("phrase").write_text(PHRASE + "\n")
    ks.add("work", "--label", "Acme, API")
    ks.add(
        "gw", "--set", f"base_url={URL}", provider="gateway", secret=OTHER[-30:]
    )
    return ks


@pytest.fixture
def bundle(full):
    full("export", "--all", "--to", "b.ksb", *phrase(full))
    return full.file("b.ksb")


@pytest.fixture
def elsewhere(bundle, tmp_path):
    """Another machine, with the bundle on it."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "b.ksb").write_bytes(bundle.read_bytes())
    (home / "phrase").write_text(PHRASE)
    return Keyswitch(home).with_vault()


def phrase(ks):
    return "--passphrase-file", str(ks.file("phrase"))


def take(ks, *args, **options):
    return ks("import", "b.ksb", *phrase(ks), *args, **options)


ACCEPTED = ("--yes", "--store", "vault", "--accept-host", "gw.example.com")


def test_profiles_and_secrets_arrive(elsewhere):
    take(elsewhere, *ACCEPTED)
    assert elsewhere("helper", "api-key", "work").out == KEY + "\n"
    shown = json.loads(elsewhere("show", "gw", "--json").out)["profile"]
    assert shown["fields"] == {"base_url": URL}
    assert json.loads(elsewhere("show", "work", "--json").out)["profile"][
        "label"
    ] == "Acme, API"  # fmt: skip


def test_the_bundle_shows_nothing_and_is_private(bundle):
    data = bundle.read_bytes()
    assert data.startswith(b"keyswitch-bundle/1\n")
    assert not any(w in data for w in (KEY.encode(), b"work", b"gw.example"))
    assert bundle.stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_overwritten_only_when_asked(full, bundle):
    before = bundle.read_bytes()
    done = full("export", "gw", "--to", "b.ksb", *phrase(full), code=1)
    assert "already exists" in done.error
    assert bundle.read_bytes() == before
    full("export", "gw", "--to", "b.ksb", "--replace", *phrase(full))
    assert bundle.read_bytes() != before


def test_an_existing_profile_is_overwritten_only_when_asked(elsewhere):
    elsewhere.add("work", secret=OTHER)
    assert "already here: work" in take(elsewhere, *ACCEPTED, code=1).error
    assert elsewhere("helper", "api-key", "work").out == OTHER + "\n"
    take(elsewhere, *ACCEPTED, "--replace")
    assert elsewhere("helper", "api-key", "work").out == KEY + "\n"


GUARDS = ("--never", "github.com/acme/*", "--only", "~/clients/**")


def test_what_guards_a_profile_here_stays_with_a_replace(elsewhere):
    elsewhere.add("work", secret=OTHER)
    elsewhere("edit", "work", *GUARDS, "--isolated")
    shown = take(elsewhere, *ACCEPTED, "--replace").out
    assert "github.com/acme/*" in shown
    kept = json.loads(elsewhere("show", "work", "--json").out)["profile"]
    assert kept["never"] == ["github.com/acme/*"]
    assert kept["only"] == ["~/clients/**"]
    assert kept["isolated"]


def test_every_setting_of_a_bundle_is_shown(full, elsewhere):
    full("edit", "work", *GUARDS, "--isolated", "--expires", "2031-01-01",
         "--expect", "api")  # fmt: skip
    full("export", "work", "--to", "c.ksb", *phrase(full))
    elsewhere.file("b.ksb").write_bytes(full.file("c.ksb").read_bytes())
    shown = take(elsewhere, "--dry-run").out
    for setting in (*GUARDS[1::2], "isolated", "2031-01-01", "expect"):
        assert setting in shown
    told = json.loads(
        take(elsewhere, "--dry-run", "--json").out.split("\n{")[0]
    )
    assert told["profiles"][0]["expires"] == "2031-01-01"
    assert told["profiles"][0]["never"] == ["github.com/acme/*"]


def test_the_active_profile_s_claude_files_follow_an_import(elsewhere):
    elsewhere.add("gw", "--set", "base_url=https://old.example.com",
                  provider="gateway", secret=OTHER[-30:])  # fmt: skip
    elsewhere("use", "gw")
    take(elsewhere, *ACCEPTED, "--replace")
    settings = json.loads(elsewhere.file(".claude/settings.json").read_text())
    assert settings["env"]["ANTHROPIC_BASE_URL"] == URL


def test_a_host_that_nobody_accepted_stops_everything(elsewhere):
    done = take(elsewhere, "--yes", "--store", "vault", code=2)
    assert "would send its secret to gw.example.com" in done.error
    assert elsewhere("list", "--json").out.count('"name"') == 0
    take(elsewhere, "work", "--yes", "--store", "vault")
    assert elsewhere("current", code=1).out == ""


def test_the_file_of_an_own_provider_has_to_be_there_first(full, elsewhere):
    acme = ROOT / "examples/providers/acme.toml"
    folder = ".config/keyswitch/providers"
    full.file(folder).mkdir(mode=0o700)
    full.file(folder).joinpath("acme.toml").write_bytes(acme.read_bytes())
    host = ("--set", "host=acme.example.com")
    full.add("own", *host, provider="acme", secret="acme_FAKE00EXAMPLE")
    full("export", "own", "--to", "own.ksb", *phrase(full))
    elsewhere.file("b.ksb").write_bytes(full.file("own.ksb").read_bytes())
    refused = take(elsewhere, *ACCEPTED, code=1).err
    assert f"copy its file first: {elsewhere.file(folder)}/acme.toml" in refused


def test_without_a_yes_nothing_is_imported(elsewhere):
    done = take(elsewhere, *ACCEPTED[1:], code=2)
    assert "needs confirmation" in done.error
    assert elsewhere("list", "--json").out.count('"name"') == 0


def test_a_dry_run_shows_everything_but_the_secrets(elsewhere):
    shown = take(elsewhere, "--dry-run").out
    assert URL in shown
    assert "Acme, API" in shown
    assert KEY not in shown
    assert elsewhere("list", "--json").out.count('"name"') == 0


def test_one_undo_takes_all_of_it_back(elsewhere):
    before = elsewhere("list").out
    take(elsewhere, *ACCEPTED)
    elsewhere("undo")
    assert elsewhere("list").out == before


def test_a_wrong_passphrase_says_so(elsewhere):
    elsewhere.file("phrase").write_text("FAKE something else entirely")
    done = take(elsewhere, *ACCEPTED, code=5)
    assert done.error == "wrong passphrase for the bundle"


@pytest.mark.parametrize(
    "data", [b"", b"PK\3\4", b"keyswitch-bundle/1\n{}\n\n", b"x" * (5 << 20)]
)
def test_what_is_no_bundle_is_refused(elsewhere, data):
    elsewhere.file("b.ksb").write_bytes(data)
    take(elsewhere, *ACCEPTED, code=1)


def test_a_vault_is_no_bundle_and_a_bundle_no_vault(elsewhere, bundle):
    vault = elsewhere.file(".local/share/keyswitch/vault.ksv")
    elsewhere.file("b.ksb").write_bytes(vault.read_bytes())
    assert "not a keyswitch bundle" in take(elsewhere, *ACCEPTED, code=1).error
    vault.write_bytes(bundle.read_bytes())
    done = elsewhere(
        "add", "x", "--provider", "anthropic", "--store", "vault", "--stdin",
        stdin=KEY, code=1,
    )  # fmt: skip
    assert "the vault is damaged" in done.error


def test_a_fifo_does_not_hang(elsewhere):
    elsewhere.file("b.ksb").unlink()
    os.mkfifo(elsewhere.file("b.ksb"))
    assert "is a FIFO" in take(elsewhere, *ACCEPTED, code=1).error


def test_an_agent_gets_no_export(full):
    done = full(
        "export", "--all", "--to", "c.ksb", *phrase(full), code=1,
        CLAUDECODE="1",
    )  # fmt: skip
    assert "an agent" in done.error
    assert not full.file("c.ksb").exists()


@pytest.mark.parametrize("names", [(), ("work", "--all")])
def test_names_or_all_of_them(full, names):
    full("export", *names, "--to", "c.ksb", *phrase(full), code=2)
