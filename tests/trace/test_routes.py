"""Which addresses are replaced, and where requests really go."""

import json
import socket
from pathlib import Path

import pytest

from keyswitch.providers.catalogue import Catalogue
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.trace import clients, routes
from keyswitch.trace.passing import peer

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEEXAMPLEA"}


def replaced(tmp_path, environ, program="/usr/bin/tool"):
    scene = Scene(environ, home=str(tmp_path), cwd=str(tmp_path))
    found = routes.all_of(scene, Catalogue(), program)
    return {one.variable: one.upstream for one in found}


@pytest.mark.parametrize(
    ("environ", "also"),
    [
        ({}, {}),
        (
            {"OPENAI_API_KEY": "FAKE"},
            {"OPENAI_BASE_URL": "https://api.openai.com/v1"},
        ),
        (
            {"OPENAI_BASE_URL": "https://gw.example.com/v1"},
            {"OPENAI_BASE_URL": "https://gw.example.com/v1"},
        ),
        (
            {"GEMINI_API_KEY": "FAKE"},
            {
                "GOOGLE_GEMINI_BASE_URL": (
                    "https://generativelanguage.googleapis.com"
                )
            },
        ),
        (
            {"CLAUDE_CODE_USE_VERTEX": "1", "CLOUD_ML_REGION": "global"},
            {
                "ANTHROPIC_VERTEX_BASE_URL": (
                    "https://aiplatform.googleapis.com/v1"
                )
            },
        ),
        (
            {
                "CLAUDE_CODE_USE_FOUNDRY": "1",
                "ANTHROPIC_FOUNDRY_RESOURCE": "acme",
            },
            {
                "ANTHROPIC_FOUNDRY_BASE_URL": (
                    "https://acme.services.ai.azure.com/anthropic"
                )
            },
        ),
        (
            {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-west-1"},
            {
                "ANTHROPIC_BEDROCK_BASE_URL": (
                    "https://bedrock-runtime.eu-west-1.amazonaws.com"
                )
            },
        ),
        (
            {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:5000"},
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"},
        ),
        (
            {**KEYS, "AWS_REGION": "eu-west-1"},
            {
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": (
                    "https://bedrock-runtime.eu-west-1.amazonaws.com"
                ),
                "AWS_ENDPOINT_URL_STS": "https://sts.eu-west-1.amazonaws.com",
            },
        ),
    ],
)
def test_what_is_in_use_is_replaced(tmp_path, environ, also):
    always = {"ANTHROPIC_BASE_URL": "https://api.anthropic.com"}
    assert replaced(tmp_path, environ) == always | also


def test_claude_code_keeps_the_addresses_of_awss_other_services(tmp_path):
    environ = {**KEYS, "AWS_REGION": "eu-west-1"}
    assert set(replaced(tmp_path, environ, "/opt/claude")) == {
        "ANTHROPIC_BASE_URL"
    }


def test_settings_name_the_real_address(tmp_path):
    folder = tmp_path / ".claude"
    folder.mkdir()
    env = {"ANTHROPIC_BASE_URL": "https://gw.example.com/x"}
    (folder / "settings.json").write_text(json.dumps({"env": env}))
    assert replaced(tmp_path, {}) == env


def test_an_address_that_is_none_is_left_alone(tmp_path):
    assert replaced(tmp_path, {"ANTHROPIC_BASE_URL": "not an address"}) == {}


def codex(tmp_path, config="", login="apikey", words=()):
    folder = tmp_path / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text(config)
    (folder / "auth.json").write_text(json.dumps({"auth_mode": login}))
    asked = {}

    def local(one):
        asked[one.variable] = one.upstream
        return "http://127.0.0.1:1/t"

    options = clients.codex_options(words, {}, str(tmp_path), local)
    pairs = zip(options[::2], options[1::2], strict=True)
    assert list(pairs) == [
        ("-c", f'{name}="http://127.0.0.1:1/t"') for name in asked
    ]
    return asked


OWN = """
model_provider = "gw"
[model_providers.gw]
base_url = "https://gw.example.com/v1"
"""


@pytest.mark.parametrize(
    ("config", "words", "asked"),
    [
        ("", (), {"openai_base_url": "https://api.openai.com/v1"}),
        (
            'openai_base_url = "https://a.example.com"',
            (),
            {"openai_base_url": "https://a.example.com"},
        ),
        (OWN, (), {'model_providers."gw".base_url': "https://gw.example.com/v1"}),
        (
            OWN,
            ("codex", "-c", 'model_provider="openai"', "exec", "hi"),
            {"openai_base_url": "https://api.openai.com/v1"},
        ),
        ("not toml [", (), {"openai_base_url": "https://api.openai.com/v1"}),
        ("model_providers = 3", (), {"openai_base_url": "https://api.openai.com/v1"}),
    ],
)  # fmt: skip
def test_codex_gets_options(tmp_path, config, words, asked):
    assert codex(tmp_path, config, words=words) == asked


def test_a_chatgpt_login_of_codex_has_hosts_of_its_own(tmp_path):
    assert codex(tmp_path, login="chatgpt") == {
        "openai_base_url": "https://chatgpt.com/backend-api/codex",
        "chatgpt_base_url": "https://chatgpt.com/backend-api/",
    }


class Ends:
    """A transport that knows its two ends."""

    def __init__(self, connection):
        self._names = {
            "peername": connection.getpeername(),
            "sockname": connection.getsockname(),
        }

    def get_extra_info(self, name):
        return self._names[name]


def test_a_process_of_another_user_is_told_by_the_kernels_table(
    tmp_path, monkeypatch
):
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
        with client, ours:
            assert peer.is_own(Ends(ours))
            table = tmp_path / "tcp"
            lines = Path("/proc/net/tcp").read_text().splitlines()
            table.write_text(
                "\n".join(_with_owner(line, "4242") for line in lines)
            )
            monkeypatch.setattr(peer, "_TABLE", str(table))
            assert not peer.is_own(Ends(ours))


def _with_owner(line, owner):
    words = line.split()
    if len(words) > 8:
        words[7] = owner
    return " ".join(words)
