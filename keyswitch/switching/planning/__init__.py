"""Plan Claude Code's files of one configuration folder."""
