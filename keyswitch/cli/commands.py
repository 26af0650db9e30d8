"""The table of public commands: name, module, and the line in `--help`.

A literal list, so that `--help` and completion cost no import of what they
list. A test compares each line with the command's own help.
"""

from __future__ import annotations

# name -> (module under keyswitch.cli, attribute, short help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "add": ("add", "add", "Make a profile and store its secret."),
    "allow": ("links", "allow", "Trust a directory's link as it stands now."),
    "completion": (
        "completion",
        "completion",
        "Print a completion script for a shell.",
    ),
    "copy": ("profile_changes", "copy", "Copy a profile, secrets included."),
    "current": ("switch", "current", "Print the active profile's name."),
    "deny": ("links", "deny", "Refuse a directory's link, silently."),
    "doctor": (
        "doctor",
        "doctor",
        "Look for what is wrong, say why, and mend it.",
    ),
    "edit": ("profile_changes", "edit", "Change a profile's fields."),
    "env": ("environment", "env", "Print export statements for eval."),
    "export": (
        "transfer",
        "export",
        "Write profiles and their secrets to an encrypted file.",
    ),
    "explain": (
        "explain",
        "explain",
        "Say what an error text means and what to do.",
    ),
    "helper": ("helper", "helper", "Answer programs that ask for a secret."),
    "history": ("history", "history", "List what was changed when."),
    "hook": ("hook", "hook", "Print what makes every prompt follow."),
    "import": (
        "transfer",
        "import_",
        "Take profiles in from an encrypted file.",
    ),
    "install": (
        "install",
        "install",
        "Let every terminal follow a switch.",
    ),
    "link": ("links", "link", "Let a directory ask for a profile."),
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
    "shell": (
        "subshell",
        "shell",
        "Start a shell that uses one profile.",
    ),
    "show": ("profiles", "show", "Show one profile."),
    "undo": ("history", "undo", "Take back the last change."),
    "uninstall": (
        "install",
        "uninstall",
        "Take the shell integration out again.",
    ),
    "unlink": ("links", "unlink", "Take a directory's link away."),
    "unlock": ("unlocking", "unlock", "Unlock the vault for this session."),
    "use": ("switch", "use", "Switch to a profile."),
    "vault": ("vault", "vault", "Manage the encrypted vault."),
    "whoami": (
        "whoami",
        "whoami",
        "Say which credential Claude Code sends here, and why.",
    ),
}
