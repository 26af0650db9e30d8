"""What answers say of an account's limits, kept for `list` and the others."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from keyswitch.diagnosis.urls import is_anthropic
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import clock
from keyswitch.trace.requests.exchange import Exchange
from keyswitch.usage import records
from keyswitch.usage.limits import windows_of_headers
from keyswitch.workspace import Workspace


class UsageFeed:
    """Records the limits of requests that one profile's account pays."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def before(
        self, show: Callable[[Exchange], None]
    ) -> Callable[[Exchange], None]:
        """Return what records an exchange and shows it then."""

        def take(exchange: Exchange) -> None:
            with contextlib.suppress(KeyswitchError, OSError):
                self.add(exchange)
            show(exchange)

        return take

    def add(self, exchange: Exchange) -> None:
        """Record the limits of an answer.

        None of one that is simulated, of another host than the service's, or
        of a request with several accounts: whose they are is not known then.
        """
        windows = windows_of_headers(dict(exchange.limits))
        names = {one.profile for one in exchange.credentials}
        if exchange.simulated or not windows or len(names) != 1:
            return
        name = names.pop()
        if name and is_anthropic(exchange.url):
            profile, _ = self._workspace.load(name)
            account = records.account_of(profile)
            paths = self._workspace.paths
            records.record(paths, account, windows, clock.now())
