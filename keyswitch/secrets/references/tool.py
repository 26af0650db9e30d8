"""A manager's tool, run for one reference, with its failures as errors."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence

from keyswitch.errors import LockedError, NoItemError, StoreError
from keyswitch.model import Frozen
from keyswitch.profiles.paths import Paths
from keyswitch.secret import Secret
from keyswitch.secrets.references import (
    allowing,
    failures,
    invocation,
    running,
)
from keyswitch.secrets.references.manager import Manager, filled
from keyswitch.secrets.references.reference import (
    READING,
    Reference,
    under_way,
)


class Caller(Frozen):
    """On whose behalf a tool is started.

    `ask` puts a question to a person, and says by being there that one is:
    the tool has the terminal then. `resolve` reads another reference.
    """

    paths: Paths
    ask: Callable[[str], Secret] | None = None
    resolve: Callable[[str], Secret] | None = None


class Tool:
    """What a manager's tool is asked about one reference, in so many seconds.

    Time in which a person is asked something does not count.
    """

    def __init__(
        self,
        manager: Manager,
        reference: Reference,
        deadline: float,
        caller: Caller,
    ) -> None:
        allowing.require(caller.paths, manager, reference)
        self.manager = manager
        self.reference = reference
        self.caller = caller
        self.parts = invocation.parts_of(manager, reference)
        self._deadline = self._left = deadline

    def require_file(self) -> None:
        """Raise unless the file that the reference leads to is there.

        Some tools say the same of a missing file as of a locked one, and
        `pass` prints a listing of a folder as if it were a secret.
        """
        path = _file_of(self)
        if not path:
            return
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            raise self.missing(f"no such file: {path}") from None
        except PermissionError as e:
            raise LockedError(
                f"{self.manager.title}: no permission to read {path}",
                "check the permissions of that file and its folders",
            ) from e
        except OSError as e:
            raise self.unreadable(f"{path}: {e.strerror}") from e
        if not stat.S_ISREG(found.st_mode):
            raise self.unreadable(f"{path} is not a file")

    def output(self, words: Sequence[str], given: bytes = b"") -> bytes:
        """Return what a command printed; nothing at all is a failure."""
        return self.run(words, given, may_be_empty=False)

    def run(
        self,
        words: Sequence[str],
        given: bytes = b"",
        *,
        may_be_empty: bool = True,
    ) -> bytes:
        """Return what a command printed, or raise why it did not succeed.

        `given` goes to its stdin; it is in no message.
        """
        manager, person = self.manager, self.caller.ask is not None
        environ = invocation.environment(manager, person=person)
        hidden = failures.secrets_of(environ, given)
        asked = [*under_way(os.environ), self.reference.text]
        environ[READING] = "\n".join(asked)
        program = invocation.program_of(manager, words[0])
        argv = (program, *words[1:])
        folder = invocation.home() if os.path.isdir(invocation.home()) else "/"
        call = running.Call(argv, environ, folder, given, person)
        begun = time.monotonic()
        try:
            done = running.run(call, max(self._left, 0))
        except running.SilentError as e:
            said = failures.Said(e.words, hidden)
            raise failures.silent(
                manager, self.parts, said, self._deadline
            ) from None
        except running.TooMuchError:
            limit = running.VALUE_LIMIT // 1024
            raise self.unreadable(
                f"it returned more than {limit} KiB"
            ) from None
        except OSError as e:
            raise self.unreadable(f"{program}: {e.strerror}") from e
        finally:
            self._left -= time.monotonic() - begun
        if done.status or not (may_be_empty or done.output.strip()):
            printed = failures.secrets_of({}, done.output)
            said = failures.Said(done.words, hidden | printed)
            raise failures.error_of(
                manager, self.reference, self.parts, said, done.status
            )
        return done.output

    def missing(self, why: str) -> NoItemError:
        """Return the error for what the manager does not have."""
        return failures.missing(self.manager, self.reference, why)

    def unreadable(self, why: str) -> StoreError:
        """Return the error for what could not be found out."""
        return failures.unreadable(self.manager, self.reference, why)


def _file_of(tool: Tool) -> str:
    manager = tool.manager
    name = filled(manager.file, tool.parts)
    if not manager.folder:
        return name
    variable, usual = manager.folder
    folder = os.environ.get(variable) or invocation.expanded(usual)
    return os.path.join(invocation.home(), folder, name)
