"""Secrets that stay in a manager of the person's or the team's own."""
