"""Homes of people with files of their own, each made from a number.

What a person may have before the first switch: settings in many forms and at
each level, with tokens, helpers, addresses and flags; a login, a Console key,
answers about keys; start files and variables; links and odd files.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from tests.cli.accounts import log_in
from tests.cli.keyswitch import KEY, OTHER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.keyswitch import Keyswitch

AWS_SECRET = "FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK"
REGION = ("region=eu-central-1",)
TOKEN = "FAKE-gateway-token-0123456789EXAMPLE"
# Name -> (provider, secret, plain fields).
PROFILES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "work": ("anthropic", KEY, ()),
    "other": ("anthropic", OTHER, ("base_url=https://gate.example.com",)),
    "gate": ("gateway", TOKEN, ("base_url=https://gateway.example.com",)),
    "open": ("gateway", TOKEN, ("base_url=http://gate.example.com/v1",)),
    "needless": ("anthropic", KEY, ("base_url=https://api.anthropic.com",)),
    "model": ("anthropic", OTHER, ("model=glm-4.6",)),
    "keys": (
        "bedrock", AWS_SECRET,
        (*REGION, "access_key_id=AKIAFAKEFAKEEXAMPLE0"),
    ),
    "sso": ("bedrock", "", (*REGION, "aws_profile=corp")),
    "static": ("bedrock", "", (*REGION, "aws_profile=plain")),
    "bearer": (
        "bedrock", "ABSKFAKEbedrock0123456789abcdefEXAMPLE",
        REGION,
    ),
    "foundry": (
        "foundry", "FAKEfoundrykey0123456789abcdef0EXAMPLE",
        ("resource=fake-resource",),
    ),
    "vertex": ("vertex", "", ("project_id=fake-project", "region=us-east5")),
    "platform": (
        "anthropic-aws", "FAKEplatformkey0123456789abcdef0EXAMPLE",
        (*REGION, "workspace_id=wrkspc_FAKE"),
    ),
    "token": (
        "claude-token", "sk-ant-oat01-FAKE-subscription-000000000EXAMPLE", ()
    ),
    "openai": ("openai", "sk-proj-FAKE-000000000000000000000000EXAMPLE", ()),
    "gemini": ("gemini", "AIzaFAKE0000000000000000000000000EXAMPLE", ()),
    "router": ("openrouter", "sk-or-v1-FAKE-0000000000000000000EXAMPLE", ()),
    "github": ("github", "ghp_FAKE00000000000000000000000000EXAMPLE", ()),
    "aws": ("aws", AWS_SECRET, ("access_key_id=AKIAFAKEFAKEEXAMPLE0",)),
    "custom": ("custom", "FAKE-custom-00000000000EXAMPLE", ("env=ACME_KEY",)),
}  # fmt: skip
LOGIN = "me"  # and a profile that keeps a login
NAMES = (*PROFILES, LOGIN)


def with_profiles(ks: Keyswitch) -> None:
    """Make a profile of every provider and shape, for `begin_as`."""
    ks.with_vault()
    log_in(ks.home, "a")
    ks("login", LOGIN, "--capture", "--store", "vault")
    ks.file(".claude/.credentials.json").unlink()
    ks.file(".claude.json").unlink()
    for name, (provider, secret, fields) in PROFILES.items():
        plain = [word for field in fields for word in ("--set", field)]
        given = ["--stdin"] * bool(secret)
        if name == "bearer":
            given = ["--fd", "bearer_token=0"]
        store = ["--store", "vault"] * bool(secret)
        ks("add", name, "--provider", provider, *store, *given, *plain,
           stdin=secret)  # fmt: skip


MINE = "sk-ant-api03-FAKE-mine-0000000000000000000000000EXAMPLE"
VALUES: dict[str, tuple[Any, ...]] = {
    "ANTHROPIC_API_KEY": (MINE, KEY, "", None),
    "ANTHROPIC_AUTH_TOKEN": ("FAKE-mine-token-00000000000000EXAMPLE", "", 5),
    "CLAUDE_CODE_OAUTH_TOKEN": ("sk-ant-oat01-FAKE-mine-00000000EXAMPLE", ""),
    "ANTHROPIC_BASE_URL": (
        "https://mine.example.com", "https://api.anthropic.com", "", None,
        "http://mine.example.com/v1", "https://gateway.example.com",
    ),
    "ANTHROPIC_CUSTOM_HEADERS": (
        "X-Team: blue", "Authorization: Bearer FAKE-head-0000000EXAMPLE",
        "X-Team: blue\nX-Api-Key: FAKE-head-00000000000EXAMPLE", "",
    ),
    "ANTHROPIC_MODEL": ("opus", "glm-4.6", "claude-sonnet-4-5", None),
    "ANTHROPIC_SMALL_FAST_MODEL": ("haiku", "glm-4.5-air"),
    "CLAUDE_CODE_USE_BEDROCK": ("1", "0", "true", "", None),
    "CLAUDE_CODE_USE_VERTEX": ("1", "0", ""),
    "CLAUDE_CODE_USE_FOUNDRY": ("1", ""),
    "CLAUDE_CODE_SKIP_BEDROCK_AUTH": ("1", ""),
    "AWS_PROFILE": ("corp", "plain", "", None),
    "AWS_REGION": ("us-east-1", "", None),
    "AWS_ACCESS_KEY_ID": ("AKIAFAKEMINEEXAMPLE0",),
    "AWS_SECRET_ACCESS_KEY": ("FAKEminesecretaccesskey00000000000EXAMPLE",),
    "AWS_SESSION_TOKEN": ("FAKEminesessiontoken0000000000000EXAMPLE",),
    "AWS_BEARER_TOKEN_BEDROCK": ("ABSKFAKEmine000000000000000EXAMPLE", ""),
    "ANTHROPIC_FOUNDRY_RESOURCE": ("mine",),
    "ANTHROPIC_VERTEX_PROJECT_ID": ("mine-project",),
    "HTTPS_PROXY": ("http://127.0.0.1:9", "127.0.0.1:9"),
    "EDITOR": ("vi", None, 5),
}  # fmt: skip
HELPERS = (
    "echo FAKE-helper-0000000000000EXAMPLE", "", "/gone/keys.sh", "cat key",
    "/gone/bin/keyswitch helper claude-code",
)  # fmt: skip
EXPORTS = ("echo {}", "/gone/aws.sh", "/gone/keyswitch helper aws work")
FORMS = ("two", "tab", "compact", "crlf", "mark", "spaced", "empty")
BLANK = ("", " \n", "\ufeff", "{}", "{ }\n")
ANSWERS = (None, [], "x", {}, {"approved": None}, {"rejected": "x"})


class Home:
    """One person's home, made from a number, and what was in it."""

    def __init__(self, ks: Keyswitch, number: int) -> None:
        self.ks = ks
        self.home = ks.home
        self.chance = random.Random(number)
        self.project = ks.home / "project"
        self.project.mkdir()
        self.files: list[Path] = []
        self.blanked = False
        for make in (
            self._settings, self._repository, self._global_config,
            self._login, self._aws, self._start_files, self._variables,
        ):  # fmt: skip
            make()
        self.before = self.contents()

    def contents(self) -> dict[str, bytes | None]:
        """Return what the person's files hold now; None: it is gone."""
        return {
            str(path): path.read_bytes() if path.exists() else None
            for path in self.files
        }

    def likely(self, odds: float) -> bool:
        return self.chance.random() < odds

    def _write(self, path: Path, document: Any) -> None:
        """Write a JSON file in one of the forms that people's files have."""
        path.parent.mkdir(parents=True, exist_ok=True)
        form = self.chance.choice(FORMS)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        if form == "tab":
            text = json.dumps(document, indent="\t")
        elif form == "compact":
            text = json.dumps(document, separators=(",", ":"))
        elif form == "crlf":
            text = text.replace("\n", "\r\n")
        elif form == "mark":
            text = f"\ufeff{text}"
        elif form == "spaced":
            text = text.replace('":', '" :')
        elif form == "empty" and self.likely(0.3):
            text = self.chance.choice(BLANK)
        self.files.append(path)
        if self.likely(0.15):
            target = self.home / "dotfiles" / f"{path.parent.name}-{path.name}"
            target.parent.mkdir(exist_ok=True)
            path.symlink_to(target)
            path = target
        path.write_bytes(text.encode())
        path.chmod(self.chance.choice((0o600, 0o600, 0o644)))
        if self.likely(0.04):
            path.chmod(0o444)

    def _env(self, most: int) -> dict[str, Any]:
        names = self.chance.sample(sorted(VALUES), self.chance.randrange(most))
        return {name: self.chance.choice(VALUES[name]) for name in names}

    def _document(self, most: int) -> dict[str, Any]:
        found: dict[str, Any] = {"theme": "dark"} if self.likely(0.7) else {}
        if self.likely(0.8):
            found["env"] = self._env(most)
        if self.likely(0.3):
            found["apiKeyHelper"] = self.chance.choice(HELPERS)
        if self.likely(0.15):
            found["awsCredentialExport"] = self.chance.choice(EXPORTS)
        if self.likely(0.5):
            found["permissions"] = {"allow": ["Bash(ls:*)"]}
        return found

    def _settings(self) -> None:
        path = self.home / ".claude/settings.json"
        if self.likely(0.85):
            self._write(path, self._document(7))
        else:
            self.files.append(path)

    def _repository(self) -> None:
        for name in ("settings.json", "settings.local.json"):
            if self.likely(0.15):
                self._write(self.project / ".claude" / name, self._document(3))

    def _global_config(self) -> None:
        path = self.home / ".claude.json"
        if self.likely(0.2):
            self.files.append(path)
            return
        found: dict[str, Any] = {"numStartups": 3, "projects": {}}
        if self.likely(0.6):
            tails = [KEY[-20:], MINE[-20:], "FAKE-tail-of-a-key-1"]
            found["customApiKeyResponses"] = {
                kind: self.chance.sample(tails, self.chance.randrange(3))
                for kind in ("approved", "rejected")
            }
        elif self.likely(0.3):
            found["customApiKeyResponses"] = self.chance.choice(ANSWERS)
        if self.likely(0.2):
            found["primaryApiKey"] = MINE
        if self.likely(0.5):
            found["hasCompletedOnboarding"] = True
        self._write(path, found)

    def _login(self) -> None:
        path = self.home / ".claude/.credentials.json"
        self.files.append(path)
        if self.likely(0.5):
            return
        path.parent.mkdir(exist_ok=True)
        login = {
            "accessToken": "sk-ant-oat01-FAKE-mine1",
            "refreshToken": self.chance.choice(("sk-ant-ort01-FAKE-m", "")),
            "expiresAt": self.chance.choice((4102444800000, 1)),
            "scopes": ["user:inference"],
            "subscriptionType": "max",
        }
        if self.likely(0.15):
            self.blanked = True
            login |= {"accessToken": "", "refreshToken": "", "expiresAt": 0}
        path.write_text(json.dumps({"claudeAiOauth": login}))
        path.chmod(0o600)

    def _aws(self) -> None:
        folder = self.home / ".aws"
        folder.mkdir()
        (folder / "config").write_text(
            "[profile corp]\nsso_start_url = https://x.awsapps.com/start\n"
            "sso_region = eu-central-1\nregion = eu-central-1\n"
        )
        (folder / "credentials").write_text(
            "[plain]\naws_access_key_id = AKIAFAKEPLAINEXAMPLE\n"
            "aws_secret_access_key = FAKEplainsecret0000000000000000EXAMPLE\n"
        )
        for name in ("config", "credentials"):
            (folder / name).chmod(0o600)

    def _start_files(self) -> None:
        if self.likely(0.3):
            path = self.home / ".bashrc"
            env = {n: v for n, v in self._env(3).items() if isinstance(v, str)}
            lines = [f"export {n}='{v}'" for n, v in env.items()]
            path.write_text("\n".join(["# mine", *lines, ""]))
            self.files.append(path)
            if self.likely(0.5):
                self.ks.environ.update(env)

    def _variables(self) -> None:
        if self.likely(0.15):
            self.ks.environ["KEYSWITCH_PROFILE"] = self.chance.choice(NAMES)
        if self.likely(0.4):
            env = {n: v for n, v in self._env(4).items() if isinstance(v, str)}
            self.ks.environ.update(env)
