"""The vault: one encrypted file with every secret, and the ways to open it.

Reading is part of the lane of `keyswitch env`, so this module imports no more
than that needs; what writes lives in `writing`.
"""

from __future__ import annotations

import os

from keyswitch import kernel_keyring
from keyswitch.disk import atomic
from keyswitch.errors import (
    LockedError,
    NewerFileError,
    NoItemError,
    StoreError,
)
from keyswitch.secret import Secret
from keyswitch.secrets.vault import envelope, key_slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from keyswitch.profiles.paths import Paths

KEY_PREFIX = "keyswitch:dek:"
_SESSION_VARIABLE = "KEYSWITCH_SESSION"  # see `runtime_file`
PREVIOUS = 3  # versions kept beside the vault

TRIES = 3  # passphrases that may be mistyped
_ASKED = "vault passphrase: "
_ASKED_AGAIN = "wrong vault passphrase; try again: "

# Data keys that a person's answer opened, by who was asked and the vault's id:
# no command asks twice, not even where nothing can outlive it.
_answered: dict[tuple[object, str], bytes] = {}

# A unit of systemd gets its passphrase here (systemd.exec, LoadCredential).
CREDENTIAL = "keyswitch-passphrase"


class Vault:
    """One person's vault. It opens itself by the cheapest way there is."""

    def __init__(
        self, paths: Paths, *, ask: Callable[[str], Secret] | None = None
    ) -> None:
        self.paths = paths
        self.ask = ask
        self._opened: envelope.Opened | None = None
        self._entries: dict[str, str] | None = None

    def exists(self) -> bool:
        """Tell whether there is a vault file."""
        return os.path.lexists(self.paths.vault_file)

    def load(self) -> envelope.Opened:
        """Read the file and check its outside; it need not be unlocked."""
        # First what was seen, as a writer notes a version once it is there:
        # one that comes in between must not look like an older file.
        seen = atomic.read_regular(self.paths.vault_seen_file, 4096)
        data = atomic.read_regular(
            self.paths.vault_file, envelope.FILE_LIMIT, ours=True
        )
        if data is None:
            raise StoreError(
                "no vault yet",
                "create one: keyswitch vault init, or restore "
                f"{self.paths.vault_file} from a backup",
            )
        try:
            opened = envelope.parse(data)
        except envelope.DamagedError as e:
            raise self._damaged(e) from None
        _check_rollback(self.paths, opened, seen)
        return opened

    def _damaged(self, error: envelope.DamagedError) -> envelope.DamagedError:
        """Return the error with the file from which the vault can be mended."""
        if isinstance(error, envelope.NewerError):
            return error
        before = next(filter(os.path.isfile, previous_versions(self.paths)), "")
        hint = f"restore {before}, the previous version, next to it"
        if not before:
            hint = f"restore {self.paths.vault_file} from a backup"
        return envelope.DamagedError(error.message, hint)

    def open(self) -> envelope.Opened:
        """Unlock by a cached key, the machine key, the keychain or a person."""
        if self._opened is None:
            opened = self.load()
            self._unlock(opened)
            self._opened = opened
        return self._opened

    def _unlock(self, opened: envelope.Opened) -> None:
        cached = kernel_keyring.read(KEY_PREFIX + opened.vid)
        if cached is None and os.environ.get(_SESSION_VARIABLE):
            from keyswitch.secrets.vault import runtime_file

            cached = runtime_file.read(
                self.paths, opened.vid, os.environ[_SESSION_VARIABLE]
            )
        if cached is not None and opened.use_key(cached):
            return
        slots = opened.header["slots"]
        if self._by_machine_key(opened) or self._by_keychain(opened):
            return
        passphrase = _credential()
        if passphrase is not None:
            self._by_passphrase(opened, passphrase, 0)
        elif self.ask is not None:
            self._by_asking(opened, self.ask, 0)
        else:
            raise self._locked(slots)

    def _by_asking(
        self,
        opened: envelope.Opened,
        ask: Callable[[str], Secret],
        timeout: int,
    ) -> None:
        """Ask a person; what was typed before this must not be lost."""
        known = _answered.get((ask, opened.vid))
        if known is not None and opened.use_key(known):
            return
        question = _ASKED
        for left in range(TRIES, 0, -1):
            try:
                self._by_passphrase(opened, ask(question), timeout)
            except key_slots.WrongKeyError:
                if left == 1:
                    raise
                question = _ASKED_AGAIN
            else:
                return

    def unlock(self, passphrase: Secret | None, timeout: int) -> None:
        """Cache the key for this session; None: the passphrase is asked for."""
        opened = self.load()
        if passphrase is not None:
            self._by_passphrase(opened, passphrase, timeout)
        elif self.ask is not None:
            self._by_asking(opened, self.ask, timeout)
        else:
            raise LockedError(
                "the vault is locked, but keyswitch cannot ask here",
                "give --passphrase-fd N or --passphrase-file PATH",
            )
        self.adopt(opened)

    def _by_passphrase(
        self, opened: envelope.Opened, passphrase: Secret, timeout: int
    ) -> None:
        if not key_slots.unwrap_passphrase(opened, normalised(passphrase)):
            raise key_slots.WrongKeyError(
                "wrong vault passphrase",
                "try again, or use the recovery code: keyswitch vault "
                "recovery --use",
            )
        self.remember(opened.vid, opened.data_key, timeout)

    def remember(self, vid: str, data_key: bytes, timeout: int = 0) -> None:
        """Keep the key of whoever typed the passphrase: do not ask again."""
        from keyswitch.profiles.settings import load as load_settings

        if self.ask is not None:
            _answered[self.ask, vid] = data_key
        settings = load_settings(self.paths)
        if settings.cache != "off":
            kernel_keyring.write(
                KEY_PREFIX + vid, data_key, timeout or settings.cache_timeout
            )

    def _by_machine_key(self, opened: envelope.Opened) -> bool:
        slot = key_slots.slot_of(opened, "machine")
        if slot is None:
            return False
        key = read_machine_key(self.paths)
        return key is not None and key_slots.unwrap(opened, slot, key)

    def _by_keychain(self, opened: envelope.Opened) -> bool:
        slot = key_slots.slot_of(opened, "keychain")
        if slot is None:
            return False
        from keyswitch.secrets.keychain.store import open_keychain

        try:
            found = open_keychain(self.paths).get(slot["item"], 1)
            key = bytes.fromhex(found.reveal())
        except (StoreError, LockedError, ValueError):
            return False  # a passphrase may still open it
        return key_slots.unwrap(opened, slot, key)

    def _locked(self, slots: Iterable[dict[str, Any]]) -> LockedError:
        kinds = {slot["type"] for slot in slots}
        if kinds - {"recovery"} == {"machine"}:
            hint = f"restore {self.paths.machine_key_file}"
            if "recovery" in kinds:
                hint += ", or use the code: keyswitch vault recovery --use"
            return LockedError(
                "the vault's machine key is missing or a different one", hint
            )
        return LockedError("the vault is locked", "run: keyswitch unlock")

    def entries(self) -> dict[str, str]:
        """Return every entry of the unlocked vault."""
        if self._entries is None:
            try:
                found = self.open().payload().get("entries")
                if not isinstance(found, dict):
                    raise envelope.damaged("it has no entries")
            except envelope.DamagedError as e:
                raise self._damaged(e) from None
            self._entries = found
        return self._entries

    def get(self, item: str, generation: int) -> Secret:
        """Return one value."""
        value = self.entries().get(entry_name(item, generation))
        if value is None:
            raise NoItemError(
                "the vault does not have this profile's secret",
                "store it again: keyswitch rotate NAME",
            )
        return Secret(value)

    def adopt(self, opened: envelope.Opened) -> None:
        """Go on with a vault that was unlocked by other means."""
        self._opened, self._entries = opened, None

    def forget(self) -> None:
        """Read the file again at the next use."""
        self._opened = self._entries = None


def read_machine_key(paths: Paths) -> bytes | None:
    """Return the machine key; None where there is no whole one."""
    key = atomic.read_regular(paths.machine_key_file, 64, ours=True)
    return key if key and len(key) == envelope.KEY_SIZE else None


def previous_versions(paths: Paths) -> list[str]:
    """Return the older versions that lie beside the vault."""
    target = os.path.realpath(paths.vault_file)
    names = [f"{target}.{n}" for n in range(1, PREVIOUS + 1)]
    return [name for name in names if os.path.lexists(name)]


def entry_name(item: str, generation: int) -> str:
    """Return the name of an entry inside the vault."""
    return f"{item}:{generation}"


def _check_rollback(
    paths: Paths, opened: envelope.Opened, seen: bytes | None
) -> None:
    """Refuse a file that is older than one this machine has seen."""
    if seen is None:
        return
    if seen.startswith(b"keyswitch-"):  # 0.1.0 begins with the vault's id
        raise NewerFileError(paths.vault_seen_file)
    vid, _, numbers = seen.decode("ascii", "replace").partition(" ")
    if vid != opened.vid:
        return
    epoch, _, hver = numbers.strip().partition(" ")
    if not (epoch.isdigit() and hver.isdigit()):
        return
    here = (opened.header["epoch"], opened.header["hver"])
    if here < (int(epoch), int(hver)):
        raise StoreError(
            "the vault is older than when last seen: version "
            f"{here[0]}.{here[1]} after {epoch}.{hver}",
            "accept this one: keyswitch vault accept-rollback, or restore the "
            "newer file",
        )


def normalised(passphrase: Secret) -> bytes:
    """Return a passphrase's bytes: the same on every keyboard and system."""
    import unicodedata

    return unicodedata.normalize("NFC", passphrase.reveal()).encode()


def _credential() -> Secret | None:
    """Return the passphrase that a service manager hands over, if any."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        return None
    data = atomic.read_regular(os.path.join(folder, CREDENTIAL), 4096)
    try:
        return None if data is None else Secret(data.decode().rstrip("\n"))
    except UnicodeDecodeError:
        raise StoreError(
            f"the credential '{CREDENTIAL}' is not valid UTF-8",
            "store the vault passphrase as UTF-8 text",
        ) from None
