"""Run a command whose output shows none of a profile's secrets."""
