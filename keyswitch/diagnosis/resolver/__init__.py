"""Predicts what Claude Code sends, from a `Scene` and nothing else.

`sources` and `candidates` find the credentials, `first_party` and `cloud` walk
the ordered rules over them, and `resolve` puts the verdict together.
"""
