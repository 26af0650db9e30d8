"""The shells and formats that keyswitch writes exports for.

Part of the express lane: only the module of the shell asked for is imported.
"""

from __future__ import annotations

from keyswitch.errors import InputError, UsageError
from keyswitch.profiles.names import is_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.shells.script import EnvScript

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
                "a variable name is not acceptable",
                "use letters, digits and '_', not starting with a digit",
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
