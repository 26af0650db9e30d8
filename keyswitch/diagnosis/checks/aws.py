"""AWS identities: stale, half, or other ones than the aws command uses."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.diagnosis.resolver import aws
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.verdict import Value

SESSION = "AWS_SESSION_TOKEN"
SIGNED = ("bedrock", "mantle", "anthropicAws")  # with an AWS identity
_LONG_LIVED, _TEMPORARY = "AKIA", "ASIA"


def _concerned(situation: Situation) -> bool:
    provider = situation.verdict.provider
    return provider is not None and provider.name in SIGNED


def session_token(situation: Situation) -> Iterator[Finding]:
    """Find a session token that does not belong to the key beside it."""
    view = situation.scene.request
    token, key = view.get(SESSION), view.get(aws.ACCESS_KEY)
    key_id = view.text(aws.ACCESS_KEY)
    sent = situation.verdict.request.headers
    grave = WARNING
    if any(header.source.name == aws.ACCESS_KEY for header in sent):
        grave = ERROR
    if (
        token is not None
        and token.text.strip()
        and (not key_id or key_id.startswith(_LONG_LIVED))
    ):
        yield Finding(
            "aws-session-token-stale",
            grave,
            f"{SESSION} is left over"
            + (": a long-lived key needs none" if key_id else ""),
            "it is sent along with the key, and AWS then answers 403: the "
            "security token included in the request is invalid",
            f"unset {SESSION}",
            situation.place(token.source),
        )
    if key and key_id.startswith(_TEMPORARY) and not view.text(SESSION):
        yield Finding(
            "aws-session-token-missing",
            grave,
            f"{aws.ACCESS_KEY} is a temporary key, and {SESSION} is not set",
            "AWS takes a temporary key only together with its token: 403, "
            "the security token included in the request is invalid",
            "get fresh keys: aws sso login, or the tool that made them",
            situation.place(key.source),
        )


def order(situation: Situation) -> Iterator[Finding]:
    """Find where Claude Code's identity is another than the aws command's."""
    if not _concerned(situation):
        return
    view = situation.scene.request
    profile, key = view.get(aws.PROFILE), view.get(aws.ACCESS_KEY)
    both = profile and profile.text.strip() and key and key.text.strip()
    if profile and key and both and not _same_account(situation, key):
        yield Finding(
            "aws-profile-beats-keys",
            WARNING,
            f"{aws.PROFILE} and {aws.ACCESS_KEY} are both set",
            "Claude Code takes the profile, the aws command the keys: 'aws "
            "sts get-caller-identity' shows another account",
            f"unset {aws.PROFILE}, or the keys",
            situation.place(profile.source),
        )
    unread = view.get("AWS_DEFAULT_PROFILE")
    if unread and unread.text.strip() and not view.text(aws.PROFILE):
        yield Finding(
            "aws-default-profile-unread",
            WARNING,
            "AWS_DEFAULT_PROFILE is set, which Claude Code does not read",
            "the aws command uses it, so the two differ",
            f"set {aws.PROFILE} instead",
            situation.place(unread.source),
        )
    bearer = view.get("AWS_BEARER_TOKEN_BEDROCK")
    if bearer and bearer.text.strip() and (profile or key):
        yield Finding(
            "aws-bearer-beats-all",
            NOTE,
            "AWS_BEARER_TOKEN_BEDROCK is set and beats every AWS identity",
            "it is a Bedrock API key; AWS keys beside it are not used",
            "unset AWS_BEARER_TOKEN_BEDROCK, if the keys are meant",
            situation.place(bearer.source),
        )


def _same_account(situation: Situation, key: Value) -> bool:
    """Tell whether a request is signed for the account of that key."""
    header = situation.verdict.request.bearer
    if header is None:
        return False
    if header.value is not None:
        return header.value.reveal() == key.text.strip()
    owner = situation.owner(header).profile
    holder = situation.accounts.holder_of(Secret(key.text.strip()))
    return bool(owner) and owner == holder


def sso(situation: Situation) -> Iterator[Finding]:
    """Find sign-ins of AWS that have ended."""
    if not _concerned(situation):
        return
    scene = situation.scene
    name = scene.request.text(aws.PROFILE) or "default"
    files = aws.Files(scene, scene.request)
    start = files.sso_start(name)
    if not start or not _is_used(situation, name):
        return
    if aws.signed_in(scene, start):
        return
    there = scene.read(aws.sso_cache(scene, start)) is not None
    yield Finding(
        "aws-sso-expired",
        ERROR,
        f"the AWS sign-in of profile '{name}' "
        + ("has ended" if there else "is not there"),
        "Claude Code does not sign in by itself",
        f"aws sso login --profile {shlex.quote(name)}",
        os.path.join(scene.home, ".aws", "sso", "cache"),
    )


def _is_used(situation: Situation, name: str) -> bool:
    """Tell whether a request needs this AWS profile, as far as is known."""
    request = situation.verdict.request
    return not request.sent or any(
        header.source.kind == "aws_profile" and header.source.name == name
        for header in request.headers
    )


def export(situation: Situation) -> Iterator[Finding]:
    """Find an export that may fail, and who would be used then."""
    if not _concerned(situation):
        return
    command = situation.scene.command("awsCredentialExport")
    if command is None:
        return
    ambient = aws.ambient(situation.scene, situation.scene.request)
    if ambient.bearer is None:
        return
    owner = situation.accounts.owner_of(
        ambient.bearer.value, ambient.bearer.source
    )
    exported = situation.accounts.owner_of(None, command.source).profile
    if exported and exported == owner.profile:
        return
    yield Finding(
        "aws-export-fallback",
        NOTE,
        "if awsCredentialExport fails, Claude Code silently uses "
        f"{owner.masked or ambient.bearer.source.name}",
        "it falls back to the identity that the machine has anyway",
        "take that identity away, or use a keyswitch profile, which shuts "
        "this door",
        situation.place(ambient.bearer.source),
    )


def region(situation: Situation) -> Iterator[Finding]:
    """Find a Bedrock without a region."""
    provider = situation.verdict.provider
    if provider is None or provider.name not in ("bedrock", "mantle"):
        return
    view = situation.scene.request
    if view.text("AWS_REGION") or view.text("AWS_DEFAULT_REGION"):
        return
    yield Finding(
        "aws-region-missing",
        NOTE,
        "AWS_REGION is not set, so Claude Code takes us-east-1 or what the "
        "AWS files say",
        "model access and quotas differ by region",
        "export AWS_REGION=...",
    )
