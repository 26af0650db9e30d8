"""The examples are what keyswitch does today."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.components import PYTHON, ROOT

SETTINGS = ROOT / "examples" / "claude-settings"

# Example file -> how its profile is added, and the secret.
PROFILES = {
    "anthropic": (
        ["--provider", "anthropic"],
        "sk-ant-api03-FAKE-0123456789abcdefghijEXAMPLE",
    ),
    "gateway": (
        ["--provider", "gateway", "--set",
         "base_url=https://gateway.example.com"],
        "FAKE-gateway-token-0123456789EXAMPLE",
    ),
    "bedrock": (
        ["--provider", "bedrock", "--set", "region=eu-central-1",
         "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE0"],
        "FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK",
    ),
}  # fmt: skip


@pytest.fixture
def keyswitch(home):
    def run(*args, stdin=""):
        subprocess.run(
            [sys.executable, "-P", "-m", "keyswitch", *args],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=home,
            input=stdin, text=True, check=True, capture_output=True,
        )  # fmt: skip

    return run


def own_command():
    installed = os.path.join(os.path.dirname(sys.executable), "keyswitch")
    if os.access(installed, os.X_OK):
        return shlex.quote(installed)
    return f"{PYTHON} -P -m keyswitch"


def test_there_is_a_profile_for_each_example():
    assert {path.stem for path in SETTINGS.iterdir()} == set(PROFILES)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_settings_example_is_what_use_writes(keyswitch, home, name):
    options, secret = PROFILES[name]
    keyswitch("vault", "init", "--machine-key")
    keyswitch(
        "add", name, *options, "--store", "vault", "--stdin", stdin=secret
    )
    keyswitch("use", name)
    text = (home / ".claude" / "settings.json").read_text()
    text = text.replace(own_command(), "/usr/local/bin/keyswitch")
    text = text.replace(str(home), "/home/you")
    assert text == (SETTINGS / f"{name}.json").read_text()


@pytest.mark.parametrize(
    ("script", "last"),
    [
        ("quickstart.sh", "No key lies anywhere"),
        ("directories.sh", "# >>> keyswitch >>>"),
        ("logins.sh", "no login stored; work@example.com"),
    ],
)
def test_an_example_runs_to_its_end(home, tmp_path, script, last):
    launcher = tmp_path / "keyswitch"
    launcher.write_text(
        f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} "
        f'exec {PYTHON} -P -m keyswitch "$@"\n'
    )
    launcher.chmod(0o755)
    done = subprocess.run(
        ["bash", str(ROOT / "examples" / script)],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(home)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert last in done.stdout
    assert list(home.iterdir()) == []


def folder_of(kind):
    return sorted((ROOT / "examples" / kind).glob("*.toml"))


@pytest.mark.parametrize("path", folder_of("profiles"), ids=lambda p: p.stem)
def test_an_example_profile_is_listed_as_a_sound_one(keyswitch, home, path):
    place = home / ".config" / "keyswitch" / "profiles"
    place.mkdir(parents=True, mode=0o700)
    shutil.copy(path, place)
    keyswitch("show", path.stem)


@pytest.mark.parametrize("path", folder_of("providers"), ids=lambda p: p.stem)
def test_an_example_provider_can_be_used(keyswitch, home, path):
    place = home / ".config" / "keyswitch" / "providers"
    place.mkdir(parents=True, mode=0o700)
    shutil.copy(path, place)
    keyswitch("providers", path.stem)


@pytest.mark.parametrize(
    "words",
    [["keyswitch", "use", "work"], ["a b", "", "it's", "$HOME", "*"],
     ["~", "-n", "--x=a b", "\\", '"', "a\nb", "!!", "é"]],
)  # fmt: skip
def test_a_command_is_shown_so_that_it_can_be_typed_again(home, words):
    typing = ROOT / "examples" / "typing.sh"
    script = '. "$0"; eval "printf \'%s\\0\' $(quoted "$@")"'
    done = subprocess.run(
        ["bash", "-c", script, str(typing), *words, f"{home}/a b"],
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\0")[:-1] == [*words, f"{home}/a b"]


def test_the_jobs_of_ci_run_the_commands_of_the_readme():
    done = subprocess.run(
        [ROOT / ".ci" / "readme-commands"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    commands = [line.split()[0] for line in done.stdout.splitlines()]
    assert commands == ["./scripts/try", "./scripts/test"]
    for line in done.stdout.splitlines():
        assert line in (ROOT / "README.md").read_text()
