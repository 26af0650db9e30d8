"""What a fake Secret Service is told to do wrong."""

from __future__ import annotations

import json


class SilenceError(Exception):
    """This call gets no answer."""


class RefusalError(Exception):
    """This call gets an error: its name and text."""


class Orders:
    """What a test wants to go wrong.

    wrong     a name below, "" for nothing
    calls     how many calls are answered right before it
    error     the name of the error that `error` answers with; "mute": who is
              left by a kill gets no answer
    members   the calls that are done wrong; none named: all of them
    """

    def __init__(self, folder):
        self._path = folder / "orders.json"
        self._text = ""
        self.wrong = ""
        self.read()

    def read(self):
        """Tell whether there are others than before."""
        text = self._path.read_text() if self._path.exists() else "{}"
        if text == self._text:
            return False
        found = json.loads(text)
        self._text = text
        self.wrong = found.get("wrong", "")
        self.calls = found.get("calls", 0)
        self.error = found.get("error", "")
        self.members = found.get("members", ())
        self.answered = 0
        return True

    def due(self, member):
        """Tell whether this call is one that is to go wrong."""
        if self.members and member not in self.members:
            return False
        self.answered += 1
        return self.answered > self.calls
