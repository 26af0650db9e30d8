"""What an explanation says of a place: what is set where, and how to stop it.

Credentials are masked here, so that no explanation can show one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.origin import StartFiles
from keyswitch.providers.shapes import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.verdict import Header, Source, Value, Verdict

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
SESSION_TOKEN = "AWS_SESSION_TOKEN"
AWS_PROFILE = "AWS_PROFILE"

# Kinds of sources that a person sets and can take away.
SETTABLE = ("environment", "custom_header", "helper")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a verdict leaves out, read from the same scene.

    `origins` says which line of a start file sets a process variable.
    """

    flag: Value | None = None  # what chooses a cloud
    proxy: Value | None = None
    aws_profile: Value | None = None
    session_token: Value | None = None
    login_emptied: bool = False
    config: str = ""  # .claude.json, wherever it is
    active: str = ""  # the profile that keyswitch has active
    origins: Mapping[str, str] = field(default_factory=dict)


def look(scene: Scene, verdict: Verdict, active: str = "") -> Surroundings:
    """Read what a verdict leaves out. No helper runs."""
    view = scene.request
    provider = verdict.provider
    proxy = next(filter(None, (view.get(name) for name in PROXIES)), None)
    found = Surroundings(
        flag=view.get(provider.flag) if provider else None,
        proxy=proxy if proxy and proxy.text.strip() else None,
        aws_profile=view.get(AWS_PROFILE),
        session_token=view.get(SESSION_TOKEN),
        login_emptied=scene.login is not None and scene.login.blanked,
        config=scene.places.global_config,
        active=active,
    )
    files = StartFiles(scene.home, scene.cwd, scene.environ.get("ZDOTDIR", ""))
    origins = {}
    for name in {s.name for s in _sources(verdict, found)}:
        value = scene.environ.get(name)
        origin = files.origin_of(name, value) if value else None
        if origin is not None:
            origins[name] = origin.place
    return replace(found, origins=origins)


def _sources(verdict: Verdict, found: Surroundings) -> Iterator[Source]:
    """Yield what an explanation may have to say the place of."""
    values = (
        verdict.base_url, found.flag, found.proxy, found.aws_profile,
        found.session_token,
    )  # fmt: skip
    yield from (value.source for value in values if value is not None)
    yield from (header.source for header in verdict.request.headers)
    yield from (hidden.source for hidden in verdict.request.shadowed)


def where(source: Source, around: Surroundings) -> str:
    """Return where a source is set, as the end of a sentence."""
    if source.path:
        return f"in {source.place}"
    if source.set_by == "flag":
        return "after --settings"
    origin = around.origins.get(source.name)
    return f"in this shell, by {origin}" if origin else "in this shell"


def how_to_stop(source: Source, around: Surroundings) -> str:
    """Return what takes a setting away, "" for a login, which is no setting."""
    if source.kind not in SETTABLE:
        return ""
    if source.set_by == "managed":
        return f"ask whoever manages {source.path}"
    if source.set_by == "flag" and not source.path:
        return "leave --settings away"
    if source.path:
        key = source.name if source.kind == "helper" else f"env.{source.name}"
        return f"remove {key} from {source.place}"
    origin = around.origins.get(source.name)
    first = f"take it out of {origin}, then " if origin else ""
    return f"{first}`unset {source.name}`"


def describe(header: Header, around: Surroundings) -> str:
    """Return a credential's source with its masked value."""
    source = header.source
    masked = mask(header.value.reveal()) if header.value else ""
    # A mask that hides everything says nothing.
    shown = f" ({masked})" if len(masked) > 1 else ""
    what = {
        "login": "the stored login",
        "managed_key": "the key of a Console login",
        "anthropic_profile": f"the Anthropic profile '{source.name}'",
        "aws_profile": f"the AWS profile '{source.name}'",
        "federation": "a token of the identity federation",
        "custom_header": f"a header of {source.name}",
    }.get(source.kind)
    if source.kind == "helper":
        what = f"what the command of {source.name} prints"
    what = what or source.name
    if source.path or source.set_by:
        return f"{what}{shown}, {where(source, around)}"
    return f"{what}{shown}"
