"""The keychain of the system, through classes of the keyring library."""
