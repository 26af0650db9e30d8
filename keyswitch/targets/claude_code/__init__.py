"""Claude Code: its files, its rules, and edits by key."""
