"""Plan Claude Code's files of one folder: settings, approved keys, records.

Claude Code asks about an unknown `ANTHROPIC_API_KEY` and takes "no" for the
default. It remembers approved keys by their last 20 characters. While a key
profile is active, the keys of all such profiles are approved, so that a later
switch changes no file of Claude Code.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keyswitch.errors import UnreadableTextError
from keyswitch.targets.claude_code.login.stored import tail_of
from keyswitch.targets.claude_code.rules import APPROVED
from keyswitch.targets.claude_code.settings import baseline, wanted
from keyswitch.targets.claude_code.settings import plan as settings_plan
from keyswitch.targets.claude_code.settings.baseline import (
    Baseline,
    Element,
    add_containers,
    digest,
    revert,
)
from keyswitch.targets.claude_code.settings.plan import is_blank
from keyswitch.targets.claude_code.settings.settings_file import loads
from keyswitch.targets.splice import Edited, excerpt
from keyswitch.targets.values import MAIN, PlannedFile, TargetPlan, record_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.model import SecretRef
    from keyswitch.providers.schema import ClaudeCode
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.values import Account, PlanRequest, Read


def plan(request: PlanRequest, places: Locations, read: Read) -> TargetPlan:
    """Return what the files are to be for a profile, or for none."""
    planner = _Planner(request, read)
    if not request.keys_only:
        if request.settings_of is not None:
            planner.plan_settings(request.settings_of)
        planner.plan_aws_config()
    planner.plan_approvals(places)
    planner.result.files += [
        PlannedFile(path, baseline.encode(found))
        for path, found in planner.records.items()
    ]
    return planner.result


class _Planner:
    """One plan, and what was there before of the folders that it is about."""

    def __init__(self, request: PlanRequest, read: Read) -> None:
        self.request = request
        self.read = read
        self.result = TargetPlan()
        self.records: dict[str, dict[str, Baseline]] = {}
        self.taken: ClaudeCode | None = None  # how it takes the profile
        if account := request.account:
            self.taken = account.provider.claude_code_for(account.profile)
            self.command = wanted.command_of(
                request.program,
                account.profile.name,
                request.paths.aws_config_file,
            )

    def recorded(self, places: Locations) -> dict[str, Baseline]:
        """Return a folder's records, which the caller may change."""
        path = record_path(self.request.paths, MAIN, places.config_dir)
        if path not in self.records:
            self.records[path] = baseline.decode(path, self.read(path))
        return self.records[path]

    def plan_settings(self, places: Locations) -> None:
        """Plan settings.json; what is displaced goes to a secret store."""
        request, result, path = self.request, self.result, places.settings
        recorded = self.recorded(places)
        if not (
            request.account
            or path in recorded
            or wanted.calls_us(places, self.read)
        ):
            return
        found = settings_plan.plan_settings(
            path,
            self.read(path),
            recorded.get(path, Baseline()),
            self._edits,
            key=request.key(),
            resolve=request.displaced_text,
            new_token=request.new_token,
            keep_changed=request.keep_changed,
        )
        recorded[path] = found.baseline
        result.files.append(PlannedFile(path, found.after))
        result.conflicts += [f"{path}: {key}" for key in found.conflicts]
        result.notes += [f"{path}: {note}" for note in found.notes]
        result.displaced |= found.displaced
        result.put_back += found.put_back

    def _edits(self, text: Edited) -> list[settings_plan.Edit]:
        """Return what a profile needs in a settings text; none: nothing."""
        account, taken = self.request.account, self.taken
        if account is None or taken is None:
            return []
        settings = wanted.wanted_settings(
            taken,
            wanted.said_in_files(account.profile, account.provider),
            self.command,
            expires="session_token" in account.profile.secrets,
            cancels=self.request.cancels_shell_keys,
        )
        rivals = account.provider.rivals
        keep = self.request.keep_headers
        return settings_plan.edits_for(
            text, taken, settings, rivals, keep_headers=keep
        )

    def plan_aws_config(self) -> None:
        """Plan the AWS configuration file, which only some profiles need."""
        after, account = None, self.request.account
        if account and self.taken and self.taken.aws_export:
            region = account.profile.fields["region"]
            after = self.command.aws_config_text(region)
        path = self.request.paths.aws_config_file
        self.result.files.append(PlannedFile(path, after))

    def plan_approvals(self, places: Locations) -> None:
        """Plan `.claude.json` and its record, if it has to be read at all."""
        request, path = self.request, places.global_config
        recorded = self.recorded(places)
        before = recorded.get(path, Baseline())
        approves = self.taken is not None and self.taken.approve
        if (request.keys_only or not approves) and before == Baseline():
            return
        tails: dict[str, str | None] = {}
        if approves:
            known = {e.item for e in before.elements} - request.without
            tails = dict.fromkeys(sorted(known))
            for item, key in request.keys(_key_of, known):
                tails.setdefault(item, tail_of(key))
            if tails and set(tails) == {e.item for e in before.elements}:
                return
        observed = self.read(path)
        if not takes_answers(path, observed):
            recorded[path] = Baseline()
            if tails:
                self.result.notes.append(f"{path}: {_NO_ANSWERS}")
            return
        after, recorded[path] = plan_approvals(
            path, observed, before, tails, request.key()
        )
        self.result.files.append(
            PlannedFile(path, after, is_last=True, goes_when_empty=True)
        )


def _key_of(account: Account) -> SecretRef | None:
    """Return the key that it asks about where it is exported."""
    taken = account.provider.claude_code_for(account.profile)
    refs = account.profile.secrets
    return refs.get(taken.helper_field) if taken.approve else None


def _parses(data: bytes) -> bool:
    try:
        loads(data.decode("utf-8-sig"))
    except ValueError:
        return False
    return True


_NO_ANSWERS = (
    f"{APPROVED[0]} has an unexpected form and was not changed; Claude Code "
    "may ask about an exported key"
)


def takes_answers(path: str, observed: bytes | None) -> bool:
    """Tell whether an answer about a key can be put into `.claude.json`.

    Observed, Claude Code 2.1.330 and 2.1.332: where something else stands in
    the place of the file's object, of the answers or of their list, it goes on
    as if there were none.
    """
    if is_blank(observed):
        return True
    try:
        text = excerpt(path, observed or b"", APPROVED[:1], edits=False)
    except UnreadableTextError:
        if _parses(observed or b""):
            return False
        raise
    answers = text.raw(APPROVED[:1]) or "{"
    return answers.startswith("{") and (
        answers == "{" or (text.raw(APPROVED) or "[").startswith("[")
    )


def plan_approvals(
    path: str,
    observed: bytes | None,
    baseline: Baseline,
    tails: Mapping[str, str | None],
    key: bytes,
) -> tuple[bytes | None, Baseline]:
    """Plan `.claude.json`: exactly these of our keys are approved.

    `tails` maps a secret's item to its tail; None stands for one that is
    recorded already and needs not be read again.
    """
    created = baseline.created if observed is not None else True
    said_before = baseline.blank
    if observed is not None and is_blank(observed):
        said_before = observed.decode()
    if is_blank(observed) and not any(tails.values()):
        return observed, Baseline()
    data = b"{}" if is_blank(observed) else observed or b""
    ours = [e.keys[0] for e in baseline.elements]
    ours += [o.keys[0] for o in baseline.owned]
    text = excerpt(path, data, (APPROVED[0], *ours), edits=True)
    leave = [e for e in baseline.elements if e.item not in tails]
    stay = [e for e in baseline.elements if e.item in tails]
    revert(text, Baseline(False, (), tuple(leave)), key, str)
    new = {
        item: tail
        for item, tail in tails.items()
        if tail is not None and item not in {e.item for e in stay}
    }
    owned = list(baseline.owned)
    for item, tail in new.items():
        if tail in text.elements(APPROVED):
            continue  # the person approved it already
        add_containers(text, APPROVED, owned, "[]")
        gap = text.append(APPROVED, json.dumps(tail))
        stay.append(Element(APPROVED, digest(key, tail), gap, item))
    if not stay and owned:
        revert(text, Baseline(False, tuple(owned)), key, str)
        owned = []
    if not stay:
        if created and text.is_empty():
            return None, Baseline()
        if said_before is not None and text.is_empty():
            return said_before.encode(), Baseline()
        return text.restored(data), Baseline()
    after = Baseline(created, tuple(owned), tuple(stay), said_before)
    return text.restored(data), after
