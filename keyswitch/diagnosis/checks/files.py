"""Files that others can read, links and mounts, and locks left behind."""

from __future__ import annotations

import os
import shlex
import stat
from typing import TYPE_CHECKING

from keyswitch.diagnosis.checks.plaintext import copies_with_key, in_env
from keyswitch.diagnosis.findings.finding import NOTE, WARNING, Finding
from keyswitch.diagnosis.findings.mend import FOLDER, MODE, Mend
from keyswitch.diagnosis.resolver import anthropic_profiles
from keyswitch.diagnosis.resolver.aws import sections
from keyswitch.profiles import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation

LEFT_AFTER = 60  # seconds; Claude Code takes a lock over after ten


def _stat(path: str, *, follow: bool = False) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=follow)
    except (OSError, ValueError):
        return None


def exposed(situation: Situation) -> Iterator[Finding]:
    """Find files with a credential that other users of the machine can read."""
    for path in _private(situation) if os.name == "posix" else ():
        found = _stat(path, follow=True)
        if found is None or not stat.S_ISREG(found.st_mode):
            continue
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077 and found.st_uid == os.getuid():
            yield Finding(
                "file-exposed",
                WARNING,
                f"{path} has mode {mode:04o}, so others can read it",
                "it holds a credential",
                f"chmod 600 {shlex.quote(path)}",
                path,
                Mend(MODE, path, mode=0o600, expected=f"{mode:04o}"),
            )


def _private(situation: Situation) -> Iterator[str]:
    """Yield the files that hold a credential."""
    scene, paths = situation.scene, situation.accounts.paths
    if scene.login is not None:
        yield scene.places.credentials
    if scene.config.managed_key:
        yield scene.places.global_config
    yield from copies_with_key(scene)
    for file in scene.files:
        if file.level in ("user", "local") and any(in_env(file)):
            yield file.path
    path = os.path.join(scene.home, ".aws", "credentials")
    of_aws = sections(scene.read(path)).values()
    if any("aws_secret_access_key" in section for section in of_aws):
        yield path
    yield from scene.listed(os.path.join(scene.home, ".aws", "sso", "cache"))
    folder = anthropic_profiles.folder(scene)
    yield from scene.listed(os.path.join(folder, "credentials"))
    yield from (paths.vault_file, paths.machine_key_file)


def links(situation: Situation) -> Iterator[Finding]:
    """Find links and mounts that an atomic write replaces or cannot replace."""
    places = situation.scene.places
    if os.path.islink(places.credentials):
        yield Finding(
            "credentials-linked",
            WARNING,
            f"{places.credentials} is a symbolic link",
            "Claude Code replaces it by a file at the next renewal; the "
            "file it points to keeps a login that works no more",
            "keep the login where it is, or set "
            "CLAUDE_SECURESTORAGE_CONFIG_DIR",
            places.credentials,
        )
    for path in (places.credentials, places.global_config, places.settings):
        found = _stat(path)
        if found is None or not stat.S_ISREG(found.st_mode):
            continue
        if os.path.ismount(path):
            yield Finding(
                "file-mounted",
                WARNING,
                f"{path} is mounted on its own, as containers do",
                "a file that is a mount cannot be replaced: atomic writes of "
                "Claude Code and keyswitch fail",
                "mount its folder instead",
                path,
            )
        elif found.st_nlink > 1:
            yield Finding(
                "file-hard-linked",
                NOTE,
                f"{path} has {found.st_nlink} names",
                "a replaced file loses its other names; they keep the old "
                "content",
                "give each place a copy of its own",
                path,
            )


def locks(situation: Situation) -> Iterator[Finding]:
    """Find lock folders that a killed program left behind."""
    places = situation.scene.places
    for path in (
        os.path.realpath(places.global_config) + ".lock",
        places.config_dir + ".lock",
        os.path.join(places.config_dir, ".oauth_refresh.lock"),
        os.path.join(places.config_dir, ".storage-write.lock"),
    ):
        found = _stat(path)
        age = clock.now() - found.st_mtime if found else 0
        if not found or not stat.S_ISDIR(found.st_mode) or age < LEFT_AFTER:
            continue
        yield Finding(
            "lock-left",
            NOTE,
            f"{path} was left {int(age // 60)} min ago",
            "a program that held it was killed; whoever needs it next "
            "waits for it first",
            f"rmdir {shlex.quote(path)}",
            path,
            Mend(FOLDER, path),
        )
