"""Whether a settings file of Claude Code replaces what `env` exports.

`env` stands in start files, so this looks at the files' bytes first and
parses nothing unless a variable's name is in there.
"""

from __future__ import annotations

import os

from keyswitch.profiles.paths import home_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.shells.script import EnvScript

_LIMIT = 1 << 20  # bytes of a settings file that are looked at here
_MANAGED = "/etc/claude-code"


def lines(script: EnvScript, environ: Mapping[str, str]) -> list[str]:
    """Return one line for each exported variable that is replaced."""
    names = [name.encode() for name, _ in script.assign]
    texts = [_start(path) for path in _settings(environ)]
    if not any(name in text for name in names for text in texts):
        return []
    return _exact(script, environ)


def _settings(environ: Mapping[str, str]) -> list[str]:
    """Return the settings files that may be there, wherever Claude starts."""
    home = home_of(environ)
    user = environ.get("CLAUDE_CONFIG_DIR") or home + "/.claude"
    found = [user + "/settings.json", _MANAGED + "/managed-settings.json"]
    try:
        folder = os.getcwd()
        drop_ins = os.listdir(_MANAGED + "/managed-settings.d")
    except OSError:
        folder, drop_ins = os.environ.get("PWD", "/"), []
    found += [f"{_MANAGED}/managed-settings.d/{name}" for name in drop_ins]
    found.append(folder + "/.claude/settings.json")
    while True:
        found.append(folder + "/.claude/settings.local.json")
        parent = os.path.dirname(folder)
        if parent == folder:
            return found
        folder = parent


def _start(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _LIMIT)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _exact(script: EnvScript, environ: Mapping[str, str]) -> list[str]:
    """Ask the resolver's own view of the variables."""
    from keyswitch.diagnosis.scene import Scene

    after = {**environ, **dict(script.assign)}
    home = home_of(after)
    view = Scene(after, home=home, cwd=os.getcwd()).request
    found = []
    for name, value in script.assign:
        winner = view.get(name)
        if winner is None or winner.source.set_by == "process":
            continue
        if winner.text.strip() != value:
            found.append(
                f"{name} has no effect on Claude Code: "
                f"{winner.source.place} sets it to something else"
            )
    return found
