"""What keeps a switch from happening, found before somebody tries it.

`doctor` plans a switch and checks the plan, as `use --dry-run` does. Nobody is
asked and nothing is written.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from keyswitch.changes import bindings
from keyswitch.changes.draft import once_settled
from keyswitch.commit.transaction import Transaction, on_disk
from keyswitch.diagnosis.one_step import NOTHING, one_step
from keyswitch.errors import (
    DamagedFileError,
    FileStateError,
    KeyswitchError,
    NewerFileError,
    OddFileError,
    ReadOnlyError,
)
from keyswitch.model import Profile
from keyswitch.switching.planning import all_folders
from keyswitch.switching.planning.planned import Switch
from keyswitch.targets.verdict import NOTE, Finding

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.workspace import Workspace

# Of a person who has no profile yet: with a key, the commonest kind.
_OF_NOBODY = Profile("NAME", "anthropic")


def findings(
    workspace: Workspace, situation: Situation, said: Collection[Finding]
) -> Iterator[Finding]:
    """Yield what `use` would refuse, or warn about, and nobody `said` yet."""
    quiet = copy.copy(workspace)
    quiet.ask, quiet.dry_run = None, True
    places = tuple(found.place for found in said if found.place)
    told: set[str] = set()
    for profile in _one_of_each_kind(situation):
        error, notes = _rehearsed(quiet, profile)
        use = f"keyswitch use {profile.name}"
        if error and not error.message.startswith(places):
            grave = situation.severity_of(profile.name)
            what = f"'{use}' would fail: {error.message}"
            why = "it changes either all of its files or none"
            again = use
            if isinstance(error, OddFileError):
                again = f"correct {error.path}"
            why, fix = one_step(error, why, again)
            if isinstance(error, ReadOnlyError) and profile.secrets:
                why += f"; to have its files changed: {fix}"
                fix = f"keyswitch run {profile.name} -- claude"
            yield Finding("use-refuses", grave, what, why, fix)
            places = (*places, error.message)
        for note in notes:
            if note not in told:
                told.add(note)
                what, why = (
                    f"'{use}' would say: {note}",
                    "it would still switch",
                )
                yield Finding("use-warns", NOTE, what, why, NOTHING)


def _one_of_each_kind(situation: Situation) -> Iterator[Profile]:
    """Yield the chosen profile, and one of each kind that files are set for.

    What a switch refuses depends on the kind only.
    """
    wanted, kinds = situation.wanted, set[str]()
    for profile in (wanted, *situation.accounts.profiles):
        provider = profile and situation.accounts.provider_of(profile)
        if profile is None or provider is None:
            continue
        try:
            kind = provider.claude_code_for(profile).how
        except KeyswitchError:
            continue  # another check says what is wrong with it
        if kind not in kinds:
            kinds.add(kind)
            yield profile
    if not kinds:
        yield _OF_NOBODY


def _rehearsed(
    workspace: Workspace, profile: Profile
) -> tuple[FileStateError | None, list[str]]:
    """Return what stops a switch at files, and what it would say."""

    def make(draft: Draft) -> None:
        if profile is not _OF_NOBODY:
            bindings.check_complete(workspace, profile)
        switch = Switch(profile, moves_login=False, rehearsed=True)
        all_folders.plan_targets(draft, switch)

    try:
        draft, _ = once_settled(workspace, make)
        Transaction.check(on_disk(draft.changes()), ())
    except (DamagedFileError, NewerFileError):
        pass  # what is wrong with keyswitch's own files is said elsewhere
    except FileStateError as e:
        return e, []
    except KeyswitchError:
        pass  # of a store or of a profile, which have checks of their own
    else:
        return None, draft.messages
    return None, []
