"""The secrets that `verify` and `whoami --verify` ask about."""
