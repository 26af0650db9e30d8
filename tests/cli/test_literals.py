"""A secret inside a command or a server's settings: doctor and revoke-local."""

import json
import re

import pytest

from tests.cli.keyswitch import KEY

ELSEWHERE = "ghp_FAKE0123456789abcdef0123456789EXAMPLE"


@pytest.fixture
def strewn(ks):
    """A home where secrets stand in every file that has commands."""
    ks.add("work")
    ks.file(".claude").mkdir()
    ks.file(".claude/settings.json").write_text(
        json.dumps(
            {
                "apiKeyHelper": f"echo {KEY}",
                "model": "opus",
                "hooks": {"Stop": [{"hooks": [{"command": f"x {ELSEWHERE}"}]}]},
            },
            indent=2,
        )
    )
    servers = {"a": {"command": "a", "env": {"GITHUB_TOKEN": ELSEWHERE}}}
    ks.file(".claude.json").write_text(
        json.dumps(
            {"numStartups": 1, "projects": {"/p": {"mcpServers": servers}}}
        )
    )
    ks.file("repo/.git").mkdir(parents=True)
    ks.file("repo/.mcp.json").write_text(
        json.dumps(
            {
                "mcpServers": {
                    "b": {"headers": {"Authorization": f"Bearer {KEY}"}}
                }
            }
        )
    )
    ks.file("repo/.claude").mkdir()
    ks.file("repo/.claude/settings.json").write_text(
        json.dumps({"statusLine": {"command": f"line {KEY}"}})
    )
    return ks


PLACES = (
    ".claude/settings.json:2",
    ".claude/settings.json:9",
    ".claude.json:1",
    "repo/.mcp.json:1",
    "repo/.claude/settings.json:1",
)


def test_doctor_finds_each(strewn):
    done = strewn.at("repo", "doctor", "--json", code=None)
    findings = json.loads(done.out)["findings"]
    places = [f["place"] for f in findings if "plain text" in f["what"]]
    assert sorted(places) == sorted(str(strewn.file(p)) for p in PLACES)
    assert "profile 'work' has it too" in done.out
    assert KEY not in done.out + done.err
    assert ELSEWHERE not in done.out + done.err


def test_revoke_local_removes_what_it_may_and_names_the_rest(strewn):
    shown = strewn.at("repo", "revoke-local", "--claude-code", "--dry-run").out
    assert "apiKeyHelper" in shown
    done = strewn.at("repo", "revoke-local", "--claude-code", "--yes", code=4)
    settings = json.loads(strewn.file(".claude/settings.json").read_text())
    assert "apiKeyHelper" not in settings
    assert settings["model"] == "opus"
    config = json.loads(strewn.file(".claude.json").read_text())
    assert config["projects"]["/p"]["mcpServers"]["a"]["env"] == {}
    mcp = json.loads(strewn.file("repo/.mcp.json").read_text())
    assert mcp["mcpServers"]["b"]["headers"] == {}
    left = [line for line in done.err.splitlines() if "still there" in line]
    assert len(left) == 2
    assert all("edit it by hand" in line for line in left)
    assert "hooks.Stop.0.hooks.0.command" in left[0]
    assert "repo/.claude/settings.json: statusLine.command" in left[1]
    assert KEY not in done.out + done.err


def test_one_in_a_list_or_in_the_home_s_local_settings_is_named_too(ks):
    ks.add("work")
    ks.file(".claude").mkdir()
    hook = {"type": "http", "headers": {"X-Api-Key": KEY}}
    ks.file(".claude/settings.json").write_text(
        json.dumps({"hooks": {"Stop": [{"hooks": [hook]}]}})
    )
    ks.file(".claude/settings.local.json").write_text(
        json.dumps({"statusLine": {"command": f"line {KEY}"}})
    )
    done = ks("revoke-local", "--claude-code", "--yes", code=4)
    left = [line for line in done.err.splitlines() if "still there" in line]
    assert "headers.X-Api-Key" in left[0]
    assert "settings.local.json: statusLine.command" in left[1]


def test_by_name_only_that_profile_s_are_meant(strewn):
    strewn.at("repo", "revoke-local", "work", "--yes", code=4)
    assert ELSEWHERE in strewn.file(".claude.json").read_text()
    assert KEY not in strewn.file("repo/.mcp.json").read_text()


def test_a_key_in_a_file_of_keyswitch_is_named_to_be_taken_out(ks):
    ks.add("work")
    path = ks.profile_file("work")
    path.write_text(f"# {KEY}\n" + path.read_text())
    done = ks("revoke-local", "--all", "--dry-run")
    assert f"{path}:1" in done.out
    assert "edit by hand" in done.out
    assert f"{path}:1" in ks("doctor", code=None).out
    assert KEY not in done.out


@pytest.mark.parametrize(
    "secret",
    ["npm_FAKE0123456789abcdefEXAMPLE", "hf_FAKE0123456789abcdefEXAMPLE",
     "r8_FAKE0123456789abcdefEXAMPLE", "SG.FAKE0123456789ab.EXAMPLE",
     "dckr_pat_FAKE0123456789EXAMPLE", "glsa_FAKE0123456789abcdEXAMPLE",
     "sk_test_FAKE0123456789abEXAMPLE", "eyJhbGciOi.eyJzdWIiOi.FAKE0123456",
     "bedrock-api-key-FAKE0123456789EXAMPLE", "AQ.AbFAKE0123456789abcdEXAMPLE",
     "ATATT3xFAKE0123456789abcdEXAMPLE"],
)  # fmt: skip
def test_no_known_kind_of_key_is_taken_for_a_plain_text(ks, secret):
    for line in (("--set", f"model={secret}"), ("--label", secret)):
        done = ks.add("work", *line, code=None)
        assert done.code in (1, 2)
        assert "looks like a secret" in done.error
        assert secret not in done.err


def test_no_listing_shows_what_was_written_into_a_profile_s_file(ks):
    ks.add("work", "--set", "model=m", "--label", "l")
    ks("edit", "work", "--only", "~/only/**")
    path = ks.profile_file("work")
    text = path.read_text()
    for value in ("m", "l", "~/only/**"):
        text = text.replace(f'"{value}"', f'"{value[:2]}{ELSEWHERE}"')
    text = re.sub('(?m)^hint = ".*"$', f'hint = "{ELSEWHERE}"', text)
    path.write_text(text)
    for line in (("list",), ("show", "work")):
        for more in ((), ("--json",)):
            done = ks(*line, *more)
            assert "ghp_" in done.out, line
            assert ELSEWHERE not in done.out + done.err, line


def test_a_label_that_holds_a_secret_is_refused_from_a_file_too(ks):
    ks.add("work")
    path = ks.profile_file("work")
    path.write_text(f'label = "my {ELSEWHERE}"\n' + path.read_text())
    done = ks("use", "work", code=1)
    assert "the label of 'work' looks like a secret" in done.error
    assert ELSEWHERE not in done.err
