"""Which variables carry a credential, and which steer programs instead.

A variable that names a program, code, a proxy, an address or a place is a way
to run code or to send a secret astray, whatever its value looks like. A table
tells it, with the pages that document the names, and shape: names are made
of the same few words everywhere.
"""

from __future__ import annotations

import re
from functools import cache

from keyswitch.model import Frozen

PROGRAM = "a program to run, or code to load"
SHELL = "a setting of the shell itself"
PLACE = "a file or folder that programs read"
TRUST = "which certificates programs trust"
PROXY = "a proxy for all connections"
ADDRESS = "an address that data is sent to"


class Row(Frozen):
    """Names of one kind; `*` stands for any end or beginning."""

    kind: str
    source: str
    names: str


# Whatever such a name ends with: no program reads a credential from one.
NEVER = (
    Row(SHELL, "keyswitch's own", "KEYSWITCH_* __KEYSWITCH*"),
    Row(PROGRAM, "bash(1), Shell Variables; functions", "BASH_* BASHOPTS"),
    Row(PROGRAM, "ld.so(8), dyld(1), rld(1), AIX", "LD_* DYLD_* _RLD* LDR_*"),
    Row(PROGRAM, "glibc manual, Tunables; mallopt(3)", "GLIBC_* MALLOC_*"),
    Row(PROGRAM, "git-config(1), GIT_CONFIG_COUNT", "GIT_CONFIG*"),
    Row(TRUST, "git(1): a path", "GIT_SSL_KEY"),
    Row(TRUST, "Claude Code, network configuration", "CLAUDE_CODE_CLIENT_KEY"),
    Row(PLACE, "Application Default Credentials: a path",
        "GOOGLE_APPLICATION_CREDENTIALS"),
    Row(PLACE, "npm, config: a path or a PEM text", "NPM_CONFIG_KEY"),
)  # fmt: skip

# Unless the name says that it is a key: GIT_TOKEN, NODE_AUTH_TOKEN.
TABLE = (
    Row(SHELL, "POSIX, Shell Variables",
        "ENV IFS PATH HOME PWD OLDPWD PS? PPID LINENO OPTIND OPTARG LANG LC_* "
        "LANGUAGE NLSPATH TZ TZDIR MAIL MAILCHECK COLUMNS LINES TERM USER "
        "LOGNAME SHELL _ UID EUID GID"),
    Row(SHELL, "bash(1), Shell Variables",
        "SHELLOPTS PROMPT_COMMAND* FIGNORE GLOBIGNORE EXECIGNORE INPUTRC "
        "HIST* TIMEFORMAT TMOUT FUNCNEST POSIXLY_CORRECT SHLVL RANDOM SECONDS "
        "IGNOREEOF HOSTFILE EPOCH* DIRSTACK FUNCNAME GROUPS"),
    Row(SHELL, "zshparam(1), fish(1)",
        "ZDOTDIR PROMPT* RPROMPT* RPS? SPROMPT READNULLCMD NULLCMD ZSH* FPATH "
        "MODULE_PATH WORDCHARS FISH_* STTY"),
    Row(PROGRAM, "git(1), gitcredentials(7), hg(1), svn, rsync(1), cvs, p4",
        "GIT_* HG* SVN_SSH RSYNC_* CVS* P4*"),
    Row(PROGRAM, "ssh(1), sudo(8), gpg(1)",
        "SSH_* SUDO_* GNUPGHOME GPG_AGENT_INFO PINENTRY*"),
    Row(PROGRAM, "node(1), npm config, bun, deno, Electron",
        "NODE_* NPM_CONFIG_* BUN_* DENO_* ELECTRON_* YARN_* PNPM_* COREPACK_*"),
    Row(PROGRAM, "python(1), pip, uv, pipx, conda",
        "PYTHON* PIP_* UV_* PIPX_* VIRTUAL_ENV CONDA_* PYENV_* POETRY_*"),
    Row(PROGRAM, "ruby(1), gem, Bundler", "RUBY* GEM_* BUNDLE_* BUNDLER_*"),
    Row(PROGRAM, "perlrun(1), local::lib", "PERL*"),
    Row(PROGRAM, "java(1), JDK_JAVA_OPTIONS; Maven, Gradle",
        "JAVA_* _JAVA_* JDK_* CLASSPATH MAVEN_* GRADLE_* JAVACMD"),
    Row(PROGRAM, "lua(1), php(1), R Startup, erl(1), guile(1), tclsh(1)",
        "LUA_* PHP_* PHPRC R_* RENV_* ERL_* ELIXIR_* GUILE_* TCL* JULIA_* "
        "GHC*"),
    Row(PROGRAM, ".NET, runtime configuration and profiling",
        "DOTNET_* CORECLR_* COR_* COMPLUS_* MONO_* POWERSHELL_* PSMODULEPATH"),
    Row(PROGRAM, "go help environment",
        "GOPATH GOROOT GOBIN GOENV GOFLAGS GOPROXY GOSUMDB GONOSUMDB GONOPROXY "
        "GOPRIVATE GOINSECURE GOTOOLCHAIN GOMODCACHE GOCACHE GOTMPDIR GOVCS "
        "GOAUTH GOCACHEPROG GOWORK GO111MODULE GOEXPERIMENT GODEBUG CGO_*"),
    Row(PROGRAM, "Cargo, rustc, rustup",
        "CARGO CARGO_* RUSTC RUSTC_* RUSTDOC* RUSTUP_* RUST_*"),
    Row(PROGRAM, "make(1), gcc(1), ccache",
        "MAKE MAKEFILES MAKE_* CC CXX CPP LD AR AS NM CCACHE_* GCC_* CMAKE_*"),
    Row(PROGRAM, "environ(7), less(1), vim, Emacs: editors and pagers",
        "EDITOR VISUAL PAGER MANPAGER BROWSER FCEDIT LESS* MORE VIM* NVIM* "
        "EXINIT GVIMINIT MYVIMRC EMACS* ALTERNATE_EDITOR SELECTED_EDITOR "
        "DELTA_* BAT_* FZF_*"),
    Row(PLACE, "ld.so(8), iconv, catopen(3), resolver(5)",
        "GCONV_PATH LOCPATH HOSTALIASES LOCALDOMAIN RES_OPTIONS GETCONF_DIR "
        "TMPDIR TMP TEMP TERMINFO* TERMCAP LIBPATH"),
    Row(TRUST, "OpenSSL, NSS, Kerberos: their environment",
        "OPENSSL_* SSL_* SSLKEYLOGFILE NSS_* KRB5* CURL_* REQUESTS_*"),
    Row(PLACE, "XDG base directories; systemd(1); D-Bus; X11",
        "XDG_* SYSTEMD_* DBUS_* DISPLAY WAYLAND_* XAUTHORITY GTK_* QT_* GIO_* "
        "GST_* GSETTINGS_*"),
    Row(PLACE, "Windows: its environment",
        "COMSPEC PATHEXT SYSTEMROOT SYSTEMDRIVE WINDIR APPDATA LOCALAPPDATA "
        "PROGRAMDATA PROGRAMFILES* USERPROFILE PUBLIC"),
    Row(PLACE, "libpq, environment variables; mysql; sqlite3; redis",
        "PG* MYSQL_* SQLITE_* REDISCLI_*"),
    Row(PROGRAM, "borg, restic, uwsgi, vagrant, Flask, mix, ts-node, pytest",
        "BORG_* RESTIC_* UWSGI_* VAGRANT_* FLASK_* MIX_* TS_NODE_* PYTEST_*"),
    Row(PROGRAM, "SDL, Vulkan loader, Matplotlib, TeX, lynx, mailcap(5)",
        "SDL_* VK_* MPL* TEXEDIT TEXMF* TEXINPUTS LYNX_* MAILCAPS"),
    Row(PROGRAM, "gzip(1), xz(1), zip(1), tmux(1), screen(1), man(1)",
        "GZIP XZ_* ZSTD_* ZIPOPT UNZIP TMUX* STY MAN*"),
    Row(ADDRESS, "AWS SDKs and Tools, regions and endpoints",
        "AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_* CLOUD_ML_REGION"),
    Row(PLACE, "AWS SDKs and Tools, environment variables", "AWS_* BOTO_*"),
    Row(PLACE, "gcloud, az, kubectl, docker, terraform, ansible, helm",
        "CLOUDSDK_* AZURE_CONFIG* KUBE* DOCKER_* TF_CLI_* TF_PLUGIN_* "
        "ANSIBLE_* HELM_* VAULT_ADDR*"),
)  # fmt: skip

# The words that names are made of, from the gravest on.
SHAPES = (
    Row(PROXY, "curl(1): Environment", "*_PROXY *PROXY_* *PROXY"),
    Row(TRUST, "usual names",
        "*_CERT* CERT_* *_CA_* *_CA *_CACERT* *_BUNDLE *_INSECURE *_VERIFY "
        "*TLS* *_SSL *_SSL_* *_SSL_KEY *_TLS_KEY *_CLIENT_KEY *_CERT_KEY"),
    Row(PROGRAM, "usual names",
        "*OPTIONS *OPTS *_OPT *FLAGS *_ARGS *COMMAND *COMMANDS *_CMD "
        "*_EXEC *_EXE *_EXECUTABLE *_PROGRAM *_BIN *_BINARY *_SCRIPT *_HOOK "
        "*_HOOKS *_HELPER *_WRAPPER *EDITOR *PAGER *BROWSER *_SHELL *_RSH "
        "*_SSH "
        "*ASKPASS *_PRELOAD *_LIB *_LIBS *_LIBRARY *_LIBRARIES *_PLUGIN "
        "*_PLUGINS *_MODULE *_MODULES *_EXTENSION *_EXTENSIONS *_INIT "
        "*_STARTUP *_PROFILER *_COMPILER *_LOADER *_LAUNCHER *_RUNNER *_DIFF "
        "*_MERGE *_VIEWER *_HANDLER *_LINKER *_INTERPRETER *_PYTHON *_RUBY "
        "*_NODE *_PERL *_APP *_REQUIRE *_IMPORT *_BACKEND *_DRIVER"),
    Row(PLACE, "usual names",
        "*PATH *_PATHS *HOME *_DIR *DIR *_DIRS *_DIRECTORY *_FOLDER *_ROOT "
        "*FILE *FILES *_FILENAME *_FILENAMES *_CONFIG *_CONFIG_* *_CONF "
        "*_CFG *_INI *_YAML *_YML *_TOML *_PROFILE "
        "*_PREFIX *_SOCK *_SOCKET *_CACHE *RC"),
    Row(ADDRESS, "usual names",
        "*_URL *_URLS *_URI *_URIS *_ENDPOINT* *_HOST *_HOSTS *_HOSTNAME "
        "*_ADDR *_ADDRESS *_SERVER *_SERVERS *_DOMAIN *_ORIGIN *_GATEWAY "
        "*_REPOSITORY *_REPO *_REGISTRY *_MIRROR *_INDEX *_BASE *_REMOTE "
        "*_PORT *_WEBHOOK *_HEADERS *_REGION *_DSN HOST ENDPOINT *URL *URI"),
    Row(ADDRESS, "Claude Code, environment variables",
        "ANTHROPIC_* CLAUDE_* CLAUDECODE MCP_*"),
)  # fmt: skip

# What the variables of real keys are called. The last word counts.
_CREDENTIAL = (
    r"(?:.*_)?(?:KEY|KEY_ID|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD"
    r"|PAT|PIN|CREDENTIALS?|COOKIE|JWT|BEARER|AUTH|(?:API|ACCESS|SECRET)KEY)"
    r"|AWS_BEARER_TOKEN_\w+|.*(?:TOKEN|PASSWORD|PASSWD|APIKEY|SECRET)"
)
_ALONE = ("PWD",)  # the working directory
_FILES = r".*_(?:SSL|TLS|CLIENT|CERT|CA)_KEY"  # names of files


@cache
def steers(name: str) -> str:
    """Return what a variable decides, if it carries no credential, or ""."""
    upper = name.upper()
    found = _match(NEVER, upper)
    if found:
        return found
    if _is_called_a_key(upper):
        return ""
    return _match(TABLE, upper) or _match(SHAPES, upper)


def carries(name: str) -> bool:
    """Tell whether a variable is surely one of a credential.

    What neither steers nor is called like a key may be either: no table has
    every name.
    """
    return _is_called_a_key(name.upper()) and not steers(name)


def _is_called_a_key(upper: str) -> bool:
    named = re.fullmatch(_CREDENTIAL, upper) and upper not in _ALONE
    return bool(named) and not re.fullmatch(_FILES, upper)


def _match(rows: tuple[Row, ...], name: str) -> str:
    for row, pattern in _patterns(rows):
        if pattern.fullmatch(name):
            return row.kind
    return ""


@cache
def _patterns(rows: tuple[Row, ...]) -> list[tuple[Row, re.Pattern[str]]]:
    found = []
    for row in rows:
        names = row.names.replace("*", ".*").replace("?", ".?").split()
        found.append((row, re.compile("|".join(names))))
    return found
