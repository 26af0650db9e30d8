"""`whoami --verify` knows what keyswitch's own helper answers, unasked."""

import json

import pytest

from tests.cli.keyswitch import KEY, two_keys
from tests.diagnosis import servers
from tests.diagnosis.servers import Reply
from tests.real.sigv4 import is_signed_with

ID = "AKIAFAKEFAKE00EXAMPL"
SECRET = "FAKEwJalrXUtnFEMI/K7MDENG/bPxRfiEXAMPLE1"
TOKEN = "FAKEsession0000000000000000000000EXAMPLE"
ARN = "arn:aws:iam::111122223333:user/you"
IDENTITY = f"<R><Arn>{ARN}</Arn></R>".encode()


def asked(ks, *args, **options):
    return json.loads(ks("whoami", "--json", *args, **options).out)


@pytest.fixture
def service():
    with servers.Service() as found:
        yield found


def at_gateway(ks, service):
    ks.add("work", "--set", f"base_url={service.url}")
    ks("use", "work")


def test_right_after_use_the_service_is_asked(ks, service):
    at_gateway(ks, service)
    [answer] = asked(ks, "--verify")["verified"]
    assert answer["ok"] is True
    [request] = service.requests
    assert request.headers["x-api-key"] == KEY


def test_its_answer_is_certain_and_no_secret_is_read(ks):
    ks.begin_as(two_keys)
    ks("use", "work")
    ks.file(".local/share/keyswitch/vault.ksv").unlink()
    request = asked(ks)["request"]
    for header in ("x-api-key", "authorization"):
        assert request[header]["profile"] == "work"
        assert request[header]["why_unknown"] is None


def test_without_a_profile_it_is_said_that_none_is_active(ks):
    ks.add("work")
    ks("use", "work")
    path = ks.file(".claude/settings.json")
    settings = path.read_bytes()
    ks("off")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(settings)
    header = asked(ks, code=None)["request"]["x-api-key"]
    assert "no profile is active" in header["why_unknown"]


def test_a_refused_one_is_replaced_by_rotate(ks, service):
    service.reply = Reply(401, {})
    at_gateway(ks, service)
    [answer] = asked(ks, "--verify", code=1)["verified"]
    assert (answer["ok"], answer["fix"]) == (False, "keyswitch rotate work")
    assert KEY not in json.dumps(answer)


def test_a_locked_store_is_said(ks, service):
    at_gateway(ks, service)
    ks("lock")
    ks.file(".local/state/keyswitch/machine.key").unlink()
    [answer] = asked(ks, "--verify")["verified"]
    assert answer["ok"] is None
    assert "machine key" in answer["what"]
    assert service.requests == []


def test_another_address_of_the_shell_gets_nothing(ks, service):
    ks.add("work")
    ks("use", "work")
    environ = {"ANTHROPIC_BASE_URL": service.url}
    [answer] = asked(ks, "--verify", **environ)["verified"]
    assert answer["ok"] is None
    assert "not to the host of 'work'" in answer["what"]
    assert service.requests == []


def test_a_repository_that_moves_the_host_gets_nothing(ks, service):
    ks.add("work")
    ks("use", "work")
    folder = ks.home / "project/.claude"
    folder.mkdir(parents=True)
    document = {"env": {"ANTHROPIC_BASE_URL": service.url}}
    (folder / "settings.json").write_text(json.dumps(document))
    done = ks.at("project", "whoami", "--json", "--verify", code=4)
    [answer] = json.loads(done.out)["verified"]
    assert answer["ok"] is None
    assert service.requests == []


@pytest.mark.parametrize("token", [(), (TOKEN,)], ids=["keys", "session"])
def test_both_helpers_of_aws_are_known(ks, service, token):
    service.reply = Reply(body=IDENTITY)
    given = ["--from-env", "secret_access_key=S"]
    given += ["--from-env", "session_token=T"] if token else []
    ks(
        "add", "client", "--provider", "bedrock", "--store", "vault",
        "--set", "region=eu-west-1", "--set", f"access_key_id={ID}", *given,
        S=SECRET, T=TOKEN,
    )  # fmt: skip
    ks("use", "client")
    environ = {"AWS_ENDPOINT_URL_STS": service.url}
    document = asked(ks, "--verify", **environ)
    header = document["request"]["authorization"]
    assert (header["profile"], header["why_unknown"]) == ("client", None)
    kind = "helper" if token else "aws_profile"
    assert header["source"]["kind"] == kind
    [answer] = document["verified"]
    assert (answer["ok"], answer["who"]) == (True, ARN)
    [request] = service.requests
    assert request.headers.get("x-amz-security-token", "") == "".join(token)
    assert is_signed_with(request, ID, SECRET)
    assert SECRET not in str(request)


def bedrock_keys(ks):
    ks(
        "add", "client", "--provider", "bedrock", "--store", "vault",
        "--set", "region=eu-west-1", "--set", f"access_key_id={ID}",
        "--from-env", "secret_access_key=S", S=SECRET,
    )  # fmt: skip
    ks("use", "client")


@pytest.mark.parametrize("refresh", [None, "sign-in"])
def test_it_is_known_in_a_file_of_ones_own_too(ks, refresh):
    """Unless a sign-in may come first."""
    bedrock_keys(ks)
    [ours] = ks.home.rglob("aws-config")
    line = ours.read_text().splitlines()[-1]
    ks("off")
    ks.file(".aws").mkdir()
    ks.file(".aws/config").write_text(f"[profile dev]\n{line}\n")
    ks.file(".claude").mkdir(exist_ok=True)
    settings = {"awsAuthRefresh": refresh} if refresh else {}
    ks.file(".claude/settings.json").write_text(json.dumps(settings))
    environ = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_PROFILE": "dev"}
    header = asked(ks, **environ)["request"]["authorization"]
    assert header["profile"] == "client"
    if refresh:
        assert "awsAuthRefresh may run first" in header["why_unknown"]
    else:
        assert header["why_unknown"] is None
