"""A program in a terminal as a person has it."""

import sys
import time

import pexpect
import pyte

WAIT = 60  # seconds until what does not come is a failure
COMMAND = (sys.executable, "-m", "keyswitch")


class Terminal:
    """A program in a terminal of its own, and what is to be seen there."""

    def __init__(self, ks, *argv, columns=100, lines=24, **environ):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.Stream(self.screen)
        self.raw = ""
        self.child = pexpect.spawn(
            argv[0],
            list(argv[1:]),
            env={**ks.environ, "TERM": "xterm-256color", **environ},
            cwd=str(ks.home),
            encoding="utf-8",
            codec_errors="surrogateescape",
            dimensions=(lines, columns),
        )

    def until(self, done):
        end = time.monotonic() + WAIT
        while not done(self.shown) and self._reads():
            assert time.monotonic() < end, self.shown
        assert done(self.shown), self.shown
        return self

    def _reads(self):
        """Take in what is written, if anything; False at the end."""
        try:
            part = self.child.read_nonblocking(4096, 0.05)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += part
        self.stream.feed(part)
        return True

    def sees(self, text):
        return self.until(lambda shown: text in shown)

    def type(self, keys):
        self.child.send(keys)
        return self

    @property
    def shown(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def rows(self):
        return [
            line
            for line in self.shown.splitlines()
            if line[:4] in ("  * ", "> * ", "    ", ">   ")
            and line[4:9] not in ("", "NAME ")
        ]

    @property
    def names(self):
        return [row[4:].split()[0] for row in self.rows]

    @property
    def pointed(self):
        (row,) = [row for row in self.rows if row.startswith(">")]
        return row[4:].split()[0]

    def until_the_end(self):
        end = time.monotonic() + WAIT
        while self._reads():
            assert time.monotonic() < end, self.shown

    def ends(self):
        """Wait for the end; return the exit status, or minus the signal."""
        self.until_the_end()
        self.child.close()
        if self.child.signalstatus:
            return -self.child.signalstatus
        return self.child.exitstatus
