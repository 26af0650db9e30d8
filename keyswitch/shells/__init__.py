"""What a shell has to do, and the shells and formats that it is written for.

Part of the express lane: only the module of the shell asked for is imported.
"""

from __future__ import annotations

from keyswitch.errors import InputError, UsageError
from keyswitch.profiles.names import is_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# What a person types -> the module and the function that write it.
SHELLS = {
    "bash": ("posix", "bash"),
    "cmd": ("windows", "cmd"),
    "dash": ("posix", "sh"),
    "dotenv": ("documents", "dotenv"),
    "fish": ("fish", "render"),
    "json": ("documents", "json"),
    "ksh": ("posix", "ksh"),
    "mksh": ("posix", "ksh"),
    "nu": ("documents", "nu"),
    "nushell": ("documents", "nu"),
    "powershell": ("windows", "powershell"),
    "pwsh": ("windows", "powershell"),
    "sh": ("posix", "sh"),
    "zsh": ("posix", "zsh"),
}

# The unexported shell variable that keeps what a profile displaced.
SAVED_PREFIX = "__keyswitch_saved_"
# Variables of the text itself: a name in a loop, and all that were refused.
ONE, ALL = f"{SAVED_PREFIX}n", f"{SAVED_PREFIX}r"

# What a shell says, before the names, where it cannot carry out the text.
REFUSED = (
    "nothing changed, because this shell has readonly, local or typed "
    "variables:"
)


class EnvScript:
    """Four lists, carried out in this order; the caller sorts them.

    `restore` gives a variable back what was saved of it, or unsets it;
    `save` keeps its present value in this shell, unexported; `remove` unsets;
    `assign` exports. `failed`: the shell gets this in place of what it asked
    for, and a failing status after it. `notes` are lines for a person.
    """

    __slots__ = ("assign", "failed", "notes", "remove", "restore", "save")

    def __init__(
        self,
        *,
        restore: Iterable[str] = (),
        save: Iterable[str] = (),
        remove: Iterable[str] = (),
        assign: Iterable[tuple[str, str]] = (),
        failed: bool = False,
    ) -> None:
        self.restore = list(restore)
        self.save = list(save)
        self.remove = list(remove)
        self.assign = list(assign)
        self.failed = failed
        self.notes: list[str] = []

    def unset(self) -> list[str]:
        """Return the names to unset, for a form that can save nothing."""
        assigned = {name for name, _ in self.assign}
        return sorted({*self.restore, *self.remove} - assigned)


def touched(script: EnvScript) -> list[str]:
    """Return every variable that a shell changes for this script."""
    kept = [SAVED_PREFIX + name for name in [*script.restore, *script.save]]
    names = {*script.restore, *script.remove, *kept}
    return sorted(names.union([name for name, _ in script.assign]))


def refuse_read_only(
    script: EnvScript, shell: str, names: frozenset[str]
) -> None:
    """Raise where a script changes a variable that the shell keeps."""
    refused = names.intersection(touched(script))
    if refused:
        raise InputError(
            f"{shell} does not allow setting {min(refused)}",
            "use `keyswitch run`, or another variable in the profile",
        )


def runs(
    value: str, is_plain: Callable[[str], bool]
) -> Iterator[tuple[bool, str]]:
    """Split a value where plain characters begin or end."""
    start = 0
    for at in range(1, len(value) + 1):
        kind = is_plain(value[start])
        if at == len(value) or is_plain(value[at]) != kind:
            yield kind, value[start:at]
            start = at


def render(shell: str, script: EnvScript) -> str:
    """Return the text that makes `shell` do what the script says."""
    try:
        module, function = SHELLS[shell]
    except KeyError:
        raise UsageError(
            "unknown shell or format", f"known: {', '.join(SHELLS)}"
        ) from None
    _check(script)
    # Not importlib: importing that costs more than all the rest here.
    package = __import__("keyswitch.shells", fromlist=[module])
    text: str = getattr(getattr(package, module), function)(script)
    return text


def _check(script: EnvScript) -> None:
    """Refuse what no shell can carry, whatever the shell is."""
    names = [*script.restore, *script.save, *script.remove]
    for name in [*names, *(name for name, _ in script.assign)]:
        if not is_variable(name):
            raise InputError(
                "invalid variable name",
                "use letters, digits and '_', and do not start with a digit",
            )
    for name, value in script.assign:
        if "\0" in value:
            raise InputError(f"the value of {name} contains a NUL character")
        try:
            value.encode()
        except UnicodeEncodeError:
            # `from None`: the original error holds the whole value.
            raise InputError(
                f"the value of {name} is not valid Unicode text"
            ) from None
