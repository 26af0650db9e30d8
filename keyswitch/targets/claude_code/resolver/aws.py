"""Which AWS identity Claude Code signs with. It is not the aws command's.

Observed, Claude Code 2.1.330: awsCredentialExport, then AWS_PROFILE, which
beats a pair of variables here, then the pair, then the files' default.
AWS_DEFAULT_PROFILE is not read. The order is that of the JavaScript SDK
(https://github.com/aws/aws-sdk-js-v3/pull/6277).
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from keyswitch.profiles import clock
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.verdict import AWS, Header, Request, Shadowed, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.targets.claude_code.resolver.candidates import Run
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.claude_code.resolver.views import View

ACCESS_KEY = "AWS_ACCESS_KEY_ID"
SECRET_KEY = "AWS_SECRET_ACCESS_KEY"
PROFILE = "AWS_PROFILE"

BEARER_TOKEN = "AWS_BEARER_TOKEN_BEDROCK"
SESSION_TOKEN = "AWS_SESSION_TOKEN"
SIGNED = ("bedrock", "mantle", "anthropicAws")  # with an AWS identity

_HIDES_PAIR = "AWS_PROFILE is set, which Claude Code prefers to a pair of keys"
_ASKED = "AWS is asked first"


def request(scene: Scene, run: Run | None) -> Request:
    """Return a request that is signed, or why it is not sent."""
    there = ambient(scene, scene.request)
    command = scene.command(rules.AWS_EXPORT)
    if command is None:
        return there
    if run is None:
        why = "it is known only when it runs"
        header = Header(AWS, None, command.source, why)
    else:
        key = exported_key(run(command) or "")
        # A failure falls back to the ambient identity, in silence.
        if key is None:
            return there
        header = Header(AWS, Secret(key), command.source)
    shadowed = _shadowed(there.bearer, "the export comes first")
    return _signed(header, shadowed + there.shadowed)


def ambient(scene: Scene, view: View) -> Request:
    """Return a request that is signed without an export.

    Observed, Claude Code 2.1.330: it looks for an identity before a
    repository's settings are applied, and keeps what it finds. Such settings
    can name another profile, but their keys count only where there was
    nothing.
    """
    pair = _pair(view)
    if scene.host_managed:
        # Its program hands keys over by variables, and nothing else counts.
        if pair is not None:
            return _signed(pair)
        return Request(refusal="the host program handed no AWS keys over")
    name = view.text(PROFILE)
    if not name and view is scene.request and not scene.status.text(PROFILE):
        first = ambient(scene, scene.status)
        if first.bearer is not None:
            return first
    found = Files(scene, view).profile(name or "default")
    if name:
        shadowed = _shadowed(pair, _HIDES_PAIR)
        if found is not None:
            return _signed(found, shadowed)
        refusal = f"the AWS profile '{name}' gives no credentials"
        return Request(refusal=refusal, shadowed=shadowed)
    if pair is not None:
        because = f"{ACCESS_KEY} comes before the files"
        return _signed(pair, _shadowed(found, because))
    found = found or _of_machine(view)
    if found is None:
        return Request(refusal="there are no AWS credentials")
    return _signed(found)


def _signed(header: Header, shadowed: tuple[Shadowed, ...] = ()) -> Request:
    return Request(None, header, shadowed=shadowed)


def _shadowed(header: Header | None, because: str) -> tuple[Shadowed, ...]:
    if header is None:
        return ()
    return (Shadowed(header.value, header.source, because),)


def _of_machine(view: View) -> Header | None:
    value = view.given(
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    )
    if value is None:
        return None
    source = Source("aws", value.source.name, value.source.set_by)
    return Header(AWS, None, source, _ASKED)


def exported_key(answer: str) -> str | None:
    """Return the key id of an awsCredentialExport's answer, if it is whole.

    Observed: an answer without a session token is not taken.
    """
    try:
        found = json.loads(answer)["Credentials"]
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        key, *others = [found[name] for name in names]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = all(isinstance(text, str) and text for text in (key, *others))
    return key if whole else None


def _pair(view: View) -> Header | None:
    key, secret = view.get(ACCESS_KEY), view.get(SECRET_KEY)
    if key is None or secret is None or not key.text or not secret.text:
        return None
    return Header(AWS, Secret(key.text), key.source)


class Files:
    """The two shared files, as one view's variables name them."""

    def __init__(self, scene: Scene, view: View) -> None:
        self.scene = scene
        folder = os.path.join(scene.home, ".aws")

        def at(variable: str, name: str) -> str:
            given = view.text(variable) or os.path.join(folder, name)
            return os.path.join(scene.cwd, given)

        self.credentials_path = at("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        self.config_path = at("AWS_CONFIG_FILE", "config")
        self.credentials = sections(scene.read(self.credentials_path))
        self.config = sections(scene.read(self.config_path))

    def profile(self, name: str, depth: int = 0) -> Header | None:
        """Return the identity that a profile gives."""
        merged = self.merged(name)
        held = name in self.credentials
        path = self.credentials_path if held else self.config_path
        source = Source("aws_profile", name, "", path)
        if merged.get("role_arn"):
            base = merged.get("source_profile")
            if base and depth < 5 and self.profile(base, depth + 1) is None:
                return None
            return Header(AWS, None, source, "AWS is asked for the role first")
        key = merged.get("aws_access_key_id")
        if key and merged.get("aws_secret_access_key"):
            return Header(AWS, Secret(key), source)
        command = merged.get("credential_process")
        if command:
            asked = source._replace(command=command)
            return Header(AWS, None, asked, "a program is asked first")
        start = self.sso_start(name)
        if start and signed_in(self.scene, start):
            return Header(AWS, None, source, _ASKED)
        return None

    def merged(self, name: str) -> Mapping[str, str]:
        """Return a profile's settings from both files."""
        plain = self.config.get(name, {}) if name == "default" else {}
        config = self.config.get(f"profile {name}", plain)
        return {**config, **self.credentials.get(name, {})}

    def sso_start(self, name: str) -> str:
        """Return what names a profile's sign-in, "" if it needs none."""
        merged = self.merged(name)
        return merged.get("sso_session") or merged.get("sso_start_url") or ""


def region(scene: Scene) -> str:
    """Return the region that Claude Code speaks to.

    Observed, Claude Code 2.1.330: the variables, then the profile in use.
    """
    view = scene.request
    given = view.text("AWS_REGION") or view.text("AWS_DEFAULT_REGION")
    name = view.text(PROFILE) or "default"
    return given or Files(scene, view).merged(name).get("region") or "us-east-1"


def sso_cache(scene: Scene, start: str) -> str:
    """Return the file in which AWS keeps a sign-in."""
    import hashlib

    name = hashlib.sha1(start.encode(), usedforsecurity=False).hexdigest()
    return os.path.join(scene.home, ".aws", "sso", "cache", f"{name}.json")


def signed_in(scene: Scene, start: str) -> bool:
    """Tell whether a kept sign-in still holds, or can renew itself."""
    from datetime import UTC, datetime

    try:
        kept = json.loads(scene.read(sso_cache(scene, start)) or b"")
        text = str(kept["expiresAt"]).replace("UTC", "+00:00")
        ends = datetime.fromisoformat(text)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    if ends.tzinfo is None:
        ends = ends.replace(tzinfo=UTC)
    return ends.timestamp() > clock.now() or bool(kept.get("refreshToken"))


def sections(data: bytes | None) -> dict[str, dict[str, str]]:
    """Return an AWS file's sections by name; what does not parse is left."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    text = data.decode("utf-8", "replace") if data else ""
    for raw in text.split("\n"):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            name = " ".join(line.partition("]")[0][1:].split())
            section = found.setdefault(name, {})
        elif section is not None and "=" in line and not raw[:1].isspace():
            key, _, value = line.partition("=")
            section[key.strip().lower()] = value.partition(" #")[0].strip()
    return found
