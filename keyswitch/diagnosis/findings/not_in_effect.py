"""Nothing is sent, or something else than the chosen profile."""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.installations import installs
from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.diagnosis.findings.unread_files import at_fault
from keyswitch.diagnosis.urls import shown
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.resolve import stops
from keyswitch.targets.verdict import ERROR, Finding, Source, Value

_ONLY_MACHINE = "only a metadata server could provide one instead"


def not_in_effect(situation: Situation) -> Iterator[Finding]:
    """Find that no request is sent, or another profile's credential."""
    if situation.verdict.request.sent:
        yield from _not_in_use(situation)
        return
    lacks = "" if installs(situation.scene) else "; `claude` is not installed"
    request = situation.verdict.request
    what = f"Claude Code sends nothing: {request.refusal}{lacks}"
    why = "without a credential it accepts, it stops before any request"
    place = ""
    if request.refused_by:
        place = situation.place(request.refused_by)
        why = f"{request.refused_by.name} in {place} decides that"
    why, fix = _way_in(situation, why)
    yield Finding("nothing-sent", ERROR, what, why, fix, place)


def _way_in(situation: Situation, why: str) -> tuple[str, str]:
    """Return (why, fix) where nothing is sent."""
    for file in filter(stops, situation.scene.files):
        return why, f"correct {at_fault(file)}"
    request = situation.verdict.request
    if request.refused_by:
        remedy = request.remedy.replace("NAME", situation.free_name("work"))
        return why, remedy or situation.how_to_stop(request.refused_by)
    flag, problem = situation.verdict.flag, request.problem
    stop = situation.how_to_stop(flag.source) if flag else ""
    wanted = situation.wanted
    own = bool(stop and wanted) and not situation.wrong_provider
    if wanted and own and situation.is_exported:
        return why, 'eval "$(keyswitch env)"'
    if problem and not situation.chosen:
        return f"{why}; without that cloud: {stop}", problem.fix
    if problem and not situation.wrong_provider:
        return why, problem.fix
    if flag and not own:  # of the profile's own service the flag is right
        return situation.lasting(why, flag.source), stop
    # One that Claude Code takes nothing of is for other programs.
    if wanted is None or not wanted.name or situation.taken is None:
        accounts = situation.accounts
        there = accounts.profiles or accounts.broken
        why = f"{why}; without keyswitch: claude auth login"
        return why, "keyswitch use" if there else "keyswitch add"
    again = f"keyswitch login {wanted.name}"
    if wanted.provider != "claude-login":
        return why, situation.again
    if "login" not in wanted.secrets:
        return why, again
    return (
        f"{why}; if the stored copy is rejected too: {again}",
        situation.again,
    )


def _not_in_use(situation: Situation) -> Iterator[Finding]:
    name, wanted = situation.chosen, situation.wanted
    changed = situation.accounts.other_uses(wanted) if wanted else []
    if changed:
        # What Claude Code has may well be right, and the file wrong.
        what = f"'{name}' is active, but its file changed: {changed[0].what}"
        why = f"no program gets its secret; {changed[0].otherwise}"
        fix, place = changed[0].fix, situation.accounts.paths.profile(name)
        yield Finding("profile-not-in-use", ERROR, what, why, fix, place)
        return
    problem = situation.verdict.request.problem
    if problem and not situation.wrong_provider:
        what, why = f"'{name}' is active, but {problem.what}", _ONLY_MACHINE
        yield Finding("profile-not-in-use", ERROR, what, why, problem.fix)
        return
    blamed = _blamed(situation)
    if not blamed:
        yield _by_address(situation, name)
    for instead, source in blamed:
        why, fix = _in_its_place(situation, source)
        what = f"'{name}' is active, but {instead}"
        place = situation.place(source)
        yield Finding("profile-not-in-use", ERROR, what, why, fix, place)


def _blamed(situation: Situation) -> list[tuple[str, Source]]:
    """Return what happens instead, and the source of each."""
    flag = situation.verdict.flag
    if flag and situation.wrong_provider:
        name, service = flag.source.name, situation.verdict.service
        return [(f"{name} sends requests to {service}", flag.source)]
    skipped = _signature_left_out(situation)
    if skipped is not None:
        what = f"{skipped.source.name} turns its own credential off"
        return [(what, skipped.source)]
    found = []
    for header in situation.verdict.request.headers:
        owner = situation.owner(header).profile
        whose = f"profile '{owner}'" if owner else "no profile"
        if owner != situation.chosen:
            what = f"{header.source.name} ({whose}) is sent"
            found.append((what, header.source))
    return found


def _signature_left_out(situation: Situation) -> Value | None:
    """Return what a proxy that signs was meant for, and the profile not."""
    provider, taken = situation.verdict.provider, situation.taken
    if provider is None or not situation.view.truthy(provider.skip):
        return None
    meant = taken is not None and provider.skip in dict(taken.env)
    return None if meant else situation.view.get(provider.skip)


# What is used only where nothing else is there.
_LAST = ("login", "managed_key", "anthropic_profile")


def _in_its_place(situation: Situation, source: Source) -> tuple[str, str]:
    """Return why a source is used in a profile's place, and the way back."""
    place = situation.place(source)
    if situation.scene.login_first and source.name in rules.SUBSCRIPTION:
        why = "the desktop app and remote sessions prefer a login to any key"
        return why, "log out there, in its settings"
    if source.kind not in _LAST:
        why = f"it comes from {place}, which outranks it"
        return situation.lasting(why, source), situation.how_to_stop(source)
    # Taking that away would not bring the profile back: it is not there.
    why = f"none of it reaches Claude Code, which falls back to {place}"
    user = [f for f in situation.scene.files if f.level == "user"]
    if user and user[0].problem:
        path, problem = user[0].path, user[0].problem
        return f"{path} is ignored: {problem}", f"correct {at_fault(user[0])}"
    wanted = situation.wanted
    if situation.is_exported or (wanted and wanted.isolated):
        return why, 'eval "$(keyswitch env)"'
    return why, situation.again


def _by_address(situation: Situation, name: str) -> Finding:
    url = situation.verdict.base_url
    where = situation.place(url.source) if url else ""
    what = f"'{name}' is active, but requests do not go to its address"
    why = f"{where} sets {shown(url.text)}" if url else "no address is set"
    fix = situation.how_to_stop(url.source) if url else situation.again
    why = situation.lasting(why, url.source) if url else why
    return Finding("profile-not-in-use", ERROR, what, why, fix, where)
