"""Make and change vault files. The version before always stays beside."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence

from keyswitch.disk import atomic, rewriting
from keyswitch.disk.file_systems import hold_lock
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import CleanupLeftError, KeyswitchError, StoreError
from keyswitch.outcome import so_far
from keyswitch.profiles import odd_files
from keyswitch.profiles.paths import Paths
from keyswitch.secret import Secret
from keyswitch.secrets.vault import envelope
from keyswitch.secrets.vault.reading import (
    PREVIOUS,
    Vault,
    entry_name,
    previous_versions,
)


@contextlib.contextmanager
def locked(paths: Paths) -> Iterator[None]:
    """Hold the vault's own lock: two writers must not lose an entry."""
    ensure_private_dir(paths.data)
    path = os.path.join(paths.data, "vault.lock")
    try:
        descriptor = atomic.open_own(path)
    except OSError as e:
        raise atomic.unusable(path, e) from e
    try:
        if os.name == "posix":
            hold_lock(descriptor, path)
        _sweep(paths)
        yield
    finally:
        os.close(descriptor)


def sweep(paths: Paths) -> None:
    """Remove what a killed writer left, unless another one is at work."""
    if os.name != "posix" or not any(odd_files.of_the_vault(paths)):
        return
    import fcntl

    with contextlib.suppress(OSError):
        descriptor = atomic.open_own(os.path.join(paths.data, "vault.lock"))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sweep(paths)
        finally:
            os.close(descriptor)


def update(
    vault: Vault, added: Mapping[str, str], removed: Sequence[str]
) -> None:
    """Change entries of the vault as it is on disk now."""
    with locked(vault.paths):
        vault.forget()
        opened = vault.open()
        entries = dict(vault.entries())
        if not added and not any(name in entries for name in removed):
            return
        for name in removed:
            entries.pop(name, None)
        entries.update(added)
        header = opened.next_header(epoch=opened.header["epoch"] + 1)
        data = envelope.seal(header, opened.data_key, {"entries": entries})
        try:
            replace_file(
                vault.paths,
                data,
                opened.data_key,
                entries,
                forget_older=bool(removed),
                is_all=False,
            )
        except CleanupLeftError as e:
            # Whoever stores an item takes it back, or tries again later.
            raise StoreError(e.message, e.hint) from e
        finally:
            vault.forget()


def replace_file(  # noqa: PLR0913
    paths: Paths,
    data: bytes,
    data_key: bytes,
    entries: Mapping[str, str] | None,
    *,
    forget_older: bool = False,
    is_all: bool = True,
) -> None:
    """Put a new version in the vault's place once it has been proved.

    `forget_older`: what this version no longer has must not live on in the
    versions beside it. They go first, so that a kill leaves none behind.
    `is_all`: there is nothing else that the command changes.
    Raises CleanupLeftError if the new version is there, but may not last.
    """
    target = atomic.resolve_target(paths.vault_file)
    rewriting.check(paths.vault_file, target)
    staged = atomic.stage_name(target)
    try:
        atomic.stage(target, staged, data, mode=0o600, private=True)
        _prove(staged, data_key, entries)
        if forget_older:
            purge_previous(paths)
        elif os.path.exists(target):
            _keep_previous(target)
        os.replace(staged, target)
    except OSError as e:
        atomic.forget(staged)
        raise atomic.unusable(paths.vault_file, e) from e
    except BaseException:
        if is_all and _is_in_place(target, data):
            so_far.changes.append(target)  # interrupted, but too late
        atomic.forget(staged)
        raise
    if is_all:
        so_far.changes.append(target)
    _make_durable(os.path.dirname(target))
    with contextlib.suppress(KeyswitchError):
        # The change is done; without this note, the next one is noted.
        header = envelope.parse(data).header
        seen = f"{header['vid']} {header['epoch']} {header['hver']}\n"
        ensure_private_dir(paths.state)
        atomic.write_private(paths.vault_seen_file, seen.encode())


def _is_in_place(target: str, data: bytes) -> bool:
    return atomic.read_regular(target, envelope.FILE_LIMIT) == data


def _make_durable(folder: str) -> None:
    for attempt in (1, 2):
        try:
            atomic.sync_dir(folder)
        except OSError as e:
            if attempt == 1:
                continue  # a passing fault
            raise CleanupLeftError(
                "the vault was written, but the disk did not confirm it",
                f"check {folder} and its disk, then try again",
            ) from e
        else:
            return


def _sweep(paths: Paths) -> None:
    """Remove what a killed writer staged; under the vault's lock, only."""
    for path in odd_files.of_the_vault(paths):
        atomic.forget(path)


def _prove(
    staged: str, data_key: bytes, entries: Mapping[str, str] | None
) -> None:
    """Read the staged file back and decrypt it before it replaces anything."""
    opened = envelope.parse(
        atomic.read_regular(staged, envelope.FILE_LIMIT) or b""
    )
    if not opened.use_key(data_key):
        raise StoreError("the new vault cannot be opened", "nothing changed")
    found = opened.payload()["entries"]
    if entries is not None and found != dict(entries):
        raise StoreError(
            "the new vault differs from what was written",
            "nothing changed; check the disk",
        )


def _keep_previous(target: str) -> None:
    for number in range(PREVIOUS, 1, -1):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{target}.{number - 1}", f"{target}.{number}")
    os.link(target, f"{target}.1")


def purge_previous(paths: Paths) -> None:
    """Remove the older versions: a deleted secret must not live on there."""
    for path in previous_versions(paths):
        os.unlink(path)
    with contextlib.suppress(FileNotFoundError):
        atomic.sync_dir(paths.data)


class VaultStore(Vault):
    """A vault that entries can be put into and taken out of."""

    def put(self, item: str, generation: int, value: Secret) -> None:
        """Add an entry; it is durable and read back on return."""
        update(self, {entry_name(item, generation): value.reveal()}, ())

    def delete(self, item: str, generation: int) -> None:
        """Remove an entry, also from the older versions beside the vault."""
        name = entry_name(item, generation)
        if self.exists():
            update(self, {}, (name,))
