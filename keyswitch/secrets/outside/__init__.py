"""Managers outside as a secret store: read once, cached, and noted."""
