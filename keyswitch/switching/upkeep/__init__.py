"""Undo, repairs, and removing keyswitch."""
