"""`--intercept` for one run: its proxy, and what the command is told.

The command talks to the real hosts, so its signatures stay valid and it
behaves as it does without trace.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from keyswitch.trace.intercepting import credential_hosts, trust
from keyswitch.trace.intercepting.authority import Authority
from keyswitch.trace.intercepting.intercept import Intercept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.trace.intercepting.intercept import Onward

_AROUND = ("no_proxy", "NO_PROXY")
_SAID = (
    "--intercept: keyswitch decrypts this command's TLS to all hosts that "
    "take credentials, and reads its requests and answers"
)
_BOUNDS = (
    "it uses a certificate authority made for this run, which only this "
    "command trusts; other hosts pass through untouched"
)


class Interception:
    """One run's. `asked` are patterns of hosts that a person adds.

    `say` and `note` tell a person what trace cannot see: `note` while the
    command runs.
    """

    def __init__(
        self,
        scene: Scene,
        catalogue: Catalogue,
        asked: Sequence[str],
        say: Callable[[str], None],
        note: Callable[[str], None],
    ) -> None:
        self._scene = scene
        self._catalogue = catalogue
        self._asked = asked
        self._say = say
        self._note = note
        self._intercept: Intercept | None = None

    async def start(
        self, onward: Onward, folder: str, urls: Iterable[str]
    ) -> dict[str, str]:
        """Listen; return the variables of the command.

        `folder` is private and goes with the run. `urls` are the base URLs in
        use.
        """
        wanted = credential_hosts.patterns(self._catalogue, urls, self._asked)
        self._say(_SAID)
        self._say(_BOUNDS)
        authority = Authority(folder)
        before = trust.bundle(self._environ(), self._scene.home)
        if before:
            text = before.decode("ascii")
            onward.context.load_verify_locations(cadata=text)
        intercept = Intercept(
            secrets.token_urlsafe(24),
            authority,
            lambda host: credential_hosts.covers(wanted, host),
            onward,
            self._note,
        )
        address = await intercept.start()
        self._intercept = intercept
        path = _written(folder, before + authority.pem)
        direct, gone = trust.around(self._environ(), wanted)
        if gone:
            entries = ", ".join(gone)
            self._say(f"for this run {entries} is removed from NO_PROXY")
        return trust.variables(path, address, direct)

    async def stop(self) -> None:
        """End all connections; say which hosts were not looked into."""
        if self._intercept is None:
            return
        await self._intercept.stop()
        if self._intercept.tunnels:
            hosts = ", ".join(sorted(self._intercept.tunnels))
            self._note(f"passed through untouched, not shown: {hosts}")

    def _environ(self) -> dict[str, str]:
        """Return variables as settings files replace them.

        Those of a repository do not count: it could name its own authority.
        """
        environ = dict(self._scene.environ)
        for name in (*trust.BUNDLES, *_AROUND):
            value = self._scene.request.given(name)
            if value is not None and not value.source.of_repository:
                environ[name] = value.text
        return environ


def _written(folder: str, bundle: bytes) -> str:
    path = os.path.join(folder, "authorities.pem")
    with open(path, "wb") as file:
        file.write(bundle)
    return path
