"""Choosing one of many: on a screen that narrows, or from a numbered list."""
