"""A team file of a signed tag: whose signature it is, and the file's bytes.

git says whether the signature is good (`git verify-tag`); that it is of this
name and of a commit is looked at here, since git's answer is about the object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from keyswitch.display import printable
from keyswitch.errors import InputError, NotFoundError
from keyswitch.model import Frozen
from keyswitch.team import team_file
from keyswitch.team.git_objects import Objects, checkout_of, tag_hash

_TAG_LIMIT = 64 << 10  # bytes of a tag
_NAME = re.compile(r"(?a)[\w][\w.+-]*(?:/[\w][\w.+-]*)*")
_HEAD = re.compile(
    rb"object ([0-9a-f]{40}|[0-9a-f]{64})\ntype (\w+)\ntag ([^\n]*)\n"
)
_KINDS = {
    b"-----BEGIN PGP SIGNATURE-----": "GPG",
    b"-----BEGIN SSH SIGNATURE-----": "SSH",
}
# What `ssh-keygen -Y verify` prints (ssh-keygen(1)), and GnuPG's status lines
# (doc/DETAILS of GnuPG); git passes both on with --raw.
_SSH = re.compile(
    r'Good "git" signature for (.+) with \S+ key (SHA256:[A-Za-z0-9+/]+)'
)
_GPG = re.compile(r"\[GNUPG:\] VALIDSIG [0-9A-F]+ .* ([0-9A-F]{40,64})")
_GPG_USER = re.compile(r"\[GNUPG:\] GOODSIG [0-9A-F]+ (.+)")
_REGULAR = ("100644", "100755")


class SignedFile(Frozen):
    """The file of a tag, and who signed that."""

    data: bytes
    signer: str  # the fingerprint of a key
    owner: str  # whom that key is of, by the person's own lists


def check_tag(tag: str) -> None:
    """Raise unless a tag's name can be that of a file below refs/tags."""
    if not _NAME.fullmatch(tag) or ".." in tag or tag.endswith(".lock"):
        raise InputError(f"'{tag}' is not a tag name", "for example: --tag v3")


def read(folder: str, tag: str, environ: Mapping[str, str]) -> SignedFile:
    """Return the team file of a signed tag, once its signature is good."""
    check_tag(tag)
    checkout = checkout_of(folder)
    name = tag_hash(checkout, tag)
    with Objects(checkout, environ, len(name)) as objects:
        text = objects.content("tag", name, _TAG_LIMIT)
        commit = _commit_of(tag, text)
        signer, owner = _verified(objects, tag, name, text)
        path = checkout.prefix + team_file.NAME
        data = _blob(objects, tag, commit, path)
    return SignedFile(data, signer, owner)


def _commit_of(tag: str, text: bytes) -> str:
    """Return the commit of a tag object that says it has this name."""
    head = _HEAD.match(text)
    if head is None or head[2] != b"commit":
        raise InputError(
            f"tag '{tag}' does not point to a commit", "tag the commit itself"
        )
    if head[3] != tag.encode():
        former = printable(head[3].decode("utf-8", "replace"))
        raise InputError(
            f"the tag named '{tag}' is really the tag '{former}'",
            "somebody renamed it: ask whoever signs the tags",
        )
    return head[1].decode()


def _verified(
    objects: Objects, tag: str, name: str, text: bytes
) -> tuple[str, str]:
    """Return (fingerprint, owner) of the key whose good signature it has."""
    kinds = [kind for mark, kind in _KINDS.items() if mark in text]
    if len(kinds) != 1:
        raise InputError(
            f"tag '{tag}' is not signed with GPG or SSH",
            "ask for a signed one (git tag -s), or accept the file by its "
            "--sha256, with 'team add' or 'team update'",
        )
    done = objects.run("verify-tag", "--raw", name)
    lines = done.words.decode("utf-8", "replace").splitlines()
    if kinds == ["SSH"]:
        found = [(m[2], m[1]) for m in map(_SSH.fullmatch, lines) if m]
    else:
        keys = [m[1] for m in map(_GPG.fullmatch, lines) if m]
        users = [m[1] for m in map(_GPG_USER.fullmatch, lines) if m]
        found = list(zip(keys, users, strict=False))
    if done.status or len(found) != 1:
        raise _not_good(tag, kinds[0], lines)
    return found[0]


def _not_good(tag: str, kind: str, lines: list[str]) -> InputError:
    if any("allowedSignersFile" in line for line in lines):
        return InputError(
            f"no SSH keys are configured that may sign tag '{tag}'",
            "git config --global gpg.ssh.allowedSignersFile FILE",
        )
    unknown = any(
        "NO_PUBKEY" in line or "No principal matched" in line for line in lines
    )
    if unknown:
        hint = "import it (gpg --import)"
        if kind == "SSH":
            hint = "add it to the file of gpg.ssh.allowedSignersFile"
        return InputError(
            f"unknown key signed tag '{tag}'",
            f"if it is the right one: {hint}",
        )
    return InputError(
        f"bad signature on tag '{tag}'",
        "nothing of it was taken over; ask whoever signs the tags",
    )


def _blob(objects: Objects, tag: str, commit: str, path: str) -> bytes:
    done = objects.run(
        "--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit,
        "--", path,
    )  # fmt: skip
    entry, _, found = done.output.rstrip(b"\0").partition(b"\t")
    words = entry.decode("ascii", "replace").split()
    if done.status or len(words) != 3 or found != path.encode():
        raise NotFoundError(
            f"tag '{tag}' has no file {path}", f"add {team_file.NAME} there"
        )
    if words[0] not in _REGULAR:
        raise InputError(
            f"{path} of tag '{tag}' is a link or a submodule",
            "a team file must be a regular file",
        )
    return objects.content("blob", words[2], team_file.LIMIT)
