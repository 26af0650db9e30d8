"""The values of a profile: how they look, and how they may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from keyswitch.disk.digests import hmac_sha256
from keyswitch.display import SECRET_STARTS, without_secrets
from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.providers import custom_headers, wrapping
from keyswitch.secret import Secret

SECRET_LIMIT = 256 * 1024  # bytes
PLAIN_LIMIT = 4096  # characters
SHOWN_TAIL = 4  # characters of a secret's end that a mask shows
HIDDEN_AT_LEAST = 16  # characters that stay hidden beside a shown tail

# A key id of AWS is no secret, but tells as much.
_PUBLIC_PREFIXES = (*SECRET_STARTS, "AKIA", "ASIA")

# Patterns are compiled at their first use: most commands take no value.
# What a manual, a log or a template writes in a key's place.
_STAND_IN = (
    r"(?ai)<.{0,99}>\W{0,9}|\[[a-z _-]+\]|\$\w+|\$[{(].*[})]|%\w+%"
    r"|\{\{?[a-z_ .-]+\}\}?|(?:[a-z0-9]+[-_])*?(?:your|insert|replace)[-_].*"
    r"|.*[-_](?:here|placeholder)|(?:[a-z0-9]+[-_])*x{4,}"
    r"|(?:change|replace|fill)[-_]?me|redacted|masked|hidden|placeholder"
    r"|undefined|null|none|todo"
)
# What a page shows of a key, and what a template leaves in one.
_CUT = (
    r"\.{3}|[*]{3}|<[\w -]{1,99}>|\$\{\w{0,99}\}|\{\{[^{}]{0,99}\}\}"
    r"|\[[A-Z][A-Za-z _-]{1,99}\]"
)
# Random text as services make it: no address, no words apart.
_RANDOM = r"(?a)(?![/~-])[\w+/=-]{20,}"
# Base64 may hold a slash, but hardly ever a word or dots before one.
_PATH = r"(?s)(?:^|.*[/-])(?:[a-z_-]{3,}|\.[\w.-]*)/.*"
_KEY = r"(?a)[\w.+/=~-]+"
_JWT = r"(?a)eyJ[\w-]+\.[\w-]+\.[\w-]*"
_CREDENTIAL_PARAMETER = (
    r"(?i)(?:.*[_-])?"
    r"(?:key|token|secret|password|passwd|sig|signature|auth|code)"
    r"|.*(?:token|apikey)"
)
_SHOWN = 32  # characters of a refused value


class Refusal(Frozen):
    """How values begin that belong to another field or provider."""

    prefix: str
    why: str
    hint: str = ""


class Length(Frozen):
    """How long values with this beginning are, as far as anybody has seen.

    No service promises it, so another length is asked about, not refused.
    """

    prefix: str
    shortest: int  # characters, the prefix included
    longest: int


class Field(Frozen):
    """One value of a profile, plain or secret."""

    name: str
    title: str = ""
    secret: bool = False
    required: bool = False
    env: tuple[str, ...] = ()  # variables that carry it
    # (variable, field): not carried by it where the profile has that field
    env_unless: tuple[tuple[str, str], ...] = ()
    prefixes: tuple[str, ...] = ()  # a value has to begin with one of them
    pattern: str = ""  # a value has to match it as a whole
    refuse: tuple[Refusal, ...] = ()
    lengths: tuple[Length, ...] = ()  # the first that fits counts
    default: str = ""
    free_text: bool = False  # any UTF-8 text without NUL
    lines: bool = False  # headers of a request, with \\n between them
    harmless: bool = False  # decides neither host nor account
    group: str = ""  # the alternative it belongs to; "": all of them
    help: str = ""


def check_secret(
    field: Field, raw: bytes, provider_id: str, help_url: str
) -> Secret:
    """Return the secret in `raw`, or say what is wrong with it.

    One line end at the end is taken for the source's, not the secret's.
    `help_url` is where a person gets one, or "".
    """
    what = f"the {field.title or field.name}"
    if len(raw) > SECRET_LIMIT:
        raise InputError(
            f"{what} is larger than {SECRET_LIMIT // 1024} KiB",
            "check that the source contains only the secret",
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        raise InputError(
            f"{what} is not valid UTF-8",
            "check the source; encode binary values as text first",
        ) from e
    if not field.free_text:
        text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise InputError(f"{what} is empty", "check the source")
    if "\0" in text:
        raise InputError(
            f"{what} contains a NUL character",
            "a variable cannot contain one; check the source",
        )
    if not field.free_text:
        check_token(what, text)
        _check_origin(field, what, text, provider_id, help_url)
    return Secret(text)


def check_token(what: str, text: str, *, any_word: bool = False) -> None:
    """Raise for what no token is: wrapped, blank, in pieces, a placeholder.

    `any_word`: a server that asks for no token may be given `none`.
    """
    import unicodedata

    wrapping.check(what, text)
    if not text.strip():
        raise InputError(f"{what} is only white space", "check the source")
    if "\n" in text or "\r" in text:
        raise InputError(
            f"{what} has more than one line",
            "give the secret alone, without a name or comment",
        )
    if text != text.strip():
        raise InputError(
            f"{what} starts or ends with white space",
            "copy it again without the spaces",
        )
    if text[0] in wrapping.QUOTES or text[-1] in wrapping.QUOTES:
        raise InputError(f"{what} is quoted", "enter it without the quotes")
    if any(c.isspace() or unicodedata.category(c)[0] == "C" for c in text):
        raise InputError(
            f"{what} contains white space or control characters",
            "copy it again; some programs break long lines",
        )
    if not text.isascii():
        # Claude Code sends such a key empty, other programs not at all.
        odd = next(c for c in text if not c.isascii())
        raise InputError(
            f"{what} contains a character that is invalid in a header "
            f"(U+{ord(odd):04X})",
            "copy it again; some programs shorten or change what they display",
        )
    if any_word:
        return
    if re.fullmatch(_STAND_IN, text) or re.search(_CUT, text):
        raise InputError(
            f"{what} is a placeholder, or was shortened where you copied it",
            "copy the whole value from the service",
        )


def _check_origin(
    field: Field, what: str, text: str, provider_id: str, help_url: str
) -> None:
    for refusal in field.refuse:
        if text.startswith(refusal.prefix):
            raise InputError(
                f"{what} is not for {provider_id}: {refusal.why}",
                refusal.hint or "'keyswitch providers' lists the providers",
            )
    if public_prefix(text) and _is_twice(text):
        raise InputError(f"{what} was pasted twice", "enter it once")
    if field.prefixes and not text.startswith(field.prefixes):
        raise InputError(
            f"{what} does not start with {' or '.join(field.prefixes)}",
            f"get one: {help_url}" if help_url else "check the source",
        )
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise InputError(f"{what} has the wrong form", "check the source")


def doubt(field: Field, text: str, fields: Mapping[str, str]) -> str:
    """Return why a value that is allowed looks cut or patched, or "".

    With an address of its own a service may have keys of any length.
    """
    what = f"the {field.title or field.name}"
    key = "".join(text.split())  # free text may end its lines
    known = public_prefix(key)
    if _is_twice(key) and (known or len(key) >= 2 * HIDDEN_AT_LEAST):
        return f"{what} was pasted twice"
    if known and any(key.find(s, 1) > 0 for s in SECRET_STARTS if s[3:]):
        return f"{what} starts twice: it may contain something else"
    if fields.get("base_url"):
        return ""
    length = next((n for n in field.lengths if key.startswith(n.prefix)), None)
    if length is None or length.shortest <= len(key) <= length.longest:
        return ""
    usual = f"{length.shortest} to {length.longest}"
    if length.longest == length.shortest:
        usual = str(length.shortest)
    why = (
        "a part may be missing"
        if len(key) < length.shortest
        else "it may contain something else"
    )
    return f"{what} has {len(key)} characters, not {usual}: {why}"


def _is_twice(text: str) -> bool:
    """Tell whether a text is a shorter one, repeated."""
    return text in (text + text)[1:-1]


def check_plain(field: Field, value: str) -> None:
    """Raise unless `value` can be a plain field's value."""
    if len(value) > PLAIN_LIMIT:
        raise InputError(
            f"'{field.name}' is longer than {PLAIN_LIMIT} characters",
            "enter a shorter one",
        )
    if field.lines:
        custom_headers.check(field.name, value, field.help)
    if not value.isprintable():
        raise InputError(
            f"'{field.name}' contains control or invisible characters",
            "type it again without them",
        )
    if "://" in value:
        _check_address(field, value)
    if field.pattern and not re.fullmatch(field.pattern, value):
        # A longer one may be a secret that was pasted in the wrong place.
        shown = value if len(value) <= _SHOWN else f"{value[:4]}…"
        raise InputError(
            f"'{shown}' cannot be the {field.title or field.name}",
            field.help or f"it must match {field.pattern}",
        )
    if field.name == "env":
        check_variable(value)
    if value.startswith(SECRET_STARTS) or without_secrets(value) != value:
        raise InputError(
            f"the value of '{field.name}' looks like a secret",
            "'keyswitch add' and 'keyswitch rotate' ask for secrets",
        )


def _check_address(field: Field, value: str) -> None:
    """Raise for an address with a credential in it, whatever its shape."""
    from urllib.parse import parse_qsl, urlsplit

    try:
        parts = urlsplit(value)
        pairs = parse_qsl(parts.query)
    except ValueError:
        return  # the pattern says it
    if "@" in parts.netloc:
        raise InputError(
            f"the URL in '{field.name}' contains a user name or password",
            "enter only the URL, and store the secret as a secret",
        )
    for name, _ in pairs:
        if re.fullmatch(_CREDENTIAL_PARAMETER, name):
            raise InputError(
                f"the URL in '{field.name}' contains a credential ({name})",
                "enter only the URL, and store the secret as a secret",
            )


def check_variable(name: str) -> None:
    """Raise if a profile must not name this variable for its secret."""
    from keyswitch.providers.variables import steers

    decides = steers(name)
    if decides:
        raise InputError(
            f"'{name}' is not a variable for a credential: it sets {decides}",
            "use the variable that your program reads its key from",
        )


def mask(text: str) -> str:
    """Return what may be shown of a secret.

    The public prefix, and the last four characters where at least sixteen
    others stay hidden.
    """
    prefix = public_prefix(text)
    hidden = len(text) - len(prefix) - SHOWN_TAIL
    if hidden < HIDDEN_AT_LEAST:
        return "…"
    tail = text[-SHOWN_TAIL:]
    return f"{prefix}…{tail}" if tail.isprintable() else f"{prefix}…"


def public_prefix(text: str) -> str:
    """Return the beginning that says whose key it is, or ""."""
    return next((p for p in _PUBLIC_PREFIXES if text.startswith(p)), "")


def is_opaque(field: Field, text: str) -> bool:
    """Tell whether a value has a secret's shape, and says nothing else.

    A path, an address, a command or a word has not, so people may see it.
    """
    if re.match(_PATH, text):
        return False
    known = public_prefix(text) or any(map(text.startswith, field.prefixes))
    if known and re.fullmatch(_KEY, text) and len(text) >= HIDDEN_AT_LEAST:
        return True
    if re.fullmatch(_JWT, text):
        return True
    return bool(re.fullmatch(_RANDOM, text)) and all(
        any(map(kind, text)) for kind in (str.isdigit, str.isalpha)
    )


def fingerprint(key: bytes, text: str) -> str:
    """Return a keyed hash that compares secrets and reveals nothing.

    Thirty-two bits, written as 7f3a-91c2; without the key of this machine
    not even a guess can be checked. A text of a foreign file or variable may
    hold half a character, which no secret of a profile does.
    """
    digest = hmac_sha256(key, text.encode("utf-8", "surrogatepass"))
    return f"{digest[:4]}-{digest[4:8]}"
