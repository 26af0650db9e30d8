"""The catalogue of providers and the shapes of their values."""
