"""The states that a keychain can be in, and how each is brought about."""

from __future__ import annotations

from dataclasses import dataclass

_DBUS = "org.freedesktop.DBus.Error."
_SECRET = "org.freedesktop.Secret.Error."
ERRORS = (
    f"{_DBUS}AccessDenied",
    f"{_DBUS}Failed",
    f"{_DBUS}NoMemory",
    f"{_DBUS}NoReply",
    f"{_DBUS}ServiceUnknown",
    f"{_DBUS}UnknownMethod",
    f"{_SECRET}IsLocked",
    f"{_SECRET}NoSession",
)
_READS = ("GetSecret", "GetSecrets")

# The commands by how they use a keychain: the reader of start files makes
# three calls; the library makes twenty for each thing that is done.
READER = (
    "use", "use-here", "env", "env-name", "helper-claude", "helper-key",
    "helper-aws", "run", "reveal",
)  # fmt: skip
WRITES = (
    "add", "rotate", "copy", "import", "vault-keychain", "capture",
    "use-login", "off-login",
)  # fmt: skip
LIBRARY = (*WRITES, "remove", "env-vault", "revoke", "undo", "export")
DELETES = ("rotate", "remove", "revoke", "undo", "vault-keychain")
LOOKS = (*LIBRARY, "doctor")
SECRETS = (*LIBRARY, *READER)
ALL = (*LOOKS, *READER)


@dataclass(frozen=True)
class State:
    """What is wrong with the keychain, and which commands meet with it.

    `orders` is what the service is told; `bus` is the address that the
    command finds instead of the right one, "silent" for a socket that takes
    connections and says nothing, "empty" for a bus without the service.
    """

    name: str
    orders: dict | None = None
    bus: str = ""
    meets: tuple[str, ...] = ALL

    def __str__(self):
        return self.name


def _wrong(name, wrong, *members, meets, **others):
    orders = {"wrong": wrong, "members": members, **others}
    return State(name, orders, meets=meets)


def _away():
    yield State("no-bus", bus="unix:path=/nonexistent/bus")
    yield State("garbage-address", bus="rubbish")
    yield State("no-address", bus="none")
    yield State("silent-socket", bus="silent")
    yield State("no-service", bus="empty")


def _mute():
    yield _wrong("mute", "mute", meets=ALL)
    for calls in range(1, 13):
        meets = ALL if calls < 3 else LIBRARY
        yield _wrong(f"mute-after-{calls}", "mute", calls=calls, meets=meets)
    yield _wrong("slow", "slow", meets=ALL)
    yield _wrong("slow-create", "slow", "CreateItem", meets=WRITES)
    for call, meets in (
        ("Get", LOOKS),
        ("OpenSession", ALL),
        ("SearchItems", SECRETS),
        ("CreateItem", WRITES),
        ("GetSecret", LIBRARY),
        ("GetSecrets", READER),
        ("Delete", DELETES),
    ):
        yield _wrong(f"exit-in-{call}", "exit", call, meets=meets)
    for call, meets in (("CreateItem", WRITES), ("Delete", DELETES)):
        yield _wrong(
            f"killed-after-{call}", "kill-worker-after", call, meets=meets
        )
    yield _wrong("vanish", "vanish", "CreateItem", meets=WRITES)


def _refusing():
    for error in ERRORS:
        short = error.rpartition(".")[2]
        yield _wrong(f"error-{short}", "error", error=error, meets=ALL)
    yield _wrong(
        "denies-secrets", "error", *_READS, "CreateItem", "Delete",
        error=ERRORS[0], meets=SECRETS,
    )  # fmt: skip
    for name in ("locked", "prompt-dismissed", "prompt-never", "plain-only"):
        yield _wrong(name, name, meets=ALL)
    for name in ("create-dismissed", "create-never"):
        yield _wrong(name, name, meets=WRITES)
    yield _wrong("item-locked", "item-locked", meets=SECRETS)
    yield _wrong("no-default", "no-default", meets=LOOKS)
    for name in ("refuse-delete", "pretend-delete"):
        yield _wrong(name, name, "Delete", meets=DELETES)


def _wrong_answers():
    for name in ("forget", "hollow"):
        yield _wrong(name, name, "CreateItem", meets=WRITES)
    for name in ("empty", "garbage", "wrong", "lie"):
        yield _wrong(name, name, *_READS, meets=SECRETS)
    yield _wrong("two-matches", "two-matches", meets=SECRETS)


STATES = {
    state.name: state
    for kind in (_away, _mute, _refusing, _wrong_answers)
    for state in kind()
}
