"""The public commands, and in which module each is."""

from __future__ import annotations

# The public commands in the groups of `--help`: title -> name -> (module under
# keyswitch.cli, short help). A literal table, so that `--help` and completion
# import no command. A test compares each line with the command's own help.
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Switch": {
        "use": ("switching.use", "Switch to a profile."),
        "off": ("switching.use", "Deactivate the active profile."),
        "run": ("switching.run", "Run one command with a profile."),
        "shell": ("switching.env", "Start a shell that uses one profile."),
        "link": ("switching.links", "Link a directory to a profile."),
        "unlink": ("switching.links", "Remove a directory's link."),
        "allow": ("switching.links", "Trust a directory's link as it is now."),
        "deny": ("switching.links", "Ignore a directory's link."),
    },
    "See": {
        "list": ("listings.listing", "List the profiles."),
        "show": ("listings.listing", "Show one profile."),
        "current": ("switching.links", "Print the active profile's name."),
        "whoami": ("checks.whoami", "Show which credential Claude Code sends."),
        "verify": ("checks.verify", "Ask the services if secrets still work."),
        "trace": ("checks.trace", "Show the requests a command sends."),
        "providers": ("listings.catalogue_listing", "List the providers."),
        "history": ("listings.listing", "List past changes."),
    },
    "Keep": {
        "add": ("profiles.add", "Add a profile and store its secret."),
        "edit": ("profiles.editing", "Change a profile's fields."),
        "rename": ("profiles.editing", "Rename a profile."),
        "copy": ("profiles.editing", "Copy a profile and its secrets."),
        "remove": ("profiles.editing", "Remove a profile."),
        "rotate": ("profiles.rotate", "Replace a profile's secret."),
        "login": ("profiles.login", "Save a Claude Code login as a profile."),
        "logout": ("profiles.login", "Remove a login's tokens."),
        "undo": ("profiles.editing", "Undo the last change."),
        "export": ("profiles.transfer", "Export profiles, encrypted."),
        "import": ("profiles.transfer", "Import exported profiles."),
        "team": ("profiles.team", "Share profiles, but never secrets."),
    },
    "Fix": {
        "doctor": ("checks.doctor", "Find what is wrong and fix it."),
        "explain": ("checks.explain", "Explain an error and how to fix it."),
        "revoke-local": (
            "secrets.revoke",
            "Remove tokens from this machine.",
        ),
    },
    "Shell": {
        "install": (
            "switching.install",
            "Make every terminal follow a switch.",
        ),
        "uninstall": (
            "switching.install",
            "Remove the hook from a start file.",
        ),
        "hook": ("switching.install", "Print a shell's prompt hook."),
        "completion": (
            "switching.completion",
            "Print a shell's completion script.",
        ),
        "env": ("switching.env", "Print export statements for eval."),
        "helper": ("switching.helper", "Print a secret for a program."),
        "statusline": (
            "switching.status_line",
            "Print Claude Code's limits for its status line.",
        ),
    },
    "Store": {
        "vault": ("secrets.vault", "Manage the encrypted vault."),
        "unlock": ("secrets.vault", "Unlock the vault for this session."),
        "lock": ("secrets.vault", "Lock the vault and clear cached secrets."),
        "managers": (
            "secrets.managers",
            "Check 1Password, Vault, pass and others.",
        ),
        "migrate": ("profiles.migrate", "Move secrets to another store."),
    },
}
COMMANDS = {
    name: entry for group in GROUPS.values() for name, entry in group.items()
}

# What people type who come from other tools: word -> the command here.
ELSEWHERE = {
    "activate": "use",
    "create": "add",
    "deactivate": "off",
    "delete": "remove",
    "exec": "run",
    "get": "show",
    "help": "--help",
    "new": "add",
    "revert": "undo",
    "rm": "remove",
    "select": "use",
    "set": "edit",
    "status": "whoami",
    "version": "--version",
    "which": "whoami",
}
