"""Tools that say what the real ones say, and where a test finds them."""

import os
import shlex

from keyswitch.profiles import paths
from keyswitch.profiles.settings import Settings
from keyswitch.secret import Secret
from keyswitch.secrets.references import (
    allowing,
    command_line,
    item_writing,
    managers,
)
from keyswitch.secrets.references.tool import Caller

PROGRAMS = {
    "aws-sm": "aws", "aws-ssm": "aws", "azure-kv": "az", "gcp-sm": "gcloud",
    "keepassxc": "keepassxc-cli", "exec": "corp-key",
}  # fmt: skip
VALUE = "sk-ant-api03-FAKE-0123456789-EXAMPLE"


class Tools:
    """A folder on PATH with tools that a test writes."""

    def __init__(self, folder):
        self.folder = folder
        self.paths = paths.resolve(os.environ)
        self.deadline = 10

    def write(self, name, lines):
        path = self.folder / PROGRAMS.get(name, name)
        path.write_text("#!/bin/sh\n" + lines)
        path.chmod(0o755)
        return path

    def says(self, name, out="", err="", status=0):
        """Make a tool that prints this and ends so, and notes its words."""
        log = shlex.quote(str(self.folder / "words"))
        return self.write(
            name,
            f'printf "%s\\n" "$@" >{log}\n'
            f"printf %s {shlex.quote(out)}\n"
            f"printf %s {shlex.quote(err)} >&2\n"
            f"exit {status}\n",
        )

    def takes(self, name, answers=()):
        """Make a tool that keeps its stdin; it prints by its words.

        `answers`: of a pattern of the shell for its words, what it prints,
        or else a line for stderr and status 1.
        """
        folder = shlex.quote(str(self.folder))
        cases = "".join(
            f"  {pattern}) printf %s {shlex.quote(out)}; exit ;;\n"
            if out
            else f"  {pattern}) echo {shlex.quote(err)} >&2; exit 1 ;;\n"
            for pattern, out, err in answers
        )
        return self.write(
            name,
            f'case "$*" in\n{cases}  *) ;;\nesac\n'
            f'printf "%s\\n" "$@" >{folder}/words\n'
            f"/bin/cat >{folder}/given\n",
        )

    def given(self):
        """Return what the last tool that takes something was given."""
        return (self.folder / "given").read_text()

    def words(self):
        """Return what the last tool was called with."""
        return (self.folder / "words").read_text().splitlines()

    def caller(self, ask=None, resolve=None):
        return Caller(self.paths, ask, resolve)

    def read(self, text, settings=None, ask=None, resolve=None):
        """Return the value of a reference."""
        known = managers.load(settings or Settings())
        reference = known.parse(text)
        manager = known.get(reference.manager)
        caller = self.caller(ask, resolve)
        found = command_line.read(manager, reference, self.deadline, caller)
        return found.value.reveal()

    def allow(self, text, settings):
        """Say yes to the command that a reference starts."""
        known = managers.load(settings)
        reference = known.parse(text)
        manager = known.get(reference.manager)
        command = allowing.needs_yes(self.paths, manager, reference)
        if command:
            allowing.allow(self.paths, command)

    def put(self, text, value=VALUE, settings=None, ask=None):
        """Write a value where a reference leads."""
        known = managers.load(settings or Settings())
        reference = known.parse(text)
        item_writing.write(
            known.get(reference.manager),
            reference,
            Secret(value),
            self.deadline,
            self.caller(ask),
        )


def answer(text):
    """Return a person who answers each question with this."""
    return lambda _question: Secret(text)
