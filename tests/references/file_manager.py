"""A manager of config.toml that keeps each value in a file of the home."""

TOOL = """#!/bin/sh
test -f "$HOME/locked" && { echo "vault is locked" >&2; exit 1; }
case $1 in
get) cat "$HOME/corp/$2" 2>/dev/null || { echo "not found" >&2; exit 1; };;
put) cat > "$HOME/corp/.$2" && mv "$HOME/corp/.$2" "$HOME/corp/$2";;
esac
"""
ROW = """[managers.corp]
command = ["{tool}", "get", "{{path}}"]
write = ["{tool}", "put", "{{path}}"]
texts = {{ missing = ["not found"], locked = ["is locked"] }}
"""


def set_up(home):
    """Lay the tool and its row; it still has to be allowed."""
    (home / "corp").mkdir()
    tool = home / "tool"
    tool.write_text(TOOL)
    tool.chmod(0o755)
    config = home / ".config/keyswitch"
    config.mkdir(mode=0o700, parents=True, exist_ok=True)
    row = 'cache = "off"\n' + ROW.format(tool=tool)
    (config / "config.toml").write_text(row)
