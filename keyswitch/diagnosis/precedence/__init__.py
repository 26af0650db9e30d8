"""In which order Claude Code looks for a credential, and what is there."""
