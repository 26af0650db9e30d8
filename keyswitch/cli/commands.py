"""The table of public commands: name, module, and the line in `--help`.

A literal table, so that `--help` and completion import no command. A test
compares each line with the command's own help.
"""

from __future__ import annotations

# name -> (module under keyswitch.cli, short help)
COMMANDS: dict[str, tuple[str, str]] = {
    "add": ("profiles.add", "Make a profile and store its secret."),
    "allow": ("switching.links", "Trust a directory's link as it stands now."),
    "completion": ("switching.hooks", "Print a completion script for a shell."),
    "copy": ("profiles.editing", "Copy a profile, secrets included."),
    "current": ("switching.use", "Print the active profile's name."),
    "deny": ("switching.links", "Refuse a directory's link."),
    "doctor": ("checks.doctor", "Find what is wrong, say why, and mend it."),
    "edit": ("profiles.editing", "Change a profile's fields."),
    "env": ("switching.env", "Print export statements for eval."),
    "export": ("profiles.transfer", "Export profiles to an encrypted file."),
    "explain": ("checks.explain", "Explain an error text, and say what to do."),
    "helper": ("switching.helper", "Answer programs that ask for a secret."),
    "history": ("profiles.history", "List what was changed when."),
    "hook": ("switching.hooks", "Print a shell's prompt hook."),
    "import": ("profiles.transfer", "Import profiles from an encrypted file."),
    "install": ("switching.install", "Let every terminal follow a switch."),
    "link": ("switching.links", "Link a directory to a profile."),
    "list": ("profiles.listing", "List the profiles."),
    "login": ("profiles.login", "Keep a login of Claude Code as a profile."),
    "logout": ("profiles.login", "Remove a login's tokens from this machine."),
    "lock": ("secrets.unlocking", "Forget every unlocked key and value."),
    "off": ("switching.use", "Make no profile active."),
    "providers": ("profiles.providers", "List the providers and fields."),
    "remove": ("profiles.editing", "Remove a profile."),
    "rename": ("profiles.editing", "Give a profile another name."),
    "revoke-local": ("secrets.revoke", "Remove tokens from this machine."),
    "rotate": ("profiles.add", "Replace a profile's secret."),
    "run": ("switching.env", "Run one command with a profile."),
    "shell": ("switching.env", "Start a shell that uses one profile."),
    "show": ("profiles.listing", "Show one profile."),
    "undo": ("profiles.history", "Take back the last change."),
    "uninstall": ("switching.install", "Remove the hook from a start file."),
    "unlink": ("switching.links", "Remove a directory's link."),
    "unlock": ("secrets.unlocking", "Unlock the vault for this session."),
    "use": ("switching.use", "Switch to a profile."),
    "vault": ("secrets.vault", "Manage the encrypted vault."),
    "whoami": ("checks.whoami", "Say which credential Claude Code sends."),
}
