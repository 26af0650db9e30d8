"""Which of Claude Code's locks a change holds, and in which order."""

from keyswitch.targets.claude_code.files import config_lock, locks, login_locks

FOLDERS = ("/you/a", "/you/b")
LOGINS = [f"{folder}/.credentials.json" for folder in FOLDERS]
CONFIGS = ["/you/.claude.json", "/you/b/.claude.json"]


def test_logins_are_locked_before_configurations():
    assert locks([*CONFIGS, *reversed(LOGINS)]) == [
        *login_locks("/you/a"),
        *login_locks("/you/b"),
        config_lock("/you/.claude.json"),
        config_lock("/you/b/.claude.json"),
    ]


def test_only_what_is_written_is_locked():
    paths = ["/you/b/.credentials.json", "/you/a/settings.json"]
    assert locks(paths) == login_locks("/you/b")


def test_the_older_name_of_the_configuration_is_locked_as_well():
    assert locks(["/you/a/.config.json"]) == [
        config_lock("/you/a/.config.json")
    ]
