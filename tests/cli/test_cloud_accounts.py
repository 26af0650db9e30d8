"""A cloud's credential: what whoami and use say where it is not in a file."""

import hashlib
import json

import pytest

BEDROCK = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "us-east-1"}
# As on a machine that is none of a cloud's.
NO_MACHINE = {"AWS_EC2_METADATA_DISABLED": "true"}
KEYS = (
    "aws_access_key_id = AKIAFAKEWORK00000001\naws_secret_access_key = FAKE\n"
)
ANSWER = json.dumps(
    {
        "Version": 1,
        "AccessKeyId": "AKIAFAKEPROCESS00001",
        "SecretAccessKey": "FAKE",
    }
)
MFA = (
    "[profile role]\nrole_arn = arn:aws:iam::1:role/r\n"
    "source_profile = work\nmfa_serial = arn:aws:iam::1:mfa/me\n"
)
SSO = (
    "[profile role]\nsso_session = corp\nsso_account_id = 1\n"
    "sso_role_name = r\n"
)


@pytest.fixture
def aws(ks):
    """A home with AWS files; `aws(config)` replaces the configuration."""

    def write(config, name="config"):
        ks.file(".aws").mkdir(exist_ok=True)
        ks.file(f".aws/{name}").write_text(config)

    write(f"[work]\n{KEYS}", "credentials")
    return write


def settings(ks, **document):
    ks.file(".claude").mkdir(exist_ok=True)
    ks.file(".claude/settings.json").write_text(json.dumps(document))


def payer(ks, *args, code=0, **environ):
    out = ks("whoami", *args, code=code, **{**BEDROCK, **environ}).out
    return out.splitlines()[0]


def test_where_nothing_is_set_only_the_machine_is_left(ks):
    said = payer(ks)
    assert said.startswith("not known who pays: no AWS")
    assert said.endswith("a metadata server may provide one")
    done = ks("whoami", **BEDROCK)
    assert "fix: aws configure" in done.out
    assert payer(ks, code=1, **NO_MACHINE).startswith("nobody pays: ")


@pytest.mark.parametrize(
    ("flag", "name"),
    [
        ("VERTEX", "Google metadata server"),
        ("FOUNDRY", "managed identity"),
        ("BEDROCK", "EC2 instance metadata"),
    ],
)
def test_the_machine_that_may_know_is_named(ks, flag, name):
    environ = {
        f"CLAUDE_CODE_USE_{flag}": "1",
        "ANTHROPIC_FOUNDRY_RESOURCE": "r",
        "PATH": "/nowhere",
    }
    document = json.loads(ks("whoami", "--json", **environ).out)
    header = document["request"]["authorization"]
    assert header["source"]["name"] == name
    assert "a metadata server may provide one" in header["why_unknown"]
    [finding] = [
        w for w in document["warnings"] if w["id"].startswith("cloud-")
    ]
    assert finding["severity"] == "warning"


def test_a_profile_that_no_file_has_is_said_with_those_that_are_there(ks, aws):
    for code, more in ((0, {}), (1, NO_MACHINE)):
        done = ks("whoami", code=code, AWS_PROFILE="wrk", **BEDROCK, **more)
        assert "no AWS file has a profile 'wrk'" in done.out
        assert "they have work" in done.out


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (MFA, "needs an MFA code (mfa_serial)"),
        (MFA.replace("= work", "= wrk"), "source_profile 'wrk', which no AWS"),
        (
            SSO,
            "names the sso_session 'corp', which no AWS file has",
        ),
        (
            "[profile role]\nrole_arn = r\ncredential_source = EcsContainer\n",
            "credential_source 'EcsContainer'",
        ),
    ],
)
def test_a_profile_that_cannot_work_is_said(ks, aws, config, said):
    aws(config)
    assert said in payer(ks, AWS_PROFILE="role", code=1, **NO_MACHINE)


def test_a_role_with_an_mfa_code_has_a_remedy(ks, aws):
    aws(MFA)
    done = ks("whoami", code=1, AWS_PROFILE="role", **BEDROCK)
    assert "aws configure export-credentials --profile role" in done.out
    assert "unset AWS_PROFILE" in done.out


def test_use_of_a_profile_that_no_file_has_says_so(ks, aws):
    add_named(ks, "wrk")
    done = ks("use", "named", code=4)
    assert "'named' is active, but no AWS file has a profile 'wrk'" in done.err


def test_a_long_chain_of_profiles_ends(ks, aws):
    lines = "[profile p{}]\nrole_arn = r\nsource_profile = p{}\n"
    aws("".join(lines.format(n, n + 1) for n in range(2000)))
    assert "AWS is asked" in payer(ks, AWS_PROFILE="p0")


@pytest.mark.parametrize("kept", [5, {}, {"accessKeyId": None}])
def test_a_kept_sign_in_that_is_none_is_said(ks, aws, kept):
    aws("[default]\nlogin_session = x\n")
    name = hashlib.sha256(b"x").hexdigest()
    path = ks.file(f".aws/login/cache/{name}.json")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"accessToken": kept}))
    assert "sign-in of profile 'default' is missing" in payer(ks, code=1)


# ------------------------------------------------------- what runs, and when


def test_a_credential_process_is_run_only_if_it_may(ks, aws):
    ran = ks.file("ran")
    aws(
        "[profile dev]\n"
        f"credential_process = echo x >> '{ran}'; echo '{ANSWER}'\n"
    )
    assert payer(ks, AWS_PROFILE="dev").startswith(
        "not known who pays: it runs a program"
    )
    assert not ran.exists()
    done = ks("whoami", "--run-helper", AWS_PROFILE="dev", **BEDROCK)
    assert "AKIA…0001" in done.out
    assert ran.read_text() == "x\n"


def test_a_credential_process_that_fails_is_said(ks, aws):
    aws("[profile dev]\ncredential_process = false\n")
    said = payer(ks, "--run-helper", code=1, AWS_PROFILE="dev", **NO_MACHINE)
    assert "the credential_process of the AWS profile 'dev'" in said


@pytest.mark.parametrize("by", ["settings", "shell"])
def test_a_credential_process_of_a_repository_is_not_run_unasked(ks, by):
    """Its settings can name the file, or the shell one by a relative path."""
    folder = ks.home / "repo"
    (folder / ".claude").mkdir(parents=True)
    ran = ks.file("ran")
    (folder / "aws").write_text(
        f"[profile dev]\ncredential_process = echo x > '{ran}'\n"
    )
    environ = {"AWS_CONFIG_FILE": "aws", "AWS_PROFILE": "dev"}
    if by == "settings":
        path = folder / ".claude/settings.json"
        environ["AWS_CONFIG_FILE"] = str(folder / "aws")
        path.write_text(json.dumps({"env": environ}))
        environ = {}
    done = ks.at(
        "repo", "whoami", "--run-helper", code=None, **BEDROCK, **environ
    )
    assert "a repository's files name credential_process" in done.err
    assert done.code
    assert not ran.exists()


def test_a_sign_in_that_may_run_first_leaves_the_account_not_known(ks, aws):
    settings(ks, awsAuthRefresh="aws sso login")
    environ = {"AWS_PROFILE": "work"}
    assert payer(ks, **environ).endswith(
        "who pays: awsAuthRefresh may run first"
    )
    assert payer(ks, **NO_MACHINE).endswith("awsAuthRefresh may run first")
    pair = {
        "AWS_ACCESS_KEY_ID": "AKIAFAKEPAIR00000001",
        "AWS_SECRET_ACCESS_KEY": "FAKE",
    }
    assert payer(ks, **pair).startswith("an account without a profile pays: ")


# ----------------------------------------------------------------------- use


def add_named(ks, name="work"):
    """Add a bedrock profile that names a profile of the AWS files."""
    given = ("--set", "region=eu-central-1", "--set", f"aws_profile={name}")
    ks("add", "named", "--provider", "bedrock", *given)


def refresh_in(ks):
    return json.loads(ks.file(".claude/settings.json").read_text()).get(
        "awsAuthRefresh"
    )


@pytest.mark.parametrize(
    ("command", "stays"),
    [
        ("aws sso login --profile work", True),
        ("AWS_PROFILE=work aws sso login", True),
        ("aws sso login", True),
        ("aws sso login --profile other", False),
        ("aws sso login --profile=other", False),
    ],
)
def test_a_sign_in_of_another_profile_is_off_while_one_is_used(
    ks, aws, command, stays
):
    settings(ks, awsAuthRefresh=command)
    before = ks.file(".claude/settings.json").read_bytes()
    add_named(ks)
    said = ks("use", "named").err
    assert refresh_in(ks) == (command if stays else "")
    warned = "awsAuthRefresh may run first and switch to another account"
    assert (warned in said) == (command == "aws sso login")
    ks("off")
    assert ks.file(".claude/settings.json").read_bytes() == before


def test_a_sign_in_that_has_ended_is_brought_back_by_its_command(ks, aws):
    aws(
        SSO.replace("role]", "work]") + "[sso-session corp]\n"
        "sso_start_url = https://x.example/start\nsso_region = us-east-1\n"
    )
    ks.file(".aws/credentials").unlink()
    add_named(ks)
    ks("use", "named", code=4)
    settings(ks, awsAuthRefresh="aws sso login --profile work")
    ks("use", "named")


def test_a_file_that_a_profile_names_needs_no_sign_in_of_gcloud(ks):
    settings(ks, gcpAuthRefresh="gcloud auth application-default login")
    path = ks.file("adc.json")
    path.write_text('{"client_email": "a@b", "private_key": "FAKE"}')
    given = ("--set", "project_id=my-project", "--set", "region=global")
    ks("add", "own", "--provider", "vertex", *given, "--set",
       f"credentials_file={path}")  # fmt: skip
    ks("add", "usual", "--provider", "vertex", *given)
    ks("use", "own")
    text = ks.file(".claude/settings.json").read_text()
    assert json.loads(text)["gcpAuthRefresh"] == ""
    ks("use", "usual")
    text = ks.file(".claude/settings.json").read_text()
    assert json.loads(text)["gcpAuthRefresh"].startswith("gcloud")


def test_use_of_a_cloud_without_a_sign_in_says_what_is_missing(ks):
    given = ("--set", "project_id=my-project", "--set", "region=global")
    ks("add", "vertex", "--provider", "vertex", *given)
    said = ks("use", "vertex").err
    assert "no Google Cloud credentials found" in said
    assert "gcloud auth application-default login" in said


def test_keys_of_keyswitch_need_no_sign_in(ks):
    settings(ks, awsAuthRefresh="aws sso login")
    ks.add("rock", "--set", "region=eu-central-1",
           "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE0", provider="bedrock",
           secret="FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK")  # fmt: skip
    ks("use", "rock")
    assert refresh_in(ks) == ""
    ks("off")
    assert refresh_in(ks) == "aws sso login"
