"""AWS identities that are stale, incomplete, or not the aws command's."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import cloud_rules, rules
from keyswitch.targets.claude_code.aws.sign_ins import signed_in, sso_cache
from keyswitch.targets.claude_code.resolver import aws
from keyswitch.targets.verdict import (
    ERROR,
    NOTE,
    SERVICE,
    WARNING,
    Finding,
    Value,
)

_USUAL_REGION = "us-east-1"  # where nothing names one
_LONG_LIVED, _TEMPORARY = "AKIA", "ASIA"
_INVALID = "403, the security token included in the request is invalid"


def session_token(situation: Situation) -> Iterator[Finding]:
    """Find a session token that does not belong to the key beside it."""
    view, sent = situation.view, situation.verdict.request.headers
    token, key = view.given(aws.SESSION_TOKEN), view.given(aws.ACCESS_KEY)
    key_id = view.text(aws.ACCESS_KEY)
    used = any(header.source.name == aws.ACCESS_KEY for header in sent)
    grave = ERROR if used else WARNING
    if token and (not key_id or key_id.startswith(_LONG_LIVED)):
        leftover = ": a long-lived key needs none" if key_id else ""
        what = f"{aws.SESSION_TOKEN} is left over{leftover}"
        why = f"it is sent with the key, and AWS answers {_INVALID}"
        why = situation.lasting(why, token.source)
        fix = situation.how_to_stop(token.source)
        place = situation.place(token.source)
        yield Finding("aws-session-token-stale", grave, what, why, fix, place)
    if key and key_id.startswith(_TEMPORARY) and not token:
        what = f"{aws.ACCESS_KEY} is temporary; {aws.SESSION_TOKEN} is not set"
        why = f"AWS accepts such a key only with its token: {_INVALID}"
        name = view.text(aws.PROFILE)
        fix = f"aws sso login --profile {shlex.quote(name)}"
        if not name:
            why = f"{why}; get a new key from where this one came from"
            fix = situation.how_to_stop(key.source)
        place = situation.place(key.source)
        yield Finding("aws-session-token-missing", grave, what, why, fix, place)


def order(situation: Situation) -> Iterator[Finding]:
    """Find where Claude Code's identity is another than the aws command's."""
    if situation.verdict.cloud not in aws.SIGNED:
        return
    given = situation.view.given
    profile, key = given(aws.PROFILE), given(aws.ACCESS_KEY)
    if profile and key and not _same_account(situation, key):
        ours = situation.is_ours(profile.source.path, aws.PROFILE)
        lesser = (key if ours else profile).source
        why = (
            "Claude Code uses the profile, the aws command the keys, so 'aws "
            "sts get-caller-identity' shows another account"
        )
        yield Finding(
            "aws-profile-beats-keys",
            WARNING,
            f"{aws.PROFILE} and {aws.ACCESS_KEY} are both set",
            situation.lasting(why, lesser),
            situation.how_to_stop(lesser),
            situation.place(profile.source),
        )
    unread = given("AWS_DEFAULT_PROFILE")
    if unread and not profile:
        yield Finding(
            "aws-default-profile-unread",
            WARNING,
            "AWS_DEFAULT_PROFILE is set, but Claude Code does not read it",
            "the aws command uses it, so the two differ",
            f"export {aws.PROFILE}={shlex.quote(unread.text)}",
            situation.place(unread.source),
        )
    bearer = given(aws.BEARER_TOKEN)
    if bearer and (profile or key):
        what = f"{aws.BEARER_TOKEN} is set and overrides every AWS identity"
        why = "it is a Bedrock API key; without it, the AWS keys are used"
        why = situation.lasting(why, bearer.source)
        fix = situation.how_to_stop(bearer.source)
        place = situation.place(bearer.source)
        yield Finding("aws-bearer-beats-all", NOTE, what, why, fix, place)


def _same_account(situation: Situation, key: Value) -> bool:
    """Tell whether a request is signed for the account of that key."""
    header = situation.verdict.request.bearer
    if header is None:
        return False
    key_id = Secret(key.text.strip())
    if header.value is not None:
        return header.value == key_id
    owner = situation.owner(header).profile
    return bool(owner) and owner == situation.accounts.holder_of(key_id)


def sso(situation: Situation) -> Iterator[Finding]:
    """Find sign-ins of AWS that have ended."""
    scene, request = situation.scene, situation.verdict.request
    name = situation.view.text(aws.PROFILE) or "default"
    # As far as is known, a request needs this profile.
    needed = not request.sent or any(
        header.source.kind == "aws_profile" and header.source.name == name
        for header in request.headers
    )
    if situation.verdict.cloud not in aws.SIGNED or not needed:
        return
    files = aws.files(scene, situation.view)
    start, session = files.sso_start(name), cloud_rules.SSO
    renews = session in files.merged(name)
    if not start or signed_in(files, start, renews=renews):
        return
    there = scene.read(sso_cache(files, start)) is not None
    state = "has expired" if there else "is missing"
    what = f"the AWS sign-in of profile '{name}' {state}"
    why = "Claude Code cannot sign in by itself"
    fix = f"aws sso login --profile {shlex.quote(name)}"
    place = os.path.join(scene.home, ".aws", "sso", "cache")
    yield Finding("aws-sso-expired", ERROR, what, why, fix, place)


def export(situation: Situation) -> Iterator[Finding]:
    """Find the identity that is used if the credential export fails."""
    command = situation.scene.command(rules.AWS_EXPORT)
    if command is None or situation.verdict.cloud not in aws.SIGNED:
        return
    ambient = aws.ambient(situation.scene, situation.view).bearer
    if ambient is None or ambient.source.kind == SERVICE:
        return
    accounts = situation.accounts
    owner = accounts.owner_of(ambient.value, ambient.source)
    exported = accounts.owner_of(None, command.source).profile
    if exported and exported == owner.profile:
        return
    used = owner.masked or ambient.source.name
    what = f"if {rules.AWS_EXPORT} fails, Claude Code silently uses {used}"
    why = (
        "it falls back to the machine's own identity; a keyswitch profile has "
        "no such fallback"
    )
    fix = f"keyswitch add {situation.free_name('work')} --provider bedrock"
    place = situation.place(ambient.source)
    yield Finding("aws-export-fallback", NOTE, what, why, fix, place)


def region(situation: Situation) -> Iterator[Finding]:
    """Find that Bedrock is used without a region."""
    given = situation.view.given("AWS_REGION", "AWS_DEFAULT_REGION")
    if situation.verdict.cloud in ("bedrock", "mantle") and not given:
        what = "AWS_REGION is not set: the AWS files decide, else us-east-1"
        why = "model access and quotas differ by region"
        files = aws.files(situation.scene, situation.view)
        name = situation.view.text(aws.PROFILE) or "default"
        used = files.merged(name).get("region") or _USUAL_REGION
        fix = f"export AWS_REGION={shlex.quote(used)}"
        yield Finding("aws-region-missing", NOTE, what, why, fix)
