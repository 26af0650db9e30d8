"""A team's git repository with signed tags, and the ways to make it hostile."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from keyswitch.team import team_file
from tests.team.files import SOUND, instead

OTHER = instead("gateway.example.com", "other.example")
MAIL = "keeper@example.com"


def run(*words, folder, environ, stdin=b"", check=True):
    done = subprocess.run(
        words, cwd=folder, env=environ, input=stdin, capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert not check or done.returncode == 0, (words, done.stderr)
    return done.stdout.decode().strip()


@dataclass
class Team:
    """Whoever keeps a team file, with keys of their own; and their clone."""

    folder: Path  # of all of it
    environ: dict = field(default_factory=dict)

    @property
    def clone(self):
        return self.folder / "clone"

    def begin(self):
        home = self.folder / "home"
        home.mkdir()
        gnupg = home / ".gnupg"
        gnupg.mkdir(0o700)
        self.environ = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "GNUPGHOME": str(gnupg),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Keeper",
            "GIT_AUTHOR_EMAIL": MAIL,
            "GIT_COMMITTER_NAME": "Keeper",
            "GIT_COMMITTER_EMAIL": MAIL,
        }
        for name in ("a", "b"):
            key = self.folder / f"ssh-{name}"
            self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key,
                     folder=self.folder)  # fmt: skip
        self.git("init", "-q", "-b", "main", self.clone, folder=self.folder)
        self.write(SOUND)
        return self

    def run(self, *words, folder=None, **options):
        return run(
            *map(str, words), folder=folder or self.clone,
            environ=self.environ, **options,
        )  # fmt: skip

    def git(self, *words, **options):
        return self.run("git", *words, **options)

    def write(self, text, path=team_file.NAME):
        """Commit a file."""
        place = self.clone / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "profiles")

    def tag(self, name, *, key="a", commit="HEAD"):
        """Sign a tag with an SSH key."""
        self.git(
            "-c", "gpg.format=ssh",
            "-c", f"user.signingKey={self.folder}/ssh-{key}.pub",
            "tag", "-s", "-m", name, name, commit,
        )  # fmt: skip

    def gpg_key(self):
        """Make a key of GnuPG's; return its fingerprint."""
        self.run("gpg", "--batch", "--quiet", "--passphrase", "",
                 "--quick-generate-key", MAIL, "ed25519", "sign", "never",
                 folder=self.folder)  # fmt: skip
        listed = self.run(
            "gpg", "--batch", "--with-colons", "--list-keys",
            folder=self.folder,
        )  # fmt: skip
        lines = [line.split(":") for line in listed.splitlines()]
        return next(line[9] for line in lines if line[0] == "fpr")

    def gpg_tag(self, name, key):
        self.git("tag", "-s", "-u", key, "-m", name, name)

    def end(self):
        """Stop the agents of GnuPG that signing has started."""
        if shutil.which("gpgconf"):
            self.run("gpgconf", "--kill", "all", folder=self.folder)

    def public(self, key="a"):
        return (self.folder / f"ssh-{key}.pub").read_text().strip()

    def fingerprint(self, key="a"):
        said = self.run("ssh-keygen", "-lf", self.folder / f"ssh-{key}.pub",
                        folder=self.folder)  # fmt: skip
        return said.split()[1]


def let_sign(ks, *keys):
    """Let a person know whose SSH keys may sign."""
    home = ks.home
    (home / "signers").write_text(
        "".join(f'{MAIL} namespaces="git" {key}\n' for key in keys)
    )
    (home / ".gitconfig").write_text(
        f'[gpg "ssh"]\n\tallowedSignersFile = {home}/signers\n'
    )
