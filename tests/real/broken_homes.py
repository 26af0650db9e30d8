"""Homes in which Claude Code speaks for the wrong account, or for none.

Each is built after public threads of the repository anthropics/claude-code;
`threads` are their numbers. What a home says about itself is measured: the
real program has to send `wrong` before and `right` after it was mended.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.real.accounts import (
    AMBIENT_ID,
    AWS_ID,
    AWS_SECRET,
    FIRST_KEY,
    GATEWAY_TOKEN,
    MANAGED_KEY,
    OAUTH_TOKEN,
    SECOND_KEY,
    STORED_LOGIN,
    add,
    login,
    plant_ambient_aws,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

API = "api.anthropic.com"
BEDROCK = "bedrock-runtime.eu-central-1.amazonaws.com"
ELSEWHERE = "127.0.0.1"

FRESH_LOGIN = "sk-ant-oat01-FAKE-fresh-login-0123456789abcdefghijklEXAMPLE"
SIGNED_IN_ID = "ASIAFAKESIGNEDIN0000"
SIGNED_IN_TOKEN = "FAKE-token-of-the-aws-sign-in"

REFUSED_RENEWAL = (400, {"error": "invalid_grant"})


@dataclass(frozen=True)
class Sent:
    """To whom a request speaks, and the headers that say for whom."""

    host: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class BrokenHome:
    """One broken home. `{home}` and `{project}` stand for the two folders."""

    threads: tuple[int, ...]
    build: Callable[[Any], None]
    wrong: Sent | None  # None: it ends before any request
    finding: str  # what `doctor` has to name
    place: str
    fix: str  # what it has to print
    right: Sent
    environ: Mapping[str, str] = field(default_factory=dict)
    start: str = ""  # what the shell reads before anything else
    profile: str = ""  # of keyswitch, in use
    options: tuple[str, ...] = ()  # of whoami and doctor
    by_doctor: bool = False  # `doctor --fix` mends it


def key(secret):
    return Sent(API, {"x-api-key": secret})


def bearer(secret, host=API):
    return Sent(host, {"authorization": f"Bearer {secret}".strip()})


def both(secret, other=None):
    sent = bearer(secret if other is None else other).headers
    return Sent(API, {"x-api-key": secret, **sent})


def signed(key_id, session=""):
    extra = {"x-amz-security-token": session} if session else {}
    return Sent(BEDROCK, {"authorization": f"AWS4 {key_id}", **extra})


# ------------------------------------------------------------------ parts


def write_settings(folder, document):
    place = folder / ".claude" / "settings.json"
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(document, indent=2) + "\n")


def env_of_settings(folder, **variables):
    write_settings(folder, {"env": variables})


def start_file(machine, name, line):
    (machine.home / name).write_text(f"# mine\n{line}\n")


def in_use(machine, name):
    add(machine, name)
    machine.keyswitch("use", name)


def lose_the_login(machine):
    """Let Claude Code itself find out that a copy was renewed elsewhere."""
    place = machine.claude_home / ".credentials.json"
    document = json.loads(place.read_text())
    document["claudeAiOauth"]["expiresAt"] = 1
    place.write_text(json.dumps(document))
    machine.service.answers["/v1/oauth/token"] = REFUSED_RENEWAL
    machine.claude()
    del machine.service.answers["/v1/oauth/token"]


# ------------------------------------------------------------------ builds


def switch_in_settings(machine):
    env_of_settings(machine.home, CLAUDE_CODE_USE_BEDROCK="1")


def switch_in_start_file(machine):
    in_use(machine, "first")
    plant_ambient_aws(machine)
    start_file(machine, ".bashrc", "export CLAUDE_CODE_USE_BEDROCK=1")


def key_in_start_file(machine):
    login(machine, managed_key=False)
    start_file(machine, ".zshrc", f"export ANTHROPIC_API_KEY={FIRST_KEY}")


def token_in_settings(machine):
    login(machine, managed_key=False)
    env_of_settings(machine.home, ANTHROPIC_AUTH_TOKEN=GATEWAY_TOKEN)


def key_in_dotenv(machine):
    login(machine, managed_key=False)
    (machine.project / ".env").write_text(f"ANTHROPIC_API_KEY={FIRST_KEY}\n")


def old_session_token(machine):
    line = "export AWS_SESSION_TOKEN=FAKE-of-an-old-session"
    start_file(machine, ".profile", line)


def aws_profile(machine):
    plant_ambient_aws(machine)
    start_file(machine, ".bashrc", "export AWS_PROFILE=default")


SIGN_IN = """\
#!/bin/sh
# Stands for the aws command: the file that a sign-in leaves.
test "$*" = "sso login --profile team" || exit 2
mkdir -p ~/.aws/sso/cache
cat > ~/.aws/sso/cache/NAME.json <<'END'
{"accessToken": "FAKE", "expiresAt": "2099-01-01T00:00:00Z",
 "startUrl": "https://corp.example/start", "region": "eu-central-1"}
END
"""


def no_aws_sign_in(machine):
    (machine.home / ".aws").mkdir()
    (machine.home / ".aws" / "config").write_text(
        "[profile team]\nsso_session = corp\nsso_account_id = 111122223333\n"
        "sso_role_name = Developer\nregion = eu-central-1\n"
        "[sso-session corp]\nsso_start_url = https://corp.example/start\n"
        "sso_region = eu-central-1\n"
    )
    command = machine.home / "bin" / "aws"
    command.parent.mkdir()
    name = hashlib.sha1(b"corp").hexdigest()
    command.write_text(SIGN_IN.replace("NAME", name))
    command.chmod(0o755)
    start_file(machine, ".bashrc", 'PATH="$HOME/bin:$PATH"')
    found = {
        "accessKeyId": SIGNED_IN_ID,
        "secretAccessKey": "FAKE",
        "sessionToken": SIGNED_IN_TOKEN,
        "expiration": 4_102_444_800_000,
    }
    document = {"roleCredentials": found}
    machine.service.answers["/federation/credentials"] = 200, document


def key_and_token(machine):
    start_file(machine, ".bashrc", f"export ANTHROPIC_API_KEY={FIRST_KEY}")


def failing_helper(machine):
    helper = machine.home / "get-key"
    helper.write_text("#!/bin/sh\necho no session >&2\nexit 1\n")
    helper.chmod(0o755)
    write_settings(machine.home, {"apiKeyHelper": str(helper)})


def moved_helper(machine):
    in_use(machine, "first")
    place = machine.claude_home / "settings.json"
    gone = machine.home / "gone" / "keyswitch"
    command = json.loads(place.read_text())["apiKeyHelper"]
    here = command.partition(" helper claude-code")[0]
    place.write_text(place.read_text().replace(here, str(gone)))


def comment_in_settings(machine):
    login(machine, managed_key=False)
    in_use(machine, "first")
    place = machine.claude_home / "settings.json"
    text = place.read_text()
    place.write_text(text.replace("{\n", "{\n  // the key of work\n", 1))


def address_of_repository(machine):
    login(machine, managed_key=False)
    url = machine.service.url
    env_of_settings(machine.project, ANTHROPIC_BASE_URL=url)


def folder_with_tilde(machine):
    login(machine, managed_key=False)
    machine.claude_home.rename(machine.home / "work")
    start_file(machine, ".bashrc", "export CLAUDE_CONFIG_DIR='~/work'")


def empty_folder(machine):
    login(machine, managed_key=False)


def lost_login(machine):
    login(machine, managed_key=False)
    lose_the_login(machine)


def lost_login_beside_key(machine):
    login(machine)
    lose_the_login(machine)


def left_over_header(machine):
    login(machine, managed_key=False)
    header = f"X-Api-Key: {SECOND_KEY}"
    env_of_settings(machine.home, ANTHROPIC_CUSTOM_HEADERS=header)


# ------------------------------------------------------------------- homes

WITH_BEDROCK = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-central-1"}
AWS_PAIR = {"AWS_ACCESS_KEY_ID": AWS_ID, "AWS_SECRET_ACCESS_KEY": AWS_SECRET}

HOMES = {
    "a cloud's switch left in settings.json": BrokenHome(
        (2260, 55950),
        switch_in_settings,
        None,
        "provider-flag-left",
        "{home}/.claude/settings.json:3",
        "keyswitch doctor --fix",
        key(FIRST_KEY),
        environ={"ANTHROPIC_API_KEY": FIRST_KEY},
        by_doctor=True,
    ),
    "a cloud's switch left in a start file": BrokenHome(
        (2260, 5418),
        switch_in_start_file,
        signed(AMBIENT_ID),
        "provider-flag-left",
        "{home}/.bashrc:2",
        "keyswitch doctor --fix",
        both(FIRST_KEY),
        environ={"AWS_REGION": "eu-central-1"},
        start=". ~/.bashrc",
        profile="first",
        by_doctor=True,
    ),
    "a key in a start file over a subscription": BrokenHome(
        (9515, 12352, 36350, 50537, 62338),
        key_in_start_file,
        key(FIRST_KEY),
        "login-passed-over",
        "ANTHROPIC_API_KEY, set in {home}/.zshrc:2",
        "unset ANTHROPIC_API_KEY",
        bearer(STORED_LOGIN),
        start=". ~/.zshrc",
    ),
    "a token in settings.json over a subscription": BrokenHome(
        (34826,),
        token_in_settings,
        bearer(GATEWAY_TOKEN),
        "login-passed-over",
        "{home}/.claude/settings.json:3",
        "remove 'ANTHROPIC_AUTH_TOKEN' from {home}/.claude/settings.json:3",
        bearer(STORED_LOGIN),
    ),
    "a project's .env file over a subscription": BrokenHome(
        (91777,),
        key_in_dotenv,
        key(FIRST_KEY),
        "login-passed-over",
        "ANTHROPIC_API_KEY in this environment",
        "unset ANTHROPIC_API_KEY",
        bearer(STORED_LOGIN),
        start="set -a; . ./.env; set +a",
    ),
    "an old session token beside long-lived keys": BrokenHome(
        (2280, 3823, 76701),
        old_session_token,
        signed(AWS_ID, "FAKE-of-an-old-session"),
        "aws-session-token-stale",
        "AWS_SESSION_TOKEN, set in {home}/.profile:2",
        "unset AWS_SESSION_TOKEN",
        signed(AWS_ID),
        environ={**WITH_BEDROCK, **AWS_PAIR},
        start=". ~/.profile",
    ),
    "an AWS profile beside exported keys": BrokenHome(
        (4229, 5418),
        aws_profile,
        signed(AMBIENT_ID),
        "aws-profile-beats-keys",
        "AWS_PROFILE, set in {home}/.bashrc:2",
        "unset AWS_PROFILE",
        signed(AWS_ID),
        environ={**WITH_BEDROCK, **AWS_PAIR},
        start=". ~/.bashrc",
    ),
    "an AWS profile that nobody signed in to": BrokenHome(
        (4229, 18580),
        no_aws_sign_in,
        None,
        "aws-sso-expired",
        "{home}/.aws/sso/cache",
        "aws sso login --profile team",
        signed(SIGNED_IN_ID, SIGNED_IN_TOKEN),
        environ={**WITH_BEDROCK, "AWS_PROFILE": "team"},
        start=". ~/.bashrc",
    ),
    "a key and a token of two accounts": BrokenHome(
        (7200,),
        key_and_token,
        both(FIRST_KEY, GATEWAY_TOKEN),
        "two-accounts",
        "ANTHROPIC_AUTH_TOKEN in this environment",
        "unset ANTHROPIC_AUTH_TOKEN",
        key(FIRST_KEY),
        environ={"ANTHROPIC_AUTH_TOKEN": GATEWAY_TOKEN},
        start=". ~/.bashrc",
    ),
    "a failing helper over a token": BrokenHome(
        (11587, 83207),
        failing_helper,
        both(""),
        "helper-failing",
        "{home}/.claude/settings.json:2",
        "correct 'apiKeyHelper' in {home}/.claude/settings.json:2",
        bearer(OAUTH_TOKEN),
        environ={"CLAUDE_CODE_OAUTH_TOKEN": OAUTH_TOKEN},
        options=("--run-helper",),
    ),
    "a keyswitch that was moved": BrokenHome(
        (83207,),
        moved_helper,
        both(""),
        "helper-broken",
        "{home}/.claude/settings.json:2",
        "keyswitch use first",
        both(FIRST_KEY),
        profile="first",
        options=("--run-helper",),
    ),
    "a comment in settings.json": BrokenHome(
        (9875, 24823),
        comment_in_settings,
        bearer(STORED_LOGIN),
        "settings-ignored",
        "{home}/.claude/settings.json",
        "correct {home}/.claude/settings.json:2",
        both(FIRST_KEY),
        profile="first",
    ),
    "an address that came with a repository": BrokenHome(
        (38319,),
        address_of_repository,
        bearer(STORED_LOGIN, ELSEWHERE),
        "key-to-other-host",
        "{project}/.claude/settings.json:3",
        "remove 'ANTHROPIC_BASE_URL' from {project}/.claude/settings.json:3",
        bearer(STORED_LOGIN),
    ),
    "a configuration folder that begins with a tilde": BrokenHome(
        (37570, 78988),
        folder_with_tilde,
        None,
        "config-dir-tilde",
        "CLAUDE_CONFIG_DIR, set in {home}/.bashrc:2",
        "export CLAUDE_CONFIG_DIR={home}/work",
        bearer(STORED_LOGIN),
        start=". ~/.bashrc",
    ),
    "a configuration folder without a name": BrokenHome(
        (20357,),  # which saw what it leads to: files in the project
        empty_folder,
        None,
        "config-dir-empty",
        "CLAUDE_CONFIG_DIR in this environment",
        "unset CLAUDE_CONFIG_DIR",
        bearer(STORED_LOGIN),
        environ={"CLAUDE_CONFIG_DIR": ""},
    ),
    "a login that was renewed elsewhere": BrokenHome(
        (65761, 76561),
        lost_login,
        None,
        "login-blanked",
        "{home}/.claude/.credentials.json",
        "claude auth login",
        bearer(FRESH_LOGIN),
    ),
    "a lost login beside a Console key": BrokenHome(
        (76561,),
        lost_login_beside_key,
        key(MANAGED_KEY),
        "login-blanked",
        "{home}/.claude/.credentials.json",
        "claude auth login",
        bearer(FRESH_LOGIN),
    ),
    "a custom header that was left over": BrokenHome(
        (321,),
        left_over_header,
        both(SECOND_KEY, STORED_LOGIN),
        "two-accounts",
        "{home}/.claude/settings.json:3",
        "remove 'ANTHROPIC_CUSTOM_HEADERS' from {home}/.claude/settings.json:3",
        bearer(STORED_LOGIN),
    ),
}
