"""The verdict together with whose credentials those are, and what was wanted.

This is what `whoami` shows and what most checks look at.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.profiles import state
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene, parse_flags
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.verdict import (
    ASK_PROGRAM,
    ERROR,
    SERVICE,
    WARNING,
    Header,
    Source,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.diagnosis.findings.accounts import Accounts, Owner
    from keyswitch.diagnosis.findings.origin import StartFiles
    from keyswitch.model import Profile
    from keyswitch.providers.schema import ClaudeCode
    from keyswitch.targets.claude_code.resolver.candidates import Run

__all__ = ["API", "CLOUD", "Scene", "Situation", "scene_of"]

API, SUBSCRIPTION, CLOUD = "api", "subscription", "cloud"

_NO_PROFILE = "keyswitch's helper would answer, but no profile is active here"


def scene_of(
    environ: Mapping[str, str],
    home: str,
    cwd: str,
    claude_options: Sequence[str] = (),
) -> Scene:
    """Return what Claude Code finds, started there with these options."""
    flags = parse_flags(claude_options)
    return Scene(environ, home=home, cwd=cwd, flags=flags)


def of_subscription(header: Header) -> bool:
    """Tell whether a bearer is a token of a subscription's login."""
    value = header.value.reveal() if header.value else ""
    by_name = header.source.name in rules.SUBSCRIPTION
    return by_name or value.startswith("sk-ant-oat")


def _without_doubt(verdict: Verdict, accounts: Accounts) -> Verdict:
    """Return a verdict that does not doubt what keyswitch's helper answers.

    Its profile is known without running it, and no secret is read for that.
    """

    def certain(header: Header | None) -> Header | None:
        # Any other doubt stays: a sign-in may come first.
        if header is None or header.why_unknown != ASK_PROGRAM:
            return header
        if not accounts.own_words(header.source.command):
            return header
        if accounts.own_answer(header.source) is not None:
            return header._replace(why_unknown="")
        if not accounts.named_by(header.source):
            return header._replace(why_unknown=_NO_PROFILE)
        return header

    request = verdict.request
    request = request._replace(
        key=certain(request.key), bearer=certain(request.bearer)
    )
    return verdict._replace(request=request)


class Situation:
    """One moment: what is sent, whose it is, and what was asked for.

    `chosen` is the profile that should be in use, "" for none, `how` what
    chose it, `again` what puts it into effect once more there, `ended_by` what
    lets another one count there, `exported` the variables that `keyswitch env`
    set here, and `run` what runs helpers, if a person asked for that.
    """

    def __init__(  # noqa: PLR0913
        self,
        scene: Scene,
        accounts: Accounts,
        *,
        chosen: str = "",
        how: str = "",
        again: str = "",
        ended_by: str = "keyswitch use",
        exported: frozenset[str] = frozenset(),
        run: Run | None = None,
    ) -> None:
        self.scene = scene
        self.accounts = accounts
        self.chosen = chosen
        self.how = how
        self.again = again or f"keyswitch use {chosen}".rstrip()
        self.ended_by = ended_by
        self.exported = exported
        self.view = scene.request
        self.verdict = _without_doubt(resolve(scene, run), accounts)
        self.run = run
        self._owners: dict[Header, Owner] = {}  # everything asks for them

    @cached_property
    def start_files(self) -> StartFiles:
        """The shells' start files, read when they are first asked for."""
        from keyswitch.diagnosis.findings.origin import StartFiles

        return StartFiles(self.scene)

    def owner(self, header: Header) -> Owner:
        """Return whose a sent credential is."""
        if header not in self._owners:
            self._owners[header] = self._owner(header)
        return self._owners[header]

    def _owner(self, header: Header) -> Owner:
        # A login's tokens change all the time; its account does not.
        found = self.accounts.owner_of(header.value, header.source)
        login = self.scene.login
        if found.profile or header.source.kind != "login" or login is None:
            return found
        who = login if login.account_uuid else self.scene.config
        name = self.accounts.of_account(who.account_uuid, who.organization_uuid)
        return found._replace(profile=name)

    def short(self, place: str) -> str:
        """Return a place with `~` for the home directory."""
        home = self.scene.home.rstrip("/")
        return place.replace(f"{home}/", "~/") if home else place

    def place(self, source: Source) -> str:
        """Return where a person finds a source: file:line, or a variable."""
        if source.path:
            return source.place
        if source.kind == SERVICE:
            return source.name
        origin = self.start_files.origin(source)
        if origin is not None:
            return f"{source.name}, set in {origin.place}"
        if source.set_by == "flag":
            return f"{source.name}, given with --settings"
        return f"{source.name} in this environment"

    def how_to_stop(self, source: Source) -> str:
        """Return the one thing that takes a source away.

        A command where there is one. What brings the source back is said by
        `lasting`.
        """
        if source.set_by == "process":
            if source.name in self.exported:
                return 'eval "$(keyswitch env)"'
            return f"unset {source.name}"
        if self.accounts.own_words(source.command):
            sent = self.verdict.request.headers
            if any(h.value == Secret("") for h in sent if h.source == source):
                return "keyswitch helper claude-code"  # it says why
            # Ours, and it answers for the profile that this shell was given.
            return 'eval "$(keyswitch env)"'
        if wanted.is_keyswitch(source.command) and source.set_by == "user":
            # Some keyswitch's that is gone, moved, or another one.
            return self.use_again
        if source.kind == "login":
            return f"keyswitch login {self.free_name('personal')} --capture"
        if self.is_ours(source.path, source.name):
            return self.how_to_change(source.name)
        return source.removal

    def lasting(self, why: str, source: Source) -> str:
        """Return why something is so, with what would bring its source back."""
        if source.kind == "login":
            return f"{why}; once saved as a profile, the next switch removes it"
        origin = self.start_files.origin(source)
        if origin is None or source.name in self.exported:
            return why
        return f"{why}; also remove {origin.place}, or new shells set it again"

    def free_name(self, name: str) -> str:
        """Return a name for a new profile: this one, or the next that is free.

        A fix is pasted as it is, so it cannot leave the name open.
        """
        taken = {p.name for p in self.accounts.profiles}
        taken |= {b.name for b in self.accounts.broken}
        names = (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3)))
        return next(one for one in names if one not in taken)

    def is_ours(self, path: str, name: str) -> bool:
        """Tell whether keyswitch wrote a variable or key of a settings file."""
        at = os.path.realpath(path) if path else ""
        return (at, name) in self.accounts.written

    def how_to_change(self, name: str) -> str:
        """Return the command for a setting that keyswitch wrote.

        What the profile itself asks for is changed there; anything else is of
        another profile, or of a former state of this one.
        """
        if self.sets(name):
            return f"keyswitch edit {self.chosen}"
        if not self.chosen:
            return "keyswitch off"
        if self.taken is None:  # it is for other programs
            return "keyswitch use"
        active = state.read(self.accounts.paths).active
        if self.is_exported or active != self.chosen:
            # Settings of another profile outrank what this shell chose.
            return f"keyswitch run {self.chosen} -- claude"
        return self.use_again

    def sets(self, name: str) -> bool:
        """Tell whether a field of the wanted profile is a variable's value."""
        env = dict(self.taken.env) if self.taken else {}
        return env.get(name, "").startswith("{")

    @property
    def bill(self) -> str:
        """The bill that a request lands on, "" where none can be told.

        A key beside a login's token is not a subscription any more: which of
        the two the service takes was not observed, so it counts as the key's.
        """
        request = self.verdict.request
        if not request.sent:
            return ""
        if self.verdict.provider is not None:
            return CLOUD
        if self.foreign_url or request.key is not None:
            return API  # a gateway's, whoever pays for that, or the key's
        if request.bearer is None:
            return ""
        return SUBSCRIPTION if of_subscription(request.bearer) else API

    # ----------------------------------------------- the profile asked for

    @property
    def use_again(self) -> str:
        """What writes keyswitch's settings anew, for what they are for now."""
        active = state.read(self.accounts.paths).active
        return f"keyswitch use {active or self.chosen}".rstrip()

    def profile_of(self, header: Header | None) -> str:
        """Return the profile that a request with this header is of, or "".

        Where nothing is sent, it is the one that should be. A profile without
        a secret lets other programs' credentials be sent.
        """
        if header is None:
            return self.chosen
        owner = self.owner(header).profile
        return owner or (self.chosen if self.in_use else "")

    def severity_of(self, name: str) -> str:
        """Return how bad it is that a profile cannot be used."""
        return ERROR if name == self.chosen else WARNING

    @cached_property
    def wanted(self) -> Profile | None:
        """The profile that should be in use; None: none, or a broken one."""
        return self.accounts.get(self.chosen) if self.chosen else None

    @cached_property
    def taken(self) -> ClaudeCode | None:
        """How Claude Code takes that profile; None: not at all."""
        profile = self.wanted
        provider = self.accounts.provider_of(profile) if profile else None
        if profile is None or provider is None:
            return None
        try:
            taken = provider.claude_code_for(profile)
        except KeyswitchError:
            return None
        return None if taken.how == "none" else taken

    @property
    def is_exported(self) -> bool:
        """Tell whether the wanted profile's secret travels by variables."""
        taken, profile = self.taken, self.wanted
        if taken is None or profile is None or taken.how == "login":
            return False
        by_files = taken.helper_field or taken.aws_export
        return bool(profile.secrets) and not by_files

    @cached_property
    def in_use(self) -> bool | None:
        """Tell whether the wanted profile is what is sent, and only it.

        None: no profile was asked for, or Claude Code takes none of its kind.
        """
        profile, taken = self.wanted, self.taken
        if profile is None or taken is None:
            return None
        if not self.verdict.request.sent or self.wrong_provider:
            return False
        wanted, found = profile.fields.get("base_url"), self.verdict.base_url
        if wanted and (found is None or found.text != wanted):
            return False
        owners = {self.owner(h).profile for h in self.verdict.request.headers}
        if profile.secrets:
            return owners == {profile.name}
        return owners <= {""} and self._same_aws_profile(profile)

    @property
    def wrong_provider(self) -> bool:
        """Tell whether requests go to another provider than the profile's."""
        env = self.taken.env if self.taken else ()
        flags = {n for n, _ in env if n.startswith("CLAUDE_CODE_USE_")}
        provider = self.verdict.provider
        return flags != ({provider.flag} if provider else set())

    def _same_aws_profile(self, profile: Profile) -> bool:
        wanted = profile.fields.get("aws_profile")
        sources = [h.source for h in self.verdict.request.headers]
        # A sign-in brings what the variable names.
        named = self.view.raw("AWS_PROFILE")
        return wanted is None or any(
            (s.kind == "aws_profile" and s.name == wanted)
            or (s.kind == "sign_in" and named == wanted)
            for s in sources
        )

    @property
    def foreign_url(self) -> str:
        """The address in Anthropic's place, "" where there is none."""
        found = self.verdict.base_url
        if found is None or self.verdict.provider is not None:
            return ""
        from keyswitch.diagnosis.urls import is_anthropic

        return "" if is_anthropic(found.text) else found.text
