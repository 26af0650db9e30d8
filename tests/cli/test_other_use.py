"""A changed profile file sends no stored secret to another place."""

import re
import tomllib

import pytest

from keyswitch.providers.catalogue import BUILT_IN
from tests.cli.accounts import two_accounts
from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.cli.terminal import COMMAND, Terminal
from tests.desktop import desktop

# provider, plain fields, secrets; the first secret is asked for by `--stdin`.
KINDS = {
    "anthropic": ({}, {"api_key": KEY}),
    "anthropic-aws": (
        {"workspace_id": "wrkspc_FAKEEXAMPLE", "region": "eu-central-1"},
        {"api_key": "FAKE-anthropic-aws-0123456789EXAMPLE"},
    ),
    "aws": (
        {"access_key_id": "AKIAFAKEFAKEEXAMPLE0", "region": "eu-central-1"},
        {"secret_access_key": "FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK"},
    ),
    "bedrock": (
        {"region": "eu-central-1", "access_key_id": "AKIAFAKEFAKEEXAMPLE0"},
        {"secret_access_key": "FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK"},
    ),
    "claude-token": (
        {},
        {"oauth_token": "sk-ant-oat01-FAKE-token-0123456789" + "x" * 66},
    ),
    "custom": ({"env": "ACME_API_KEY"}, {"value": "FAKE-acme-EXAMPLE"}),
    "foundry": (
        {"resource": "acme"},
        {"api_key": "FAKEfoundry0123456789abcdefEXAMPLE"},
    ),
    "gateway": (
        {"base_url": "https://gw.example.com"},
        {"auth_token": "FAKE-gateway-token-0123456789EXAMPLE"},
    ),
    "gemini": ({}, {"api_key": "AIzaFAKE-gemini-0123456789-0123EXAMPLE9"}),
    "github": (
        {"host": "github.example.com"},
        {"token": "ghp_FAKE0123456789012345678901234EXAMPLE"},
    ),
    "openai": (
        {"project": "acme"},
        {"api_key": "sk-proj-FAKE-openai-0123456789EXAMPLE"},
    ),
    "openrouter": (
        {},
        {"api_key": "sk-or-v1-FAKE0123456789" + "0" * 44 + "EXAMPLE"},
    ),
}
# A value for each plain field that a provider knows.
OTHER_VALUES = {
    "access_key_id": "AKIAFAKEFAKEEXAMPLE9",
    "aws_profile": "other",
    "base_url": "https://evil.example.net",
    "env": "EVIL_TOKEN",
    "headers": "X-Team: other",
    "host": "evil.example.net",
    "model": "another-model",
    "organization": "org-other",
    "project": "proj-other",
    "region": "us-east-1",
    "resource": "evil",
    "small_model": "another-model",
    "workspace_id": "wrkspc_OTHER",
}
HARMLESS = {"model", "small_model", "label", "expires", "expect", "hint"}
ITEM = re.compile("ks1-[0-9a-f]{32}")
# Every way in which a program, a shell or a person gets a value.
WAYS = (
    ("env", "w", "--shell", "sh"),
    ("env", "--shell", "sh"),
    ("env", "w", "--shell", "json"),
    ("run", "w", "--", "env"),
    ("helper", "api-key", "w"),
    ("helper", "claude-code"),
    ("helper", "aws", "w"),
    ("use", "w", "--here"),
    ("copy", "w", "copied"),
    ("shell", "w", "--shell", "sh"),
    ("export", "w", "--to", "bundle.ksv", "--passphrase-fd", "0"),
)

# For a shell its commands, for a bundle its passphrase.
INPUT = "env # FAKE phrase EXAMPLE"


def plain_fields(provider):
    """Return the plain fields of a provider, from its file."""
    with open(f"{BUILT_IN}/{provider}.toml", "rb") as file:
        fields = tomllib.load(file)["fields"]
    return [name for name, field in fields.items() if not field.get("secret")]


def with_field(text, name, value):
    """Return a profile file's text with one plain field changed or added."""
    if re.search(f"(?m)^{name} = ", text.partition("[fields]")[2]):
        head, mark, rest = text.partition("[fields]")
        return head + mark + re.sub(
            f"(?m)^{name} = .*$", f'{name} = "{value}"', rest, count=1
        )  # fmt: skip
    if "[fields]" in text:
        return text.replace("[fields]", f'[fields]\n{name} = "{value}"', 1)
    return text + f'\n[fields]\n{name} = "{value}"\n'


def changes(ks, provider, text):
    """Yield (what, text): the file with one thing changed each time."""
    for name in plain_fields(provider):
        yield name, with_field(text, name, OTHER_VALUES[name])
    yield "label", 'label = "another"\n' + text
    rest = re.sub("(?m)^expires = .*\n", "", text)
    yield "expires", "expires = 2099-01-01\n" + rest
    yield "hint", re.sub('(?m)^hint = ".*"$', 'hint = "x"', text)
    secret = next(iter(KINDS[provider][1]))
    own = ITEM.search(text)[0]
    theirs = ITEM.search(ks.profile_file("other").read_text())[0]
    yield "item", text.replace(own, theirs)
    for name in ("gateway", "custom"):
        if name != provider:
            fields, secrets = KINDS[name]
            there = "".join(f'{k} = "{v}"\n' for k, v in fields.items())
            yield (
                "provider",
                f'provider = "{name}"\n[fields]\n{there}'
                f"[secrets.{next(iter(secrets))}]\n"
                + text.partition(f"[secrets.{secret}]\n")[2],
            )


@pytest.fixture
def kept(ks):
    """A person's profile `other`, which a changed file may point at."""
    ks.add("other", secret=OTHER)
    return ks


def add(ks, provider):
    fields, secrets = KINDS[provider]
    sets = [part for k, v in fields.items() for part in ("--set", f"{k}={v}")]
    ks.add("w", *sets, provider=provider, secret=next(iter(secrets.values())))


FAST = ("anthropic", "bedrock", "custom", "gateway")


@pytest.mark.parametrize(
    "provider",
    [
        pytest.param(name, marks=[] if name in FAST else pytest.mark.full)
        for name in KINDS
    ],
)
def test_no_changed_field_hands_the_secret_over(kept, provider):
    ks = kept
    add(ks, provider)
    ks("use", "w", "--target", "none")
    path = ks.profile_file("w")
    text = path.read_text()
    secret = next(iter(KINDS[provider][1].values()))
    for way in (("run", "w", "--", "env"), ("shell", "w", "--shell", "sh")):
        assert secret in ks(*way, stdin=INPUT).out
    tried = 0
    for what, changed in changes(ks, provider, text):
        assert changed != text, what
        path.write_text(changed)
        if what in HARMLESS:
            assert secret in ks("run", "w", "--", "env").out, what
            continue
        for way in WAYS:
            done = ks(*way, stdin=INPUT, code=None)
            assert secret not in done.out, (what, way)
            assert OTHER not in done.out, (what, way)
            assert not ks.file("bundle.ksv").exists(), what
            tried += 1
        assert ks("use", "w", code=None).code in (1, 2), what
        assert ks("edit", "w", "--label", "x", code=None).code, what
        assert path.read_text() == changed
    assert tried >= 2 * len(WAYS)
    path.write_text(text)
    assert secret in ks("run", "w", "--", "env").out


def redirect(ks, name="work", host="https://evil.example.net"):
    path = ks.profile_file(name)
    path.write_text(with_field(path.read_text(), "base_url", host))


@pytest.fixture
def work(ks):
    ks.add("work")
    ks("use", "work")
    return ks


def test_a_refusal_names_both_hosts_and_what_to_do(work):
    redirect(work)
    for way in (("use", "work"), ("env", "work"), ("run", "work", "--", "env")):
        done = work(*way, code=1)
        assert "evil.example.net" in done.err
        assert "api.anthropic.com" in done.err
        assert "keyswitch edit work" in done.err


def test_a_secret_does_not_leave_in_a_bundle(work):
    redirect(work)
    done = work("export", "work", "--to", "b.ksv", "--passphrase-fd", "0",
                stdin="FAKE phrase EXAMPLE", code=1)  # fmt: skip
    assert "evil.example.net" in done.error
    assert not work.file("b.ksv").exists()


def test_edit_of_that_field_confirms_and_undo_takes_it_back(work):
    work("edit", "work", "--set", "base_url=https://gw.example.com")
    assert KEY in work("run", "work", "--", "env").out
    redirect(work)
    work("edit", "work", "--label", "x", code=1)
    work("run", "work", "--", "env", code=1)
    work("edit", "work", "--set", "base_url=https://evil.example.net")
    assert KEY in work("run", "work", "--", "env").out
    work("undo")
    work("run", "work", "--", "env", code=1)


def test_edit_that_mends_the_file_is_allowed(work):
    redirect(work)
    work("edit", "work", "--unset", "base_url")
    assert KEY in work("run", "work", "--", "env").out


def test_a_new_secret_is_not_put_into_a_changed_file(work):
    redirect(work)
    done = work("rotate", "work", "--stdin", stdin=OTHER, code=1)
    assert "evil.example.net" in done.error


@pytest.mark.parametrize("change", ["another item", "no secrets"])
def test_nor_into_one_whose_secret_is_not_there_any_more(work, change):
    path = work.profile_file("work")
    text = path.read_text()
    if change == "another item":
        text = ITEM.sub(f"ks1-{'0' * 32}", text)
    else:
        text = text[: text.index("[secrets")]
    path.write_text(with_field(text, "base_url", "https://evil.example.net"))
    done = work("rotate", "work", "--stdin", stdin=OTHER, code=1)
    assert "evil.example.net" in done.error
    assert "api.anthropic.com" in done.error
    assert OTHER not in work("run", "work", "--", "env", code=None).out
    work("remove", "work", "--yes")
    work.add("work", "--set", "base_url=https://gw.example.com")
    work("rotate", "work", "--stdin", stdin=OTHER)


def test_a_rotation_after_an_edit_goes_to_the_new_address(work):
    work("edit", "work", "--set", "base_url=https://gw.example.com")
    work("rotate", "work", "--stdin", stdin=OTHER)
    out = work("run", "work", "--", "env").out
    assert OTHER in out
    assert "https://gw.example.com" in out


@pytest.mark.real("gnome-keyring")
@pytest.mark.parametrize(
    ("before", "after"), [('"ks1-', '"'), ('"ks1-', '"KS1-')]
)
def test_an_item_of_the_keychain_has_one_spelling(
    tmp_path, home, before, after
):
    folder = tmp_path / "desktop"
    folder.mkdir(mode=0o700)
    with desktop(folder) as place:
        ks = Keyswitch(home, **{**place.environ, "HOME": str(home)})
        ks("add", "work", "--provider", "anthropic", "--store", "keychain",
           "--stdin", stdin=KEY)  # fmt: skip
        assert KEY in ks("run", "work", "--", "env").out
        path = ks.profile_file("work")
        text = path.read_text().replace(before, after)
        text = with_field(text, "base_url", "https://evil.example.net")
        path.write_text(text)
        for way in (
            ("run", "work", "--", "env"),
            ("env", "work", "--shell", "sh"),
            ("helper", "api-key", "work"),
            ("copy", "work", "copied"),
        ):
            assert KEY not in ks(*way, code=None).out, way
        assert ks("use", "work", code=None).code != 0


def test_rename_and_its_undo_move_the_record_along(work):
    work("rename", "work", "acme")
    assert KEY in work("run", "acme", "--", "env").out
    work("undo")
    assert KEY in work("run", "work", "--", "env").out


def test_a_file_renamed_by_hand_is_refused_and_said_so(work):
    work.profile_file("work").rename(work.profile_file("acme"))
    done = work("run", "acme", "--", "env", code=1)
    assert "'work' became 'acme'" in done.error
    assert "renamed" in done.err


def test_a_secret_of_an_older_version_is_bound_at_its_first_use(work):
    for record in work.file(".local/state/keyswitch/bound").iterdir():
        record.unlink()
    assert KEY in work("env", "work", "--shell", "sh").out
    redirect(work)
    assert KEY not in work("env", "work", "--shell", "sh", code=1).out


def test_an_older_secret_is_not_bound_to_a_second_file(work):
    """Not to the one that was made last, and not to the first either."""
    for record in work.file(".local/state/keyswitch/bound").iterdir():
        record.unlink()
    text = work.profile_file("work").read_text()
    work.profile_file("evil").write_text(
        with_field(text, "base_url", "https://evil.example.net")
    )
    assert KEY not in work("env", "evil", "--shell", "sh", code=1).out


def test_a_kept_login_is_sent_by_no_other_profile(ks):
    two_accounts(ks)
    text = ks.profile_file("a").read_text()
    item = ITEM.search(text)[0]
    ks.profile_file("a").write_text(
        'provider = "gateway"\n[fields]\nbase_url = "https://evil.example.net"'
        f'\n[secrets.auth_token]\nstore = "vault"\nitem = "{item}"\n'
    )
    assert "FAKE" not in ks("run", "a", "--", "env", code=1).out
    ks.profile_file("b").write_text(
        ITEM.sub(item, ks.profile_file("b").read_text())
    )
    assert "'a' became 'b'" in ks("use", "b", code=1).error


def test_a_provider_of_ones_own_is_bound_with_its_file(ks):
    folder = ks.file(".config/keyswitch/providers")
    folder.mkdir(parents=True)
    text = (
        'title = "Acme"\nconstants = {{ ACME_URL = "https://{}" }}\n'
        '[fields.key]\nsecret = true\nrequired = true\nenv = ["ACME_KEY"]\n'
    )
    (folder / "acme.toml").write_text(text.format("acme.example.com"))
    ks.add("w", provider="acme", secret="FAKE-acme-EXAMPLE")
    assert "FAKE-acme" in ks("env", "w", "--shell", "sh").out
    (folder / "acme.toml").write_text(text.format("evil.example.net"))
    done = ks("env", "w", "--shell", "sh", code=1)
    assert "acme.example.com" in done.err
    assert "evil.example.net" in done.err
    assert "FAKE-acme" not in done.out


ADDRESS = '[fields.url]\nharmless = true\nenv = ["ANTHROPIC_BASE_URL"]\n'
OTHERS = '[fields.model]\nharmless = true\nenv = ["ACME_MODEL"{}]\n'


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("", ADDRESS, 'url = "https://evil.example.net"'),
        (OTHERS.format(""), OTHERS.format(', "ANTHROPIC_BASE_URL"'),
         'model = "https://evil.example.net"'),
    ],
)  # fmt: skip
def test_a_provider_of_ones_own_gets_no_address_by_calling_it_harmless(
    ks, before, after, field
):
    folder = ks.file(".config/keyswitch/providers")
    folder.mkdir(parents=True)
    text = (
        'title = "Acme"\n[fields.key]\nsecret = true\nrequired = true\n'
        'env = ["ANTHROPIC_API_KEY"]\n'
    )
    (folder / "acme.toml").write_text(text + before)
    ks.add("w", provider="acme", secret="FAKE-acme-EXAMPLE")
    assert "FAKE-acme" in ks("env", "w", "--shell", "sh").out
    (folder / "acme.toml").write_text(text + after)
    path = ks.profile_file("w")
    path.write_text(f"{path.read_text()}\n[fields]\n{field}\n")
    for way in WAYS:
        done = ks(*way, stdin=INPUT, code=None)
        assert "FAKE-acme" not in done.out, way
    assert "evil.example.net" in ks("env", "w", code=1).err


def test_a_built_in_provider_is_not_replaced_unnoticed(work):
    folder = work.file(".config/keyswitch/providers")
    folder.mkdir(parents=True)
    (folder / "anthropic.toml").write_text(
        'title = "A"\nconstants = { ANTHROPIC_BASE_URL = "https://evil.test" }'
        '\n[fields.api_key]\nsecret = true\nenv = ["ANTHROPIC_API_KEY"]\n'
    )
    assert "evil.test" in work("env", "work", code=1).err


def test_a_yes_on_a_terminal_confirms_and_a_no_does_not(work):
    redirect(work)
    asked = Terminal(work, *COMMAND, "use", "work")
    asked.sees("evil.example.net")
    asked.sees("[y/N]")
    asked.type("n\r")
    asked.ends()
    work("run", "work", "--", "env", code=1)
    asked = Terminal(work, *COMMAND, "use", "work")
    asked.sees("[y/N]")
    asked.type("y\r")
    asked.ends()
    assert KEY in work("run", "work", "--", "env").out


def test_doctor_says_what_changed_and_whoami_keeps_the_good_address(ks):
    ks.add(
        "gate",
        "--set",
        "base_url=https://gw.example.com",
        secret="FAKE-gateway-token-0123456789EXAMPLE",
        provider="gateway",
    )
    ks("use", "gate")
    redirect(ks, "gate")
    said = ks("doctor", code=None).out
    assert "gw.example.com" in said
    assert "evil.example.net" in said
    for words in (("doctor",), ("whoami",)):
        done = ks(*words, code=None)
        assert "remove 'ANTHROPIC_BASE_URL'" not in done.out + done.err


def test_items_that_are_gone_leave_no_record(work):
    folder = work.file(".local/state/keyswitch/bound")
    work("add", "x", "--provider", "anthropic", "--store", "vault", "--stdin",
         stdin=OTHER)  # fmt: skip
    assert len(list(folder.iterdir())) == 2
    work("undo")
    assert len(list(folder.iterdir())) == 1


def test_a_dry_run_records_nothing(work):
    for record in work.file(".local/state/keyswitch/bound").iterdir():
        record.unlink()
    work("use", "work", "--dry-run")
    assert not list(work.file(".local/state/keyswitch/bound").iterdir())
