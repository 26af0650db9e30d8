"""What a service says of each credential, against servers of the loopback."""

import json
import sys
from unittest.mock import patch

import pytest

from keyswitch.diagnosis.online import question
from keyswitch.diagnosis.online.verify import verify
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene
from tests.diagnosis import servers
from tests.diagnosis.servers import Reply
from tests.real.certificates import Authority

KEY = "sk-ant-api03-FAKE-verify-00000000000000000000EXAMPLE"
TOKEN = "FAKE-gateway-token-5hT8rWq2EXAMPLE"
LOGIN = "sk-ant-oat01-FAKE-verify-00000000000000000000EXAMPLE"
AWS_ID = "AKIAFAKEFAKE00EXAMPLE"
AWS_SECRET = "FAKEwJalrXUtnFEMIEXAMPLE"
ORGANIZATION = "12345678-1234-1234-1234-123456789abc"
PROFILE = {
    "account": {"email": "you@example.com", "uuid": "u"},
    "organization": {"name": "Example\u202e Org"},
}
SECRETS = (KEY, TOKEN, LOGIN, AWS_SECRET)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def scene(home):
    def make(**environ):
        environ = {"HOME": str(home), **environ}
        return Scene(environ, home=str(home), cwd=str(home / "work"))

    (home / "work").mkdir()
    return make


def ask(scene, run=None, sign=question.signed, **options):
    """Return the answers; whatever they are, no secret is in them."""
    with patch.object(question, "signed", sign):
        answers = verify(scene, resolve(scene, run), **options)
    shown = repr(answers)
    assert [s for s in SECRETS if s in shown] == []
    return answers


def one(*args, **options):
    [answer] = ask(*args, **options)
    return answer


def settings(home, level="user", **document):
    folder = home / ".claude" if level == "user" else home / "work" / ".claude"
    folder.mkdir(exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(document, indent=1))


def stored_login(home):
    (home / ".claude").mkdir()
    (home / ".claude" / ".credentials.json").write_text(
        json.dumps(
            {
                "claudeAiOauth": {
                    "accessToken": LOGIN,
                    "scopes": ["user:inference", "user:profile"],
                }
            }
        )
    )


@pytest.fixture
def anthropic(authority):
    """The service behind a proxy, and the variables that lead there."""
    context = authority.context("api.anthropic.com")
    with (
        servers.Service(context=context) as service,
        servers.Proxy(service.port) as proxy,
    ):
        service.environ = {
            "HTTPS_PROXY": proxy.url,
            "NODE_EXTRA_CA_CERTS": str(authority.ca_file),
        }
        service.proxy = proxy
        yield service


# ---------------------------------------------------------------- one request


def test_a_key_is_asked_about_once_and_its_organization_named(scene, anthropic):
    anthropic.reply = Reply(headers={"anthropic-organization-id": ORGANIZATION})
    answer = one(scene(ANTHROPIC_API_KEY=KEY, **anthropic.environ))
    [request] = anthropic.requests
    assert (request.method, request.path) == ("GET", "/v1/models?limit=1")
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers
    assert (answer.ok, answer.status) == (True, 200)
    assert answer.asked == "GET https://api.anthropic.com/v1/models"
    assert answer.who == f"organization {ORGANIZATION}"
    assert answer.milliseconds >= 0


def test_the_proxy_is_told_the_host_and_nothing_more(scene, anthropic):
    one(scene(ANTHROPIC_API_KEY=KEY, **anthropic.environ))
    [connect] = anthropic.proxy.requests
    assert connect.path == "api.anthropic.com:443"
    assert KEY not in str(connect)


def test_two_sources_are_two_questions(scene):
    with servers.Service() as service:
        answers = ask(
            scene(
                ANTHROPIC_API_KEY=KEY,
                ANTHROPIC_AUTH_TOKEN=TOKEN,
                ANTHROPIC_BASE_URL=service.url,
            )
        )
    assert [a.header for a in answers] == ["x-api-key", "authorization"]
    first, second = service.requests
    assert first.headers["x-api-key"] == KEY
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-api-key" not in second.headers


def test_a_helper_that_fills_both_headers_is_asked_about_once(scene, home):
    settings(home, apiKeyHelper="print-a-token")
    with servers.Service() as service:
        answer = one(scene(ANTHROPIC_BASE_URL=service.url), run=lambda _: TOKEN)
    [request] = service.requests
    assert request.headers["x-api-key"] == TOKEN
    assert answer.header == "x-api-key"
    assert answer.source.kind == "helper"


def test_a_helper_that_did_not_run_is_not_asked_about(scene, home):
    settings(home, apiKeyHelper="print-a-token")
    answer = one(scene(ANTHROPIC_BASE_URL="http://127.0.0.1:9"))
    assert (answer.ok, answer.status, answer.asked) == (None, None, "")
    assert "--run-helper" in answer.fix


def test_an_empty_credential_is_not_asked_about(scene, home):
    settings(home, apiKeyHelper="print-nothing")
    answer = one(
        scene(ANTHROPIC_BASE_URL="http://127.0.0.1:9"), run=lambda _: ""
    )
    assert "no credential is sent" in answer.what
    assert "settings.json:2 prints" in answer.fix


def test_where_nothing_is_sent_nothing_is_asked(scene):
    assert ask(scene()) == ()


def test_a_stored_login_names_its_account(scene, home, anthropic):
    stored_login(home)
    anthropic.reply = Reply(body=PROFILE)
    answer = one(scene(**anthropic.environ))
    [request] = anthropic.requests
    assert request.path == "/api/oauth/profile"
    assert request.headers["authorization"] == f"Bearer {LOGIN}"
    assert request.headers["anthropic-beta"] == "oauth-2025-04-20"
    assert answer.ok
    assert answer.who == "you@example.com, Example\\u202e Org"


def test_an_account_that_repeats_the_token_is_not_shown(scene, home, anthropic):
    stored_login(home)
    anthropic.reply = Reply(body={"account": {"email": f"me {LOGIN}"}})
    assert one(scene(**anthropic.environ)).who == ""


def test_a_login_behind_a_base_url_lists_models(scene):
    with servers.Service() as service:
        one(
            scene(CLAUDE_CODE_OAUTH_TOKEN=LOGIN, ANTHROPIC_BASE_URL=service.url)
        )
    [request] = service.requests
    assert request.path == "/v1/models?limit=1"
    assert request.headers["authorization"] == f"Bearer {LOGIN}"


def test_proxies_are_taken_from_settings_too(scene, home, anthropic):
    settings(home, env=anthropic.environ)
    assert one(scene(ANTHROPIC_API_KEY=KEY)).ok


def test_an_address_keeps_its_path_and_loses_password_and_query(scene):
    with servers.Service() as service:
        url = f"http://you:FAKEword@{service.place}/a/?b=FAKEword"
        answer = one(scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=url))
    assert service.requests[0].path == "/a/v1/models?limit=1"
    assert answer.asked == f"GET {service.url}/a/v1/models"


# --------------------------------------------------------------- status codes


ERROR = "error"
CODES = [
    (200, {"data": []}, True, "the gateway lists its models for it"),
    (200, [{"id": "a-model"}], True, "lists its models for it"),
    (200, b"<html>log in</html>", None, "as a login page does"),
    (401, {}, False, "rejects it: it is not valid"),
    (401, {ERROR: {"message": "Token expired"}}, False, "it has expired"),
    (400, {ERROR: {"message": "organization has been disabled"}}, False,
     "an organization that is disabled"),
    (400, {}, None, "answered with status 400"),
    (403, {ERROR: {"type": "permission_error"}}, False, "does not allow this"),
    (403, {ERROR: {"message": "OAuth token revoked"}}, False, "was revoked"),
    (403, {ERROR: {"message": "lacks the scope user:profile"}}, True,
     "does not let it read its account"),
    (403, {"message": "The security token included in the request is invalid"},
     False, "does not know it"),
    (403, {"Message": "Please make sure your API Key is valid."}, False,
     "does not know it"),
    (403, {"Message": "not authorized to perform: bedrock:List"}, True,
     "does not let it list models"),
    (403, b"<html>blocked</html>", None, "firewall or proxy"),
    (404, {}, None, "it neither accepted nor rejected the credential"),
    (405, {}, None, "it neither accepted nor rejected the credential"),
    (429, {}, None, "is rate limiting requests"),
    (500, {}, None, "has a server error (status 500)"),
    (529, {}, None, "has a server error (status 529)"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "ok", "words"), CODES)
def test_each_status_is_explained(scene, status, body, ok, words):
    with servers.Service(Reply(status, body)) as service:
        answer = one(
            scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=service.url)
        )
    assert (answer.ok, answer.status) == (ok, status)
    assert words in answer.what
    assert len(service.requests) == 1


def test_a_refused_key_is_renewed_where_it_is_set(scene, home):
    settings(home, env={"ANTHROPIC_API_KEY": KEY})
    with servers.Service(Reply(401, {})) as service:
        answer = one(scene(ANTHROPIC_BASE_URL=service.url))
    assert "set ANTHROPIC_API_KEY in" in answer.fix
    assert "settings.json:3 to a valid value" in answer.fix


def test_a_refused_login_is_renewed_in_claude_code(scene, home, anthropic):
    stored_login(home)
    anthropic.reply = Reply(401, {})
    answer = one(scene(**anthropic.environ))
    assert answer.what == "Anthropic rejects it: it is not valid"
    assert answer.fix == "log in again in Claude Code: /login"


def test_a_path_that_is_missing_at_the_service_itself_is_no_gateway(
    scene, anthropic
):
    anthropic.reply = Reply(404, {})
    answer = one(scene(ANTHROPIC_API_KEY=KEY, **anthropic.environ))
    assert answer.what == "Anthropic answered with status 404"


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_an_answer_that_repeats_the_credential_shows_none_of_it(scene, status):
    body = {"error": {"message": f"bad key {KEY}", "type": KEY}}
    headers = {"anthropic-organization-id": KEY, "x-request-id": KEY}
    with servers.Service(Reply(status, body, headers)) as service:
        answer = one(
            scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=service.url)
        )
    assert answer.who == ""


def test_a_redirect_is_not_followed(scene):
    with servers.Service() as other:
        target = {"location": f"http://you:FAKE@localhost:{other.port}/?k=v"}
        with servers.Service(Reply(307, b"", target)) as service:
            answer = one(
                scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=service.url)
            )
    assert other.requests == []
    assert answer.ok is None
    assert "redirects to localhost; keyswitch did not" in answer.what


def test_of_a_long_answer_the_beginning_is_read(scene):
    body = b"[" + b" " * 200_000 + b"]"
    with servers.Service(Reply(200, body)) as service:
        answer = one(
            scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=service.url)
        )
    assert "answered without data" in answer.what


# ------------------------------------------------------------------- failures


def test_a_service_that_is_not_there_is_no_refusal(scene):
    url = f"http://127.0.0.1:{servers.closed_port()}"
    answer = one(scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=url))
    assert (answer.ok, answer.status, answer.milliseconds) == (None, None, None)
    assert "nothing is listening there" in answer.what


def test_a_service_that_never_answers_ends_at_the_deadline(scene):
    with servers.Silent() as service:
        answer = one(
            scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=service.url),
            seconds=0.2,
        )
    assert "did not answer in time" in answer.what


def test_a_service_that_drips_ends_at_the_deadline_too(scene):
    words = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n" + b'{"data": "x"}'
    with servers.Rude(words, pause=0.05) as service:
        answer = one(
            scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=service.url),
            seconds=0.4,
        )
    assert "did not answer in time" in answer.what


def test_a_certificate_that_is_not_trusted_stops_before_the_credential(
    scene, tmp_path
):
    context, _ = servers.self_issued(
        tmp_path, "localhost", issuer="Zscaler Inc."
    )
    with servers.Service(context=context) as service:
        answer = one(
            scene(
                ANTHROPIC_API_KEY=KEY,
                ANTHROPIC_BASE_URL=service.url,
                NODE_TLS_REJECT_UNAUTHORIZED="0",
            )
        )
    assert service.requests == []
    assert "issued by 'Zscaler Inc.', is not trusted" in answer.what
    assert "Claude Code accepts any certificate" in answer.what


def test_unchecked_certificates_are_warned_of_when_all_is_well(
    scene, anthropic
):
    environ = {**anthropic.environ, "NODE_TLS_REJECT_UNAUTHORIZED": "0"}
    answer = one(scene(ANTHROPIC_API_KEY=KEY, **environ))
    assert answer.ok
    assert "NODE_TLS_REJECT_UNAUTHORIZED in the environment" in answer.what


def test_a_proxy_that_refuses_is_told_from_the_service(scene, anthropic):
    anthropic.proxy.reply = Reply(407)
    answer = one(scene(ANTHROPIC_API_KEY=KEY, **anthropic.environ))
    assert answer.ok is None
    assert "it requires a user name and password" in answer.what


def test_a_plain_address_behind_a_proxy_that_refuses_is_explained(scene):
    with servers.Proxy(reply=Reply(407)) as proxy:
        answer = one(
            scene(
                ANTHROPIC_API_KEY=KEY,
                ANTHROPIC_BASE_URL="http://gw.example",
                HTTP_PROXY=proxy.url,
            )
        )
    assert "it requires a user name and password" in answer.what


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "x", "//x"])
def test_other_addresses_than_http_are_not_asked(scene, url):
    answer = one(scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=url))
    assert "is not an http or https address" in answer.what


def test_a_value_that_would_end_its_header_is_not_sent(scene):
    with servers.Service() as service:
        answers = ask(
            scene(
                CLAUDE_CODE_USE_BEDROCK="1",
                ANTHROPIC_BEDROCK_BASE_URL=service.url,
                AWS_BEARER_TOKEN_BEDROCK=f"{TOKEN}\r\nx-evil: 1",
            )
        )
    assert service.requests == []
    assert answers == ()  # Claude Code does not send it either


# ----------------------------------------------------------------- repository


def test_a_persons_key_is_not_sent_to_an_address_of_a_repository(scene, home):
    with servers.Service() as service:
        settings(home, "project", env={"ANTHROPIC_BASE_URL": service.url})
        answer = one(scene(ANTHROPIC_API_KEY=KEY))
    assert service.requests == []
    assert answer.ok is None
    assert "not checked: a repository's settings would send" in answer.what


def test_a_repositorys_own_key_is_sent_to_its_own_address(scene, home):
    with servers.Service() as service:
        environ = {
            "ANTHROPIC_BASE_URL": service.url,
            "ANTHROPIC_API_KEY": KEY,
        }
        settings(home, "project", env=environ)
        assert one(scene()).ok


def test_a_proxy_of_a_repository_is_not_shown_a_credential(scene, home):
    with servers.Proxy() as proxy:
        settings(home, "project", env={"HTTP_PROXY": proxy.url})
        answer = one(
            scene(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL="http://gw.example")
        )
    assert proxy.requests == []
    assert "HTTP_PROXY in" in answer.what


def test_a_resource_that_a_repository_names_is_not_asked(scene, home):
    settings(
        home, "project", env={"ANTHROPIC_FOUNDRY_RESOURCE": "somebody-elses"}
    )
    answer = one(
        scene(CLAUDE_CODE_USE_FOUNDRY="1", ANTHROPIC_FOUNDRY_API_KEY=TOKEN)
    )
    assert "not checked" in answer.what


@pytest.mark.parametrize(
    "variable", ["ANTHROPIC_AUTH_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"]
)
def test_a_cloud_that_a_repository_chooses_gets_its_own_keys_only(
    scene, home, variable
):
    chosen = {
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "CLAUDE_CODE_SKIP_BEDROCK_AUTH": "1",
    }
    settings(home, "project", env=chosen)
    with servers.Service() as service:
        environ = {variable: TOKEN, "ANTHROPIC_BEDROCK_BASE_URL": service.url}
        answer = one(scene(**environ))
    is_own = variable == "AWS_BEARER_TOKEN_BEDROCK"
    assert bool(service.requests) == is_own
    assert ("CLAUDE_CODE_USE_BEDROCK in" in answer.what) != is_own


def test_a_socket_in_place_of_the_network_is_not_asked(scene, tmp_path):
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        answer = one(
            scene(
                ANTHROPIC_API_KEY=KEY,
                ANTHROPIC_UNIX_SOCKET=str(tmp_path / "s"),
            )
        )
    assert answer.fix == "unset ANTHROPIC_UNIX_SOCKET"


# --------------------------------------------------------------------- clouds


def test_a_bedrock_key_lists_the_models_of_its_region(scene, authority):
    host = "bedrock.eu-west-1.amazonaws.com"
    with (
        servers.Service(context=authority.context(host)) as service,
        servers.Proxy(service.port) as proxy,
    ):
        answer = one(
            scene(
                CLAUDE_CODE_USE_BEDROCK="1",
                AWS_REGION="eu-west-1",
                AWS_BEARER_TOKEN_BEDROCK=TOKEN,
                HTTPS_PROXY=proxy.url,
                NODE_EXTRA_CA_CERTS=str(authority.ca_file),
            )
        )
    [request] = service.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert answer.asked == f"GET https://{host}/foundation-models"
    assert answer.what == "Amazon Bedrock lists its models for it"


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("ANTHROPIC_FOUNDRY_API_KEY", "api-key", TOKEN),
        ("ANTHROPIC_FOUNDRY_AUTH_TOKEN", "authorization", f"Bearer {TOKEN}"),
    ],
)
def test_a_foundry_key_lists_the_resources_models(
    scene, authority, name, header, value
):
    host = "res.services.ai.azure.com"
    with (
        servers.Service(context=authority.context(host)) as service,
        servers.Proxy(service.port) as proxy,
    ):
        answer = one(
            scene(
                CLAUDE_CODE_USE_FOUNDRY="1",
                ANTHROPIC_FOUNDRY_BASE_URL=f"https://{host}/anthropic",
                HTTPS_PROXY=proxy.url,
                NODE_EXTRA_CA_CERTS=str(authority.ca_file),
                **{name: value.removeprefix("Bearer ")},
            )
        )
    [request] = service.requests
    assert (request.path, request.headers[header]) == (
        "/openai/v1/models",
        value,
    )
    assert answer.what == "Microsoft Foundry lists its models for it"


def test_a_gateway_to_foundry_is_asked_as_anthropic_is(scene):
    with servers.Service() as service:
        one(
            scene(
                CLAUDE_CODE_USE_FOUNDRY="1",
                ANTHROPIC_FOUNDRY_BASE_URL=service.url,
                ANTHROPIC_FOUNDRY_API_KEY=TOKEN,
            )
        )
    [request] = service.requests
    assert request.path == "/v1/models?limit=1"


def test_a_key_of_the_platform_on_aws_says_its_workspace(scene):
    with servers.Service() as service:
        one(
            scene(
                CLAUDE_CODE_USE_ANTHROPIC_AWS="1",
                ANTHROPIC_AWS_BASE_URL=service.url,
                ANTHROPIC_AWS_WORKSPACE_ID="wrkspc_1",
                ANTHROPIC_AWS_API_KEY=KEY,
            )
        )
    [request] = service.requests
    assert request.headers["anthropic-workspace-id"] == "wrkspc_1"
    assert request.headers["x-api-key"] == KEY


def test_google_is_left_to_its_own_command(scene, home):
    path = home / "adc.json"
    path.write_text('{"client_email": "a@example.org", "private_key": "FAKE"}')
    answer = one(
        scene(
            CLAUDE_CODE_USE_VERTEX="1",
            GOOGLE_APPLICATION_CREDENTIALS=str(path),
        )
    )
    assert answer.ok is None
    assert answer.fix == "gcloud auth application-default print-access-token"


# ------------------------------------------------------------------------ AWS


IDENTITY = b"""<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/you</Arn></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""


class Signer:
    """Stands for botocore; keeps what it was to sign."""

    def __init__(self):
        self.calls = []

    def __call__(self, url, keys, region):
        self.calls.append((url, keys, region))
        return {"Authorization": f"AWS4-HMAC-SHA256 {keys.key_id}"}

    @property
    def keys(self):
        [(_, keys, _)] = self.calls
        token = keys.token.reveal() if keys.token else None
        return keys.key_id, keys.secret.reveal(), token


def bedrock(scene, service, **environ):
    return scene(
        CLAUDE_CODE_USE_BEDROCK="1",
        AWS_ENDPOINT_URL_STS=service.url,
        AWS_REGION="eu-west-1",
        **environ,
    )


def test_aws_names_the_identity_of_the_variables(scene):
    sign = Signer()
    with servers.Service(Reply(200, IDENTITY)) as service:
        answer = one(
            bedrock(
                scene,
                service,
                AWS_ACCESS_KEY_ID=AWS_ID,
                AWS_SECRET_ACCESS_KEY=AWS_SECRET,
                AWS_SESSION_TOKEN="FAKEsession",
            ),
            sign=sign,
        )
    [request] = service.requests
    assert request.method == "POST"
    assert request.body == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert request.headers["authorization"] == f"AWS4-HMAC-SHA256 {AWS_ID}"
    assert sign.keys == (AWS_ID, AWS_SECRET, "FAKEsession")
    assert sign.calls[0][2] == "eu-west-1"
    assert answer.ok
    assert answer.who == "arn:aws:iam::123456789012:user/you"


def test_the_files_profile_is_used_where_claude_code_prefers_it(scene, home):
    sign = Signer()
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        "[team]\naws_access_key_id = AKIAFAKETEAM00EXAMPLE\n"
        "aws_secret_access_key = FAKEteam\naws_session_token = FAKEtoken\n"
    )
    with servers.Service(Reply(200, IDENTITY)) as service:
        one(
            bedrock(
                scene,
                service,
                AWS_PROFILE="team",
                AWS_ACCESS_KEY_ID=AWS_ID,
                AWS_SECRET_ACCESS_KEY=AWS_SECRET,
            ),
            sign=sign,
        )
    assert sign.keys == ("AKIAFAKETEAM00EXAMPLE", "FAKEteam", "FAKEtoken")


@pytest.mark.parametrize(
    ("code", "ok", "words"),
    [
        ("InvalidClientTokenId", False, "does not know this key id"),
        ("SignatureDoesNotMatch", False, "does not belong to this key id"),
        ("ExpiredToken", False, "the session has expired"),
        ("Odd", False, "AWS rejects it (Odd)"),
        ("", None, "AWS answered with status 403"),
    ],
)
def test_what_aws_says_of_keys_is_explained(scene, code, ok, words):
    body = f"<Error><Code>{code}</Code><Message>{AWS_SECRET}</Message></Error>"
    with servers.Service(Reply(403, body.encode())) as service:
        answer = one(
            bedrock(
                scene,
                service,
                AWS_ACCESS_KEY_ID=AWS_ID,
                AWS_SECRET_ACCESS_KEY=AWS_SECRET,
            ),
            sign=Signer(),
        )
    assert answer.ok is ok
    assert words in answer.what


def test_without_botocore_aws_is_left_to_its_own_command(scene, monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    with servers.Service() as service:
        answer = one(
            bedrock(
                scene,
                service,
                AWS_ACCESS_KEY_ID=AWS_ID,
                AWS_SECRET_ACCESS_KEY=AWS_SECRET,
            )
        )
    assert service.requests == []
    assert "botocore" in answer.what
    assert "pipx inject keyswitch botocore" in answer.fix


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("role_arn = arn:aws:iam::1:role/r\nsource_profile = base", "role"),
        ("credential_process = program", "it runs a program first"),
    ],
)
def test_keys_that_aws_or_a_program_gives_are_left_to_its_command(
    scene, home, lines, words
):
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(f"[a$b]\n{lines}\n")
    (home / ".aws" / "config").write_text(
        f"[profile base]\n"
        f"aws_access_key_id = {AWS_ID}\naws_secret_access_key = {AWS_SECRET}\n"
    )
    with servers.Service() as service:
        answer = one(bedrock(scene, service, AWS_PROFILE="a$b"), sign=Signer())
    assert service.requests == []
    assert words in answer.what
    assert answer.fix == "aws sts get-caller-identity --profile 'a$b'"


def test_the_secret_half_of_an_export_is_not_known(scene, home):
    settings(home, awsCredentialExport="export-keys")
    exported = {
        "AccessKeyId": AWS_ID,
        "SecretAccessKey": AWS_SECRET,
        "SessionToken": "FAKE",
    }
    with servers.Service() as service:
        answer = one(
            bedrock(scene, service),
            run=lambda _: json.dumps({"Credentials": exported}),
            sign=Signer(),
        )
    assert "the secret key of this pair is unknown" in answer.what
    assert "awsCredentialExport of" in answer.fix


def test_a_persons_aws_session_is_not_sent_to_a_repositorys_address(
    scene, home
):
    with servers.Service() as service:
        settings(home, "project", env={"AWS_ENDPOINT_URL": service.url})
        answer = one(
            scene(
                CLAUDE_CODE_USE_BEDROCK="1",
                AWS_ACCESS_KEY_ID=AWS_ID,
                AWS_SECRET_ACCESS_KEY=AWS_SECRET,
            ),
            sign=Signer(),
        )
    assert service.requests == []
    assert "AWS_ENDPOINT_URL in" in answer.what
