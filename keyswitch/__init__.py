"""Credential profiles: secrets in the keychain, switching by one command."""

__version__ = "0.1.0"
