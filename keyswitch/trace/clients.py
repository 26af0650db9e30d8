"""What a command needs beside variables, so that its files cannot lead past.

Claude Code: a settings file's `env` replaces variables, an option outranks it
(but not settings of an administrator). Codex reads no variable for its
address (observed, codex 0.171.0); its option `-c` outranks its files.
"""

from __future__ import annotations

import itertools
import json
import os
import tomllib
from typing import TYPE_CHECKING, Any

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.trace.routes import Replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_CONFIG_LIMIT = 1 << 20  # bytes
_OPENAI = "https://api.openai.com/v1"
# Where a ChatGPT login's requests go.
_CHATGPT = "https://chatgpt.com/backend-api/"


def is_codex(program: str) -> bool:
    """Tell whether a program is Codex, by its name."""
    return os.path.basename(program).lower() in ("codex", "codex.exe")


def codex_options(
    words: Sequence[str],
    environ: Mapping[str, str],
    home: str,
    local: Callable[[Replaced], str],
) -> list[str]:
    """Return Codex's options that lead it to the proxy.

    `local` returns the proxy's address for one that is replaced, or "".
    """
    folder = environ.get("CODEX_HOME") or os.path.join(home, ".codex")
    config = _document(folder, "config.toml", tomllib.loads)
    given = dict(_given(words))
    profile = config.get("profiles", {})
    name = given.get("profile") or config.get("profile")
    if isinstance(profile, dict) and isinstance(profile.get(name), dict):
        config = {**config, **profile[name]}
    chosen = given.get("model_provider") or config.get("model_provider")
    own = config.get("model_providers")
    table = own.get(chosen) if isinstance(own, dict) else None
    by_login = _is_chatgpt(folder)
    found = []
    if isinstance(table, dict) and isinstance(table.get("base_url"), str):
        key = f"model_providers.{json.dumps(chosen)}.base_url"
        found.append((key, table["base_url"]))
    else:
        usual = f"{_CHATGPT}codex" if by_login else _OPENAI
        found.append(("openai_base_url", usual))
    if by_login:
        found.append(("chatgpt_base_url", _CHATGPT))
    options = []
    for key, usual in found:
        upstream = given.get(key) or config.get(key) or usual
        address = local(Replaced(key, str(upstream), "openai"))
        if address:
            options += ["-c", f"{key}={json.dumps(address)}"]
    return options


def _given(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return what a person gave with -c KEY=VALUE, and --profile NAME."""
    found = []
    for word, following in itertools.pairwise([*words, ""]):
        if word in ("-c", "--config"):
            key, _, value = following.partition("=")
            found.append((key.strip(), value.strip().strip("\"'")))
        elif word in ("-p", "--profile"):
            found.append(("profile", following))
    return found


def _is_chatgpt(folder: str) -> bool:
    document = _document(folder, "auth.json", json.loads)
    return document.get("auth_mode") == "chatgpt"


def _document(
    folder: str, name: str, parse: Callable[[str], Any]
) -> dict[str, Any]:
    """Return one of Codex's files, {} where it is none that Codex can read."""
    try:
        data = read_regular(os.path.join(folder, name), _CONFIG_LIMIT)
        found = parse((data or b"").decode())
    except (KeyswitchError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
