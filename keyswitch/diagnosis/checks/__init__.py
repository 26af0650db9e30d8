"""The checks of `doctor`, as one table.

A check is a function from a situation to its findings. It never prints, asks
or raises for bad news; adding one is adding a line here.
"""

from __future__ import annotations

from collections.abc import Iterable

from keyswitch.diagnosis.checks import (
    aws,
    environment,
    files,
    logins,
    outside_secrets,
    profiles,
    settings,
    status_lines,
)
from keyswitch.diagnosis.findings import (
    commands,
    contradictions,
    installations,
    interactive,
    unread_files,
)
from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.disk import rewriting
from keyswitch.display import printable
from keyswitch.targets.verdict import SEVERITIES, Finding, Mend

CHECKS = (
    # Causes stand before what follows from them.
    unread_files.passed_over,
    aws.sso,
    logins.several_folders,
    logins.stored,
    profiles.other_use,
    contradictions.warnings,
    settings.odd_values,
    settings.overriding,
    settings.left_on,
    aws.session_token,
    aws.order,
    aws.export,
    aws.region,
    logins.identity,
    logins.kept_of_nobody,
    logins.anthropic_profiles,
    interactive.answers,
    interactive.both_lists,
    commands.commands,
    profiles.broken,
    profiles.unknown_settings,
    profiles.rules_without_git,
    profiles.dates,
    profiles.doubles,
    profiles.secrets,
    outside_secrets.references,
    profiles.exported,
    profiles.unusable,
    profiles.ignored,
    files.exposed,
    files.links,
    files.locks,
    files.plaintext,
    files.backups,
    files.switchers,
    status_lines.gone,
    environment.proxies,
    environment.certificates,
    environment.address,
    environment.wsl,
    installations.duplicates,
    installations.unobserved,
)


def examine(situation: Situation) -> list[Finding]:
    """Return what all checks find, the gravest first."""
    found = by_gravity(f for check in CHECKS for f in check(situation))
    return list(map(_possible, found))


def _possible(finding: Finding) -> Finding:
    """Return a finding without a repair that this machine does not allow."""
    mend = finding.mend
    if mend is None or mend.kind == Mend.FOLDER:
        return finding
    refused = rewriting.refusal(mend.path)
    if refused is None or refused.why == rewriting.BY_MODE:
        return finding
    why = f"{finding.why}; {refused.message}"
    return finding._replace(
        why=printable(why), fix=printable(refused.hint), mend=None
    )


def by_gravity(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings once each, errors before warnings before notes.

    Each text becomes one line, whatever stands in the files and their names.
    """
    unique: dict[tuple[str, str, str], Finding] = {}
    for f in findings:
        what, why, fix = map(printable, (f.what, f.why, f.fix))
        shown = f._replace(what=what, why=why, fix=fix)
        unique.setdefault((f.check, f.what, f.place), shown)
    return sorted(unique.values(), key=lambda f: SEVERITIES.index(f.severity))
