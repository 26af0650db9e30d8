"""TODO disk."""
