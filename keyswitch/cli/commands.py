"""The table of public commands: name, module, and the line in `--help`.

A literal list, so that `--help` and completion cost no import of what they
list. A test compares each line with the command's own help.
"""

from __future__ import annotations

# name -> (module under keyswitch.cli, attribute, short help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "add": ("profiles.add", "add", "Make a profile and store its secret."),
    "allow": (
        "switching.links",
        "allow",
        "Trust a directory's link as it stands now.",
    ),
    "completion": (
        "completion",
        "completion",
        "Print a completion script for a shell.",
    ),
    "copy": ("profiles.editing", "copy", "Copy a profile, secrets included."),
    "current": ("switching.use", "current", "Print the active profile's name."),
    "deny": ("switching.links", "deny", "Refuse a directory's link, silently."),
    "doctor": (
        "checks.doctor",
        "doctor",
        "Look for what is wrong, say why, and mend it.",
    ),
    "edit": ("profiles.editing", "edit", "Change a profile's fields."),
    "env": ("switching.env", "env", "Print export statements for eval."),
    "export": (
        "profiles.transfer",
        "export",
        "Write profiles and their secrets to an encrypted file.",
    ),
    "explain": (
        "checks.explain",
        "explain",
        "Say what an error text means and what to do.",
    ),
    "helper": (
        "switching.helper",
        "helper",
        "Answer programs that ask for a secret.",
    ),
    "history": ("profiles.history", "history", "List what was changed when."),
    "hook": ("switching.hook", "hook", "Print what makes every prompt follow."),
    "import": (
        "profiles.transfer",
        "import_",
        "Take profiles in from an encrypted file.",
    ),
    "install": (
        "switching.install",
        "install",
        "Let every terminal follow a switch.",
    ),
    "link": ("switching.links", "link", "Let a directory ask for a profile."),
    "list": ("profiles.listing", "list_", "List the profiles."),
    "login": (
        "profiles.login",
        "login",
        "Keep a login of Claude Code as a profile.",
    ),
    "logout": (
        "profiles.login",
        "logout",
        "Remove a login's tokens from this machine; the profile stays.",
    ),
    "lock": (
        "secrets.unlocking",
        "lock",
        "Forget every unlocked key and value.",
    ),
    "off": (
        "switching.use",
        "off",
        "Make no profile active; restore what was.",
    ),
    "providers": (
        "profiles.providers",
        "providers",
        "List the providers and fields.",
    ),
    "remove": ("profiles.editing", "remove", "Remove a profile."),
    "rename": ("profiles.editing", "rename", "Give a profile another name."),
    "revoke-local": (
        "secrets.revoke",
        "revoke_local",
        "Remove tokens from this machine.",
    ),
    "rotate": ("profiles.add", "rotate", "Replace a profile's secret."),
    "run": ("switching.env", "run", "Run one command with a profile."),
    "shell": (
        "switching.subshell",
        "shell",
        "Start a shell that uses one profile.",
    ),
    "show": ("profiles.listing", "show", "Show one profile."),
    "undo": ("profiles.history", "undo", "Take back the last change."),
    "uninstall": (
        "switching.install",
        "uninstall",
        "Take the shell integration out again.",
    ),
    "unlink": ("switching.links", "unlink", "Take a directory's link away."),
    "unlock": (
        "secrets.unlocking",
        "unlock",
        "Unlock the vault for this session.",
    ),
    "use": ("switching.use", "use", "Switch to a profile."),
    "vault": ("secrets.vault", "vault", "Manage the encrypted vault."),
    "whoami": (
        "checks.whoami",
        "whoami",
        "Say which credential Claude Code sends here, and why.",
    ),
}
