"""A program that keyswitch does not know, in a format of its own.

Its file is `~/.toy/toy.ini`, of which the line of the key is ours while a
profile is active. The tests add it to the table.
"""

import json
import os
import shlex
import sys
from typing import NamedTuple

from keyswitch.targets.lock_folders import LockSpec
from keyswitch.targets.target import Token
from keyswitch.targets.values import PlannedFile, TargetPlan, record_path

id = "toy"  # noqa: A001 - the name in `Target`
folder_variable = "TOY_HOME"
pages, variables = ("https://toy.invalid/keys",), ("TOY_KEY",)
tokens = sys.modules[__name__]
folders = launch = logins = sessions = None


def headers_at_stake(settings):
    return []


class Places(NamedTuple):
    config_dir: str

    @property
    def settings(self):
        return f"{self.config_dir}/toy.ini"


def places(environ, home, cwd):
    return Places(environ.get(folder_variable) or f"{home}/.toy")


def plan(request, places, read):
    record = record_path(request.paths, id, places.config_dir)
    known, text = read(record), (read(places.settings) or b"").decode()
    account, present = request.account, _line(text, "key")
    token, found = json.loads(known or '""'), TargetPlan()
    if account is None and known is None:
        return found
    wanted = request.displaced_text(token) if token else ""
    if account is not None:
        profile = account.profile.name
        call = shlex.join([*request.program, "helper", "api-key", profile])
        wanted = f"key_command = {call}\n"
        if present.startswith("key = "):  # the person's own
            token = request.new_token()
            found.displaced[token] = present
    elif token:
        found.put_back.append(token)
    after = text.replace(present, wanted) if present else text + wanted
    kept = None if account is None else json.dumps(token).encode()
    found.files = [
        PlannedFile(places.settings, after.encode() or None),
        PlannedFile(record, kept),
    ]
    return found


def locks(changed):
    files = [path for path in changed if os.path.basename(path) == "toy.ini"]
    return [LockSpec(f"{p}.lock", p, p, "Toy", stale_after=60) for p in files]


def recorded(path, data):
    json.loads(data or "{}")
    return ()


def may_be_secret(keys, raw):
    return True


def find(look):
    path = places(look.environ, look.home, look.cwd).settings
    line = _line((look.read(path) or b"").decode(), "key = ")
    if line:
        yield Token(path, "key", line.removeprefix("key = ").strip(), at=line)


def without(path, data, found):
    return data.replace(found[0].at.encode(), b"")


def _line(text, start):
    lines = text.splitlines(keepends=True)
    return next((line for line in lines if line.startswith(start)), "")
