"""doctor, from a person's chair: look, mend, take back, report."""

import json
import os
import re
import stat

import pytest

from keyswitch.cli.checks.doctor import doctor
from keyswitch.cli.commands import COMMANDS
from keyswitch.targets.verdict import SEVERITIES
from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.diagnosis.fix_lines import faults_of

FLAG = "CLAUDE_CODE_USE_BEDROCK"
TOKEN = "gw-FAKE-doctor-00000000000000000EXAMPLE"
SECRET = "FAKEdoctor/0000000000000000000000EXAMPLE"
AWS_ID = "AKIAFAKE000000EXAMPLE"
OAUTH = "sk-ant-oat01-FAKE-doctor-00000000000000000EXAMPLE"
LOGIN = {
    "claudeAiOauth": {
        "accessToken": OAUTH,
        "refreshToken": "sk-ant-ort01-FAKE",
        "expiresAt": 4102444800000,
        "scopes": ["user:inference", "user:profile"],
        "subscriptionType": "max",
        "accountUuid": "u-1",
    }
}
IDENTITY = {
    "hasCompletedOnboarding": True,
    "oauthAccount": {"accountUuid": "u-1", "emailAddress": "you@x.example"},
}
RC = (
    b"# f\xfcr mich\r\nexport KEEP=1\r\n"
    b"export CLAUDE_CODE_USE_BEDROCK=1\r\nexport K='" + OTHER.encode() + b"'"
)


@pytest.fixture
def bare(tmp_path):
    # Only this PATH, so that no Claude Code of the machine is found.
    home = tmp_path / "home"
    home.mkdir()
    return Keyswitch(home, PATH=str(tmp_path / "bin"))


def write(ks, name, content, mode=0o600):
    path = ks.file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        content = json.dumps(content, indent=2)
    path.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    path.chmod(mode)
    return path


def snapshot(ks):
    """Return bytes and modes of everything, folders too."""
    return ks.everything(), {
        str(path): stat.S_IMODE(path.lstat().st_mode)
        for path in ks.home.rglob("*")
    }


def theirs(ks):
    """Return what is not keyswitch's own, as `snapshot`."""
    data, modes = snapshot(ks)
    return (
        {k: v for k, v in data.items() if "keyswitch" not in k},
        {k: v for k, v in modes.items() if "keyswitch" not in k},
    )


def findings(done):
    document = json.loads(done.out)
    assert list(document) == ["version", "findings"]
    assert document["version"] == 1
    for finding in document["findings"]:
        assert list(finding) == [
            "id", "severity", "what", "why", "fix", "place", "mend",
        ]  # fmt: skip
        assert not faults_of(finding["fix"]), finding["fix"]
    return document["findings"]


def ids(done):
    return {f["id"] for f in findings(done)}


@pytest.fixture
def messy(ks):
    """Give a home in which every kind of repair has something to do."""
    ks.add("work")
    ks("use", "work")
    path = ks.file(".claude/settings.json")
    document = json.loads(path.read_text())
    document["env"] = {
        "ANTHROPIC_FOUNDRY_API_KEY": TOKEN,
        FLAG: "1",
        "A": None,
        "B": None,
        "KEEP": "é",
    }
    write(ks, ".claude/settings.json", document, 0o644)
    config = json.loads(ks.file(".claude.json").read_text())
    config["primaryApiKey"] = OTHER
    tail = config["customApiKeyResponses"]["approved"][0]
    config["customApiKeyResponses"]["rejected"] = [tail, "x" * 20]
    write(ks, ".claude.json", config, 0o640)
    write(ks, ".zshrc", RC)
    ks.file(".claude.json.lock").mkdir()
    os.utime(ks.file(".claude.json.lock"), (1, 1))
    return ks


MENDED = {
    "file-exposed",
    "key-in-both-lists",
    "lock-left",
    "provider-flag-left",
    "setting-null",
}


# ------------------------------------------------------------ healthy homes


def key_profile(ks):
    ks.add("work")
    ks("use", "work")


def gateway_profile(ks):
    ks.add(
        "gate", "--set", "base_url=https://gw.example",
        provider="gateway", secret=TOKEN,
    )  # fmt: skip
    ks("use", "gate")


def rock(ks):
    ks.add(
        "rock", "--set", "region=eu-west-1", "--set",
        f"access_key_id={AWS_ID}", provider="bedrock", secret=SECRET,
    )  # fmt: skip
    ks("use", "rock")


def exported(ks):
    document = json.loads(ks("env", "--shell", "json").out)
    ks.environ.update(document["set"])


def exported_rock(ks):
    rock(ks)
    exported(ks)


def rock_with_session(ks):
    write(ks, "secret", SECRET)
    write(ks, "token", f"{SECRET}/session")
    ks(
        "add", "rock", "--provider", "bedrock", "--store", "vault",
        "--set", "region=eu-west-1", "--set", "access_key_id=ASIAFAKE0EXAMPLE",
        "--from-file", f"secret_access_key={ks.home}/secret",
        "--from-file", f"session_token={ks.home}/token",
    )  # fmt: skip
    ks("use", "rock")
    exported(ks)


def rock_with_bearer(ks):
    write(ks, "token", "ABSKFAKE000000000000000000000000EXAMPLE")
    ks(
        "add", "rock", "--provider", "bedrock", "--store", "vault",
        "--set", "region=eu-west-1",
        "--from-file", f"bearer_token={ks.home}/token",
    )  # fmt: skip
    ks("use", "rock")


def exported_bearer(ks):
    rock_with_bearer(ks)
    exported(ks)


def exported_gateway(ks):
    gateway_profile(ks)
    exported(ks)


def subscription_token(ks):
    ks.add("sub", provider="claude-token", secret=OAUTH)
    ks("use", "sub")
    exported(ks)


def aws_files(ks):
    write(
        ks, ".aws/credentials",
        f"[dev]\naws_access_key_id={AWS_ID}\naws_secret_access_key={SECRET}\n",
    )  # fmt: skip
    ks(
        "add", "rock", "--provider", "bedrock", "--set", "region=eu-west-1",
        "--set", "aws_profile=dev",
    )  # fmt: skip
    ks("use", "rock")


def login(ks):
    write(ks, ".claude/.credentials.json", LOGIN)
    write(ks, ".claude.json", IDENTITY)
    write(ks, ".claude/backups/.claude.json.backup.1", IDENTITY, 0o644)
    write(ks, ".claude/settings.json", {"model": "opus"}, 0o644)


def login_beside(ks):
    login(ks)
    key_profile(ks)


def exported_key(ks):
    key_profile(ks)
    exported(ks)


def one_terminal(ks):
    ks.add("work")
    ks.add("other", secret=OTHER)
    ks("use", "work")
    ks.environ.update(KEYSWITCH_PROFILE="other", ANTHROPIC_API_KEY=OTHER)


HEALTHY = (
    key_profile,
    gateway_profile,
    rock,
    exported_rock,
    rock_with_session,
    rock_with_bearer,
    exported_bearer,
    exported_gateway,
    subscription_token,
    aws_files,
    login,
    login_beside,
    exported_key,
    one_terminal,
)


@pytest.mark.parametrize("make", HEALTHY)
def test_a_healthy_home_has_notes_at_most(ks, make):
    make(ks)
    found = findings(ks("doctor", "--json"))
    assert [f for f in found if f["severity"] != "note"] == []
    who = json.loads(ks("whoami", "--json").out)
    assert who["request"]["sent"]
    assert who["in_use"] is (None if make is login else True)
    assert who["warnings"] == []


# ------------------------------------------------------------------ looking


def test_a_profile_that_no_editor_opens_has_another_fix(ks):
    path = ks.profile_file("work")
    path.mkdir(parents=True)
    assert f"fix: make {path} a file you can read" in ks("doctor", code=1).out


def test_nothing_wrong_is_said_in_so_many_words(bare):
    write(bare, ".claude/.credentials.json", LOGIN)
    write(bare, ".claude.json", IDENTITY)
    done = bare("doctor")
    assert done.out == "no problems found\n"
    assert "your Claude subscription pays: you@x.example, max" in done.err


def test_what_is_found_is_told_with_why_and_fix_gravest_first(messy):
    done = messy("doctor", code=1)
    *groups, summary = done.out.split("\n\n")
    counts = []
    for group in groups:
        head, *lines = group.splitlines()
        number, severity = head.split()
        assert len(lines) == 3 * int(number)
        for what, why, fix in zip(*[iter(lines)] * 3, strict=True):
            assert what.startswith("  ")
            assert why.startswith("    why: ")
            assert fix.startswith("    fix: ")
        counts.append((severity.rstrip("s"), head))
    grades = [SEVERITIES.index(severity) for severity, _ in counts]
    assert grades == sorted(set(grades))
    found = ", ".join(head for _, head in counts)
    assert re.fullmatch(
        rf"found {found}; \d+ fixed by: keyswitch doctor --fix\n", summary
    )


def test_the_document_says_the_same(messy):
    found = findings(messy("doctor", "--json", code=1))
    grades = [SEVERITIES.index(f["severity"]) for f in found]
    assert grades == sorted(grades)
    assert {f["id"] for f in found} >= MENDED
    assert all(f["what"] and f["why"] and f["fix"] for f in found)
    mends = [f["mend"] for f in found if f["id"] == "setting-null"]
    place = messy.file(".claude/settings.json")
    assert mends == [f"{place}: remove env.A", f"{place}: remove env.B"]


@pytest.mark.parametrize(
    "args",
    [(), ("--json",), ("--report",), ("--fix", "--dry-run"), ("--run-helper",)],
)
def test_nothing_is_written_without_a_yes(messy, args):
    before = snapshot(messy)
    messy("doctor", *args, code=1)
    assert snapshot(messy) == before


def test_in_a_home_with_nothing_in_it_nothing_is_made(bare):
    assert ids(bare("doctor", "--json", code=1)) == {"nothing-sent"}
    assert snapshot(bare) == ({}, {})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".local/state/keyswitch/state.json", "{nope"),
        (".config/keyswitch/config.toml", "= nope"),
        (".config/keyswitch/providers/mine.toml", "= nope"),
        (".config/keyswitch/profiles/mine.toml", "= nope"),
        (".claude/settings.json", "{nope"),
        (".claude/settings.json", "[" * 100_000),
        (".claude/.credentials.json", '{"claudeAiOauth": 5}'),
        (".claude.json", "{nope"),
        (".claude.json", '{"customApiKeyResponses": {"rejected": 5}}'),
        (".aws/config", "[nope\n=x"),
        (".zshrc", b"\xff\0"),
    ],
)
def test_whatever_is_broken_it_looks_on(bare, name, content):
    write(bare, name, content)
    environ = {"AWS_PROFILE": "x", FLAG: "1", "KEYSWITCH_PROFILE": "mine"}
    assert findings(bare("doctor", "--json", code=1, **environ))


# ------------------------------------------------------------------ mending


def test_a_dry_run_says_what_it_would_do(messy):
    done = messy("doctor", "--fix", "--dry-run", "--json", code=1)
    said = [line for line in done.err.splitlines() if "would fix: " in line]
    assert len(said) == len([f for f in findings(done) if f["mend"]])
    assert OTHER[-20:] not in done.err + done.out


def test_without_a_yes_and_a_terminal_nothing_changes(messy):
    before = snapshot(messy)
    done = messy("doctor", "--fix", code=2)
    assert done.error.startswith("this needs confirmation")
    assert snapshot(messy) == before


def test_what_was_mended_is_gone_and_undo_brings_all_of_it_back(messy):
    lock = messy.file(".claude.json.lock")
    before = theirs(messy)
    done = messy("doctor", "--fix", "--yes", "--json", code=1)
    assert ids(done) & MENDED == set()
    assert "keyswitch undo" in done.err
    assert ids(messy("doctor", "--json", code=1)) & MENDED == set()
    assert not lock.exists()
    document = json.loads(messy.file(".claude/settings.json").read_text())
    assert set(document["env"]) == {"ANTHROPIC_FOUNDRY_API_KEY", "KEEP"}
    assert messy.file(".zshrc").read_bytes() == RC.replace(
        b"export CLAUDE_CODE_USE_BEDROCK=1\r\n", b""
    )
    messy("undo")
    lock.mkdir()  # an empty folder is no loss
    assert theirs(messy) == before


def test_no_record_holds_a_secret_of_the_edited_files(messy):
    messy("doctor", "--fix", "--yes", code=1)
    kept = {
        name: data
        for name, data in messy.everything().items()
        if name.startswith((".local/state", ".local/share"))
    }
    assert any(name.endswith("undo.json") for name in kept)
    for data in kept.values():
        for secret in (KEY, OTHER, TOKEN):
            assert secret.encode()[8:-4] not in data


@pytest.mark.parametrize("name", [".zshrc", ".claude/settings.json"])
def test_undo_leaves_a_file_that_was_changed_since(messy, name):
    messy("doctor", "--fix", "--yes", code=1)
    with messy.file(name).open("ab") as file:
        file.write(b"\n")
    before = theirs(messy)
    done = messy("undo", code=1)
    assert f"{name} has changed since" in done.error
    assert theirs(messy) == before


def test_a_linked_settings_file_is_followed(ks):
    ks.add("work")
    real = write(ks, "dotfiles/claude.json", {"env": {"A": "1"}})
    link = ks.file(".claude/settings.json")
    link.parent.mkdir()
    link.symlink_to("../dotfiles/claude.json")
    ks("use", "work")
    document = json.loads(real.read_text())
    document["env"][FLAG] = "1"
    before = write(ks, "dotfiles/claude.json", document).read_bytes()
    ks("doctor", "--fix", "--yes")
    assert link.is_symlink()
    assert FLAG not in real.read_text()
    ks("undo")
    assert link.is_symlink()
    assert real.read_bytes() == before


def test_a_file_that_may_not_be_written_stops_everything(messy):
    messy.file(".zshrc").chmod(0o444)
    before = theirs(messy)
    done = messy("doctor", "--fix", "--yes", code=1)
    assert "is read-only" in done.error
    assert theirs(messy) == before


def test_a_lock_alone_leaves_nothing_to_take_back(ks):
    key_profile(ks)
    ks.file(".claude.json.lock").mkdir()
    os.utime(ks.file(".claude.json.lock"), (1, 1))
    done = ks("doctor", "--fix", "--yes")
    assert not ks.file(".claude.json.lock").exists()
    assert "undo" not in done.err


def test_with_nothing_to_mend_it_says_so_and_asks_nothing(ks):
    key_profile(ks)
    before = snapshot(ks)
    assert "nothing that --fix can fix" in ks("doctor", "--fix").err
    assert snapshot(ks) == before


# ------------------------------------------------------------- the options


@pytest.mark.parametrize(
    "args",
    [
        ("--dry-run",),
        ("--yes",),
        ("--report", "--json"),
        ("--nope",),
        ("extra",),
        ("--fix=1",),
    ],
)
def test_options_that_make_no_sense_are_refused(bare, args):
    done = bare("doctor", *args, code=2)
    assert done.error
    assert done.out == ""
    assert len(done.err.splitlines()) == 2


def test_a_report_is_a_text_without_names(messy):
    messy("add", "canary-name", "--provider", "anthropic", "--store", "vault",
          "--stdin", stdin=OTHER)  # fmt: skip
    done = messy("doctor", "--report", code=1)
    for private in (KEY[20:-4], OTHER[20:-4], TOKEN[8:-4], "canary-name"):
        assert private not in done.out
    assert str(messy.home) not in done.out
    assert "provider bedrock" in done.out
    assert "error: [provider-flag-left]" in done.out


def test_help_says_what_the_table_says():
    assert COMMANDS["doctor"][1] in doctor.get_short_help_str(200)


# -------------------------------------------------------------- the helper


@pytest.fixture
def helper(bare):
    """Give a home whose helper leaves a trace when it runs."""
    bare.file("key").write_text(f"{OTHER}\n")
    command = f"echo x >> {bare.home}/ran; read k < {bare.home}/key; echo $k"
    write(bare, ".claude/settings.json", {"apiKeyHelper": command})
    return bare


@pytest.mark.parametrize(
    "args",
    [
        ("whoami",),
        ("whoami", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("doctor", "--report"),
        ("doctor", "--fix", "--yes"),
        ("explain", "Invalid API key"),
    ],
)
def test_a_helper_does_not_run_unless_it_is_asked_for(helper, args):
    helper(*args)
    assert not helper.file("ran").exists()


@pytest.mark.parametrize("command", ["whoami", "doctor"])
def test_a_helper_runs_once_where_it_is_asked_for(helper, command):
    done = helper(command, "--run-helper")
    assert helper.file("ran").read_text() == "x\n"
    assert OTHER[20:-4] not in done.out + done.err


def test_a_helper_that_fails_is_found(bare):
    write(bare, ".claude/settings.json", {"apiKeyHelper": "exit 9"})
    assert "helper-failing" not in ids(bare("doctor", "--json"))
    done = bare("doctor", "--json", "--run-helper", code=1)
    assert "helper-failing" in ids(done)


def test_fix_does_not_deny_what_it_mended_of_its_own_files(ks):
    ks.add("work")
    ks.file(".local/state/keyswitch/undo.json").write_bytes(b"\xff")
    done = ks("doctor", "--fix", "--yes", code=None)
    assert "undo.json" in done.err
    assert "nothing that --fix" not in done.err
    assert "nothing that --fix" in ks("doctor", "--fix", "--yes", code=None).err
