"""Every public command, in a home that is full of secrets."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from hashlib import sha256

from tests.cli.accounts import log_in
from tests.cli.keyswitch import Keyswitch

# Of the right shapes, and found nowhere by chance.
KEY = "sk-ant-api03-FAKEcanaryKEY0q7XvTzWmRb2LpYdHs9EXAMPLE"
NEW = "sk-ant-api03-FAKEcanaryNEW5k1JcGfNuVe8AaQoBi3EXAMPLE"
TOKEN = "FAKEcanaryGATEWAYtoken6h4RtYuIoPlKjEXAMPLE"
AWS = "FAKEcanaryAWSsecretU7yTrEwQaSdFgHjEXAMPL"
PHRASE = "FAKE canary passphrase w8ZxCvBnMl EXAMPLE"
BUNDLE = "FAKE canary bundle phrase r5TgBnHyUj EXAMPLE"
ACCESS = "sk-ant-oat01-FAKEcanaryACCESS3e4r5t6y7u8i9EXAMPLE"
REFRESH = "sk-ant-ort01-FAKEcanaryREFRESH2w3e4r5t6y7u8EXAMPLE"
LIVE = "sk-ant-ort01-FAKEcanaryLIVE9o8i7u6y5t4r3e2w1EXAMPLE"
SECRETS = {
    "key": KEY, "new key": NEW, "gateway token": TOKEN, "aws secret": AWS,
    "vault passphrase": PHRASE, "bundle passphrase": BUNDLE,
    "access token": ACCESS, "refresh token": REFRESH,
    "live refresh token": LIVE,
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A command line, and what it is given."""

    args: tuple[str, ...]
    stdin: str = ""
    code: int = 0
    folder: str = "."
    environ: dict[str, str] = field(default_factory=dict)

    def with_args(self, *args):
        return Form(args, self.stdin, 2, self.folder, self.environ)


def form(text, **more):
    return Form(tuple(text.split()), **more)


VAULT = "--store vault"
# A manager of the person's own: a file stands for it.
OUTSIDE = "mine:outside"
CONFIG = """
[managers.mine]
command = ["cat", "{path}"]
write = ["dd", "of={path}", "status=none"]
texts = { missing = ["no such file"] }
[managers.new]
command = ["cat", "{path}"]
"""
TEAM = """\
name = "acme"
[profiles.shared]
provider = "anthropic"
references.api_key = "op://Eng/claude/key"
"""
TEAM_HASH = sha256(TEAM.encode()).hexdigest()
# Nothing listens there.
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:1"}
FD = "--passphrase-fd 0"
# Sends the key in a header, in the address and in a body.
ASK = """
import os, urllib.error, urllib.request
key = os.environ["ANTHROPIC_API_KEY"]
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/models?key=" + key
asked = urllib.request.Request(url, key.encode(), {"x-api-key": key})
try:
    urllib.request.urlopen(asked)
except urllib.error.HTTPError as error:
    print(error.code)
"""
# Prints the key in some forms, and in two writes. A signal is the program's,
# and so would be its core.
PRINT = """
ulimit -c 0
printf %.30s "$ANTHROPIC_API_KEY"
echo "${ANTHROPIC_API_KEY#??????????????????????????????}"
printf "user:$ANTHROPIC_API_KEY" | base64 >&2
"""
FORMS = {
    "add": form(f"add x --provider anthropic {VAULT} --stdin", stdin=NEW),
    "add from a variable": form(
        f"add x --provider anthropic {VAULT} --from-env GIVEN",
        environ={"GIVEN": NEW},
    ),
    "add, wrong shape": form(
        f"add x --provider openai {VAULT} --stdin", stdin=NEW, code=1
    ),
    "add, nobody to ask": form(f"add x --provider anthropic {VAULT}", code=2),
    "add a reference": form(
        f"add x --provider anthropic --reference {OUTSIDE}"
    ),
    "allow": form("allow", folder="project"),
    "completion": form("completion bash"),
    "copy": form("copy work again"),
    "current": form("current"),
    "deny": form("deny", folder="project"),
    "doctor --fix": form("doctor --fix --yes"),
    "doctor --report": form("doctor --report", code=1),
    "edit": form("edit work --label Acme"),
    "env": form("env --shell bash"),
    "env of a reference": form("env team --shell sh"),
    "env of a gateway": form("env gw --format json"),
    "export": form(f"export --all --to made.ksb {FD}", stdin=BUNDLE),
    "explain": form("explain -", stdin=f"API Error: 401 {KEY}\n", code=1),
    "helper api-key": form("helper api-key gw"),
    "helper aws": form("helper aws cloud"),
    "helper claude-code": form("helper claude-code"),
    "history": form("history --json"),
    "hook": form("hook zsh"),
    "import": form(
        "import bundle --replace --yes --store vault --accept-host "
        f"gw.example.com {FD}",
        stdin=BUNDLE,
    ),
    "import, wrong passphrase": form(
        f"import bundle {FD}", stdin=PHRASE, code=5
    ),
    "install": form("install zsh --yes"),
    "link": form("link work"),
    "list": form("list --json"),
    "lock": form("lock"),
    "login --capture": form(f"login you --capture {VAULT}"),
    "logout": form("logout me --yes"),
    "managers allow": form("managers allow new --yes"),
    "managers check": form("managers check mine"),
    "managers list": form("managers list --json"),
    "migrate": form("migrate --all --to vault"),
    "migrate to a manager": form("migrate work --to mine:made"),
    "off": form("off"),
    "providers": form("providers"),
    "remove": form("remove work --yes"),
    "rename": form("rename work acme"),
    "revoke-local": form("revoke-local --all --yes"),
    "rotate": form("rotate work --stdin", stdin=NEW),
    "run": form("run work -- true"),
    "run --redact": Form(("run", "work", "--redact", "--", "sh", "-c", PRINT)),
    "shell": form("shell work --shell sh", stdin="true\n"),
    "show": form("show work --json"),
    "team add": form(f"team add team --sha256 {TEAM_HASH}"),
    "team add, a key in it": form("team add keys --sha256 0", code=1),
    "team add, nobody to ask": form("team add team", code=2),
    "team diff": form("team diff"),
    "team list": form("team list --json"),
    "team remove": form("team remove acme --yes", code=1),
    "team show": form("team show acme", code=1),
    "team update": form("team update"),
    "trace": Form(
        (
            "trace",
            "--profile",
            "work",
            "--simulate",
            "401",
            "--record",
            "run.har",
            "--bodies",
            "all",
            "--",
            sys.executable,
            "-c",
            ASK,
        )
    ),
    "undo": form("undo"),
    "uninstall": form("uninstall bash --yes"),
    "uninstall --all": form("uninstall --all --yes"),
    "unlink": form("unlink", folder="linked"),
    "statusline": form("statusline"),
    "install claude-statusline": form("install claude-statusline --yes"),
    "unlock": form(f"unlock {FD}", stdin=PHRASE),
    "unlock, wrong": form(f"unlock {FD}", stdin=BUNDLE, code=5),
    "use": form("use gw"),
    "use a login": form("use me"),
    "use --here": form("use gw --here"),
    "use --suggest": form("use --suggest --json"),
    "vault machine-key": form("vault machine-key"),
    "vault passwd": form(f"vault passwd {FD}", stdin=PHRASE),
    "vault rotate": form(f"vault rotate {FD}", stdin=PHRASE),
    "vault status": form("vault status --json"),
    "verify": form("verify --all --json", code=4, environ=NO_NETWORK),
    "whoami": form("whoami --json"),
    "whoami --verify": form("whoami --json --verify", environ=NO_NETWORK),
}


def make_home(home):
    """Fill a home with profiles, logins, links, a bundle and a history."""
    ks = Keyswitch(home, SHELL="/bin/bash").with_vault()
    ks("vault", "passwd", "--passphrase-fd", "0", stdin=PHRASE)
    (home / ".bashrc").touch()
    ks("install", "bash", "--yes")
    ks.add("work", secret=KEY)
    ks.add("gw", "--set", "base_url=https://gw.example.com",
           provider="gateway", secret=TOKEN)  # fmt: skip
    ks.add("cloud", "--set", "region=eu-central-1", "--set",
           "access_key_id=AKIAFAKEFAKEEXAMPLE1", provider="bedrock",
           secret=AWS)  # fmt: skip
    (home / "outside").write_text(NEW)
    (home / ".config/keyswitch/config.toml").write_text(CONFIG)
    ks("managers", "allow", "mine", "--yes")
    ks("add", "team", "--provider", "anthropic", "--reference", OUTSIDE)
    ks("export", "--all", "--to", "bundle", "--passphrase-fd", "0",
       stdin=BUNDLE)  # fmt: skip
    _log_in(home, "a", ACCESS, REFRESH)
    ks("login", "me", "--capture", "--store", "vault")
    _log_in(home, "b", ACCESS.replace("ACCESS", "OTHERS"), LIVE)
    for name in ("project", "linked"):
        (home / name).mkdir()
    (home / "project/.keyswitch").write_text("work\n")
    linking = Keyswitch(home / "linked")
    linking.environ = ks.environ
    linking("link", "work")
    for name, text in (("team", TEAM), ("keys", f"{TEAM}# {KEY}\n")):
        (home / name).mkdir()
        (home / name / "keyswitch-team.toml").write_text(text)
    ks("use", "work")
    ks("env", "--shell", "bash")


def _log_in(home, account, access, refresh):
    log_in(home, account)
    path = home / ".claude/.credentials.json"
    document = json.loads(path.read_text())
    document["claudeAiOauth"] |= {
        "accessToken": access,
        "refreshToken": refresh,
    }
    path.write_text(json.dumps(document))
