"""Remove the stages of keyswitch's own files that a kill left."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from keyswitch.errors import FileStateError
from keyswitch.profiles import stages

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths


def sweep(paths: Paths) -> None:
    """Remove them, unless another command is at work."""
    if any(stages.of_the_vault(paths)):
        from keyswitch.secrets.vault import writing

        writing.sweep(paths)
    if any(stages.of_the_rest(paths)):
        from keyswitch.commit.transaction import Transaction

        with contextlib.suppress(FileStateError), Transaction(paths, wait=0):
            pass  # it sweeps when it begins
