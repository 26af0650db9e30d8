"""The nouns of a diagnosis: what Claude Code sends, and what is wrong with it.

Named tuples, since each dataclass costs a command half a millisecond.
"""

from __future__ import annotations

from keyswitch.model import Frozen
from keyswitch.secret import Secret

RAW = "raw"
BEARER = "Bearer"
AWS = "AWS4-HMAC-SHA256"

ASK_TOKEN = "it fetches a token first"
ASK_PROGRAM = (
    "it runs a program first: the answer is known only when that runs "
    "(--run-helper)"
)

NO_CREDENTIAL = "no credential found"

# The kind of a source that a machine may have, without a word in any file.
SERVICE = "service"

# What an organization's server sent: a level of settings of its own.
SERVER = "server"
# The levels that only an organization may set.
ORGANIZATION_LEVELS = ("managed", SERVER)

# The levels of settings that a repository brings along.
REPOSITORY_LEVELS = ("project", "local")

_SCHEMES = (RAW, BEARER.lower(), AWS.lower(), "basic", "digest", "token", "")


class Cloud(Frozen):
    """One cloud that requests go to instead of Anthropic."""

    flag: str  # the variable that chooses it
    name: str  # what `claude auth status` calls it
    skip: str  # the variable that leaves its own signing out
    base_url: str
    title: str


class Source(Frozen):
    """Where a value comes from.

    `set_by` is "process" for the environment that Claude Code is started
    with, or the level of a settings file: user, project, local, flag, managed,
    server.
    """

    kind: str
    name: str
    set_by: str = ""
    path: str = ""
    line: int = 0  # from 1; 0: not known
    command: str = ""  # what is run to get it, if anything

    def __repr__(self) -> str:
        # Without the command: people write secrets into those.
        return f"Source({self.kind}, {self.name}, {self.set_by}, {self.place})"

    @property
    def place(self) -> str:
        """The file, with its line where that is known."""
        return f"{self.path}:{self.line}" if self.line else self.path

    @property
    def of_repository(self) -> bool:
        """Whether a repository's settings set it."""
        return self.set_by in REPOSITORY_LEVELS

    @property
    def removal(self) -> str:
        """How a person takes it out of what sets it: one thing to do."""
        if self.set_by == "process":
            return f"unset {self.name}"
        if self.set_by == "managed":
            return f"ask whoever manages {self.path}"
        if self.set_by == SERVER:
            return "ask who manages Claude Code at your organization"
        if self.set_by == "flag" and not self.path:
            return "leave out --settings"
        return f"remove '{self.name}' from {self.place}"


class Value(Frozen):
    """A text and where it comes from. The text is not for printing."""

    text: str
    source: Source

    def __repr__(self) -> str:
        return f"Value(***, {self.source})"


class Header(Frozen):
    """One credential header. `value` None: not known without asking.

    Without a `why_unknown` either, whose it is is known: keyswitch's own helper
    answers, and only what it says was not read.
    """

    scheme: str
    value: Secret | None
    source: Source
    why_unknown: str = ""

    def same_as(self, other: Header) -> bool:
        """Tell whether both are from one source, or known to be one value."""
        if self.source == other.source:
            return True
        return self.value is not None and self.value == other.value

    @property
    def shown_scheme(self) -> str:
        """The scheme, if it is one: a custom header may begin with a key."""
        return self.scheme if self.scheme.lower() in _SCHEMES else "other"


class Candidate(Frozen):
    """A credential that is there. `value` None: not known without asking."""

    kind: str  # a name of the rules' orders
    source: Source
    value: Secret | None
    why_unknown: str = ""
    refusal: str = ""  # why Claude Code sends nothing when it picks this one
    plain: bool = True  # a login in the form that Claude Code writes

    def header(self, scheme: str) -> Header:
        """Return the header that carries it."""
        return Header(scheme, self.value, self.source, self.why_unknown)


class Shadowed(Frozen):
    """A credential that is there and is not sent."""

    value: Secret | None
    source: Source
    because: str


class Status(Frozen):
    """What `claude auth status` would print, in its own words."""

    logged_in: bool = False
    auth_method: str = "none"
    api_provider: str = "firstParty"
    api_key_source: str | None = None
    email: str | None = None
    org_name: str | None = None
    subscription_type: str | None = None


class Problem(Frozen):
    """Why a source gives nothing, and what a person can do about it.

    `ends`: Claude Code looks no further then. `set_wrong`: something is set
    that cannot work; otherwise nothing is set.
    """

    what: str
    fix: str
    ends: bool = False
    set_wrong: bool = True


class Request(Frozen):
    """What one request carries, or with a `refusal`, why it is not sent.

    `problem` is why no source that is set here gives a credential;
    `refused_by` is the setting that keeps it back, where one does, and
    `remedy` what helps beside another setting.
    """

    key: Header | None = None
    bearer: Header | None = None
    refusal: str = ""
    shadowed: tuple[Shadowed, ...] = ()
    problem: Problem | None = None
    refused_by: Source | None = None
    remedy: str = ""

    @property
    def sent(self) -> bool:
        """Whether there is a request at all."""
        return not self.refusal

    @property
    def headers(self) -> tuple[Header, ...]:
        """The credential headers that are sent."""
        return tuple(h for h in (self.key, self.bearer) if h is not None)


class Verdict(Frozen):
    """Everything the resolver says about one place and moment."""

    status: Status
    request: Request
    provider: Cloud | None = None  # None: Anthropic, or what stands for it
    base_url: Value | None = None  # None: the provider's own
    flag: Value | None = None  # what chose the provider

    @property
    def cloud(self) -> str:
        """The name of the cloud that requests go to, "" for Anthropic."""
        return self.provider.name if self.provider else ""

    @property
    def service(self) -> str:
        """What requests go to, as people call it."""
        return self.provider.title if self.provider else "Anthropic"


# --- findings ---------------------------------------------------------------

ERROR = "error"  # the wrong account is used, or none works
WARNING = "warning"  # it works, and will surprise somebody
NOTE = "note"  # worth knowing; nothing is wrong

SEVERITIES = (ERROR, WARNING, NOTE)

# What `doctor --fix` may do by itself: small edits that can be taken back. None
# of these removes a secret: a value that may be one goes through `revoke-local`
# or `import`, which ask first.


class Mend(Frozen):
    """One repair. `expected` is what has to stand there, or nothing is done."""

    MEMBER = "member"  # take a key out of a JSON file
    ELEMENT = "element"  # take one text out of an array of a JSON file
    LINE = "line"  # take one line out of a text file
    MODE = "mode"  # narrow a file's permission bits
    ASIDE = "aside"  # give a damaged file of ours another name
    FOLDER = "folder"  # remove an empty folder that is in the way
    HOOK = "hook"  # write the hook that start files read

    kind: str
    path: str
    keys: tuple[str, ...] = ()
    line: int = 0  # from 1
    expected: str = ""
    mode: int = 0

    def __str__(self) -> str:
        path, keys = self.path, ".".join(self.keys)
        return {
            self.MEMBER: f"{path}: remove {keys}",
            self.ELEMENT: f"{path}: remove one entry of {keys}",
            self.LINE: f"{path}:{self.line}: remove '{self.expected.strip()}'",
            self.MODE: f"{path}: mode {self.mode:04o}",
            self.ASIDE: f"{path}: set aside, with '.damaged-1' after its name",
            self.FOLDER: f"{path}: remove this empty folder",
            self.HOOK: f"{path}: write the hook of this version",
        }[self.kind]


class Finding(Frozen):
    """One thing that a check found. No field holds a secret.

    `fix` is one line: a command that can be pasted into a shell or, where none
    does it, one thing to do by hand, with its file and line. A second way
    belongs to `why`. `mend` is what `doctor --fix` does itself; None where a
    person has to decide.
    """

    check: str
    severity: str
    what: str
    why: str
    fix: str
    place: str = ""  # file:line, file or variable
    mend: Mend | None = None
