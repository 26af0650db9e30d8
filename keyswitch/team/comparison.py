"""What a team file would change here: each file, before and after.

A profile or provider of the team has the team's name in its file. What has the
same name and not that mark is the person's own, or another team's: it stays.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from keyswitch.disk.atomic import names_in
from keyswitch.display import secrets_in, without_secrets
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.model import Frozen, Profile
from keyswitch.profiles import profile_files
from keyswitch.profiles.paths import Paths
from keyswitch.profiles.toml_text import parse_bytes
from keyswitch.team.team_file import Item, Team, built_in

Reader = Callable[[str, int], bytes | None]

_LIMIT = profile_files.PROFILE_LIMIT  # of both kinds of files
# What decides neither where a secret goes nor where it counts.
_SMALL = {
    "name", "label", "created", "expires", "expires_expected", "expect",
    "fields", "secrets",
}  # fmt: skip


class Difference(Frozen):
    """One file that the change makes, changes or removes."""

    item: Item
    before: bytes | None
    after: bytes | None
    decides: tuple[str, ...]  # what of it says where secrets go

    @property
    def what(self) -> str:
        """Say in a word what becomes of it."""
        if self.before is None:
            return "new"
        return "removed" if self.after is None else "changed"


class TakenName(Frozen):
    """A name of the team file that is taken here; what has it stays."""

    item: Item
    owner: str  # another team; "": it is the person's own


class Comparison(Frozen):
    """All that a team file would change."""

    differences: tuple[Difference, ...]
    left: tuple[TakenName, ...]

    @property
    def is_small(self) -> bool:
        """Tell whether nothing of it decides where a secret goes."""
        return not any(one.decides for one in self.differences)


def path_of(paths: Paths, item: Item) -> str:
    """Return the file that an item is, or will be."""
    if item.kind == "profile":
        return paths.profile(item.name)
    return f"{paths.providers_dir}/{item.name}.toml"


def compare(
    paths: Paths, name: str, team: Team | None, read: Reader
) -> Comparison:
    """Compare a team's next state with the files; None: it goes away."""
    wanted = {} if team is None else team.texts
    present = dict(marked(paths, name, read))
    differences, left = [], []
    for item in sorted({*wanted, *present}, key=_order):
        before, after = present.get(item), wanted.get(item)
        if after is not None and before is None:
            other = read(path_of(paths, item), _LIMIT)
            if other is not None:
                left.append(TakenName(item, team_of(other)))
                continue
        if before != after:
            decides = tuple(_decides(item, before, after, team))
            differences.append(Difference(item, before, after, decides))
    return Comparison(tuple(differences), tuple(left))


def _order(item: Item) -> tuple[bool, str]:
    return item.kind != "provider", item.name


def marked(
    paths: Paths, name: str, read: Reader
) -> Iterator[tuple[Item, bytes]]:
    """Yield every file here that has a team's mark."""
    for kind, folder in (
        ("provider", paths.providers_dir),
        ("profile", paths.profiles_dir),
    ):
        for entry in names_in(folder):
            item = Item(kind, entry.removesuffix(".toml"))
            if entry.endswith(".toml") and not entry.startswith("."):
                data = _read_any(read, path_of(paths, item))
                if data is not None and team_of(data) == name:
                    yield item, data


def _read_any(read: Reader, path: str) -> bytes | None:
    try:
        return read(path, _LIMIT)
    except KeyswitchError:
        return None  # no file, so nobody's


def team_of(data: bytes) -> str:
    """Return the team whose mark a file has, or ""."""
    if b"team" not in data:
        return ""
    try:
        return str(parse_bytes(data, "").get("team", ""))
    except InputError:
        return ""  # a broken file is the person's own to mend


def _decides(
    item: Item, before: bytes | None, after: bytes | None, team: Team | None
) -> Iterator[str]:
    """Yield what of a difference says where secrets go, in words."""
    if after is None or team is None:
        return
    if item.kind == "provider":
        yield "provider file"
        return
    new = team.profiles[item.name]
    try:
        old = profile_files.parse((before or b"").decode(), f"{item.name}.toml")
    except (InputError, UnicodeDecodeError):
        yield "new profile" if before is None else "unreadable before"
        return
    yield from _changed(old, new, _harmless(team, new.provider))


def _harmless(team: Team, provider_id: str) -> set[str]:
    """Return the fields of a built-in provider that send nothing elsewhere.

    What the team's own provider says of its fields proves nothing.
    """
    if provider_id in team.providers:
        return set()
    fields = built_in().get(provider_id).fields
    return {field.name for field in fields if field.harmless}


def _changed(old: Profile, new: Profile, harmless: set[str]) -> Iterator[str]:
    """Yield what is not the same, apart from what decides nothing."""
    for key, value in old._asdict().items():
        if key not in _SMALL and value != getattr(new, key):
            yield key
    for name in sorted({*old.fields, *new.fields}):
        differs = old.fields.get(name) != new.fields.get(name)
        if differs and name not in harmless:
            yield name
    for field in sorted({*old.secrets, *new.secrets}):
        refs = (old.secrets.get(field), new.secrets.get(field))
        if len({ref and (ref.store, ref.item) for ref in refs}) > 1:
            yield f"reference of {field}"


def unified(difference: Difference) -> Iterator[str]:
    """Yield the lines of one difference, as `diff -u` shows it.

    A secret that somebody has written into a file by hand is cut short.
    """
    item = difference.item
    name = f"{item.kind}s/{item.name}.toml"
    before, after = difference.before, difference.after
    lines = difflib.unified_diff(
        _text_lines(before),
        _text_lines(after),
        "/dev/null" if before is None else name,
        "/dev/null" if after is None else name,
        lineterm="",
    )
    for line in lines:
        yield without_secrets(line) if secrets_in(line) else line


def _text_lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines()
