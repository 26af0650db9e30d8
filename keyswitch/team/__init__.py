"""Profiles that a team shares: one file of theirs, taken over after a yes."""
