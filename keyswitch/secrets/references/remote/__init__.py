"""Managers that keyswitch asks itself, without their own tools."""
