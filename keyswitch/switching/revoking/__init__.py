"""Find tokens on this machine, and take them away."""
