"""Claude Code, as `targets/target.py` asks for it."""
