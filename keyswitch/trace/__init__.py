"""Runs a command and shows each of its requests: whose credential, what came.

Only `passing/` needs aiohttp (the extra `trace`).
"""
