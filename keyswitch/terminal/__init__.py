"""The start-up lane: what a terminal exports, and why. It loads little."""
