"""The way to the service, stage by stage, against servers of the loopback."""

import json
import socket

import pytest

from keyswitch.diagnosis.online import endpoints, network
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.verdict import ERROR, WARNING
from tests.diagnosis import servers
from tests.real.certificates import Authority

KEY = "sk-ant-api03-FAKE-network-0000000000000000000EXAMPLE"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def scene(home):
    def make(settings=None, **environ):
        if settings is not None:
            (home / ".claude").mkdir(exist_ok=True)
            path = home / ".claude" / "settings.json"
            path.write_text(json.dumps({"env": settings}, indent=1))
        environ = {"HOME": str(home), "ANTHROPIC_API_KEY": KEY, **environ}
        return Scene(environ, home=str(home), cwd=str(home / "work"))

    (home / "work").mkdir()
    return make


def probe(scene, seconds=2.0):
    return network.probe(
        scene, resolve(scene), stage_seconds=seconds, all_seconds=4
    )


def names(steps):
    return [(step.name, step.ok) for step in steps]


def failing(steps):
    *before, last = steps
    assert all(step.ok for step in before)
    assert not last.ok
    return last


# ------------------------------------------------------------------- success


def test_a_service_is_reached_without_a_credential(scene):
    with servers.Service() as service:
        steps = probe(scene(ANTHROPIC_BASE_URL=service.url + "/a/"))
    assert names(steps) == [("dns", True), ("tcp", True), ("http", True)]
    [request] = service.requests
    assert (request.method, request.path) == ("HEAD", "/a")
    assert KEY not in str(request)
    assert network.findings(steps) == ()


def test_tls_is_a_step_and_names_the_issuer(scene, authority):
    with servers.Service(context=authority.context("localhost")) as service:
        steps = probe(
            scene(
                ANTHROPIC_BASE_URL=service.url,
                NODE_EXTRA_CA_CERTS=str(authority.ca_file),
            )
        )
    assert names(steps)[2:] == [("tls", True), ("http", True)]
    assert "issued by 'keyswitch tests'" in steps[2].detail


def test_any_answer_counts_and_a_broken_service_is_a_warning(scene):
    with servers.Service(servers.Reply(503)) as service:
        steps = probe(scene(ANTHROPIC_BASE_URL=service.url))
    assert steps[-1].ok
    [finding] = network.findings(steps)
    assert (finding.check, finding.severity) == ("network-http", WARNING)
    assert finding.what == f"{service.url}: answered 503"


def test_a_refused_credential_is_no_trouble_of_the_network(scene):
    with servers.Service(servers.Reply(401)) as service:
        steps = probe(scene(ANTHROPIC_BASE_URL=service.url))
    assert network.findings(steps) == ()


def test_certificates_that_are_not_checked_are_a_warning(scene, authority):
    with servers.Service(context=authority.context("localhost")) as service:
        steps = probe(
            scene(
                {"NODE_TLS_REJECT_UNAUTHORIZED": "0"},
                ANTHROPIC_BASE_URL=service.url,
                SSL_CERT_FILE=str(authority.ca_file),
            )
        )
    [finding] = network.findings(steps)
    assert (finding.check, finding.severity) == ("network-tls", WARNING)
    assert "settings.json:3 makes Claude Code accept any" in finding.why


# ----------------------------------------------------------------------- dns


def _no_name(*args, **kwargs):
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


def test_a_name_that_does_not_resolve_names_the_line_that_sets_it(
    scene, monkeypatch
):
    monkeypatch.setattr(socket, "getaddrinfo", _no_name)
    here = scene({"ANTHROPIC_BASE_URL": "https://gatway.example"})
    last = failing(probe(here))
    assert last.name == "dns"
    assert last.detail == "gatway.example does not resolve"
    assert "offline" in last.why
    assert "settings.json:3 has a typo" in last.why
    [finding] = network.findings([last])
    assert (finding.check, finding.severity) == ("network-dns", ERROR)


def test_the_services_own_name_can_be_no_typo(scene, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _no_name)
    last = failing(probe(scene()))
    assert last.target == "api.anthropic.com"
    assert "typo" not in last.why


def test_a_name_server_that_says_nothing_does_not_hold_the_probe(
    scene, monkeypatch
):
    gate = servers.threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: gate.wait(9))
    last = failing(probe(scene(), seconds=0.1))
    gate.set()
    assert "timed out" in last.detail


def test_an_address_that_is_not_one_is_said_before_anything_is_sent(scene):
    url = "gopher://FAKEuser:FAKEpassword@x"
    last = failing(probe(scene(ANTHROPIC_BASE_URL=url)))
    assert "is not an http or https address" in last.detail
    assert "FAKE" not in str(last)


# ----------------------------------------------------------------------- tcp


def test_a_closed_port_is_explained(scene):
    url = f"http://127.0.0.1:{servers.closed_port()}"
    last = failing(probe(scene(ANTHROPIC_BASE_URL=url)))
    assert last.name == "tcp"
    assert last.why == "nothing is listening there, or the port is wrong"
    assert "ANTHROPIC_BASE_URL in the environment" in last.fix


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (TimeoutError(), "a firewall drops the packets"),
        (ConnectionResetError(), "a firewall or proxy cuts it"),
        (OSError(101, "unreachable"), "this machine is offline"),
        (ConnectionRefusedError(), "nothing is listening there"),
    ],
)
def test_each_way_of_not_connecting_has_its_reason(
    scene, monkeypatch, error, word
):
    def connect(self, place):
        raise error

    monkeypatch.setattr(socket.socket, "connect", connect)
    last = failing(probe(scene(ANTHROPIC_BASE_URL="http://127.0.0.1:9")))
    assert word in last.why


def test_a_unix_socket_is_tried_in_place_of_the_network(scene, tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        steps = probe(scene(ANTHROPIC_UNIX_SOCKET=str(path)))
        assert names(steps) == [("tcp", True)]
    path.unlink()
    last = failing(probe(scene(ANTHROPIC_UNIX_SOCKET=str(path))))
    assert "nothing is listening at" in last.detail


# ----------------------------------------------------------------------- tls


def tls_failure(scene, context, **environ):
    with servers.Service(context=context) as service:
        last = failing(probe(scene(ANTHROPIC_BASE_URL=service.url, **environ)))
    assert service.requests == []
    assert last.name == "tls"
    return last


def test_an_intercepting_proxy_is_known_by_its_issuer(scene, tmp_path):
    context, _ = servers.self_issued(
        tmp_path, "localhost", issuer="Zscaler Inc."
    )
    last = tls_failure(scene, context)
    assert "issued by 'Zscaler Inc.', is not trusted" in last.detail
    assert "decrypts TLS connections" in last.why
    assert "NODE_EXTRA_CA_CERTS" in last.fix


def test_an_unknown_authority_of_a_set_address_may_be_a_companys(
    scene, tmp_path
):
    context, _ = servers.self_issued(tmp_path, "localhost", issuer="ACME")
    last = tls_failure(scene, context)
    assert "a company's own CA" in last.why


def test_a_file_of_authorities_that_cannot_be_read_is_named(scene, tmp_path):
    context, _ = servers.self_issued(tmp_path, "localhost")
    last = tls_failure(
        scene, context, NODE_EXTRA_CA_CERTS=str(tmp_path / "missing.pem")
    )
    assert "NODE_EXTRA_CA_CERTS in the environment names a file" in last.why


def test_a_certificate_that_ended_is_told_from_a_wrong_clock(scene, tmp_path):
    context, path = servers.self_issued(
        tmp_path, "localhost", begins=-9, ends=-2
    )
    last = tls_failure(scene, context, NODE_EXTRA_CA_CERTS=str(path))
    assert last.detail == "the certificate of localhost has expired"
    assert "this machine's clock says" in last.why


def test_a_certificate_of_tomorrow_means_a_wrong_clock(scene, tmp_path):
    context, path = servers.self_issued(tmp_path, "localhost", begins=2, ends=9)
    last = tls_failure(scene, context, NODE_EXTRA_CA_CERTS=str(path))
    assert last.fix == "set this machine's clock"


def test_a_certificate_for_another_host_names_that_host(scene, authority):
    last = tls_failure(
        scene,
        authority.context("other.example"),
        NODE_EXTRA_CA_CERTS=str(authority.ca_file),
    )
    assert last.detail == "the certificate is not for localhost"
    assert last.why == "it is for other.example"


def test_unchecked_certificates_are_checked_here(scene, tmp_path):
    context, _ = servers.self_issued(tmp_path, "localhost")
    last = tls_failure(scene, context, NODE_TLS_REJECT_UNAUTHORIZED="0")
    assert "is not trusted" in last.detail


def test_authorities_that_a_repository_names_are_not_trusted(
    scene, home, tmp_path
):
    context, path = servers.self_issued(tmp_path, "localhost")
    (home / "work" / ".claude").mkdir()
    (home / "work" / ".claude" / "settings.json").write_text(
        json.dumps({"env": {"NODE_EXTRA_CA_CERTS": str(path)}})
    )
    last = tls_failure(scene, context)
    assert "is not trusted" in last.detail


def test_plain_http_on_a_port_for_tls_is_explained(scene):
    with servers.Service() as service:
        url = f"https://127.0.0.1:{service.port}"
        last = failing(probe(scene(ANTHROPIC_BASE_URL=url)))
    assert f"does not speak TLS on port {service.port}" in last.detail
    assert "says https:// for a plain HTTP port" in last.why


def test_a_server_that_hangs_up_at_hello_is_taken_for_a_filter(scene):
    with servers.Rude() as service:
        url = f"https://{service.place}"
        last = failing(probe(scene(ANTHROPIC_BASE_URL=url)))
    assert last.name == "tls"
    assert "blocks this name" in last.why


def test_a_server_that_never_begins_tls_ends_at_the_deadline(scene):
    with servers.Silent() as service:
        url = f"https://{service.place}"
        last = failing(probe(scene(ANTHROPIC_BASE_URL=url), seconds=0.2))
    assert "does not start TLS" in last.detail


# ---------------------------------------------------------------------- http


def test_a_server_that_never_answers_ends_at_the_deadline(scene):
    with servers.Silent() as service:
        last = failing(
            probe(scene(ANTHROPIC_BASE_URL=service.url), seconds=0.2)
        )
    assert last.name == "http"
    assert "did not answer in time" in last.detail


def test_what_is_not_http_is_said_to_be_another_service(scene):
    with servers.Rude(b"SSH-2.0-FAKE\r\n") as service:
        last = failing(probe(scene(ANTHROPIC_BASE_URL=service.url)))
    assert last.why == "another service is listening there"


def test_a_server_that_hangs_up_instead_of_answering_is_explained(scene):
    with servers.Rude() as service:
        last = failing(probe(scene(ANTHROPIC_BASE_URL=service.url)))
    assert "closed the connection instead of answering" in last.detail


# --------------------------------------------------------------------- proxy


def through(scene, proxy, authority, **environ):
    return probe(
        scene(
            HTTPS_PROXY=proxy.url,
            NODE_EXTRA_CA_CERTS=str(authority.ca_file),
            **environ,
        )
    )


def test_a_proxy_leads_to_the_services_own_host(scene, authority):
    context = authority.context("api.anthropic.com")
    with (
        servers.Service(context=context) as service,
        servers.Proxy(service.port) as proxy,
    ):
        steps = through(scene, proxy, authority)
    assert names(steps) == [
        (name, True) for name in ("dns", "tcp", "proxy", "tls", "http")
    ]
    assert [step.target for step in steps] == [
        "127.0.0.1",
        proxy.place,
        proxy.place,
        "api.anthropic.com",
        "https://api.anthropic.com",
    ]
    assert proxy.requests[0].path == "api.anthropic.com:443"
    assert KEY not in str(service.requests + proxy.requests)


def test_a_proxys_password_goes_to_the_proxy_alone(scene, authority):
    context = authority.context("api.anthropic.com")
    with (
        servers.Service(context=context) as service,
        servers.Proxy(service.port) as proxy,
    ):
        url = f"http://you:FAKE%40word@{proxy.place}"
        steps = probe(
            scene(https_proxy=url, NODE_EXTRA_CA_CERTS=str(authority.ca_file))
        )
    assert steps[-1].ok
    sent = proxy.requests[0].headers["proxy-authorization"]
    assert sent == "Basic eW91OkZBS0VAd29yZA=="
    assert "proxy-authorization" not in service.requests[0].headers
    assert "FAKE" not in str(steps)


def test_a_proxy_that_is_spoken_to_in_tls_works_too(scene, authority):
    with (
        servers.Service(
            context=authority.context("api.anthropic.com")
        ) as service,
        servers.Proxy(
            service.port, context=authority.context("localhost")
        ) as proxy,
    ):
        proxy.url = f"https://localhost:{proxy.port}"
        steps = through(scene, proxy, authority)
    assert [step.ok for step in steps] == [True] * 5


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (407, "it requires a user name and password"),
        (403, "it does not allow api.anthropic.com:443"),
        (502, "it cannot reach api.anthropic.com:443"),
        (404, "it is probably not a proxy for https"),
    ],
)
def test_a_proxys_refusals_are_explained(scene, authority, status, word):
    with servers.Proxy(reply=servers.Reply(status)) as proxy:
        last = failing(through(scene, proxy, authority))
    assert last.name == "proxy"
    assert word in last.why
    assert last.detail == f"the proxy {proxy.place} answered {status}"


def test_a_password_that_a_proxy_does_not_take_is_not_asked_for_again(
    scene, authority
):
    with servers.Proxy(reply=servers.Reply(407)) as proxy:
        proxy.url = f"http://you:FAKEword@{proxy.place}"
        last = failing(through(scene, proxy, authority))
    assert "rejected the user name and password in its URL" in last.why
    assert "FAKEword" not in str(last)


def test_https_for_a_proxy_without_tls_is_explained(scene, authority):
    with servers.Proxy() as proxy:
        proxy.url = f"https://{proxy.place}"
        last = failing(through(scene, proxy, authority))
    assert last.fix == "use http:// in HTTPS_PROXY in the environment"


def test_a_proxy_that_is_not_there_is_named_by_its_variable(scene, authority):
    with servers.Proxy() as proxy:
        pass
    last = failing(through(scene, proxy, authority))
    assert last.name == "tcp"
    assert "HTTPS_PROXY in the environment" in last.fix


def test_a_proxy_of_another_kind_is_refused_as_claude_code_does(
    scene, authority
):
    last = failing(
        probe(scene({"HTTPS_PROXY": "socks5://FAKE:FAKE@127.0.0.1:1080"}))
    )
    assert last.name == "proxy"
    assert "settings.json:3 is not an HTTP proxy" in last.detail
    assert "FAKE" not in str(last)


def test_a_plain_address_goes_through_the_proxy_in_one_request(
    scene, authority
):
    with servers.Proxy() as proxy:
        steps = through(
            scene, proxy, authority, ANTHROPIC_BASE_URL="http://gw.example/a"
        )
    assert names(steps) == [("dns", True), ("tcp", True), ("http", True)]
    assert proxy.requests[0].path == "http://gw.example/a"
    assert proxy.requests[0].headers["host"] == "gw.example"


def test_a_proxy_that_wants_a_password_for_a_plain_address_is_a_failure(
    scene, authority
):
    with servers.Proxy(reply=servers.Reply(407)) as proxy:
        last = failing(
            through(
                scene, proxy, authority, ANTHROPIC_BASE_URL="http://gw.example"
            )
        )
    assert last.why == "it requires a user name and password"


# ----------------------------------------------------------------- addresses


CLOUDS = [
    ("BEDROCK", {"AWS_REGION": "eu-west-1"},
     "bedrock-runtime.eu-west-1.amazonaws.com"),
    ("BEDROCK", {"AWS_DEFAULT_REGION": "eu-west-2"},
     "bedrock-runtime.eu-west-2.amazonaws.com"),
    ("BEDROCK", {}, "bedrock-runtime.us-east-1.amazonaws.com"),
    ("BEDROCK", {"AWS_PROFILE": "x"},
     "bedrock-runtime.eu-north-1.amazonaws.com"),
    ("MANTLE", {"AWS_REGION": "eu-west-1"}, "bedrock-mantle.eu-west-1.api.aws"),
    ("ANTHROPIC_AWS", {"AWS_REGION": "eu-west-1"},
     "aws-external-anthropic.eu-west-1.api.aws"),
    ("VERTEX", {"CLOUD_ML_REGION": "global"}, "aiplatform.googleapis.com"),
    ("VERTEX", {"CLOUD_ML_REGION": "eu"}, "aiplatform.eu.rep.googleapis.com"),
    ("VERTEX", {}, "us-east5-aiplatform.googleapis.com"),
    ("ANTHROPIC_GOOGLE_CLOUD", {}, "claude.googleapis.com"),
    ("FOUNDRY", {"ANTHROPIC_FOUNDRY_RESOURCE": "res"},
     "res.services.ai.azure.com"),
]  # fmt: skip


@pytest.mark.parametrize(("flag", "environ", "host"), CLOUDS)
def test_every_cloud_has_its_host(home, scene, flag, environ, host):
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[profile x]\nregion = eu-north-1\n")
    here = scene(**{f"CLAUDE_CODE_USE_{flag}": "1"}, **environ)
    assert endpoints.endpoint(here, resolve(here)).host == host


def test_an_anthropic_profile_can_name_an_address_of_its_own(home, scene):
    folder = home / ".config" / "anthropic"
    config = {"authentication": {"type": "user_oauth"}}
    for name, document in (
        ("configs", {**config, "base_url": "https://own.example/"}),
        ("credentials", {"access_token": "sk-ant-oat01-FAKE"}),
    ):
        (folder / name).mkdir(parents=True)
        path = folder / name / "default.json"
        path.write_text(json.dumps(document))
        path.chmod(0o600)
    here = scene(ANTHROPIC_API_KEY="")
    address = endpoints.endpoint(here, resolve(here))
    assert address.url == "https://own.example"
    assert endpoints.set_by(address) == (
        f"base_url in {folder}/configs/default.json"
    )


@pytest.mark.parametrize(
    "environ",
    [
        {"CLAUDE_CODE_USE_FOUNDRY": "1"},
        {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "evil.example/x"},
    ],
)
def test_a_host_that_is_not_known_is_not_guessed(scene, environ):
    last = failing(probe(scene(**environ)))
    assert "cannot tell where requests go" in last.detail


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ("api.anthropic.com", True),
        ("anthropic.com", True),
        (".anthropic.com", True),
        ("*.anthropic.com", True),
        ("x.example API.anthropic.com", True),
        ("x.example,api.anthropic.com:443", True),
        ("api.anthropic.com:8443", False),
        ("i.anthropic.com", False),
        ("*", True),
        ("10.0.0.0/8", False),
        (" ", False),
    ],
)
def test_no_proxy_is_read_as_claude_code_reads_it(scene, text, around):
    here = scene(HTTPS_PROXY="http://127.0.0.1:9", NO_PROXY=text)
    address = endpoints.parse("https://api.anthropic.com")
    assert (endpoints.proxy_for(here, address) is None) is around


@pytest.mark.parametrize(
    ("host", "around"), [("10.1.2.3", True), ("11.1.2.3", False)]
)
def test_no_proxy_knows_networks(scene, host, around):
    here = scene(http_proxy="127.0.0.1:9", no_proxy="10.0.0.0/8")
    address = endpoints.parse(f"http://{host}:8000")
    assert (endpoints.proxy_for(here, address) is None) is around


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"https_proxy": "http://a", "HTTPS_PROXY": "http://b"}, "https_proxy"),
        ({"https_proxy": " ", "HTTPS_PROXY": "http://b"}, "HTTPS_PROXY"),
        ({"HTTP_PROXY": "http://a", "HTTPS_PROXY": "http://b"}, "HTTPS_PROXY"),
        ({"HTTP_PROXY": "http://a", "ALL_PROXY": "http://b"}, "HTTP_PROXY"),
        ({"ALL_PROXY": "http://b"}, "ALL_PROXY"),
    ],
)
def test_the_first_proxy_that_is_not_blank_counts(scene, environ, name):
    address = endpoints.parse("http://gw.example")
    proxy = endpoints.proxy_for(scene(**environ), address)
    assert proxy.source.name == name


def test_all_proxy_of_another_kind_stops_nothing(scene):
    here = scene(ALL_PROXY="socks5://127.0.0.1:9")
    address = endpoints.parse("https://api.anthropic.com")
    assert endpoints.proxy_for(here, address) is None


def test_an_address_loses_its_password_and_query():
    found = endpoints.parse("https://you:FAKE@GW.example:8443/a/?key=FAKE#x")
    assert found.url == "https://gw.example:8443/a"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("[::1]:80", "http://[::1]"),
        ("b\u00fccher.example", "http://xn--bcher-kva.example"),
    ],
)
def test_addresses_of_other_forms_are_read(host, url):
    assert endpoints.parse(f"http://{host}/").url == url
