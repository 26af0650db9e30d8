"""Look whether every file of keyswitch's own is what it has to be.

Commands set aside what they stumble over. `doctor` looks before any other
work is done, since a damaged file may be in the way of that, and at all of
them, since some are read only once in a while.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from shlex import quote

from keyswitch.changes import bindings, history, hook_files, login_ledger
from keyswitch.commit import journal
from keyswitch.commit.transaction import note_file
from keyswitch.diagnosis.one_step import one_step
from keyswitch.disk import atomic, permissions
from keyswitch.disk.atomic import STAGE_PREFIX, read_regular, write_private
from keyswitch.disk.opening import is_planted
from keyswitch.errors import (
    DamagedFileError,
    KeyswitchError,
    NewerFileError,
    OddFileError,
)
from keyswitch.outcome import so_far
from keyswitch.profiles import settings, state, team_records
from keyswitch.profiles.odd_files import MARK, is_link_to_key, set_aside
from keyswitch.profiles.paths import Paths
from keyswitch.providers import binding
from keyswitch.providers.catalogue import load_catalogue
from keyswitch.secrets.references import allowing
from keyswitch.secrets.vault import envelope
from keyswitch.secrets.vault.reading import Vault
from keyswitch.shells.hook_scripts import WITH_FILE
from keyswitch.switching.editing import status_line_setting
from keyswitch.switching.logging_in.leftovers import stamp_file
from keyswitch.switching.logins.keychain_note import decoded
from keyswitch.targets import table
from keyswitch.targets.values import id_of_record
from keyswitch.targets.verdict import ERROR, NOTE, WARNING, Finding, Mend

Reader = Callable[[str, bytes], object]

NEWER = "own-file-newer"  # of a finding: nothing may be changed
NEWER_ERRORS = (NewerFileError, envelope.NewerError)

_LIMIT = 1 << 24  # bytes
_WITHOUT = "keyswitch works without it and moves it out of the way"


def findings(paths: Paths, environ: Mapping[str, str]) -> list[Finding]:
    """Return what is wrong with files and folders of keyswitch's own."""
    found = [*_folders(paths)]
    if found:
        return found
    for path, read in _files(paths):
        found += _file(paths, path, read)
    found += _settings(paths)
    found += _vault(paths)
    return found or [*_hooks(paths, environ)]


def mend(
    mends: Sequence[Mend], paths: Paths, environ: Mapping[str, str]
) -> list[str]:
    """Carry out what the findings say; return what was done, a line each."""
    done = []
    for m in mends:
        if m.kind != Mend.HOOK and identity(m.path) != m.expected:
            continue  # another command was faster
        try:
            if m.kind == Mend.HOOK:
                done.append(_write_hook(paths, environ, m.path))
            elif m.kind == Mend.ASIDE:
                done.append(f"moved {m.path} to {set_aside(m.path)}")
            else:
                permissions.change_mode(m.path, m.mode)
                done.append(f"changed the mode of {m.path} to {m.mode:04o}")
        except OSError as e:
            done.append(f"cannot change {m.path}: {e.strerror}")
        finally:  # it may be interrupted when it is done
            if identity(m.path) != m.expected:
                so_far.changes.append(m.path)
    return done


def identity(path: str) -> str:
    """Return what tells one state of a file from the next."""
    try:
        found = os.lstat(path)
    except OSError:
        return ""
    return f"{found.st_ino:x}.{found.st_ctime_ns:x}.{found.st_mode:o}"


def _files(paths: Paths) -> Iterator[tuple[str, Reader | None]]:
    """Yield every file of keyswitch's own, and what reads it."""
    yield paths.state_file, lambda path, data: state.parse(data, path)
    yield paths.undo_file, lambda path, data: history.parse_undo(data, path)
    yield note_file(paths), decoded
    yield paths.start_files_file, hook_files.parse
    yield paths.status_lines_file, status_line_setting.parse
    for shell in WITH_FILE:
        yield paths.hook_file(shell), hook_files.refuse_odd
    for path in (
        paths.lock_file,
        paths.history_file,
        paths.aws_config_file,
        paths.machine_key_file,
        paths.install_key_file,
        paths.remotes_file,
        paths.vault_seen_file,
        stamp_file(paths),
        os.path.join(paths.data, "vault.lock"),
    ):
        yield path, None
    readers: dict[str, Reader | None] = {
        **dict.fromkeys(paths.state_folders),
        paths.journal_dir: lambda path, _: journal.read(path),
        paths.baseline_dir: lambda *file: _read_record(paths, *file),
        paths.bound_dir: binding.parse,
        paths.agreed_dir: bindings.check_record,
        paths.allowed_dir: allowing.check_record,
        paths.teams_dir: team_records.check,
    }
    for folder, read in readers.items():
        yield from ((path, read) for path in _listed(folder))


def _read_record(paths: Paths, path: str, data: bytes) -> object:
    if path == paths.logins_file:
        return login_ledger.decode(path, data)
    if path == paths.made_file:
        return journal.parse_made(path, data)
    if (target_id := id_of_record(path)) not in table.TARGETS:
        return None  # a program that this keyswitch does not know
    return table.get(target_id).recorded(path, data)


def _listed(folder: str) -> list[str]:
    return [
        os.path.join(folder, name)
        for name in sorted(atomic.names_in(folder))
        if MARK not in name and not name.startswith(STAGE_PREFIX)
    ]


def _folders(paths: Paths) -> Iterator[Finding]:
    """Find what is no folder, or one that keyswitch may not use."""
    for path in paths.own_folders:
        if (found := _seen(path)) is None:
            continue
        if not stat.S_ISDIR(found.st_mode):
            yield _aside(path, f"{path} is not a directory")
        elif os.path.islink(path) and path in paths.state_folders:
            yield _aside(path, f"{path} is a link to another folder")
        elif _is_mine(found) and not os.path.islink(path):
            wanted = stat.S_IMODE(found.st_mode) | 0o700
            yield from _mode(path, found, wanted & ~0o002)


def _file(paths: Paths, path: str, read: Reader | None) -> Iterator[Finding]:
    if (found := _seen(path)) is None:
        return
    is_plain = stat.S_ISREG(found.st_mode) and not os.path.islink(path)
    present = stat.S_IMODE(found.st_mode)
    if is_plain and _is_mine(found) and present | 0o600 != present:
        yield from _mode(path, found, present | 0o600)
        return
    try:
        data = read_regular(path, _LIMIT, ours=True)
        if data is not None and read is not None:
            read(path, data)
    except KeyswitchError as e:
        if is_link_to_key(paths, path) or not isinstance(e, OddFileError):
            yield _for_a_person(path, e)
        else:
            lost = isinstance(e, DamagedFileError)
            yield _aside(path, e.message, e.what_is_lost if lost else _WITHOUT)


def _seen(path: str) -> os.stat_result | None:
    """Return what is there, at the end of its links if they have one."""
    for look in (os.stat, os.lstat):
        with contextlib.suppress(OSError):
            return look(path)
    return None


def _settings(paths: Paths) -> Iterator[Finding]:
    """Find a `config.toml` or a provider's file that cannot be read."""
    try:
        settings.load(paths)
    except KeyswitchError as e:
        yield _aside(
            paths.config_file,
            e.message,
            "keyswitch uses no profile while its settings are unknown; "
            "without the file, the defaults apply",
            e.hint,
        )
    catalogue = load_catalogue(paths)
    for path in _listed(paths.providers_dir):
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
        path, severity = paths.machine_key_file, WARNING
        fix = "keyswitch vault machine-key"
        if slots == {"machine", "recovery"}:
            fix = "keyswitch vault recovery --use"
        elif slots == {"machine"}:
            severity, fix = ERROR, f"restore {path}"
        what = f"{path} is {'damaged' if key is not None else 'missing'}"
        why = "the vault no longer opens by itself"
        yield Finding("own-file-damaged", severity, what, why, fix, path)


def _is_mine(found: os.stat_result) -> bool:
    return os.name == "posix" and found.st_uid == os.getuid()


def _mode(path: str, found: os.stat_result, wanted: int) -> Iterator[Finding]:
    present = stat.S_IMODE(found.st_mode)
    if present != wanted and not is_planted(found):
        yield Finding(
            "own-file-mode",
            ERROR,
            f"{path} has mode {present:04o}",
            "keyswitch cannot use it, or other users can change it",
            f"chmod {wanted:04o} {quote(path)}",
            path,
            Mend(Mend.MODE, path, mode=wanted, expected=identity(path)),
        )


def _aside(
    path: str, what: str, why: str = _WITHOUT, hint: str = ""
) -> Finding:
    return Finding(
        "own-file-damaged",
        ERROR,
        what,
        f"{why}; {hint}" if hint else why,
        "keyswitch doctor --fix",  # it sets the file aside
        path,
        Mend(Mend.ASIDE, path, expected=identity(path)),
    )


def _for_a_person(path: str, error: KeyswitchError) -> Finding:
    check = NEWER if isinstance(error, NEWER_ERRORS) else "own-file-damaged"
    why = "only what needs this file does not work"
    step = one_step(error, why, f"correct {path}")
    return Finding(check, ERROR, error.message, *step, path)


def _hooks(paths: Paths, environ: Mapping[str, str]) -> Iterator[Finding]:
    for path, (what, _) in hook_files.outdated(paths, environ).items():
        yield Finding(
            "hook-file",
            NOTE,
            what,
            "each new terminal runs keyswitch to get its hook, which takes "
            "longer",
            "keyswitch doctor --fix",
            path,
            Mend(Mend.HOOK, path),
        )


def _write_hook(paths: Paths, environ: Mapping[str, str], path: str) -> str:
    if found := hook_files.outdated(paths, environ).get(path):
        # Not in another user's file: root would leave it that user's.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        write_private(path, found[1])
    return f"wrote {path}"
