"""What botocore raises, and AWS answers, when there is no value.

Codes as AWS documents them for GetSecretValue and GetParameter; observed,
botocore 1.44 against moto 5.2.
"""

from __future__ import annotations

from shlex import quote

from keyswitch.display import of_a_size, printable, without_secrets
from keyswitch.errors import (
    KeyswitchError,
    LockedError,
    NoAnswerError,
    NoItemError,
    StoreError,
)

_MISSING = (
    "ResourceNotFoundException",
    "ParameterNotFound",
    "ParameterVersionNotFound",
)
_DENIED = (
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation",
    "DecryptionFailure", "KMSAccessDeniedException",
)  # fmt: skip
_NOT_SIGNED_IN = (
    "ExpiredToken", "ExpiredTokenException", "RequestExpired",
    "UnrecognizedClientException", "InvalidClientTokenId",
    "InvalidSignatureException", "SignatureDoesNotMatch",
    "IncompleteSignature", "MissingAuthenticationToken",
)  # fmt: skip
# Classes of botocore.exceptions, by name: it is not loaded here.
_NO_CREDENTIALS = (
    "NoCredentialsError", "PartialCredentialsError",
    "CredentialRetrievalError", "ProfileNotFound", "TokenRetrievalError",
    "SSOTokenLoadError", "UnauthorizedSSOTokenError", "NoAuthTokenError",
)  # fmt: skip
_SILENT = ("ConnectTimeoutError", "ReadTimeoutError")
_LONGEST = 200  # characters of AWS's own words


def failure(
    error: Exception, title: str, item: str, profile: str
) -> KeyswitchError:
    """Return the error that a person sees for one of botocore's."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return _answered(response.get("Error", {}), title, item, profile)
    names = [base.__name__ for base in type(error).__mro__]
    words = _one_line(str(error))
    if any(name in _NO_CREDENTIALS for name in names):
        return LockedError(
            f"no credentials for {title}: {words}",
            _sign_in(profile),
        )
    if any(name in _SILENT for name in names):
        return silent(title)
    hint = "check the connection, and AWS_ENDPOINT_URL if it is set"
    if "NoRegionError" in names:
        hint = "set the region: AWS_REGION, or 'region' of the profile"
    return StoreError(f"cannot read '{item}' of {title}: {words}", hint)


def silent(title: str) -> LockedError:
    """Return the error for a service that says nothing in time."""
    return NoAnswerError(
        f"{title} did not answer in time",
        "try again, or allow more time: 'deadline' in config.toml",
    )


def _answered(
    error: dict[str, str], title: str, item: str, profile: str
) -> KeyswitchError:
    code, words = error.get("Code", ""), _one_line(error.get("Message", ""))
    if code in _MISSING:
        return NoItemError(
            f"no '{item}' in {title}",
            "fix the reference, or check its region and account",
        )
    # AWS: "because it was marked for deletion"; moto: "marked deleted".
    if code == "InvalidRequestException" and "marked" in words:
        return NoItemError(
            f"'{item}' in {title} is marked for deletion",
            f"restore it: aws secretsmanager restore-secret --secret-id "
            f"{quote(item)}",
        )
    if code in _DENIED:
        return LockedError(
            f"{title} denies access to '{item}': {words or code}",
            "ask the account's administrator for permission to read it",
        )
    if code in _NOT_SIGNED_IN:
        return LockedError(
            f"{title} rejected the credentials: {words or code}",
            _sign_in(profile),
        )
    said = f"{_one_line(code)}: {words}" if words else _one_line(code)
    return StoreError(
        f"cannot read '{item}' of {title}: {said or 'no reason given'}",
        "check the reference and AWS's message",
    )


def _sign_in(profile: str) -> str:
    option = f" --profile {quote(profile)}" if profile else ""
    return f"sign in: aws sso login{option}, or: aws configure{option}"


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return of_a_size(printable(without_secrets(text)))[:_LONGEST]
