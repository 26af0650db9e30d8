"""The one error base and the closed set of exit codes.

Kept free of imports: the express lane (`express.py`) loads this module, and
`enum` alone would cost half of its start-up budget.
"""


class ExitCode:
    """What a command's exit status means; the README lists the same table."""

    OK = 0
    FAILED = 1  # expected failure, nothing changed
    USAGE = 2
    BUG = 3
    NOT_IN_EFFECT = 4  # changed, but something else is still used
    LOCKED = 5  # locked, or no permission to read a secret
    CLEANUP_LEFT = 6  # changed; the error says what is left to do
    INTERRUPTED = 130


class KeyswitchError(Exception):
    """An expected failure: one line of what is wrong, one of what to do.

    Both lines are lower case without a full stop. Neither may hold a secret or
    raw foreign file content.
    """

    exit_code: int = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class StaleError(Exception):
    """Something kept for the express lane is not current; never shown."""


class CancelledError(Exception):
    """A person said no to a question: nothing is wrong, and nothing is done."""


class UsageError(KeyswitchError):
    """The command line cannot be carried out as it was typed."""

    exit_code = ExitCode.USAGE


class InputError(KeyswitchError):
    """A value, name or file that keyswitch was given is not acceptable."""


class NotFoundError(KeyswitchError):
    """A profile, provider or item with this name does not exist."""


class StoreError(KeyswitchError):
    """A secret store is absent, broken or gave a wrong answer."""


class NoItemError(StoreError):
    """A secret store is open, and the item is not in it."""


class LockedError(KeyswitchError):
    """A secret store is locked, or its owner refused to let us read it."""

    exit_code = ExitCode.LOCKED


class NoAnswerError(LockedError):
    """A manager of references did not answer in its time: it may wait."""


class FileStateError(KeyswitchError):
    """A file is not what it has to be, or changed while we worked on it."""


class ReadOnlyError(FileStateError):
    """A file that nobody may write here; its path leads to `target`.

    It was made so: by Nix, by a mount, by root, by a person. So the change
    belongs where it was made, and the permission is not keyswitch's to take.
    """

    def __init__(self, path: str, target: str, why: str) -> None:
        leads = "" if target == path else f"leads to {target}, which "
        super().__init__(
            f"{path} {leads}{why}",
            f"change {target} at its source",
        )
        self.why = why


class UnreadableTextError(FileStateError):
    """Another program's file makes no sense, or is only half written."""


class OddFileError(FileStateError):
    """Something that is no readable file has the name of one: `path`."""

    def __init__(self, path: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.path = path
        self.what_is_lost = "keyswitch goes on without it"


class DamagedFileError(OddFileError):
    """A file of keyswitch's own makes no sense.

    Only for what keyswitch can go on without: the command line sets the file
    aside and tries again.
    """

    def __init__(self, path: str, what_is_lost: str) -> None:
        super().__init__(
            path,
            f"{path} is damaged",
            f"move it out of the way; {what_is_lost}",
        )
        self.what_is_lost = what_is_lost


class NewerFileError(FileStateError):
    """A file of keyswitch's own was written by a newer version."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} was written by a newer keyswitch",
            "update keyswitch; nothing changed",
        )


class CleanupLeftError(KeyswitchError):
    """The change is done; some clean-up is left to the next command."""

    exit_code = ExitCode.CLEANUP_LEFT


class LateInterruptError(CleanupLeftError):
    """Ctrl-C came after the change was made: the command ends here."""
