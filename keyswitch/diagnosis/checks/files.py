"""Credentials in files: in plain text, open to others, linked, locked."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator

from keyswitch.diagnosis.findings.accounts import masked
from keyswitch.diagnosis.findings.origin import read_text
from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.display import printable
from keyswitch.profiles import clock
from keyswitch.profiles.profile_files import texts_of_people
from keyswitch.providers import custom_headers
from keyswitch.secret import Secret
from keyswitch.shells.rc_lines import find_assignments
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.aws.aws_files import sections
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.claude_code.settings import literals
from keyswitch.targets.claude_code.settings.settings_file import (
    SettingsFile,
)
from keyswitch.targets.claude_code.target import tokens
from keyswitch.targets.verdict import NOTE, WARNING, Finding, Mend

_DOTENV = (".env", ".env.local", ".env.development")

# (whose, path below the home directory)
SWITCHERS = (
    ("aisw", ".aisw"),
    ("caam", ".local/share/caam"),
    ("cc-account-switcher", ".claude-switch-backup"),
    ("cc-switch", ".cc-switch"),
    ("ccc", ".claude/ccc.json"),
    ("ccm", ".ccm_accounts"),
    ("ccm", ".ccm_config"),
    ("ccs", ".ccs"),
    ("claude-acc", ".claude-switch"),
    ("claude-code-router", ".claude-code-router"),
    ("claude-profile", ".claude-profiles"),
    ("claude-swap", ".claude-swap-backup"),
    ("claude-swap", ".local/share/claude-swap"),
    ("claude-switcher", ".config/claude-switcher"),
    ("claudepot", ".claudepot"),
    ("clauth", ".clauth"),
    ("clother", ".config/clother"),
    ("clother", ".local/share/clother"),
)


def plaintext(situation: Situation) -> Iterator[Finding]:
    """Find credentials in plain text."""
    for name, value, place in _in_plain_text(situation):
        secret = Secret(value.strip())
        owner = situation.accounts.holder_of(secret)
        shown = printable(masked(secret))
        what = f"{name} ({shown}) is in plain text in {place}"
        why = (
            "every program you run can read it, and so can anyone with a "
            "backup of that file"
        )
        if owner:
            why = f"{why}; profile '{owner}' has it too, so nothing is lost"
            fix = f"remove '{name}' from {place}"
        else:
            why = f"{why}; saved as a profile, it can be removed from there"
            fix = f"keyswitch add {situation.free_name('work')}"
        yield Finding("plaintext-secret", WARNING, what, why, fix, place)


def _in_plain_text(situation: Situation) -> Iterator[tuple[str, str, str]]:
    """Yield the name, value and place of each credential in plain text."""
    scene, names = situation.scene, rules.SECRET_VARIABLES
    assigned = situation.start_files.assignments(names)
    for name in _DOTENV:
        path = os.path.join(scene.cwd, name)
        assigned += find_assignments(read_text(path), names, path)
    for line in assigned:
        if line.value and is_secret(line.name, line.value):
            yield line.name, line.value, line.place
    for file in scene.files:
        for name in in_env(file) if file.path else ():
            yield f"env.{name}", file.env[name], file.place("env", name)
    # Commands, servers and other texts of settings.
    own = (scene.settings_places.global_config, scene.places.global_config)
    paths = [file.path for file in scene.files if file.path]
    paths += [*own, *literals.mcp_files(scene.cwd, scene.home)]
    for path in dict.fromkeys(paths):
        for one in literals.find(path, scene.read(path)):
            place = f"{path}:{one.line}" if one.line else path
            yield one.place or "a text", one.secret, place
    # Files of keyswitch that people write, comments too.
    texts = {p: read_text(p) for p in texts_of_people(situation.accounts.paths)}
    if not literals.in_text("\n".join(texts.values())):
        return  # at once, since there may be thousands
    for path, text in texts.items():
        for one in literals.in_text(text):
            yield "a text", one.secret, f"{path}:{one.line}"


def in_env(file: SettingsFile) -> Iterator[str]:
    """Yield the variables of an env block that hold a credential."""
    for name in rules.SECRET_VARIABLES:
        if is_secret(name, file.env.get(name, "")):
            yield name


def is_secret(name: str, value: str) -> bool:
    """Tell whether a variable's value is a credential, and not just set."""
    value = value.strip()
    if not value or masked(Secret(value)) == value:
        return False  # nothing, or what is shown as it is
    if name != rules.CUSTOM_HEADERS:
        return True
    return bool(custom_headers.plain(value)[1])


def backups(situation: Situation) -> Iterator[Finding]:
    """Find old copies of .claude.json with a key in them."""
    holding = len(list(copies_with_key(situation.scene)))
    if holding:
        what = f"{holding} old copies of .claude.json contain a Console key"
        why = "they survive a logout"
        fix = "keyswitch revoke-local --stale"
        place = situation.scene.places.backups
        yield Finding("plaintext-backup", NOTE, what, why, fix, place)


def copies_with_key(scene: Scene) -> Iterator[str]:
    """Yield the old copies of .claude.json with a Console key in them."""
    for path in scene.listed(scene.places.backups)[-20:]:
        found = tokens.in_global_config(path, scene.read(path))
        if any(t.place == rules.CONSOLE_KEY for t in found):
            yield path


def switchers(situation: Situation) -> Iterator[Finding]:
    """Find what other account switchers keep, mostly in plain text."""
    for name, place in SWITCHERS:
        path = os.path.join(situation.scene.home, place)
        if os.path.exists(path):
            what = f"{name} stores accounts in {path}"
            why = (
                "when one of the two renews a login, the other's copy stops "
                "working"
            )
            fix = f"stop using {name} (its accounts: {path})"
            yield Finding("other-switcher", NOTE, what, why, fix, path)


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
            what = f"{path} has mode {mode:04o}, so others can read it"
            why = "it contains a credential"
            fix = f"chmod 600 {shlex.quote(path)}"
            mend = Mend(Mend.MODE, path, mode=0o600, expected=f"{mode:04o}")
            yield Finding("file-exposed", WARNING, what, why, fix, path, mend)


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
    # The aws command takes a name in any case.
    names = {name.lower() for section in of_aws for name in section}
    if "aws_secret_access_key" in names:
        yield path
    yield from scene.listed(scene.home, ".aws", "sso", "cache")
    yield from scene.listed(scene.anthropic_dir, "credentials")
    yield from (paths.vault_file, paths.machine_key_file)


def links(situation: Situation) -> Iterator[Finding]:
    """Find links and mounts that an atomic write replaces or cannot replace."""
    places = situation.scene.places
    if os.path.islink(places.credentials):
        path = places.credentials
        what = f"{path} is a symbolic link"
        why = (
            "a renewal replaces the link with a file; its target keeps a dead "
            "login (CLAUDE_SECURESTORAGE_CONFIG_DIR moves the file itself)"
        )
        fix = _own_copy(path)
        yield Finding("credentials-linked", WARNING, what, why, fix, path)
    for path in (places.credentials, places.global_config, places.settings):
        found = _stat(path)
        if found is None or not stat.S_ISREG(found.st_mode):
            continue
        if os.path.ismount(path):
            what = f"{path} is a mount point, as in containers"
            why = "a mount point cannot be replaced, so atomic writes fail"
            fix = f"mount {os.path.dirname(path)} instead of {path}"
            yield Finding("file-mounted", WARNING, what, why, fix, path)
        elif found.st_nlink > 1:
            what = f"{path} has {found.st_nlink} hard links"
            why = (
                "a write replaces the file; its other links keep the old "
                "contents"
            )
            fix = _own_copy(path)
            yield Finding("file-hard-linked", NOTE, what, why, fix, path)


def _own_copy(path: str) -> str:
    """Return the command that puts a file of its own where a link is."""
    old, new = shlex.quote(path), shlex.quote(f"{path}.new")
    return f"cp -p {old} {new} && mv {new} {old}"


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
        what = f"{path} is a stale lock, {int(age // 60)} min old"
        why = "a killed program left it; the next program that needs it waits"
        fix = f"rmdir {shlex.quote(path)}"
        mend = Mend(Mend.FOLDER, path)
        yield Finding("lock-left", NOTE, what, why, fix, path, mend)
