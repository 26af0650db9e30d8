"""Which request says whose a credential is, for each kind of credential.

The cheapest one that reads something of the account and changes nothing.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.situation import of_subscription
from keyswitch.diagnosis.online import endpoints, question
from keyswitch.diagnosis.online.question import (
    GATEWAY,
    Given,
    Keys,
    Question,
)
from keyswitch.display import printable
from keyswitch.errors import InputError
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver import aws
from keyswitch.targets.verdict import AWS, RAW, Header, Source, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.network.address import Address
    from keyswitch.targets.claude_code.resolver.scene import Scene

    Own = Callable[[Source], Given | None]

OAUTH_BETA = {"anthropic-beta": "oauth-2025-04-20"}
VERSION = {"anthropic-version": "2023-06-01"}


# Hosts that are the services' own, also where somebody sets them.
_OWN = (
    r"api\.anthropic\.com|[\w-]+\.services\.ai\.azure\.com"
    r"|(?:bedrock|aws-external|sts)[\w.-]*"
    r"\.(?:amazonaws\.com(?:\.cn)?|api\.aws)"
)


_ORGANIZATION = "organization {header:anthropic-organization-id}"


class Questions:
    """The questions about the credentials of one verdict.

    `own` returns what a source gives that is a command of keyswitch's own.
    """

    def __init__(
        self, scene: Scene, verdict: Verdict, own: Own | None = None
    ) -> None:
        self.scene = scene
        self.own = own
        self.view = scene.request
        self.verdict = verdict
        self.cloud = verdict.cloud

    def about(self, header: Header) -> Question:
        """Return the question. Raises InputError where there is none."""
        if self.scene.environ.get(rules.UNIX_SOCKET):
            raise InputError(
                f"requests go through {rules.UNIX_SOCKET}, which keyswitch "
                "does not check",
                f"unset {rules.UNIX_SOCKET}",
            )
        # Without a doubt, and not read: keyswitch's own helper.
        unread = header.value is None and not header.why_unknown
        given = self.own(header.source) if self.own and unread else None
        if given is not None:
            header = header._replace(value=_shown(given.value))
            return replace(self._about(header, given), renew=given.renew)
        return self._about(header, None)

    def _about(self, header: Header, given: Given | None) -> Question:
        if header.scheme == AWS:
            return self._sts(header, given)
        if self.cloud in ("vertex", "anthropicGoogleCloud"):
            raise InputError(
                "Google has no request that only checks a credential",
                "gcloud auth application-default print-access-token"
                if header.source.kind == "google"
                else "ask the gateway's administrator",
            )
        if header.value is None:
            raise InputError(header.why_unknown, _known_how(header.source))
        if not header.value.reveal() or header.source.kind == "stand_in":
            raise InputError(
                "nothing to check: no credential is sent",
                renew(header.source),
            )
        of_aws = self.cloud == "mantle" and self.verdict.base_url is None
        if self.cloud == "bedrock" or of_aws:
            return self._bedrock(header)
        if self.cloud == "foundry":
            return self._foundry(header)
        return self._models(header)

    def _ask(
        self, header: Header, address: Address, headers: dict[str, str]
    ) -> Question:
        """Return the question for the models that a credential may use."""
        own = address.source is None or re.fullmatch(_OWN, address.host)
        asked = self.verdict.service if own else GATEWAY
        return Question(
            asked,
            address,
            headers,
            renew(header.source),
            (header.value,) if header.value else (),
            accepts="lists its models for it",
            account=(_ORGANIZATION,),
        )

    def _models(self, header: Header) -> Question:
        address = endpoints.endpoint(self.scene, self.verdict)
        headers = _credential(header)
        if not self.cloud and _is_login(header):
            headers |= OAUTH_BETA
            if address.source is None:
                whose = address.at("/api/oauth/profile")
                return replace(
                    self._ask(header, whose, headers),
                    accepts="names the login's account",
                    account=("{account.email}", "{organization.name}"),
                )
        if self.cloud == "anthropicAws":
            workspace = self.view.text("ANTHROPIC_AWS_WORKSPACE_ID")
            headers["anthropic-workspace-id"] = workspace
        models = address.at("/v1/models")
        asked = self._ask(header, models, headers | VERSION)
        return replace(asked, query="?limit=1")

    def _bedrock(self, header: Header) -> Question:
        if self.verdict.base_url is not None:
            address = endpoints.endpoint(self.scene, self.verdict)
            if re.fullmatch(_OWN, address.host):
                # What lists models has a host of its own.
                host = address.host.replace("-runtime", "", 1)
                address = address._replace(host=host)
        elif header.scheme == RAW:
            raise InputError(
                "Amazon Bedrock does not read this header",
                f"set {rules.PROVIDERS[0].base_url} to the gateway it is for",
            )
        else:
            address = endpoints.of_aws(self.scene, "bedrock")
        headers = _credential(header)
        return self._ask(header, address.at("/foundation-models"), headers)

    def _foundry(self, header: Header) -> Question:
        """Ask for the resource's models: Claude's own path there has no list.

        A resource's key is the same for all of its paths; only the header
        has another name on this one.
        """
        address = endpoints.endpoint(self.scene, self.verdict)
        if not address.host.endswith(".services.ai.azure.com"):
            return self._models(header)
        chosen = self.view.get("ANTHROPIC_FOUNDRY_RESOURCE")
        source = address.source or (chosen.source if chosen else None)
        root = address._replace(path="", source=source)
        headers = _credential(header)
        if header.scheme == RAW:
            headers = {"api-key": headers["x-api-key"]}
        return self._ask(header, root.at("/openai/v1/models"), headers)

    def _sts(self, header: Header, given: Given | None) -> Question:
        keys = given.value if given else None
        if not isinstance(keys, Keys):
            keys = _keys(self.scene, header)
        region = aws.region(self.scene)
        again = renew(header.source)
        address = question.aws_endpoint(self.scene)
        return question.of_identity(keys, region, again, address)


def _shown(value: Secret | Keys) -> Secret:
    """Return what a header holds of a value: of AWS's keys only their id."""
    return Secret(value.key_id) if isinstance(value, Keys) else value


def _credential(header: Header) -> dict[str, str]:
    value = header.value.reveal() if header.value else ""
    if header.scheme == RAW:
        return {"x-api-key": value}
    return {"Authorization": f"{header.scheme} {value}".strip()}


def _keys(scene: Scene, header: Header) -> Keys:
    """Return the credential whose key id a header holds.

    From the same source, not from the one that AWS's own tools would take.
    Raises InputError, with a command that asks AWS, where it is not known.
    """
    source, view = header.source, scene.request
    if header.value is None:
        why = header.why_unknown or "it is not yet known"
        raise InputError(why, _by_hand(source))
    key_id = secret = token = ""
    if source.kind == "environment":
        pair = (view.get(aws.ACCESS_KEY), view.get(aws.SECRET_KEY))
        key_id, secret = (value.text if value else "" for value in pair)
        # The token is sent along also when it belongs to other keys.
        token = view.text(aws.SESSION_TOKEN)
    elif source.kind == "aws_profile":
        held = aws.files(scene, view).merged(source.name)
        key_id, secret, token = (
            held.get(f"aws_{name}", "")
            for name in ("access_key_id", "secret_access_key", "session_token")
        )
    if not secret or key_id != header.value.reveal():
        raise InputError(
            "the secret key of this pair is unknown", _by_hand(source)
        )
    return Keys(key_id, Secret(secret), Secret(token) if token else None)


def _by_hand(source: Source) -> str:
    """Return what a person can do to ask AWS about a source."""
    command = "aws sts get-caller-identity"
    if source.kind == "aws_profile":
        return f"{command} --profile {shlex.quote(source.name)}"
    if source.kind == "helper":
        return (
            f"set the three variables that the {source.name} of "
            f"{source.place or 'the settings'} prints, then: {command}"
        )
    return command


def _is_login(header: Header) -> bool:
    """Tell whether a bearer is a token of a login at Anthropic."""
    of_profile = header.source.kind == "anthropic_profile"
    return header.scheme != RAW and (of_profile or of_subscription(header))


def _known_how(source: Source) -> str:
    if source.kind == "helper":
        return "also run the helper: --run-helper"
    if source.kind == "azure":
        return (
            "az account get-access-token --resource"
            " https://cognitiveservices.azure.com"
        )
    return "use Claude Code once, then ask again"


def renew(source: Source) -> str:
    """Return how a credential that is refused is given anew."""
    name, place = printable(source.name), printable(source.place)
    where = place or "the environment"
    return {
        "login": "log in again in Claude Code: /login",
        "managed_key": "log in again in Claude Code: /login",
        "helper": f"check what the {name} of {where} prints",
        "aws_profile": f"give the AWS profile '{name}' new keys in {where}",
        "anthropic_profile": f"log in to the Anthropic profile '{name}' again",
        "file_descriptor": f"start Claude Code with another {name}",
        "stand_in": "set up a credential for Claude Code",
    }.get(source.kind, f"set {name} in {where} to a valid value")
