"""What Claude Code really uses, and why."""
