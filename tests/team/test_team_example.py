"""examples/team: its commands and files do what its README says."""

import hashlib
import re
import shlex
import subprocess

import pytest

from tests.cli.terminal import Terminal
from tests.components import PYTHON, ROOT
from tests.diagnosis import servers
from tests.real.certificates import Authority
from tests.secrets.references.vault_stub import ROLE_ID, SECRET_ID, VaultStub
from tests.secrets.references.vault_stub import ROOT as TOKEN

EXAMPLE = ROOT / "examples/team"
TEAM_FILE = EXAMPLE / "keyswitch-team.toml"
KEY = "sk-ant-api03-FAKE-team-0123456789abcdefghijEXAMPLE"
# Programs of others that the examples name.
OTHERS = {
    "pipx": 'echo "installed $2"',
    # The real one gets its key from the helper, too.
    "claude": 'echo "claude has $(keyswitch helper claude-code)"',
    "keyswitch": f'PYTHONPATH={shlex.quote(str(ROOT))} '
    f'exec {PYTHON} -P -m keyswitch "$@"',
}  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vault(authority):
    with VaultStub(authority.context("localhost")) as server:
        server.ca_file = authority.ca_file
        server.versions["team/claude"] = [({"key": KEY}, "")]
        yield server


class Person:
    """A home, and a PATH with keyswitch on it."""

    def __init__(self, folder, name):
        self.home = folder / name
        self.home.mkdir()
        bin_ = folder / f"{name}-bin"
        bin_.mkdir()
        for program, body in OTHERS.items():
            (bin_ / program).write_text(f"#!/bin/sh\n{body}\n")
            (bin_ / program).chmod(0o755)
        self.environ = {
            "HOME": str(self.home),
            "PATH": f"{bin_}:/usr/bin:/bin",
            "GIT_CONFIG_NOSYSTEM": "1",
            "VAULT_TOKEN": TOKEN,
        }

    def types(self, line, **environ):
        """Type a line where nobody can be asked; return what it prints."""
        done = subprocess.run(
            ["bash", "-euc", line],
            cwd=self.home, env={**self.environ, **environ},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def answers(self, line, question, answer):
        asked = Terminal(self, "bash", "-euc", line, lines=60, columns=200)
        asked.sees(question).type(f"{answer}\n")
        assert asked.ends() == 0, asked.shown

    def lay(self, source, server, place=".config/keyswitch/config.toml"):
        """Lay a file of the example, with a server that is here."""
        path = self.home / place
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(here(source.read_text(), server))


def here(text, server):
    """Return a text with the address of a server that is here."""
    address = 'address = "https://vault.example.com"'
    assert address in text
    own = f'address = "{server.address}"\nca_file = "{server.ca_file}"'
    return text.replace(address, own)


def commands():
    """Return the lines of the README's part about the second colleague."""
    text = (EXAMPLE / "README.md").read_text()
    part = text.partition("## From zero")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    return [block.splitlines() for block in blocks]


@pytest.mark.real("git", "bash")
def test_five_commands_lead_to_a_second_colleague(tmp_path, vault):
    keeper, colleague = commands()
    assert len(keeper) + len(colleague) == 5
    first, second = Person(tmp_path, "first"), Person(tmp_path, "second")
    server = tmp_path / "server"
    first.types(f"git init -q --bare -b main {server}/profiles")
    for person in (first, second):
        (person.home / ".gitconfig").write_text(
            f'[url "{server}/"]\n\tinsteadOf = git@git.example.com:acme/\n'
            "[user]\n\tname = Somebody\n\temail = somebody@example.com\n"
        )
    first.types("git clone -q git@git.example.com:acme/profiles profiles")
    (first.home / "profiles/keyswitch-team.toml").write_text(
        TEAM_FILE.read_text()
    )
    for line in keeper:
        first.types(line)
    *before, last = colleague
    for line in before:
        second.types(line)
    second.answers(last, "accept it? type yes:", "yes")
    second.lay(EXAMPLE / "vault.toml", vault)
    said = second.types("keyswitch run api -- claude -p hi")
    assert said.endswith(f"claude has {KEY}\n"), said
    assert "gateway" in second.types("keyswitch list")


@pytest.mark.real("bash")
def test_the_job_of_ci_gets_the_key_by_oidc(tmp_path, vault):
    job = Person(tmp_path, "job")
    del job.environ["VAULT_TOKEN"]
    text = (EXAMPLE / "github-actions.yml").read_text()
    lines = text.partition("- run: |\n")[2].splitlines()
    script = "\n".join(line[10:] for line in lines)
    (job.home / "profiles").mkdir()
    path = job.home / "profiles/keyswitch-team.toml"
    path.write_text(TEAM_FILE.read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    given = servers.Reply(body={"value": "eyJ-FAKE-EXAMPLE"})
    with servers.Service(given) as github:
        said = job.types(
            here(script, vault),
            TEAM_SHA256=digest,
            ACTIONS_ID_TOKEN_REQUEST_URL=f"{github.url}/job?api-version=2.0",
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="FAKE-ask",
        )
    assert f"claude has {KEY}" in said
    assert "POST auth/jwt/login" in vault.asked()


def hash_of_zeros():
    text = (EXAMPLE / "github-actions.yml").read_text()
    return re.search(r"TEAM_SHA256: (\w+)", text)[1]


def playbook_s_command(digest):
    text = (EXAMPLE / "fleet/playbook.yml").read_text()
    (line,) = re.findall(r"cmd: (.*)", text)
    assert "/etc/keyswitch/team.toml" in line
    return line.replace("{{ team_hash }}", digest)


def mdm_s_command(digest):
    text = (EXAMPLE / "fleet/mdm.sh").read_text().partition("\n")[2]
    return f"set -- {digest}\n{text}"


@pytest.mark.parametrize("command", [playbook_s_command, mdm_s_command])
@pytest.mark.real("bash")
def test_a_machine_takes_the_file_that_was_laid_and_no_other(
    tmp_path, vault, command
):
    machine = Person(tmp_path, "machine")
    path = tmp_path / "team.toml"
    path.write_text(TEAM_FILE.read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    line = command(digest).replace("/etc/keyswitch/team.toml", str(path))
    assert "3 profiles new" in machine.types(line)
    assert "nothing changed" in machine.types(line)
    text = here((EXAMPLE / "fleet/config.toml").read_text(), vault)
    own = machine.home / ".config/keyswitch"
    role = re.search(r'role_id = "([0-9-]+)"', text)[1]
    (own / "config.toml").write_text(text.replace(role, ROLE_ID))
    (own / "secret-id").write_text(SECRET_ID)
    (own / "secret-id").chmod(0o600)
    del machine.environ["VAULT_TOKEN"]
    said = machine.types("keyswitch run api -- claude -p hi")
    assert said.endswith(f"claude has {KEY}\n"), said
    path.write_text(TEAM_FILE.read_text().replace("gateway.ex", "evil.ex"))
    with pytest.raises(AssertionError, match="hash is"):
        machine.types(line)


def test_the_hash_in_the_workflow_is_nobody_s():
    assert set(hash_of_zeros()) == {"0"}
    assert len(hash_of_zeros()) == len(hashlib.sha256(b"").hexdigest())
