"""Where a secret belongs: the whole list, each entry with its reason.

Not here, because it is no file and no secret: the kernel's session keyring,
and the last 20 characters of a key, by which Claude Code's `.claude.json`
remembers that the key was approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

LOGIN = frozenset({"access token", "refresh token", "live refresh token"})
CREDENTIALS = "home/.claude/.credentials.json"


@dataclass(frozen=True)
class Allowed:
    """Secrets in a sink, for some commands ("*": every one)."""

    sink: str
    where: str  # a pattern
    commands: frozenset[str]
    secrets: frozenset[str]
    why: str

    def covers(self, command, hit):
        return (
            hit.sink == self.sink
            and fnmatchcase(hit.where, self.where)
            and ("*" in self.commands or command in self.commands)
            and hit.secret in self.secrets
        )


ANSWERS = {
    "env": "key",
    "env of a gateway": "gateway token",
    "helper api-key": "gateway token",
    "env of a reference": "new key",
    "helper aws": "aws secret",
    "helper claude-code": "key",
    "use --here": "gateway token",
}
ENTRIES = [
    *[
        Allowed(
            sink, where, frozenset({command}), frozenset({secret}),
            "its standard output is what it was asked for",
        )
        for command, secret in ANSWERS.items()
        for sink, where in (("stdout", ""), ("write", "stdout"))
    ],
    Allowed(
        "write", "stdout", frozenset({"add a reference", "verify"}),
        frozenset({"new key"}), "the manager's own tool, into our pipe",
    ),
    Allowed(
        "environment", '"/usr/bin/true"', frozenset({"run"}),
        frozenset({"key"}), "the program that was to get the profile",
    ),
    Allowed(
        "environment", '"*/python*"', frozenset({"trace"}),
        frozenset({"key"}), "the program that was to get the profile",
    ),
    Allowed(
        "file", "home/core", frozenset({"trace"}),
        frozenset({"key"}), "a core of that program",
    ),
    Allowed(
        "write", "TCP", frozenset({"trace"}), frozenset({"key"}),
        "that program's request, to the proxy on the loopback",
    ),
    Allowed(
        "environment", '"/usr/bin/*sh"', frozenset({"shell", "run --redact"}),
        frozenset({"key"}), "the shell that was to get the profile",
    ),
    Allowed(
        "environment", '"/usr/bin/base64"', frozenset({"run --redact"}),
        frozenset({"key"}), "what that shell started",
    ),
    *[
        Allowed(
            "write", where, frozenset({"run --redact"}), frozenset({"key"}),
            "the shell's, into a pipe; what comes out is sink 'stdout'",
        )
        for where in ("stdout", "stderr")
    ],
    Allowed(
        "file", "home/made", frozenset({"migrate to a manager"}),
        frozenset({"key"}), "it stands for a manager, which keeps it",
    ),
    Allowed(
        "write", "stdout", frozenset({"migrate"}), frozenset({"new key"}),
        "the manager's tool's, to keyswitch",
    ),
    *[
        Allowed(
            "write", where, frozenset({"migrate to a manager"}),
            frozenset({"key"}), f"{whose}: that manager gets and gives it",
        )
        for where, whose in (
            ("pipe", "keyswitch's, to the tool"),
            ("home/made", "the tool's, to its file"),
            ("stdout", "the tool's, to keyswitch"),
        )
    ],
    Allowed(
        "file", "home/outside", frozenset({"*"}), frozenset({"new key"}),
        "it stands for a manager, which keeps it",
    ),
    Allowed(
        "file", CREDENTIALS, frozenset({"*"}), LOGIN,
        "Claude Code's own file, in its own format",
    ),
    Allowed(
        "file", "home/keys/keyswitch-team.toml", frozenset({"*"}),
        frozenset({"key"}), "a team file that somebody wrote a key into",
    ),
    Allowed(
        "write", "home/.claude/.keyswitch-*-.credentials.json",
        frozenset({"use a login", "off", "undo", "logout"}), LOGIN,
        "the same file, beside its place, before the rename",
    ),
    Allowed(
        "file after a kill", "home/.claude/.keyswitch-*-.credentials.json",
        frozenset({"use a login"}), LOGIN,
        "the same; mode 0600, and the next command removes it",
    ),
]  # fmt: skip


def beyond(command, hits):
    """Return the hits that no entry covers."""
    return {
        hit
        for hit in hits
        if not any(entry.covers(command, hit) for entry in ENTRIES)
    }
