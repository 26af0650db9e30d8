"""Profiles: add, list, edit, log in, remove, import and export."""
