"""Whether a settings file of Claude Code replaces what `env` exports.

`env` stands in start files, so this looks at the files' bytes first and
parses nothing unless a variable's name is in there.
"""

from __future__ import annotations

import os

from keyswitch.disk.opening import read_start, upwards
from keyswitch.profiles.paths import home_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.shells import EnvScript

_LIMIT = 1 << 20  # bytes of a settings file that are looked at here
_MANAGED = "/etc/claude-code"
_HELPER = "apiKeyHelper"
_OURS = " helper claude-code"
# `use` cancels these, since its helper answers in their place.
_CANCELLED = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
)


def lines(
    script: EnvScript, environ: Mapping[str, str], *, by_helper: bool
) -> list[str]:
    """Return one line for each exported variable that is replaced.

    `by_helper`: keyswitch's helper can answer for what is exported, so a
    variable that is cancelled beside that helper is missed by nobody.
    """
    names = [name.encode() for name, _ in script.assign]
    texts = [
        read_start(path, _LIMIT) or b""
        for path in dict.fromkeys(_settings(environ))
    ]
    helpers = [text for text in texts if _HELPER.encode() in text]
    if by_helper and len(helpers) == 1 and _OURS.encode() in helpers[0]:
        texts = [_without_cancelled(text) for text in texts]
    if not any(name in text for name in names for text in texts):
        return []
    return _exact(script, environ, by_helper=by_helper)


def _without_cancelled(text: bytes) -> bytes:
    for name in _CANCELLED:
        for between in (": ", ":"):
            text = text.replace(f'"{name}"{between}""'.encode(), b"")
    return text


def _settings(environ: Mapping[str, str]) -> list[str]:
    """Return the settings files that may be there, wherever Claude starts."""
    home = home_of(environ)
    user = environ.get("CLAUDE_CONFIG_DIR") or home + "/.claude"
    found = [user + "/settings.json", user + "/remote-settings.json"]
    found.append(_MANAGED + "/managed-settings.json")
    try:
        folder = os.getcwd()
    except OSError:
        folder = os.environ.get("PWD", "/")
    try:
        drop_ins = os.listdir(_MANAGED + "/managed-settings.d")
    except OSError:
        drop_ins = []
    found += [f"{_MANAGED}/managed-settings.d/{name}" for name in drop_ins]
    found.append(folder + "/.claude/settings.json")
    above = [*upwards(folder)]
    if any(os.path.isfile(at + "/.git") for at in above):
        # A worktree: its main checkout is elsewhere. Loaded only there.
        from keyswitch.targets.claude_code.repository import root_of

        above.append(root_of(folder, home))
    found += [f"{at}/.claude/settings.local.json" for at in above]
    return found


def _exact(
    script: EnvScript, environ: Mapping[str, str], *, by_helper: bool
) -> list[str]:
    """Return the lines by what the resolver makes of the settings."""
    from keyswitch.targets.claude_code.resolver.scene import Scene

    after = {**environ, **dict(script.assign)}
    home = home_of(after)
    scene = Scene(after, home=home, cwd=os.getcwd())
    view, helper = scene.request, scene.command(_HELPER)
    answered = by_helper and helper is not None and _OURS in helper.text
    found = []
    for name, value in script.assign:
        winner = view.get(name)
        if winner is None or winner.source.set_by == "process":
            continue
        if answered and name in _CANCELLED and not winner.text:
            continue
        if winner.text.strip() != value:
            found.append(
                f"{name} has no effect on Claude Code: {winner.source.place} "
                "overrides it"
            )
    return found
