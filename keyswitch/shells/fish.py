"""Export statements for fish, one block on one line.

`keyswitch env --shell fish | source` and
`eval (keyswitch env --shell fish | string collect)` both work.
"""

from __future__ import annotations

from keyswitch.shells import (
    ALL,
    ONE,
    REFUSED,
    SAVED_PREFIX,
    EnvScript,
    refuse_read_only,
    runs,
    touched,
)

# fish's own, which nobody can set; a person cannot make others of this kind.
# https://fishshell.com/docs/current/language.html#special-variables
_READ_ONLY = frozenset(
    (
        "FISH_VERSION", "PWD", "SHLVL", "_", "fish_kill_signal",
        "fish_killring", "fish_pid", "history", "hostname", "pipestatus",
        "status", "status_generation", "version",
    )
)  # fmt: skip


def render(script: EnvScript) -> str:
    """Render for fish 3 and later.

    Scopes are always named: `set -e N` without one could erase the person's
    universal variable, which is on disk and shared by all sessions. That one
    cannot be unset for a single session, nor hidden by an unexported one, so
    an empty exported one is laid over it. It is a list of no elements, hence
    the `[1]`: it is not worth saving.
    """
    refuse_read_only(script, "fish", _READ_ONLY)
    statements: list[str] = []
    for name in script.restore:
        saved = SAVED_PREFIX + name
        statements += [
            f"if set -qg {saved}",
            f"set -gx {name} ${saved}",
            f"set -eg {saved}",
            "else",
            f"set -eg {name}",
            "end",
        ]
    for name in script.save:
        saved = SAVED_PREFIX + name
        statements += [
            f"if set -qg {name}[1]",
            f"set -gu {saved} ${name}",
            "else",
            f"set -eg {saved}",
            "end",
        ]
    for name in script.remove:
        statements += [
            f"set -eg {name}",
            f"if set -qU {name}",
            f"set -gx {name}",
            "end",
        ]
    statements += [f"set -gx {n} {_quote(v)}" for n, v in script.assign]
    if statements:
        statements = [_if_not_local(touched(script)), *statements]
    # `set -e` of what is not there leaves a status behind.
    status = "false" if script.failed else "true"
    ends = ["end", "end"] if statements else ["end"]
    return "; ".join(["begin", *statements, status, *ends]) + "\n"


def _if_not_local(names: list[str]) -> str:
    """Open a block that runs only where no local variable covers a global.

    A child would get that one, and `set -eg` passes over it.
    """
    return (
        f"set -l {ALL}; for {ONE} in {' '.join(names)}; set -ql ${ONE}; "
        f"and set -a {ALL} ${ONE}; end; if set -q {ALL}[1]; "
        f'echo "keyswitch: error: {REFUSED} ${ALL}" >&2; false; else'
    )


def _quote(value: str) -> str:
    """Quote; control characters stand outside the quotes, as escapes."""
    parts = []
    for is_plain, text in runs(value, str.isprintable):
        if is_plain:
            escaped = text.replace("\\", "\\\\").replace("'", "\\'")
            parts.append(f"'{escaped}'")
        else:
            parts += [f"\\X{byte:02x}" for byte in text.encode()]
    return "".join(parts) or "''"
