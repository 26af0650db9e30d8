"""`only` and `never`: where a profile may be used, and what says so."""

import json
import shutil
import subprocess

import pytest

from keyswitch.compiled import Compiled
from keyswitch.directories import guard
from keyswitch.errors import InputError
from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.components import PYTHON

ACME = "github.com/acme/*"


def refusal(folder, home="/h", *, only=(), never=()):
    profile = Compiled("client")
    profile.only, profile.never = list(only), list(never)
    found = guard.refusal(profile, {"HOME": str(home)}, str(folder))
    return found and found.message


@pytest.mark.parametrize(
    ("only", "never", "may"),
    [
        ([], [], True),
        (["~/clients/**"], [], True),
        (["~/other/**"], [], False),
        (["~/other/**", "~/clients/*"], [], True),
        ([], ["~/clients/**"], False),
        ([], ["~/other/**"], True),
        (["~/clients/**"], ["~/clients/acme"], False),
        ([ACME], [], False),
        ([ACME, "~/clients/*"], [], True),
        ([], [ACME], True),
    ],
)
def test_one_of_only_has_to_be_here_and_none_of_never(only, never, may):
    assert (refusal("/h/clients/acme", only=only, never=never) is None) is may


def test_the_reason_names_the_pattern_and_the_place():
    assert refusal("/x", never=["/x"]) == (
        "profile 'client' may not be used in /x, and this is /x"
    )
    assert refusal("/y", only=["/x", ACME]) == (
        f"profile 'client' may only be used in /x, {ACME}, and this is /y"
    )


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    (folder / "below").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".git/config").write_text(
        '[remote "origin"]\nurl = https://x:FAKE@github.com/acme/api.git\n'
    )
    return folder


def test_a_clone_is_meant_in_every_directory_of_it(repo):
    for folder in (repo, repo / "below", repo / ".git"):
        assert refusal(folder, only=[ACME]) is None
        assert ACME in refusal(folder, never=["h/x", ACME])
    assert refusal(repo.parent, never=[ACME]) is None
    assert "FAKE" not in refusal(repo, never=[ACME])


@pytest.mark.parametrize("lists", [{"only": ["/**"]}, {"never": ["~/x"]}])
def test_a_directory_that_is_gone_is_not_known_to_be_harmless(lists):
    assert "no longer exists" in refusal("", **lists)
    assert refusal("") is None


@pytest.mark.parametrize("pattern", ["work", "../x", "github.com", "~me/x", ""])
def test_a_pattern_that_guards_nothing_is_not_passed_over(pattern):
    with pytest.raises(InputError, match="profile 'client'"):
        refusal("/h/clients", never=["~/other", pattern])


def test_a_home_that_is_a_symbolic_link_is_the_place_it_leads_to(tmp_path):
    (tmp_path / "real/clients").mkdir(parents=True)
    (tmp_path / "short").symlink_to("real")
    folder = tmp_path / "real/clients"
    assert refusal(folder, tmp_path / "short", only=["~/clients/**"]) is None
    assert refusal(folder, tmp_path / "short", never=["~/clients/**"])
    assert refusal(folder, only=[f"{tmp_path}/short/clients"]) is None


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    home = tmp_path_factory.mktemp("guarded") / "home"
    for folder in ("clients/below", "else"):
        (home / folder).mkdir(parents=True)
    made = Keyswitch(home).with_vault()
    made.add("mine")
    made.add("client", secret=OTHER)
    made.add(
        "gate", "--set", "base_url=https://gw.example.com",
        provider="gateway", secret="FAKE-gateway-EXAMPLE",
    )  # fmt: skip
    made.add(
        "second", "--set", "base_url=https://two.example.com",
        provider="gateway", secret="FAKE-second-EXAMPLE",
    )  # fmt: skip
    made("edit", "client", "--only", "~/clients/**")
    return made


@pytest.fixture
def person(template, tmp_path):
    shutil.copytree(template.home, tmp_path / "home")
    return Keyswitch(tmp_path / "home")


REFUSED = {
    "env": ("env", "client", "--shell", "sh"),
    "env json": ("env", "client", "--format", "json"),
    "run": ("run", "client", "--", "env"),
    "use --here": ("use", "client", "--here"),
    "api-key": ("helper", "api-key", "client"),
    "shell": ("shell", "client", "--shell", "true"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_command_outside_fails_with_the_reason_and_prints_nothing(
    person, name
):
    done = person.at("else", *REFUSED[name], code=1)
    assert done.out == ""
    assert "'client' may only be used in ~/clients/**" in done.err
    assert OTHER not in done.err
    inside = person.at("clients/below", *REFUSED[name])
    assert OTHER in inside.out or name == "shell"


def test_the_helper_of_claude_code_answers_nothing_outside(person):
    person.at("clients", "use", "client")
    outside = person.at("else", "helper", "claude-code", code=1)
    assert outside.out == ""
    assert "may only be used in" in outside.err
    assert person.at("clients", "helper", "claude-code").out == OTHER + "\n"


def test_the_credential_process_of_aws_answers_nothing_outside(person):
    person(
        "add", "keys", "--provider", "bedrock", "--store", "vault",
        "--set", "region=eu-central-1",
        "--set", "access_key_id=AKIAFAKEFAKE00EXAMPL",
        "--fd", "secret_access_key=0", stdin="FAKE" * 10,
    )  # fmt: skip
    person("edit", "keys", "--never", "~/else")
    outside = person.at("else", "helper", "aws", "keys", code=1)
    assert outside.out == ""
    assert "may not be used in ~/else" in outside.err
    assert "FAKEFAKE" in person.at("clients", "helper", "aws", "keys").out


def test_use_outside_switches_says_why_nothing_comes_of_it_and_exits_4(person):
    done = person.at("else", "use", "client", code=4)
    assert "'client' may not be used here" in done.err
    assert "may only be used in ~/clients/**" in done.err
    assert person.at("else", "current").out == "client\n"
    person.at("clients", "use", "client")
    assert (
        person.at("else", "whoami", code=4).err.count("may only be used in")
        <= 1
    )


def exports(person, folder, environ):
    done = person.at(folder, "env", "--shell", "nu", **environ)
    found = json.loads(done.out) if done.out else {"set": {}, "unset": []}
    after = {k: v for k, v in environ.items() if k not in found["unset"]}
    return {**after, **found["set"]}, done.err


def test_a_shell_that_follows_gives_the_key_back_outside_and_says_it_once(
    person,
):
    person.at("clients", "use", "client")
    inside, _ = exports(person, "clients", {})
    assert inside["ANTHROPIC_API_KEY"] == OTHER
    outside, said = exports(person, "else", inside)
    assert "ANTHROPIC_API_KEY" not in outside
    assert outside["KEYSWITCH_ENV"].startswith(":f:")
    assert said.count("\n") == 1
    assert "may only be used in" in said
    again, said = exports(person, "else", outside)
    assert (again, said) == (outside, "")
    back, said = exports(person, "clients/below", again)
    assert (back["ANTHROPIC_API_KEY"], said) == (OTHER, "")
    assert exports(person, "else", back)[1] == ""


@pytest.mark.real("bash")
def test_a_persons_own_variable_is_back_outside(person):
    person.at("clients", "use", "client")
    script = (
        f"KS() {{ {PYTHON} -m keyswitch env --shell bash; }}\n"
        "export ANTHROPIC_API_KEY=mine\n"
        "for d in clients/below ../../else ../clients; do\n"
        'cd $d; eval "$(KS)"; echo $ANTHROPIC_API_KEY; done'
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=person.home, env=person.environ,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == [OTHER, "mine", OTHER]
    assert done.stderr.count("\n") == 1


def test_a_fresh_shell_outside_gets_nothing_but_the_reason(person):
    person.at("clients", "use", "client")
    after, said = exports(person, "else", {})
    assert set(after) == {"KEYSWITCH_TOLD"}
    assert "may only be used in" in said


def test_a_home_or_directory_behind_a_link_is_where_it_leads(person, tmp_path):
    (tmp_path / "link").symlink_to("home")
    person.file("short").symlink_to("clients/below")
    assert person.at("short", *REFUSED["env"]).out
    linked = {"HOME": str(tmp_path / "link")}
    assert person.at("short", *REFUSED["env"], **linked).out
    assert person.at("else", *REFUSED["env"], **linked, code=1).out == ""


def test_a_directory_that_was_removed_is_nowhere(person):
    person("edit", "gate", "--never", "~/secret/**")
    for name in ("client", "gate"):
        call = f"{PYTHON} -m keyswitch env {name} --shell sh"
        done = subprocess.run(
            ["sh", "-c", f"mkdir -p x && cd x && rmdir ../x && {call}"],
            cwd=person.file("clients"), env=person.environ,
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (1, "")
        assert "this one no longer exists" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_pattern_written_by_hand_that_guards_nothing_stops_the_profile(
    person,
):
    path = person.profile_file("client")
    path.write_text(path.read_text().replace("~/clients/**", "work"))
    done = person.at("clients", *REFUSED["env"], code=1)
    assert done.out == ""
    assert "profile 'client'" in done.err


def test_a_guard_applies_to_what_a_directory_asks_for(person):
    person("use", "mine")
    person.at("else", "link", "client")
    after, said = exports(person, "else", {})
    assert "ANTHROPIC_API_KEY" not in after
    assert "may only be used in" in said
    assert person.at("else", "helper", "claude-code", code=1).out == ""


@pytest.mark.parametrize(
    ("active", "linked", "answers"),
    [
        ("mine", "client", True),
        ("client", "mine", True),
        ("mine", "gate", False),
        ("gate", "mine", False),
        ("gate", "second", False),
    ],
)
def test_a_helper_never_gives_a_key_to_the_host_of_another_profile(
    person, active, linked, answers
):
    person.at("clients", "use", active)
    person.at("clients", "link", linked)
    code = 0 if answers else 1
    done = person.at("clients", "helper", "claude-code", code=code)
    if not answers:
        assert done.out == ""
        assert "take precedence" in done.err
        assert "EXAMPL" not in done.err
    else:
        assert done.out == {"mine": KEY, "client": OTHER}[linked] + "\n"


def test_where_nothing_is_active_a_link_gives_no_key_to_a_gateway(person):
    person.at("clients", "link", "gate")
    assert person.at("clients", "helper", "claude-code", code=1).out == ""
