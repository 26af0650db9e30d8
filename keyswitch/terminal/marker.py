"""What a shell has to set, unset, keep and give back for a profile.

Part of the express lane. Pure: (environment seen, wishes) -> EnvScript. The
exported marker `KEYSWITCH_ENV` holds a profile's name, whether the shell
follows the global switch or was pinned by name, a stamp, the names that were
set or displaced, and short keyed fingerprints of what was set, which tell a
value that somebody set later from keyswitch's own: never a value. Without the
key of this machine not even a guess can be checked.
"""

from __future__ import annotations

from keyswitch.disk.opening import read_start
from keyswitch.profiles.names import is_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keyswitch.profiles.paths import Paths
    from keyswitch.shells import EnvScript

_KEY_SIZE = 32  # bytes of the key

MARKER = "KEYSWITCH_ENV"
TOLD = "KEYSWITCH_TOLD"  # what a person of this shell has read once
PANE = "KEYSWITCH_PANE"  # where this terminal's own choice was made
FOLLOW = "f"  # `env`: this shell follows the active profile
PINNED = "p"  # `env NAME`: this shell asked for that one


class Marker:
    """What keyswitch did to a shell's environment last time."""

    __slots__ = ("assigned", "displaced", "mode", "name", "prints", "stamp")

    def __init__(  # noqa: PLR0913
        self,
        name: str,
        mode: str,
        stamp: str,
        assigned: Iterable[str] = (),
        displaced: Iterable[str] = (),
        prints: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.mode = mode
        self.stamp = stamp
        self.assigned = sorted(assigned)
        self.displaced = sorted(displaced)
        # {variable: fingerprint}, and the key's own under ""; or nothing
        self.prints = dict(prints or {})

    def text(self) -> str:
        """Return the marker variable's value."""
        parts = [
            self.name,
            self.mode,
            self.stamp,
            ",".join(self.assigned),
            ",".join(self.displaced),
        ]
        if self.prints:
            prints = [self.prints.get(n, "") for n in ("", *self.assigned)]
            parts.append(",".join(prints))
        return ":".join(parts)

    def not_ours(self, environ: Mapping[str, str], key: bytes) -> set[str]:
        """Return the assigned variables that somebody else set since.

        None that is known: where the marker is another machine's, a name
        alone has to do.
        """
        if not (key and self.prints):
            return set()
        if self.prints[""] != fingerprint(key, "", ""):
            return set()
        return {
            name
            for name in self.assigned
            if name in environ
            and self.prints.get(name)
            and self.prints[name] != fingerprint(key, name, environ[name])
        }


def pane_of(environ: Mapping[str, str], device: str) -> str:
    """Return which terminal this is: the pane of a multiplexer, and a device.

    A multiplexer's server hands its first environment on to every pane; "-":
    none. Two servers have panes of the same name.
    """
    screen = f"{environ.get('STY', '')}:{environ.get('WINDOW', '')}"
    pane = (
        environ.get("TMUX_PANE")
        or environ.get("ZELLIJ_PANE_ID")
        or (screen if environ.get("STY") else "-")
    )
    return f"{pane}@{device}"


def came_along(environ: Mapping[str, str], device: str) -> bool:
    """Tell whether a terminal's own choice is another terminal's.

    Where a device is not known, the pane alone has to do.
    """
    pane, _, made_on = environ.get(PANE, "").partition("@")
    here = pane_of(environ, "").removesuffix("@")
    other = "" not in (made_on, device) and made_on != device
    return pane != "" and (pane != here or other)


def read_marker(environ: Mapping[str, str]) -> Marker | None:
    """Return the marker of this environment; a malformed one counts as none."""
    parts = environ.get(MARKER, "").split(":")
    if len(parts) not in (5, 6) or parts[1] not in (FOLLOW, PINNED):
        return None
    assigned = [n for n in parts[3].split(",") if n]
    displaced = [n for n in parts[4].split(",") if n]
    if not all(is_variable(n) for n in assigned + displaced):
        return None
    prints = parts[5].split(",") if len(parts) == 6 else []
    if len(prints) != len(assigned) + 1:
        prints = []  # nobody knows which is whose
    found = dict(zip(["", *assigned], prints, strict=False))
    return Marker(parts[0], parts[1], parts[2], assigned, displaced, found)


def plan_script(  # noqa: PLR0913
    environ: Mapping[str, str],
    *,
    name: str,
    mode: str,
    stamp: str,
    assign: Iterable[tuple[str, str]],
    rivals: Iterable[str],
    key: bytes = b"",
    spare: Iterable[str] = (),
) -> EnvScript:
    """Plan what turns this environment into that of profile `name`.

    A name that keyswitch touched before and does not need any more goes back
    to what the person had. A value of the person's own that stands in the way
    is kept in the shell first. One that somebody has set over keyswitch's
    (`key` tells) is the person's, too. `spare` names those that may get
    keyswitch's former value back, by what set them.
    """
    pairs = dict(assign)
    marker = read_marker(environ)
    theirs = marker.not_ours(environ, key) if marker else set()
    ours = set(marker.assigned) - theirs if marker else set()
    displaced = set(marker.displaced) if marker else set()
    wanted = set(pairs) | set(rivals)
    save = {n for n in wanted if n in environ and n not in ours}
    # What was kept of one that is not wanted is older than what is there.
    save |= theirs & displaced - wanted
    prints = fingerprints(key, pairs.items())
    spared = (theirs & set(spare)) - wanted
    if marker and prints:
        prints |= {n: marker.prints[n] for n in spared}
    names = {*pairs, *spared}
    kept = (displaced | save) & wanted
    new = Marker(name, mode, stamp, names, kept, prints)
    pairs[MARKER] = new.text()
    from keyswitch.shells import EnvScript

    return EnvScript(
        restore=sorted((ours | displaced) - wanted - theirs),
        save=sorted(save),
        remove=sorted(wanted - set(pairs)),
        assign=sorted(pairs.items()),
    )


# Documents are for files and programs; no shell takes them back later.
DOCUMENTS = ("dotenv", "json")


def for_language(script: EnvScript, language: str) -> EnvScript:
    """Return the script without the marker where no shell reads it."""
    if language in DOCUMENTS:
        script.assign = [
            pair
            for pair in script.assign
            if pair[0] not in (MARKER, TOLD, PANE)
        ]
    return script


def plan_unset(
    environ: Mapping[str, str], key: bytes = b""
) -> EnvScript | None:
    """Plan what gives the person's environment back; None: nothing to do."""
    ours = [name for name in (MARKER, TOLD, PANE) if name in environ]
    if not ours:
        return None
    marker = read_marker(environ)
    touched: set[str] = set()
    if marker:
        touched = {*marker.assigned, *marker.displaced}
        touched -= marker.not_ours(environ, key)
    from keyswitch.shells import EnvScript

    return EnvScript(restore=sorted(touched), save=[], remove=ours, assign=[])


def applied(
    environ: Mapping[str, str],
    assign: Iterable[tuple[str, str]],
    rivals: Iterable[str],
    key: bytes = b"",
) -> dict[str, str]:
    """Return the environment that one child process of a profile gets.

    No marker and nothing kept: the parent's environment is not touched.
    """
    gone = set(rivals) | {MARKER, TOLD, PANE}
    marker = read_marker(environ)
    if marker:
        gone |= set(marker.assigned) - marker.not_ours(environ, key)
    result = {k: v for k, v in environ.items() if k not in gone}
    result.update(assign)
    return result


def read_key(paths: Paths) -> bytes:
    """Return the key; empty where there is none: then names have to do."""
    key = read_start(paths.install_key_file, _KEY_SIZE + 1)
    return key if key and len(key) == _KEY_SIZE else b""


def fingerprint(key: bytes, name: str, value: str) -> str:
    """Return the fingerprint of a variable; an empty name: of the key."""
    # The built-in that `hashlib` wraps; the wrapper costs a budget's quarter.
    from _blake2 import blake2b

    text = name.encode() + b"=" + value.encode("utf-8", "surrogateescape")
    digest: str = blake2b(text, digest_size=4, key=key).hexdigest()
    return digest


def fingerprints(
    key: bytes, pairs: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """Return {name: fingerprint}, and the key's own; none without a key."""
    if not key:
        return {}
    return {
        name: fingerprint(key, name, value)
        for name, value in [*pairs, ("", "")]
    }
