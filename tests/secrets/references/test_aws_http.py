"""AWS through botocore: against moto over HTTP, and errors it never has."""

import pytest

from keyswitch.errors import InputError, LockedError, NoItemError, StoreError
from keyswitch.secret import Secret
from keyswitch.secrets.references import aws_http
from keyswitch.secrets.references.reference import Reference
from tests.diagnosis import servers
from tests.secrets.references.moto_server import KEY, KEYS


@pytest.fixture
def signed_in(monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def account(moto, signed_in, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    return moto


real_moto = pytest.mark.real("moto")


def reference(text):
    manager, _, rest = text.partition(":")
    if manager == "aws-ssm":
        return Reference(text, manager, {"name": rest})
    item, _, key = rest.partition("#")
    return Reference(text, manager, {"id": item, "key": key})


def value(text, settings=None, deadline=5.0):
    found = aws_http.read([reference(text)], settings or {}, deadline)
    assert found[text].lease == 0
    return found[text].value.reveal()


def lines_of(caught):
    lines = f"{caught.value.message}\n{caught.value.hint}"
    assert lines.count("\n") == 1
    return lines


# -------------------------------------------------------------- against moto


@real_moto
def test_values_of_both_services_are_read(account):
    assert value("aws-sm:eng/text") == f"{KEY}\n"  # as it is written
    assert value("aws-sm:eng/json#key") == KEY
    assert value("aws-sm:eng/json#number") == "5"
    assert value(f"aws-sm:{account.arn}") == f"{KEY}\n"
    assert value("aws-ssm:/eng/key") == KEY
    assert value("aws-ssm:/eng/plain") == "FAKE-plain"


@real_moto
def test_an_arn_says_its_region(account):
    assert value(f"aws-sm:{account.far_arn}") == "FAKE-far"
    with pytest.raises(NoItemError):
        value("aws-sm:far")
    assert value("aws-sm:far", {"region": "us-west-2"}) == "FAKE-far"


@real_moto
def test_keys_of_one_secret_are_read_at_once(account, monkeypatch):
    asked = []
    ask = aws_http._Asking.ask

    def counted(self, name, **given):
        asked.append(name)
        return ask(self, name, **given)

    monkeypatch.setattr(aws_http._Asking, "ask", counted)
    texts = ("aws-sm:eng/json#key", "aws-sm:eng/json#number")
    found = aws_http.read([reference(text) for text in texts], {}, 5.0)
    assert [found[text].value.reveal() for text in texts] == [KEY, "5"]
    assert asked == ["get_secret_value"]


@real_moto
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("aws-sm:eng/none", "no 'eng/none' in AWS Secrets Manager"),
        ("aws-ssm:/none", "no '/none' in AWS Parameter Store"),
        ("aws-ssm:/eng/key:99", "no '/eng/key:99'"),
        ("aws-sm:eng/gone", "is marked for deletion"),
        ("aws-sm:eng/json#other", "no field 'other'; it has key, nested, numb"),
    ],
)
def test_what_is_not_there_is_missing(account, text, words):
    with pytest.raises(NoItemError) as caught:
        value(text)
    assert words in lines_of(caught)


@real_moto
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("aws-sm:eng/bytes", "is binary, not text"),
        ("aws-sm:eng/text#key", "is not a JSON object"),
        ("aws-sm:eng/json#nested", "is not text"),
    ],
)
def test_what_is_no_text_is_refused(account, text, words):
    with pytest.raises(StoreError) as caught:
        value(text)
    assert words in lines_of(caught)
    assert KEY not in lines_of(caught)
    assert not isinstance(caught.value, NoItemError)


def write(text, new):
    aws_http.write(reference(text), Secret(new), {}, 5.0)


@real_moto
def test_a_secret_is_written_beside_its_other_keys(account):
    write("aws-sm:new/json#key", "FAKE-one")
    write("aws-sm:new/json#other", "FAKE-two")
    write("aws-sm:new/json#key", "FAKE-three")
    assert value("aws-sm:new/json#key") == "FAKE-three"
    assert value("aws-sm:new/json#other") == "FAKE-two"
    write("aws-sm:new/text", "FAKE-four")
    write("aws-sm:new/text", "FAKE-five")
    assert value("aws-sm:new/text") == "FAKE-five"


@real_moto
def test_a_parameter_keeps_its_key_and_is_never_plain(account):
    write("aws-ssm:/new/key", "FAKE-one")
    write("aws-ssm:/eng/key", KEY)
    assert value("aws-ssm:/new/key") == "FAKE-one"
    found = account.client("ssm").describe_parameters()["Parameters"]
    keys = {one["Name"]: (one["Type"], one.get("KeyId")) for one in found}
    assert keys["/eng/key"] == ("SecureString", "alias/own")
    assert keys["/new/key"][0] == "SecureString"
    with pytest.raises(InputError, match="not a SecureString"):
        write("aws-ssm:/eng/plain", KEY)


@real_moto
def test_a_profile_is_the_one_of_the_settings(account, home, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        f"[dev]\naws_access_key_id = {KEYS['AWS_ACCESS_KEY_ID']}\n"
        "aws_secret_access_key = FAKE\n"
    )
    assert value("aws-sm:eng/json#key", {"profile": "dev"}) == KEY
    with pytest.raises(LockedError) as caught:
        value("aws-sm:eng/text", {"profile": "none"})
    assert "aws sso login --profile none" in lines_of(caught)
    with pytest.raises(LockedError) as caught:
        value("aws-sm:eng/text")
    assert "no credentials for AWS Secrets Manager" in lines_of(caught)


# ---------------------------------------------- what moto never answers


ANSWERS = {
    "AccessDeniedException": (LockedError, "denies access to 'eng/text': said"),
    "DecryptionFailure": (LockedError, "denies access to 'eng/text': said"),
    "ExpiredTokenException": (LockedError, "rejected the credentials"),
    "UnrecognizedClientException": (LockedError, "aws sso login"),
    "InvalidSignatureException": (LockedError, "rejected the cred"),
    "ThrottlingException": (StoreError, "ThrottlingException: said"),
    "InvalidRequestException": (StoreError, "cannot read"),
    "InternalServiceError": (StoreError, "cannot read"),
    "SomethingNew": (StoreError, "SomethingNew: said"),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_each_code_has_its_error(signed_in, monkeypatch, code):
    kind, words = ANSWERS[code]
    body = {"__type": code, "message": f"said\n hvs.{'A' * 30}"}
    reply = servers.Reply(status=400, body=body)
    with servers.Service(reply) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        with pytest.raises(kind) as caught:
            value("aws-sm:eng/text")
        assert len(service.requests) == 1
    assert words in lines_of(caught)
    assert "AAAA" not in lines_of(caught)
    assert not isinstance(caught.value, NoItemError)


def test_what_is_not_aws_is_no_missing_item(signed_in, monkeypatch):
    reply = servers.Reply(status=404, body=b"<html>nothing here</html>")
    with servers.Service(reply) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        with pytest.raises(StoreError) as caught:
            value("aws-sm:eng/text")
    assert "cannot read" in lines_of(caught)
    assert not isinstance(caught.value, NoItemError)


def test_a_service_that_says_nothing_is_locked(signed_in, monkeypatch):
    with servers.Silent() as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", silent.url)
        with pytest.raises(LockedError) as caught:
            value("aws-sm:eng/text", deadline=0.6)
    assert "did not answer in time" in lines_of(caught)


def test_a_port_where_nothing_listens_is_asked_once(signed_in, monkeypatch):
    url = f"http://127.0.0.1:{servers.closed_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(StoreError) as caught:
        value("aws-sm:eng/text")
    assert "cannot read" in lines_of(caught)


def test_without_a_region_the_hint_says_how(signed_in, monkeypatch):
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(StoreError) as caught:
        value("aws-sm:eng/text")
    assert "AWS_REGION" in lines_of(caught)


def test_settings_that_are_no_text_are_refused(signed_in):
    with pytest.raises(InputError, match="'profile' must be a string"):
        value("aws-sm:eng/text", {"profile": 5})
