"""Secret stores: keychain, vault, unlock cache."""
