"""Text that came from files or people, made safe to print.

Part of the express lane. One function for every untrusted string: control
characters, bidirectional overrides and other invisible ones come out as
escapes, so that a label cannot move the cursor or forge a line.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.errors import KeyswitchError


# Beginnings of secrets: they say whose key it is, and nothing about the key.
SECRET_STARTS = (
    "sk-ant-admin01-", "sk-ant-api03-", "sk-ant-oat01-", "sk-ant-ort01-",
    "sk-ant-", "sk-or-v1-", "sk-proj-", "sk-", "github_pat_", "ghp_", "gho_",
    "ghu_", "ghs_", "ghr_", "glpat-", "glptt-", "gldt-", "glrt-", "glsa_",
    "glc_", "npm_", "hf_", "r8_", "dckr_pat_", "dckr_oat_", "rubygems_",
    "shpat_", "shpss_", "lin_api_", "sntrys_", "sntryu_", "sbp_", "figd_",
    "PMAK-", "hvs.", "hvb.", "SG.", "tvly-", "eyJ", "xapp-", "xoxa-", "xoxb-",
    "xoxp-", "xoxs-", "xai-", "gsk_", "nvapi-", "pplx-", "pypi-", "sk_live_",
    "rk_live_", "sk_test_", "rk_test_", "whsec_", "dop_v1_", "ya29.", "GOCSPX-",
    "AGE-SECRET-KEY-", "AIza", "AQ.Ab", "ABSK", "bedrock-api-key-", "ATATT3",
    "ATCTT3",
)  # fmt: skip
_SHORTEST = 24  # characters of a secret, its beginning included
_UNLIKELY = 8  # characters of a beginning that no other word has in it
_COMMON = 3  # characters of a beginning that ends other words, too
_OPAQUE = 20  # characters of a secret that has no known beginning
_LONGEST = 1000  # characters of an error's line


# What is said by modules that know no session: `--quiet` silences it.
quiet: list[bool] = []


def printable(text: str) -> str:
    """Return `text` with every unprintable character written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def without_secrets(text: str) -> str:
    """Return `text` with every secret of a known shape cut short.

    For errors: they repeat arguments, and a secret may be among those.
    """
    for start in SECRET_STARTS:
        at = text.find(start)
        while at >= 0:
            end = rest = at + len(start)
            while end < len(text) and _in_token(text[end]):
                end += 1
            before = text[at - 1 : at]
            # Options and paths may have it behind a dash or a slash.
            rare = len(start) >= _UNLIKELY or (
                start[-1] == "_" and len(start) > _COMMON
            )
            whole = rare or not (before.isalnum() or before == "_")
            # npm_config_registry is the name of a variable.
            tail = text[rest:end]
            named = start[-1] == "_" and (
                tail.replace("_", "").isalpha() and tail.islower()
            )
            if whole and not named and end - at >= _SHORTEST:
                text = f"{text[:rest]}…{text[end:]}"
            at = text.find(start, rest)
    return text


def secrets_in(text: str) -> list[str]:
    """Return the secrets of a known shape that stand in a text."""
    if len(text) < _SHORTEST:
        return []
    import re  # not at the top: an error's text needs none of it

    # Much faster, since most texts have no such word but names of own items.
    token = r"[\w.~+/=-]"
    item = rf"ks1-[0-9a-f]{{32}}(?!{token})"
    long = re.findall(rf"(?<!{token})(?!{item}){token}{{{_SHORTEST},}}", text)
    words = " ".join(long)
    for start in SECRET_STARTS if long else ():  # no any(): four times as long
        if start in words:
            break
    else:
        return []
    if without_secrets(text) == text:
        return []
    found = []
    apart = "".join(c if _in_token(c) else " " for c in text)
    for word in apart.replace("=", " ").split():
        for start in SECRET_STARTS:
            at = word.find(start)
            if at >= 0 and without_secrets(word) != word:
                found.append(word[at:])
                break
    return found


def _in_token(character: str) -> bool:
    return character.isalnum() or character in "-_.~+/="


def without_arguments(text: str) -> str:
    """Return an error's text without what may be a secret of any shape.

    People give one in a name's place. Names and files are seldom made of
    capitals, small letters and digits all at once.
    """
    text = without_secrets(text)
    for word in "".join(c if c.isalnum() else " " for c in text).split():
        kinds = (str.isdigit, str.islower, str.isupper)
        if len(word) >= _OPAQUE and all(any(map(k, word)) for k in kinds):
            text = text.replace(word, f"{word[:4]}…")
    return text


def of_a_size(text: str) -> str:
    """Return a text that fits on a screen: errors repeat what was typed."""
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]}…{text[-half:]}"


def error_text(error: KeyswitchError, *, one_line: bool = False) -> str:
    """Return what is printed for an expected failure, with its line end.

    `one_line` is for shell start files, where one line is all there may be.
    """
    message = without_arguments(printable(of_a_size(error.message)))
    hint = without_arguments(printable(of_a_size(error.hint)))
    if not hint:
        return f"keyswitch: error: {message}\n"
    if one_line:
        return f"keyswitch: error: {message} ({hint})\n"
    return f"keyswitch: error: {message}\nkeyswitch: hint: {hint}\n"
