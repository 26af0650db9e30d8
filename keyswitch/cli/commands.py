"""The table of public commands: name, module, and the line in `--help`.

A literal list, so that `--help` and completion cost no import of what they
list. A test compares each line with the command's own help.
"""

from __future__ import annotations

# name -> (module under keyswitch.cli, attribute, short help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "add": ("add", "add", "Make a profile and store its secret."),
    "completion": (
        "completion",
        "completion",
        "Print a completion script for a shell.",
    ),
    "copy": ("profile_changes", "copy", "Copy a profile, secrets included."),
    "current": ("switch", "current", "Print the active profile's name."),
    "doctor": (
        "doctor",
        "doctor",
        "Look for what is wrong, say why, and mend it.",
    ),
    "edit": ("profile_changes", "edit", "Change a profile's fields."),
    "env": ("environment", "env", "Print export statements for eval."),
    "explain": (
        "explain",
        "explain",
        "Say what an error text means and what to do.",
    ),
    "helper": ("helper", "helper", "Answer programs that ask for a secret."),
    "history": ("switch", "history", "List what was changed when."),
    "list": ("profiles", "list_", "List the profiles."),
    "login": ("login", "login", "Keep a login of Claude Code as a profile."),
    "logout": (
        "login",
        "logout",
        "Remove a login's tokens from this machine; the profile stays.",
    ),
    "lock": ("unlocking", "lock", "Forget every unlocked key and value."),
    "off": ("switch", "off", "Make no profile active; restore what was."),
    "providers": ("providers", "providers", "List the providers and fields."),
    "remove": ("profile_changes", "remove", "Remove a profile."),
    "rename": ("profile_changes", "rename", "Give a profile another name."),
    "revoke-local": (
        "revoke",
        "revoke_local",
        "Remove tokens from this machine.",
    ),
    "rotate": ("add", "rotate", "Replace a profile's secret."),
    "run": ("environment", "run", "Run one command with a profile."),
    "show": ("profiles", "show", "Show one profile."),
    "undo": ("switch", "undo", "Take back the last change."),
    "unlock": ("unlocking", "unlock", "Unlock the vault for this session."),
    "use": ("switch", "use", "Switch to a profile."),
    "vault": ("vault", "vault", "Manage the encrypted vault."),
    "whoami": (
        "whoami",
        "whoami",
        "Say which credential Claude Code sends here, and why.",
    ),
}
