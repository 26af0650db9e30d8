"""A cloud's credential that is not there, or that only the machine may have."""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.targets.claude_code import cloud_rules
from keyswitch.targets.claude_code.settings.wanted import profiles_of
from keyswitch.targets.verdict import ERROR, WARNING, Finding


def not_known(situation: Situation) -> Iterator[Finding]:
    """Find that nothing set here gives a credential, and a machine may.

    Where another profile was chosen, or nothing is sent, that is said
    elsewhere.
    """
    request = situation.verdict.request
    header, problem = request.bearer, request.problem
    if not header or not problem or situation.in_use is False:
        return
    yield Finding(
        "cloud-credential-not-known",
        ERROR if problem.set_wrong else WARNING,
        problem.what,
        f"only the machine can provide one ({header.source.name}); on a "
        "machine without one, such as a laptop, Claude Code sends nothing",
        problem.fix,
    )


def signs_in_first(situation: Situation) -> Iterator[Finding]:
    """Find a command that may bring another account than the chosen one."""
    header, wanted = situation.verdict.request.bearer, situation.wanted
    if header is None or wanted is None or header.value is not None:
        return
    key = cloud_rules.AWS_REFRESH  # that of Google signs gcloud in, as is meant
    command = situation.scene.command(key)
    if command is None or key not in header.why_unknown:
        return
    if wanted.fields.get("aws_profile") in profiles_of(command.text):
        return  # the sign-in of that very profile
    place = situation.place(command.source)
    yield Finding(
        "cloud-signs-in-first",
        WARNING,
        f"{key} may run first and switch to another account",
        "it runs if the current credential is rejected or missing; one that "
        f"signs in to '{wanted.name}' may stay",
        f"remove '{key}' from {place}",
        place,
    )
