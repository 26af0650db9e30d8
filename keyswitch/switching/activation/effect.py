"""What Claude Code does here, and after a switch: whether it is in effect.

A switch is in effect if its secrets can be had, and Claude Code sends them.

Where a profile's secret travels by variables only, `use` cannot put it into
the shell that called it. The question is then what Claude Code would send
once `keyswitch env` was evaluated there.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from keyswitch.compiled import HEADERS, Compiled
from keyswitch.diagnosis.findings.accounts import Accounts
from keyswitch.diagnosis.findings.contradictions import warnings
from keyswitch.diagnosis.findings.situation import Scene, Situation, scene_of
from keyswitch.diagnosis.findings.whose import otherwise
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError, LockedError
from keyswitch.model import FILE_LIMIT, Profile
from keyswitch.providers.schema import ClaudeCode
from keyswitch.providers.shapes import fingerprint
from keyswitch.secrets.outside import seen
from keyswitch.targets import table
from keyswitch.targets.verdict import ERROR, Finding, Value
from keyswitch.terminal import selection
from keyswitch.terminal.marker import applied, read_key, read_marker
from keyswitch.terminal.selection import Selection
from keyswitch.workspace import Workspace, own_command

_WORTH_A_WORD = (
    "cloud-credential-not-known",
    "cloud-signs-in-first",
    "credential-mixed-up",
    "key-to-other-host",
    "model-of-another-service",
    "policy-program",
    "server-settings",
    "two-accounts",
)

EXPORT = 'eval "$(keyswitch env)"'

# Set by a shell's hook for `use` and `off` alone.
FOLLOWS_VARIABLE = "KEYSWITCH_FOLLOWS"

LOCKED = "secret-locked"
_ABSENT = "secret-not-there"

# Stands for a secret that is not read for this; it looks like no other value.
_PENDING = "keyswitch-pending-{name}-{field}"


def effect_of(
    workspace: Workspace, profile: Profile
) -> tuple[list[str], list[Finding]]:
    """Return (notes, findings) for a profile that was just made active."""
    follows = bool(workspace.environ.get(FOLLOWS_VARIABLE))
    taken = workspace.provider_of(profile).claude_code_for(profile)
    if taken.how == "none":
        return [] if follows else [f"to use it in this shell: {EXPORT}"], []
    in_a_folder = profile.isolated or workspace.isolated_shell
    # With `follows` the shell's hook evaluates `env` right after this command.
    notes: list[str] = []
    environ, pending = workspace.environ, dict[str, str]()
    if follows or in_a_folder or _is_to_export(workspace, profile, taken):
        from keyswitch.changes.compiling import compiled_profile

        compiled = compiled_profile(workspace, profile.name)
        environ, pending = _evaluated(workspace, compiled)
        if not follows:
            notes = _to_evaluate(
                workspace, profile, environ, in_a_folder=in_a_folder
            )
    situation = Situation(
        _scene(workspace, environ),
        accounts_of(workspace, pending, profile.name if follows else ""),
        chosen=profile.name,
        how=selection.BY_USE,
        exported=exported_here(workspace),
    )
    found = warnings(situation)
    notes += _secret_headers(workspace, profile, situation)
    if situation.in_use is False:
        return notes, [f for f in found if f.severity == ERROR]
    # What is in effect may still be worth a word, but is no failure.
    notes += [f"{f.what}; {f.fix}" for f in found if f.check in _WORTH_A_WORD]
    other = otherwise(situation)
    notes += [f"elsewhere, {other}"] * bool(other)
    return notes, []


def _secret_headers(
    workspace: Workspace, profile: Profile, situation: Situation
) -> list[str]:
    """Say how a profile's secret headers are sent: no settings may hold them.

    Where settings have headers of a person's own, an export has no effect.
    """
    provider = workspace.provider_of(profile)
    secret = {v for s in profile.secrets for v in provider.field(s).env}
    if HEADERS not in secret or HEADERS in exported_here(workspace):
        return []
    run = f"keyswitch run {profile.name} -- claude"
    value = situation.view.get(HEADERS)
    exportable = value is None or value.source.set_by == "process"
    how = f"export them: {EXPORT}, or {run}" if exportable else f"use {run}"
    return [f"its secret headers are not written to Claude Code's files; {how}"]


def _to_evaluate(
    workspace: Workspace,
    profile: Profile,
    environ: Mapping[str, str],
    *,
    in_a_folder: bool,
) -> list[str]:
    """Say what this shell has to evaluate before the profile counts in it."""
    if not in_a_folder:
        run = f"keyswitch run {profile.name} -- claude"
        stays = "its secret is not written to Claude Code's files"
        return [f"{stays}; export it: {EXPORT}, or {run}"]
    variable = table.main().folder_variable
    if environ.get(variable) == workspace.environ.get(variable):
        return []
    where = "its own folder" if profile.isolated else "the default folder"
    return [f"it uses {where}; in this shell: {EXPORT}"]


def _is_to_export(
    workspace: Workspace, profile: Profile, taken: ClaudeCode
) -> bool:
    """Tell whether the secret travels by variables that are not set here."""
    if taken.helper_field or taken.aws_export:
        return False
    provider = workspace.provider_of(profile)
    for field, ref in profile.secrets.items():
        for variable in provider.field(field).env:
            value = workspace.environ.get(variable, "")
            print_of = fingerprint(workspace.install_key, value)
            known = seen.known(workspace.paths, ref).fingerprint
            if not value or print_of != known:
                return True
    return False


def _evaluated(
    workspace: Workspace, compiled: Compiled
) -> tuple[Mapping[str, str], dict[str, str]]:
    """Return the environment after `keyswitch env`, with stand-ins."""
    pairs = list(compiled.literals)
    pending = {}
    for variable, field in compiled.secrets:
        value = _PENDING.format(name=compiled.name, field=field)
        pending[value] = compiled.name
        pairs.append((variable, value))
    base, key = workspace.environ_of_places, read_key(workspace.paths)
    from keyswitch.terminal.kept_headers import settled

    pairs, rivals, _ = settled(base, pairs, compiled.rivals, key)
    return applied(base, pairs, rivals, key), pending


def without_files(workspace: Workspace, name: str) -> str:
    """Return the commands that use a profile where no file can be written.

    What settings say outranks what a shell exports, so that `env` may not do;
    `run` outranks both.
    """
    from keyswitch.changes.compiling import compiled_profile

    run = f"keyswitch run {name} -- claude"
    try:
        compiled = compiled_profile(workspace, name)
        environ, pending = _evaluated(workspace, compiled)
        situation = Situation(
            _scene(workspace, environ),
            accounts_of(workspace, pending, name),
            chosen=name,
        )
    except KeyswitchError:
        return run
    if situation.in_use is False:
        return run
    here = f'eval "$(keyswitch use {name} --here)"'
    return f'{run}, {here} or eval "$(keyswitch env {name})"'


def undelivered(workspace: Workspace, name: str) -> list[Finding]:
    """Return why nothing can use a profile that was just made active."""
    # Not at the top: `whoami` uses this module and needs none of it.
    from keyswitch.changes.compiling import compiled_profile
    from keyswitch.terminal.exports import KEYCHAIN_SHARE, values_of

    try:
        profile = compiled_profile(workspace, name)
    except KeyswitchError:
        return []  # its file is broken, which is said elsewhere
    needed = {*(f for _, f in profile.secrets), *profile.roles.values()}
    fields = sorted(needed & set(profile.refs))
    try:
        values_of(workspace.paths, profile, fields, deadline=KEYCHAIN_SHARE)
    except KeyswitchError as e:
        from keyswitch.diagnosis.one_step import one_step

        return [
            Finding(
                LOCKED if isinstance(e, LockedError) else _ABSENT,
                ERROR,
                f"no program gets the secret of '{name}'",
                *one_step(e, e.message, f"keyswitch rotate {name}", name),
            )
        ]
    return []


def situation_of(
    workspace: Workspace,
    claude_options: Sequence[str] = (),
    trusts: Callable[[Value], bool] | None = None,
    surface: str = "",
) -> Situation:
    """Return what Claude Code would do here, started with these options.

    `surface` says by what it is started, where that is not as it is here.
    With `trusts` helpers are run; it is asked about a command that a
    repository brings along.
    """
    scene = _scene(workspace, workspace.environ, claude_options)
    if surface:
        scene = scene.started_by(surface)
    from keyswitch.switching.activation.elsewhere import again, ended_by

    answers = _answers_here(workspace)
    run = None
    if trusts is not None:
        from keyswitch.diagnosis.findings.commands import Runner, require_trust

        require_trust(scene, trusts)
        run = Runner(scene)
    return Situation(
        scene,
        accounts_of(workspace, answers=answers.name),
        chosen=answers.name,
        how=answers.how,
        again=again(answers),
        ended_by=ended_by(workspace, answers),
        exported=exported_here(workspace),
        run=run,
    )


def _scene(
    workspace: Workspace,
    environ: Mapping[str, str],
    claude_options: Sequence[str] = (),
) -> Scene:
    """Return what Claude Code reads here, a login in no file included."""
    scene = scene_of(environ, workspace.home, workspace.cwd, claude_options)
    if workspace.keychain is None:
        return scene  # which reads nothing before it is asked
    places: Any = scene.places  # a `Places`, whose fields are read-only
    keychain = workspace.keychain_at(places)
    with contextlib.suppress(KeyswitchError):  # or the files count
        place = table.main().logins.place(places, _read, keychain)
        scene.hold(place.as_files(_read(places.global_config)))
    return scene


def _read(path: str) -> bytes | None:
    return read_regular(path, FILE_LIMIT)


def accounts_of(
    workspace: Workspace,
    known: Mapping[str, str] | None = None,
    answers: str = "",
) -> Accounts:
    """Return this person's profiles, and who the helper answers for.

    `known` names the profiles of values that no fingerprint tells; `answers`
    is for whom the helper will answer, where that is not as it is now.
    """
    return Accounts(
        workspace.paths,
        shlex.join(own_command()),
        helper_profile=answers or _answers_here(workspace).name,
        known=known,
    )


def exported_here(workspace: Workspace) -> frozenset[str]:
    """Return the variables that `keyswitch env` set in this shell."""
    marker = read_marker(workspace.environ)
    if not marker:
        return frozenset()
    theirs = marker.not_ours(workspace.environ, read_key(workspace.paths))
    return frozenset(marker.assigned) - theirs


def _answers_here(workspace: Workspace) -> Selection:
    """Return the profile that counts in this environment, if one does."""
    try:
        return selection.select_for_helper(workspace.paths, workspace.environ)
    except KeyswitchError:
        return Selection("", selection.NOT_CHOSEN)
