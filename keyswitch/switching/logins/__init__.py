"""Logins of Claude Code: whose they are, and their stored generations."""
