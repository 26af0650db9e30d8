"""`use` and `off`: make a profile active, and see what comes of it."""
