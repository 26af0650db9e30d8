"""Other commands that print one secret, in homes of their own.

Every peer gets a secret that is a fake, in a place below the bench's temporary
folder, and shows once that it prints that secret before it is measured. What
is not installed is reported, and fails nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.run import Bench

SECRET = "FAKE-peer-0123456789abcdefghijklmnopqrstuvwxyz-EXAMPLE"


@dataclass(frozen=True)
class Peer:
    """One command: whose home it runs in, and how it gets its secret."""

    title: str
    home: str
    argv: tuple[str, ...]
    prepare: Callable[[Bench, str], None]


def _call(bench: Bench, home: str, argv: list[str], text: str = "") -> str:
    return subprocess.run(
        argv, env=bench.environ(home) | {"PATH": os.environ["PATH"]},
        input=text, text=True, check=True, capture_output=True,
    ).stdout  # fmt: skip


def _fill_secret_tool(bench: Bench, home: str) -> None:
    store = ["secret-tool", "store", "--label=FAKE", "service", "peer"]
    _call(bench, home, [*store, "username", "secret-tool"], SECRET)


def _fill_keyring(bench: Bench, home: str) -> None:
    argv = [_KEYRING, "set", "peer", "keyring"]
    _call(bench, home, argv, SECRET)


def _fill_pass(bench: Bench, home: str) -> None:
    """Make a key without a passphrase, so that nobody is asked for one."""
    Path(bench.environ(home)["GNUPGHOME"]).mkdir(mode=0o700)
    _call(
        bench, home,
        ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "",
         "--quick-generate-key", "fake@example.com", "default", "default",
         "never"],
    )  # fmt: skip
    _call(bench, home, ["pass", "init", "fake@example.com"])
    _call(bench, home, ["pass", "insert", "--multiline", "peer"], SECRET)


def _fill_gh(bench: Bench, home: str) -> None:
    folder = Path(bench.environ(home)["GH_CONFIG_DIR"])
    folder.mkdir(mode=0o700)
    # Without its version, gh would ask the service to whom the token belongs.
    folder.joinpath("config.yml").write_text('version: "1"\n')
    folder.joinpath("hosts.yml").write_text(
        f"github.com:\n    oauth_token: {SECRET}\n    user: fake\n"
        f"    users:\n        fake:\n            oauth_token: {SECRET}\n"
    )


_KEYRING = str(Path(sys.executable).parent / "keyring")

PEERS = (
    Peer(
        "secret-tool lookup", "bus",
        ("secret-tool", "lookup", "service", "peer", "username",
         "secret-tool"), _fill_secret_tool,
    ),
    Peer("pass show", "pass", ("pass", "show", "peer"), _fill_pass),
    Peer("gh auth token", "gh", ("gh", "auth", "token"), _fill_gh),
    Peer("keyring get", "bus", (_KEYRING, "get", "peer", "keyring"),
         _fill_keyring),
)  # fmt: skip

# Our own, with the home that each is measured in.
OWN = (
    ("keyswitch env, unlocked session", "values", "env --shell bash"),
    ("keyswitch env, first read", "keychain", "env --shell bash"),
    ("keyswitch helper claude-code", "values", "helper claude-code"),
)


def environ(folder: Path, home: str) -> dict[str, str]:
    """Return what a peer's home has beside HOME; no service is reached."""
    place = folder / home
    return {
        "pass": {
            "GNUPGHOME": str(place / "gnupg"),
            "PASSWORD_STORE_DIR": str(place / "store"),
        },
        "gh": {
            "GH_CONFIG_DIR": str(place / "gh"),
            "https_proxy": "http://127.0.0.1:9",
        },
    }.get(home, {})


def _ready(bench: Bench) -> Iterator[tuple[Peer, str]]:
    """Yield each peer and why it is not measured, or nothing."""
    for peer in PEERS:
        if shutil.which(peer.argv[0]) is None:
            yield peer, "not there"
            continue
        (bench.folder / peer.home).mkdir(mode=0o700, exist_ok=True)
        try:
            peer.prepare(bench, peer.home)
            found = _call(bench, peer.home, list(peer.argv)).strip()
        except (OSError, subprocess.CalledProcessError):
            found = ""
        yield peer, "" if found == SECRET else "does not answer here"


def print_peers(bench: Bench) -> None:
    """Measure ours and the others in turns, and print them together."""
    rows = [("bare interpreter", "values", f"{sys.executable} -c pass")]
    rows += [(title, *bench.call(home, args)) for title, home, args in OWN]
    lost = []
    for peer, why in _ready(bench):
        if why:
            lost.append((peer.title, why))
        else:
            rows.append((peer.title, peer.home, " ".join(peer.argv)))
    medians = bench.medians(*[(home, command) for _, home, command in rows])
    print(f"\n{'prints one secret':34} {'median':>9} {'ratio':>6}")
    for (title, _, _), seconds in zip(rows, medians, strict=True):
        ratio = seconds / medians[0]
        print(f"{title:34} {seconds * 1000:6.1f} ms {ratio:6.2f}")
    for title, why in lost:
        print(f"{title:34} {why}")


def stop(bench: Bench) -> None:
    """End the agent that gpg started for itself."""
    if (bench.folder / "pass" / "gnupg").is_dir():
        for option in (("--kill", "all"), ("--remove-socketdir",)):
            _call(bench, "pass", ["gpgconf", *option])
