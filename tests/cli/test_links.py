"""link, unlink, allow, deny: a directory asks, the person decides."""

import json
import os
import re
import shutil
import stat
import subprocess

import pytest

from tests.cli import lanes
from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.components import PYTHON

ACME = "github.com/acme/*"


class Person(Keyswitch):
    """Someone with the profiles work (in use), acme and a gateway's."""

    def chosen(self, folder, **environ):
        return self.at(folder, "current", "--prompt", **environ).out.strip()

    def folder(self, name):
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def repo(self, name, url="git@github.com:acme/api.git"):
        # What git takes for a repository, without starting it.
        git = self.folder(name) / ".git"
        for part in ("objects", "refs"):
            (git / part).mkdir(parents=True)
        (git / "HEAD").write_text("ref: refs/heads/main\n")
        text = f'[remote "origin"]\n\turl = {url}\n'
        (git / "config").write_text(text)

    def stamp(self):
        return self.state.joinpath("state.json").read_bytes()

    @property
    def state(self):
        return self.home / ".local/state/keyswitch"

    @property
    def config(self):
        return self.home / ".config/keyswitch/config.toml"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    home = tmp_path_factory.mktemp("template") / "home"
    home.mkdir()
    made = Person(home).with_vault()
    made.add("work")
    made.add("acme", secret=OTHER)
    made.add(
        "gate", "--set", "base_url=https://gw.example.com",
        provider="gateway", secret="FAKE-gateway-EXAMPLE",
    )  # fmt: skip
    return made


@pytest.fixture
def person(template, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(template.home, home)
    made = Person(home)
    made("use", "work")
    made.folder("src/a/b")
    return made


def test_a_linked_directory_and_those_below_have_their_profile(person):
    done = person.at("src/a", "link", "acme")
    assert done.out == ""
    assert person.file("src/a/.keyswitch").read_text() == "acme\n"
    assert person.chosen("src/a") == person.chosen("src/a/b") == "acme"
    assert person.chosen("src") == "work"
    found = json.loads(person.at("src/a/b", "current", "--json").out)
    assert found["chosen_by"] == "a link of this directory"
    assert found["link"] == str(person.file("src/a/.keyswitch"))


def test_a_file_that_came_with_a_repository_counts_when_it_is_allowed(person):
    path = person.file("src/a/.keyswitch")
    path.write_text("acme\n")
    assert person.chosen("src/a/b") == "work"
    person.at("src/a/b", "allow")
    assert person.chosen("src/a/b") == "acme"
    path.write_text("gate\n")
    assert person.chosen("src/a/b") == "work"


def test_records_of_trust_are_private_whatever_the_umask(person):
    old = os.umask(0)
    try:
        Keyswitch(person.home)("link", "acme")
    finally:
        os.umask(old)
    records = list(person.state.joinpath("trust").iterdir())
    assert [stat.S_IMODE(r.stat().st_mode) for r in records] == [0o600]
    assert stat.S_IMODE(records[0].parent.stat().st_mode) == 0o700


def test_a_denied_file_is_not_mentioned_until_it_changes(person):
    path = person.file("src/a/.keyswitch")
    for text in ("acme\n", "no name\n"):
        path.write_text(text)
        assert "keyswitch" in person.at("src/a", "env", "--shell", "sh").err
        person.at("src/a", "deny")
        assert person.at("src/a", "env", "--shell", "sh").err == ""
        assert person.chosen("src/a") == "work"
    path.write_text("acme\nx\n")
    assert "ignoring" in person.at("src/a", "env", "--shell", "sh").err


def test_deny_can_be_taken_back_by_allow_and_the_other_way_round(person):
    person.at("src/a", "link", "acme")
    person.at("src/a", "deny")
    assert person.chosen("src/a") == "work"
    person.at("src/a", "allow")
    assert person.chosen("src/a") == "acme"


def test_a_copied_or_moved_directory_asks_anew(person):
    person.at("src/a", "link", "acme")
    shutil.copytree(person.file("src/a"), person.file("copy"))
    person.file("src/a").rename(person.file("moved"))
    assert person.chosen("copy") == person.chosen("moved") == "work"


def test_the_nearest_allowed_one_counts(person):
    person.at("src", "link", "gate")
    person.file("src/a/.keyswitch").write_text("acme\n")
    assert person.chosen("src/a/b") == "gate"
    person.at("src/a/b", "allow")
    assert person.chosen("src/a/b") == "acme"
    assert person.chosen("src") == "gate"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no profile name"),
        (b"acme x\n", "no profile name"),
        (b"a" * 4097, "larger than"),
        (b"nobody\n", "no profile named 'nobody'"),
    ],
    ids=["empty", "two words", "large", "no such profile"],
)
def test_allow_needs_a_usable_file(person, text, reason):
    person.file("src/a/.keyswitch").write_bytes(text)
    done = person.at("src/a", "allow", code=1)
    assert reason in done.error
    assert not person.state.joinpath("trust").exists()


def test_allow_and_deny_without_a_file_say_so(person):
    for args in (("allow",), ("deny",), ("allow", "src/a"), ("allow", "no")):
        assert "no .keyswitch" in person(*args, code=1).error


@pytest.mark.parametrize("form", ["src/a", "src/a/.keyswitch", "link", "./"])
def test_allow_takes_a_directory_in_any_form(person, form):
    person.file("src/a/.keyswitch").write_text("acme\n")
    person.file("link").symlink_to("src/a")
    start = "src/a" if form == "./" else "."
    person.at(start, "allow", form)
    assert person.chosen("src/a/b") == "acme"


def test_a_link_written_through_a_symlink_counts_in_the_real_place(person):
    person.file("short").symlink_to("src/a")
    person.at("short", "link", "acme")
    assert person.chosen("short") == person.chosen("src/a/b") == "acme"


def test_link_replaces_a_link_and_forgets_the_old_text(person):
    person.at("src/a", "link", "acme")
    person.at("src/a", "link", "gate")
    assert person.chosen("src/a") == "gate"
    assert len(list(person.state.joinpath("trust").iterdir())) == 1
    person.file("src/a/.keyswitch").write_text("acme\n")
    assert person.chosen("src/a") == "work"


def test_link_fills_an_empty_file(person):
    person.file("src/a/.keyswitch").write_text("\n")
    person.at("src/a", "link", "acme")
    assert person.chosen("src/a") == "acme"


def something(path):
    path.write_text("export KEY=1\n")


def pointer(path):
    (path.parent / "target").write_text("acme\n")
    path.symlink_to("target")


def unreadable_size(path):
    path.write_bytes(b"x" * 5000)


@pytest.mark.parametrize(
    "make", [something, pointer, unreadable_size, os.mkfifo, os.mkdir]
)
def test_what_is_no_link_is_not_overwritten_nor_removed(person, make):
    path = person.file("src/a/.keyswitch")
    make(path)
    before = path.lstat()
    for args in (("link", "acme"), ("unlink",)):
        assert "src/a" in person.at("src/a", *args, code=1).error
    after = path.lstat()
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert before.st_mtime_ns == after.st_mtime_ns


def test_link_of_a_profile_that_is_not_there_writes_nothing(person):
    person.at("src/a", "link", "nobody", code=1)
    person("link", "--remote", ACME, "nobody", code=1)
    assert not person.file("src/a/.keyswitch").exists()
    assert not person.config.exists()


@pytest.mark.parametrize(
    "pattern", ["github.com", "git@github.com:acme/x", "~/clients/**", "", "/x",
                "https://github.com/acme/*", "h/\x1b[31m", "h/" + "x" * 300],
)  # fmt: skip
def test_a_pattern_that_is_no_remote_is_refused(person, pattern):
    done = person("link", "--remote", pattern, "acme", code=1)
    assert done.error.isprintable()
    assert not person.config.exists()


def test_a_record_that_is_a_link_elsewhere_is_not_written_through(person):
    person.at("src/a", "link", "acme")
    record = next(person.state.joinpath("trust").iterdir())
    precious = person.file("precious")
    precious.write_text("mine\n")
    record.unlink()
    record.symlink_to(precious)
    for args in (("allow",), ("deny",), ("unlink",), ("link", "gate")):
        person.at("src/a", *args, code=1)
        assert precious.read_text() == "mine\n"
    assert person.chosen("src/a") == "work"


def test_a_damaged_record_is_named_and_nothing_is_believed(person):
    person.at("src/a", "link", "acme")
    record = next(person.state.joinpath("trust").iterdir())
    record.write_bytes(b"\xff\0" * 100)
    assert str(record) in person.at("src/a", "allow", code=1).error
    assert person.chosen("src/a") == "work"


def test_nothing_is_trusted_where_others_may_write(person):
    person.at("src/a", "link", "acme")
    trust = person.state / "trust"
    trust.chmod(0o777)
    assert person.chosen("src/a") == "work"
    assert "other users can write" in person.at("src/a", "allow", code=1).error
    shutil.rmtree(trust)
    person.at("src/a", "allow")
    assert person.chosen("src/a") == "acme"


def everything(person):
    """Return the text of what the commands of this file may change."""
    return {
        name: data
        for name, data in person.everything().items()
        if name.endswith((".keyswitch", "config.toml")) or "/trust/" in name
    }


CHANGES = {
    "link": ("link", "gate"),
    "unlink": ("unlink",),
    "allow": ("allow",),
    "deny": ("deny",),
    "link --remote": ("link", "--remote", ACME, "acme"),
    "unlink --remote": ("unlink", "--remote", "h/x"),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_every_change_can_be_taken_back_and_tells_the_shells(person, name):
    person.at("src/a", "link", "acme")
    person("link", "--remote", "h/x", "acme")
    if name == "allow":
        person.at("src/a", "deny")
    before, stamp = everything(person), person.stamp()
    person.at("src/a", *CHANGES[name])
    after = everything(person)
    assert after != before
    assert person.stamp() != stamp
    stamp = person.stamp()
    person("undo")
    assert everything(person) == before
    assert person.stamp() != stamp


@pytest.mark.parametrize(
    "args", [("rotate", "acme", "--stdin"), ("edit", "acme", "--label", "x")],
    ids=["rotate", "edit"],
)  # fmt: skip
def test_a_changed_profile_tells_the_shells(person, args):
    stamp = person.stamp()
    person(*args, stdin=KEY)
    assert person.stamp() != stamp


def test_what_changes_nothing_does_not_wake_the_shells(person):
    person.at("src/a", "link", "acme")
    person("link", "--remote", ACME, "acme")
    stamp = person.stamp()
    for args in (("link", "acme"), ("allow",), ("link",),
                 ("link", "--remote", ACME, "acme")):  # fmt: skip
        person.at("src/a", *args)
    assert person.stamp() == stamp


def test_a_link_can_be_made_before_any_profile_was_used(template, tmp_path):
    shutil.copytree(template.home, tmp_path / "home")
    person = Person(tmp_path / "home")
    person("link", "acme")
    assert person.chosen(".") == "acme"
    assert b"stamp" in person.stamp()


def test_undo_of_a_link_that_was_edited_since_changes_nothing(person):
    person.at("src/a", "link", "acme")
    person.file("src/a/.keyswitch").write_text("mine\n")
    assert "has changed since" in person("undo", code=1).error
    assert person.file("src/a/.keyswitch").read_text() == "mine\n"


@pytest.mark.real("git")
def test_a_rule_by_remote_counts_in_every_clone(person):
    person.repo("x")
    person.repo("deep/y", "https://me:ghp-FAKE-EXAMPLE@github.com/acme/y.git")
    person.repo("z", "https://gitlab.com/acme/z.git")
    person("link", "--remote", ACME, "acme")
    person.folder("x/below")
    assert person.chosen("x/below") == person.chosen("deep/y") == "acme"
    assert person.chosen("z") == "work"
    person("unlink", "--remote", ACME)
    assert person.chosen("x") == "work"


def test_a_token_in_a_remote_is_never_printed(person):
    person.repo("y", "https://me:ghp-FAKE-EXAMPLE@github.com/acme/y.git")
    person("link", "--remote", ACME, "acme")
    person("edit", "gate", "--never", ACME)
    for args in (("current", "--json"), ("link",), ("link", "--json"),
                 ("env", "--shell", "json"), ("whoami", "--json")):  # fmt: skip
        done = person.at("y", *args)
        assert "FAKE-EXAMPLE" not in done.out + done.err
    done = person.at("y", "env", "gate", "--shell", "sh", code=1)
    assert "FAKE-EXAMPLE" not in done.err


@pytest.mark.real("git")
def test_a_file_comes_before_a_remote_and_the_terminal_before_both(person):
    person.repo("x")
    person("link", "--remote", ACME, "acme")
    person.at("x", "link", "gate")
    assert person.chosen("x") == "gate"
    assert person.chosen("x", KEYSWITCH_PROFILE="work") == "work"
    marker = "work:p:1:ANTHROPIC_API_KEY:"
    assert person.chosen("x", KEYSWITCH_ENV=marker) == "work"
    person.file("x/.keyswitch").write_text("work\n")  # not allowed
    assert person.chosen("x") == "acme"


def test_a_dry_run_that_only_shows_links_is_one_document(person):
    shown = json.loads(person("link", "--dry-run", "--json").out)
    assert shown["links"] == []


@pytest.mark.real("git")
def test_of_two_rules_the_first_counts(person):
    person.repo("x")
    person("link", "--remote", "*/acme/api", "gate")
    person("link", "--remote", ACME, "acme")
    assert person.chosen("x") == "gate"


@pytest.mark.real("git")
def test_an_edit_of_config_toml_by_hand_is_noticed(person):
    person.repo("x")
    person("link", "--remote", ACME, "acme")
    assert person.chosen("x") == "acme"
    text = person.config.read_text().replace('"acme"', '"gate"')
    person.config.write_text(text + "# mine\n")
    assert person.chosen("x") == "gate"
    person.state.joinpath("remotes").write_bytes(b"\xff" * 400_000)
    assert person.chosen("x") == "gate"


def exports(person, folder, **environ):
    done = person.at(folder, "env", "--shell", "nu", **environ)
    found = json.loads(done.out) if done.out else {"set": {}, "unset": []}
    return found["set"], found["unset"], done.err


def test_leaving_a_directory_gives_back_what_was_there(person):
    person.at("src/a", "link", "gate")
    own = {"ANTHROPIC_BASE_URL": "https://mine.example.com"}
    inside, gone, _ = exports(person, "src/a", **own)
    assert inside["ANTHROPIC_BASE_URL"] == "https://gw.example.com"
    assert inside["ANTHROPIC_AUTH_TOKEN"] == "FAKE-gateway-EXAMPLE"
    outside, gone, _ = exports(person, "src", **{**own, **inside})
    assert outside["ANTHROPIC_API_KEY"] == KEY
    assert {"ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"} <= set(gone)
    assert outside["KEYSWITCH_ENV"].startswith("work:f:")


@pytest.mark.real("bash")
def test_a_shell_that_enters_and_leaves_has_its_own_variables_again(person):
    person("off")
    person.at("src/a", "link", "gate")
    script = (
        f"KS() {{ {PYTHON} -m keyswitch env --shell bash; }}\n"
        'ks() { eval "$(KS)"; }\n'
        "show() { echo $ANTHROPIC_BASE_URL,$ANTHROPIC_AUTH_TOKEN; }\n"
        "export ANTHROPIC_BASE_URL=https://mine\n"
        "ks; show; cd src/a/b; ks; show; cd ../..; ks; show\n"
        "env | grep KEYSWITCH\n"
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=person.home, env=person.environ,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "https://mine,",
        "https://gw.example.com,FAKE-gateway-EXAMPLE",
        "https://mine,",
    ]
    assert done.stderr == ""


def test_a_file_is_named_once_in_a_shell_that_has_no_profile(person):
    """Every later prompt is silent, however often the script is taken."""
    person("off")
    person.file("src/a/.keyswitch").write_text("acme\n")
    environ = {}
    said = []
    for _ in range(4):
        found, gone, err = exports(person, "src/a", **environ)
        said.append(err.count("\n"))
        environ = {k: v for k, v in environ.items() if k not in gone} | found
    assert said == [1, 0, 0, 0]


def test_a_file_is_named_once_in_a_shell_that_leaves_and_returns(person):
    person("off")
    person.at("src", "link", "acme")
    person.file("src/a/.keyswitch").write_text("gate\n")
    environ = {}
    said = []
    for folder in ("src/a", ".", "src/a", ".", "src/a"):
        found, gone, err = exports(person, folder, **environ)
        said.append(err.count("\n"))
        environ = {k: v for k, v in environ.items() if k not in gone} | found
    assert said == [1, 0, 0, 0, 0]


EXPORTED = {"ANTHROPIC_API_KEY": "x"}
PLACES = {
    "no link": ("src", {}),
    "linked": ("linked", {}),
    "below": ("linked/below", {}),
    "not allowed": ("asks", {}),
    "told": ("asks", {"KEYSWITCH_TOLD": "0123456789ab"}),
    "unusable": ("unusable", {}),
    "clone": ("clone", {}),
    "guarded": ("guarded", {}),
    "guarded, set": (
        "guarded",
        {"KEYSWITCH_ENV": "acme:f:1:ANTHROPIC_API_KEY:", **EXPORTED},
    ),
    "terminal": ("linked", {"KEYSWITCH_PROFILE": "work"}),
    "terminal, guarded": ("guarded", {"KEYSWITCH_PROFILE": "acme"}),
    "pinned": ("linked", {"KEYSWITCH_ENV": "work:p:1:ANTHROPIC_API_KEY:"}),
    "key in the shell": (
        "linked",
        {"KEYSWITCH_ENV": "work:f:1:ANTHROPIC_API_KEY:", **EXPORTED},
    ),
    "bad terminal": ("linked", {"KEYSWITCH_PROFILE": "../x"}),
}  # fmt: skip
COMMANDS = {
    "env": ("env", "--shell", "bash"),
    "env acme": ("env", "acme", "--shell", "fish"),
    "helper": ("helper", "claude-code"),
    "api-key": ("helper", "api-key", "acme"),
    "current": ("current",),
    "current --prompt": ("current", "--prompt"),
}


@pytest.fixture(scope="module")
def crowded(template, tmp_path_factory):
    """A home with every kind of place, and everything worked out once."""
    home = tmp_path_factory.mktemp("crowded") / "home"
    shutil.copytree(template.home, home)
    person = Person(home)
    for name in ("src", "linked/below", "asks", "unusable"):
        person.folder(name)
    person.repo("clone")
    person.repo("guarded", "git@example.com:acme/api.git")
    person("use", "work")
    person.at("linked", "link", "acme")
    person.at("guarded", "link", "acme")
    person.file("asks/.keyswitch").write_text("acme\n")
    person.file("unusable/.keyswitch").symlink_to("/dev/zero")
    person("link", "--remote", ACME, "acme")
    person("edit", "acme", "--never", "~/guarded/**")
    for name in ("work", "acme"):
        person("env", name, "--shell", "sh")
    person.at("clone", "current")
    return person


@pytest.mark.parametrize("place", sorted(PLACES))
def test_both_lanes_answer_alike(crowded, place):
    folder, environ = PLACES[place]
    for args in COMMANDS.values():
        answers = [
            answer(crowded, folder, args, environ, lane)
            for lane in (lanes.EXPRESS, lanes.FULL)
        ]
        if answers[0].code != lanes.LEFT:
            assert answers[0] == answers[1], args


def answer(person, folder, args, environ, lane):
    asked = Person(person.home)
    asked.target = lane
    done = asked.at(folder, *args, code=None, **environ)
    # A start file has room for one line, the full lane for two.
    done.err = re.sub(r"\nkeyswitch: hint: (.*)\n", r" (\1)\n", done.err)
    return done


def test_the_express_lane_answers_where_a_link_counts(crowded):
    """Otherwise the comparison of the lanes would compare nothing."""
    for folder in ("src", "linked", "asks", "clone", "guarded"):
        done = answer(crowded, folder, COMMANDS["env"], {}, lanes.EXPRESS)
        assert done.code == 0
    helper = COMMANDS["helper"]
    assert answer(crowded, "src", helper, {}, lanes.EXPRESS).code == 0
    linked = answer(crowded, "linked", helper, {}, lanes.EXPRESS)
    assert linked.code == lanes.LEFT


def test_a_killed_command_before_changes_nothing_of_the_answer(crowded):
    """Pending work leads to the full lane."""
    intents = crowded.state / "intents"
    intents.mkdir(exist_ok=True)
    for folder in ("linked", "asks", "clone", "guarded"):
        usual = crowded.at(folder, "env", "--shell", "bash")
        (intents / "x").write_text("{}")
        assert crowded.at(folder, "env", "--shell", "bash") == usual
    (intents / "x").unlink(missing_ok=True)


def test_link_shows_what_counts_and_why(person):
    person.at("src", "link", "acme")
    person.file("src/a/.keyswitch").write_text("gate\n")
    person("link", "--remote", ACME, "gate")
    found = json.loads(person.at("src/a", "link", "--json").out)
    assert found["profile"] == "acme"
    assert found["link"] == str(person.file("src/.keyswitch"))
    assert [one["status"] for one in found["links"]] == [
        "not allowed",
        "allowed",
    ]
    assert found["remotes"] == [{"pattern": ACME, "profile": "gate"}]
    lines = person.at("src/a", "link").out.splitlines()
    assert [line.endswith("counts") for line in lines] == [False, True, False]


def test_a_deleted_directory_has_no_link(person):
    script = (
        f"cd src/a/b && rm -r ../../a && {PYTHON} -m keyswitch current; echo $?"
    )
    done = subprocess.run(
        ["sh", "-c", script], cwd=person.home, env=person.environ,
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.stdout == "work\n0\n"


@pytest.mark.parametrize("folder", ["here", "here/below"])
def test_what_is_told_ends_a_link_to_a_profile_that_is_gone(ks, folder):
    ks.add("work")
    ks.file("here/below").mkdir(parents=True)
    ks.at("here", "link", "work")
    ks("remove", "work", "--yes")
    report = json.loads(ks.at(folder, "doctor", "--json", code=1).out)
    by_id = {one["id"]: one["fix"] for one in report["findings"]}
    link = ks.file("here/.keyswitch")
    fixes = {"here": "keyswitch unlink", "here/below": f"rm {link}"}
    assert by_id["profile-missing"] == fixes[folder]


@pytest.mark.parametrize("command", ["rename", "remove"])
def test_a_profile_that_goes_names_the_places_that_ask_for_it(ks, command):
    ks.add("work")
    ks("link", "work")
    ks("link", "--remote", "github.com/acme/*", "work")
    rest = {"rename": ["mine"], "remove": ["--yes"]}[command]
    said = ks(command, "work", *rest).err
    fix = {"rename": "link mine", "remove": "unlink"}[command]
    assert f".keyswitch still links to 'work': keyswitch {fix}\n" in said
    pattern = "--remote 'github.com/acme/*'"
    assert f"keyswitch {fix.split()[0]} {pattern}" in said


@pytest.mark.parametrize(
    ("address", "code"),
    [("https://gw.example.com", 0), ("", 1), ("https://other.example", 1)],
)
def test_the_helper_answers_for_a_linked_gateway_where_its_address_counts(
    ks, address, code
):
    ks.add("work")
    token = "FAKE-gateway-token-0123456789EXAMPLE"
    ks.add("gw", "--set", "base_url=https://gw.example.com",
           secret=token, provider="gateway")  # fmt: skip
    ks("use", "work")
    (ks.home / "acme").mkdir()
    ks.at("acme", "link", "gw")
    # Claude Code's settings cancel what the shell exported beside it.
    shell = {"ANTHROPIC_AUTH_TOKEN": "", "ANTHROPIC_BASE_URL": address}
    done = ks.at("acme", "helper", "claude-code", code=code, **shell)
    assert (token in done.out) is (code == 0)
