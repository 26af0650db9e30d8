"""Which variables say that an agent, and no person, runs this command.

Part of the express lane. One table and one place that decides; each row says
where the name is from.
"""

from __future__ import annotations

from keyswitch.errors import KeyswitchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DENY = "deny"

# (variable, whose it is and where that is said), set for the commands that an
# agent runs. With a value, it is only that one which tells.
COMMANDS = (
    ("CLAUDECODE", "Claude Code: its page on environment variables"),
    ("CODEX_SANDBOX", "Codex: codex-rs/core/src/spawn.rs"),
    ("CODEX_SANDBOX_NETWORK_DISABLED", "Codex: the same, without network"),
    ("CODEX_CI", "Codex: the shell that it starts"),
    ("CODEX_THREAD_ID", "Codex: the shell that it starts"),
    ("CURSOR_AGENT", "Cursor: its agent's terminal"),
    ("GEMINI_CLI", "Gemini CLI: its page on the shell tool"),
    ("QWEN_CODE", "Qwen Code: core/src/services/shellExecutionService.ts"),
    ("COPILOT_CLI", "GitHub Copilot CLI: the shell that it starts"),
    ("OPENCODE", "opencode: its own process and what that starts"),
    ("OPENCODE_CLIENT", "opencode: the same"),
    ("AMP_CURRENT_THREAD_ID", "Amp: the shell that it starts"),
    ("AUGMENT_AGENT", "Augment: its reference of variables"),
    ("CLINE_ACTIVE", "Cline: its terminal"),
    ("GOOSE_TERMINAL", "Goose: its terminal"),
    ("ANTIGRAVITY_AGENT", "Antigravity: its terminal"),
    ("WINDSURF_CASCADE_TERMINAL", "Windsurf: the terminal of its Cascade"),
    ("ROO_ACTIVE", "Roo Code: src/integrations/terminal/Terminal.ts"),
    ("PI_CODING_AGENT", "Pi: packages/coding-agent/src/cli.ts"),
    ("OR_APP_NAME=Aider", "Aider: aider/llm.py, for its own process"),
)
# The same, but Claude Code gives them to its helpers too (observed, 2.1.330),
# which have to answer it.
EVERYTHING = (
    *COMMANDS,
    ("CLAUDE_CODE_ENTRYPOINT", "Claude Code: observed"),
    ("AI_AGENT", "the convention of detect-agent; Claude Code sets it"),
    ("AGENT", "the convention of agents.md; Amp and Goose set it"),
    ("CLAUDE_CODE", "the older convention of detect-agent"),
)
_NO = ("", "0", "false", "no")


def refuses(
    policy: str, environ: Mapping[str, str], *, helper: bool = False
) -> bool:
    """Tell whether the policy keeps secrets from the agent that asks."""
    if policy != DENY:
        return False
    table = COMMANDS if helper else EVERYTHING
    return any(_is_set(environ, name) for name, _ in table)


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    name, _, only = name.partition("=")
    value = environ.get(name, "")
    return value == only if only else value.lower() not in _NO


def require_person(
    policy: str, environ: Mapping[str, str], *, helper: bool = False
) -> None:
    """Raise where the policy keeps secrets from the agent that asks."""
    if refuses(policy, environ, helper=helper):
        raise refusal(hint=", or set agents = 'allow' in config.toml")


def refusal(hint: str = "") -> KeyswitchError:
    """Return what an agent is told."""
    return KeyswitchError(
        "an agent is running this command and may not see secrets",
        f"run it in your own terminal{hint}",
    )
