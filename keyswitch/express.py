"""The express lane: `env`, `helper` and `current` in a bare interpreter's time.

These three stand in prompts, shell start files and in front of every request
of Claude Code, so they may not pay for click, TOML, D-Bus or cryptography
where a cached value will do. `run` answers what it can answer at once and
returns None for everything else; the full command line then does the work with
the same core functions. Behaviour is the same on both lanes (tested).
"""

from __future__ import annotations

import os
import sys

from keyswitch.errors import ExitCode, KeyswitchError, StaleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.compiled import Compiled
    from keyswitch.profiles.paths import Paths
    from keyswitch.shells import EnvScript

# The shells among keyswitch.experimental.KINDS, which others need not load.
EXPERIMENTAL = ("cmd", "powershell", "pwsh")


def run(args: list[str], environ: Mapping[str, str]) -> int | None:
    """Answer a command line of at least one word at once, or return None."""
    try:
        if args[0] == "env":
            return _env(args[1:], environ)
        if args[0] == "helper":
            return _helper(args[1:], environ)
        if args in (["current"], ["current", "--prompt"]):
            return _current(environ, prompt=len(args) == 2)
        if args[0] == "hook":
            return _hook(args[1:], environ)
        if args[0] == "completion":
            return _completion(args[1:], environ)
    except StaleError:
        return None
    except KeyswitchError as e:
        # In a start file there is room for one line, and for no second try.
        if args == ["current", "--prompt"]:
            return ExitCode.OK  # a prompt has no room for it; `env` says it
        _write_error(e, one_line=not os.isatty(1))
        return e.exit_code
    return None


def _write_error(error: KeyswitchError, *, one_line: bool) -> None:
    from keyswitch.display import error_text

    sys.stderr.write(error_text(error, one_line=one_line))


def _open(environ: Mapping[str, str], *, gives: bool = False) -> Paths | None:
    """Return where files are; None: a committed change is not in place yet.

    What another command only prepares is read past: it may wait for a person,
    and these commands may not. Whoever `gives` a secret looks at the home.
    """
    from keyswitch.profiles.paths import may_be_foreign_home, resolve

    if gives and may_be_foreign_home():
        return None
    paths = resolve(environ)
    if os.path.exists(paths.journal_dir + "/commit"):
        return None
    return paths


def write_out(text: str) -> None:
    """Write everything to stdout in as few calls as the system allows."""
    # A folder may have a name that is not UTF-8; its bytes are what counts.
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[os.write(1, data) :]


def _env_arguments(args: list[str]) -> tuple[str, str] | None:
    """Return (name, shell) of a plain `env` call; None: not that plain."""
    name = shell = ""
    rest = iter(args)
    for arg in rest:
        if arg == "--shell":
            shell = next(rest, "")
        elif arg.startswith("--shell="):
            shell = arg[8:]
        elif arg.startswith("-") or name:
            return None
        else:
            name = arg
            continue
        if not shell:
            return None
    return name, shell


def _env(args: list[str], environ: Mapping[str, str]) -> int | None:
    parsed = _env_arguments(args)
    if parsed is None or os.isatty(1):
        return None
    paths = _open(environ, gives=True)
    if paths is None:
        return None
    from keyswitch import compiled
    from keyswitch.terminal import selection

    name, shell = parsed
    chosen = selection.select(paths, environ, name, stale_is_fine=False)
    profile = None
    if chosen.name:
        profile = compiled.read(paths, chosen.name)
        if profile is None or profile.agents != "allow":
            return None  # who asks is to be looked at
    from keyswitch.terminal.shell_script import for_shell

    active = None
    if chosen.how not in (selection.BY_USE, selection.NOT_CHOSEN):
        from keyswitch.profiles import state

        name = state.read(paths).active
        active = compiled.read(paths, name) if name else None
        if name and active is None:
            return None
    try:
        script, notes = for_shell(paths, chosen, profile, environ, active)
    except KeyswitchError as e:
        if chosen.how != selection.BY_NAME:
            return give_back(paths, environ, chosen.name, shell, e)
        raise
    warn(notes)
    if script is not None:
        print_script(script, shell)
        warn_of_settings(script, environ, profile)
        if chosen.how == selection.BY_NAME:
            warn(ignored(profile, environ))
    return ExitCode.OK


def print_script(script: EnvScript, shell: str) -> str:
    """Print what a shell does; "" is the one that asks. Return which it is."""
    from keyswitch import shells
    from keyswitch.terminal.marker import for_language

    if not shell:
        from keyswitch.shells.detect import parent_shell

        shell = parent_shell()
    write_out(shells.render(shell, for_language(script, shell)))
    warn(script.notes)
    _say_if_experimental(shell, os.environ)
    return shell


def give_back(
    paths: Paths,
    environ: Mapping[str, str],
    name: str,
    shell: str,
    error: KeyswitchError,
) -> int:
    """Print what takes a former account out of a shell, and raise the error.

    Nushell takes nothing from a program that fails: it is only told.
    """
    from keyswitch.terminal.marker import DOCUMENTS
    from keyswitch.terminal.shell_script import after_failure

    script = after_failure(paths, environ, name)
    if script is None or shell in DOCUMENTS:
        raise error
    if print_script(script, shell) not in {"nu", "nushell"}:
        raise error
    _write_error(error, one_line=True)
    return ExitCode.OK


def warn(lines: Sequence[str]) -> None:
    """Tell a person, one line each."""
    if not lines:
        return
    from keyswitch.display import printable

    for line in lines:
        sys.stderr.write(f"keyswitch: {printable(line)}\n")


def warn_of_settings(
    script: EnvScript, environ: Mapping[str, str], profile: Compiled | None
) -> None:
    """Tell a person, and nobody else, what a settings file would override."""
    if not os.isatty(2):
        return
    from keyswitch.terminal.overriding import lines

    by_helper = profile is not None and "helper" in profile.roles
    found = lines(script, environ, by_helper=by_helper)
    warn([f"warning: {line}" for line in found])


def ignored(profile: Compiled | None, environ: Mapping[str, str]) -> list[str]:
    """Return what installed programs do not take of a profile."""
    if profile is None or not profile.ignored:
        return []
    import shutil  # few profiles have any

    path = environ.get("PATH", "")
    return [
        text
        for program, text in profile.ignored
        if shutil.which(program, path=path)
    ]


def _helper(args: list[str], environ: Mapping[str, str]) -> int | None:
    if args != ["claude-code"] and not (
        len(args) == 2 and args[0] == "api-key" and args[1][:1] != "-"
    ):
        return None
    paths = _open(environ, gives=True)
    if paths is None:
        return None
    from keyswitch import compiled
    from keyswitch.terminal import selection

    if args[0] == "api-key":
        chosen = selection.select(paths, environ, args[1])
    else:
        chosen = selection.select_for_helper(
            paths, environ, stale_is_fine=False
        )
    if not chosen.name or chosen.how == selection.BY_DIRECTORY:
        return None
    profile = compiled.read(paths, chosen.name)
    role = "helper" if args[0] == "claude-code" else "key"
    if profile is None or role not in profile.roles:
        return None
    if _may_be_moved(environ):
        return None
    if profile.agents != "allow":
        from keyswitch.terminal.agents import require_person

        require_person(profile.agents, environ, helper=True)
    if role == "helper" and chosen.how != selection.BY_USE:
        there = environ.get("ANTHROPIC_BASE_URL", "")
        if there and ("ANTHROPIC_BASE_URL", there) not in profile.literals:
            return None  # somebody else's address: to be looked at
    if profile.only or profile.never:
        from keyswitch.directories.guard import require

        require(profile, environ)
    from keyswitch.terminal.exports import one_secret

    value = one_secret(paths, profile, profile.roles[role])
    write_out(value + "\n")
    return ExitCode.OK


def _may_be_moved(environ: Mapping[str, str]) -> bool:
    """Tell whether a repository's settings have to be looked at closely."""
    from keyswitch.profiles.paths import home_of
    from keyswitch.targets.claude_code.repository import suspicious

    try:
        return suspicious(os.getcwd(), home_of(environ))
    except OSError:
        return False  # the directory was removed, and its settings too


def _current(environ: Mapping[str, str], *, prompt: bool) -> int | None:
    paths = _open(environ)
    if paths is None or (os.isatty(1) and not prompt):
        return None
    from keyswitch.terminal.selection import require_there, select_here

    chosen = select_here(paths, environ, stale_is_fine=False)
    require_there(paths, chosen)
    if not chosen.name and not prompt:
        return None
    write_out(chosen.name + "\n" if chosen.name else "")
    return ExitCode.OK


def _hook(args: list[str], environ: Mapping[str, str]) -> int | None:
    if len(args) != 1 or args[0].startswith("-"):
        return None
    from keyswitch.profiles.paths import resolve
    from keyswitch.shells.hook_scripts import hook_script

    paths = resolve(environ)
    write_out(hook_script(args[0], paths.state_file, paths.config_file))
    _say_if_experimental(args[0], environ)
    return ExitCode.OK


def _say_if_experimental(shell: str, environ: Mapping[str, str]) -> None:
    if shell in EXPERIMENTAL:
        from keyswitch import experimental

        experimental.say_once(shell, environ)


def _completion(args: list[str], environ: Mapping[str, str]) -> int | None:
    from keyswitch.shells.hook_scripts import COMPLETED, made_completion

    kind = COMPLETED.get(args[0]) if len(args) == 1 else None
    text = made_completion(kind) if kind else None
    if text is None:
        return None  # a clone makes it of the commands
    write_out(text)
    _say_if_experimental(args[0], environ)
    return ExitCode.OK
