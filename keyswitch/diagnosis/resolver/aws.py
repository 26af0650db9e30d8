"""Which AWS identity Claude Code signs with. It is not the aws command's.

Observed, Claude Code 2.1.330: awsCredentialExport, then AWS_PROFILE, which
beats a pair of variables here, then the pair, then the files' default.
AWS_DEFAULT_PROFILE is not read. The order is that of the JavaScript SDK
(https://github.com/aws/aws-sdk-js-v3/pull/6277).
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from keyswitch.diagnosis.verdict import AWS, Header, Shadowed, Source
from keyswitch.profiles import clock
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.resolver.sources import Run
    from keyswitch.diagnosis.resolver.view import View

ACCESS_KEY = "AWS_ACCESS_KEY_ID"
SECRET_KEY = "AWS_SECRET_ACCESS_KEY"
PROFILE = "AWS_PROFILE"

_NOT_HANDED_OVER = "the host program handed no AWS keys over"
_HIDES_PAIR = "AWS_PROFILE is set, which Claude Code prefers to a pair of keys"


class Found(NamedTuple):
    """The identity, or why there is none."""

    header: Header | None = None
    refusal: str = ""
    shadowed: tuple[Shadowed, ...] = ()


def find(scene: Scene, view: View, run: Run | None) -> Found:
    """Return the identity that a request is signed with."""
    there = ambient(scene, view)
    command = scene.command("awsCredentialExport")
    if command is not None:
        if run is None:
            header = Header(
                AWS, None, command.source, "it is known only when it runs"
            )
        else:
            key = exported_key(run(command) or "")
            # A failure falls back to the ambient identity, in silence.
            if key is None:
                return there
            header = Header(AWS, Secret(key), command.source)
        hidden = there.header
        shadowed = (
            (Shadowed(hidden.value, hidden.source, "the export comes first"),)
            if hidden
            else ()
        )
        return Found(header, shadowed=shadowed + there.shadowed)
    return there


def ambient(scene: Scene, view: View) -> Found:
    """Return the identity that the machine has without an export.

    Observed, Claude Code 2.1.330: it looks for one before a repository's
    settings are applied, and keeps what it finds. Such settings can name
    another profile, but their keys count only where there was nothing.
    """
    if scene.host_managed:
        # Its program hands keys over by variables, and nothing else counts.
        pair = _pair(view)
        return Found(pair) if pair else Found(refusal=_NOT_HANDED_OVER)
    name = view.text(PROFILE)
    if not name and view is scene.request and not scene.status.text(PROFILE):
        first = ambient(scene, scene.status)
        if first.header is not None:
            return first
    return _ambient(view, _pair(view), Files(scene, view), name)


def exported_key(answer: str) -> str | None:
    """Return the key id of an awsCredentialExport's answer, if it is whole.

    Observed: an answer without a session token is not taken.
    """
    try:
        found = json.loads(answer)["Credentials"]
        whole = all(
            isinstance(found[k], str) and found[k]
            for k in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found["AccessKeyId"] if whole else None


def _ambient(view: View, pair: Header | None, files: Files, name: str) -> Found:
    if name:
        found = files.profile(name)
        shadowed = (
            (Shadowed(pair.value, pair.source, _HIDES_PAIR),) if pair else ()
        )
        if found is None:
            return Found(
                refusal=f"the AWS profile '{name}' gives no credentials",
                shadowed=shadowed,
            )
        return Found(found, shadowed=shadowed)
    default = files.profile("default")
    if pair is not None:
        shadowed = (
            (
                Shadowed(
                    default.value,
                    default.source,
                    f"{ACCESS_KEY} comes before the files",
                ),
            )
            if default
            else ()
        )
        return Found(pair, shadowed=shadowed)
    if default is not None:
        return Found(default)
    for variable in (
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ):
        value = view.get(variable)
        if value is not None and value.text.strip():
            source = Source("aws", variable, value.source.set_by)
            return Found(Header(AWS, None, source, "AWS is asked first"))
    return Found(refusal="there are no AWS credentials")


def _pair(view: View) -> Header | None:
    key, secret = view.get(ACCESS_KEY), view.get(SECRET_KEY)
    if key is None or secret is None or not key.text or not secret.text:
        return None
    return Header(AWS, Secret(key.text), key.source)


class Files:
    """The two shared files, read when they are first needed."""

    def __init__(self, scene: Scene, view: View) -> None:
        self.scene = scene
        folder = os.path.join(scene.home, ".aws")
        self.credentials_path = os.path.join(
            scene.cwd,
            view.text("AWS_SHARED_CREDENTIALS_FILE")
            or os.path.join(folder, "credentials"),
        )
        self.config_path = os.path.join(
            scene.cwd,
            view.text("AWS_CONFIG_FILE") or os.path.join(folder, "config"),
        )
        self.credentials = sections(scene.read(self.credentials_path))
        self.config = sections(scene.read(self.config_path))

    def profile(self, name: str, depth: int = 0) -> Header | None:
        """Return the identity that a profile gives."""
        merged = self.merged(name)
        held = name in self.credentials
        path = self.credentials_path if held else self.config_path
        source = Source("aws_profile", name, "", path)
        if merged.get("role_arn"):
            return self._role(merged, source, depth)
        key = merged.get("aws_access_key_id")
        if key and merged.get("aws_secret_access_key"):
            return Header(AWS, Secret(key), source)
        if merged.get("credential_process"):
            command = merged["credential_process"]
            asked = source._replace(command=command)
            return Header(AWS, None, asked, "a program is asked first")
        if merged.get("sso_session") or merged.get("sso_start_url"):
            if signed_in(self.scene, self.sso_start(name)):
                return Header(AWS, None, source, "AWS is asked first")
            return None
        return None

    def merged(self, name: str) -> Mapping[str, str]:
        """Return a profile's settings from both files."""
        plain = self.config.get(name, {}) if name == "default" else {}
        config = self.config.get(f"profile {name}", plain)
        return {**config, **self.credentials.get(name, {})}

    def _role(
        self, merged: Mapping[str, str], source: Source, depth: int
    ) -> Header | None:
        base = merged.get("source_profile")
        if base and depth < 5 and self.profile(base, depth + 1) is None:
            return None
        return Header(AWS, None, source, "AWS is asked for the role first")

    def sso_start(self, name: str) -> str:
        """Return what names a profile's sign-in, "" if it needs none."""
        merged = self.merged(name)
        return merged.get("sso_session") or merged.get("sso_start_url") or ""


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
