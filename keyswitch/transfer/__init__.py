"""Profiles to another machine, and from one."""
