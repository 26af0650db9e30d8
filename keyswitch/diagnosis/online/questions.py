"""Which request says whose a credential is, for each kind of credential.

The cheapest one that reads something of the account and changes nothing.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.situation import of_subscription
from keyswitch.diagnosis.online import endpoints
from keyswitch.display import printable
from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver import aws
from keyswitch.targets.verdict import AWS, RAW, Header, Source, Verdict

if TYPE_CHECKING:
    from keyswitch.diagnosis.online.endpoints import Address
    from keyswitch.targets.claude_code.resolver.scene import Scene

GATEWAY = "the gateway"
OAUTH_BETA = {"anthropic-beta": "oauth-2025-04-20"}
VERSION = {"anthropic-version": "2023-06-01"}


# Hosts that are the services' own, also where somebody sets them.
_OWN = (
    r"api\.anthropic\.com|[\w-]+\.services\.ai\.azure\.com"
    r"|(?:bedrock|aws-external|sts)[\w.-]*"
    r"\.(?:amazonaws\.com(?:\.cn)?|api\.aws)"
)


_STS_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class Keys(Frozen):
    """A key id of AWS with its secret and, for a session, its token."""

    key_id: str
    secret: Secret
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One request that says whose a credential is."""

    kind: str  # how the answer is judged: "models", "profile" or "sts"
    asked: str  # who answers, as people call it
    address: Address
    headers: dict[str, str] = field(repr=False)
    query: str = ""
    body: bytes = field(default=b"", repr=False)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST" if self.body else "GET"


class Questions:
    """The questions about the credentials of one verdict."""

    def __init__(self, scene: Scene, verdict: Verdict) -> None:
        self.scene = scene
        self.view = scene.request
        self.verdict = verdict
        self.cloud = verdict.cloud

    def about(self, header: Header) -> Question:
        """Return the question. Raises InputError where there is none."""
        if self.scene.environ.get(rules.UNIX_SOCKET):
            raise InputError(
                f"requests go through {rules.UNIX_SOCKET}, which is not asked",
                f"unset {rules.UNIX_SOCKET}",
            )
        if header.scheme == AWS:
            return self._sts(header)
        if self.cloud in ("vertex", "anthropicGoogleCloud"):
            raise InputError(
                "there is no question to Google that only checks a credential",
                "gcloud auth application-default print-access-token"
                if header.source.kind == "google"
                else "ask who runs the gateway",
            )
        if header.value is None:
            raise InputError(header.why_unknown, _known_how(header.source))
        if not header.value.reveal() or header.source.kind == "stand_in":
            raise InputError(
                "there is nothing to ask about: no credential is sent",
                renew(header.source),
            )
        of_aws = self.cloud == "mantle" and self.verdict.base_url is None
        if self.cloud == "bedrock" or of_aws:
            return self._bedrock(header)
        if self.cloud == "foundry":
            return self._foundry(header)
        return self._models(header)

    def _ask(
        self,
        kind: str,
        address: Address,
        headers: dict[str, str],
        query: str = "",
        body: bytes = b"",
    ) -> Question:
        own = address.source is None or re.fullmatch(_OWN, address.host)
        asked = self.verdict.service if own else GATEWAY
        return Question(kind, asked, address, headers, query, body)

    def _models(self, header: Header) -> Question:
        address = endpoints.endpoint(self.scene, self.verdict)
        headers = _credential(header)
        if not self.cloud and _is_login(header):
            headers |= OAUTH_BETA
            if address.source is None:
                whose = address.at("/api/oauth/profile")
                return self._ask("profile", whose, headers)
        if self.cloud == "anthropicAws":
            workspace = self.view.text("ANTHROPIC_AWS_WORKSPACE_ID")
            headers["anthropic-workspace-id"] = workspace
        headers |= VERSION
        models = address.at("/v1/models")
        return self._ask("models", models, headers, "?limit=1")

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
                f"set {rules.PROVIDERS[0].base_url} to the gateway that it"
                " is for",
            )
        else:
            address = endpoints.of_aws(self.scene, "bedrock")
        headers = _credential(header)
        return self._ask("models", address.at("/foundation-models"), headers)

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
        return self._ask("models", root.at("/openai/v1/models"), headers)

    def _sts(self, header: Header) -> Question:
        keys = _keys(self.scene, header)
        address = endpoints.of_aws(self.scene, "sts")
        given = self.view.given("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
        if given is not None:
            address = endpoints.parse(given.text.strip(), given.source)
        address = address if address.path else address.at("/")
        headers = signed(address.url, keys, aws.region(self.scene))
        return self._ask("sts", address, {**_FORM, **headers}, body=_STS_BODY)


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
        why = header.why_unknown or "it is not known yet"
        raise InputError(why, _by_hand(source))
    key_id = secret = token = ""
    if source.kind == "environment":
        pair = (view.get(aws.ACCESS_KEY), view.get(aws.SECRET_KEY))
        key_id, secret = (value.text if value else "" for value in pair)
        # The token is sent along also when it belongs to other keys.
        token = view.text(aws.SESSION_TOKEN)
    elif source.kind == "aws_profile":
        held = aws.Files(scene, view).merged(source.name)
        key_id, secret, token = (
            held.get(f"aws_{name}", "")
            for name in ("access_key_id", "secret_access_key", "session_token")
        )
    if not secret or key_id != header.value.reveal():
        raise InputError(
            "the secret half of these keys is not known", _by_hand(source)
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


def signed(url: str, keys: Keys, region: str) -> dict[str, str]:
    """Return the headers of a signed question, as botocore makes them.

    Nothing else of botocore is used, since it would read variables and files
    by its own rules. Raises InputError where it is not there.
    """
    from importlib import import_module

    try:
        auth = import_module("botocore.auth")
        request_type = import_module("botocore.awsrequest").AWSRequest
        credentials_type = import_module("botocore.credentials").Credentials
    except ImportError:
        raise InputError(
            "it takes botocore to ask AWS, which is not installed",
            "pip install 'keyswitch[aws]', or: aws sts get-caller-identity",
        ) from None
    request = request_type(
        method="POST", url=url, data=_STS_BODY, headers=_FORM
    )
    token = keys.token.reveal() if keys.token else None
    found = credentials_type(keys.key_id, keys.secret.reveal(), token)
    auth.SigV4Auth(found, "sts", region).add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}


def _is_login(header: Header) -> bool:
    """Tell whether a bearer is a token of a login at Anthropic."""
    of_profile = header.source.kind == "anthropic_profile"
    return header.scheme != RAW and (of_profile or of_subscription(header))


def _known_how(source: Source) -> str:
    if source.kind == "helper":
        return "let the helper run as well: --run-helper"
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
        "helper": f"see what the {name} of {where} prints",
        "aws_profile": f"give the AWS profile '{name}' new keys in {where}",
        "anthropic_profile": f"log in to the Anthropic profile '{name}' again",
        "file_descriptor": f"start Claude Code with another {name}",
        "stand_in": "give Claude Code a credential",
    }.get(source.kind, f"give {name} in {where} a value that is valid")
