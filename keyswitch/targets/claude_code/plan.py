"""What Claude Code's files have to say for a profile. Pure: bytes in and out.

A switch takes back what the former profile needed and puts in what the new
one needs, on the text that is there now. Where both need the same, the bytes
come out the same and no file is written.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from keyswitch.errors import FileStateError
from keyswitch.targets.claude_code import json_text, splice
from keyswitch.targets.claude_code.baseline import (
    ABSENT,
    RAW,
    SECRET,
    Baseline,
    Element,
    Owned,
    digest,
    revert,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from keyswitch.providers.schema import ClaudeCode

HELPER = "apiKeyHelper"
AWS_EXPORT = "awsCredentialExport"
ENV = "env"
APPROVED = ("customApiKeyResponses", "approved")
TAIL = 20  # characters of a key by which Claude Code remembers an approval

# The AWS profile that Claude Code is pointed to for a bedrock profile with
# access keys. It stands in a configuration file of keyswitch's own, where a
# credential_process asks keyswitch.
#
# awsCredentialExport alone will not do (observed, Claude Code 2.1.330): it
# takes no keys without a session token, and when it fails the next identity
# that the machine has is used silently. A named profile has no next one.
AWS_PROFILE = "keyswitch"
_AMBIENT_AWS_OFF = {
    "AWS_BEARER_TOKEN_BEDROCK": "",  # would beat every other credential
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "",
}


@dataclass(frozen=True, slots=True)
class Command:
    """What the settings name: our command, a profile, our AWS file."""

    command: str  # as a shell understands it
    profile: str
    aws_config: str  # path of the AWS configuration file

    def aws_config_text(self, region: str) -> bytes:
        """Return the AWS configuration file for this profile."""
        text = (
            "# written by keyswitch; 'keyswitch use' and 'off' replace it\n"
            f"[profile {AWS_PROFILE}]\n"
            f"region = {region}\n"
            f"credential_process = {self.aws_command}\n"
        )
        return text.encode()

    @property
    def aws_command(self) -> str:
        """The command that prints the profile's AWS credentials."""
        return f"{self.command} helper aws {shlex.quote(self.profile)}"


@dataclass(frozen=True, slots=True)
class Edit:
    """One key of settings.json and the text of its value."""

    keys: tuple[str, ...]
    raw: str


@dataclass(slots=True)
class Plan:
    """A file's next version, and what has to be remembered about it."""

    after: bytes | None
    baseline: Baseline
    conflicts: list[str] = field(default_factory=list)
    # token -> text that was displaced and may be secret
    displaced: dict[str, str] = field(default_factory=dict)
    put_back: list[str] = field(default_factory=list)  # tokens not needed now


def wanted_settings(
    taken: ClaudeCode,
    fields: Mapping[str, str],
    command: Command,
    *,
    expires: bool,
) -> dict[str, Any]:
    """Return the settings that a profile needs, as values.

    `expires` says whether AWS keys come with a session token.
    """
    env = {
        variable: value
        for variable, template in taken.env
        if (value := _filled(template, fields))
    }
    settings: dict[str, Any] = {}
    if taken.how in ("helper", "cloud") and taken.helper_field:
        settings[HELPER] = f"{command.command} helper claude-code"
    if taken.aws_export:
        if expires:
            settings[AWS_EXPORT] = command.aws_command
        env["AWS_PROFILE"] = AWS_PROFILE
        env["AWS_CONFIG_FILE"] = command.aws_config
        env.update(_AMBIENT_AWS_OFF)
    if env:
        settings[ENV] = dict(sorted(env.items()))
    return settings


def _filled(template: str, fields: Mapping[str, str]) -> str:
    """Fill a template; a field that is absent makes the whole empty."""
    if template.startswith("{") and template.endswith("}"):
        return fields.get(template[1:-1], "")
    return template


def edits_for(
    path: str,
    text: str,
    taken: ClaudeCode,
    settings: Mapping[str, Any],
    rivals: Iterable[str],
) -> list[Edit]:
    """Return the edits that bring a settings text to the wanted settings.

    Rivals in the person's own env block would outrank the profile. They are
    replaced by "", which cancels a variable and keeps its place.
    """
    edits = [
        Edit((key,), json.dumps(value))
        for key, value in sorted(settings.items())
        if key != ENV
    ]
    env = settings.get(ENV, {})
    edits += [
        Edit((ENV, name), json.dumps(value)) for name, value in env.items()
    ]
    if taken.how == "none":
        return edits
    present = _env_members(path, text)
    for name in sorted(set(rivals)):
        if name not in env and present.get(name):
            edits.append(Edit((ENV, name), '""'))
    keys = [HELPER] if HELPER not in settings else []
    if taken.how == "cloud" and AWS_EXPORT not in settings:
        keys.append(AWS_EXPORT)
    for key in keys:
        raw = splice.raw_value(path, text, (key,))
        if raw is not None and json.loads(raw) and taken.how != "login":
            edits.append(Edit((key,), '""'))
    return edits


def _env_members(path: str, text: str) -> dict[str, Any]:
    raw = splice.raw_value(path, text, (ENV,))
    if raw is None:
        return {}
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise FileStateError(
            f"{path}: 'env' has to be a JSON object", "mend that place"
        )
    return found


def plan_settings(  # noqa: PLR0913
    path: str,
    observed: bytes | None,
    baseline: Baseline,
    make_edits: Callable[[str], Sequence[Edit]],
    *,
    key: bytes,
    resolve: Callable[[str], str],
    new_token: Callable[[], str],
    known: Mapping[str, str] | None = None,
) -> Plan:
    """Plan a settings file: take the old edits back, then make the new ones.

    `known` maps texts that were displaced before to their tokens, so that a
    text which stays displaced keeps its place in the secret store.
    """
    created = baseline.created if observed is not None else True
    text = json_text.decode(path, observed) if observed is not None else "{}"
    if not text.strip("\ufeff \t\r\n"):
        raise json_text.fail(path, text, 0, "the file is empty")
    json_text.top(path, text)
    back = revert(path, text, baseline, key, resolve)
    tokens = {resolve(token): token for token in back.tokens}
    plan = Plan(None, Baseline(), back.conflicts)
    owned: list[Owned] = []
    text = back.text
    for edit in make_edits(text):
        text = _apply(
            path,
            text,
            edit,
            owned,
            plan,
            key,
            {**tokens, **(known or {})},
            new_token,
        )
    used = {o.before for o in owned if o.was == SECRET}
    plan.put_back = [token for token in back.tokens if token not in used]
    if created and not owned and splice.is_empty(path, text, ()):
        return plan
    if owned or observed is not None:
        plan.after = _encode_created(text, observed)
    plan.baseline = Baseline(created, tuple(owned)) if owned else Baseline()
    return plan


def _encode_created(text: str, observed: bytes | None) -> bytes:
    if observed is None:
        text += "\n"
    return text.encode("utf-8")


def _apply(  # noqa: PLR0913
    path: str,
    text: str,
    edit: Edit,
    owned: list[Owned],
    plan: Plan,
    key: bytes,
    tokens: Mapping[str, str],
    new_token: Callable[[], str],
) -> str:
    for depth in range(1, len(edit.keys)):
        parent = edit.keys[:depth]
        if splice.raw_value(path, text, parent) is None:
            text, gap = splice.insert_member(path, text, parent, "{}")
            owned.append(Owned(parent, "", ABSENT, "", gap))
    raw = splice.raw_value(path, text, edit.keys)
    ours = digest(key, edit.raw)
    if raw is None:
        text, gap = splice.insert_member(path, text, edit.keys, edit.raw)
        owned.append(Owned(edit.keys, ours, ABSENT, "", gap))
        return text
    if raw == edit.raw:
        return text  # somebody else wrote the same; it is theirs
    if _may_be_secret(edit.keys, raw):
        token = tokens.get(raw) or new_token()
        if raw not in tokens:
            plan.displaced[token] = raw
        owned.append(Owned(edit.keys, ours, SECRET, token))
    else:
        owned.append(Owned(edit.keys, ours, RAW, raw))
    return splice.replace_value(path, text, edit.keys, edit.raw)


# Values that say which way or where, and hold no credential.
_HARMLESS = (
    "_BASE_URL",
    "_MODEL",
    "_REGION",
    "_PROJECT_ID",
    "_RESOURCE",
    "_WORKSPACE_ID",
)


def _may_be_secret(keys: tuple[str, ...], raw: str) -> bool:
    """Tell whether a displaced text has to be kept out of plain files.

    Everything counts as secret that is not known to be harmless. A URL with a
    user name in it may hold a password.
    """
    name = keys[-1]
    if keys[0] != ENV:
        return name != AWS_EXPORT
    if "@" in raw:
        return True
    return not (
        name.startswith(("CLAUDE_CODE_USE_", "CLAUDE_CODE_SKIP_"))
        or name.endswith(_HARMLESS)
        or name in ("AWS_PROFILE", "AWS_REGION")
    )


def tail_of(secret: str) -> str:
    """Return what Claude Code keeps of a key that a person approved."""
    return secret.strip()[-TAIL:]


def plan_approvals(
    path: str,
    observed: bytes | None,
    baseline: Baseline,
    tails: Mapping[str, str | None],
    key: bytes,
) -> Plan:
    """Plan `.claude.json`: exactly these of our keys are approved.

    `tails` maps a secret's item to its tail; None stands for one that is
    recorded already and needs not be read again.
    """
    created = baseline.created if observed is not None else True
    # Claude Code takes an empty file for one with nothing in it.
    blank = observed is None or not observed.strip(b" \t\r\n\xef\xbb\xbf")
    if blank and not any(tails.values()):
        return Plan(observed, Baseline())
    text = "{}" if blank else json_text.decode(path, observed or b"")
    json_text.top(path, text)
    leave = [e for e in baseline.elements if e.item not in tails]
    stay = [e for e in baseline.elements if e.item in tails]
    text = revert(path, text, Baseline(False, (), tuple(leave)), key, str).text
    new = {
        item: tail
        for item, tail in sorted(tails.items())
        if tail is not None and item not in {e.item for e in stay}
    }
    owned = list(baseline.owned)
    for item, tail in new.items():
        if tail in splice.elements(path, text, APPROVED):
            continue  # the person approved it already
        text = _with_containers(path, text, owned)
        text, gap = splice.append_element(
            path, text, APPROVED, json.dumps(tail)
        )
        stay.append(Element(APPROVED, digest(key, tail), gap, item))
    if not stay and owned:
        text = revert(path, text, Baseline(False, tuple(owned)), key, str).text
        owned = []
    if not stay:
        if created and splice.is_empty(path, text, ()):
            return Plan(None, Baseline())
        return Plan(text.encode("utf-8"), Baseline())
    return Plan(
        text.encode("utf-8"), Baseline(created, tuple(owned), tuple(stay))
    )


def _with_containers(path: str, text: str, owned: list[Owned]) -> str:
    for keys, raw in ((APPROVED[:1], "{}"), (APPROVED, "[]")):
        if splice.raw_value(path, text, keys) is None:
            text, gap = splice.insert_member(path, text, keys, raw)
            owned.append(Owned(keys, "", ABSENT, "", gap))
    return text


def flag_settings(
    taken: ClaudeCode,
    fields: Mapping[str, str],
    command: Command,
    *,
    present: Sequence[Mapping[str, Any]],
    rivals: Iterable[str],
) -> dict[str, Any]:
    """Return the `--settings` document for one run with a profile.

    It outranks the settings in `present`, so it cancels what they would put
    back: rivals of the profile, and helpers.
    """
    # The environment of the run carries AWS keys itself.
    taken = replace(taken, aws_export=False)
    settings = wanted_settings(taken, fields, command, expires=False)
    if taken.how == "none":
        return settings
    env = dict(settings.get(ENV, {}))
    for document in present:
        found = document.get(ENV)
        for variable in found if isinstance(found, dict) else ():
            if variable in set(rivals):
                env.setdefault(variable, "")
        for key in (HELPER, AWS_EXPORT):
            if document.get(key):
                settings.setdefault(key, "")
    if env:
        settings[ENV] = dict(sorted(env.items()))
    return settings
