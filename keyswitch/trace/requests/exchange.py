"""One request and its answer, as `trace` shows, records and counts them.

Nothing here is secret: headers, addresses and bodies are redacted before.
"""

from __future__ import annotations

from keyswitch.model import Frozen


class Credential(Frozen):
    """One credential of a request, and whose it is."""

    header: str  # in lower case; "?key" for one in the address
    masked: str  # what may be shown of it: "sk-ant-api03-…9fQA"
    profile: str = ""  # the profile of keyswitch that holds it; "": none
    whose: str = ""  # "work (anthropic, Acme API)", "no profile"
    identity: str = ""  # of an AWS signature: key id, account, region


class Likely(Frozen):
    """The likeliest cause of an error, from the knowledge of `explain`."""

    id: str
    title: str
    fix: tuple[str, ...] = ()


class Timing(Frozen):
    """When things happened, in seconds after the request came; None: never."""

    connect: float | None = None  # spent on a new connection; None: a kept one
    sent: float | None = None  # the whole request was passed on
    first_byte: float | None = None  # of the answer
    whole: float | None = None  # the answer ended, or was cut


class Body(Frozen):
    """A body: how long it was, and its redacted beginning, if it is kept."""

    size: int = 0  # bytes on the wire
    mime: str = ""
    text: str | None = None  # None: not kept, or no text
    cut: bool = False  # `text` is not all of it


class Exchange(Frozen):
    """One request and its answer. Header lists keep order and repetition."""

    number: int  # 1 for the first of a run
    started: float  # seconds since 1970
    method: str
    url: str  # as it was asked of the service, secrets masked
    way: str  # "base-url", "intercepted", "tunnel": how it came here
    credentials: tuple[Credential, ...]
    request_headers: tuple[tuple[str, str], ...]
    request: Body
    timing: Timing
    status: int = 0  # 0: there was no answer
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()  # of the answer
    answer: Body = Body()
    http_version: str = "HTTP/1.1"
    retry: int = 0  # how often this request was sent before
    limits: tuple[tuple[str, str], ...] = ()  # headers about rate limits
    failure: str = ""  # why there is no answer, or no whole one
    simulated: str = ""  # the simulated error that answered, "replay"
    likely: Likely | None = None

    @property
    def host(self) -> str:
        """The service's host, with its port where it is not the usual one."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def path(self) -> str:
        """The path with its query."""
        rest = self.url.partition("://")[2]
        slash = rest.find("/")
        return rest[slash:] if slash >= 0 else "/"
