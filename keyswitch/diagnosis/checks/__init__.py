"""The checks of `doctor`, as one table.

A check is a function from a situation to its findings. It never prints, asks
or raises for bad news; adding one is adding a line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyswitch.diagnosis.checks import (
    approvals,
    aws,
    bindings,
    credential_commands,
    environment,
    files,
    installs,
    logins,
    plaintext,
    profiles,
    provider_flags,
    secret_items,
    settings,
)
from keyswitch.diagnosis.findings import contradictions
from keyswitch.diagnosis.findings.finding import SEVERITIES
from keyswitch.display import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from keyswitch.diagnosis.findings.finding import Finding
    from keyswitch.diagnosis.findings.situation import Situation


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at."""

    title: str
    look: Callable[[Situation], Iterable[Finding]]


CHECKS = (
    # Causes stand before what follows from them.
    Check("settings files", settings.ignored),
    Check("AWS sign-in", aws.sso),
    Check("configuration folders", logins.several_folders),
    Check("the stored login", logins.stored),
    Check("what secrets are for", bindings.other_use),
    Check("what Claude Code sends", contradictions.warnings),
    Check("values of env blocks", settings.odd_values),
    Check("settings against the shell", settings.overriding),
    Check("cloud switches", provider_flags.left_on),
    Check("AWS session tokens", aws.session_token),
    Check("the order of AWS identities", aws.order),
    Check("AWS export", aws.export),
    Check("AWS region", aws.region),
    Check("whose login it is", logins.identity),
    Check("logins of no profile", logins.kept_of_nobody),
    Check("Anthropic profiles", logins.anthropic_profiles),
    Check("answers about keys", approvals.answers),
    Check("contradictory answers", approvals.both_lists),
    Check("helpers", credential_commands.commands),
    Check("profiles", profiles.broken),
    Check("settings of keyswitch", profiles.unknown_settings),
    Check("dates", profiles.dates),
    Check("the same secret twice", profiles.doubles),
    Check("secret stores", profiles.stores),
    Check("secrets in their stores", secret_items.items),
    Check("exported profiles", secret_items.exported),
    Check("what profiles say", profiles.unusable),
    Check("file modes", files.exposed),
    Check("links and mounts", files.links),
    Check("locks", files.locks),
    Check("keys in start files", plaintext.start_files),
    Check("keys in .env files", plaintext.dotenv),
    Check("keys in settings files", plaintext.settings),
    Check("keys in commands and servers", plaintext.commands),
    Check("keys in files of keyswitch", plaintext.own_files),
    Check("keys in old copies", plaintext.backups),
    Check("other switchers", plaintext.switchers),
    Check("proxies", environment.proxies),
    Check("certificates", environment.certificates),
    Check("the address", environment.address),
    Check("WSL", environment.wsl),
    Check("installations of Claude Code", installs.duplicates),
)


def examine(
    situation: Situation, checks: Iterable[Check] = CHECKS
) -> list[Finding]:
    """Return what all checks find, the gravest first."""
    return by_gravity(
        finding for check in checks for finding in check.look(situation)
    )


def by_gravity(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings once each, errors before warnings before notes.

    Each text becomes one line, whatever stands in the files and their names.
    """

    def unique() -> Iterator[Finding]:
        seen = set()
        for finding in findings:
            key = (finding.check, finding.what, finding.place)
            if key not in seen:
                seen.add(key)
                yield finding._replace(
                    what=printable(finding.what),
                    why=printable(finding.why),
                    fix=printable(finding.fix),
                )

    return sorted(unique(), key=lambda f: SEVERITIES.index(f.severity))
