"""Claude Code's settings files: read, planned and spliced."""
