"""Plans, transactions and what follows from the active profile."""
