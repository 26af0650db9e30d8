"""link, unlink, allow, deny: directories that ask for a profile."""

from __future__ import annotations

import os
from shlex import quote

from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.directories import links, patterns
from keyswitch.directories.links import Link
from keyswitch.disk.atomic import read_regular
from keyswitch.disk.opening import upwards
from keyswitch.display import printable
from keyswitch.errors import FileStateError, InputError, NotFoundError
from keyswitch.model import FileChange
from keyswitch.profiles import settings, toml_edits
from keyswitch.profiles.paths import Paths
from keyswitch.workspace import Workspace

_LIMIT = 4096  # bytes of a record of trust
_WORDS = {links.ALLOWED: "allow", links.DENIED: "deny"}


def link(workspace: Workspace, name: str, folder: str) -> str:
    """Let a directory ask for a profile, and allow it. Return the file."""
    workspace.load(name)
    path = os.path.join(os.path.realpath(folder), links.FILE)
    after = f"{name}\n".encode()

    def make(draft: Draft) -> None:
        found = _replaceable(workspace.paths, path)
        before = found.data if found else None
        if found is not None and before == after:
            if found.status == links.ALLOWED:
                return
        elif found is not None:
            _forget(draft, found)
        draft.edit(FileChange(path, before, after, mode=0o644), own=True)
        mark = links.mark_of(path, after)
        _record(draft, mark, path, links.ALLOWED)
        _name(draft, "link", name)

    commit(workspace, make)
    return path


def _name(draft: Draft, command: str, profile: str) -> None:
    draft.command, draft.profile, draft.tells_shells = command, profile, True


def unlink(workspace: Workspace, folder: str) -> Link:
    """Take a directory's link away, and what was said about it."""
    path = os.path.join(os.path.realpath(folder), links.FILE)

    def make(draft: Draft) -> Link:
        found = _replaceable(workspace.paths, path)
        if found is None:
            raise NotFoundError(
                f"no link in {folder}",
                "'keyswitch link' shows which link applies here",
            )
        draft.edit(FileChange(path, found.data, None), own=True)
        _forget(draft, found)
        _name(draft, "unlink", found.name)
        return found

    return commit(workspace, make)[0]


def judge(workspace: Workspace, path: str, status: str) -> Link:
    """Allow or deny a link as it stands now."""

    def make(draft: Draft) -> Link:
        found = links.read(workspace.paths, path)
        if found is None:
            raise NotFoundError(
                f"no {links.FILE} here or above",
                "create one: keyswitch link NAME",
            )
        if status == links.ALLOWED:
            if not found.name:
                raise InputError(
                    f"{found.path} cannot be used: {found.why}",
                    "move it out of the way, then: keyswitch link NAME",
                )
            workspace.load(found.name)
        if found.status != status:
            _record(draft, found.mark, found.path, status)
            _name(draft, _WORDS[status], found.name)
        return found

    return commit(workspace, make)[0]


def nearest(folder: str) -> str:
    """Return the path of the link nearest to a directory, upwards.

    A directory without one gives the path that it would have there.
    """
    folder = os.path.realpath(folder)
    for at in upwards(folder):
        path = os.path.join(at, links.FILE)
        is_folder = os.path.isdir(path) and not os.path.islink(path)
        if os.path.lexists(path) and not is_folder:
            return path
    return os.path.join(folder, links.FILE)


def asking_for(workspace: Workspace, name: str) -> list[str]:
    """Return the allowed links, files and patterns, that name a profile.

    Files are known by the records of trust; one that was never allowed here
    counts nowhere, so nobody misses it.
    """
    folder = os.path.dirname(workspace.paths.trusted("x"))
    try:
        marks = sorted(os.listdir(folder))
    except OSError:
        marks = []
    found = set()
    for mark in marks:
        record = read_regular(workspace.paths.trusted(mark), _LIMIT) or b""
        path = os.fsdecode(record).partition("\n")[2].strip()
        link = links.read(workspace.paths, path) if path else None
        if link and link.status == links.ALLOWED and link.name == name:
            found.add(path)
    rules = workspace.settings.links
    return sorted(found) + [p for p, asked in rules if asked == name]


def link_remote(workspace: Workspace, pattern: str, name: str) -> None:
    """Let every clone of a remote ask for a profile."""
    patterns.check(pattern)
    if patterns.is_directory(pattern):
        raise InputError(
            f"'{pattern}' is a directory",
            "to link a directory, run in it: keyswitch link NAME",
        )
    workspace.load(name)
    _edit_rules(workspace, "link", pattern, name)


def unlink_remote(workspace: Workspace, pattern: str) -> str:
    """Take the rule of a remote away; return the profile it named."""
    rules = dict(workspace.settings.links)
    if pattern not in rules:
        raise NotFoundError(
            f"no link for '{printable(pattern)}'",
            "'keyswitch link' lists them",
        )
    _edit_rules(workspace, "unlink", pattern, None)
    return rules[pattern]


def _edit_rules(
    workspace: Workspace, command: str, pattern: str, name: str | None
) -> None:
    path = workspace.paths.config_file

    def make(draft: Draft) -> None:
        before = draft.read(path, settings.SETTINGS_LIMIT)
        after = toml_edits.with_link(before, pattern, name, path)
        if after != before:
            draft.write(path, after, limit=settings.SETTINGS_LIMIT, own=True)
            _name(draft, command, name or "")

    commit(workspace, make)


def _replaceable(paths: Paths, path: str) -> Link | None:
    """Return a link that may be replaced, or raise; None: there is none."""
    found = links.read(paths, path)
    if found is None:
        return None
    # An empty file, or one name: anything else may be somebody's work.
    if found.data is None or (not found.name and found.data.strip()):
        why = (
            found.why if found.data is None else "it contains more than a name"
        )
        raise FileStateError(
            f"{path} is not a keyswitch link: {why}",
            "move it out of the way first",
        )
    return found


def _record(draft: Draft, mark: str, path: str, status: str) -> None:
    target = draft.workspace.paths.trusted(mark)
    folder = os.path.dirname(target)
    exists = os.name == "posix" and os.path.isdir(folder)
    if exists and os.stat(folder).st_mode & 0o022:
        raise FileStateError(
            f"other users can write to {folder}, so nothing in it is trusted",
            f"delete it and allow your links again: rm -r {quote(folder)}",
        )
    text = f"{_WORDS[status]}\n{printable(path)}\n"
    change = FileChange(target, _kept(target), os.fsencode(text), private=True)
    draft.edit(change, own=True)


def _kept(target: str) -> bytes | None:
    """Return a record; what is none of keyswitch's own has to go first."""
    if os.path.islink(target):
        raise FileStateError(
            f"{target} is a symbolic link", "remove it and try again"
        )
    data = read_regular(target, _LIMIT)
    if data is not None and not data.isascii():
        raise FileStateError(f"{target} is damaged", "remove it and try again")
    return data


def _forget(draft: Draft, found: Link) -> None:
    """Take back the judgement of a text that goes."""
    target = draft.workspace.paths.trusted(found.mark)
    record = _kept(target)
    if record is not None:
        draft.edit(FileChange(target, record, None), own=True)
