"""Variables that steer programs: bundles, profiles that are here, own files."""

import json

import pytest

from keyswitch.model import Profile
from keyswitch.secret import Secret
from keyswitch.transfer import bundle
from keyswitch.transfer.bundle import Packed
from tests.cli.terminal import COMMAND, Terminal

PHRASE = "FAKE correct horse battery"
CHEAP = {"name": "argon2id", "m": 19 * 1024, "t": 1, "p": 1}
SECRET = "FAKE-acme-EXAMPLE"
BAD = ("GIT_EXTERNAL_DIFF", "ANTHROPIC_BASE_URL", "https_proxy", "ACME_HOME")


def give(ks, provider, fields, **secrets):
    """Put a bundle that somebody made into the home."""
    profile = Profile("x", provider, fields=fields)
    held = {name: Secret(value) for name, value in secrets.items()}
    data = bundle.pack([Packed(profile, held)], PHRASE.encode(), CHEAP)
    ks.file("b.ksb").write_bytes(data)
    ks.file("phrase").write_text(PHRASE)


def take(ks, *args, **how):
    return ks("import", "b.ksb", "--passphrase-file", "phrase", *args, **how)


YES = ("--yes", "--store", "vault")


def test_what_would_run_code_is_refused_with_a_bundle(ks):
    give(ks, "custom", {"env": "GIT_EXTERNAL_DIFF"}, value="touch pwned")
    done = take(ks, *YES, code=1)
    assert "GIT_EXTERNAL_DIFF" in done.error
    assert "a program" in done.error
    assert not ks.profile_file("x").exists()


def test_a_value_that_is_no_secret_is_shown_before_it_is_taken(ks):
    give(ks, "custom", {"env": "ACME"}, value="https://evil.example/x")
    assert "https://evil.example/x" in take(ks, "--dry-run").out
    shown = json.loads(take(ks, "--dry-run", "--json").out.split("\n{")[0])
    assert shown["profiles"][0]["secrets"] == {
        "value": "https://evil.example/x"
    }


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ACME_PLUGIN_NAME", "sk-FAKE0123456789abcdefghEXAMPLE"),
     ("ACME_API_KEY", "bin/r4nd0mlookingpayload1"),
     ("ACME_API_KEY", "sk-x/../../tmp/evil-program")],
)  # fmt: skip
def test_a_program_is_shown_whole_however_it_is_spelt(ks, variable, value):
    give(ks, "custom", {"env": variable}, value=value)
    assert value in take(ks, "--dry-run").out


def test_what_is_named_and_spelt_as_a_key_is_masked(ks):
    give(ks, "custom", {"env": "ACME_KEY"}, value="FAKE0123456789abcdEXAMPLE")
    assert "0123456789" not in take(ks, "--dry-run").out


def test_a_variable_not_called_like_a_key_is_taken_by_a_person_only(ks):
    give(ks, "custom", {"env": "ACME"}, value="FAKE-x")
    done = take(ks, *YES, code=1)
    assert "'x' would set ACME" in done.error
    assert not ks.profile_file("x").exists()
    asked = Terminal(
        ks, *COMMAND, "import", "b.ksb", "--passphrase-file", "phrase", *YES
    )
    asked.sees("let 'x' set ACME").sees("[y/N]").type("y\r")
    assert asked.ends() == 0
    assert ks("run", "x", "--", "printenv", "ACME").out == "FAKE-x\n"


@pytest.mark.parametrize(
    ("provider", "fields", "secret", "host"),
    [
        ("foundry", {"resource": "evil"}, "api_key",
         "evil.services.ai.azure.com"),
        ("github", {"host": "git.evil.example"}, "token", "git.evil.example"),
        ("anthropic", {"base_url": "https://\u0430pi.example.com"}, "api_key",
         "xn--pi-6kc.example.com"),
    ],
)  # fmt: skip
def test_a_host_counts_whichever_field_decides_it(
    ks, provider, fields, secret, host
):
    starts = {"github": "ghp_FAKE", "anthropic": "sk-ant-api03-FAKE"}
    value = starts.get(provider, "FAKE") + "0123456789abcdefEXAMPLE"
    give(ks, provider, fields, **{secret: value})
    assert host in take(ks, *YES, code=2).error
    assert host in take(ks, "--dry-run").out
    take(ks, *YES, "--accept-host", host)
    assert ks.profile_file("x").exists()


@pytest.fixture
def old(ks):
    """A profile that an older version, or somebody by hand, made."""
    ks.add("x", "--set", "env=ACME_KEY", provider="custom", secret=SECRET)

    def rename(variable):
        path = ks.profile_file("x")
        path.write_text(path.read_text().replace("ACME_KEY", variable))
        # Also where what the secret is for says the same.
        for record in ks.file(".local/state/keyswitch/bound").iterdir():
            record.write_text(record.read_text().replace("ACME_KEY", variable))
        return ks

    return rename


@pytest.mark.parametrize("variable", BAD)
def test_a_profile_that_is_here_obeys_too(old, variable):
    ks = old(variable)
    for line in (
        ["env", "x", "--shell", "sh"],
        ["run", "x", "--", "env"],
        ["helper", "api-key", "x"],
        ["use", "x"],
    ):
        done = ks(*line, code=1)
        assert SECRET not in done.out
        assert variable in done.err
        assert "sets" in done.err
    assert variable in ks("edit", "x", "--label", "y", code=1).err
    ks("edit", "x", "--set", "env=ACME_API_KEY")
    assert SECRET in ks("env", "x", "--shell", "sh").out


def test_edit_does_not_name_one(ks):
    ks.add("x", "--set", "env=ACME_KEY", provider="custom", secret=SECRET)
    assert (
        "LD_PRELOAD" in ks("edit", "x", "--set", "env=LD_PRELOAD", code=1).err
    )


OWN = (
    'title = "Acme"\nconstants = {{ {} = "/tmp/x" }}\n'
    '[fields.key]\nsecret = true\nrequired = true\nenv = ["ACME_KEY"]\n'
    '[fields.host]\nenv = ["ACME_HOST"]\n'
)


def own_provider(ks, variable):
    folder = ks.file(".config/keyswitch/providers")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "acme.toml").write_text(OWN.format(variable))


def test_of_a_provider_file_a_person_is_asked_once(ks):
    own_provider(ks, "ACME_DEFAULT")
    ks.add("w", "--set", "host=a.example.com", provider="acme", secret=SECRET)
    own_provider(ks, "NODE_OPTIONS")
    for record in ks.file(".local/state/keyswitch/bound").iterdir():
        record.unlink()
    assert "NODE_OPTIONS" in ks("env", "w", "--shell", "sh", code=1).err
    asked = Terminal(ks, *COMMAND, "use", "w")
    asked.sees("NODE_OPTIONS to '/tmp/x'").sees("[y/N]").type("n\r")
    assert asked.ends() == 1
    assert "NODE_OPTIONS" in ks("use", "w", code=1).err
    asked = Terminal(ks, *COMMAND, "use", "w")
    asked.sees("[y/N]").type("y\r")
    assert asked.ends() == 0
    assert SECRET in ks("env", "w", "--shell", "sh").out


def test_a_provider_file_is_asked_about_when_a_profile_is_made(ks):
    own_provider(ks, "GIT_EXTERNAL_DIFF")
    done = ks.add("w", provider="acme", secret=SECRET, code=1)
    assert "GIT_EXTERNAL_DIFF to '/tmp/x'" in done.error
    assert not ks.profile_file("w").exists()


def agreed(ks):
    """Make a profile whose provider file sets NODE_OPTIONS, with a yes."""
    own_provider(ks, "ACME_DEFAULT")
    ks.add("w", "--set", "host=a.example.com", provider="acme", secret=SECRET)
    own_provider(ks, "NODE_OPTIONS")
    for record in ks.file(".local/state/keyswitch/bound").iterdir():
        record.unlink()
    asked = Terminal(ks, *COMMAND, "use", "w")
    assert asked.sees("[y/N]").type("y\r").ends() == 0
    [record] = ks.file(".local/state/keyswitch/agreed").iterdir()
    return record


def test_a_yes_that_a_newer_keyswitch_kept_is_not_taken(ks):
    record = agreed(ks)
    text = record.read_text().replace('"version": 1', '"version": 2')
    record.write_text(text)
    said = f"{record} was written by a newer keyswitch"
    assert ks("use", "w", code=1).error == said
    assert said in ks("doctor", code=1).out
    assert record.read_text() == text


def test_half_a_record_of_a_yes_is_asked_about_again(ks):
    record = agreed(ks)
    record.write_bytes(record.read_bytes()[:20])
    done = ks("use", "w", code=1)
    assert "NODE_OPTIONS" in done.error
    assert not record.exists()
