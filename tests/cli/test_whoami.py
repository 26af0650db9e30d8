"""whoami: what it prints, in which form, and with which exit status."""

import json
import os
import subprocess
import sys

import pytest

from tests import claude_setups
from tests.cli.keyswitch import KEY, OTHER
from tests.diagnosis.test_resolver import STATUS

LOGIN = "sk-ant-oat01-FAKE-stored-login-0000000000000000EXAMPLE"


def login(ks, token=LOGIN):
    folder = ks.file(".claude")
    folder.mkdir(exist_ok=True)
    entry = {
        "accessToken": token,
        "refreshToken": token.replace("oat", "ort"),
        "expiresAt": 4_102_444_800_000,
        "scopes": ["user:inference"],
        "subscriptionType": "max",
    }
    path = folder / ".credentials.json"
    path.write_text(json.dumps({"claudeAiOauth": entry}))
    path.chmod(0o600)


def settings(ks, **document):
    ks.file(".claude").mkdir(exist_ok=True)
    ks.file(".claude/settings.json").write_text(json.dumps(document, indent=1))


def asked(ks, *args, code=0, **environ):
    return json.loads(ks("whoami", "--json", *args, code=code, **environ).out)


def test_the_documented_form(ks):
    ks.add("work")
    document = asked(ks, ANTHROPIC_API_KEY=KEY)
    assert document["version"] == 1
    assert document["claude_code"] == {
        "logged_in": True,
        "auth_method": "api_key",
        "api_provider": "firstParty",
        "api_key_source": "ANTHROPIC_API_KEY",
        "email": None,
        "org_name": None,
        "subscription_type": None,
    }
    assert document["request"]["sent"] is True
    assert document["request"]["authorization"] is None
    key = document["request"]["x-api-key"]
    assert key["scheme"] == "raw"
    assert key["masked"] == f"sk-ant-api03-…{KEY[-4:]}"
    assert key["profile"] == "work"
    assert key["source"] == {
        "kind": "environment",
        "name": "ANTHROPIC_API_KEY",
        "set_by": "process",
    }
    assert document["shadowed"] == []
    assert document["who_pays"] == "work pays: API billing (Anthropic API)"


def test_what_is_shadowed_says_by_what_and_whose_it_is(ks):
    ks.add("work")
    login(ks)
    [entry] = asked(ks, ANTHROPIC_API_KEY=OTHER)["shadowed"]
    assert entry["masked"] == f"sk-ant-oat01-…{LOGIN[-4:]}"
    assert entry["profile"] is None
    assert entry["because"] == "ANTHROPIC_API_KEY comes before it"
    assert entry["source"]["path"] == str(ks.file(".claude/.credentials.json"))


def test_a_helper_is_not_run_unless_that_is_asked_for(ks):
    settings(ks, apiKeyHelper=f"touch ran; echo {OTHER}")
    request = asked(ks)["request"]
    assert request["x-api-key"]["masked"] is None
    assert "--run-helper" in request["x-api-key"]["why_unknown"]
    assert not ks.file("ran").exists()
    request = asked(ks, "--run-helper")["request"]
    assert request["authorization"]["masked"] == f"sk-ant-api03-…{OTHER[-4:]}"
    assert ks.file("ran").exists()


def test_an_empty_answer_is_shown_as_empty(ks):
    settings(ks, apiKeyHelper="true")
    request = asked(ks, "--run-helper")["request"]
    assert request["x-api-key"]["masked"] == ""
    assert request["sent"] is True


def test_the_helper_of_keyswitch_is_known_without_running_it(ks):
    ks.add("work")
    ks("use", "work")
    document = asked(ks)
    for header in ("x-api-key", "authorization"):
        assert document["request"][header]["profile"] == "work"
        assert document["request"][header]["masked"].endswith(KEY[-4:])
    assert document["active"] == "work"
    assert document["in_use"] is True
    assert document["request"]["bill"] == "api"


UNUSABLE = {
    "profile-broken": ("provider", "="),
    "profile-refused": ("anthropic", "gone"),
    "profile-missing": ("", ""),
}


@pytest.mark.parametrize("check", UNUSABLE)
def test_a_profile_that_cannot_be_used_pays_for_nothing(ks, check):
    ks.add("work")
    ks("use", "work")
    path = ks.profile_file("work")
    path.write_text(path.read_text().replace(*UNUSABLE[check], 1))
    if check == "profile-missing":
        path.unlink()
    document = asked(ks, code=4)
    assert document["who_pays"].startswith("nobody pays")
    assert document["warnings"][0]["id"] == check
    assert "nobody pays" in ks("doctor", code=1).err


def test_doctor_says_who_pays_as_whoami_does(ks):
    ks.add("work")
    ks("use", "work")
    ks("edit", "work", "--never", str(ks.home))
    pays = asked(ks, code=4)["who_pays"]
    assert pays.startswith("nobody pays")
    assert f"keyswitch: {pays}\n" in ks("doctor", code=None).err


def test_options_of_claude_come_after_two_dashes(ks):
    text = json.dumps({"env": {"ANTHROPIC_API_KEY": OTHER}})
    key = asked(ks, "--", "--settings", text)["request"]["x-api-key"]
    assert key["masked"] == f"sk-ant-api03-…{OTHER[-4:]}"
    assert key["source"]["set_by"] == "flag"
    settings(ks, env={"ANTHROPIC_API_KEY": KEY})
    asked(ks, "--", "--setting-sources", "local", code=1)
    done = ks("whoami", "--", "--settings", code=1)
    assert done.error == "--settings has no value"


def test_something_else_than_the_active_profile_is_exit_4(ks):
    ks.add("work")
    ks("use", "work")
    ks("whoami", ANTHROPIC_API_KEY=OTHER)  # cancelled in settings.json
    ks.file(".config/keyswitch/config.toml").write_text('shell_keys = "keep"')
    ks("use", "work", ANTHROPIC_API_KEY=OTHER, code=4)
    done = ks("whoami", code=4, ANTHROPIC_API_KEY=OTHER)
    assert "'work' is active, but ANTHROPIC_API_KEY" in done.out
    assert "unset ANTHROPIC_API_KEY" in done.out
    document = asked(ks, code=4, ANTHROPIC_API_KEY=OTHER)
    assert document["in_use"] is False
    assert "profile-not-in-use" in [w["id"] for w in document["warnings"]]


def test_no_credential_at_all_is_exit_1(ks):
    done = ks("whoami", code=1)
    assert "no credential found" in done.out


def test_the_start_file_that_sets_a_variable_is_named(ks):
    ks.file(".zshrc").write_text(f"# mine\nexport ANTHROPIC_API_KEY={KEY}\n")
    done = ks("whoami", ANTHROPIC_API_KEY=KEY)
    assert "ANTHROPIC_API_KEY, set in ~/.zshrc:2" in done.out
    source = asked(ks, ANTHROPIC_API_KEY=KEY)["request"]["x-api-key"]["source"]
    assert source["start_file"] == {
        "path": str(ks.file(".zshrc")),
        "line": 2,
        "certain": True,
    }


def test_the_settings_file_that_sets_it_is_named_with_its_line(ks):
    settings(ks, env={"ANTHROPIC_AUTH_TOKEN": OTHER})
    done = ks("whoami")
    assert "ANTHROPIC_AUTH_TOKEN in ~/.claude/settings.json:3" in done.out


def test_a_guard_that_does_not_hold_is_named(ks):
    ks.add("work")
    ks.profile_file("work").write_text(
        ks.profile_file("work").read_text().replace(
            'provider = "anthropic"', 'provider = "anthropic"\nexpect = "api"'
        )
    )  # fmt: skip
    ks("use", "work")
    login(ks)
    settings(ks)
    document = asked(ks, code=4)
    assert document["request"]["bill"] == "subscription"
    assert "wrong-bill" in [w["id"] for w in document["warnings"]]


def test_two_accounts_in_one_request_are_warned_of(ks):
    done = ks("whoami", ANTHROPIC_API_KEY=KEY, ANTHROPIC_AUTH_TOKEN=OTHER)
    assert "one request carries two credentials" in done.out


def test_a_repository_that_redirects_a_login_is_an_error(ks):
    login(ks)
    project = ks.file("repo/.claude")
    project.mkdir(parents=True)
    (project / "settings.json").write_text(
        '{"env": {"ANTHROPIC_BASE_URL": "https://evil.example.com"}}'
    )
    done = ks.at("repo", "whoami", "--json", code=None)
    [warning] = [
        w
        for w in json.loads(done.out)["warnings"]
        if w["id"] == "key-to-other-host"
    ]
    assert warning["severity"] == "error"
    assert warning["place"] == f"{project}/settings.json:1"
    assert "evil.example.com" in warning["what"]


def test_nothing_is_written(ks):
    ks.add("work")
    ks("use", "work")
    login(ks)
    before = ks.everything()
    ks("whoami", ANTHROPIC_API_KEY=OTHER)
    ks("whoami", "--json", "--run-helper")
    assert ks.everything() == before


def test_no_secret_is_printed(ks):
    ks.add("work")
    login(ks)
    settings(
        ks, env={"ANTHROPIC_AUTH_TOKEN": OTHER}, apiKeyHelper=f"echo {KEY}"
    )
    for args in ([], ["--json"], ["--run-helper"]):
        done = ks("whoami", *args, ANTHROPIC_API_KEY=KEY)
        for secret in (KEY, OTHER, LOGIN):
            assert secret[-12:] not in done.out + done.err


def brings_a_program(setup):
    """Tell whether a repository names a helper, which is not run unasked."""
    return any(
        "$PROJ" in name and ("apiKeyHelper" in text or "awsCred" in text)
        for name, text in setup["files"].items()
    )


SAMPLE = [
    case
    for number, case in enumerate(claude_setups.load("precedence.json"))
    if number % 12 == 0
    and not any("$MANAGED" in name for name in case["setup"]["files"])
    and not brings_a_program(case["setup"])
]


@pytest.mark.parametrize("case", SAMPLE, ids=lambda c: c["id"])
def test_the_command_line_says_what_claude_code_did(case, tmp_path):
    setup, expect = case["setup"], case["expect"]
    place = claude_setups.SetupFolder(tmp_path, "http://127.0.0.1:9")
    cwd = place.build(setup)
    environ = {
        "HOME": str(place.home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(claude_setups.VECTORS.parents[2]),
        **{k: place.fill(v) for k, v in setup["env"].items()},
    }
    with claude_setups.descriptors(setup) as opened:
        done = subprocess.run(
            [
                sys.executable, "-m", "keyswitch", "whoami", "--json",
                "--run-helper", "--", *map(place.fill, setup["args"]),
            ],
            env=environ | {name: str(n) for name, n in opened.items()},
            cwd=cwd, pass_fds=list(opened.values()), capture_output=True,
            check=False,
        )  # fmt: skip
    document = json.loads(done.stdout)
    request = document["request"]
    assert request["sent"] == expect["sent"]
    for name in ("x-api-key", "authorization"):
        assert shown(request[name]) == told(expect[name], request[name])
    for theirs, ours in STATUS.items():
        if expect["status"] and theirs in expect["status"]:
            seen = document["claude_code"][ours]
            assert seen == expect["status"][theirs]


def shown(header):
    return header and (header["scheme"], header["masked"])


def told(expected, header):
    if expected is None:
        return None
    if header and header["masked"] is None and "REFRESHED" in str(expected):
        return (expected["scheme"], None)
    tail = expected["value"][-4:]
    masked = header["masked"] if header else None
    if masked is not None and masked.endswith(tail):
        return (expected["scheme"], masked)
    return (expected["scheme"], f"…{tail}")


@pytest.mark.parametrize(
    "command", [("whoami",), ("use", "work"), ("doctor",)], ids=" ".join
)
def test_a_helper_in_both_headers_is_named_once(ks, command):
    ks.add("work")
    ks("use", "work")
    settings = ks.home / ".claude/settings.local.json"
    settings.write_text('{"apiKeyHelper": "get-key"}')
    done = ks(*command, code=None)
    lines = (done.out + done.err).splitlines()
    # Two findings may have one fix.
    lines = [line for line in lines if "fix: " not in line]
    named = [line for line in lines if "apiKeyHelper" in line]
    assert named
    assert sorted(set(named)) == sorted(named)
