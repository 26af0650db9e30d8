"""Read a reference with the tool that the person has for its manager."""

from __future__ import annotations

from keyswitch.errors import InputError, LockedError, NoItemError
from keyswitch.secrets.references import invocation, outputs
from keyswitch.secrets.references.manager import Manager
from keyswitch.secrets.references.reference import Fetched, Reference
from keyswitch.secrets.references.tool import Caller, Tool

KEEPASSXC = "keepassxc"
_ASK = "ask"  # of its `password`: beside a key file
# What every entry has; another last name may be one or belong to the entry's.
ATTRIBUTES = ("title", "username", "password", "url", "notes")


def read(
    manager: Manager, reference: Reference, deadline: float, caller: Caller
) -> Fetched:
    """Return what a manager's tool gives for a reference.

    Raises NoItemError, LockedError and StoreError, as the tool's words say.
    """
    tool = Tool(manager, reference, deadline, caller)
    tool.require_file()
    if manager.name == KEEPASSXC:
        output = _from_keepassxc(tool, master_password(tool))
    else:
        output = tool.output(invocation.command_of(manager, tool.parts))
    return Fetched(outputs.value_of(manager, reference, output))


def probe(manager: Manager, deadline: float, caller: Caller) -> str:
    """Return the path of a manager's program; raise if it would not answer.

    A row without a question is only looked for.
    """
    nothing = Reference("", manager.name, {})
    path = invocation.program_of(manager, str(manager.command[0]))
    if manager.probe:
        tool = Tool(manager, nothing, deadline, caller)
        tool.run(invocation.words(manager.probe, tool.parts))
    return path


def master_password(tool: Tool) -> bytes:
    """Return what opens a KeePassXC database, as its tool reads it."""
    settings, caller = tool.manager.settings, tool.caller
    wanted = settings.get("password", "" if "key_file" in settings else _ASK)
    if not wanted:
        return b""  # the key file is all
    if wanted != _ASK:
        if not isinstance(wanted, str) or wanted.startswith(f"{KEEPASSXC}:"):
            raise InputError(
                "[managers.keepassxc]: the password must be a reference to "
                "another manager",
                f'for example "op://Eng/kdbx/password"; or "{_ASK}"',
            )
        if caller.resolve is not None:
            return _line(caller.resolve(wanted).reveal())
    elif caller.ask is not None:
        question = f"Master password of {tool.parts['file']}: "
        return _line(caller.ask(question).reveal())
    raise LockedError(
        f"{tool.manager.title}: {tool.parts['file']} needs its master password",
        tool.manager.sign_in,
    )


def _line(password: str) -> bytes:
    return f"{password}\n".encode()


def _from_keepassxc(tool: Tool, password: bytes) -> bytes:
    """Return an attribute of an entry.

    The last name of a reference may be an attribute, or the entry below a
    group of such a name: the entry comes first.
    """
    command, parts = tool.manager.command, tool.parts
    entry, slash, attribute = parts["entry"].rpartition("/")
    split = {**parts, "entry": entry, "attribute": attribute}
    if slash and attribute.lower() in ATTRIBUTES:
        return tool.output(invocation.words(command, split), password)
    try:
        return tool.output(invocation.words(command, parts), password)
    except NoItemError:
        if not slash:
            raise
        try:
            words = invocation.words(command, split)
            return tool.output(words, password)
        except NoItemError as e:
            if "unknown attribute" in e.message:
                raise
        raise
