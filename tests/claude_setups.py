"""Builds the homes that observed cases of Claude Code describe.

A case's `setup` has commands for a shell, variables, files, descriptors,
options, and answers of the service in place of the usual ones. `$HOME`,
`$PROJ`, `$WORK` (above `$PROJ`), `$TOP` (above all of them), `$MANAGED` and
`$STUB` stand for a place's folders and address.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Git asks for all of this where a person's own settings do not say it.
GIT = {
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_AUTHOR_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_CONFIG_NOSYSTEM": "1",
}

VECTORS = Path(__file__).parent / "vectors" / "claude_code"


class SetupFolder:
    """The folders of one case and the marks that stand for them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.project = folder / "work" / "project"
        self.managed = folder / "layer" / "etc" / "claude-code"
        self.marks = {
            "$HOME": str(self.home),
            "$PROJ": str(self.project),
            "$WORK": str(self.project.parent),
            "$TOP": str(folder),
            "$MANAGED": str(self.managed),
            # The address without its scheme comes first: it holds the other.
            "$STUBHOST": url.removeprefix("http://"),
            "$STUB": url,
        }
        self.home.mkdir()
        self.project.mkdir(parents=True)

    def fill(self, text: str) -> str:
        for mark, value in self.marks.items():
            text = text.replace(mark, value)
        return text

    def write(self, name: str, content: Any) -> None:
        """Write one file of a setup: JSON, or text with an optional mode."""
        path = Path(self.fill(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = isinstance(content, dict) and "_text" in content
        text = content["_text"] if raw else json.dumps(content)
        path.write_text(self.fill(text), encoding="utf-8")
        path.chmod(content.get("_mode", 0o600) if raw else 0o600)

    def answers(self, setup: dict[str, Any]) -> dict[str, tuple[int, Any]]:
        """Return what the service answers in a setup, by ends of paths."""
        text = json.dumps(setup.get("answers", {}))
        filled = json.loads(self.fill(text))
        return {end: (status, body) for end, (status, body) in filled.items()}

    def build(self, setup: dict[str, Any]) -> Path:
        """Make all of a setup; return its working directory."""
        if "commands" in setup:
            subprocess.run(
                ["/bin/sh", "-ec", self.fill("\n".join(setup["commands"]))],
                env={**GIT, "HOME": str(self.home), "PATH": os.environ["PATH"]},
                cwd=self.project,
                check=True,
                capture_output=True,
            )
        for name, content in setup["files"].items():
            self.write(name, content)
        if "git_init" in setup:
            where = self.fill(setup["git_init"])
            subprocess.run(["git", "init", "-q", where], check=True)
        cwd = Path(self.fill(setup.get("cwd", "$PROJ")))
        cwd.mkdir(parents=True, exist_ok=True)
        return cwd


@contextlib.contextmanager
def descriptors(setup: dict[str, Any]) -> Iterator[dict[str, int]]:
    """Open a pipe for each text that a setup hands over; name -> number."""
    opened = {}
    try:
        for name, text in setup["fds"].items():
            reader, writer = os.pipe()
            opened[name] = reader
            os.write(writer, text.encode())
            os.close(writer)
        yield opened
    finally:
        for number in opened.values():
            os.close(number)


def case_files() -> list[str]:
    """Return the names of the vector files that hold set-ups.

    The others hold texts of errors.
    """
    return sorted(
        p.name for p in VECTORS.glob("*.json") if "error" not in p.name
    )


def load(name: str) -> list[dict[str, Any]]:
    """Return the cases of a vector file, their common variables filled in.

    A setup that is `bare` has none of those. Root reads what a mode forbids:
    what an ordinary user saw instead is in `expect_without_root`.
    """
    expected = "expect" if os.geteuid() == 0 else "expect_without_root"
    document = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    common = document.get("env", {})
    return [
        {
            **case,
            "expect": case.get(expected, case["expect"]),
            "setup": {
                "files": {},
                "fds": {},
                "args": [],
                **case["setup"],
                "env": {
                    **({} if "bare" in case["setup"] else common),
                    **case["setup"].get("env", {}),
                },
            },
        }
        for case in document["cases"]
    ]
