"""Runs a command and shows each of its requests: whose credential, what came.

Only `proxy.py` and what stands beside it need aiohttp (`keyswitch[trace]`).
"""
