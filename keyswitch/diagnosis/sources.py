"""Every credential that Claude Code could use here, each with its source.

A `Candidate` exists or does not; which one is sent is the resolver's part.
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyswitch.diagnosis.descriptors import peek
from keyswitch.diagnosis.verdict import Source, Value
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import logins, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.diagnosis.scene import Scene, View
    from keyswitch.targets.claude_code.logins import AnthropicProfile

ASK_HELPER = "its answer is known only when it runs (--run-helper)"
ASK_TOKEN = "a token is fetched first"  # noqa: S105 - not a secret


@dataclass(frozen=True, slots=True)
class Candidate:
    """A credential that is there. `value` None: not known without asking."""

    kind: str  # a name of the rules' orders
    source: Source
    value: Secret | None
    why_unknown: str = ""
    refusal: str = ""  # why Claude Code sends nothing when it picks this one


def variable(view: View, name: str) -> Candidate | None:
    """Return a credential from a variable; blank ones do not count."""
    value = view.get(name)
    text = value.text.strip() if value else ""
    if value is None or not text:
        return None
    return Candidate(name, value.source, Secret(text))


def descriptor(view: View, name: str) -> tuple[Candidate | None, bool]:
    """Return a credential on a file descriptor, and whether one is named.

    Nothing is used up: a pipe's content is copied, not read.
    """
    value = view.get(name)
    number = value.text.strip() if value else ""
    if not number:
        return None, False
    source = Source("file_descriptor", name, "process")
    if not number.isascii() or not number.isdigit() or int(number) > 1 << 20:
        return None, True
    data = peek(int(number))
    text = data.decode("utf-8", "replace").strip() if data else ""
    return (Candidate(name, source, Secret(text)) if text else None), True


def helper(
    scene: Scene, run: Callable[[Value], str | None] | None
) -> Candidate | None:
    """Return the apiKeyHelper's answer; run it only if one may."""
    command = scene.command("apiKeyHelper")
    if command is None:
        return None
    if run is None:
        return Candidate("apiKeyHelper", command.source, None, ASK_HELPER)
    answer = run(command) or ""
    return Candidate("apiKeyHelper", command.source, Secret(one_word(answer)))


def one_word(answer: str) -> str:
    """Return a helper's answer as a key.

    Observed, Claude Code 2.1.330: more than one word is no key, and the
    header is sent empty.
    """
    text = answer.strip()
    return "" if len(text.split()) != 1 else text


def managed_key(scene: Scene) -> Candidate | None:
    """Return the key of a Console login."""
    if scene.host_managed or scene.simple or not scene.config.managed_key:
        return None
    path = scene.places.global_config
    source = Source("managed_key", "primaryApiKey", "", path)
    return Candidate("managed key", source, Secret(scene.config.managed_key))


def stored_login(scene: Scene) -> Candidate | None:
    """Return the subscription login, if Claude Code would take it."""
    login = scene.login
    if login is None or not login.usable:
        return None
    if scene.host_managed or scene.simple:
        return None
    path = scene.places.credentials
    source = Source("login", "claudeAiOauth", "", path)
    if (
        login.renewable
        and login.expired(time.time() * 1000)
        and not scene.request.text(rules.BASE_URL)
    ):
        return Candidate(
            "stored login", source, None, "it has expired and is renewed first"
        )
    return Candidate("stored login", source, Secret(login.access_token))


@dataclass(frozen=True, slots=True)
class Selected:
    """An Anthropic profile or federation, and whether it was asked for."""

    candidate: Candidate
    explicit: bool  # named, or a federation: takes the stored login away
    base_url: str = ""


def anthropic_profile(scene: Scene, view: View) -> Selected | None:
    """Return the profile or federation that Claude Code would use."""
    if scene.host_managed or scene.simple:
        return None
    named = view.get(rules.PROFILE)
    name = named.text.strip() if named else ""
    if name:
        found = _profile(scene, view, name)
        # One that does not exist is passed over in silence.
        if found is not None:
            return _selected(scene, found, named and named.source, named=True)
    if all(view.text(v) for v in rules.FEDERATION):
        value = view.get(rules.FEDERATION[0])
        place = value.source if value else Source("federation", "")
        source = Source(
            "federation", place.name, place.set_by, place.path, place.line
        )
        return Selected(Candidate("profile", source, None, ASK_TOKEN), True)
    active = _active_name(scene, view)
    found = _profile(scene, view, active or "default")
    return _selected(scene, found, None, named=False) if found else None


def _selected(
    scene: Scene,
    found: AnthropicProfile,
    chosen_by: Source | None,
    *,
    named: bool,
) -> Selected:
    folder = profile_dir(scene, scene.request)
    path = os.path.join(folder, "credentials", f"{found.name}.json")
    source = Source(
        "anthropic_profile",
        found.name,
        chosen_by.set_by if chosen_by else "",
        path,
    )
    federation = found.kind == "oidc_federation"
    value: Secret | None = Secret(found.access_token)
    why = refusal = ""
    if federation:
        value, why = None, ASK_TOKEN
    elif found.exposed:
        refusal = f"other users can read {path}, so Claude Code refuses it"
    elif found.expires_at is not None and found.expires_at < time.time():
        if found.renewable:
            value, why = None, "it has expired and is renewed first"
        else:
            refusal = f"the Anthropic profile '{found.name}' has expired"
    candidate = Candidate("profile", source, value, why, refusal)
    return Selected(candidate, named or federation, found.base_url)


def profile_dir(scene: Scene, view: View) -> str:
    """Return the folder of Anthropic's own profiles."""
    own = view.text(rules.PROFILE_DIR)
    if own:
        return os.path.join(scene.cwd, own)
    xdg = scene.environ.get("XDG_CONFIG_HOME")
    base = xdg or os.path.join(scene.home, ".config")
    return os.path.join(base, "anthropic")


def _active_name(scene: Scene, view: View) -> str:
    data = scene.read(os.path.join(profile_dir(scene, view), "active_config"))
    return data.decode("utf-8", "replace").strip() if data else ""


def _profile(scene: Scene, view: View, name: str) -> AnthropicProfile | None:
    if "/" in name or "\\" in name or name.startswith(".") or "\0" in name:
        return None
    folder = profile_dir(scene, view)
    credentials = os.path.join(folder, "credentials", f"{name}.json")
    return logins.anthropic_profile(
        name,
        scene.read(os.path.join(folder, "configs", f"{name}.json")),
        scene.read(credentials),
        scene.mode(credentials),
    )


def socket_is_there(path: str) -> bool:
    """Tell whether something can be reached at a Unix socket's path."""
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
