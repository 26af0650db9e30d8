"""The start-up lane: what a terminal exports, and why. Loads next to nothing."""
