"""A team file of a signed tag: real git, GnuPG and SSH keys; hostile clones."""

import hashlib
import json
import os
import shutil

import pytest

from keyswitch.errors import InputError
from keyswitch.team.signed_tag import check_tag
from tests.cli.keyswitch import Keyswitch
from tests.cli.terminal import COMMAND, Terminal
from tests.team.files import SOUND
from tests.team.repositories import OTHER, Team, let_sign

pytestmark = pytest.mark.real("git", "ssh-keygen")


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A repository with the tags v1, v2 and v3, and two nobody signed."""
    team = Team(tmp_path_factory.mktemp("team")).begin()
    team.tag("v1")
    team.write(OTHER)
    team.tag("v2")
    team.tag("v3", key="b")
    team.git("tag", "-a", "-m", "plain", "plain")
    team.git("tag", "light")
    yield team
    team.end()


@pytest.fixture
def team(signed, tmp_path):
    """A copy of it, for one test."""
    folder = tmp_path / "team"
    shutil.copytree(signed.folder, folder, symlinks=True)
    return Team(folder, {**signed.environ})


@pytest.fixture
def ks(team, tmp_path):
    """A person who knows the team's key."""
    home = tmp_path / "person"
    home.mkdir()
    person = Keyswitch(home, GIT_CONFIG_NOSYSTEM="1")
    let_sign(person, team.public("a"))
    return person


def pinned(team, tag, key="a"):
    """Return the words of a machine where nobody can be asked."""
    return (
        "team", "add", str(team.clone), "--tag", tag, "--signer",
        team.fingerprint(key),
    )  # fmt: skip


def host(ks):
    text = ks.profile_file("gw").read_text()
    return next(w for w in text.split('"') if w.startswith("https://"))


def nothing_of_it(ks):
    return not ks.profile_file("gw").exists() and not ks.file("ran").exists()


def test_the_file_of_the_tag_counts_not_the_one_that_lies_there(ks, team):
    ks(*pinned(team, "v1"))
    assert host(ks) == "https://gateway.example.com"
    shown = json.loads(ks("team", "list", "--json").out)["teams"]
    assert [(one["tag"], one["signer"]) for one in shown] == [
        ("v1", team.fingerprint())
    ]
    assert "nothing changed" in ks(*pinned(team, "v1")).err


def test_the_key_is_shown_and_asked_about_once(ks, team):
    line = ("team", "add", str(team.clone), "--tag", "v1")
    asked = Terminal(ks, *COMMAND, *line, columns=200)
    asked.sees(f"tag 'v1' is signed by {team.fingerprint()} (keeper@example")
    asked.sees("accept this key for team 'acme'? type yes:").type("yes\n")
    asked.sees("accept it? type yes:").type("yes\n")
    assert asked.ends() == 0
    line = ("team", "update", "--tag", "v2")
    asked = Terminal(ks, *COMMAND, *line, columns=200)
    asked.sees("accept it? type yes:").type("yes\n")
    assert "accept this key" not in asked.raw
    assert asked.ends() == 0
    assert host(ks) == "https://other.example"


def test_another_key_is_another_question(ks, team):
    ks(*pinned(team, "v1"))
    let_sign(ks, team.public("a"), team.public("b"))
    done = ks("team", "update", "--tag", "v3", code=2)
    assert f"earlier ones by {team.fingerprint()}" in done.err
    assert done.error.startswith("the signing key needs confirmation")
    assert host(ks) == "https://gateway.example.com"
    ks("team", "update", "--tag", "v3", "--signer", team.fingerprint("b"))
    assert host(ks) == "https://other.example"


def test_without_a_tag_there_is_no_update_of_a_signed_team(ks, team):
    ks(*pinned(team, "v1"))
    done = ks("team", "update", code=2)
    assert "uses signed tags; the last was v1" in done.error
    assert host(ks) == "https://gateway.example.com"


def test_a_tag_alone_is_no_yes_where_nobody_can_be_asked(ks, team):
    done = ks("team", "add", str(team.clone), "--tag", "v1", code=2)
    assert done.error.startswith("the signing key needs confirmation")
    ks(*pinned(team, "v1"))
    done = ks("team", "update", "--tag", "v2", code=2)
    assert "needs confirmation, but keyswitch cannot ask here" in done.error


def test_a_hash_without_a_tag_keeps_the_key_of_the_team(ks, team):
    ks(*pinned(team, "v1"))
    digest = hashlib.sha256(OTHER.encode()).hexdigest()
    ks("team", "update", "--sha256", digest)
    assert host(ks) == "https://other.example"
    shown = json.loads(ks("team", "list", "--json").out)["teams"]
    assert (shown[0]["tag"], shown[0]["signer"]) == (None, team.fingerprint())
    assert "uses signed tags" in ks("team", "update", code=2).error


def test_a_hash_lets_the_first_file_of_a_tag_count(ks, team):
    """And its key is no key of the team, since nobody was asked about it."""
    digest = hashlib.sha256(SOUND.encode()).hexdigest()
    line = ("team", "add", str(team.clone), "--tag", "v1", "--sha256", digest)
    assert f"is signed by {team.fingerprint()}" in ks(*line).err
    assert host(ks) == "https://gateway.example.com"
    assert "nothing changed" in ks(*line).err
    shown = json.loads(ks("team", "list", "--json").out)["teams"]
    assert shown[0]["signer"] is None
    ks("team", "update", "--tag", "v1", "--signer", team.fingerprint())
    let_sign(ks, team.public("a"), team.public("b"))
    digest = hashlib.sha256(OTHER.encode()).hexdigest()
    done = ks("team", "update", "--tag", "v3", "--sha256", digest, code=2)
    assert done.error.startswith("the signing key needs confirmation")
    assert host(ks) == "https://gateway.example.com"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("plain", "tag 'plain' is not signed with GPG or SSH"),
        ("light", "is not a tag"),
        ("v3", "unknown key signed tag 'v3'"),
        ("v9", "has no tag 'v9'"),
    ],
)
def test_what_is_not_signed_by_a_known_key_is_refused(ks, team, tag, said):
    done = ks(*pinned(team, tag, "b"), code=1)
    assert said in done.error
    assert nothing_of_it(ks)


def test_nobody_s_key_is_known_without_a_list(ks, team):
    ks.file(".gitconfig").unlink()
    done = ks(*pinned(team, "v1"), code=1)
    assert "no SSH keys are configured that may sign tag 'v1'" in done.error
    assert "git config --global gpg.ssh.allowedSignersFile" in done.err


@pytest.mark.real("gpg")
def test_gpg_signs_as_well(ks, team, tmp_path):
    key = team.gpg_key()
    try:
        team.gpg_tag("v4", key)
        line = ("team", "add", str(team.clone), "--tag", "v4", "--signer", key)
        gnupg = tmp_path / "gnupg"
        gnupg.mkdir(0o700)
        done = ks(*line, code=1, GNUPGHOME=str(gnupg))
        assert "unknown key signed tag 'v4" in done.error
        given = team.run("gpg", "--batch", "--armor", "--export", key)
        team.run("gpg", "--batch", "--homedir", gnupg, "--import",
                 stdin=given.encode())  # fmt: skip
        ks(*line, GNUPGHOME=str(gnupg))
        assert host(ks) == "https://other.example"
        shown = json.loads(ks("team", "list", "--json").out)["teams"]
        assert shown[0]["signer"] == key
        team.run("gpgconf", "--homedir", gnupg, "--kill", "all")
    finally:
        team.end()


def test_a_team_file_in_a_folder_of_the_checkout(ks, team):
    team.write(SOUND, "tools/keys/keyswitch-team.toml")
    team.tag("v5")
    line = pinned(team, "v5")
    ks(*line[:2], str(team.clone / "tools/keys"), *line[3:])
    assert host(ks) == "https://gateway.example.com"


def bare(team):
    team.git("clone", "-q", "--bare", ".", team.folder / "bare")
    return team.folder / "bare"


def worktree(team):
    team.git("worktree", "add", "-q", team.folder / "tree", "v1")
    return team.folder / "tree"


def packed(team):
    team.git("pack-refs", "--all")
    team.git("gc", "-q")
    return team.clone


def borrowing(team):
    team.git("clone", "-q", "--shared", ".", team.folder / "borrower")
    return team.folder / "borrower"


@pytest.mark.parametrize("make", [bare, worktree, packed, borrowing])
def test_every_kind_of_clone_has_its_tags(ks, team, make):
    line = pinned(team, "v1")
    ks(*line[:2], str(make(team)), *line[3:])
    assert host(ks) == "https://gateway.example.com"


# ------------------------------------------------------------ hostile clones


def config(team, text):
    path = team.clone / ".git/config"
    path.write_text(f"{path.read_text()}\n{text}\n")


def program(team):
    """Return a program that says it was run, and that all is well."""
    path = team.folder / "program"
    path.write_text(
        f"#!/bin/sh\ntouch {team.folder.parent}/person/ran\n"
        "echo '[GNUPG:] GOODSIG 0 x'\nexit 0\n"
    )
    path.chmod(0o755)
    return path


def settings_that_run_programs(team):
    path = program(team)
    config(
        team,
        f'[gpg]\n\tprogram = {path}\n[gpg "ssh"]\n\tprogram = {path}\n'
        f"\tallowedSignersFile = {team.folder}/signers\n"
        f"\tdefaultKeyCommand = {path}\n"
        f"[core]\n\tfsmonitor = {path}\n\tsshCommand = {path}\n"
        f"\tpager = {path}\n\teditor = {path}\n\talternateRefsCommand = {path}"
        f"\n\thooksPath = {team.folder}/hooks\n"
        f"[uploadpack]\n\tpackObjectsHook = {path}\n"
        f"[alias]\n\tverify-tag = !{path}\n"
        f'[filter "x"]\n\tsmudge = {path}\n\tclean = {path}\n'
        f"[pager]\n\tverify-tag = {path}\n",
    )
    let_others_sign(team)
    (team.clone / ".git/info/attributes").write_text("* filter=x\n")
    return "v3"


def let_others_sign(team):
    (team.folder / "signers").write_text(f"* {team.public('b')}\n")


def hooks_that_run(team):
    path = program(team)
    for name in ("post-checkout", "reference-transaction", "pre-auto-gc"):
        shutil.copy(path, team.clone / ".git/hooks" / name)
    return "v3"


def a_list_of_signers_that_lies_there(team):
    """The person's own setting is relative, and leads into the checkout."""
    let_others_sign(team)
    shutil.copy(team.folder / "signers", team.clone / "signers")
    home = team.folder.parent / "person"
    (home / ".gitconfig").write_text(
        '[gpg "ssh"]\n\tallowedSignersFile = signers\n'
    )
    return "v3"


def programs_on_the_path(team):
    path = program(team)
    for name in ("git", "gpg", "ssh-keygen"):
        (team.clone / "bin").mkdir(exist_ok=True)
        shutil.copy(path, team.clone / "bin" / name)
    return "v3"


def lazily_fetched(team):
    path = program(team)
    config(
        team,
        "[core]\n\trepositoryformatversion = 1\n"
        "[extensions]\n\tpartialClone = origin\n"
        f'[remote "origin"]\n\turl = ext::{path}\n\tpromisor = true\n'
        f"\tuploadpack = {path}\n",
    )
    name = team.git("rev-parse", "v2^{tree}:keyswitch-team.toml")
    (team.clone / ".git/objects" / name[:2] / name[2:]).unlink()
    return "v2"


def replaced_objects(team):
    """`refs/replace` lets another commit stand in the signed one's place."""
    former = team.git("rev-parse", "v2^{commit}")
    team.write(SOUND.replace("gateway.example.com", "evil.example"))
    team.git("replace", former, "HEAD")


def grafted(team):
    former = team.git("rev-parse", "v2^{commit}")
    (team.clone / ".git/info/grafts").write_text(f"{former}\n")


def an_old_tag_under_a_new_name(team):
    path = team.clone / ".git/refs/tags"
    shutil.copy(path / "v1", path / "v8")
    return "v8"


def a_tag_that_was_altered(team):
    text = team.git("cat-file", "tag", "v2").replace("Keeper", "Reeper")
    name = team.git(
        "hash-object", "-t", "tag", "-w", "--stdin", stdin=text.encode() + b"\n"
    )
    (team.clone / ".git/refs/tags/v2").write_text(f"{name}\n")
    return "v2"


def a_tag_of_another_commit(team):
    text = team.git("cat-file", "tag", "v1")
    former = team.git("rev-parse", "v1^{commit}")
    text = text.replace(former, team.git("rev-parse", "HEAD"))
    name = team.git(
        "hash-object", "-t", "tag", "-w", "--stdin", stdin=text.encode() + b"\n"
    )
    (team.clone / ".git/refs/tags/v1").write_text(f"{name}\n")
    return "v1"


def a_tag_of_a_tag(team):
    team.tag("v7", commit="v2")
    return "v7"


def a_tag_of_a_file(team):
    team.tag("v7", commit="HEAD:keyswitch-team.toml")
    return "v7"


def a_link_in_the_tree(team):
    (team.clone / "keyswitch-team.toml").unlink()
    (team.clone / "keyswitch-team.toml").symlink_to("/etc/passwd")
    team.git("add", "-A")
    team.git("commit", "-q", "-m", "link")
    team.tag("v7")
    return "v7"


def a_folder_in_the_tree(team):
    (team.clone / "keyswitch-team.toml").unlink()
    team.write("x", "keyswitch-team.toml/x")
    team.tag("v7")
    return "v7"


def a_large_file_in_the_tree(team):
    team.write(SOUND + "# \n" * (2 << 20))
    team.tag("v7")
    return "v7"


def a_large_tag(team):
    team.git(
        "-c", "gpg.format=ssh",
        "-c", f"user.signingKey={team.folder}/ssh-a.pub",
        "tag", "-s", "-F", "-", "v7", stdin=b"x\n" * (1 << 16),
    )  # fmt: skip
    return "v7"


def references_that_are_links(team):
    path = team.clone / ".git/refs/tags/v2"
    path.unlink()
    path.symlink_to(team.clone / ".git/refs/tags/v1")
    return "v2"


def references_that_wait(team):
    path = team.clone / ".git/refs/tags/v2"
    path.unlink()
    os.mkfifo(path)
    return "v2"


def references_to_others(team):
    (team.clone / ".git/refs/tags/v2").write_text("ref: refs/tags/v1\n")
    return "v2"


def objects_that_wait(team):
    """A pack is a FIFO: whoever opens it waits for a writer."""
    team.git("gc", "-q")
    (pack,) = (team.clone / ".git/objects/pack").glob("*.pack")
    pack.unlink()
    os.mkfifo(pack)
    return "v2"


def two_signatures(team):
    text = team.git("cat-file", "tag", "v2")
    text += "\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----"
    name = team.git(
        "hash-object", "-t", "tag", "-w", "--stdin", stdin=text.encode() + b"\n"
    )
    (team.clone / ".git/refs/tags/v2").write_text(f"{name}\n")
    return "v2"


@pytest.mark.parametrize(
    "make",
    [
        settings_that_run_programs, hooks_that_run,
        a_list_of_signers_that_lies_there, programs_on_the_path,
        lazily_fetched, an_old_tag_under_a_new_name, a_tag_that_was_altered,
        a_tag_of_another_commit, a_tag_of_a_tag, a_tag_of_a_file,
        a_link_in_the_tree, a_folder_in_the_tree, a_large_file_in_the_tree,
        a_large_tag, references_that_are_links, references_that_wait,
        references_to_others, two_signatures, objects_that_wait,
    ],
)  # fmt: skip
def test_a_hostile_clone_decides_nothing(ks, team, make):
    tag = make(team)
    path = f"{team.clone}/bin:bin:{os.environ['PATH']}"
    key = "b" if tag == "v3" else "a"
    folder = os.path.relpath(team.clone, ks.home)
    done = ks.at(folder, *pinned(team, tag, key), code=1, PATH=path)
    assert done.out == ""
    assert len(done.err.splitlines()) == 2, done.err
    assert nothing_of_it(ks)


@pytest.mark.parametrize("make", [replaced_objects, grafted])
def test_what_stands_in_for_signed_objects_does_not_count(ks, team, make):
    make(team)
    ks(*pinned(team, "v2"))
    assert host(ks) == "https://other.example"


@pytest.mark.parametrize(
    "make", [settings_that_run_programs, hooks_that_run, programs_on_the_path]
)
def test_a_good_tag_of_a_hostile_clone_is_good_and_runs_nothing(ks, team, make):
    make(team)
    path = f"{team.clone}/bin:bin:{os.environ['PATH']}"
    ks(*pinned(team, "v2"), PATH=path)
    assert host(ks) == "https://other.example"
    assert not ks.file("ran").exists()


def test_git_s_own_variables_lead_nowhere_else(ks, team, tmp_path):
    other = Team(tmp_path / "other")
    other.folder.mkdir()
    other.begin()
    ks(
        *pinned(team, "v1"),
        GIT_DIR=str(other.clone / ".git"),
        GIT_OBJECT_DIRECTORY=str(other.clone / ".git/objects"),
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="gpg.ssh.program",
        GIT_CONFIG_VALUE_0=str(program(team)),
        GIT_TRACE=str(ks.file("ran")),
    )
    assert host(ks) == "https://gateway.example.com"
    assert not ks.file("ran").exists()


def test_a_place_that_is_no_checkout(ks, tmp_path):
    (tmp_path / "plain").mkdir()
    done = ks("team", "add", str(tmp_path / "plain"), "--tag", "v1", code=1)
    assert "is not a git checkout, so it has no tags" in done.error


@pytest.mark.parametrize(
    "tag",
    ["", "..", "a/../b", "/v1", "v1/", "a//b", "-v", "v1.lock", "v 1", "v\n1",
     "v1^{}", "v1:x", "HEAD~1", "@{0}", "v*", "~", "\u202ev1", "refs\\x"],
)  # fmt: skip
def test_what_is_no_name_of_a_tag_is_no_path_either(tag):
    with pytest.raises(InputError, match="is not a tag name"):
        check_tag(tag)
