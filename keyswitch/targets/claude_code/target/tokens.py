"""Every token that Claude Code's files may hold, and taking it out.

What its own `/logout` leaves behind is here too: `env` blocks, old copies of
`.claude.json`, approvals (observed, Claude Code 2.1.330). MCP logins and
everything else in those files are none of our business.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from keyswitch.errors import KeyswitchError
from keyswitch.profiles import clock
from keyswitch.providers import custom_headers
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.files import Locations, locations
from keyswitch.targets.claude_code.settings import baseline, literals, plan
from keyswitch.targets.claude_code.settings.settings_file import (
    as_text,
    env_of,
    members,
)
from keyswitch.targets.claude_code.settings.wanted import ENV, is_own_helper
from keyswitch.targets.json_text import JsonText
from keyswitch.targets.splice import Edited
from keyswitch.targets.target import Look, Token
from keyswitch.targets.values import MAIN, record_path

pages = (
    "https://claude.ai/settings/claude-code",
    "https://console.anthropic.com/settings/keys",
)
variables = rules.SECRET_VARIABLES
may_be_secret = plan.may_be_secret


def find(look: Look) -> Iterator[Token]:
    """Yield every credential, each file once, in a fixed order."""
    seen: set[str] = set()

    def is_new(path: str) -> bool:
        real = os.path.realpath(path)
        if real in seen:
            return False
        seen.add(real)
        return True

    for folder, places in look.folders.items():
        if is_new(places.credentials):
            path = places.credentials
            now_ms = clock.now() * 1000
            for token in in_credentials(path, look.read(path), now_ms):
                yield token._replace(login_in=folder)
        if is_new(places.global_config):
            yield from _global_config(look, folder, places)
            yield from _literals(look, places.global_config)
        settings = os.path.join(folder, "settings.json")
        if not _is_shared(look, settings) and is_new(settings):
            yield from _settings(look, settings)
        for path in _listed(os.path.join(folder, "backups")):
            found = in_global_config(path, look.read(path))
            for token in (*found, *_literals(look, path)):
                yield token._replace(stale="an old copy")
    for path in literals.mcp_files(look.cwd, look.home):
        yield from _literals(look, path)
    here = locations(look.environ, look.home, look.cwd)
    for path in (here.project_settings, here.local_here, here.local_settings):
        if is_new(path):
            yield from _settings(look, path)
    yield from _anthropic_profiles(look)


def without(path: str, data: bytes, found: Sequence[Token]) -> bytes:
    """Return a file without these credentials; other bytes stay."""
    text = Edited.of(path, data)
    # Elements last to first, so that the positions of the others hold.
    for keys, index in sorted(
        (t.at for t in found), key=lambda a: -(a[1] or 0)
    ):
        if index is None:
            text.remove(keys)
        else:
            text.remove_element(keys, index)
    return text.text.encode()


def headers_at_stake(settings: bytes | None) -> list[str]:
    """Return the headers of settings that a switch would drop."""
    given = env_of(members(settings) or {}).get(rules.CUSTOM_HEADERS)
    return [] if given is None else custom_headers.plain(as_text(given))[1]


def _token(
    path: str,
    keys: tuple[str, ...],
    value: str,
    index: int | None = None,
    stale: str = "",
) -> Token:
    place = ".".join(keys) + ("" if index is None else f"[{index}]")
    return Token(path, place, value, (keys, index), stale)


def _members(path: str, data: bytes | None) -> dict[str, Any]:
    """Return a file's members; none of one that could not be edited."""
    try:
        JsonText.of(path, data or b"").top()
    except KeyswitchError:
        return {}
    return members(data) or {}


def in_credentials(
    path: str, data: bytes | None, now_ms: float
) -> Iterator[Token]:
    """Find the subscription login."""
    login = _members(path, data).get(rules.LOGIN)
    if not isinstance(login, dict):
        return
    access, refresh = login.get("accessToken"), login.get("refreshToken")
    stale = ""
    if not access and not refresh:
        stale = "blanked: its last renewal was rejected"
    elif not refresh:
        stale = _over(login.get("expiresAt"), now_ms)
    texts = (t for t in (access, refresh) if isinstance(t, str) and t)
    yield _token(path, (rules.LOGIN,), next(texts, ""), stale=stale)


def _over(expires: object, now: float) -> str:
    """Say that a token is of no use, if it is not: it has no successor."""
    is_over = isinstance(expires, int) and 0 < expires < now
    return "expired and cannot be renewed" if is_over else ""


def in_global_config(path: str, data: bytes | None) -> Iterator[Token]:
    """Find the Console key and the remembered ends of keys."""
    document = _members(path, data)
    key = document.get(rules.CONSOLE_KEY)
    if isinstance(key, str) and key:
        yield _token(path, (rules.CONSOLE_KEY,), key)
    for keys in (rules.APPROVED, rules.REJECTED) if document else ():
        try:
            elements = JsonText.of(path, data or b"").elements(keys)
        except KeyswitchError:
            continue
        for index, element in enumerate(elements):
            if isinstance(element, str) and element:
                yield _token(path, keys, element, index)


def _global_config(
    look: Look, folder: str, places: Locations
) -> Iterator[Token]:
    """Yield a Console key, and ends of keys with whom our record names."""
    path = places.global_config
    found = list(in_global_config(path, look.read(path)))
    by_digest = _recorded_items(look, path)
    for token in found:
        if token.at[1] is None:
            yield token._replace(login_in=folder)
        else:
            ours = by_digest and baseline.digest(look.key(), token.value)
            yield token._replace(end_of=by_digest.get(ours or "", ""))


def _recorded_items(look: Look, path: str) -> dict[str, str]:
    """Return {digest of a key's end: the item that our record names for it}."""
    usual = record_path(look.paths, MAIN, look.usual.config_dir)
    try:
        records = baseline.decode(usual, look.read(usual))
    except KeyswitchError:
        return {}
    record = records.get(path, baseline.Baseline())
    return {e.ours: e.item for e in record.elements}


def _settings(look: Look, path: str) -> Iterator[Token]:
    """Find credentials of the env block, helpers that are ours, literals."""
    document = _members(path, look.read(path))
    env = env_of(document)
    for name in rules.SECRET_VARIABLES:
        value = env.get(name)
        if isinstance(value, str) and value:
            yield _token(path, (ENV, name), value)
    for key in (rules.HELPER, rules.AWS_EXPORT):
        value = document.get(key)
        if isinstance(value, str) and is_own_helper((key,), json.dumps(value)):
            yield _token(path, (key,), value)._replace(is_helper=True)
    yield from _literals(look, path)


def _literals(look: Look, path: str) -> Iterator[Token]:
    """Find secrets in texts; what may go as a whole is removed by key."""
    seen = set()
    for one in literals.find(path, look.read(path)):
        if one.removable and one.keys in seen:
            continue  # it goes with the first one
        seen.add(one.keys)
        at = (one.keys, None) if one.removable else None
        yield Token(path, one.place or "a text", one.secret, at)


def _is_shared(look: Look, path: str) -> bool:
    """Tell whether a profile's own folder only links to this file."""
    own = look.paths.folders_dir + os.sep
    return path.startswith(own) and os.path.islink(path)


def _anthropic_profiles(look: Look) -> Iterator[Token]:
    """Find the tokens of Anthropic's own command line tools."""
    # As Claude Code looks for them, relative ones too.
    base = look.environ.get("ANTHROPIC_CONFIG_DIR") or os.path.join(
        look.environ.get("XDG_CONFIG_HOME")
        or os.path.join(look.home, ".config"),
        "anthropic",
    )
    for path in _listed(os.path.join(look.cwd, base, "credentials")):
        document = _members(path, look.read(path))
        stale = ""
        if not document.get("refresh_token"):
            stale = _over(document.get("expires_at"), clock.now())
        for key in ("access_token", "refresh_token"):
            if isinstance(document.get(key), str) and document[key]:
                yield _token(path, (key,), document[key], stale=stale)


def _listed(folder: str) -> Iterable[str]:
    try:
        return [os.path.join(folder, n) for n in sorted(os.listdir(folder))]
    except OSError:
        return []
