"""What a service's answer says about a credential.

An answer's own text is only searched for known words, and never shown: a
gateway could repeat the credential in it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyswitch.diagnosis.online import failures
from keyswitch.diagnosis.online.endpoints import set_by
from keyswitch.display import printable

if TYPE_CHECKING:
    from keyswitch.diagnosis.online.http_call import Connection, Reply
    from keyswitch.diagnosis.online.question import Question
    from keyswitch.diagnosis.verdict import Header, Source

_LONGEST_NAME = 200

_ORGANIZATION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ARN = re.compile(rb"<Arn>(arn:[^<\s]{1,250})</Arn>")
_CODE = re.compile(rb"<Code>(\w{1,60})</Code>")

# AWS's codes: what each says, and what to do. None: not about the keys.
_STS_CODES = {
    "InvalidClientTokenId": (
        "AWS does not know this key id, or the session token does not belong"
        " to it"
    ),
    "UnrecognizedClientException": "AWS does not know this key id",
    "SignatureDoesNotMatch": (
        "the secret access key does not belong to this key id, or the clock"
        " of this machine is wrong"
    ),
    "ExpiredToken": "the session has expired",
    "ExpiredTokenException": "the session has expired",
    "AccessDenied": "AWS knows these keys, and a policy denies them",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the credential is accepted (None: not known), and why."""

    ok: bool | None
    what: str
    fix: str = ""
    who: str = ""


def judge(
    question: Question, connection: Connection, header: Header, reply: Reply
) -> Judgement:
    """Return what the reply to a question says."""
    if question.kind == "sts":
        return _sts(connection, header, reply)
    title = question.asked
    document = _document(reply.body)
    if reply.status == 200:
        if not document:
            return Judgement(
                None,
                f"{title} answers without data, as a login page does",
                "open the address in a browser, or correct it",
            )
        if question.kind == "profile":
            return _profile(header, document)
        return Judgement(
            True,
            f"{title} lists its models for it",
            who=_organization(reply),
        )
    return _no(question, connection, header, reply)


def _no(
    question: Question, connection: Connection, header: Header, reply: Reply
) -> Judgement:
    title, status = question.asked, reply.status
    words = _words(_document(reply.body))
    again = renew(header.source)
    if status == 401:
        why = _reason(words) or "it is not valid"
        return Judgement(False, f"{title} rejects it: {why}", again)
    if status == 403:
        return _forbidden(title, header, words)
    if status == 400 and "disabled" in words:
        return Judgement(
            False, "it belongs to an organization that is disabled", again
        )
    if status in (404, 405, 501) and question.at_gateway:
        return Judgement(
            None,
            "the gateway does not list models; it neither accepted nor"
            " refused the credential",
            f"if that is wrong, correct {set_by(connection.address)}",
        )
    return _elsewhere(title, connection, reply)


def _forbidden(title: str, header: Header, words: str) -> Judgement:
    again = renew(header.source)
    if _is_unknown_to_aws(words):
        return Judgement(False, f"{title} does not know it", again)
    if "revoked" in words or "expired" in words:
        why = _reason(words)
        return Judgement(False, f"{title} rejects it: {why}", again)
    if "scope" in words:
        return Judgement(
            True,
            f"{title} knows it, and does not let it read whose it is, as with"
            " a token of claude setup-token",
        )
    if "not authorized to perform" in words:
        return Judgement(
            True, f"{title} knows it, and does not let it list models"
        )
    if not words:
        return Judgement(
            None,
            "something answers 403 that is not the service, such as a"
            " firewall or proxy",
            "doctor --network shows the way to the service",
        )
    return Judgement(
        False,
        f"{title} knows it and does not allow this",
        "ask who runs the account what it may do",
    )


def _elsewhere(title: str, connection: Connection, reply: Reply) -> Judgement:
    """Return what is said by an answer that is not about the credential."""
    status = reply.status
    if status == 407 and connection.proxy:
        told = failures.proxy_refusal(connection, status)
        return Judgement(None, told.line, told.fix)
    if 300 <= status < 400:
        host = _target(reply.headers.get("location", ""))
        return Judgement(
            None,
            f"{title} redirects to {host}; the credential was not sent there",
            f"correct {set_by(connection.address) or 'the address'}",
        )
    if status == 429:
        return Judgement(
            None, f"{title} is asked too often at present", "try again later"
        )
    if status >= 500:
        return Judgement(
            None,
            f"{title} has trouble of its own (status {status})",
            "try again later",
        )
    return Judgement(None, f"{title} answers with status {status}")


def _profile(header: Header, document: dict[str, Any]) -> Judgement:
    names = []
    for part, key in (("account", "email"), ("organization", "name")):
        found = document.get(part)
        text = found.get(key) if isinstance(found, dict) else None
        # Nobody's name, but what a broken service may repeat.
        if isinstance(text, str) and not _repeats(header, text):
            names.append(printable(text[:_LONGEST_NAME]))
    return Judgement(
        True, "Anthropic names the login's account", who=", ".join(names)
    )


def _repeats(header: Header, text: str) -> bool:
    return header.value is not None and header.value.reveal() in text


def _sts(connection: Connection, header: Header, reply: Reply) -> Judgement:
    by_hand = "aws sts get-caller-identity"
    if reply.status == 200:
        found = _ARN.search(reply.body)
        if found is None:
            return Judgement(None, "AWS answers without an identity", by_hand)
        who = printable(found[1].decode("utf-8", "replace"))
        return Judgement(True, "AWS names the identity", who=who)
    found = _CODE.search(reply.body)
    code = found[1].decode() if found else ""
    if code in _STS_CODES:
        return Judgement(False, _STS_CODES[code], renew(header.source))
    if reply.status in (401, 403) and code:
        return Judgement(
            False, f"AWS refuses it ({code})", renew(header.source)
        )
    return _elsewhere("AWS", connection, reply)


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


# -------------------------------------------------------------------- fields


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, list):
        return {"data": found}
    return found if isinstance(found, dict) else {}


def _words(document: dict[str, Any]) -> str:
    """Return the texts that say why, in small letters, to be searched."""
    places = [document, document.get("error")]
    return " ".join(
        str(place[key]).lower()
        for place in places
        if isinstance(place, dict)
        for key in ("type", "code", "message", "Message")
        if key in place
    )


def _reason(words: str) -> str:
    for word in ("revoked", "expired", "disabled"):
        if word in words:
            return f"it was {word}" if word != "expired" else "it has expired"
    return ""


def _is_unknown_to_aws(words: str) -> bool:
    return "security token" in words or "api key is valid" in words


def _organization(reply: Reply) -> str:
    found = reply.headers.get("anthropic-organization-id", "").strip()
    return f"organization {found}" if _ORGANIZATION.fullmatch(found) else ""


def _target(location: str) -> str:
    from urllib.parse import urlsplit

    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        host = ""
    return printable(host[:_LONGEST_NAME]) or "another path"
