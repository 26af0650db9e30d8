"""Change profiles, links and start files."""
