"""One request that says whose a credential is, whatever it was made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import endpoints
from keyswitch.display import printable
from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from keyswitch.network.address import Address
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.verdict import Value

GATEWAY = "the gateway"

_STS_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class Keys(Frozen):
    """A key id of AWS with its secret and, for a session, its token."""

    key_id: str
    secret: Secret
    token: Secret | None = None


class Given(Frozen):
    """What keyswitch's own helper gives, and how a person replaces it."""

    value: Secret | Keys
    renew: str


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and where its answer says what.

    `accepts` is said where the credential is accepted. `account` and
    `permissions` are texts with places to fill in from the answer: `{a.b}` of
    its JSON, `{header:NAME}` of its headers. A text whose place is not there
    is left out.
    """

    asked: str  # who answers, as people call it
    address: Address
    headers: dict[str, str] = field(repr=False)
    renew: str  # what to do where the credential is refused
    hidden: tuple[Secret, ...]  # what no answer may repeat
    accepts: str = "accepts it"
    account: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    same: tuple[tuple[str, str], ...] = ()  # (text, what it should become)
    query: str = ""
    body: bytes = field(default=b"", repr=False)
    of_aws: bool = False  # answered by AWS's own service, in XML

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST" if self.body else "GET"

    @property
    def shown(self) -> str:
        """Method and URL, without a query."""
        return f"{self.method} {printable(self.address.url)}"


def aws_endpoint(scene: Scene) -> Value | None:
    """Return the address that a session's variables give AWS's STS."""
    return scene.request.given("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")


def of_identity(
    keys: Keys, region: str, renew: str, given: Value | None = None
) -> Question:
    """Return the question whose keys these are, to AWS or an address given.

    Raises InputError where botocore, which signs it, is not installed.
    """
    address = endpoints.of_region("sts", region)
    if given is not None:
        address = endpoints.parse(given.text.strip(), given.source)
    address = address if address.path else address.at("/")
    headers = {**_FORM, **signed(address.url, keys, region)}
    hidden = tuple(filter(None, (keys.secret, keys.token)))
    return Question(
        "AWS", address, headers, renew, hidden, body=_STS_BODY, of_aws=True
    )


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
            "checking with AWS needs botocore, which is not installed",
            "pipx inject keyswitch botocore, or: aws sts get-caller-identity",
        ) from None
    request = request_type(
        method="POST", url=url, data=_STS_BODY, headers=_FORM
    )
    token = keys.token.reveal() if keys.token else None
    found = credentials_type(keys.key_id, keys.secret.reveal(), token)
    auth.SigV4Auth(found, "sts", region).add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}
