"""Homes for the checks of `doctor`, as data: files, variables, profiles."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keyswitch.diagnosis.checks import examine
from keyswitch.diagnosis.findings.accounts import Accounts
from keyswitch.diagnosis.findings.commands import Runner
from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.profiles.paths import resolve
from keyswitch.providers.shapes import fingerprint
from keyswitch.targets.claude_code.resolver.scene import Scene, parse_flags
from keyswitch.targets.verdict import SEVERITIES
from tests.diagnosis.fix_lines import faults_of

KEY = "sk-ant-api03-FAKE-doctor-k1-0000000000000000000EXAMPLE"
OTHER = "sk-ant-api03-FAKE-doctor-k2-0000000000000000000EXAMPL2"
TOKEN = "gw-FAKE-doctor-t1-00000000000000EXAMPLE"
OAUTH = "sk-ant-oat01-FAKE-doctor-o1-000000000000000000EXAMPLE"
REFRESH = "sk-ant-ort01-FAKE-doctor-r1-000000000000000000EXAMPLE"
AWS_ID = "AKIAFAKE000000EXAMPLE"
AWS_TEMPORARY = "ASIAFAKE000000EXAMPLE"
AWS_SECRET = "FAKEdoctorSecret/0000000000000000EXAMPLE"
AWS_TOKEN = "FAKEdoctorSession/000000000000000EXAMPLE"
SECRETS = (KEY, OTHER, TOKEN, OAUTH, REFRESH, AWS_SECRET, AWS_TOKEN)

INSTALL_KEY = b"FAKE-install-key-of-32-bytes-000"
COMMAND = "/opt/keyswitch/bin/keyswitch"

SETTINGS = ".claude/settings.json"
PROJECT = "project/.claude/settings.json"
LOCAL = "project/.claude/settings.local.json"
CONFIG = ".claude.json"
CREDENTIALS = ".claude/.credentials.json"

BEDROCK = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-west-1"}
PAIR = {"AWS_ACCESS_KEY_ID": AWS_ID, "AWS_SECRET_ACCESS_KEY": AWS_SECRET}
AWS_FILES = {
    ".aws/credentials": f"[dev]\naws_access_key_id = {AWS_ID}\n"
    f"aws_secret_access_key = {AWS_SECRET}\n"
}

# What a first letter in upper case may belong to.
NAMES = re.compile(
    r"(Anthropic|AWS|Claude|HOME|JSON|Secret Service|[A-Z]+_[A-Z_]+)\b"
)


@dataclass(frozen=True)
class Home:
    """A home directory. `{home}` in texts stands for its path."""

    files: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    chosen: str = ""
    exported: frozenset[str] = frozenset()
    managed: dict[str, Any] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    ages: dict[str, float] = field(default_factory=dict)  # seconds
    links: dict[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    cwd: str = "project"
    home: str = ""  # another one than where the files are
    run: float = 0  # seconds that a helper may take; 0: none is run
    patches: dict[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> Home:
        """Return a home that differs in these."""
        return replace(self, **changes)

    def build(self, folder: Path) -> Situation:
        """Make the files and look at them."""
        for name in (self.cwd, *self.folders):
            (folder / name).mkdir(parents=True, exist_ok=True)
        paths = resolve({"HOME": str(folder)})
        self._write(folder, self.files)
        self._write(folder / "managed", self.managed)
        self._write(
            Path(paths.profiles_dir),
            {f"{name}.toml": text for name, text in self.profiles.items()},
        )
        if self.profiles:
            self._write(Path(paths.state), {"install.key": INSTALL_KEY})
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        for name, mode in self.modes.items():
            (folder / name).chmod(mode)
        for name, age in self.ages.items():
            then = time.time() - age
            os.utime(folder / name, (then, then))
        home = self.home or str(folder)
        scene = Scene(
            {
                name: value.replace("{home}", str(folder))
                for name, value in {
                    "HOME": home,
                    "PATH": "{home}/bin",
                    **self.environ,
                }.items()
            },
            home=home,
            cwd=str(folder / self.cwd),
            flags=parse_flags(self.flags),
            managed_dir=str(folder / "managed"),
        )
        return Situation(
            scene,
            Accounts(paths, COMMAND, helper_profile=self.chosen),
            chosen=self.chosen,
            how="keyswitch use" * bool(self.chosen),
            exported=self.exported,
            run=Runner(scene, self.run) if self.run else None,
        )

    def _write(self, folder: Path, files: dict[str, Any]) -> None:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content
            if not isinstance(data, str | bytes):
                data = json.dumps(data, indent=2)
            if isinstance(data, str):
                data = data.replace("{home}", str(folder)).encode()
            path.write_bytes(data)
            path.chmod(0o755 if "bin/" in name else 0o600)


def profile(
    provider: str = "anthropic", secret: str = KEY, more: str = "", **fields
) -> str:
    """Return a profile file; `secret` is known by its fingerprint."""
    names = {
        "anthropic": "api_key", "gateway": "auth_token", "openai": "api_key"
    }  # fmt: skip
    field_name = names.get(provider, "secret_access_key")
    lines = [f'provider = "{provider}"', more, "[fields]"]
    lines += [f'{name} = "{value}"' for name, value in fields.items()]
    if secret:
        lines += [
            f"[secrets.{field_name}]",
            'store = "vault"',
            f'item = "ks1-{fingerprint(INSTALL_KEY, secret)}"',
            f'fingerprint = "{fingerprint(INSTALL_KEY, secret)}"',
            f'hint = "…{secret[-4:]}"',
        ]
    return "\n".join(lines) + "\n"


def helper(words: str = "helper claude-code") -> dict[str, str]:
    """Return settings with keyswitch's own helper."""
    return {"apiKeyHelper": f"{COMMAND} {words}"}


def login(**changes: Any) -> dict[str, Any]:
    """Return the credentials file of a subscription login."""
    return {
        "claudeAiOauth": {
            "accessToken": OAUTH,
            "refreshToken": REFRESH,
            "expiresAt": (time.time() + 90 * 86400) * 1000,
            "scopes": ["user:inference", "user:profile"],
            "subscriptionType": "max",
            **changes,
        }
    }


def found_in(home, folder, monkeypatch):
    """Return what the checks find in a home, each of it well-formed."""
    for target, value in home.patches.items():
        monkeypatch.setattr(target, value)
    findings = examine(home.build(folder))
    for finding in findings:
        check_form(finding)
    return findings


def check_form(finding):
    """Every text is one line, begins small, and holds no secret."""
    assert finding.severity in SEVERITIES
    for text in (finding.what, finding.why, finding.fix):
        assert text.strip() == text
        assert text
        assert text.isprintable()
        assert not text.endswith(".") or text.endswith("...")
        assert not text[0].isupper() or NAMES.match(text), text
    assert not faults_of(finding.fix), finding.fix
    for secret in SECRETS:
        assert secret[12:-4] not in repr(finding)
