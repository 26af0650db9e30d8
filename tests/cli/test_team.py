"""team: what a person meets who shares profiles, or is offered some."""

import hashlib
import json
import os

import pytest

from tests.cli.keyswitch import KEY, Keyswitch
from tests.cli.terminal import COMMAND, Terminal
from tests.team.files import API, SOUND, hostile, instead

HOSTILE = dict(hostile())
LABEL = instead("Acme, gateway", "Acme 2")
HOST = instead("gateway.example.com", "evil.example")


@pytest.fixture
def team(ks):
    """A home beside a directory that has a team file."""
    ks.file("shared").mkdir()
    offer(ks, SOUND)
    return ks


def offer(ks, text):
    """Let the team have another file; return its hash."""
    data = text if isinstance(text, bytes) else text.encode()
    ks.file("shared/keyswitch-team.toml").write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def add(ks, text=SOUND, **options):
    return ks("team", "add", "shared", "--sha256", offer(ks, text), **options)


def update(ks, text, *args, **options):
    return ks("team", "update", "--sha256", offer(ks, text), *args, **options)


def state_of(ks):
    """Return all that is kept, but for what every command may note."""
    return {
        path: data
        for path, data in ks.everything().items()
        if not path.endswith(("/lock", "install.key", ".toml"))
        or path.startswith(".config")
    }


def names(ks):
    shown = json.loads(ks("list", "--json").out)
    return [profile["name"] for profile in shown["profiles"]]


def own_profile(ks):
    ks.add("gw", "--label", "mine")


def test_profiles_of_a_team_are_ordinary_profiles(team):
    assert "2 profiles new, 1 provider new" in add(team).err
    assert names(team) == ["api", "gw"]
    text = team.profile_file("gw").read_text()
    assert 'team = "acme"' in text
    assert 'item = "vault:kv/claude#token"' in text
    team("providers", "acme-gw")


def test_all_that_would_be_written_is_shown_first(team):
    done = team("team", "add", "shared", code=2)
    shown = done.out.splitlines()
    for name in ("api", "gw"):
        assert f"+++ profiles/{name}.toml" in shown
    assert "+++ providers/acme-gw.toml" in shown
    assert '+item = "op://Eng/claude/key"' in shown
    assert "sends to gateway.example.com: 1 profile" in shown
    assert "sends to api.anthropic.com: 1 profile" in shown
    assert names(team) == []


def test_where_nobody_can_be_asked_the_hash_is_the_yes(team):
    done = team("team", "add", "shared", code=2)
    assert "the file of team 'acme' needs confirmation" in done.error
    digest = offer(team, SOUND)
    assert f"hint: review it, then add --sha256 {digest}" in done.err
    team("team", "add", "shared", "--sha256", f"sha256:{digest.upper()}")
    assert names(team) == ["api", "gw"]


def test_another_hash_is_refused(team):
    digest = offer(team, SOUND)
    offer(team, HOST)
    before = state_of(team)
    done = team("team", "add", "shared", "--sha256", digest, code=1)
    assert f"not {digest}" in done.error
    assert state_of(team) == before


def test_a_file_is_as_good_as_its_directory(team):
    path = team.file("shared/keyswitch-team.toml")
    other = path.rename(team.file("team.toml"))
    digest = hashlib.sha256(SOUND.encode()).hexdigest()
    team("team", "add", str(other), "--sha256", digest)
    shown = json.loads(team("team", "list", "--json").out)["teams"]
    assert [one["source"] for one in shown] == [str(other)]


def test_adding_it_once_more_changes_nothing(team):
    add(team)
    before = state_of(team)
    assert "nothing changed" in add(team).err
    assert "nothing changed" in team("team", "update").err
    assert "nothing changed" in team("team", "update", "acme").err
    assert state_of(team) == before


def test_a_typed_yes_lets_it_count(team):
    asked = Terminal(team, *COMMAND, "team", "add", "shared")
    asked.sees("accept it? type yes:").type("y\n")
    assert asked.ends() == 1
    assert names(team) == []
    asked = Terminal(team, *COMMAND, "team", "add", "shared")
    asked.sees("accept it? type yes:").type("yes\n")
    assert asked.ends() == 0
    assert names(team) == ["api", "gw"]


def test_a_new_label_needs_one_key(team):
    add(team)
    offer(team, LABEL)
    asked = Terminal(team, *COMMAND, "team", "update")
    asked.sees("team 'acme': 1 profile changed? [y/N]").type("y\n")
    assert asked.ends() == 0
    assert "Acme 2" in team.profile_file("gw").read_text()


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("base_url", HOST),
        ("reference of api_key", instead("Eng/claude/key", "Eng/other/key")),
        ("provider file", instead('how = "helper"', 'how = "environment"')),
        ("provider file", instead("ACME_TOKEN", "OTHER_TOKEN")),
        ("only", instead('only = ["~/clients/**", "github.com/acme/*"]\n', "")),
        ("new profile", instead("[profiles.api]", "[profiles.new]")),
    ],
)
def test_what_decides_where_a_secret_goes_needs_a_typed_yes(team, what, text):
    add(team)
    offer(team, text)
    shown = json.loads(team("team", "diff", "--json", code=1).out)
    assert what in [w for one in shown["changes"] for w in one["decides"]]
    done = team("team", "update", code=2)
    assert "needs confirmation" in done.error


@pytest.mark.parametrize(
    "text",
    [
        LABEL,
        instead("2027-02-01", "2028-02-01"),
        instead("Acme's accounts", "Accounts"),
        instead("lifetime = 600", "lifetime = 60"),
        "# a remark\n" + SOUND,
        SOUND.partition("[profiles.gw]")[0],
    ],
)
def test_what_decides_nothing_is_small(team, text):
    add(team)
    offer(team, text)
    shown = json.loads(team("team", "diff", "--json", code=1).out)
    assert [one["decides"] for one in shown["changes"] if one["decides"]] == []
    assert "needs confirmation" in team("team", "update", code=2).error
    update(team, text)


def test_an_update_writes_what_was_shown(team):
    add(team)
    done = update(team, HOST)
    assert '-base_url = "https://gateway.example.com"' in done.out
    assert '+base_url = "https://evil.example"' in done.out
    assert "sends to evil.example: 1 profile" in done.out
    assert "evil.example" in team.profile_file("gw").read_text()


def test_profiles_that_went_are_removed(team):
    add(team)
    update(team, SOUND.partition("[profiles.gw]")[0])
    assert names(team) == ["api"]


def test_a_person_s_own_profile_wins_and_is_named(team):
    own_profile(team)
    before = team.profile_file("gw").read_bytes()
    said = "profile 'gw': kept your own"
    assert said in add(team).err
    assert team.profile_file("gw").read_bytes() == before
    assert said in team("team", "list").err
    assert said in team("team", "show", "acme").err
    shown = json.loads(team("team", "list", "--json").out)["teams"]
    assert [one["left"] for one in shown] == [
        [{"kind": "profile", "name": "gw", "team": None}]
    ]
    assert said in update(team, HOST).err
    team("team", "remove", "acme", "--yes")
    assert team.profile_file("gw").read_bytes() == before


def test_so_does_an_own_provider_file(team):
    folder = team.home / ".config/keyswitch/providers"
    folder.mkdir(parents=True, mode=0o700)
    own = folder / "acme-gw.toml"
    own.write_text(
        "[fields.token]\nsecret = true\n[fields.base_url]\nenv = ['X_URL']\n"
    )
    before = own.read_bytes()
    assert "provider 'acme-gw': kept your own" in add(team).err
    assert own.read_bytes() == before


def test_a_profile_of_another_team_stays_with_it(team):
    add(team)
    team.file("other").mkdir()
    text = SOUND.replace('"acme"', '"other"').encode()
    team.file("other/keyswitch-team.toml").write_bytes(text)
    digest = hashlib.sha256(text).hexdigest()
    done = team("team", "add", "other", "--sha256", digest)
    assert "profile 'gw': kept the one of team 'acme'" in done.err
    assert 'team = "acme"' in team.profile_file("gw").read_text()
    assert len(team("team", "list").out.splitlines()) == 2
    done = team("team", "update", "--sha256", digest, code=2)
    assert done.error == "no team given, and there are 2"


def test_a_team_of_the_same_name_elsewhere_is_another_one(team):
    add(team)
    team.file("shared").rename(team.file("moved"))
    done = team("team", "add", "moved", code=1)
    assert "team 'acme' already exists, from " in done.error
    assert "keyswitch team update acme --source PATH" in done.err
    digest = hashlib.sha256(SOUND.encode()).hexdigest()
    done = team("team", "update", code=1)
    assert done.error.startswith("no such file: ")
    team("team", "update", "--source", "moved", "--sha256", digest)
    assert "nothing changed" in team("team", "update").err


def test_a_file_of_another_team_takes_no_team_s_place(team):
    add(team)
    done = update(team, SOUND.replace('"acme"', '"other"'), code=1)
    assert "is now the file of team 'other'" in done.error


def test_what_a_person_changed_by_hand_is_shown_and_put_back(team):
    add(team)
    path = team.profile_file("gw")
    path.write_text(path.read_text().replace("gateway.example.com", "a.test"))
    done = team("team", "diff", code=1)
    assert '-base_url = "https://a.test"' in done.out
    add(team)
    assert "gateway.example.com" in path.read_text()


def test_a_mark_taken_out_by_hand_makes_a_profile_one_s_own(team):
    add(team)
    path = team.profile_file("gw")
    path.write_text(path.read_text().replace('team = "acme"\n', ""))
    assert "'gw': kept your own" in team("team", "update").err
    team("team", "remove", "acme", "--yes")
    assert names(team) == ["gw"]


@pytest.mark.parametrize(
    "line",
    [
        ("edit", "gw", "--label", "x"),
        ("edit", "gw", "--set", "base_url=https://a.test"),
        ("rename", "gw", "mine"),
        ("migrate", "gw", "--to", "vault"),
        ("migrate", "gw", "--to", "op://Eng/{profile}/{field}"),
    ],
)
def test_a_team_s_profile_is_not_edited(team, line):
    add(team)
    before = state_of(team)
    done = team(*line, code=1)
    assert done.error == "'gw' is managed by team 'acme'"
    assert "keyswitch copy gw NAME" in done.err
    assert state_of(team) == before


def test_an_undo_takes_back_each_of_them(team):
    add(team)
    first = state_of(team)
    update(team, HOST)
    second = {p: d for p, d in state_of(team).items() if "/config/" in p}
    team("team", "remove", "acme", "--yes")
    assert names(team) == []
    team("undo")
    assert {p: d for p, d in state_of(team).items() if p in second} == second
    assert "nothing changed" in update(team, HOST).err
    team("undo")
    config = ".config/keyswitch"
    assert {
        p: d for p, d in state_of(team).items() if p.startswith(config)
    } == {p: d for p, d in first.items() if p.startswith(config)}
    assert "nothing changed" in add(team).err
    team("undo")
    assert names(team) == []
    assert not team.file(".config/keyswitch/providers/acme-gw.toml").exists()
    assert team("team", "list").out == ""


def test_an_undo_leaves_what_was_changed_since(team):
    add(team)
    path = team.profile_file("gw")
    path.write_text(path.read_text() + "\n# mine\n")
    done = team("undo", code=1)
    assert "gw.toml has changed since" in done.error
    assert names(team) == ["api", "gw"]


def test_a_removed_team_leaves_no_active_profile(team):
    add(team)
    team("use", "api", code=None)
    assert team("current").out == "api\n"
    done = team("team", "remove", "acme", "--yes")
    assert "one of them was active; no profile is active now" in done.err
    assert team("current", code=None).out == ""
    assert names(team) == []


def test_who_asks_for_a_profile_that_went_is_named(team):
    add(team)
    team("use", "gw", code=None)
    team.file("here").mkdir()
    team.at("here", "link", "gw")
    done = update(team, SOUND.partition("[profiles.gw]")[0])
    assert "one of them was active; no profile is active now" in done.err
    assert "still links to 'gw'; in its directory: keyswitch unlink" in done.err


def test_dry_runs_change_nothing(team):
    before = state_of(team)
    done = team("team", "add", "shared", "--dry-run")
    assert "+++ profiles/gw.toml" in done.out
    assert state_of(team) == before
    add(team)
    before = state_of(team)
    digest = offer(team, HOST)
    assert '+base_url = "https://evil.example"' in (
        team("team", "update", "--dry-run").out
    )
    team("team", "update", "--dry-run", "--sha256", digest)
    assert "gw.toml: removed" in team("team", "remove", "acme", "--dry-run").out
    assert state_of(team) == before


def test_diff_tells_by_its_status(team):
    add(team)
    assert team("team", "diff").out == ""
    offer(team, LABEL)
    assert '+label = "Acme 2"' in team("team", "diff", code=1).out
    assert "0: no difference" in team("team", "diff", "--help").out


def test_show_names_references_and_hosts(team):
    add(team)
    done = team("team", "show", "acme")
    assert "anthropic: op://Eng/claude/key for api.anthropic.com" in done.out
    shown = json.loads(team("team", "show", "acme", "--json").out)["team"]
    assert shown["profiles"] == ["api", "gw"]
    assert shown["providers"] == ["acme-gw"]
    done = team("team", "show", "acne", code=1)
    assert "did you mean 'acme'?" in done.err


def test_agents_that_may_have_no_secrets_decide_nothing(team):
    path = team.home / ".config/keyswitch/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('agents = "deny"\n')
    done = add(team, code=1, CLAUDECODE="1")
    assert "an agent is running this command" in done.err


def test_a_provider_s_own_word_for_its_host_is_none(team):
    text = SOUND.replace(
        'hosts = ["{base_url}"]', 'hosts = ["api.anthropic.com"]'
    )
    text = text.replace('title = "Acme gateway"', 'title = "Anthropic API"')
    done = add(team, text)
    assert "sends to gateway.example.com: 1 profile" in done.out
    assert "api.anthropic.com: 1 profile" in done.out


@pytest.mark.parametrize(
    ("setting", "host"),
    [
        ('constants = { X_URL = "https://evil.example/v1" }', "evil.example"),
        ('constants = { ACME_HOST = "evil.example" }', "evil.example"),
        ('constants = { X = "wss://evil.example" }', "evil.example"),
        ('[providers.acme-gw.verify]\nurl = ["https://evil.example/{base_url}"]',
         "evil.example"),
        ('constants = { X_URL = "https://\u0430\u0440\u0440\u04cf\u0435.com" }',
         "\u0430\u0440\u0440\u04cf\u0435.com (xn--80ak6aa92e.com)"),
    ],
)  # fmt: skip
def test_every_address_of_a_team_s_provider_is_named(team, setting, host):
    line = 'title = "Acme gateway"'
    if setting.startswith("["):
        line = 'env = { ANTHROPIC_BASE_URL = "{base_url}" }'
    done = add(team, instead(line, f"{line}\n{setting}"))
    assert f"sends to {host}: 1 profile" in done.out


def test_a_provider_that_names_no_address_goes_to_whatever_reads_it(team):
    text = instead(
        "[providers.acme-gw.fields.base_url]\nrequired = true\n"
        'env = ["ACME_URL"]\npattern = "https?://[a-z0-9.-]+"\n',
        "",
    )
    text = text.replace('fields.base_url = "https://gateway.example.com"\n', "")
    text = text.replace('env = { ANTHROPIC_BASE_URL = "{base_url}" }\n', "")
    done = add(team, text)
    assert "sends to whichever program reads ACME_TOKEN: 1 profile" in done.out


def test_a_file_that_somebody_changed_is_refused_when_it_is_used(team):
    """The binding of a reference: the yes was for another host."""
    add(team)
    path = team.profile_file("gw")
    path.write_text(path.read_text().replace("gateway.example.com", "a.test"))
    done = team("env", "gw", "--shell", "sh", code=1)
    assert "a.test" in done.err
    assert "stored for gateway.example.com" in done.err


def test_an_update_s_yes_is_for_what_it_showed(team):
    add(team)
    update(team, HOST)
    done = team("env", "gw", "--shell", "sh", code=None)
    assert "would send" not in done.err


def test_a_changed_provider_is_a_yes_for_its_profiles(team):
    add(team)
    text = instead('env = ["ACME_TOKEN"]', 'env = ["OTHER_TOKEN"]')
    assert "sends to gateway.example.com: 1 profile" in update(team, text).out
    done = team("env", "gw", "--shell", "sh", code=None)
    assert "would send" not in done.err
    team("undo")
    done = team("env", "gw", "--shell", "sh", code=None)
    assert "would send" not in done.err


def test_a_provider_file_changed_by_hand_is_refused(team):
    add(team)
    path = team.file(".config/keyswitch/providers/acme-gw.toml")
    path.write_text(path.read_text().replace("ACME_TOKEN", "OTHER_TOKEN"))
    done = team("env", "gw", "--shell", "sh", code=1)
    assert "OTHER_TOKEN" in done.err


def test_a_profile_that_is_removed_comes_back(team):
    add(team)
    done = team("remove", "gw", "--yes")
    assert "'keyswitch team update' restores it" in done.err
    assert names(team) == ["api"]
    assert "1 profile new" in add(team).err


def test_show_and_list_name_the_team(team):
    add(team)
    assert ["team", "acme"] in map(
        str.split, team("show", "gw").out.splitlines()
    )
    shown = json.loads(team("list", "--json").out)["profiles"]
    assert {one["team"] for one in shown} == {"acme"}


def test_a_copy_is_one_s_own(team):
    add(team)
    team("copy", "gw", "mine")
    assert "team" not in team.profile_file("mine").read_text()
    team("edit", "mine", "--label", "x")


def test_a_key_that_somebody_wrote_into_a_profile_is_not_shown(team):
    add(team)
    path = team.profile_file("gw")
    path.write_text(path.read_text().replace("Acme, gateway", KEY))
    for done in (team("team", "diff", code=1), add(team)):
        assert "-label = " in done.out
        assert KEY not in done.out + done.err


def test_a_migration_of_all_leaves_a_team_s_profiles(team):
    add(team)
    done = team("migrate", "--all", "--to", "vault")
    rows = [line.split() for line in done.out.splitlines()]
    assert [row[:2] for row in rows] == [["api", "left"], ["gw", "left"]]
    assert "managed by team 'acme'" in done.out


def test_rotate_says_where_its_secret_is_changed(team):
    add(team)
    before = state_of(team)
    done = team("rotate", "api", code=2)
    assert "op://Eng/claude/key" in done.err
    assert state_of(team) == before


def test_a_place_of_any_bytes_is_kept_and_shown(team):
    name = "te\udce9m\u202e"
    os.rename(os.fsencode(team.file("shared")),
              os.fsencode(f"{team.home}/{name}"))  # fmt: skip
    digest = hashlib.sha256(SOUND.encode()).hexdigest()
    team("team", "add", name, "--sha256", digest)
    assert "\\u202e" in team("team", "list").out
    assert "nothing changed" in team("team", "update").err


def test_a_copy_that_loses_its_provider_is_named(team):
    add(team)
    team("copy", "gw", "mine")
    said = "profile 'mine' uses provider 'acme-gw', which will be removed"
    assert said in team("team", "remove", "acme", "--yes").err
    team("undo")
    without = SOUND.partition("[providers")[0] + (
        "[profiles.api]\nprovider = 'anthropic'\n" + API + "\n"
    )
    assert said in update(team, without).err


@pytest.mark.parametrize("text", ["{", '{"version": 1, "name": "x"}', ""])
def test_a_damaged_record_is_set_aside_and_the_profiles_stay(team, text):
    add(team)
    record = team.file(".local/state/keyswitch/teams/acme.json")
    record.write_text(text)
    done = team("team", "list")
    assert "acme.json is damaged; moved it to" in done.err
    assert names(team) == ["api", "gw"]
    done = add(team)
    assert "api.toml" not in done.out
    assert "acme" in team("team", "list").out


def test_a_text_that_is_gone_is_taken_over_again(team):
    add(team)
    digest = offer(team, SOUND)
    text = team.file(f".local/state/keyswitch/teams/{digest}.toml")
    text.unlink()
    assert "no longer exists" in team("team", "list").err
    add(team)
    assert text.read_text() == SOUND


def test_doctor_knows_the_records(team):
    add(team)
    record = team.file(".local/state/keyswitch/teams/acme.json")
    record.write_text("{")
    assert "acme.json" in team("doctor", code=None).out


ONCE = [name for name in HOSTILE if "escape" not in name]


@pytest.mark.parametrize("name", ONCE)
def test_a_hostile_file_leaves_no_trace(team, name):
    before = state_of(team)
    done = add(team, HOSTILE[name], code=1)
    assert done.out == ""
    error, hint = done.err.splitlines()
    assert error.startswith("keyswitch: error: ")
    assert hint.startswith("keyswitch: hint: nothing of it was taken over")
    after = state_of(team)
    assert {p: d for p, d in after.items() if "shared" not in p} == {
        p: d for p, d in before.items() if "shared" not in p
    }


def as_link(ks):
    ks.file("secret").write_text(f"{KEY}\n")
    path = ks.file("shared/keyswitch-team.toml")
    path.unlink()
    path.symlink_to(ks.file("secret"))
    return "is a link"


def as_link_to_nothing(ks):
    path = ks.file("shared/keyswitch-team.toml")
    path.unlink()
    path.symlink_to("/nonexistent")
    return "is a link"


def as_fifo(ks):
    path = ks.file("shared/keyswitch-team.toml")
    path.unlink()
    os.mkfifo(path)
    return "FIFO"


def as_folder(ks):
    path = ks.file("shared/keyswitch-team.toml")
    path.unlink()
    path.mkdir()
    return "is a directory"


def as_device(ks):
    path = ks.file("shared/keyswitch-team.toml")
    path.unlink()
    return "no such file"


@pytest.mark.parametrize(
    "make", [as_link, as_link_to_nothing, as_fifo, as_folder, as_device]
)
def test_what_is_no_file_is_refused(team, make):
    said = make(team)
    done = team("team", "add", "shared", code=1)
    assert said in done.error
    assert KEY not in done.out + done.err
    assert names(team) == []


def test_a_team_s_reference_to_a_person_s_host_stays_the_person_s(team):
    """A profile of the same reference and another host is no yes for it."""
    add(team, instead(API, API + "\nfields.base_url = 'https://a.test'"))
    assert "a.test" in team.profile_file("api").read_text()


def test_a_fleet_s_machine_is_told_once_and_again(tmp_path):
    """As Ansible runs it: the same line each time, no terminal."""
    home = tmp_path / "home"
    home.mkdir()
    ks = Keyswitch(home)
    path = tmp_path / "team.toml"
    path.write_text(SOUND)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    line = ("--no-input", "team", "add", str(path), "--sha256", digest)
    assert "2 profiles new" in ks(*line).err
    assert "nothing changed" in ks(*line).err
    path.write_text(LABEL)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert "1 profile changed" in ks(*line[:-1], digest).err
