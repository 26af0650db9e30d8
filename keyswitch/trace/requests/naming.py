"""Whose the credentials of a request are: profiles, logins, AWS identities."""

from __future__ import annotations

import base64
import binascii
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from keyswitch.diagnosis.explain.facts import Chosen
from keyswitch.diagnosis.explain.knowledge import causes_of
from keyswitch.diagnosis.findings.accounts import masked
from keyswitch.diagnosis.findings.whose import profile_text
from keyswitch.errors import KeyswitchError
from keyswitch.secret import Secret
from keyswitch.trace.requests import redaction
from keyswitch.trace.requests.exchange import Credential, Likely

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.diagnosis.findings.situation import Situation

_STRANGER = "no profile"
_PATIENCE = 5.0  # seconds between two looks for the owner of a new token
# Of an access key id's first six bytes after AKIA or ASIA, as base32: the
# account number. https://awsteele.com/blog/2020/09/26/aws-access-key-format.html
_ACCOUNT = 0x7FFFFFFFFF80


class Naming:
    """Says whose a credential is, by fingerprints of profiles and the login.

    `look` returns what Claude Code has here; it is asked again where a token
    is not known, since Claude Code renews its tokens while it runs.
    """

    def __init__(self, look: Callable[[], Situation]) -> None:
        self._look = look
        self._situation = look()
        self._owners: dict[str, tuple[str, str]] = {}
        self._again_at = 0.0

    def of_request(
        self, headers: redaction.Headers, url: str
    ) -> tuple[Credential, ...]:
        """Return the credentials of a request, in the order of its headers."""
        found = [
            self._credential(name.lower(), value, one)
            for name, value in headers
            if redaction.is_credential_header(name, value)
            for one in redaction.credentials_in(name, value)
        ]
        found += [
            self._credential(f"?{name}", value, value)
            for name, value in redaction.parameters_in(url)
            if not name.lower().startswith("x-amz-")
        ]
        return tuple(found)

    def _credential(self, header: str, value: str, one: str) -> Credential:
        profile, whose = self.owner(one)
        if redaction.is_signature(value):
            return Credential(header, one, profile, whose, identity_of(value))
        return Credential(header, masked(Secret(one)), profile, whose)

    def owner(self, value: str) -> tuple[str, str]:
        """Return (profile, how it is shown) of a credential."""
        if value in self._owners:
            return self._owners[value]
        found = self._owner(value)
        if not found[1] and time.monotonic() >= self._again_at:
            with suppress(KeyswitchError, OSError):
                self._situation = self._look()
            found = self._owner(value)
            self._again_at = time.monotonic() + _PATIENCE
        if not found[1]:
            return "", _STRANGER  # a new login may name it later
        self._owners[value] = found
        return found

    def likely(
        self, text: str, credentials: tuple[Credential, ...]
    ) -> Likely | None:
        """Return the likeliest cause of an error's text, here."""
        situation = self._situation
        names = [one.profile for one in credentials if one.profile]
        name = names[0] if names else ""
        chosen = Chosen(
            name or situation.chosen,
            situation.again,
            lambda _: name,
            situation.is_ours,
        )
        try:
            causes = causes_of(text, situation.scene, chosen)
        except (KeyswitchError, OSError, ValueError, RecursionError):
            causes = causes_of(text)  # something here is broken, too
        if not causes:
            return None
        return Likely(causes[0].id, causes[0].title, causes[0].fix)

    def _owner(self, value: str) -> tuple[str, str]:
        situation = self._situation
        accounts = situation.accounts
        name = accounts.holder_of(Secret(value))
        if name:
            return name, profile_text(situation, name)
        login = situation.scene.login
        if login is None or login.access_token != value:
            return "", ""
        who = login if login.account_uuid else situation.scene.config
        name = accounts.of_account(who.account_uuid, who.organization_uuid)
        if name:
            return name, profile_text(situation, name)
        status = situation.verdict.status
        plan = f" ({login.subscription})" if login.subscription else ""
        return "", f"{status.email or 'the stored login'}{plan}, no profile"


def identity_of(signature: str) -> str:
    """Return who signed with AWS keys, for which service and region."""
    scope = re.search(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/", signature)
    if scope is None:
        return redaction.key_id(signature)
    account = account_of(scope[1])
    of = f" of account {account}" if account else ""
    return f"{scope[1]}{of}, {scope[3]} in {scope[2]}"


def account_of(access_key_id: str) -> str:
    """Return the number of the account that an access key id is of, or "".

    It is part of the id; ids from before 2019 (AKIAI, AKIAJ) have none.
    """
    if not re.fullmatch(r"(?:AKIA|ASIA)[A-Z2-7]{16}", access_key_id):
        return ""
    if access_key_id[4] in "IJ":
        return ""
    try:
        raw = base64.b32decode(access_key_id[4:])
    except binascii.Error:
        return ""
    number = (int.from_bytes(raw[:6]) & _ACCOUNT) >> 7
    return f"{number:012d}"
