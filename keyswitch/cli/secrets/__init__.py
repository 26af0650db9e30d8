"""The vault, unlocking, and taking tokens away."""
