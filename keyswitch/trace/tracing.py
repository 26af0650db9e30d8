"""Runs a command beside its proxy, and ends with it."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
import tempfile
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import endpoints, trusted
from keyswitch.errors import KeyswitchError
from keyswitch.secret import CoresAllowed
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.scene import Scene, parse_flags
from keyswitch.trace import clients, routes
from keyswitch.trace.intercepting.intercept import Onward
from keyswitch.trace.intercepting.interception import Interception
from keyswitch.trace.passing import peer
from keyswitch.trace.passing.outward import Outward
from keyswitch.trace.passing.passage import Route
from keyswitch.trace.passing.proxy import Proxy
from keyswitch.trace.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.switching.running.run import Prepared
    from keyswitch.trace.passing.passage import Watcher
    from keyswitch.trace.passing.signing import Signer
    from keyswitch.trace.routes import Replaced
    from keyswitch.trace.stand_ins.stand_in import StandIn

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_AROUND = ("NO_PROXY", "no_proxy")


class Tracing:
    """One command, and the proxy that its requests pass through.

    `say` tells a person what trace cannot see. With `apart` the command's
    output goes to standard error, since standard output is the trace's.
    `intercepts`: further hosts of `--intercept`; None: without it. `note` is
    as `say`, while the command runs.
    """

    def __init__(  # noqa: PLR0913
        self,
        ready: Prepared,
        catalogue: Catalogue,
        *,
        home: str,
        cwd: str,
        signer: Signer,
        watcher: Watcher,
        say: Callable[[str], None],
        stand_in: StandIn | None = None,
        apart: bool = False,
        intercepts: Sequence[str] | None = None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self.ready = ready
        self.catalogue = catalogue
        self.home = home
        self.cwd = cwd
        self.say = say
        self.apart = apart
        self.scene = self._scene(ready.command)
        outward = Outward(
            trusted.trust(self.scene), self._proxy_for, signer.sign
        )
        token = secrets.token_urlsafe(24)
        self.proxy = Proxy(token, outward, watcher, stand_in)
        self.interception: Interception | None = None
        if intercepts is not None:
            self.interception = Interception(
                self.scene, catalogue, intercepts, say, note or say
            )
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def run(self) -> int:
        """Run the command; return its exit status."""
        try:
            return asyncio.run(self._run())
        finally:
            if self._scratch is not None:
                self._scratch.cleanup()

    async def _run(self) -> int:
        signals = Signals()
        await self.proxy.start()
        try:
            command, environ = await self._redirected()
            with CoresAllowed():
                child = await asyncio.create_subprocess_exec(
                    *command,
                    executable=self.ready.program,
                    env=environ,
                    cwd=self.cwd,
                    stdout=sys.stderr.fileno() if self.apart else None,
                    pass_fds=_inherited(command),
                )
            signals.hand_to(child)
            status = await child.wait()
        except OSError as e:
            raise KeyswitchError(
                f"cannot run '{self.ready.command[0]}': {e.strerror}",
                "check that it is a program you may run",
            ) from e
        finally:
            if self.interception is not None:
                await self.interception.stop()
            await self.proxy.stop()
        return 128 - status if status < 0 else status

    async def _redirected(self) -> tuple[list[str], dict[str, str]]:
        """Return command and environment that lead to the proxy."""
        ready, command = self.ready, self.ready.command
        environ = dict(ready.environ)
        found = routes.all_of(self.scene, self.catalogue, ready.program)
        addresses = {}
        for one in found:
            local = self._local(one)
            if not local:
                continue
            addresses[one.variable] = local
            if one.unset and environ.pop(one.unset, None) is not None:
                addresses[one.unset] = ""
        if self.interception is not None:
            urls = [one.upstream for one in found]
            addresses |= await self.interception.start(
                self._onward(), self._folder(), urls
            )
        environ.update({n: v for n, v in addresses.items() if v})
        if "NO_PROXY" not in addresses and any(
            n in environ or n.lower() in environ for n in _PROXIES
        ):
            environ.update(_around(environ))
        if ready.launch is not None:
            command = ready.launch.overriding(
                self.cwd, command, addresses, self._keep
            )
            self._warn_of_others(command, environ)
        elif clients.is_codex(ready.program):
            options = clients.codex_options(
                command, environ, self.home, self._local
            )
            command = [command[0], *options, *command[1:]]
        else:
            self._warn_of_files(found)
        return command, environ

    def _local(self, one: Replaced) -> str:
        """Return the proxy's address for one; "": it keeps its own."""
        if self._is_intercepted(one.upstream):
            return ""
        name = re.sub(r"[^a-z0-9]+", "-", one.variable.lower()).strip("-")
        route = Route(name, one.upstream, one.family, one.besides)
        return self.proxy.add(route)

    def _is_intercepted(self, url: str) -> bool:
        """Tell whether an address stays, since its host is looked into."""
        return self.interception is not None and url.lower().startswith(
            "https:"
        )

    def _onward(self) -> Onward:
        """Return how intercepted connections go on."""
        out = self.proxy.outward
        return Onward(
            self.proxy.intercepted, out.proxy_for, out.context, peer.is_own
        )

    def _scene(self, command: list[str]) -> Scene:
        """Return what Claude Code would find, started by this command."""
        words = command[1:] if self.ready.launch else []
        return self._scene_of(self.ready.environ, words)

    def _scene_of(self, environ: Mapping[str, str], words: list[str]) -> Scene:
        try:
            flags = parse_flags(words)
        except KeyswitchError:
            flags = parse_flags([])  # Claude Code says what is wrong
        return Scene(environ, home=self.home, cwd=self.cwd, flags=flags)

    def _warn_of_others(
        self, command: list[str], environ: Mapping[str, str]
    ) -> None:
        """Say where something outranks the option, so that nothing is seen."""
        scene = self._scene_of(environ, command[1:])
        value = scene.request.get(rules.BASE_URL)
        if (
            value is not None
            and self.proxy.token not in value.text
            and not self._is_intercepted(value.text)
        ):
            self.say(
                f"{value.source.place} sets {rules.BASE_URL}, which overrides "
                "trace: its requests are not shown; use --intercept"
            )
        value = scene.request.given(*rules.PROXIES)
        ours = environ.get("HTTPS_PROXY")
        if self.interception is not None and value and value.text != ours:
            self.say(
                f"{value.source.place} sets a proxy, which overrides trace: "
                "nothing is shown"
            )
        if scene.request.text("ANTHROPIC_UNIX_SOCKET"):
            self.say("ANTHROPIC_UNIX_SOCKET is set: its requests are not shown")

    def _warn_of_files(self, found: list[Replaced]) -> None:
        """Say what a Claude Code that the command starts would not see."""
        for one in found:
            if self._is_intercepted(one.upstream):
                continue
            value = self.scene.request.get(one.variable)
            if value is not None and value.source.path:
                self.say(
                    f"{value.source.place} sets {one.variable}: a Claude Code "
                    "that the command starts is not shown; trace claude "
                    "itself"
                )

    def _proxy_for(self, url: str) -> tuple[str, Mapping[str, str]] | None:
        """Return the proxy that the command would use for an address."""
        place = "/".join(url.split("/", 3)[:3])
        found = endpoints.proxy_for(self.scene, endpoints.parse(place))
        if found is None:
            return None
        headers = {}
        if found.authorization is not None:
            headers["Proxy-Authorization"] = found.authorization.reveal()
        return found.url, headers

    def _folder(self) -> str:
        """Return a private folder that goes with this run."""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="keyswitch-")
        return self._scratch.name

    def _keep(self, text: str) -> str:
        """Store a text in the private folder."""
        path = os.path.join(self._folder(), "settings.json")
        with open(path, "w", encoding="utf-8") as file:
            os.chmod(path, 0o600)
            file.write(text)
        return path


def _around(environ: Mapping[str, str]) -> dict[str, str]:
    """Return NO_PROXY with the loopback address in it."""
    given = [environ[name] for name in _AROUND if environ.get(name)]
    value = ",".join([*given[:1], "127.0.0.1"])
    return dict.fromkeys(_AROUND, value)


def _inherited(command: list[str]) -> tuple[int, ...]:
    """Return the descriptors of anonymous files that a command names."""
    found = (re.fullmatch(r"/proc/self/fd/(\d+)", word) for word in command)
    return tuple(int(match[1]) for match in found if match)
