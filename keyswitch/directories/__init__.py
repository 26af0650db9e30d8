"""Which directories and git remotes a profile counts in."""
