"""Run a command or a shell with one profile."""
