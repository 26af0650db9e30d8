"""Whether a team file may count: a typed yes, its hash, or a signed tag."""

from __future__ import annotations

from keyswitch.cli.profiles.team_report import summary
from keyswitch.cli.session import Session
from keyswitch.errors import CancelledError, InputError, UsageError
from keyswitch.model import Frozen
from keyswitch.profiles.team_records import TeamRecord
from keyswitch.team.comparison import Comparison
from keyswitch.team.team_source import Offer


class Pin(Frozen):
    """What the person has given instead of an answer."""

    sha256: str = ""
    signer: str = ""


def check_pin(offer: Offer, record: TeamRecord | None, pin: Pin) -> None:
    """Raise where the file is not the one that was meant."""
    wanted = pin.sha256.lower().removeprefix("sha256:")
    if wanted and wanted != offer.sha256:
        raise InputError(
            f"the team file's hash is {offer.sha256}, not {wanted}",
            "this is a different file; check it before you give its hash",
        )
    if pin.signer and not offer.tag:
        raise UsageError("--signer needs --tag", "add --tag TAG")
    if record is not None and record.signer and not (offer.tag or wanted):
        last = f"; the last was {record.tag}" if record.tag else ""
        raise UsageError(
            f"team '{record.name}' uses signed tags{last}",
            "name the next tag: --tag TAG, or give the file's hash: --sha256 "
            f"{offer.sha256}",
        )
    if pin.signer and pin.signer != offer.signer:
        raise InputError(
            f"tag '{offer.tag}' is signed by {offer.signer}, not {pin.signer}",
            "nothing of it was taken over; ask whoever signs the tags",
        )


def signer_unasked(offer: Offer, record: TeamRecord | None, pin: Pin) -> str:
    """Return the key that signs for a team, as far as that is agreed to."""
    known = record.signer if record else ""
    is_given = bool(offer.tag) and offer.signer == pin.signer
    return offer.signer if is_given else known


def agreed_signer(
    session: Session, offer: Offer, record: TeamRecord | None, pin: Pin
) -> str:
    """Return the key that signs for a team from now on; ask about a new one.

    Where nobody can be asked, a hash lets the first file count, and its key is
    not kept.
    """
    agreed = signer_unasked(offer, record, pin)
    if not offer.tag or offer.signer == agreed:
        return agreed
    what = f"tag '{offer.tag}' is signed by {offer.signer} ({offer.owner})"
    if agreed:
        what += f", earlier ones by {agreed}"
    session.warn(what)  # here, since an error's text would cut the key short
    if not agreed and pin.sha256 and not session.can_ask:
        return ""
    session.require_terminal(
        "the signing key needs confirmation",
        "if it is the right one: --signer KEY",
    )
    _typed_yes(f"accept this key for team '{offer.team.name}'")
    return offer.signer


def require_yes(
    session: Session, offer: Offer, found: Comparison, pin: Pin
) -> None:
    """Ask whether a team file may count, unless it is pinned."""
    if pin.sha256 or pin.signer:
        return
    name = offer.team.name
    if not session.can_ask:
        raise UsageError(
            f"the file of team '{name}' needs confirmation, but keyswitch "
            "cannot ask here",
            f"review it, then add --sha256 {offer.sha256}",
        )
    if found.is_small:
        session.confirm(f"team '{name}': {summary(found)}?")
    else:
        _typed_yes(
            f"team '{name}' decides where these secrets go ({summary(found)}); "
            "accept it"
        )


def _typed_yes(question: str) -> None:
    from keyswitch.cli.prompt import ask_line

    if ask_line(f"{question}? type yes") != "yes":
        raise CancelledError
