"""The vault: one encrypted file, and the ways to open it."""
