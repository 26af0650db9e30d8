"""What a service's answer says about a credential.

An answer's own text is only searched for known words, and never shown: a
gateway could repeat the credential in it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from keyswitch.diagnosis import urls
from keyswitch.diagnosis.online import connection_errors
from keyswitch.diagnosis.online.endpoints import set_by
from keyswitch.diagnosis.online.question import GATEWAY, Question
from keyswitch.display import printable, without_secrets
from keyswitch.model import Frozen
from keyswitch.providers.shapes import public_prefix

if TYPE_CHECKING:
    from keyswitch.diagnosis.online.scene_connection import SceneConnection
    from keyswitch.network.http_call import Reply
    from keyswitch.secret import Secret

_LONGEST_NAME = 200
_TELLING = 8  # characters in a row of a secret that no mask shows

_PLACE = r"\{([^{}]+)\}"
_HEADER = "header:"
_ARN = rb"<Arn>(arn:[^<\s]{1,250})</Arn>"
_CODE = rb"<Code>(\w{1,60})</Code>"

# What AWS's codes say of the keys.
_STS_CODES = {
    "InvalidClientTokenId": (
        "AWS does not know this key id, or the session token does not belong"
        " to it"
    ),
    "UnrecognizedClientException": "AWS does not know this key id",
    "SignatureDoesNotMatch": (
        "the secret access key does not belong to this key id, or this "
        "machine's clock is wrong"
    ),
    "ExpiredToken": "the session has expired",
    "ExpiredTokenException": "the session has expired",
    "AccessDenied": "AWS knows these keys, but a policy denies access",
}


class Judgement(Frozen):
    """Whether the credential is accepted (None: not known), and why."""

    ok: bool | None
    what: str
    fix: str = ""
    who: str = ""
    may: str = ""  # what it may do, where the service tells


# Google says of a key with status 400 what others say with 401.
_INVALID_KEY = "api key (not valid|expired)|api_key_invalid"

# What a refusal's own words mean: whether the credential is known, and what is
# said of it. "{why}" is what `_reason` finds in them.
_REFUSALS = (
    ("security token|api key is valid", False, "does not know it"),
    ("revoked|expired", False, "rejects it: {why}"),
    ("rate limit", None, "is rate limiting requests"),
    (
        "scope|not accessible",
        True,
        "knows it, but does not let it read its account",
    ),
    (
        "not authorized to perform",
        True,
        "knows it, but does not let it list models",
    ),
)


def judge(
    question: Question, connection: SceneConnection, reply: Reply
) -> Judgement:
    """Return what the reply to a question says."""
    if question.of_aws:
        return _sts(question, connection, reply)
    title, document = question.asked, _document(reply.body)
    if reply.status != 200:
        refused = _no(question, reply.status, _words(document))
        return refused or _elsewhere(title, connection, reply)
    if not document:
        what = f"{title} answered without data, as a login page does"
        fix = "open the address in a browser, or fix it"
        return Judgement(None, what, fix)

    def told(texts: tuple[str, ...]) -> str:
        found = (_filled(text, question, reply, document) for text in texts)
        return ", ".join(filter(None, found))

    what, fix = f"{title} {question.accepts}", ""
    for text, wanted in question.same:
        if told((text,)) not in ("", wanted):
            what += ", for a different account from the profile's"
            fix = question.renew
            break
    return Judgement(
        True, what, fix, told(question.account), told(question.permissions)
    )


def _no(question: Question, status: int, words: str) -> Judgement | None:
    """Return what a refusal says, or None if it is not about the credential."""
    title, again = question.asked, question.renew
    why = _reason(words) or "it is not valid"
    if status == 401:
        return Judgement(False, f"{title} rejects it: {why}", again)
    if status == 403:
        return _forbidden(title, words, why, again)
    if status == 400 and re.search(_INVALID_KEY, words):
        return Judgement(False, f"{title} rejects it: {why}", again)
    if status == 400 and "disabled" in words:
        what = "it belongs to an organization that is disabled"
        return Judgement(False, what, again)
    if status in (404, 405, 501) and question.asked == GATEWAY:
        return Judgement(
            None,
            "the gateway does not list models; it neither accepted nor "
            "rejected the credential",
            f"if that is wrong, fix {set_by(question.address)}",
        )
    return None


def _forbidden(title: str, words: str, why: str, again: str) -> Judgement:
    for pattern, known, what in _REFUSALS:
        if re.search(pattern, words):
            said = f"{title} {what.format(why=why)}"
            fix = {True: "", False: again, None: "try again later"}[known]
            return Judgement(known, said, fix)
    if not words:
        return Judgement(
            None,
            "something other than the service answered 403, such as a "
            "firewall or proxy",
            "keyswitch doctor --network tests the connection to the service",
        )
    said = f"{title} knows it but does not allow this"
    return Judgement(
        False, said, "ask the account's administrator what it may do"
    )


def _elsewhere(
    title: str, connection: SceneConnection, reply: Reply
) -> Judgement:
    """Return what is said by an answer that is not about the credential."""
    status = reply.status
    if status == 407 and connection.proxy:
        told = connection_errors.proxy_refusal(connection, status)
        return Judgement(None, told.line, told.fix)
    if 300 <= status < 400:
        host = urls.host_of(reply.headers.get("location", ""))
        host = printable(host[:_LONGEST_NAME]) or "another path"
        what = (
            f"{title} redirects to {host}; keyswitch did not send the "
            "credential there"
        )
        fix = f"fix {set_by(connection.address) or 'the address'}"
        return Judgement(None, what, fix)
    what = f"{title} answered with status {status}"
    if status == 429:
        what = f"{title} is rate limiting requests"
    elif status >= 500:
        what = f"{title} has a server error (status {status})"
    later = status == 429 or status >= 500
    return Judgement(None, what, "try again later" * later)


def _filled(
    text: str, question: Question, reply: Reply, document: dict[str, Any]
) -> str:
    """Return a text with its places filled in, "" if one is not there.

    What a broken service repeats of a credential is nobody's name.
    """
    for place in re.findall(_PLACE, text):
        found = _told(place, reply, document)
        if found is None or any(_repeats(found, s) for s in question.hidden):
            return ""
        shown = without_secrets(printable(found[:_LONGEST_NAME]))
        text = text.replace("{" + place + "}", shown)
    return text


def _repeats(text: str, secret: Secret) -> bool:
    """Tell whether a text has a part of a secret that only its owner knows."""
    hidden = secret.reveal()
    hidden = hidden[len(public_prefix(hidden)) :]
    last = max(len(hidden) - _TELLING, 0)
    parts = (hidden[at : at + _TELLING] for at in range(last + 1))
    return any(part and part in text for part in parts)


def _told(place: str, reply: Reply, document: dict[str, Any]) -> str | None:
    """Return what an answer has in one place; None: nothing is there."""
    if place.startswith(_HEADER):
        name = place.removeprefix(_HEADER).lower()
        found = reply.headers.get(name)
        return None if found is None else found.strip() or "none"
    value: Any = document
    for key in place.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def _sts(
    question: Question, connection: SceneConnection, reply: Reply
) -> Judgement:
    by_hand = "aws sts get-caller-identity"
    if reply.status == 200:
        found = re.search(_ARN, reply.body)
        if found is None:
            return Judgement(None, "AWS answered without an identity", by_hand)
        who = printable(found[1].decode("utf-8", "replace"))
        return Judgement(True, "AWS returned the identity", who=who)
    found = re.search(_CODE, reply.body)
    code = found[1].decode() if found else ""
    if code in _STS_CODES or (reply.status in (401, 403) and code):
        what = _STS_CODES.get(code, f"AWS rejects it ({code})")
        return Judgement(False, what, question.renew)
    return _elsewhere("AWS", connection, reply)


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
