"""Homes for the fuzz test of the diagnosis: an index gives the same one always.

A home has a random part of everything that the diagnosis reads: valid,
slightly broken or hostile. Every secret in it is unique, holds FAKE, and has a
random part of letters and digits that otherwise never stand in such a row.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from keyswitch.diagnosis.explain import knowledge
from keyswitch.profiles.paths import resolve
from keyswitch.providers.catalogue import Catalogue
from keyswitch.providers.shapes import fingerprint
from keyswitch.shells.rc_lines import DIRECTORY_FILES, SESSION_FILES
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.files import locations
from keyswitch.targets.claude_code.settings import settings_file

LONGEST_PATH = 500  # characters; longer ones are not made
KEY = b"FAKE" * 8  # of the fingerprints

RARE = "JKQVXZ23456789"  # what the random part of a secret is made of
RANDOM_PART = 28  # characters

PREFIXES = (
    "sk-ant-api03-FAKE-", "sk-ant-oat01-FAKE-", "sk-ant-FAKE-", "sk-FAKE-",
    "AKIAFAKE", "ASIAFAKE", "ABSKFAKE", "ghp_FAKE", "eyFAKE.", "FAKE", "FAKE/",
)  # fmt: skip

# Into a document they go as JSON escapes or as they are, NUL and all.
HOSTILE = (
    "", " ", "\u202eliah", "a\x1b[31mred\x1b[0m", "two\nlines", "\u2028",
    "nul\0nul", "lone \ud800", "bytes \udcff", "\x85", "\x9b2J", "\ufeffmark",
    "\U000e0041", "é ü", "x" * 5000, "{credential}", "%s %(x)s", "$(id)",
    "`id`", "'\"", "\\", "../../x", "~", "/", "[core]", "a=b", "…", "\ufdfa",
)  # fmt: skip
NAMES = (
    "work", "work", "work", "home", "default", "cloud", "gone", "con", "a.b",
    "a b", "x" * 65, "../x", "Work",
)  # fmt: skip
FLAG_VALUES = (
    "1", "1", "1", "true", "TRUE", " yes ", "on\n", "0", "false", "no", "off",
    "", " ", "2", "\ufeff1", "\uff4f\uff4e", "1\0",
)  # fmt: skip
NUMBERS = (
    "190", "191", "999", "0", "1", "2", "-1", "+7", "0x10", "1e3", "text", "",
    " 200 ", "200", "201", "202", "200", "1048577", "9" * 30, "9" * 5000,
    "\u0663", "\u00b2",
)  # fmt: skip
DESCRIPTORS = (200, 201, 202)
URLS = (
    "https://api.anthropic.com", "https://api.anthropic.com/v1", "http://[::1",
    "http://host:99999", "http://host:port", "https://bücher.example/x",
    "https://gateway.example", "http://127.0.0.1:9/", "host:8080", "://", "",
    "https://\u202egro.example", "https://\uff0fx.example", "http://", "x",
    "https://api.anthropic.com.evil.example", "HTTPS://API.ANTHROPIC.COM",
    "http://[v1.x]/", "http://a b/", "https://%zz", "file:///x", "https://@/",
    "http://[::1%25eth0]:80", "https://gatewa\u017f.example",
    "https://" + "a" * 300, "http://\ud800.example",
)  # fmt: skip
# S stands for a secret.
URLS_WITH_SECRETS = (
    "https://me:S@gateway.example", "https://S@api.anthropic.com/",
    "https://gateway.example/v1?key=S&x=1", "https://gateway.example/#S",
    "http://me:S@[::1", "http://me:S@host:99999/", "S", "//S@host", "me:S@host",
    "https:/S@host/", "http://S@\uff0fx.example", "mailto:S", "https://h@S@x",
)  # fmt: skip
COMMANDS = (
    "cat key.txt", "/bin/echo S", "S", " S ", "'S'", "printf %s S", "KEY=S sh",
    "curl -H 'x-api-key: S' https://x.example", "./helper S", "~/helper",
    "keyswitch helper claude-code", "/opt/keyswitch helper aws work", "a'b",
    "keyswitch helper api-key work", "nothing-there --token S", "$KEY", "A=1",
    "gone/S", "true", "\0", "\ud800 x", "{ echo S; }", "S | cat", "'S S' x",
    "S:S", "-S", "@S", "export\u202e", "x" * 300,
)  # fmt: skip
HEADERS = (
    "X-Api-Key: S", "Authorization: Bearer S", "Authorization: S", "x-api-key:",
    "Authorization: Basic S\nX-Api-Key: S", "S", ": S", "Authorization:S S",
    "authorization: \tS", "Authorization: token\u202e S", "\r\n\r\nx: y",
)  # fmt: skip
MARKERS = (
    "work:f:1:ANTHROPIC_API_KEY:", "work:p:1:ANTHROPIC_API_KEY:HOME", "::::",
    "gone:p:1::", "../x:p:1::", "x", "work:f:1:1BAD:", "w\u202e:p::A,B:C",
    "work:p:1:ANTHROPIC_AUTH_TOKEN,CLAUDE_CODE_USE_BEDROCK:",
)  # fmt: skip
SOURCES = (
    "user", "user,project", "local", "", " user , local ", "all", "user,,x\x1b",
    "project,\u202e",
)  # fmt: skip
LINES = (
    "export N=V", "N=V", "export N='V'", 'export N="V" # note', "set -gx N V",
    "$env.N = 'V'", "setenv N V", "export N=$(cat file) # V", "N DEFAULT=V",
    "export N=`echo V`", "# export N=V", "f() { export N=V; }", "export N='V",
    "if true; then N=V; fi", "cat <<E\nexport N=V\nE", "export N=V M=V",
    "export N='a'V", "export N=V; echo V", 'N = "V"', "export N=V \\", "\0N=V",
    "export N=1 # V", "export N='1' # V", "  N=V\r", "set -Ux -x N 'V' # V",
    "export N=1", "\ufeffexport N=V", "export N=\u202eV",
)  # fmt: skip
SWITCHER_PLACES = (".aisw", ".cc-switch", ".ccs", ".claude/ccc.json", ".clauth")

FLAGS = (
    *(p.flag for p in rules.PROVIDERS), *(p.skip for p in rules.PROVIDERS),
    rules.SIMPLE, rules.HOST_MANAGED,
)  # fmt: skip
SECRETS = (
    *rules.SECRET_VARIABLES, rules.API_KEY, rules.API_KEY, rules.AUTH_TOKEN,
    "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID", "AZURE_CLIENT_SECRET",
    "OPENAI_API_KEY",
)  # fmt: skip
ADDRESSES = (
    rules.BASE_URL, rules.BASE_URL, *(p.base_url for p in rules.PROVIDERS),
    "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
FOLDERS = (
    "CLAUDE_CONFIG_DIR", "CLAUDE_CONFIG_DIR", "CLAUDE_SECURESTORAGE_CONFIG_DIR",
    rules.PROFILE_DIR, "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR", "CLOUDSDK_CONFIG", "ZDOTDIR", "KEYSWITCH_HOME",
)  # fmt: skip
FILES = (
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", rules.UNIX_SOCKET,
    "GOOGLE_APPLICATION_CREDENTIALS", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_FEDERATED_TOKEN_FILE", "ANTHROPIC_IDENTITY_TOKEN_FILE",
    "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE",
)  # fmt: skip
LABELS = (
    rules.PROFILE, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION",
    "KEYSWITCH_PROFILE", *rules.FEDERATION, "ANTHROPIC_AWS_WORKSPACE_ID",
    "ANTHROPIC_VERTEX_PROJECT_ID", "ANTHROPIC_GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_PROJECT", "ANTHROPIC_MODEL", "WSL_DISTRO_NAME", "CLAUDECODE",
    "NODE_TLS_REJECT_UNAUTHORIZED",
)  # fmt: skip

# What makes sense together.
TOGETHER = (
    ("CLAUDE_CODE_USE_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("CLAUDE_CODE_USE_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
     "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_PROFILE"),
    ("CLAUDE_CODE_USE_BEDROCK", "AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE"),
    ("CLAUDE_CODE_USE_MANTLE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    ("CLAUDE_CODE_USE_BEDROCK", "AWS_DEFAULT_PROFILE"),
    ("CLAUDE_CODE_USE_FOUNDRY", "ANTHROPIC_FOUNDRY_API_KEY"),
    ("CLAUDE_CODE_USE_VERTEX", "GOOGLE_APPLICATION_CREDENTIALS"),
    ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
     rules.AUTH_TOKEN, rules.API_KEY),
    ("HTTPS_PROXY", "https_proxy", rules.BASE_URL, rules.AUTH_TOKEN),
    (rules.API_KEY, rules.AUTH_TOKEN), (rules.API_KEY,), (rules.AUTH_TOKEN,),
)  # fmt: skip

SOON = 1_800_200_000  # a little after the time at which the tests stand still
SIX_MONTHS_AGO, LONG_AGO, FAR = 1_780_000_000, 1_500_000_000, 4_000_000_000
TIMES = (0, 1, -1, LONG_AGO, SIX_MONTHS_AGO, FAR, 1 << 40)


class Raw(str):
    """A piece of JSON text that is written as it stands."""

    __slots__ = ()


NUMERALS = (
    "0", "-1", "5", "1.5", "1e400", "-1e400", "1e21", "1e-7", "NaN", "Infinity",
    "9" * 400, "-" + "9" * 400, "9" * 5000, "1700000000000", "4000000000000",
    "1500000000000", "12345678901234567890",
)  # fmt: skip


def json_text(value, *, ascii_only=True, gap=""):
    """Return a value as JSON; a tuple of pairs is an object, too."""

    def text(part):
        return json_text(part, ascii_only=ascii_only)

    if isinstance(value, Raw):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, dict):
        value = tuple(value.items())
    if isinstance(value, tuple):
        members = (f"{text(k)}: {text(v)}" for k, v in value)
        return "{" + gap + f", {gap}".join(members) + gap + "}"
    return json.dumps(value, ensure_ascii=ascii_only)


@dataclass
class GeneratedHome:
    """One generated home, with the way in which it is entered."""

    index: int
    root: Path  # everything is below
    home: str = ""
    cwd: str = ""
    managed: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)  # of claude
    descriptors: dict[int, bytes] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)  # their random parts
    texts: list[str] = field(default_factory=list)  # to explain


def build(index, root):
    """Make the home of this number below an empty directory."""
    maker = Maker(index, root)
    maker.surroundings()
    for part, odds in PARTS:
        if maker.chance(odds):
            part(maker)
    maker.entrance()
    return maker.it


def remove(root):
    """Remove a home, whatever its modes."""
    with contextlib.suppress(OSError):
        shutil.rmtree(root)
    if not os.path.lexists(root):
        return
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o700)
    shutil.rmtree(root)


class Maker:
    """Puts one home together; every choice comes from its number."""

    def __init__(self, index, root):
        self.random = random.Random(index)
        self.it = GeneratedHome(index, root)
        self.pick = self.random.choice
        self.folders = {}  # as they are spelt: as they are
        self.whole = []  # the secrets, with their beginnings

    def chance(self, odds):
        return self.random.random() < odds

    # ------------------------------------------------------------- values

    def secret(self, prefix=""):
        part = "".join(self.random.choices(RARE, k=RANDOM_PART))
        self.it.secrets.append(part)
        self.whole.append((prefix or self.pick(PREFIXES)) + part)
        return self.whole[-1]

    def odd_secret(self):
        """Return a secret, at times with something odd before or behind."""
        text = self.secret()
        if self.chance(0.2):
            odd = self.pick(HOSTILE)
            text = self.pick((odd + text, text + odd, f"{text}\n{odd}"))
        return text

    def with_secrets(self, pattern):
        """Replace each capital S that stands alone by a new secret."""
        pieces = pattern.split("S")
        for n in range(1, len(pieces)):
            before, after = pieces[n - 1][-1:], pieces[n][:1]
            lone = not before.isalpha() and not after.isalpha()
            pieces[n] = (self.secret() if lone else "S") + pieces[n]
        return "".join(pieces)

    def label(self):
        return self.pick(NAMES if self.chance(0.8) else HOSTILE)

    def junk(self, depth=0):
        """Return any JSON value."""
        kind = self.random.randrange(9 if depth < 3 else 6)
        if kind == 0:
            return self.numeral()
        if kind == 1:
            return self.pick((None, True, False))
        if kind == 2 and self.chance(0.2):
            levels = self.pick((3, self.random.randrange(800, 1000), 5000))
            return Raw("[" * levels + "]" * levels)
        if kind <= 5:
            return self.label()  # no secret: it may stand for a name
        size = self.random.randrange(4)
        if kind == 6:
            return [self.junk(depth + 1) for _ in range(size)]
        return tuple((self.label(), self.junk(depth + 1)) for _ in range(size))

    def numeral(self):
        return Raw(self.pick(NUMERALS))

    def moment(self, unit=1):
        """Return a time as JSON, mostly one that makes sense."""
        if self.chance(0.15):
            return self.junk() if self.chance(0.3) else self.numeral()
        return self.pick((LONG_AGO, SIX_MONTHS_AGO, SOON, FAR, FAR)) * unit

    def moment_text(self):
        """Return a time as a text that may stand for one."""
        return self.pick(
            ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00UTC", "2099-01-01",
             "0001-01-01T00:00:00+14:00", "9999-12-31T23-14:00", "x", "")
        )  # fmt: skip

    def maybe(self, value):
        """Return a value, or now and then anything instead."""
        return self.junk() if self.chance(0.06) else value

    def value_of(self, name):
        """Return a value for a variable, by its kind."""
        if self.chance(0.04):
            return self.pick(HOSTILE)
        if name == rules.CUSTOM_HEADERS:
            return self.with_secrets(self.pick(HEADERS))
        if name in (rules.API_KEY_FD, rules.OAUTH_FD):
            return self.pick(NUMBERS)
        if name in FLAGS:
            return self.pick(FLAG_VALUES)
        if name in SECRETS:
            return self.odd_secret()
        if name in ADDRESSES:
            if self.chance(0.3):
                return self.with_secrets(self.pick(URLS_WITH_SECRETS))
            return self.pick(URLS)
        if name in FOLDERS or name in FILES:
            return self.path()
        if name == "KEYSWITCH_ENV":
            return self.pick(MARKERS)
        if name == "NODE_TLS_REJECT_UNAUTHORIZED":
            return self.pick("01")
        return self.label()

    def path(self):
        """Return a path of a file or a folder, there or not."""
        home = self.it.home
        return self.pick(
            ("", ".", "sub", "../up", "~/x", "/x", f"{home}/",
             f"{home}/.claude", f"{home}/.config",
             f"{home}/other", f"{home}/./other/../.claude",
             f"{self.it.cwd}/here", "a" * 300, "/" + "d/" * 3000, "\u202ex")
        )  # fmt: skip

    def variable(self):
        kinds = (FLAGS, SECRETS, SECRETS, ADDRESSES, FOLDERS, FILES, LABELS,
                 OTHERS)  # fmt: skip
        return self.pick(self.pick(kinds))

    # -------------------------------------------------------------- files

    def write(self, path, data):
        """Put a file there, or what else may lie in its place."""
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogatepass")
        data = self.spoiled(data) if self.chance(0.12) else data
        fate = self.random.randrange(70)
        mode = self.pick((0o600, 0o600, 0o644, 0o000, 0o666))
        when = self.pick(TIMES)
        number = self.random.randrange(99)
        path = self.inside(path)
        if path is None or os.path.lexists(path):
            return
        with contextlib.suppress(OSError, ValueError):
            folder = os.path.dirname(path)
            os.makedirs(folder, exist_ok=True)
            aside = f"{folder}/aside-{number}"
            if fate < len(FATES):
                FATES[fate](path, aside, data)
            else:
                _plain(path, data, mode)
            if self.chance(0.1):
                os.utime(path, (when, when), follow_symlinks=False)

    def inside(self, path):
        """Return a path as it is below the root; None if it is not there."""
        folder, _, name = path.rpartition("/")
        if folder not in self.folders:
            root = os.path.realpath(self.it.root)
            found = os.path.realpath(os.path.join(root, folder))
            below = f"{found}/".startswith(f"{root}/")
            fits = below and len(found) < LONGEST_PATH
            self.folders[folder] = found if fits else None
        real = self.folders[folder]
        return None if real is None else f"{real}/{name}"

    def spoiled(self, data):
        """Return a file's bytes with something wrong in them."""
        at = self.random.randrange(len(data) + 1)
        levels = self.pick((900, 5000))
        return self.pick(
            (b"", b" \n", data[:at], b"\xef\xbb\xbf" + data, b"// no\n" + data,
             data[:at] + b"\0" + data[at:], data[:at] + b"\xff" + data[at:],
             data[:at] + b"\xed\xa0\x80" + data[at:], data + data, b"null",
             data.replace(b"\n", b"\r\n"),
             data.decode("latin-1").encode("utf-16"),
             b"[" * levels + b"]" * levels, b'{"a":' * levels, data + b",",
             b"[]", data[:at] + data[at + 1 :], data.replace(b'"', b"'"), b"5",
             b"\0")
        )  # fmt: skip

    def document(self, value):
        """Return a document's text."""
        if isinstance(value, dict):
            value = _kept(value)
        gap = self.pick(("", "\n", "\n  "))
        return json_text(value, ascii_only=self.chance(0.8), gap=gap)

    def some(self, odds, value):
        return self.maybe(value) if self.chance(odds) else OMIT

    # -------------------------------------------------------- the entrance

    def surroundings(self):
        """Choose where the home is and which variables there are."""
        it = self.it
        name = self.pick(("home", "ho me", "h[o]*m?e", "höme", "h\u202eme"))
        it.home = f"{it.root}/{name}" + self.pick(("", "", "", "", "/"))
        home = it.home.rstrip("/")
        it.cwd = self.pick(
            (f"{it.root}/work", f"{it.root}/work", f"{home}/project/deep", home,
             f"{it.root}/w\n[k]")
        )  # fmt: skip
        it.managed = f"{it.root}/managed"
        Path(home).mkdir()
        if self.chance(0.95):  # or it was deleted since
            Path(it.cwd).mkdir(parents=True, exist_ok=True)
        environ = {"HOME": it.home, "PATH": self.search_path()}
        for _ in range(self.random.randrange(9)):
            name = self.variable()
            environ[name] = self.value_of(name)
        if self.chance(0.15):
            environ["KEYSWITCH_ENV"] = self.pick(MARKERS)
        if self.chance(0.25):
            environ |= {n: self.value_of(n) for n in self.pick(TOGETHER)}
            environ |= {n: "1" for n in environ if n in FLAGS}
        it.environ = {n: as_variable(v) for n, v in environ.items()}
        it.environ["HOME"] = it.home
        if not os.path.isabs(it.environ.get("KEYSWITCH_HOME", "/")):
            del it.environ["KEYSWITCH_HOME"]  # every command refuses it
        self.paths = resolve(it.environ)
        self.places = locations(it.environ, it.home, it.cwd)

    def search_path(self):
        parts = (
            "/bin", "", ".", "~/bin", f"{self.it.home}/bin", "/x" * 2000,
            f"{self.it.root}/pkg/bin", "/none", "//", "\u202e",
        )  # fmt: skip
        return ":".join(self.random.sample(parts, self.random.randrange(5)))

    def entrance(self):
        """Choose claude's options, descriptors, and the texts to explain."""
        it = self.it
        for number in DESCRIPTORS:
            text = self.odd_secret() if self.chance(0.8) else self.pick(HOSTILE)
            it.descriptors[number] = text.encode("utf-8", "replace")
        if self.chance(0.15):
            it.options += ["--settings", self.given_settings()]
        if self.chance(0.08):
            it.options += ["--setting-sources", self.pick(SOURCES)]
        if self.chance(0.06):
            it.options.append(
                self.pick(("--bare", "--model", "--settings", "-p", "--x=\x1b"))
            )
        it.options = [as_variable(word) for word in it.options]
        for form in (TEXTS[0], self.pick(TEXTS)):
            secret = self.whole[0] if self.chance(0.5) else self.odd_secret()
            parts = {"P": self.pick(PHRASES), "S": secret}
            it.texts.append("".join(parts.get(c, c) for c in form))

    def given_settings(self):
        if self.chance(0.6):
            return self.document(self.settings())
        path = f"{self.it.cwd}/given.json"
        self.write(path, self.document(self.settings()))
        cut_short = self.document(self.settings()).strip()[:-1]
        return self.pick(
            (path, path, "given.json", "gone.json", "", "{}x}", cut_short)
        )

    def settings(self):
        """Return a settings document."""
        found = []
        names = [self.variable() for _ in range(self.random.randrange(5))]
        env = [(n, self.maybe(self.value_of(n))) for n in names]
        if self.chance(0.1):
            env.append((self.label(), self.junk()))
        if self.chance(0.8):
            found.append(("env", self.maybe(tuple(env))))
        for key in ("apiKeyHelper", "awsCredentialExport"):
            if self.chance(0.25):
                command = self.with_secrets(self.pick(COMMANDS))
                found.append((key, self.maybe(command)))
        if self.chance(0.1):
            found.append((self.pick(KNOWN_KEYS), self.junk()))
        if self.chance(0.05):
            found.append(("cleanupPeriodDays", self.numeral()))
        if self.chance(0.05):
            found.append((self.label(), self.junk()))
        if found and self.chance(0.05):
            found.append(self.pick(found))
        return tuple(found)


OMIT = Raw("")  # a member that is left out
OTHERS = (
    "KEYSWITCH_ENV",
    rules.API_KEY_FD,
    rules.OAUTH_FD,
    rules.CUSTOM_HEADERS,
)
KNOWN_KEYS = (
    "cleanupPeriodDays", "feedbackSurveyRate", "forceLoginMethod",
    "forceLoginOrgUUID", "permissions", "attribution", "env",
    *sorted(settings_file.KNOWN),
)  # fmt: skip
PHRASES = tuple(
    str(phrase)
    for rule in knowledge.rules()
    for phrase in (*rule.says, *rule.may_say, *rule.otherwise, *rule.statuses)
)
TEXTS = (
    "error: 401 P S", "P S", "P\n\x1b[31mP\x1b[0m S",
    '{"error": {"message": "P", "key": "S"}}',
    "S", "error 400: P", "\\u0050\\u202e P \\n S", "&lt;P&gt; &#x202e; S",
    "500 {", "&#" + "9" * 5000,
    "\x1b]0;S\x07P", "\\\\\\\\P S", "\0P\0S", "P \ufffd", "http/1.1 403 P",
)  # fmt: skip
CATALOGUE = Catalogue()
PROVIDERS = (*CATALOGUE.ids(), "anthropic", "anthropic", "bedrock")


def as_variable(text):
    """Return what an environment or a command line can hold of a text."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    return data.replace(b"\0", b"").decode("utf-8", "surrogateescape")


# ------------------------------------------------- what may lie in one place


def _plain(path, data, mode):
    Path(path).write_bytes(data)
    Path(path).chmod(mode)


def _link(path, aside, data):
    Path(aside).write_bytes(data)
    Path(path).symlink_to(aside)


def _hard_link(path, aside, data):
    Path(aside).write_bytes(data)
    Path(path).hardlink_to(aside)


FATES = (
    _link,
    _hard_link,
    lambda path, aside, data: Path(path).symlink_to(path),
    lambda path, aside, data: Path(path).symlink_to(aside),
    lambda path, aside, data: os.mkfifo(path),
    lambda path, aside, data: Path(path).mkdir(),
)


# --------------------------------------------------------- Claude Code's files


def user_settings(m):
    m.write(m.places.settings, m.document(m.settings()))


def project_settings(m):
    m.write(m.places.project_settings, m.document(m.settings()))


def local_settings(m):
    if m.chance(0.3):
        with contextlib.suppress(OSError):
            Path(m.it.cwd).parent.joinpath(".git").mkdir()
        m.places = locations(m.it.environ, m.it.home, m.it.cwd)
    m.write(m.places.local_settings, m.document(m.settings()))


def managed_settings(m):
    value = m.settings()
    if m.chance(0.5):
        key = m.pick(("forceLoginMethod", "forceLoginOrgUUID"))
        named = m.pick(("claudeai", "x", ["a", "b"], [Raw("1")], [], None))
        value = (*value, (key, m.maybe(named)))
    m.write(f"{m.it.managed}/managed-settings.json", m.document(value))


def drop_ins(m):
    folder = f"{m.it.managed}/managed-settings.d"
    for name in ("10-a.json", "20-b\u202e.json", ".hidden.json", "x.txt"):
        if m.chance(0.5):
            m.write(f"{folder}/{name}", m.document(m.settings()))


def global_config(m):
    m.write(m.places.global_config, m.document(_config(m)))


def legacy_config(m):
    m.write(f"{m.places.config_dir}/.config.json", m.document(_config(m)))


def _config(m):
    account = {
        "accountUuid": m.some(0.8, m.pick(("uuid-1", "uuid-2"))),
        "emailAddress": m.some(0.8, m.pick(("me@example.com", "\u202eme@x.y"))),
        "organizationName": m.some(0.6, m.label()),
        "organizationUuid": m.some(0.6, "uuid-3"),
    }
    known = [text.strip()[-20:] for text in m.whole[:3]]
    tails = [*known, m.secret()[-20:], "x"]
    answers = {
        key: m.some(0.6, m.random.sample(tails, m.random.randrange(3)))
        for key in ("approved", "rejected")
    }
    trusted = (m.it.cwd, {"hasTrustDialogAccepted": m.maybe(True)})
    return {
        "numStartups": 3,
        "oauthAccount": m.some(0.7, _kept(account)),
        "primaryApiKey": m.some(0.4, m.odd_secret()),
        "customApiKeyResponses": m.some(0.6, _kept(answers)),
        "hasCompletedOnboarding": m.some(0.7, True),
        "projects": m.some(0.6, (trusted, (m.label(), m.junk()))),
    }


def _kept(members):
    return {k: v for k, v in members.items() if v is not OMIT}


def credentials(m):
    scopes = m.pick(
        (["user:inference", "x"], ["user:profile"], "user:inference")
    )
    login = {
        "accessToken": m.some(0.9, m.pick((m.odd_secret(), m.secret(), ""))),
        "refreshToken": m.some(0.6, m.pick((m.secret(), m.secret(), ""))),
        "expiresAt": m.some(0.8, m.moment(1000)),
        "scopes": m.some(0.9, scopes),
        "subscriptionType": m.some(0.7, m.pick(("max", "pro", "\u202e"))),
        "accountUuid": m.some(0.7, m.pick(("uuid-1", "uuid-2"))),
    }
    value = {"claudeAiOauth": m.maybe(_kept(login)), "mcpOAuth": m.secret()}
    m.write(m.places.credentials, m.document(value))


def backups(m):
    for n in range(m.random.randrange(4)):
        path = f"{m.places.backups}/.claude.json.backup.{n}"
        m.write(path, m.document(_config(m)))


def locks(m):
    folder = m.places.config_dir
    for name in (
        m.places.global_config + ".lock",
        folder + ".lock",
        folder + "/.oauth_refresh.lock",
        folder + "/.storage-write.lock",
    ):
        when, path = m.pick(TIMES), m.inside(name)
        if m.chance(0.4) and path is not None:
            with contextlib.suppress(OSError):
                Path(path).mkdir(parents=True)
                os.utime(path, (when, when))


def transcripts(m):
    lines = []
    for _ in range(m.random.randrange(1, 4)):
        text = f"API Error: {m.pick(PHRASES)} {m.secret()}"
        content = [{"type": "text", "text": m.maybe(text)}]
        moment = m.pick(
            ("2027-01-15T08:00:00Z", "0001-01-01T00:00:00", "9999-12-31", "x",
             "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59")
        )  # fmt: skip
        entry = {
            "isApiErrorMessage": m.maybe(True),
            "timestamp": m.some(0.7, moment),
            "message": m.maybe({"content": m.maybe(content)}),
        }
        lines.append(json_text(_kept(entry)))
    path = f"{m.places.config_dir}/projects/-x/{m.pick('abc')}.jsonl"
    m.write(path, "\n".join(lines))


def installs(m):
    for folder in (f"{m.it.home}/bin", f"{m.it.root}/pkg/bin",
                   f"{m.it.home}/.local/bin"):  # fmt: skip
        if not m.chance(0.6):
            continue
        version = m.pick(
            ("2.1.330", "1.0.0", "9" * 5000 + ".1.1", "x", "\u0663.1.1")
        )
        package = {
            "name": "@anthropic-ai/claude-code",
            "version": m.maybe(version),
        }
        m.write(os.path.dirname(folder) + "/package.json", m.document(package))
        m.write(f"{folder}/claude", "#!/bin/false\n")
        with contextlib.suppress(OSError):
            Path(folder, "claude").chmod(0o755)


# ------------------------------------------------------------ other programs'


def anthropic_profiles(m):
    folder = f"{m.it.home}/.config/anthropic"
    if m.it.environ.get(rules.PROFILE_DIR):
        folder = os.path.join(m.it.cwd, m.it.environ[rules.PROFILE_DIR])
    elif m.it.environ.get("XDG_CONFIG_HOME"):
        folder = f"{m.it.environ['XDG_CONFIG_HOME']}/anthropic"
    if m.chance(0.5):
        m.write(f"{folder}/active_config", m.label() + "\n")
    for name in (m.pick(NAMES), "default", m.it.environ.get(rules.PROFILE)):
        kind = m.pick(("user_oauth", "user_oauth", "oidc_federation", "x"))
        config = {
            "authentication": m.some(0.9, {"type": m.maybe(kind)}),
            "base_url": m.some(0.2, m.pick(URLS)),
        }
        held = {
            "access_token": m.some(0.9, m.odd_secret()),
            "refresh_token": m.some(0.5, m.secret()),
            "expires_at": m.some(0.7, m.moment()),
            "account_email": m.some(0.5, "me@example.com"),
        }
        m.write(f"{folder}/configs/{name}.json", m.document(config))
        m.write(f"{folder}/credentials/{name}.json", m.document(held))


AWS_FILES = {
    "credentials": "AWS_SHARED_CREDENTIALS_FILE",
    "config": "AWS_CONFIG_FILE",
}


def aws_files(m):
    names = ["default", "work", "home", "a b", m.label()]
    for kind, variable in AWS_FILES.items():
        path = m.it.environ.get(variable) or f"{m.it.home}/.aws/{kind}"
        path = os.path.join(m.it.cwd, path)
        lines = []
        for name in m.random.sample(names, m.random.randrange(1, 4)):
            word = "profile " if kind == "config" and name != "default" else ""
            lines += [f"[{word}{name}]", *_aws_section(m, names)]
        m.write(path, "\n".join(lines))
    for start in ("session", "https://x.awsapps.com/start"):
        m.write(_sso_file(m, start), m.document({"expiresAt": m.moment_text()}))


def _sso_file(m, start):
    name = hashlib.sha1(start.encode()).hexdigest()
    return f"{m.it.home}/.aws/sso/cache/{name}.json"


def _aws_section(m, names):
    pair = [
        f"aws_access_key_id = {m.secret(m.pick(('AKIAFAKE', 'ASIAFAKE')))}",
        f"aws_secret_access_key={m.secret('FAKE')}",
        f"aws_session_token = {m.secret('FAKE')} # a note",
    ]
    base = f"source_profile = {m.pick(names)}"
    return m.pick(
        (pair, pair[:2], pair[:1], ["role_arn = arn:x", base],
         ["role_arn=arn:x", "credential_source = Environment"],
         ["sso_session = session"], ["region=x", "[broken", "=", "  nest = 1"],
         ["sso_start_url = https://x.awsapps.com/start", "sso_region = x"],
         [f"credential_process = /x/tool --key {m.secret()}"],
         ["credential_process = /opt/keyswitch helper aws work"])
    )  # fmt: skip


def clouds(m):
    if m.chance(0.5):
        with contextlib.suppress(OSError):
            Path(m.it.home, ".azure").mkdir()
    path = f"{m.it.home}/.config/gcloud/application_default_credentials.json"
    m.write(path, m.document({"private_key": m.secret(), "type": m.junk()}))


# ------------------------------------------------------------ start files


def start_files(m):
    names = [n.replace("*", "x") for n in m.random.sample(SESSION_FILES, 3)]
    places = [f"{m.it.home}/{name}" for name in names]
    places.append(f"{m.it.cwd}/{m.pick(DIRECTORY_FILES)}")
    if m.it.environ.get("ZDOTDIR"):
        places.append(os.path.join(m.it.environ["ZDOTDIR"], ".zshrc"))
    for path in m.random.sample(places, m.random.randrange(1, len(places))):
        m.write(path, _lines(m))


def dotenv(m):
    name = m.pick((".env", ".env.local", ".env.development", ".envrc"))
    m.write(f"{m.it.cwd}/{name}", _lines(m))


def _lines(m):
    lines = ["# start"]
    for _ in range(m.random.randrange(1, 7)):
        name = m.variable()
        value = m.value_of(name) if m.chance(0.6) else m.secret()
        value = m.it.environ.get(name, value) if m.chance(0.5) else value
        parts = {"N": name, "V": value, "M": "OTHER"}
        lines.append("".join(parts.get(c, c) for c in m.pick(LINES)))
    if m.chance(0.004):
        lines.append(m.pick(LONG_LINES))
    return "\n".join(lines)


def folders_in_the_way(m):
    """Put what is no folder where one is looked for."""
    path = m.pick(
        (m.places.config_dir, f"{m.it.home}/.aws", f"{m.it.home}/.config",
         m.paths.state, m.paths.config, m.places.backups, m.it.managed)
    )  # fmt: skip
    m.write(path, "in the way")


def switchers(m):
    for place in m.random.sample(SWITCHER_PLACES, 2):
        m.write(f"{m.it.home}/{place}", m.secret())


# ---------------------------------------------------------- keyswitch's own


def own_state(m):
    active = "work" if m.chance(0.5) else m.pick(NAMES)
    names = [active, m.pick((*NAMES, ""))]
    pointer = {"version": 1, "active": m.maybe(names[0]), "previous": names[1],
               "stamp": "1"}  # fmt: skip
    m.write(m.paths.state_file, json_text(pointer, gap="\n  "))
    m.write(m.paths.install_key_file, KEY)
    for path in (m.paths.vault_file, m.paths.machine_key_file):
        if m.chance(0.2):
            m.write(path, m.secret())


def own_profiles(m):
    for name in ("work", m.pick(NAMES), m.label()):
        if "/" not in name and "\0" not in name and len(name) < 200:
            path = f"{m.paths.profiles_dir}/{name}.toml"
            m.write(path, _profile(m, *m.pick(_in_use(m) or [("", "")])))
    if m.chance(0.1):
        m.write(m.paths.config_file, m.pick(CONFIGS))


def _in_use(m):
    """Return (provider, secret) of what the environment has."""
    return [
        (provider, m.it.environ[name])
        for name, provider in HOLDERS
        if m.it.environ.get(name) in m.whole
    ]


def _profile(m, provider_id, held):
    provider = CATALOGUE.get(provider_id or m.pick(PROVIDERS))
    group = m.pick(provider.groups or ("",))
    named = provider.id if m.chance(0.95) else m.label()
    lines = [f"provider = {json.dumps(named)}"]
    lines += [m.pick(forms) for forms in PROFILE_LINES if m.chance(0.2)]
    fields = [f for f in provider.fields if f.group in ("", group)]
    fields = [f for f in fields if m.chance(0.9 if f.required else 0.3)]
    lines.append("[fields]")
    for found in fields:
        if not found.secret:
            value = json.dumps(_plain_field(m, found.name))
            lines.append(f"{found.name} = {value}")
    for found in fields:
        if found.secret:
            lines += _reference(m, found.name, held)
    if m.chance(0.05):
        lines.append(m.pick((m.secret(), f"x = {m.secret()}", "[x", "x = 1")))
    return "\n".join(lines)


def _reference(m, name, held):
    text = m.pick(m.whole[:4]) if m.whole and m.chance(0.8) else m.secret()
    text = held or text
    if m.chance(0.05):
        return ["[secrets]", f"{name} = {json.dumps(text)}"]
    return [
        f"[secrets.{name}]",
        f'store = "{m.pick(("vault", "vault", "reference"))}"',
        'item = "ks1-00"',
        f"generation = {0 if m.chance(0.02) else 1}",
        f'fingerprint = "{fingerprint(KEY, text)}"',
        f'hint = "…{text[-4:]}"',
    ]


def _plain_field(m, name):
    if name == "base_url":
        return m.pick((*URLS[:6], m.it.environ.get(rules.BASE_URL, "")))
    if name == "access_key_id":
        return m.pick((*m.whole[:4], "AKIAFAKE"))
    if name == "env":
        return m.pick(("OTHER", "PATH", rules.API_KEY))
    return m.pick(("us-east-1", "work", "x1", m.label()))


HOLDERS = (
    (rules.API_KEY, "anthropic"),
    (rules.AUTH_TOKEN, "gateway"),
    (rules.OAUTH_TOKEN, "claude-token"),
    ("AWS_SECRET_ACCESS_KEY", "bedrock"),
    ("AWS_BEARER_TOKEN_BEDROCK", "bedrock"),
    ("ANTHROPIC_FOUNDRY_API_KEY", "foundry"),
)
CONFIGS = ('agents = "deny"', "store = 5", "[x", 'cache = "off"', "\0")
PROFILE_LINES = (
    ('label = "Work, billed"', 'label = "Work, billed"', 'label = "\\u202e"'),
    ("created = 2024-01-01", "created = 2024-01-01", "created = 9999-12-31"),
    ("expires = 2020-01-01", "expires = 0001-01-01", "expires = 9999-12-31",
     "expires = 2099-01-01", "expires = 2099-01-01T00:00:00Z"),
    ('expect = "api"', 'expect = "subscription"', 'expect = "cloud"',
     'expect = "x"'),
    ("extra = [1, {}]",),
)  # fmt: skip
MEGABYTE = 1_000_000
LONG_LINES = (
    "export ANTHROPIC_API_KEY=" + "a" * MEGABYTE,
    "ANTHROPIC_API_KEY=1" + " " * MEGABYTE + '"',
    "set -x ANTHROPIC_API_KEY" + " " * MEGABYTE + '"',
    "set -" * (MEGABYTE // 5) + " ANTHROPIC_API_KEY",
    "set -set " * (MEGABYTE // 9) + "= ANTHROPIC_API_KEY",
    "#" * MEGABYTE + " ANTHROPIC_API_KEY",
    "ANTHROPIC_API_KEY " * (MEGABYTE // 18),
)

# What may be there, and how often. The first ones decide where others go.
PARTS = (
    (folders_in_the_way, 0.06),
    (own_state, 0.7),
    (legacy_config, 0.04),
    (user_settings, 0.6),
    (project_settings, 0.3),
    (local_settings, 0.3),
    (managed_settings, 0.15),
    (drop_ins, 0.05),
    (global_config, 0.7),
    (credentials, 0.6),
    (backups, 0.2),
    (anthropic_profiles, 0.25),
    (aws_files, 0.3),
    (clouds, 0.15),
    (start_files, 0.5),
    (dotenv, 0.25),
    (locks, 0.15),
    (switchers, 0.1),
    (installs, 0.15),
    (transcripts, 0.3),
    (own_profiles, 0.7),
)
