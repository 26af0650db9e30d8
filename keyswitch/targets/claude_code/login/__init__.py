"""Claude Code's stored login, in files and in a keychain."""
