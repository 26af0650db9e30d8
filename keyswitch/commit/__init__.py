"""How a change reaches the disk: all of its files or none."""
