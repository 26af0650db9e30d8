"""What `doctor --fix` may do by itself: small edits that can be taken back.

None of these removes a secret: a value that may be one goes through
`revoke-local` or `import`, which ask first.
"""

from __future__ import annotations

from keyswitch.model import Frozen

MEMBER = "member"  # take a key out of a JSON file
ELEMENT = "element"  # take one text out of an array of a JSON file
LINE = "line"  # take one line out of a text file
MODE = "mode"  # narrow a file's permission bits
ASIDE = "aside"  # give a damaged file of ours another name
FOLDER = "folder"  # remove an empty folder that is in the way
HOOK = "hook"  # write the hook that start files read


class Mend(Frozen):
    """One repair. `expected` is what has to stand there, or nothing is done."""

    kind: str
    path: str
    keys: tuple[str, ...] = ()
    line: int = 0  # from 1
    expected: str = ""
    mode: int = 0

    def __str__(self) -> str:
        return {
            MEMBER: f"{self.path}: remove {'.'.join(self.keys)}",
            ELEMENT: f"{self.path}: remove one entry of {'.'.join(self.keys)}",
            LINE: f"{self.path}:{self.line}: remove '{self.expected.strip()}'",
            MODE: f"{self.path}: mode {self.mode:04o}",
            ASIDE: f"{self.path}: set aside, with '.damaged-1' after its name",
            FOLDER: f"{self.path}: remove this empty folder",
            HOOK: f"{self.path}: write the hook of this version",
        }[self.kind]
