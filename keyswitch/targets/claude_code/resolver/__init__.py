"""Predicts what Claude Code sends, from a `Scene` and nothing else.

`candidates` finds the credentials, `request` and `cloud` walk the ordered rules
over them, and `resolve` puts the verdict together.
"""
