"""Predicts what Claude Code sends.

A `Scene` is what it would look at: a home, an environment and a directory. A
`View` of it answers as one account or cloud reads it. The sources of each
credential are `candidates`; `resolve` walks the ordered rules and returns a
verdict.
"""
