"""Which variables a profile may name for its secret."""

import pytest

from keyswitch.errors import InputError
from keyswitch.providers.binding import ascii_host, shown_host
from keyswitch.providers.shapes import Field, check_variable, is_opaque
from keyswitch.providers.variables import NEVER, SHAPES, TABLE, steers

# By whom they are read, and what they lead to.
STEERING = [
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "CLAUDE_CODE_SHELL_PREFIX",
    "CLAUDE_CODE_CLIENT_KEY",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
    "GIT_CONFIG_KEY_0",
    "GIT_CONFIG_TOKEN",
    "GIT_PROXY_COMMAND",
    "GIT_DIR",
    "GIT_SSL_KEY",
    "git_editor",
    "HGRCPATH",
    "SVN_SSH",
    "RSYNC_RSH",
    "SSH_ASKPASS",
    "SSH_AUTH_SOCK",
    "SUDO_ASKPASS",
    "GNUPGHOME",
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
    "npm_config_script_shell",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "PYTHONBREAKPOINT",
    "PIP_INDEX_URL",
    "UV_PYTHON",
    "RUBYOPT",
    "RUBYLIB",
    "BUNDLE_GEMFILE",
    "PERL5OPT",
    "PERL5DB",
    "PERL5LIB",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "CLASSPATH",
    "MAVEN_OPTS",
    "LUA_INIT",
    "PHPRC",
    "R_PROFILE_USER",
    "ERL_FLAGS",
    "DOTNET_STARTUP_HOOKS",
    "CORECLR_PROFILER",
    "GOFLAGS",
    "GOPROXY",
    "GOAUTH",
    "RUSTC_WRAPPER",
    "CARGO_HOME",
    "MAKEFLAGS",
    "CC",
    "CFLAGS",
    "LD_PRELOAD",
    "LD_AUDIT",
    "LD_TOKEN",
    "DYLD_API_KEY",
    "GLIBC_TUNABLES",
    "GCONV_PATH",
    "LOCPATH",
    "HOSTALIASES",
    "NLSPATH",
    "TMPDIR",
    "OPENSSL_CONF",
    "SSL_CERT_FILE",
    "SSLKEYLOGFILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "KRB5_CONFIG",
    "AWS_CONFIG_FILE",
    "AWS_CA_BUNDLE",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "CLOUDSDK_PYTHON",
    "XDG_CONFIG_HOME",
    "XDG_DATA_DIRS",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "BROWSER",
    "LESSOPEN",
    "LESSKEY",
    "VIMINIT",
    "EXINIT",
    "HTTPS_PROXY",
    "all_proxy",
    "no_proxy",
    "PATH",
    "HOME",
    "ENV",
    "IFS",
    "BASH_ENV",
    "BASH_FUNC_x",
    "SHELLOPTS",
    "PROMPT_COMMAND",
    "PS4",
    "ZDOTDIR",
    "FPATH",
    "CDPATH",
    "PWD",
    "SHELL",
    "TERM",
    "KEYSWITCH_HOME",
    "__KEYSWITCH_SAVED",
    "DBUS_SESSION_BUS_ADDRESS",
    "DOCKER_HOST",
    "KUBECONFIG",
    "PGSSLROOTCERT",
    "PGSERVICEFILE",
    "COMSPEC",
    "ACME_URL",
    "ACME_API_ENDPOINT",
    "ACME_HOME",
    "ACME_CONFIG_DIR",
    "ACME_LOG_PATH",
    "ACME_OPTIONS",
    "ACME_HELPER_COMMAND",
    "ACME_CERTS",
    "ACME_HTTP_PROXY",
    "ACME_EDITOR",
    "ACME_PLUGINS",
    "ACME_SSL_KEY",
    "ACME_HOST",
    "ACME_RC_FILE",
    "acme_base_url",
    "BORG_PASSCOMMAND",
    "BORG_REPO",
    "RESTIC_REPOSITORY",
    "PYTEST_ADDOPTS",
    "P4DIFF",
    "P4EDITOR",
    "P4PORT",
    "CVSEDITOR",
    "TEXEDIT",
    "FLASK_APP",
    "MIX_EXS",
    "VAGRANT_VAGRANTFILE",
    "VK_ICD_FILENAMES",
    "TS_NODE_REQUIRE",
    "MPLBACKEND",
    "MAILCAPS",
    "SDL_DYNAMIC_API",
    "UWSGI_INI",
    "LYNX_CFG",
    "ACMEOPTS",
    "ACMECOMMAND",
    "ACMEPAGER",
    "ACME_STARTUPFILE",
    "ACME_REPO",
    "ACME_YAML",
]

CARRYING = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "OPENAI_API_KEY",
    "OPENAI_API_KEY_2",
    "GEMINI_API_KEY",
    "GH_TOKEN",
    "GITHUB_PAT",
    "GITLAB_TOKEN",
    "GIT_TOKEN",
    "GIT_PASSWORD",
    "NODE_AUTH_TOKEN",
    "NPM_TOKEN",
    "UV_PUBLISH_TOKEN",
    "CARGO_REGISTRY_TOKEN",
    "TWINE_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "CLOUDFLARE_API_TOKEN",
    "HF_TOKEN",
    "SLACK_BOT_TOKEN",
    "PGPASSWORD",
    "MYSQL_PWD",
    "STRIPE_SECRET_KEY",
    "TF_VAR_db_password",
    "VAULT_TOKEN",
    "DOCKER_PASSWORD",
    "SSH_KEY_PASSPHRASE",
    "RESTIC_PASSWORD",
    "BORG_PASSPHRASE",
    "P4PASSWD",
    "SESSION_COOKIE",
    "SERVICE_CREDENTIALS",
    "APIKEY",
    "TOKEN",
    "ACME",
    "FOO",
]


@pytest.mark.parametrize("name", STEERING)
def test_a_variable_that_steers_programs_is_refused(name):
    with pytest.raises(InputError, match="it sets"):
        check_variable(name)


@pytest.mark.parametrize("name", CARRYING)
def test_what_real_keys_are_called_is_allowed(name):
    assert steers(name) == ""


def test_every_row_of_the_table_has_a_source_and_refuses_its_own_names():
    for row in NEVER + TABLE + SHAPES:
        assert row.source
        for name in row.names.split():
            assert steers(name.replace("*", "X_X").replace("?", "1")), name


@pytest.mark.parametrize(
    "value",
    ["/tmp/evil.sh", "https://evil.example/x1", "touch /tmp/x", "hunter2",
     "-javaagent:/tmp/evil1.jar", "lib/evil/mod1-aaaaaaaaaaaaaaaaa",
     "bin/r4nd0mlookingpayload1", "r4nd/.hidden/payload1aaaaa",
     "sk-x/../../tmp/evil-program", "sk-bin/evil-program-EXAMPLE",
     "sk-ant-$(touch /tmp/pwned)", "evil1.example.com:8080", "."],
)  # fmt: skip
def test_what_is_no_secret_s_shape_may_be_shown(value):
    assert not is_opaque(Field("value"), value)


@pytest.mark.parametrize(
    "value",
    ["sk-ant-api03-FAKE0123456789EXAMPLE", "ghp_FAKE0123456789abcdefEXAMPLE",
     "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "0123456789abcdef" * 2,
     "eyJhbGciOi.eyJzdWIi.FAKE"],
)  # fmt: skip
def test_a_secret_s_shape_is_masked(value):
    assert is_opaque(Field("value"), value)


def test_a_host_in_other_letters_is_named_twice():
    assert shown_host("api.example.com") == "api.example.com"
    assert shown_host("\u0430pi.example.com:8443") == (
        "\u0430pi.example.com:8443 (xn--pi-6kc.example.com:8443)"
    )
    assert ascii_host("a.\u2603" + "x" * 70).startswith("a.xn--")
