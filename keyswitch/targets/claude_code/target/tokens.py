"""Where Claude Code's files may hold a credential, and taking it out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.profiles import clock
from keyswitch.targets.claude_code.files import locations
from keyswitch.targets.claude_code.settings import (
    baseline,
    literals,
    plan,
    tokens,
)
from keyswitch.targets.parts import Token
from keyswitch.targets.target import MAIN, record_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.parts import Look

pages = (
    "https://claude.ai/settings/claude-code",
    "https://console.anthropic.com/settings/keys",
)
variables = tokens.SECRET_VARIABLES
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
            yield from _login(look, folder, places.credentials)
        if is_new(places.global_config):
            yield from _global_config(look, folder, places)
            yield from _literals(look, places.global_config)
        settings = os.path.join(folder, "settings.json")
        if not _is_shared(look, settings) and is_new(settings):
            yield from _settings(look, settings)
        for path in _listed(os.path.join(folder, "backups")):
            found = _tokens(
                path, tokens.in_global_config(path, look.read(path))
            )
            yield from (
                token._replace(stale="an old copy")
                for token in (*found, *_literals(look, path))
            )
    for path in literals.mcp_files(look.cwd, look.home):
        yield from _literals(look, path)
    here = locations(look.environ, look.home, look.cwd)
    for path in dict.fromkeys(
        (here.project_settings, here.local_here, here.local_settings)
    ):
        if os.path.dirname(path) not in look.folders:
            yield from _settings(look, path)
    yield from _anthropic_profiles(look)


def without(path: str, data: bytes, found: Sequence[Token]) -> bytes:
    """Return a file without these credentials; other bytes stay."""
    return tokens.without(path, data, [token.at for token in found])


def _tokens(path: str, found: Sequence[tokens.Token]) -> Iterator[Token]:
    for token in found:
        place = ".".join(token.keys)
        if token.index is not None:
            place += f"[{token.index}]"
        yield Token(path, place, token.value, token, token.stale)


def _login(look: Look, folder: str, path: str) -> Iterator[Token]:
    data = look.read(path)
    found = tokens.in_credentials(path, data, clock.now() * 1000)
    for token in _tokens(path, found):
        yield token._replace(login_in=folder)


def _global_config(
    look: Look, folder: str, places: Locations
) -> Iterator[Token]:
    """Yield a Console key, and ends of keys with whom our record names."""
    path = places.global_config
    items = _recorded_items(look, path)
    for token in _tokens(path, tokens.in_global_config(path, look.read(path))):
        if token.at.index is not None:
            yield token._replace(end_of=items.get(token.value, ""))
        else:
            yield token._replace(login_in=folder)


def _recorded_items(look: Look, path: str) -> dict[str, str]:
    """Return {end of a key: the item that our record names for it}."""
    usual = record_path(look.paths, MAIN, look.usual.config_dir)
    try:
        records = baseline.decode(usual, look.read(usual))
    except KeyswitchError:
        return {}
    record = records.get(path, baseline.Baseline())
    by_digest = {e.ours: e.item for e in record.elements}
    found = tokens.in_global_config(path, look.read(path))
    return {
        t.value: by_digest.get(baseline.digest(look.key(), t.value), "")
        for t in found
    }


def _settings(look: Look, path: str) -> Iterator[Token]:
    for token in _tokens(path, tokens.in_settings(path, look.read(path))):
        yield token._replace(is_helper=token.at.is_helper)
    yield from _literals(look, path)


def _literals(look: Look, path: str) -> Iterator[Token]:
    """Find secrets in texts; what may go as a whole is removed by key."""
    seen = set()
    for one in literals.find(path, look.read(path)):
        if one.removable and one.keys in seen:
            continue  # it goes with the first one
        seen.add(one.keys)
        at = tokens.Token(one.keys, one.secret) if one.removable else None
        yield Token(path, one.place or "a text", one.secret, at)


def _is_shared(look: Look, path: str) -> bool:
    """Tell whether a profile's own folder only links to this file."""
    own = look.paths.folders_dir + os.sep
    return path.startswith(own) and os.path.islink(path)


def _anthropic_profiles(look: Look) -> Iterator[Token]:
    # As Claude Code looks for them, relative ones too.
    base = look.environ.get("ANTHROPIC_CONFIG_DIR") or os.path.join(
        look.environ.get("XDG_CONFIG_HOME")
        or os.path.join(look.home, ".config"),
        "anthropic",
    )
    folder = os.path.join(look.cwd, base, "credentials")
    for path in _listed(folder):
        yield from _tokens(
            path,
            tokens.in_anthropic_credentials(path, look.read(path), clock.now()),
        )


def _listed(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, n) for n in sorted(os.listdir(folder))]
    except OSError:
        return []
