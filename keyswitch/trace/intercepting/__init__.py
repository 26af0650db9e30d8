"""Looks into TLS of one command: `trace --intercept`."""
