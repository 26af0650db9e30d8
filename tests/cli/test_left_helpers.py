"""A keyswitch helper that was found is no setting of the person's own."""

import json

import pytest

FOUND = (
    "/opt/gone/bin/keyswitch helper claude-code",
    "keyswitch helper claude-code",
    "/usr/bin/python3 -P -m keyswitch helper claude-code",
    "/usr/bin/python3 -P '/a b/keyswitch.pyz' --no-input helper claude-code",
    "C:\\keys\\Scripts\\keyswitch.exe helper claude-code",
    "sh -c 'exec keyswitch helper claude-code'",
)
CANCELLED = {
    "ANTHROPIC_API_KEY": "",
    "ANTHROPIC_AUTH_TOKEN": "",
    "CLAUDE_CODE_OAUTH_TOKEN": "",
}


@pytest.fixture
def settings(ks):
    ks.add("work")
    file = ks.file(".claude/settings.json")
    file.parent.mkdir()
    return file


def put(file, **members):
    file.write_text(json.dumps({"model": "opus", **members}))


@pytest.mark.parametrize("helper", FOUND)
def test_off_does_not_give_a_found_helper_back(ks, settings, helper):
    put(settings, apiKeyHelper=helper)
    ks("use", "work")
    ks("off")
    assert json.loads(settings.read_text()) == {"model": "opus"}


@pytest.mark.parametrize("helper", FOUND[:1])
def test_off_takes_a_found_helper_out_and_says_so(ks, settings, helper):
    export = "/opt/gone/bin/keyswitch helper aws work"
    put(
        settings,
        apiKeyHelper=helper,
        env=CANCELLED,
        awsCredentialExport=export,
    )
    done = ks("off")
    assert json.loads(settings.read_text()) == {"model": "opus"}
    assert "apiKeyHelper was an older keyswitch helper" in done.err
    ks("undo")
    assert json.loads(settings.read_text()) == {"model": "opus"}


def test_undo_of_use_does_not_bring_a_found_helper_back(ks, settings):
    put(settings, apiKeyHelper=FOUND[0])
    ks("use", "work")
    ks("undo")
    assert json.loads(settings.read_text()) == {"model": "opus"}


def test_uninstall_takes_a_found_helper_out(ks, settings):
    put(settings, apiKeyHelper=FOUND[0])
    ks("uninstall", "--all", "--yes")
    assert json.loads(settings.read_text()) == {"model": "opus"}


def test_a_helper_that_an_older_keyswitch_recorded_stays_away(ks, settings):
    put(settings, apiKeyHelper="get-key")
    ks("use", "work")
    path = next(
        ks.file(".local/state/keyswitch/baseline").glob("?" * 16 + ".*")
    )
    record = json.loads(path.read_text())
    owned = record["files"][str(settings)]["owned"]
    owned[0][2:4] = ["raw", json.dumps(FOUND[0])]
    path.write_text(json.dumps(record))
    ks("off")
    assert json.loads(settings.read_text()) == {"model": "opus"}


@pytest.mark.parametrize(
    "helper", ["get-key", "echo keyswitch", "/opt/notkeyswitch helper x"]
)
def test_a_person_s_own_helper_comes_back_byte_for_byte(ks, settings, helper):
    put(settings, apiKeyHelper=helper, env=CANCELLED)
    before = settings.read_bytes()
    ks("use", "work")
    ks("off")
    assert settings.read_bytes() == before


@pytest.mark.parametrize(
    ("command", "key"), [("doctor", "findings"), ("whoami", "warnings")]
)
def test_a_found_helper_is_named_with_its_fix(ks, settings, command, key):
    put(settings, apiKeyHelper=FOUND[1])
    said = json.loads(ks(command, "--json", code=None).out)[key]
    found = next(f for f in said if f["id"] == "helper-left")
    assert found["fix"] == "keyswitch off"
    ks("off")
    said = json.loads(ks(command, "--json", code=None).out)[key]
    assert "helper-left" not in {f["id"] for f in said}


def test_the_aws_file_of_another_keyswitch_does_not_come_back(ks, settings):
    own = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-central-1"}
    put(
        settings,
        env={
            **own,
            "AWS_BEARER_TOKEN_BEDROCK": "",
            "AWS_CONFIG_FILE": "/gone/.local/state/keyswitch/aws-config",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PROFILE": "keyswitch",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "",
        },
    )
    found = settings.read_bytes()
    done = ks("off")
    assert json.loads(settings.read_text()) == {"model": "opus", "env": own}
    assert "env.AWS_CONFIG_FILE was an older keyswitch helper" in done.err
    settings.write_bytes(found)
    ks("use", "work")
    ks("off")
    assert json.loads(settings.read_text()) == {"model": "opus", "env": own}


@pytest.mark.parametrize("path", ["/home/me/aws-config", "~/.aws/config"])
def test_an_aws_file_of_a_persons_own_comes_back(ks, settings, path):
    put(settings, env={"AWS_CONFIG_FILE": path, "AWS_PROFILE": "keyswitch"})
    before = settings.read_bytes()
    ks("use", "work")
    ks("off")
    assert settings.read_bytes() == before


def reasons(ks):
    found = json.loads(ks("doctor", "--json", code=None).out)["findings"]
    return {f["what"] for f in found if f["id"] == "helper-left"}


def test_the_helper_of_a_profile_that_is_gone_is_left_over(ks, settings):
    ks("use", "work")
    ks.file(".config/keyswitch/profiles/work.toml").unlink()
    (why,) = reasons(ks)
    assert "no profile named 'work'" in why


def test_the_helper_of_a_profile_with_a_damaged_file_is_not_left_over(
    ks, settings
):
    ks("use", "work")
    ks.file(".config/keyswitch/profiles/work.toml").write_text("not TOML")
    assert reasons(ks) == set()
    assert "'work' cannot be used" in ks("doctor", code=None).out
