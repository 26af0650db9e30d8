"""Look whether every file of keyswitch's own is what it has to be.

Commands set aside what they stumble over. `doctor` looks before any other
work is done, since a damaged file may be in the way of that, and at all of
them, since some are read only once in a while.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from keyswitch.changes import bindings, history, hook_files, login_ledger
from keyswitch.commit import journal, made_folders
from keyswitch.commit.keychain_items import decoded, note_file
from keyswitch.diagnosis.findings.finding import ERROR, WARNING, Finding
from keyswitch.diagnosis.findings.mend import ASIDE, HOOK, MODE, Mend
from keyswitch.disk import permissions
from keyswitch.disk.atomic import STAGE_PREFIX, read_regular
from keyswitch.disk.opening import is_planted
from keyswitch.errors import (
    DamagedFileError,
    KeyswitchError,
    NewerFileError,
    OddFileError,
)
from keyswitch.model import Frozen
from keyswitch.profiles import settings, state
from keyswitch.profiles.odd_files import MARK, is_link_to_key, set_aside
from keyswitch.providers import binding
from keyswitch.providers.catalogue import load_catalogue
from keyswitch.secrets.vault import envelope
from keyswitch.secrets.vault.reading import Vault
from keyswitch.shells.hook_scripts import WITH_FILE
from keyswitch.switching.logging_in.old_sessions import stamp_file
from keyswitch.switching.upkeep import hook_findings
from keyswitch.targets import table
from keyswitch.targets.values import id_of_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from keyswitch.profiles.paths import Paths

NEWER = "own-file-newer"  # of a finding: nothing may be changed
NEWER_ERRORS = (NewerFileError, envelope.NewerError)

_LIMIT = 1 << 24  # bytes
_WITHOUT = "keyswitch goes on without it, and it is kept under another name"


class _Kind(Frozen):
    """Files of one kind: where they are, and what reads one."""

    folder: str
    names: tuple[str, ...] = ()  # empty: all that are there
    read: Callable[[str, bytes], object] | None = None


def findings(paths: Paths, environ: Mapping[str, str]) -> list[Finding]:
    """Return what is wrong with files and folders of keyswitch's own."""
    found = [*_folders(paths)]
    if not found:
        for kind in _kinds(paths):
            for path in _paths_of(kind):
                found += _file(paths, path, kind)
        found += _settings(paths)
        found += _vault(paths)
    if not found:
        found += hook_findings.findings(paths, environ)
    return found


def mend(
    mends: Sequence[Mend], paths: Paths, environ: Mapping[str, str]
) -> list[str]:
    """Carry out what the findings say; return what was done, a line each."""
    done = []
    for m in mends:
        try:
            if m.kind == HOOK:
                done.append(hook_findings.write(paths, environ, m.path))
                continue
            if identity(m.path) != m.expected:
                continue  # another command was faster
            if m.kind == ASIDE:
                done.append(f"{m.path} is kept as {set_aside(m.path)}")
            else:
                permissions.change_mode(m.path, m.mode)
                done.append(f"{m.path} has the mode {m.mode:04o}")
        except OSError as e:
            done.append(f"{m.path} stays as it is: {e.strerror}")
    return done


def identity(path: str) -> str:
    """Return what tells one state of a file from the next."""
    try:
        found = os.lstat(path)
    except OSError:
        return ""
    return f"{found.st_ino:x}.{found.st_ctime_ns:x}.{found.st_mode:o}"


def _kinds(paths: Paths) -> tuple[_Kind, ...]:
    def one_of_the_baselines(path: str, data: bytes) -> object:
        if path == paths.logins_file:
            return login_ledger.decode(path, data)
        if path == paths.made_file:
            return made_folders.parse(path, data)
        target_id = id_of_record(path)
        if target_id not in table.TARGETS:
            return None  # a program that this keyswitch does not know
        return table.get(target_id).recorded(path, data)

    plain = (
        paths.lock_file,
        paths.history_file,
        paths.aws_config_file,
        paths.machine_key_file,
        paths.install_key_file,
        paths.remotes_file,
        paths.vault_seen_file,
        stamp_file(paths),
        os.path.join(paths.data, "vault.lock"),
    )
    return (
        _one(paths.state_file, lambda path, data: state.parse(data, path)),
        _one(
            paths.undo_file, lambda path, data: history.parse_undo(data, path)
        ),
        _one(note_file(paths), decoded),
        _one(paths.start_files_file, hook_files.parse),
        *(_one(paths.hook_file(s), hook_files.refuse_odd) for s in WITH_FILE),
        *map(_one, plain),
        _Kind(paths.journal_dir, (), lambda path, _: journal.read(path)),
        _Kind(paths.baseline_dir, (), one_of_the_baselines),
        _Kind(paths.bound_dir, (), binding.parse),
        _Kind(paths.agreed_dir, (), bindings.check_record),
        _Kind(paths.intents_dir),
        _Kind(os.path.dirname(paths.compiled("x"))),
        _Kind(os.path.dirname(paths.trusted("x"))),
    )


def _one(
    path: str, read: Callable[[str, bytes], object] | None = None
) -> _Kind:
    return _Kind(os.path.dirname(path), (os.path.basename(path),), read)


def _paths_of(kind: _Kind) -> Iterator[str]:
    names = kind.names
    if not names:
        try:
            names = tuple(sorted(os.listdir(kind.folder)))
        except OSError:
            return
    for name in names:
        if MARK not in name and not name.startswith(STAGE_PREFIX):
            yield os.path.join(kind.folder, name)


def _folders(paths: Paths) -> Iterator[Finding]:
    """Find what is no folder, or one that keyswitch may not use."""
    for path in paths.own_folders:
        found = _seen(path)
        if found is None:
            continue
        if not stat.S_ISDIR(found.st_mode):
            yield _aside(path, f"{path} is not a directory")
        elif os.path.islink(path) and path in paths.state_folders:
            yield _aside(path, f"{path} is a link to another folder")
        elif _is_mine(found) and not os.path.islink(path):
            wanted = stat.S_IMODE(found.st_mode) | 0o700
            yield from _mode(path, found, wanted & ~0o002)


def _file(paths: Paths, path: str, kind: _Kind) -> Iterator[Finding]:
    found = _seen(path)
    if found is None:
        return
    is_plain = stat.S_ISREG(found.st_mode) and not os.path.islink(path)
    if is_plain and _is_mine(found):
        exact = stat.S_IMODE(found.st_mode) | 0o600
        if exact != stat.S_IMODE(found.st_mode):
            yield from _mode(path, found, exact)
            return
    try:
        data = read_regular(path, _LIMIT, ours=True)
        if data is not None and kind.read is not None:
            kind.read(path, data)
    except KeyswitchError as e:
        if is_link_to_key(paths, path) or not isinstance(e, OddFileError):
            yield _for_a_person(path, e)
        else:
            lost = isinstance(e, DamagedFileError)
            yield _aside(path, e.message, e.what_is_lost if lost else _WITHOUT)


def _seen(path: str) -> os.stat_result | None:
    """Return what is there, at the end of its links if they have one."""
    with contextlib.suppress(OSError):
        return os.stat(path)
    with contextlib.suppress(OSError):
        return os.lstat(path)
    return None


def _settings(paths: Paths) -> Iterator[Finding]:
    """Find a `config.toml` or a provider's file that cannot be read."""
    try:
        settings.load(paths)
    except KeyswitchError as e:
        yield _aside(
            paths.config_file,
            e.message,
            "no profile is used while its settings are not known; without "
            "the file, the usual ones count",
            e.hint,
        )
    catalogue = load_catalogue(paths)
    for path in _paths_of(_Kind(paths.providers_dir)):
        provider_id, ending = os.path.splitext(os.path.basename(path))
        if ending == ".toml" and provider_id in catalogue.ids():
            try:
                catalogue.get(provider_id)
            except KeyswitchError as e:
                yield _for_a_person(path, e)


def _vault(paths: Paths) -> Iterator[Finding]:
    """Find a vault that does not look like one, or that has lost its key."""
    vault = Vault(paths)
    if not vault.exists():
        return
    try:
        slots = {s["type"] for s in vault.load().header["slots"]}
        key = read_regular(paths.machine_key_file, 1 << 16, ours=True)
    except KeyswitchError as e:
        seen = paths.vault_seen_file
        if isinstance(e, OddFileError) and e.path == seen:
            yield _aside(seen, e.message)
        else:
            yield _for_a_person(paths.vault_file, e)
        return
    if "machine" in slots and len(key or b"") != envelope.KEY_SIZE:
        path = paths.machine_key_file
        yield Finding(
            "own-file-damaged",
            ERROR if slots == {"machine"} else WARNING,
            f"{path} is {'damaged' if key is not None else 'missing'}",
            "the vault does not open by itself any more",
            f"restore {path}"
            if slots == {"machine"}
            else "open the vault, then: keyswitch vault machine-key",
            path,
        )


def _is_mine(found: os.stat_result) -> bool:
    return os.name == "posix" and found.st_uid == os.getuid()


def _mode(path: str, found: os.stat_result, wanted: int) -> Iterator[Finding]:
    present = stat.S_IMODE(found.st_mode)
    if present != wanted and not is_planted(found):
        yield Finding(
            "own-file-mode",
            ERROR,
            f"{path} has mode {present:04o}",
            "keyswitch cannot work with it, or others could change it",
            f"chmod {wanted:04o} {path}",
            path,
            Mend(MODE, path, mode=wanted, expected=identity(path)),
        )


def _aside(path: str, what: str, why: str = _WITHOUT, fix: str = "") -> Finding:
    return Finding(
        "own-file-damaged",
        ERROR,
        what,
        why,
        f"{fix or 'look at it'}; or set it aside: keyswitch doctor --fix",
        path,
        Mend(ASIDE, path, expected=identity(path)),
    )


def _for_a_person(path: str, error: KeyswitchError) -> Finding:
    return Finding(
        NEWER if isinstance(error, NEWER_ERRORS) else "own-file-damaged",
        ERROR,
        error.message,
        "what needs this file does not work; everything else does",
        error.hint,
        path,
    )
