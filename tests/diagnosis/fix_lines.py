"""What a fix may be: one line that can be pasted, or one thing to do by hand.

A command is parsed: by a shell's rules, and one of keyswitch's own by the
command line itself, with its options and arguments.
"""

from __future__ import annotations

import re
import shlex

import click

from keyswitch.cli.main import cli
from keyswitch.cli.session import Session

# What a command may begin with. Another word is the verb of a sentence.
PROGRAMS = {
    "ant", "aws", "az", "chmod", "claude", "cp", "env", "eval", "exit",
    "export", "gcloud", "getent", "gh", "keyswitch", "mv", "pip", "printenv",
    "rm", "rmdir", "unset",
}  # fmt: skip
VERBS = {
    "allow", "answer", "ask", "change", "connect", "correct", "give", "leave",
    "log",
    "make", "mount", "put", "remove", "rename", "replace", "restore", "run",
    "set", "sign", "start", "stop", "switch", "try", "unlock", "update",
    "use", "write",
}  # fmt: skip
# Those that change a file name it, or the variable that has to be changed.
CHANGES = {
    "change", "correct", "mount", "remove", "rename", "replace", "restore",
    "write",
}  # fmt: skip
PLACE = re.compile(r"/\S|\b[A-Z]{2,}_[A-Z_]+\b|after --settings")
# A second way, which belongs to `why` or nowhere.
SECOND = re.compile(r"; |, or | or else |, then |\. ")
PLACEHOLDER = re.compile(r"\bNAME\b|\bFILE\b|\bFOLDER\b|\.\.\.|<[a-z]+>")


def faults_of(fix: str) -> list[str]:
    """Return what keeps a line from being one fix."""
    words = fix.split()
    if not words:
        return ["it is empty"]
    if words[0] in PROGRAMS or re.match(r"[A-Z_]+=", words[0]):
        return list(_of_command(fix))
    found = []
    if words[0] not in VERBS:
        found.append(f"'{words[0]}' is neither a program nor a known verb")
    if re.search(r"\bkeyswitch [a-z]", fix):
        found.append("a command stands in a sentence")
    if SECOND.search(fix):
        found.append("it says two things")
    if words[0] in CHANGES and not PLACE.search(fix):
        found.append("it does not say where")
    return found


def _of_command(text):
    if PLACEHOLDER.search(text):
        yield "something has to be filled in"
    try:
        words = shlex.split(text)
    except ValueError as e:
        yield str(e)
        return
    if any(word.endswith((",", ";")) for word in words):
        yield "words follow the command"
    if words[0] == "unset" and not all(map(str.isidentifier, words[1:])):
        yield "what is unset is no variable"
    if words[0] == "eval":
        inner = re.fullmatch(r"\$\((.*)\)(?: && .*)?", " ".join(words[1:]))
        if inner is None:
            yield "what is evaluated is not one command"
            return
        words = shlex.split(inner[1])
    while words and (words[0] == "env" or re.match(r"[A-Z_]+=", words[0])):
        words = words[3:] if words[:2] == ["env", "-u"] else words[1:]
    if words and words[0] == "keyswitch":
        yield from _of_keyswitch(words[1:])


def _of_keyswitch(args):
    command, parent, name = cli, None, "keyswitch"
    try:
        while isinstance(command, click.Group):
            parent = click.Context(command, parent=parent, info_name=name)
            parent.obj = Session({})
            name, *args = args or [""]
            command = command.get_command(parent, name)
            if command is None:
                yield f"there is no command '{name}'"
                return
        command.make_context(name, list(args), parent=parent)
    except Exception as e:  # noqa: BLE001 - whatever the command line says
        yield f"it is refused: {e}"
