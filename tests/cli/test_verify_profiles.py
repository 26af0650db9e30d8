"""`keyswitch verify` against a stub of each service."""

import json
import ssl
import time

import pytest

from keyswitch.providers.catalogue import Catalogue
from tests.cli.keyswitch import KEY, OTHER
from tests.cli.logins import Logins, tokens
from tests.cli.terminal import COMMAND, Terminal
from tests.diagnosis import servers
from tests.diagnosis.servers import Reply
from tests.real.certificates import Authority
from tests.real.sigv4 import is_signed_with

ORGANIZATION = "12345678-1234-1234-1234-123456789abc"
TOKEN = "FAKE-gateway-token-5hT8rWq2EXAMPLE"
OAUTH = "sk-ant-oat01-FAKE-" + "0" * 83 + "EXAMPLE"
ABSK = "ABSK" + "FAKE" * 26 + "EXAMPLE"
GITHUB = "ghp_FAKE00000000000000000000000000EXAMPLE"
OPENAI = "sk-proj-FAKE" + "0" * 80 + "EXAMPLE"
OPENROUTER = "sk-or-v1-FAKE" + "0" * 53 + "EXAMPLE"
GEMINI = "AIzaFAKE" + "0" * 24 + "EXAMPLE"
AWS_ID = "AKIAFAKEFAKE00EXAMPL"
AWS_SECRET = "FAKEwJalrXUtnFEMI/K7MDENG/bPxRfiEXAMPLE1"
ARN = "arn:aws:iam::111122223333:user/you"
SECRETS = (
    KEY, OTHER, TOKEN, OAUTH, ABSK, GITHUB, OPENAI, OPENROUTER, GEMINI,
    AWS_SECRET,
)  # fmt: skip

# provider, its options, its secret; then host and path, a header of the
# request, the reply, and the account and permissions that are shown
CASES = [
    ("anthropic", [], KEY,
     "api.anthropic.com", "/v1/models?limit=1", ("x-api-key", KEY),
     Reply(headers={"anthropic-organization-id": ORGANIZATION}),
     f"organization {ORGANIZATION}", None),
    ("anthropic-aws",
     ["--set", "region=eu-west-1", "--set", "workspace_id=wrkspc_1"], TOKEN,
     "aws-external-anthropic.eu-west-1.api.aws", "/v1/models?limit=1",
     ("anthropic-workspace-id", "wrkspc_1"), Reply(), None, None),
    ("aws", ["--set", f"access_key_id={AWS_ID}"], AWS_SECRET,
     "sts.us-east-1.amazonaws.com", "/", ("x-amz-date", None),
     Reply(body=f"<R><Arn>{ARN}</Arn></R>".encode()), ARN, None),
    ("bedrock",
     ["--set", "region=eu-west-1", "--set", f"access_key_id={AWS_ID}"],
     AWS_SECRET,
     "sts.eu-west-1.amazonaws.com", "/", ("x-amz-date", None),
     Reply(body=f"<R><Arn>{ARN}</Arn></R>".encode()), ARN, None),
    ("bedrock", ["--set", "region=eu-west-1"], f"bearer_token={ABSK}",
     "bedrock.eu-west-1.amazonaws.com", "/foundation-models",
     ("authorization", f"Bearer {ABSK}"), Reply(), None, None),
    ("claude-token", [], OAUTH,
     "api.anthropic.com", "/api/oauth/profile",
     ("authorization", f"Bearer {OAUTH}"),
     Reply(body={"account": {"email": "you@example.com"}}),
     "you@example.com", None),
    ("foundry", ["--set", "resource=acme"], TOKEN,
     "acme.services.ai.azure.com", "/openai/v1/models", ("api-key", TOKEN),
     Reply(), None, None),
    ("foundry",
     ["--set", "base_url=https://acme.services.ai.azure.com/anthropic"],
     TOKEN,
     "acme.services.ai.azure.com", "/openai/v1/models", ("api-key", TOKEN),
     Reply(), None, None),
    ("gateway", ["--set", "base_url=https://gateway.example.com/a/"], TOKEN,
     "gateway.example.com", "/a/v1/models?limit=1",
     ("authorization", f"Bearer {TOKEN}"), Reply(), None, None),
    ("gemini", [], GEMINI,
     "generativelanguage.googleapis.com", "/v1beta/models?pageSize=1",
     ("x-goog-api-key", GEMINI), Reply(), None, None),
    ("github", [], GITHUB,
     "api.github.com", "/user", ("authorization", f"Bearer {GITHUB}"),
     Reply(body={"login": "you", "name": None},
           headers={"X-OAuth-Scopes": "repo, read:org"}),
     "you", "scopes repo, read:org"),
    ("github", ["--set", "host=github.example.com"], GITHUB,
     "github.example.com", "/api/v3/user",
     ("authorization", f"Bearer {GITHUB}"),
     Reply(body={"login": "you"}, headers={"X-OAuth-Scopes": ""}),
     "you", "scopes none"),
    ("openai", ["--set", "project=proj_1"], OPENAI,
     "api.openai.com", "/v1/models", ("openai-project", "proj_1"),
     Reply(headers={"openai-organization": "acme"}),
     "organization acme", None),
    ("openai", ["--set", "base_url=https://gateway.example.com/v1"], OPENAI,
     "gateway.example.com", "/v1/models",
     ("authorization", f"Bearer {OPENAI}"), Reply(), None, None),
    ("openrouter", [], OPENROUTER,
     "openrouter.ai", "/api/v1/key", ("authorization", f"Bearer {OPENROUTER}"),
     Reply(body={"data": {"label": "sk-or-v1-0e6...1c9", "limit": None,
                          "usage": 2.5}}),
     "key sk-or-v1-0e6...1c9", "used 2.5"),
]  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def services(ks, authority):
    """Every host there is, behind a proxy; requests are kept."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def choose(connection, name, _):
        connection.context = authority.context(name)

    context.sni_callback = choose
    with (
        servers.Service(context=context) as service,
        servers.Proxy(service.port) as proxy,
    ):
        ks.environ["HTTPS_PROXY"] = proxy.url
        ks.environ["NODE_EXTRA_CA_CERTS"] = str(authority.ca_file)
        yield service


def add(ks, name, provider, options, secret):
    """Add a profile; its secret may be given for one of several fields."""
    field, equals, value = secret.partition("=")
    given = f"{field}=S" if equals else "S"
    return ks(
        "add", name, "--provider", provider, "--store", "vault", *options,
        "--from-env", given, S=value or secret,
    )  # fmt: skip


def two_keys(ks):
    ks.add("work")
    ks.add("personal", secret=OTHER)


def verified(ks, *args, **how):
    """Return what is said; whatever it is, no secret is in it."""
    done = ks("verify", "--json", *args, **how)
    shown = done.out + done.err
    assert [s for s in SECRETS if s in shown] == []
    document = json.loads(done.out)
    assert document["version"] == 1
    for one in document["profiles"]:
        ok = {"accepted": True, "refused": False}.get(one["state"])
        assert one["ok"] is ok
    return document["profiles"]


# ------------------------------------------------------------- each service


@pytest.mark.parametrize(
    ("provider", "options", "secret", "host", "path", "header", "reply",
     "account", "permissions"), CASES,
    ids=[f"{case[0]} {case[3]}" for case in CASES],
)  # fmt: skip
def test_each_service_is_asked_once(
    ks, services, provider, options, secret, host, path, header, reply,
    account, permissions,
):  # fmt: skip
    add(ks, "work", provider, options, secret)
    services.replies[host] = reply
    [one] = verified(ks, "work")
    assert (one["name"], one["provider"]) == ("work", provider)
    assert (one["state"], one["status"]) == ("accepted", 200), one
    assert one["milliseconds"] >= 0
    assert (one["account"], one["permissions"]) == (account, permissions)
    [request] = services.requests
    assert request.headers["host"] == host
    assert request.path == path
    name, value = header
    assert value is None or request.headers[name] == value
    if name == "x-amz-date":
        assert is_signed_with(request, AWS_ID, AWS_SECRET)


def test_every_provider_with_a_known_service_has_a_question():
    catalogue = Catalogue()
    without = {n for n in catalogue.ids() if not catalogue.get(n).verify}
    assert without == {"custom", "vertex"}
    asked = {case[0] for case in CASES} | {"claude-login"}
    assert asked == set(catalogue.ids()) - without


REFUSALS = [
    ("anthropic", KEY, Reply(401, {"error": {"message": "invalid x-api-key"}}),
     "refused"),
    ("anthropic", KEY, Reply(429, {}), "not known"),
    ("anthropic", KEY, Reply(500, {}), "not known"),
    ("anthropic", KEY, Reply(302, {}, {"Location": "https://evil.example/"}),
     "not known"),
    ("gemini", GEMINI, Reply(400, {"error": {"message": "API key not valid. "
     "Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}),
     "refused"),
    ("gemini", GEMINI, Reply(400, {"error": {"message": "API key expired."}}),
     "refused"),
    ("github", GITHUB, Reply(401, {"message": "Bad credentials"}), "refused"),
    ("github", GITHUB, Reply(403, {"message": "API rate limit exceeded"}),
     "not known"),
    ("github", GITHUB, Reply(403, {"message": "Resource not accessible by "
     "personal access token"}), "accepted"),
    ("openai", OPENAI, Reply(401, {"error": {"code": "invalid_api_key"}}),
     "refused"),
    ("openai", OPENAI, Reply(403, {"error": {"message": "You have insufficient"
     " permissions. Missing scopes: api.model.read"}}), "accepted"),
    ("openrouter", OPENROUTER, Reply(401, {"error": {"message": "User not "
     "found.", "code": 401}}), "refused"),
    ("claude-token", OAUTH, Reply(403, {"error": {"message": "lacks the scope "
     "user:profile"}}), "accepted"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "secret", "reply", "state"), REFUSALS)
def test_what_a_refusal_means(ks, services, provider, secret, reply, state):
    add(ks, "work", provider, [], secret)
    services.reply = reply
    code = {"accepted": 0, "refused": 1, "not known": 4}[state]
    [one] = verified(ks, "work", code=code)
    assert one["state"] == state, one
    if state == "refused":
        assert one["fix"].endswith("keyswitch rotate work")
    assert len(services.requests) == 1  # no redirect, no second try


def test_an_answer_that_repeats_the_secret_names_nobody(ks, services):
    add(ks, "work", "github", [], GITHUB)
    services.reply = Reply(body={"login": f"me {GITHUB[9:30]}"})
    [one] = verified(ks, "work")
    assert (one["state"], one["account"]) == ("accepted", None)


# ------------------------------------------------------------ several, others


def test_the_active_one_is_asked_about_without_a_name(ks, services):
    two_keys(ks)
    assert "no profile is active" in ks("verify", code=1).error
    ks("use", "work")
    assert [one["name"] for one in verified(ks)] == ["work"]
    assert [one["name"] for one in verified(ks, KEYSWITCH_PROFILE="personal")]
    assert [r.headers["x-api-key"] for r in services.requests] == [KEY, OTHER]


def test_all_are_asked_about_in_the_order_of_their_names(ks, services):
    two_keys(ks)
    services.replies["gateway.example.com"] = Reply(401, {})
    url = "base_url=https://gateway.example.com"
    add(ks, "gw", "gateway", ["--set", url], TOKEN)
    done = ks("verify", "--all", code=1)
    rows = [line.split()[:2] for line in done.out.splitlines()]
    assert [row for row in rows if row[0] != "fix:"] == [
        ["gw", "refused"], ["personal", "accepted"], ["work", "accepted"],
    ]  # fmt: skip
    assert "keyswitch rotate gw" in done.out
    assert "TLS" not in done.err


def test_a_name_that_is_not_there_is_said_before_anything_is_asked(
    ks, services
):
    two_keys(ks)
    assert (
        "no profile named 'wrok'" in ks("verify", "work", "wrok", code=1).error
    )
    ks("verify", "work", "--all", code=2)
    assert services.requests == []


def test_several_are_asked_at_once_and_no_more_than_eight(ks, services):
    two_keys(ks)
    for number in range(8):
        ks("copy", "work", f"work{number}")
    services.reply = Reply(pause=0.5)
    began = time.monotonic()
    assert len(verified(ks, "--all")) == 10
    assert 1.0 < time.monotonic() - began < 3.5  # two rounds, not ten
    assert len(services.requests) == 10


def test_a_network_that_is_down_is_no_refusal(ks):
    two_keys(ks)
    port = servers.closed_port()
    environ = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"}
    [one] = verified(ks, "work", code=4, **environ)
    assert (one["state"], one["status"]) == ("not known", None)
    assert "refuses connections" in one["what"]


@pytest.mark.parametrize(
    ("provider", "options", "words"),
    [
        ("custom", ["--set", "env=ACME_KEY"], "defines no check"),
        ("vertex", ["--set", "project_id=acme-1", "--set", "region=global"],
         "stores no secret"),
        ("aws", ["--set", "aws_profile=dev"], "stores no secret"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_about_is_not_known(ks, provider, options, words):
    if provider == "custom":
        add(ks, "work", provider, options, TOKEN)
    else:
        ks("add", "work", "--provider", provider, *options)
    [one] = verified(ks, "work", code=4)
    assert one["state"] == "not known"
    assert words in one["what"]
    assert one["fix"]


def test_a_locked_vault_is_said_of_each_profile(ks, services):
    two_keys(ks)
    ks("lock")
    ks.file(".local/state/keyswitch/machine.key").unlink()
    found = verified(ks, "--all", code=5)
    assert [one["state"] for one in found] == ["could not be read"] * 2
    assert services.requests == []


def test_a_secret_that_is_gone_and_a_broken_file_are_said(ks, services):
    two_keys(ks)
    ks.profile_file("third").write_text("provider = 5")
    ks.profile_file("personal").write_text(
        ks.profile_file("personal").read_text().replace("ks1-", "ks1-0")
    )
    found = verified(ks, "--all", code=5)
    states = {one["name"]: one["state"] for one in found}
    assert states == {
        "personal": "could not be read",
        "third": "could not be read",
        "work": "accepted",
    }


def test_an_agent_that_may_have_no_secrets_is_refused(ks, services):
    two_keys(ks)
    ks.file(".config/keyswitch/config.toml").write_text('agents = "deny"')
    ks("verify", "work", code=1, CLAUDECODE="1")
    assert services.requests == []


# ------------------------------------------------------- to its own host only


def test_a_shell_s_address_and_a_repository_lead_nowhere(ks, services):
    two_keys(ks)
    folder = ks.home / "project/.claude"
    folder.mkdir(parents=True)
    with servers.Service() as evil:
        environ = {"ANTHROPIC_BASE_URL": evil.url}
        moved = {"env": {**environ, "HTTPS_PROXY": evil.url}}
        (folder / "settings.json").write_text(json.dumps(moved))
        ks.at("project", "verify", "work", **environ)
        assert evil.requests == []
    [request] = services.requests
    assert request.headers["host"] == "api.anthropic.com"


def test_a_profile_file_that_was_changed_gets_nothing(ks, services):
    two_keys(ks)
    path = ks.profile_file("work")
    text = path.read_text() + '\n[fields]\nbase_url = "https://evil.example"\n'
    path.write_text(text)
    [one] = verified(ks, "work", code=5)
    assert "it is stored for api.anthropic.com" in one["what"]
    assert services.requests == []


OWN = """
title = "Acme"
hosts = ["api.acme.example"]
[fields.token]
secret = true
required = true
env = ["ACME_TOKEN"]
"""
ROW = """
[verify]
url = ["https://api.acme.example/me"]
headers = { Authorization = "Token {token}", X-Team = "{team}" }
account = ["{user.name}", "team {user.team}"]
permissions = ["{header:X-Rights}"]
"""


def own_provider(ks, text):
    path = ks.file(".config/keyswitch/providers/acme.toml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_provider_file_of_ones_own_may_have_a_question(ks, services):
    own_provider(ks, OWN + ROW)
    add(ks, "acme", "acme", [], TOKEN)
    services.reply = Reply(
        body={"user": {"name": "You"}}, headers={"X-Rights": "read"}
    )
    [one] = verified(ks, "acme")
    assert (one["account"], one["permissions"]) == ("You", "read")
    [request] = services.requests
    assert request.headers["authorization"] == f"Token {TOKEN}"
    assert "x-team" not in request.headers


def test_further_headers_are_sent_beside_the_credential(ks, services):
    more = '[fields.more]\ntitle = "further headers"\n'
    lines = 'lines = ["{more}"]\n'
    own_provider(ks, OWN + more + ROW + lines)
    given = r"X-Team: blue\nAuthorization: Token other"
    add(ks, "acme", "acme", ["--set", f"more={given}"], TOKEN)
    verified(ks, "acme")
    [request] = services.requests
    assert request.headers["x-team"] == "blue"
    assert request.headers["authorization"] == f"Token {TOKEN}"


def test_another_address_in_such_a_file_has_to_be_agreed_to(ks, services):
    own_provider(ks, OWN)
    add(ks, "acme", "acme", [], TOKEN)
    own_provider(ks, OWN + ROW.replace("acme.example", "evil.example"))
    [one] = verified(ks, "acme", code=5)
    assert "evil.example" in one["what"]
    assert services.requests == []


@pytest.mark.parametrize(
    "row",
    [
        "[verify]\nurl = 5\n",
        "[verify]\n",
        '[verify]\nurl = ["ftp://acme.example"]\n',
        '[verify]\nurl = ["https://a.example"]\nheaders = { a = 5 }\n',
        '[verify]\nurl = ["https://a.example"]\nwrong = "x"\n',
        '[verify]\nsigned = "md5"\n',
    ],
)
def test_a_table_that_makes_no_sense_is_named(ks, row):
    own_provider(ks, OWN + row)
    add(ks, "acme", "acme", [], TOKEN)
    [one] = verified(ks, "acme", code=None)
    assert one["state"] in ("not known", "could not be read")


# -------------------------------------------------------------------- logins


PROFILE = {
    "account": {"uuid": "FAKE-account-me", "email": "me@mail.example"},
    "organization": {
        "uuid": "FAKE-organization-me",
        "name": "Me",
        "organization_type": "claude_max",
        "rate_limit_tier": "default_claude_max_5x",
    },
}


def test_a_login_in_use_is_asked_about_with_its_present_token(ks, services):
    logins = Logins(ks)
    logins.capture("me")
    ks("use", "me")
    logins.put("me", 2)  # Claude Code renewed it
    services.reply = Reply(body=PROFILE)
    [one] = verified(ks, "me")
    [request] = services.requests
    assert request.path == "/api/oauth/profile"
    assert request.headers["authorization"] == f"Bearer {tokens('me', 2)[0]}"
    assert request.headers["anthropic-beta"] == "oauth-2025-04-20"
    assert one["account"] == "me@mail.example, Me"
    assert one["permissions"] == "claude_max, default_claude_max_5x"


def test_an_expired_token_is_not_renewed(ks, services):
    logins = Logins(ks)
    logins.capture("me", hours=-1)
    before = ks.everything()
    [one] = verified(ks, "me", code=4)
    assert one["state"] == "expired"
    assert "renewed at the next switch or run" in one["what"]
    assert services.requests == []
    assert ks.everything() == before


def test_a_login_of_another_account_is_said(ks, services):
    Logins(ks).capture("me")
    account = {**PROFILE["account"], "uuid": "FAKE-account-you"}
    services.reply = Reply(body={**PROFILE, "account": account})
    [one] = verified(ks, "me")
    assert one["state"] == "accepted"
    assert "a different account from the profile's" in one["what"]
    assert one["fix"] == "log in again: keyswitch login me"


def test_nothing_is_written(ks, services):
    two_keys(ks)
    ks("use", "work")
    ks("verify", "--all")
    before = ks.everything()
    ks("verify", "--all")
    assert ks.everything() == before


# ------------------------------------------------------------ on a terminal

PHRASE = "FAKE passphrase of a vault"


@pytest.fixture
def locked(ks, services):
    """A vault that only a person opens, and that keeps no answer."""
    two_keys(ks)
    ks.file(".config/keyswitch/config.toml").write_text('cache = "off"')
    ks("vault", "passwd", "--passphrase-fd", "0", stdin=PHRASE)
    ks.file(".local/state/keyswitch/machine.key").unlink()
    return ks


def test_a_locked_vault_is_opened_once(locked):
    asked = Terminal(locked, *COMMAND, "verify", "--all")
    asked.sees("vault passphrase:").type(f"{PHRASE}\n")
    assert asked.ends() == 0
    assert asked.raw.count("vault passphrase") == 1
    assert asked.shown.count("accepted") == 2


def test_a_vault_that_stays_locked_is_asked_about_once(locked, services):
    asked = Terminal(locked, *COMMAND, "verify", "--all")
    question = "vault passphrase"
    for n in range(1, 4):
        asked.until(lambda _, n=n: asked.raw.count(question) == n)
        asked.type("FAKE wrong\n")
    assert asked.ends() == 5
    assert asked.raw.count("; try again") == 2
    assert asked.shown.count("could not be read") == 2
    assert services.requests == []


def test_progress_is_told_on_a_terminal_and_taken_back(ks, services):
    two_keys(ks)
    services.reply = Reply(pause=1.5)
    assert ks("verify", "work").err == ""
    asked = Terminal(ks, *COMMAND, "verify", "--all")
    asked.sees("verifying profiles: 0 of 2").sees("work      accepted")
    assert asked.ends() == 0
    assert "verifying" not in asked.shown
    quiet = Terminal(ks, *COMMAND, "-q", "verify", "work")
    assert quiet.ends() == 0
    assert quiet.raw.count("\n") == 2  # the headers, and one profile
    assert "verifying" not in quiet.raw


def test_an_interrupt_waits_for_no_answer(ks, services):
    two_keys(ks)
    services.reply = Reply(pause=4.0)
    asked = Terminal(ks, *COMMAND, "verify", "--all")
    asked.sees("verifying profiles: 0 of 2")
    began = time.monotonic()
    asked.type("\x03")
    assert asked.ends() == 130
    assert time.monotonic() - began < 3.0
    assert "interrupted, nothing changed" in asked.shown


def test_no_variable_moves_the_keys_of_a_profile_to_another_host(ks, services):
    services.reply = Reply(body=f"<R><Arn>{ARN}</Arn></R>".encode())
    add(ks, "keys", "aws", ["--set", f"access_key_id={AWS_ID}"], AWS_SECRET)
    elsewhere = {"AWS_ENDPOINT_URL": "https://elsewhere.example.com"}
    [found] = verified(ks, "keys", **elsewhere)
    assert found["asked"] == "POST https://sts.us-east-1.amazonaws.com/"
