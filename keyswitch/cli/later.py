"""Modules of the standard library that are loaded where they are first used."""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Later(ModuleType):
    """Stands for a module until something of it is asked for.

    Not `importlib.util.LazyLoader`: a second `import` loads its modules.
    """

    def __getattr__(self, name: str) -> Any:
        import importlib

        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        found = importlib.import_module(self.__name__)
        vars(self).update(vars(found))
        return getattr(found, name)


def load(name: str) -> None:
    """Let a module be loaded later, unless it is there."""
    if name not in sys.modules:
        sys.modules[name] = _Later(name)
