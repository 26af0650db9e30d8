"""Which of Claude Code's locks a revocation holds, and in which order."""

from keyswitch.switching.revoking.logins import locks_for
from keyswitch.targets.claude_code.locks import config_lock, login_locks

FOLDERS = {
    "/you/a": ("/you/a/.credentials.json", "/you/.claude.json"),
    "/you/b": ("/you/b/.credentials.json", "/you/b/.claude.json"),
}


def test_logins_are_locked_before_configurations():
    paths = [file for files in FOLDERS.values() for file in files]
    assert locks_for(reversed(paths), FOLDERS) == (
        *login_locks("/you/a"),
        *login_locks("/you/b"),
        config_lock("/you/.claude.json"),
        config_lock("/you/b/.claude.json"),
    )


def test_only_what_is_written_is_locked():
    paths = ["/you/b/.credentials.json", "/you/a/settings.json"]
    assert locks_for(paths, FOLDERS) == tuple(login_locks("/you/b"))
