"""use, off, env, run and revoke-local, from a person's chair."""

import json
import signal
import subprocess
import sys

import pytest

from tests.cli.keyswitch import KEY, OTHER
from tests.cli.terminal import COMMAND, Terminal

STATE = ".local/state/keyswitch/state.json"
SETTINGS = '{\n\t"theme" : "dark", "n": 1e5,\n\t"env": { "KEEP": "é" }\n}'


def test_a_second_key_profile_changes_no_file_of_claude_code(ks):
    ks.add("one")
    ks.add("two", secret=OTHER)
    ks.file(".claude").mkdir()
    ks.file(".claude/settings.json").write_text(SETTINGS)
    ks("use", "one")
    before = {
        name: (ks.file(name).read_bytes(), ks.file(name).stat().st_mtime_ns)
        for name in (".claude/settings.json", ".claude.json")
    }
    ks("use", "two")
    for name, (data, modified) in before.items():
        assert ks.file(name).read_bytes() == data
        assert ks.file(name).stat().st_mtime_ns == modified
    assert ks("helper", "claude-code").out == OTHER + "\n"
    ks("use", "-")
    assert ks("helper", "claude-code").out == KEY + "\n"
    ks("off")
    assert ks.file(".claude/settings.json").read_text() == SETTINGS
    assert not ks.file(".claude.json").exists()


def test_a_key_that_is_added_later_is_approved_then(ks):
    ks.add("one")
    ks("use", "one")
    ks.add("two", secret=OTHER)
    config = json.loads(ks.file(".claude.json").read_text())
    assert sorted(config["customApiKeyResponses"]["approved"]) == sorted(
        [KEY[-20:], OTHER[-20:]]
    )


def test_a_profile_that_expired_is_used_and_said_to_have(ks):
    ks.add("one")
    ks("edit", "one", "--expires", "2020-01-31")
    done = ks("use", "one")
    assert "switched to 'one'" in done.err
    assert (
        "'one' expired on 2020-01-31; to store a new secret: keyswitch rotate "
        "one" in done.err
    )
    ks("edit", "one", "--expires", "2999-01-31")
    assert "expired" not in ks("use", "one").err


def test_a_variable_that_outranks_the_profile_is_named_and_exits_4(ks):
    ks.add("one")
    done = ks("use", "one", code=4, CLAUDE_CODE_USE_BEDROCK="1")
    assert "CLAUDE_CODE_USE_BEDROCK" in done.err
    assert "unset CLAUDE_CODE_USE_BEDROCK" in done.err
    assert ks("current").out == "one\n"


def test_a_key_of_the_shell_does_not_outrank_the_profile(ks):
    ks.add("one")
    ks("use", "one", ANTHROPIC_API_KEY="sk-ant-FAKE-stale")
    assert (
        json.loads(ks.file(".claude/settings.json").read_text())["env"][
            "ANTHROPIC_API_KEY"
        ]
        == ""
    )
    ks("use", "one", ANTHROPIC_API_KEY=KEY)


def test_a_project_s_settings_that_outrank_it_are_named_with_their_file(ks):
    ks.add("one")
    ks("use", "one")
    project = ks.file("project/.claude")
    project.mkdir(parents=True)
    (project / "settings.json").write_text('{"apiKeyHelper": "echo FAKE"}')
    from keyswitch.switching.activation.effect import effect_of
    from keyswitch.workspace import Workspace

    workspace = Workspace(ks.environ, cwd=str(project.parent))
    _, findings = effect_of(workspace, workspace.load("one")[0])
    assert findings[0].place == f"{project}/settings.json:1"
    assert findings[0].place in findings[0].fix


def test_claude_config_dir_is_respected(ks):
    ks.add("one")
    place = ks.file("elsewhere")
    ks("use", "one", CLAUDE_CONFIG_DIR=str(place))
    assert "apiKeyHelper" in (place / "settings.json").read_text()
    assert (place / ".claude.json").exists()
    assert not ks.file(".claude").exists()
    ks("off", CLAUDE_CONFIG_DIR=str(place))
    assert not (place / "settings.json").exists()


def test_a_dry_run_shows_keys_and_changes_nothing(ks):
    ks.add("one")
    before = ks.everything()
    text = ks("use", "one", "--dry-run").out
    assert "apiKeyHelper" in text
    assert ks.everything() == before


def changed_keys(ks, *args):
    """Return the places that a dry run names."""
    lines = ks(*args, "--dry-run").out.splitlines()
    return [line.replace(f"{ks.home}/", "").split(" ")[:2] for line in lines]


HELPER_KEYS = [
    [".claude/settings.json:", key]
    for key in (
        "apiKeyHelper",
        "env.ANTHROPIC_API_KEY",
        "env.ANTHROPIC_AUTH_TOKEN",
        "env.CLAUDE_CODE_OAUTH_TOKEN",
    )
]
APPROVED = [".claude.json:", "customApiKeyResponses.approved"]
ACTIVE = [STATE + ":", "active:"]


def test_a_dry_run_lists_what_would_change_and_no_more(ks):
    ks.add("one")
    ks.add("two", secret=OTHER)
    assert changed_keys(ks, "off") == [["nothing", "to"]]
    assert changed_keys(ks, "use", "one") == [ACTIVE, *HELPER_KEYS, APPROVED]
    ks("use", "one")
    assert changed_keys(ks, "use", "one") == [["nothing", "to"]]
    assert changed_keys(ks, "use", "two") == [ACTIVE]
    assert changed_keys(ks, "off") == [ACTIVE, *HELPER_KEYS, APPROVED]
    ks("off")
    assert changed_keys(ks, "off") == [["nothing", "to"]]


def test_a_dry_run_of_off_names_what_comes_back_without_its_value(ks):
    ks.add("one")
    ks.file(".claude").mkdir()
    ks.file(".claude/settings.json").write_text(
        '{"apiKeyHelper": "cat FAKE-own"}'
    )
    ks("use", "one")
    before = ks.everything()
    text = ks("off", "--dry-run").out
    assert "apiKeyHelper changed" in text
    assert "env.ANTHROPIC_API_KEY removed" in text
    assert "FAKE-own" not in text
    assert ks.everything() == before


def test_a_displaced_key_comes_back_and_lies_nowhere_meanwhile(ks):
    ks.add("one")
    ks.file(".claude").mkdir()
    text = '{"env": {"ANTHROPIC_API_KEY": "sk-ant-FAKE-displaced"}}'
    ks.file(".claude/settings.json").write_text(text)
    ks("use", "one")
    for path, data in ks.everything().items():
        assert b"FAKE-displaced" not in data, path
    ks("off")
    assert ks.file(".claude/settings.json").read_text() == text


def test_no_file_argument_or_output_of_a_whole_life_holds_a_secret(ks):
    ks.add("one")
    said = ""
    for args in (
        ["use", "one"],
        ["list"],
        ["show", "one", "--json"],
        ["use", "one", "--dry-run"],
        ["current", "--json"],
        ["history", "--json"],
        ["revoke-local", "--all", "--dry-run", "--json"],
        ["edit", "one", "--label", "x"],
        ["copy", "one", "two"],
        ["remove", "two", "--yes"],
        ["undo"],
        ["vault", "status", "--json"],
        ["off"],
    ):
        done = ks(*args)
        said += done.out + done.err
    done = ks("rotate", "one", "--stdin", stdin=OTHER)
    said += done.out + done.err
    for secret in (KEY, OTHER):
        assert secret not in said
        for path, data in ks.everything().items():
            for form in (secret, secret[::-1], secret.encode().hex()):
                assert form.encode() not in data, path


def test_env_of_nothing_says_nothing(ks):
    for args in ([], ["--unset"]):
        done = ks("env", *args, "--shell", "bash")
        assert (done.out, done.err) == ("", "")


def test_env_fails_in_one_line_with_nothing_on_stdout(ks):
    done = ks("env", "nobody", "--shell", "bash", code=1)
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "nobody" in done.err


def test_env_refuses_a_shell_that_it_does_not_know(ks):
    ks.add("one")
    assert "unknown shell" in ks("env", "one", "--shell", "tcsh", code=2).err


def test_the_fast_lane_and_the_full_command_print_the_same(ks):
    ks.add("one", "--set", "base_url=https://g.example.com")
    full = ks("env", "one", "--shell", "bash").out
    assert ks("env", "one", "--shell", "bash").out == full
    assert ks("-q", "env", "one", "--shell", "bash").out == full
    assert ks("helper", "api-key", "one").out == KEY + "\n"


def test_run_passes_the_profile_and_nothing_that_competes(ks):
    ks.add("one")
    done = ks(
        "run", "one", "--", sys.executable, "-c",
        "import os, json; print(json.dumps(dict(os.environ)))",
        ANTHROPIC_AUTH_TOKEN="FAKE", CLAUDE_CODE_USE_BEDROCK="1",
    )  # fmt: skip
    seen = json.loads(done.out)
    assert seen["ANTHROPIC_API_KEY"] == KEY
    assert "ANTHROPIC_AUTH_TOKEN" not in seen
    assert "CLAUDE_CODE_USE_BEDROCK" not in seen


def test_run_passes_exit_codes_and_signals_through(ks):
    ks.add("one")
    ks("run", "one", "--", "sh", "-c", "exit 7", code=7)
    ks("run", "one", "--", "sh", "-c", "kill -TERM $$", code=-signal.SIGTERM)
    assert (
        "command not found"
        in ks("run", "one", "--", "nonexistent", code=1).error
    )


def test_a_locked_vault_gives_the_helper_nothing_to_say(ks):
    ks.add("one")
    ks("use", "one")
    ks.file(".local/state/keyswitch/machine.key").unlink()
    ks("lock")
    done = ks("helper", "claude-code", code=5)
    assert done.out == ""
    assert "machine key" in done.err


def test_a_helper_answers_for_the_account_that_the_shell_exports(ks):
    ks.add("one")
    ks.add("two", secret=OTHER)
    ks("use", "two")
    marker = "one:f:s:ANTHROPIC_API_KEY:"
    done = ks(
        "helper", "claude-code", KEYSWITCH_ENV=marker, ANTHROPIC_API_KEY=KEY
    )
    assert done.out == KEY + "\n"
    done = ks("helper", "claude-code", KEYSWITCH_PROFILE="one")
    assert done.out == KEY + "\n"


def test_an_earlier_use_s_gone_profile_is_named(ks):
    ks.add("one")
    ks("use", "one")
    ks.profile_file("one").unlink()
    assert "no profile named 'one'" in ks("helper", "claude-code", code=1).err
    ks("off")


LOGIN = {
    "claudeAiOauth": {
        "accessToken": "",
        "refreshToken": "",
        "expiresAt": 0,
        "scopes": ["user:inference"],
    },
    "mcpOAuth": {"x": {"accessToken": "FAKE-mcp"}},
}


def test_revoke_local_removes_what_is_stale_and_keeps_the_rest(ks):
    ks.add("one")
    folder = ks.file(".claude")
    (folder / "backups").mkdir(parents=True)
    (folder / ".credentials.json").write_text(json.dumps(LOGIN))
    backup = folder / "backups/.claude.json.backup.1"
    backup.write_text('{"primaryApiKey":"sk-ant-FAKE-old","x":1}')
    done = json.loads(ks("revoke-local", "--yes", "--json").out)
    kinds = [found["stale"] for found in done["removed"]]
    assert kinds == [
        "an older version of the vault",
        "blanked: its last renewal was rejected",
        "an old copy",
    ]
    assert done["left"] == []
    kept = json.loads((folder / ".credentials.json").read_text())
    assert kept == {"mcpOAuth": LOGIN["mcpOAuth"]}
    assert json.loads(backup.read_text()) == {"x": 1}
    assert ks("helper", "api-key", "one").out == KEY + "\n"


def test_revoke_local_of_a_name_finds_every_copy_of_its_key(ks):
    ks.add("one")
    ks.add("two", secret=OTHER)
    ks.file(".claude").mkdir()
    settings = ks.file(".claude/settings.json")
    settings.write_text(json.dumps({"env": {"ANTHROPIC_API_KEY": KEY}}))
    rc = ks.file(".bashrc")
    rc.write_text(f"a=1\nexport ANTHROPIC_API_KEY={KEY}\nb=2\n")
    sources = {
        f["source"].rpartition("/")[2]
        for f in json.loads(
            ks("revoke-local", "one", "--dry-run", "--json").out
        )["found"]
    }
    assert sources == {
        "vault: one.api_key",
        "settings.json: env.ANTHROPIC_API_KEY",
        ".bashrc:2 (ANTHROPIC_API_KEY)",
    }
    ks("revoke-local", "one", "--yes")
    assert rc.read_text() == "a=1\nb=2\n"
    assert KEY not in settings.read_text()
    ks("helper", "api-key", "one", code=1)
    assert ks("helper", "api-key", "two").out == OTHER + "\n"


def test_revoke_local_all_leaves_no_secret_of_ours(ks):
    ks.add("one")
    ks("use", "one")
    ks("rotate", "one", "--stdin", stdin=OTHER)
    done = ks("revoke-local", "--all", "--yes")
    assert "0 left" in done.err
    assert "console.anthropic.com" in done.err
    ks("current", code=1)
    assert not ks.file(".claude/settings.json").exists()
    from keyswitch.profiles.paths import resolve
    from keyswitch.secrets.vault.reading import Vault

    assert Vault(resolve(ks.environ)).entries() == {}


def test_revoke_local_asks_first(ks):
    ks.add("one")
    assert "confirmation" in ks("revoke-local", "one", code=2).error
    ks("revoke-local", "one", "--all", "--yes", code=2)


@pytest.mark.parametrize(
    ("args", "question"),
    [
        ("add w --provider anthropic --store vault", "API key:"),
        ("unlock", "passphrase:"),
    ],
)
def test_ctrl_c_at_a_hidden_question_changes_nothing(ks, args, question):
    before = ks.everything()
    terminal = Terminal(ks, *COMMAND, *args.split()).sees(question)
    terminal.type("sk-ant-FAKE-typed\x03").until_the_end()
    assert terminal.ends() == 130
    assert "interrupted, nothing changed" in terminal.raw
    assert "FAKE-typed" not in terminal.raw
    assert ks.everything() == before


def test_two_switches_at_once_both_finish(ks):
    ks.add("one")
    ks.add("two", secret=OTHER)
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "keyswitch", "use", name],
            env=ks.environ, cwd=ks.home, stderr=subprocess.DEVNULL,
        )
        for name in ("one", "two") * 4
    ]  # fmt: skip
    assert {run.wait() for run in runs} == {0}
    assert ks("current").out in ("one\n", "two\n")
    ks("off")
    assert not ks.file(".claude/settings.json").exists()


def test_a_passphrase_vault_in_a_shell_without_a_keyring(bare, monkeypatch):
    secret = bare.file("passphrase")
    secret.write_text("correct horse battery\n")
    runtime = bare.file("runtime")
    runtime.mkdir(mode=0o700)
    given = ["--passphrase-file", str(secret)]
    bare.environ["XDG_RUNTIME_DIR"] = str(runtime)
    bare.environ["CREDENTIALS_DIRECTORY"] = str(bare.file("credentials"))
    bare.file("credentials").mkdir()
    bare.file("credentials/keyswitch-passphrase").write_text(
        "correct horse battery\n"
    )
    bare("vault", "init", *given)
    bare.add("one")
    del bare.environ["CREDENTIALS_DIRECTORY"]
    bare("lock")
    assert "locked" in bare("helper", "api-key", "one", code=5).err
    done = bare("unlock", *given)
    if done.out:  # no session keyring here
        value = done.out.split("'")[1]
        bare.environ["KEYSWITCH_SESSION"] = value
    assert bare("helper", "api-key", "one").out == KEY + "\n"
    bare("lock")
    bare("helper", "api-key", "one", code=5)


def test_a_document_holds_the_variables_and_nothing_of_ours(ks):
    ks.add("one")
    assert ks("env", "one", "--format", "dotenv").out == (
        f"ANTHROPIC_API_KEY={KEY}\n"
    )
    for args in (["--format", "json"], ["--json"], ["--shell", "json"]):
        found = json.loads(ks("env", "one", *args).out)
        assert found["set"] == {"ANTHROPIC_API_KEY": KEY}
        assert "ANTHROPIC_AUTH_TOKEN" in found["unset"]


def test_run_gives_a_program_the_signals_that_a_shell_gives_it(ks):
    ks.add("work")
    ignored = ks("run", "work", "--", "grep", "SigIgn", "/proc/self/status").out
    mask = int(ignored.split()[1], 16)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        assert not mask & 1 << (number - 1)


def test_run_without_a_program_says_so(ks):
    ks.add("work")
    done = ks("run", "work", "--", "--", code=2)
    assert done.error == "no command after --"
