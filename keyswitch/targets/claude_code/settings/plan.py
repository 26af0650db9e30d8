"""What Claude Code's files have to say for a profile. Pure: bytes in and out.

A switch takes back what the former profile needed and puts in what the new
one needs, on the text that is there now. Where both need the same, the bytes
come out the same and no file is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from keyswitch.compiled import HEADERS
from keyswitch.model import Frozen
from keyswitch.providers import custom_headers
from keyswitch.providers.schema import ClaudeCode
from keyswitch.targets import json_text
from keyswitch.targets.claude_code.rules import AWS_EXPORT, HELPER
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.claude_code.settings.baseline import (
    ABSENT,
    RAW,
    SECRET,
    Baseline,
    Owned,
    add_containers,
    digest,
    revert,
)
from keyswitch.targets.claude_code.settings.settings_file import (
    as_text,
    env_of,
    says_nothing,
)
from keyswitch.targets.claude_code.settings.wanted import ENV
from keyswitch.targets.splice import Edited

# What is said of a key that is displaced.
_LEFT_OVER = "was an older keyswitch helper; it will not be restored"
_REPLACED = (
    "was changed by another program; keyswitch replaces it, and 'keyswitch "
    "off' restores it"
)
_ADDED = (
    "was added by another program; it has no effect while a profile is "
    "active, and 'keyswitch off' restores it"
)


class Edit(Frozen):
    """One key of settings.json and the text of its value."""

    keys: tuple[str, ...]
    raw: str


class SettingsPlan:
    """A settings file's next version, and what has to be remembered of it."""

    def __init__(self, conflicts: list[str]) -> None:
        self.after: bytes | None = None
        self.baseline = Baseline()
        self.conflicts = conflicts
        # token -> text that was displaced and may be secret
        self.displaced: dict[str, str] = {}
        self.put_back: list[str] = []  # tokens not needed now
        self.notes: list[str] = []  # for the person, of one key each


_MOST_SPACES = 1 << 20  # bytes; a larger file holds something


def is_blank(data: bytes | None) -> bool:
    """Tell whether a file is not there, or as good as that."""
    return data is None or (
        len(data) < _MOST_SPACES
        and says_nothing(data.decode("utf-8", "replace"))
    )


def edits_for(
    text: Edited,
    taken: ClaudeCode,
    settings: Mapping[str, Any],
    rivals: Iterable[str],
    *,
    keep_headers: bool = False,
) -> list[Edit]:
    """Return the edits that bring a settings text to the wanted settings.

    Rivals in the person's own env block would outrank the profile. They are
    replaced by "", which cancels a variable and keeps its place. Of headers
    those stay that carry no credential, or with `keep_headers` all.
    """
    edits = [
        Edit((key,), json.dumps(value))
        for key, value in sorted(settings.items())
        if key != ENV
    ]
    env, leave = dict(settings.get(ENV, {})), set[str]()
    present: dict[str, Any] = {}
    if taken.how != "none":
        text.find((ENV, ""))  # raises where `env` is no object
        present = json_text.parsed(text.path, text.text.removeprefix("\ufeff"))
    there = env_of(present)
    if HEADERS in there and (HEADERS in env or HEADERS in rivals):
        given = as_text(there[HEADERS])
        kept = given if keep_headers else custom_headers.plain(given)[0]
        env[HEADERS] = custom_headers.beside(env.get(HEADERS, ""), kept)
        if env[HEADERS] == given:
            leave.add(HEADERS)
    edits += [
        Edit((ENV, name), json.dumps(value))
        for name, value in sorted(env.items())
        if name not in leave
    ]
    if taken.how == "none":
        return edits
    for name in sorted(set(rivals)):
        if name not in env and there.get(name):
            edits.append(Edit((ENV, name), '""'))
    helpers = {"cloud": (HELPER, AWS_EXPORT), "login": ()}
    for key in helpers.get(taken.how, (HELPER,)):
        if key not in settings and present.get(key):
            edits.append(Edit((key,), '""'))
    edits += [
        Edit((key,), '""') for key in wanted.other_sign_ins(present, taken, env)
    ]
    return edits


def plan_settings(  # noqa: PLR0913
    path: str,
    observed: bytes | None,
    baseline: Baseline,
    make_edits: Callable[[Edited], Sequence[Edit]],
    *,
    key: bytes,
    resolve: Callable[[str], str],
    new_token: Callable[[], str],
    keep_changed: bool = False,
) -> SettingsPlan:
    """Plan a settings file: take the old edits back, then make the new ones.

    With `keep_changed` a key that somebody else changed stays as it is, and
    in the record, so that the next plan knows it for changed as well.

    A text which stays displaced keeps its token, and so its place in the
    secret store.
    """
    created = baseline.created if observed is not None else True
    blank = baseline.blank
    if observed is not None and is_blank(observed):
        blank = observed.decode()
    text = Edited.of(path, b"{}" if is_blank(observed) else observed or b"")
    text.checked(edits=True)
    conflicts, put_back = revert(text, baseline, key, resolve)
    plan = SettingsPlan(conflicts)
    left_over = wanted.take_helpers(text)
    plan.notes += [f"{'.'.join(keys)} {_LEFT_OVER}" for keys in left_over]
    tokens = {resolve(token): token for token in put_back}
    owned: list[Owned] = []
    former = {o.keys: o for o in baseline.owned}
    left = {k for k in former if ".".join(k) in plan.conflicts}
    for edit in make_edits(text):
        if keep_changed and edit.keys in left:
            owned.append(former[edit.keys])
            continue
        plan.notes += _lost_headers(text, edit, former)
        _apply(text, edit, owned, plan, key, tokens, new_token)
    if keep_changed and baseline.owned:
        plan.notes += [
            f"{'.'.join(o.keys)} {_ADDED}"
            for o in owned
            if o.was in (RAW, SECRET) and o.keys not in former
        ]
    # What is written again is no conflict: the other text is kept with it.
    again = {".".join(o.keys) for o in owned if o is not former.get(o.keys)}
    plan.notes += [f"{c} {_REPLACED}" for c in plan.conflicts if c in again]
    plan.conflicts = [c for c in plan.conflicts if c not in again]
    used = {o.before for o in owned if o.was == SECRET}
    plan.put_back = [token for token in put_back if token not in used]
    if created and not owned and text.is_empty():
        return plan
    if blank is not None and not owned and text.is_empty():
        plan.after = blank.encode()
    elif owned or observed is not None:
        plan.after = (text.text + "\n" * (observed is None)).encode()
    if owned:
        plan.baseline = Baseline(created, tuple(owned), blank=blank)
    return plan


def _lost_headers(
    text: Edited, edit: Edit, former: Collection[tuple[str, ...]]
) -> list[str]:
    """Return what is said, once, of the headers that an edit takes away."""
    raw = text.raw(edit.keys)
    if raw is None or edit.keys != (ENV, HEADERS) or edit.keys in former:
        return []
    kept = {name for name, _, _ in custom_headers.split(json.loads(edit.raw))}
    gone = [
        name
        for name in custom_headers.plain(as_text(json.loads(raw)))[1]
        if name not in kept
    ]
    return [custom_headers.said(gone)] * bool(gone)


def _apply(  # noqa: PLR0913
    text: Edited,
    edit: Edit,
    owned: list[Owned],
    plan: SettingsPlan,
    key: bytes,
    tokens: Mapping[str, str],
    new_token: Callable[[], str],
) -> None:
    add_containers(text, edit.keys[:-1], owned)
    raw = text.raw(edit.keys)
    ours = digest(key, edit.raw)
    if raw is None:
        gap = text.insert(edit.keys, edit.raw)
        owned.append(Owned(edit.keys, ours, ABSENT, "", gap))
        return
    if raw == edit.raw:
        return  # somebody else wrote the same; it is theirs
    if may_be_secret(edit.keys, raw):
        token = tokens.get(raw) or new_token()
        if raw not in tokens:
            plan.displaced[token] = raw
        owned.append(Owned(edit.keys, ours, SECRET, token))
    else:
        owned.append(Owned(edit.keys, ours, RAW, raw))
    text.replace(edit.keys, edit.raw)


# Values that say which way or where, and hold no credential.
_HARMLESS = (
    "_BASE_URL",
    "_MODEL",
    "_REGION",
    "_PROJECT_ID",
    "_RESOURCE",
    "_WORKSPACE_ID",
)


def may_be_secret(keys: tuple[str, ...], raw: str) -> bool:
    """Tell whether a displaced text has to be kept out of plain files.

    Everything counts as secret that is not known to be harmless. A URL with a
    user name in it may hold a password.
    """
    name = keys[-1]
    if keys[0] != ENV:
        return name != AWS_EXPORT
    if "@" in raw:
        return True
    return not (
        name.startswith(("CLAUDE_CODE_USE_", "CLAUDE_CODE_SKIP_"))
        or name.endswith(_HARMLESS)
        or name in ("AWS_PROFILE", "AWS_REGION")
    )
