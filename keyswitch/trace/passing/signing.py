"""AWS signatures for the real host.

A client that is given another address signs for that address; the service
would refuse it. Such a request is signed anew with the same key, whose secret
is looked for where the client has it: the child's variables, the profile of
keyswitch with this access key id, then AWS's own chain. `--intercept` needs
none of this: there the client signs for the real host.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.trace.requests import redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.trace.passing.passage import Passage

_KEY, _SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
# What a new signature replaces, and what proxies may change on the way.
_REPLACED = ("authorization", "x-amz-date")
_PARTS = "x-amz-content-sha256"  # says so where each part has a signature
_FILES = {
    "AWS_CONFIG_FILE": "config_file",
    "AWS_SHARED_CREDENTIALS_FILE": "credentials_file",
}


class Signer:
    """Signs requests anew. `stored` returns a profile's secret for a key id."""

    def __init__(
        self,
        environ: Mapping[str, str],
        stored: Callable[[str], str],
    ) -> None:
        self._environ = environ
        self._stored = stored
        self._secrets: dict[str, str] = {}

    def sign(
        self, method: str, url: str, passage: Passage
    ) -> list[tuple[str, str]]:
        """Return a request's headers, signed for its real address.

        Raises ValueError where that cannot be done: why, and what can.
        """
        try:
            auth = import_module("botocore.auth")
        except ImportError:
            raise ValueError(
                "its AWS signature is for this proxy's address; to sign it "
                "again: pipx inject keyswitch botocore, or use --intercept"
            ) from None
        request_type = import_module("botocore.awsrequest").AWSRequest
        keys = import_module("botocore.credentials").Credentials
        headers = passage.headers
        old = next(v for n, v in headers if n.lower() == "authorization")
        key = redaction.key_id(old)
        scope = old.partition("Credential=")[2].partition(",")[0].split("/")
        signed = old.partition("SignedHeaders=")[2].partition(",")[0]
        if len(scope) != 5 or passage.header(_PARTS).startswith("STREAMING-"):
            raise ValueError(
                "trace cannot renew this kind of AWS signature; use --intercept"
            )
        secret = self._secret(key)
        names = {*signed.split(";")} - {*_REPLACED, "host"}
        request = request_type(
            method, url, data=passage.body, headers={
                n: v for n, v in headers if n.lower() in names
            },
        )  # fmt: skip
        kind = auth.S3SigV4Auth if scope[3] == "s3" else auth.SigV4Auth
        kind(keys(key, secret), scope[3], scope[2]).add_auth(request)
        new = {n.lower(): v for n, v in request.headers.items()}
        found = []
        for name, value in headers:
            if name.lower() in _REPLACED:
                found.append((name, new[name.lower()]))
            else:
                found.append((name, value))
        return found

    def _secret(self, key: str) -> str:
        if key not in self._secrets:
            self._secrets[key] = self._found(key)
        if not self._secrets[key]:
            raise ValueError(
                f"it is signed with {key} for this proxy's address, and trace "
                "does not know that key's secret to sign it again; use "
                "--intercept"
            )
        return self._secrets[key]

    def _found(self, key: str) -> str:
        if self._environ.get(_KEY) == key:
            return self._environ.get(_SECRET, "")
        try:
            stored = self._stored(key)
        except KeyswitchError:
            stored = ""
        return stored or _of_the_chain(self._environ, key)


def _of_the_chain(environ: Mapping[str, str], key: str) -> str:
    """Return what AWS's own search gives the client, if it is this key."""
    failure = import_module("botocore.exceptions").BotoCoreError
    session = import_module("botocore.session").Session(
        profile=environ.get("AWS_PROFILE") or None
    )
    for variable, name in _FILES.items():
        if environ.get(variable):
            session.set_config_variable(name, environ[variable])
    try:
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    except failure:
        return ""
    if frozen is None or frozen.access_key != key:
        return ""
    return str(frozen.secret_key)
