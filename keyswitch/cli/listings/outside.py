"""How listings show what a manager outside keeps: the reference, no value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from keyswitch.model import Profile, SecretRef
from keyswitch.profiles.paths import Paths


def hints_of(profile: Profile) -> list[str]:
    """Return what tells a profile's secrets apart, in the order of fields."""
    return [hint_of(ref) for _, ref in sorted(profile.secrets.items())]


def hint_of(ref: SecretRef) -> str:
    """Return what tells a secret apart."""
    return str(ref.item if ref.is_reference else ref.hint)


def leases(paths: Paths) -> dict[str, int]:
    """Return {reference: when the lease of its value ends}, of all."""
    if not os.path.isdir(paths.references_dir):
        return {}
    from keyswitch.secrets.outside import seen

    return {one.reference: one.until for one in seen.every(paths) if one.until}


def lease_of(profile: Profile, ends: Mapping[str, int], at: datetime) -> str:
    """Return when the first lease of its values ends; "": there is none."""
    refs = profile.secrets.values() if ends else ()
    known = [ends[ref.item] for ref in refs if ref.item in ends]
    return _ends(min(known), at) if known else ""


def document_of(paths: Paths, ref: SecretRef, at: datetime) -> dict[str, Any]:
    """Return one as `--json` shows it."""
    found = _seen(paths, ref)
    return {
        "store": ref.store,
        "reference": ref.item,
        "lifetime": ref.lifetime or None,
        "fingerprint": (found and found.fingerprint) or None,
        "hint": (found and found.hint) or None,
        "read_at": found and _iso(found.at, at),
        "lease_ends_at": (found and found.until and _iso(found.until, at))
        or None,
    }


def in_words(paths: Paths, ref: SecretRef, at: datetime) -> str:
    """Return one as a person reads it."""
    found = _seen(paths, ref)
    if found is None:
        return f"{ref.item}  not yet read here"
    local = datetime.fromtimestamp(found.at, at.tzinfo)
    words = f"{ref.item}  {found.hint}, last read {local:%Y-%m-%d %H:%M}"
    return words + (f", {_ends(found.until, at)}" if found.until else "")


def _seen(paths: Paths, ref: SecretRef) -> Any:
    from keyswitch.secrets.outside import seen

    return seen.of(paths, ref.item)


def _ends(until: int, at: datetime) -> str:
    end = datetime.fromtimestamp(until, at.tzinfo)
    if end <= at:
        return "lease expired: read again at the next use"
    day = "" if end.date() == at.date() else f"{end:%Y-%m-%d} "
    return f"lease until {day}{end:%H:%M}"


def _iso(seconds: int, at: datetime) -> str:
    return datetime.fromtimestamp(seconds, at.tzinfo or UTC).isoformat()
