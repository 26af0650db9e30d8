"""What a command with `--intercept` trusts, and where it uses no proxy."""

import ssl

import pytest

from keyswitch.providers.schema import Provider
from keyswitch.trace.intercepting import credential_hosts, trust
from tests.real.certificates import Authority


@pytest.fixture
def companies(tmp_path):
    """The certificates of two companies' authorities, as files."""
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        found.append(Authority(folder).ca_file)
    return found


@pytest.mark.parametrize("name", trust.BUNDLES)
def test_a_command_goes_on_trusting_what_it_trusted(name, companies, tmp_path):
    company = companies[0]
    found = trust.bundle({name: str(company)}, str(tmp_path))
    assert company.read_bytes().strip() in found
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=found.decode())
    system = ssl.create_default_context().get_ca_certs(binary_form=True)
    assert {*system} <= {*context.get_ca_certs(binary_form=True)}


def test_each_authority_is_there_once(companies, tmp_path):
    company = str(companies[0])
    environ = dict.fromkeys(trust.BUNDLES, company)
    found = trust.bundle(environ, str(tmp_path))
    assert found.count(companies[0].read_bytes().strip()) == 1


def test_settings_that_a_variable_outranks_are_read(companies, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(
        f"[default]\nregion = eu-west-1\nca_bundle = {companies[0]}\n"
    )
    (tmp_path / ".gitconfig").write_text(
        f'[http]\n\tsslCAInfo = "{companies[1]}"\n'
    )
    found = trust.bundle({}, str(tmp_path))
    assert all(c.read_bytes().strip() in found for c in companies)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_file_without_authorities_counts_as_none(text, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_text(text)
    before = trust.bundle({}, str(tmp_path))
    assert trust.bundle({"SSL_CERT_FILE": str(file)}, str(tmp_path)) == before
    assert trust.bundle({"SSL_CERT_FILE": "/none"}, str(tmp_path)) == before


ANTHROPIC = ["api.anthropic.com", "*.amazonaws.com", "*-ai.googleapis.com"]


@pytest.mark.parametrize(
    ("given", "kept", "gone"),
    [
        ("", [], []),
        ("in.example.com, .local", ["in.example.com", ".local"], []),
        ("10.0.0.0/8,a.example:8080", ["10.0.0.0/8", "a.example:8080"], []),
        ("api.anthropic.com", [], ["api.anthropic.com"]),
        (".anthropic.com:443", [], [".anthropic.com:443"]),
        ("*.COM", [], ["*.COM"]),
        ("*", [], ["*"]),
        ("sts.amazonaws.com,x", ["x"], ["sts.amazonaws.com"]),
        ("eu-ai.googleapis.com", [], ["eu-ai.googleapis.com"]),
        ("notanthropic.com", ["notanthropic.com"], []),
        ("127.0.0.1,localhost", [], []),
    ],
)  # fmt: skip
def test_what_keeps_an_intercepted_host_from_the_proxy_goes(given, kept, gone):
    value, without = trust.around({"NO_PROXY": given}, ANTHROPIC)
    loopback = ["127.0.0.1", "localhost", "::1"]
    assert sorted(value.split(",")) == sorted([*kept, *loopback])
    assert without == gone


def test_the_small_name_counts_first():
    environ = {"NO_PROXY": "a.example", "no_proxy": "b.example"}
    assert trust.around(environ, [])[0].startswith("b.example,")


class OwnProviders:
    """A catalogue of one provider."""

    def readable(self):
        hosts = ("{base_url}", "{region}-llm.corp.example", "whatever {env}")
        yield Provider("own", "Own", hosts=hosts)


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("api.anthropic.com", True),
        ("API.Anthropic.com.", True),
        ("platform.claude.com", True),
        ("statsig.anthropic.com", True),
        ("eu-llm.corp.example", True),
        ("gateway.example.com", True),
        ("added.example.net", True),
        ("bedrock-runtime.us-east-1.amazonaws.com", True),
        ("api.anthropic.com.evil.example", False),
        ("corp.example", False),
        ("registry.npmjs.org", False),
        ("pypi.org", False),
        ("", False),
    ],
)
def test_hosts_that_take_credentials_are_covered(host, covered):
    wanted = credential_hosts.patterns(
        OwnProviders(),
        ["https://gateway.example.com:8443/v1", "nothing"],
        ["*.EXAMPLE.net"],
    )
    assert credential_hosts.covers(wanted, host) == covered
