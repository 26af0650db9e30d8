"""`never` by git remote: whatever a repository says, and however."""

import os
import shutil
import subprocess
import sys

import pytest

from keyswitch.compiled import Compiled
from keyswitch.directories import git, guard
from keyswitch.errors import InputError
from tests.components import ROOT

ACME = "github.com/acme/*"
URL = "https://github.com/acme/api.git"
ELSE = "https://codeberg.org/a/b"
GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not here")


@pytest.fixture
def repo(home):
    folder = home / "repo"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def config(repo, text, name="config"):
    (repo / ".git" / name).write_bytes(text.encode())
    return repo


def said(folder, pattern=ACME, *, only=False, **environ):
    profile = Compiled("client")
    (profile.only if only else profile.never).append(pattern)
    base = {"HOME": os.environ["HOME"], "PATH": os.environ["PATH"]}
    found = guard.refusal(profile, {**base, **environ}, str(folder))
    return found.message if found else ""


def origin(url):
    return f'[remote "origin"]\n\turl = {url}\n'


SPELLINGS = [
    URL,
    "https://github.com/%61cme/api",
    "https://github.com./acme/api",
    "https://github.com/./acme/api",
    "https://github.com/x/../acme/api",
    "https://github.com//acme//api/",
    "https://www.github.com/acme/api",
    "https://GITHUB.com:443/ACME/api.git?x#y",
    "https://me:FAKE@github.com/acme/api",
    "ssh://git@ssh.github.com:443/acme/api.git",
    "git@ssh.github.com:acme/api.git",
    "git@github.com:/acme/api",
    "git@github.com:./acme/api",
    "git+ssh://git@github.com/acme/api",
    "https://me:FAKE%2Fss@github.com/acme/api",
    "ssh://git@github.com%2Facme/api",
    "ssh://git@[github.com]:22/acme/api",
    "ssh://[git@github.com:22]/acme/api",
    "https://github\u3002com/acme/api",
    "https://\uff47ithub.com/acme/api",
    "ssh://git@github.com/~/acme/api",
    "git@github.com:~/acme/api",
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_no_spelling_of_an_address_gets_round_never(repo, url):
    assert f"may not be used in {ACME}" in said(config(repo, origin(url)))
    assert "FAKE" not in said(repo)


@pytest.mark.parametrize(
    ("pattern", "url"),
    [("www.github.com/acme/*", URL), ("github.com./acme/*", URL),
     ("ssh.github.com/acme/api", URL), ("github.com/%61cme/api.git", URL),
     ("x.example/a%20b/*", "https://x.example/a%20b/c")],
)  # fmt: skip
def test_no_spelling_of_a_pattern_keeps_it_from_matching(repo, pattern, url):
    assert f"may not be used in {pattern}" in said(
        config(repo, origin(url)), pattern
    )


@pytest.mark.parametrize(
    "pattern", ["github.com/{acme,b}/x", "github.com/[a]cme/*",
                "github.com/acm?/x", "github.com\\acme/x"],
)  # fmt: skip
def test_a_pattern_of_another_kind_is_refused(repo, pattern):
    with pytest.raises(InputError, match="is not a git remote pattern"):
        said(repo, pattern)


@pytest.mark.parametrize("without", ["git", ""])
@pytest.mark.parametrize("url", SPELLINGS)
def test_nor_without_git(repo, url, without, monkeypatch):
    config(repo, origin(url))
    assert "may not be used in" in said(repo, PATH=without or "/nonexistent")


FOLLOWED = {
    "insteadOf": '[url "https://github.com/"]\ninsteadOf = gh:\n'
    + origin("gh:acme/api"),
    "pushInsteadOf": '[url "git@github.com:"]\npushInsteadOf = https://x/\n'
    + origin("https://x/acme/api"),
    "include": "[include]\npath = more\n",
    "includeIf": '[includeIf "gitdir:**"]\npath = more\n',
    "pushurl": origin("https://gitlab.com/a/b") + f"pushurl = {URL}\n",
    "second url": origin("https://gitlab.com/a/b") + f"url = {URL}\n",
    "second remote": origin("https://gitlab.com/a/b")
    + origin(URL).replace("origin", "upstream"),
    "branch": f'[branch "x"]\nremote = {URL}\nmerge = refs/heads/x\n',
    "branch's push": f'[branch "x"]\nremote = .\npushRemote = {URL}\n',
    "pushDefault": f"[remote]\npushDefault = {URL}\n",
    "branch, insteadOf": '[url "https://github.com/"]\ninsteadOf = gh:\n'
    '[branch "x"]\nremote = gh:acme/api\n',
    "branch, pushInsteadOf": '[url "https://github.com/"]\n'
    "pushInsteadOf = https://x.example/\n"
    '[branch "x"]\npushRemote = https://x.example/acme/api\n',
    "mark": "\ufeff" + origin(URL),
    "one line": f'[remote "origin"] url = "{URL}" ; x\n',
}


@pytest.mark.parametrize("name", list(FOLLOWED))
@pytest.mark.parametrize("path", [os.environ["PATH"], "/nonexistent"])
def test_what_git_follows_is_followed_or_in_doubt(repo, name, path):
    config(repo, origin(URL), "more")
    config(repo, FOLLOWED[name] + "[core]\nrepositoryformatversion = 0\n")
    assert f"may not be used in {ACME}" in said(repo, PATH=path)


def test_a_person_s_own_rewriting_counts(repo, home):
    (home / ".gitconfig").write_text(
        '[url "https://github.com/acme/"]\ninsteadOf = work:\n'
    )
    config(repo, origin("work:api"))
    assert "may not be used in" in said(repo)
    assert "may not be used in" in said(repo, PATH="/nonexistent")
    assert said(repo, only=True) == ""


@pytest.mark.parametrize("path", [os.environ["PATH"], "/nonexistent"])
@pytest.mark.parametrize(
    ("kind", "text"), [("remotes", f"URL: {URL}\n"), ("branches", f"{URL}#x\n")]
)
def test_the_files_before_config_count(repo, kind, text, path):
    (repo / ".git" / kind).mkdir(exist_ok=True)
    (repo / ".git" / kind / "origin").write_text(text)
    assert f"may not be used in {ACME}" in said(repo, PATH=path)
    assert "may be one" not in said(repo)


SSH = {
    "alias": "Host gh-acme\n HostName github.com\n",
    "equals": 'host x gh-*\nhostname="GitHub.com"\n',
    "twin": "Host gh-acme\n  HostName ssh.github.com\n  Port 443\n",
    "match": "Match originalhost gh-acme\n HostName github.com\n",
    "include": "Include more*\n",
    "include of an include": "Include conf.d/a\n",
    "include in quotes": 'Include "~/.ssh/conf.d/my own"\n',
    "include by HOME": "Include=${HOME}/.ssh/more.conf\n",
    "its key's name": "Host gh-acme\nHostName 192.0.2.1\n"
    "HostKeyAlias github.com\n",
    "of every host": "Hostname %h.com\nHost other\n HostName x.example\n",
}


@pytest.mark.parametrize("name", list(SSH))
@pytest.mark.parametrize("url", ["git@gh-acme:acme/api",
                                 "ssh://git@gh-acme/acme/api"])  # fmt: skip
def test_a_name_of_ssh_s_configuration_is_the_host_it_stands_for(
    repo, home, name, url
):
    (home / ".ssh").mkdir()
    (home / ".ssh/config").write_text(SSH[name])
    (home / ".ssh/more.conf").write_text(SSH["alias"])
    (home / ".ssh/conf.d").mkdir()
    (home / ".ssh/conf.d/a").write_text("Include more.conf\n")
    (home / ".ssh/conf.d/my own").write_text(SSH["alias"])
    pattern = ACME
    if name == "of every host":
        pattern = "gh-acme.com/acme/*"
    config(repo, origin(url))
    assert "may be one" not in said(repo, pattern)
    assert f"may not be used in {pattern}" in said(repo, pattern)


def test_what_is_said_of_another_host_does_not_count(repo, home):
    (home / ".ssh").mkdir()
    (home / ".ssh/config").write_text(
        "Host gh-acme !gl-acme\n HostName github.com\n"
        "Host gl-acme\n HostName gitlab.com\n"
    )
    assert said(config(repo, origin("git@gl-acme:acme/api"))) == ""


@pytest.mark.parametrize(
    "text", ["Host gl-*\nProxyCommand nc github.com 22\n",
             "Include ~/.ssh/${KIND}.conf\n"],
)  # fmt: skip
def test_what_ssh_alone_works_out_is_in_doubt(repo, home, text):
    (home / ".ssh").mkdir()
    (home / ".ssh/config").write_text(text)
    config(repo, origin("git@gl-acme.example:acme/api"))
    assert "the host behind" in said(repo)


def test_a_way_to_the_host_itself_is_not_in_doubt(repo, home):
    (home / ".ssh").mkdir()
    (home / ".ssh/config").write_text(
        "Host x\nProxyCommand none\n"
        "Host *\nProxyCommand ssh -W %h:%p bastion # it's\n"
    )
    assert said(config(repo, origin("git@gitlab.com:acme/api"))) == ""


def test_a_branch_of_a_remote_is_not_in_doubt(repo):
    config(repo, origin(ELSE) + '[branch "x"]\nremote = origin\n'
           + '[branch "y"]\nremote = gone\npushRemote = .\n')  # fmt: skip
    assert said(repo) == ""


def test_a_word_that_git_rewrites_is_no_host(repo, home):
    config(repo, '[url "https://gitlab.com/"]\ninsteadOf = gl:\n'
           + origin("gl:acme/api"))  # fmt: skip
    assert said(repo) == ""


@pytest.mark.parametrize("url", ["git@gh:acme/x", "https://gh/acme/x"])
def test_a_host_that_only_this_network_knows_is_in_doubt(repo, url):
    assert "the host behind" in said(config(repo, origin(url)))
    assert said(config(repo, origin("http://localhost:3000/a/b"))) == ""


def test_an_ssh_of_another_configuration_is_in_doubt(repo):
    other = "[core]\nsshCommand = ssh -F /other\n"
    key = "[core]\nsshCommand = ssh -i ~/.ssh/one\n"
    url = origin("git@gitlab.com:a/b")
    assert "this may be one" in said(config(repo, other + url))
    assert said(config(repo, key + url)) == ""


@pytest.mark.parametrize(
    "break_it",
    [
        lambda git: (git / "config").write_text(origin(ELSE) + "[remote\n"),
        lambda git: (
            shutil.rmtree(git),
            git.mkdir(),
            config(git.parent, origin(ELSE)),
        ),
        lambda git: (git / "HEAD").unlink(),
        lambda git: (shutil.rmtree(git), git.write_text("gitdir: /gone\n")),
        lambda git: (shutil.rmtree(git), git.write_text("nonsense")),
        lambda git: (shutil.rmtree(git), git.symlink_to("/gone")),
        lambda git: (shutil.rmtree(git), git.mkdir()),
        lambda git: (git / "config").write_text(origin("ext::sh -c x% y")),
    ],
    ids=[
        "config",
        "alone",
        "head",
        "file",
        "nonsense",
        "link",
        "empty",
        "helper",
    ],
)
def test_a_repository_that_cannot_be_read_is_in_doubt(repo, break_it):
    break_it(repo / ".git")
    assert "this may be one" in said(repo)
    assert "this may be one" in said(repo, "gitlab.com/**")
    assert "may only be used in" in said(repo, "**/*", only=True)
    assert "may only be used in" in said(repo, "**/*", only=True)


@pytest.mark.parametrize("damage", ["", "gitdir: gone\n"])
def test_a_broken_repository_inside_another_one_is_in_doubt(repo, damage):
    inner = repo / "inner"
    inner.mkdir()
    if damage:
        (inner / ".git").write_text(damage)
    else:
        (inner / ".git").mkdir()
        (inner / ".git" / "config").write_text(origin(URL))
    assert "cannot read the repository" in said(inner)
    assert said(repo) == ""


def test_a_git_that_hangs_is_in_doubt_after_a_second(repo, home, monkeypatch):
    monkeypatch.setattr(git, "LIMIT", 0.3)
    slow = home / "bin/git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    assert "did not list the remotes" in said(repo, PATH=f"{slow.parent}:/bin")


def test_nothing_of_a_repository_is_run(repo):
    program = repo / "git"
    program.write_text(f"#!/bin/sh\ntouch {repo}/ran\n")
    program.chmod(0o755)
    config(
        repo,
        f"[core]\nfsmonitor = {program}\nsshCommand = {program}\n"
        f"hooksPath = {repo}\npager = {program}\n[alias]\nremote = !{program}\n"
        + origin(URL),
    )
    path = f"{repo}:.:{os.environ['PATH']}"
    assert "may not be used in" in said(repo, PATH=path)
    assert not (repo / "ran").exists()


def test_variables_that_lead_git_elsewhere_do_not_count(repo, home):
    other = home / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    config(repo, origin(URL))
    assert "may not be used in" in said(repo, GIT_DIR=str(other / ".git"))


def test_a_repository_that_a_variable_names_counts_too(repo, home):
    config(repo, origin(URL))
    git_dir = str(repo / ".git")
    for path in (os.environ["PATH"], "/nonexistent"):
        assert "may not be used in" in said(home, GIT_DIR=git_dir, PATH=path)
    assert "may only be used in" in said(home, GIT_DIR=git_dir, only=True)
    other = home / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    assert "only be used in" in said(
        repo, GIT_DIR=str(other / ".git"), only=True
    )
    assert said(repo, GIT_DIR=git_dir, only=True) == ""


@pytest.mark.parametrize(
    "url", ["https://gitlab.com/a/b", "/srv/git/a.git", "../up", "file:///a"]
)
def test_other_repositories_are_not_in_doubt(repo, url):
    assert said(config(repo, origin(url))) == ""


def test_a_folder_of_no_repository_is_not_in_doubt(home):
    assert said(home) == ""
    assert said(home, PATH="/nonexistent") == ""


def test_a_repository_without_remotes_is_not_in_doubt(repo):
    assert said(repo) == ""


def test_a_bare_repository_and_a_worktree_are_seen(repo, home):
    config(repo, origin(URL))
    bare = home / "bare"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    (bare / "config").write_text("[core]\nbare = true\n" + origin(URL))
    assert "may not be used in" in said(bare)
    assert "this may be one" in said(bare, PATH="/nonexistent")
    (home / ".gitconfig").write_text("[safe]\nbareRepository = explicit\n")
    assert f"may not be used in {ACME}, and this is" in said(bare)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_bare_repository_of_somebody_else_is_in_doubt(home):
    bare = home / "bare"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    (bare / "config").write_text("[core]\nbare = true\n" + origin(URL))
    for path in (bare, *bare.rglob("*")):
        os.chown(path, 12345, 12345)
    assert "this may be one" in said(bare)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_bind_mount_of_a_part_is_where_it_leads(repo, home):
    config(repo, origin(URL))
    (repo / "part").mkdir()
    (home / "mnt").mkdir()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from tests.switching.test_git_remotes import said\n"
        "print(said(sys.argv[2]))"
    )
    script = 'mount --bind "$1" "$2" && cd / && exec "$3" -c "$4" "$5" "$2"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(repo / "part"),
         str(home / "mnt"), sys.executable, code, str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert "may not be used in" in done.stdout
