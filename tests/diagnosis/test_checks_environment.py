"""Proxies, certificates, addresses and the two sides of a Windows machine."""

from types import SimpleNamespace

import pytest

from tests.diagnosis.homes import (
    KEY,
    PROJECT,
    TOKEN,
    Home,
)

LINUX = {"platform.uname": lambda: SimpleNamespace(release="6.1-generic")}
ON_WSL = {"platform.uname": lambda: SimpleNamespace(release="5.15-Microsoft-x")}


def with_(**environ):
    return Home(environ={"ANTHROPIC_API_KEY": KEY, **environ}, patches=LINUX)


def address(url):
    return with_(ANTHROPIC_BASE_URL=url)


def vertex(url):
    return with_(CLAUDE_CODE_USE_VERTEX="1", ANTHROPIC_VERTEX_BASE_URL=url)


HOMES = {
    "proxy-malformed": (
        with_(HTTPS_PROXY="proxy.example:3128"),
        with_(HTTPS_PROXY="http://proxy.example:3128"),
    ),
    "proxies-differ": (
        with_(HTTPS_PROXY="http://a.example", https_proxy="http://b.example"),
        with_(HTTPS_PROXY="http://a.example", https_proxy="http://a.example"),
    ),
    "ca-file-missing": (
        with_(NODE_EXTRA_CA_CERTS="{home}/gone.pem"),
        with_(NODE_EXTRA_CA_CERTS="{home}/there.pem").but(
            files={"there.pem": "FAKE"}
        ),
    ),
    "tls-check-off": (
        with_(NODE_TLS_REJECT_UNAUTHORIZED="0"),
        with_(NODE_TLS_REJECT_UNAUTHORIZED="1"),
    ),
    "base-url-malformed": (
        address("gw.example/v2"),
        address("https://gw.example/v2"),
    ),
    "base-url-open": (
        address("http://gw.example"),
        address("http://localhost:4000"),
    ),
    "base-url-with-version": (
        address("https://gw.example/v1/"),
        vertex("https://region-aiplatform.example/v1"),
    ),
    "base-url-with-password": (
        address(f"https://me:{TOKEN}@gw.example"),
        address("https://gw.example/@me"),
    ),
    "base-url-needless": (
        address("https://api.anthropic.com"),
        address("https://api.anthropic.com.example"),
    ),
    "wsl-two-sides": (with_(WSL_DISTRO_NAME="Debian"), with_()),
    "wsl-home-on-windows": (
        with_(WSL_DISTRO_NAME="Debian").but(home="/mnt/c/Users/you"),
        with_(WSL_DISTRO_NAME="Debian"),
    ),
}


@pytest.mark.parametrize(
    "value", ["socks5://p.example", "http://", "http://[::1", f"//{TOKEN}"]
)
def test_a_proxy_that_is_none_is_not_repeated(look, value):
    assert "HTTPS_PROXY" in look(with_(HTTPS_PROXY=value))[
        "proxy-malformed"
    ].what  # fmt: skip


def test_a_relative_certificate_file_counts_from_here(look):
    home_ = with_(NODE_EXTRA_CA_CERTS="ca.pem")
    assert "ca-file-missing" not in look(
        home_.but(files={"project/ca.pem": "FAKE"})
    )


def test_a_setting_of_a_repository_is_named_with_its_line(look):
    env = {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}
    finding = look(with_().but(files={PROJECT: {"env": env}}))
    assert finding["tls-check-off"].place.endswith(f"{PROJECT}:3")


def test_a_kernel_of_wsl_is_enough(look):
    assert "wsl-two-sides" in look(with_().but(patches=ON_WSL))


@pytest.mark.parametrize(
    "url", ["http://[", "https://", "ftp://x.example", "http://h:FAKE"]
)
def test_no_address_breaks_the_check(look, url):
    assert "base-url-malformed" in look(address(url))


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("http://gw.example", "https://gw.example"),
        ("https://gw.example/api/v1/", "https://gw.example/api"),
        ("http://gw.example/v1", "https://gw.example"),
        ("https://me:FAKE@gw.example/a", "https://gw.example/a"),
        ("http://me:FAKE@gw.example:81/v1", "https://gw.example:81"),
    ],
)
def test_the_right_address_is_there_to_be_pasted(look, url, right):
    found = look(address(url))
    fixes = {f.fix for name, f in found.items() if name.startswith("base-url")}
    assert fixes == {f"export ANTHROPIC_BASE_URL={right}"}


def test_an_address_that_may_hold_a_key_is_not_repeated(look):
    found = look(address("http://gw.example/sk-FAKE-0123456789abcdef0123456"))
    fix = found["base-url-open"].fix
    assert fix == "write https:// in ANTHROPIC_BASE_URL in this environment"
