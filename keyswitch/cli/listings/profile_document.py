"""What is shown of a profile: references to secrets, never a value."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from keyswitch.cli.listings import outside
from keyswitch.cli.session import attributes
from keyswitch.display import secrets_in, without_secrets
from keyswitch.model import Profile
from keyswitch.profiles import login_status
from keyswitch.profiles.paths import Paths
from keyswitch.usage import shown


def document_of(
    paths: Paths, profile: Profile, active: str, at: datetime
) -> dict[str, Any]:
    """Return a profile as `--json` shows it: references, never values."""
    document = {
        **attributes(profile, "name", "provider", "label", or_null=("expect",)),
        "active": profile.name == active,
        "created": profile.created and profile.created.isoformat(),
        "expires": profile.expires and profile.expires.isoformat(),
        "expires_expected": profile.expires_expected,
        "fields": dict(sorted(profile.fields.items())),
        "secrets": {
            field: outside.document_of(paths, ref, at)
            if ref.is_reference
            else attributes(ref, "store", "generation", "fingerprint", "hint")
            for field, ref in sorted(profile.secrets.items())
        },
    }
    for key, places in (("only", profile.only), ("never", profile.never)):
        if places:
            document[key] = list(places)
    if profile.team:
        document["team"] = profile.team
    if profile.isolated:
        from keyswitch.switching.planning import isolation

        document["isolated"] = True
        document["shared"] = list(isolation.shared_of(profile))
    login = login_status.status_of(profile, at)
    if login is not None:
        document["login"] = {
            "status": login.text,
            **attributes(login, "expires_at", "refreshable"),
        }
    return document | shown.entry(paths, profile, at)


def without_secrets_of(profile: Profile) -> Profile:
    """Return what is shown of a profile, whatever was written into its file."""
    refs = profile.secrets.values()
    texts = [profile.label, *profile.only, *profile.never]
    texts += profile.fields.values()
    texts += [t for r in refs for t in ((r.hint, r.item)[: 1 + r.is_reference])]
    together = "\n".join(texts)
    if not secrets_in(together):
        return profile  # at once, since there may be thousands
    cut = without_secrets
    return profile._replace(
        label=cut(profile.label),
        only=tuple(map(cut, profile.only)),
        never=tuple(map(cut, profile.never)),
        fields={name: cut(value) for name, value in profile.fields.items()},
        secrets={
            field: ref._replace(
                hint=cut(ref.hint),
                item=cut(ref.item) if ref.is_reference else ref.item,
            )
            for field, ref in profile.secrets.items()
        },
    )
