"""How much of its limits an account has used, without a request for it."""
