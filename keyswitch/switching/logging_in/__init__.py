"""Capture a login, log in anew, log out."""
