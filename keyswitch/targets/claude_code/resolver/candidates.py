"""Every credential that Claude Code could use here, each with its source.

A `Candidate` is there or not; which one is sent is the resolver's decision.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from keyswitch.profiles import clock
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import stored
from keyswitch.targets.claude_code.settings.settings_file import trim
from keyswitch.targets.verdict import (
    ASK_PROGRAM,
    Candidate,
    Source,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.targets.claude_code.resolver.anthropic_profiles import (
        Selected,
    )
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.claude_code.resolver.views import View
    from keyswitch.targets.claude_code.rules import Rule

    Run = Callable[[Value], str | None]  # what a command answers, if it does


_DESCRIPTOR_DIGITS = 6  # no system has more
_DESCRIPTOR_LIMIT = 65536  # bytes
_NONBLOCK = 2  # SPLICE_F_NONBLOCK


def variable(view: View, name: str) -> Candidate | None:
    """Return a credential from a variable; blank ones do not count."""
    value = view.given(name)
    return value and Candidate(name, value.source, Secret(trim(value.text)))


def descriptor(view: View, name: str) -> tuple[Candidate | None, bool]:
    """Return a credential on a file descriptor, and whether one is named."""
    number = view.text(name)
    known = number.isascii() and number.isdigit()
    if not known or len(number.lstrip("0")) > _DESCRIPTOR_DIGITS:
        return None, bool(number)
    data = _peek(int(number))
    text = data.decode("utf-8", "replace").strip() if data else ""
    source = Source("file_descriptor", name, "process")
    return (Candidate(name, source, Secret(text)) if text else None), True


def _peek(number: int) -> bytes | None:
    """Return what can be read from a descriptor, without using it up.

    A file is read at its start; a pipe is copied with tee(2), so that
    whoever reads next finds everything.
    """
    if number <= 2:
        return None
    try:
        mode = os.fstat(number).st_mode
        if stat.S_ISREG(mode):
            return os.pread(number, _DESCRIPTOR_LIMIT, 0)
        if stat.S_ISFIFO(mode) and sys.platform == "linux":
            return _tee(number)
    except OSError:
        return None
    return None


def _tee(number: int) -> bytes | None:
    import ctypes

    reader, writer = os.pipe()
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        size = libc.tee(number, writer, _DESCRIPTOR_LIMIT, _NONBLOCK)
        return os.read(reader, size) if size > 0 else None
    finally:
        os.close(reader)
        os.close(writer)


def helper(scene: Scene, run: Run | None) -> Candidate | None:
    """Return the apiKeyHelper's answer; run it only if one may."""
    command = scene.command(rules.HELPER)
    if command is None:
        return None
    if run is None:
        return Candidate(rules.HELPER, command.source, None, ASK_PROGRAM)
    answer = one_word(run(command) or "")
    return Candidate(rules.HELPER, command.source, Secret(answer))


def one_word(answer: str) -> str:
    """Return a helper's answer as a key.

    Observed, Claude Code 2.1.330: more than one word, or anything else than
    printable ASCII, is no key, and the header is sent empty.
    """
    text = trim(answer)
    return text if text and all("!" <= c <= "~" for c in text) else ""


def managed_key(scene: Scene) -> Candidate | None:
    """Return the key of a Console login."""
    if scene.host_managed or scene.simple or not scene.config.managed_key:
        return None
    path = scene.places.global_config
    source = Source("managed_key", rules.CONSOLE_KEY, "", path)
    key = trim(scene.config.managed_key)
    refusal = "" if key else f"{rules.CONSOLE_KEY} in {path} is not a key"
    return Candidate(rules.MANAGED_KEY, source, Secret(key), "", refusal)


def stored_login(scene: Scene) -> Candidate | None:
    """Return the subscription login, if Claude Code would take it."""
    login = scene.login
    if login is None or not (login.usable or login.passes):
        return None
    if scene.host_managed or scene.simple:
        return None
    source = Source("login", rules.LOGIN, "", scene.places.credentials)
    if (
        login.renewable
        and login.expired(clock.now() * 1000)
        and not scene.request.text(rules.BASE_URL)
    ):
        why = "it has expired and will be renewed first"
        return Candidate(rules.STORED_LOGIN, source, None, why)
    # White space at the end of a header is cut off on its way.
    token = Secret(login.access_token.rstrip())
    return Candidate(rules.STORED_LOGIN, source, token, plain=login.usable)


def socket_refusal(scene: Scene) -> str:
    """Return why requests cannot go to the socket that is set, or ""."""
    if not scene.socket:
        return ""
    try:
        there = stat.S_ISSOCK(os.stat(scene.socket).st_mode)
    except (OSError, ValueError):
        there = False
    return "" if there else f"nothing listens at {rules.UNIX_SOCKET}"


def _anthropic_profile(scene: Scene, view: View) -> Selected | None:
    """Return what Anthropic's own tools give; most people have nothing there.

    So what looks into it is loaded only then.
    """
    federated = all(map(scene.status.text, rules.FEDERATION))
    if not federated and not os.path.isdir(scene.anthropic_dir):
        return None
    from keyswitch.targets.claude_code.resolver.anthropic_profiles import (
        selected,
    )

    return selected(scene, view)


def _is_approved(scene: Scene, key: Candidate) -> bool:
    """Tell whether a key in the environment counts: in VS Code, approved ones.

    Bare mode does not ask.
    """
    if not scene.in_vscode or scene.simple or key.value is None:
        return True
    return stored.tail_of(key.value.reveal()) in scene.config.approved


class Candidates:
    """What could be sent to Anthropic. `there`: by kind, in the order shown."""

    def __init__(self, scene: Scene, view: View, run: Run | None) -> None:
        self.scene = scene
        self.view = view
        api_key = variable(view, rules.API_KEY)
        self.unapproved: Candidate | None = None
        if api_key is not None and not _is_approved(scene, api_key):
            api_key, self.unapproved = None, api_key
        key_fd, self.key_fd_named = None, False
        if api_key is None and not scene.simple:
            key_fd, self.key_fd_named = descriptor(view, rules.API_KEY_FD)
        self.profile = _anthropic_profile(scene, view)
        found = (
            api_key,
            key_fd,
            # A repository's token is not for the organization's gateway.
            variable(scene.status if scene.gateway else view, rules.AUTH_TOKEN),
            helper(scene, run),
            variable(view, rules.OAUTH_TOKEN),
            descriptor(view, rules.OAUTH_FD)[0],
            stored_login(scene),
            managed_key(scene),
            self.profile and self.profile.candidate,
        )
        self.there = {c.kind: c for c in found if c is not None}

    def has(self, *kinds: str) -> bool:
        """Tell whether one of these is there."""
        return not self.there.keys().isdisjoint(kinds)

    def first(self, order: Sequence[Rule]) -> Candidate | None:
        """Return the first candidate of an order that is there."""
        found = (self.there[r.source] for r in order if r.source in self.there)
        return next(found, None)

    def logins(self) -> list[tuple[Rule, Candidate]]:
        """Return the logins that count, in the order of the rules."""
        if self.scene.simple:
            return []
        there, profile = dict(self.there), self.profile
        login = there.get(rules.STORED_LOGIN)
        # A selected profile takes the stored login away.
        if login and profile and (profile.explicit or not login.plain):
            del there[rules.STORED_LOGIN]
        socket = self.scene.socket
        order = rules.SOCKET_LOGIN_ORDER if socket else rules.LOGIN_ORDER
        return [(r, there[r.source]) for r in order if r.source in there]
