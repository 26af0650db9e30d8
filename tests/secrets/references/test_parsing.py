"""References as people paste them, and what is refused."""

import pytest

from keyswitch.errors import InputError
from keyswitch.profiles.settings import Settings
from keyswitch.secrets.references import invocation, managers
from keyswitch.secrets.references.manager import filled

NAMES = (
    "age", "aws-sm", "aws-ssm", "azure-kv", "bao", "bw", "exec", "gcp-sm",
    "gh", "gopass", "keepassxc", "op", "pass", "sops", "vault",
)  # fmt: skip
EXEC = Settings(programs={"corp": ("/usr/bin/corp-key", "eng")})
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:eng/claude-AbCdEf"


@pytest.fixture(name="known", scope="module")
def all_managers():
    return managers.load(EXEC)


def test_there_is_a_row_for_each_manager(known):
    assert known.names() == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_says_all_that_people_are_told(known, name):
    manager = known.get(name)
    assert known.parse(manager.example).manager == name
    assert manager.title
    assert manager.rotate
    assert manager.sign_in
    assert manager.install
    assert 0 < manager.deadline <= 60
    assert manager.texts.locked or name == "exec"


@pytest.mark.parametrize("name", NAMES)
def test_what_people_are_told_names_their_item(known, name):
    row = known.get(name)
    parts = known.parse(row.example).parts
    for text in (row.rotate, row.sign_in):
        told = filled(text, parts)
        assert "{" not in told
        assert "  " not in told


COMMANDS = {
    "op://Eng/claude/key": "op read --no-newline op://Eng/claude/key",
    "op://Eng Team/My item/login/one-time password?attribute=otp":
        "op read --no-newline "
        "op://Eng Team/My item/login/one-time password?attribute=otp",
    "pass:ai/claude": "pass show ai/claude",
    "pass:ключ/クロード": "pass show ключ/クロード",
    "gopass:ai/claude": "gopass show -o ai/claude",
    "gopass:ai/claude#user": "gopass show -o ai/claude user",
    "bw:claude": "bw get password claude --nointeraction",
    "bw:claude/username": "bw get username claude --nointeraction",
    "bw:claude/API key": "bw get item claude --nointeraction",
    "vault:secret/ai/claude#key":
        "vault kv get -field=key secret/ai/claude",
    "bao:kv/claude#key": "bao kv get -field=key kv/claude",
    "aws-sm:eng/claude":
        "aws secretsmanager get-secret-value --secret-id eng/claude "
        "--query SecretString --output text --cli-connect-timeout 2",
    f"aws-sm:{ARN}#key":
        f"aws secretsmanager get-secret-value --secret-id {ARN} "
        "--query SecretString --output text --cli-connect-timeout 2",
    "aws-ssm:/eng/claude":
        "aws ssm get-parameter --name /eng/claude --with-decryption "
        "--query Parameter.Value --output text --cli-connect-timeout 2",
    "gcp-sm:eng-prod/claude":
        "gcloud secrets versions access latest --secret=claude "
        "--project=eng-prod",
    "gcp-sm:eng-prod/claude/7":
        "gcloud secrets versions access 7 --secret=claude --project=eng-prod",
    "azure-kv:eng-kv/claude-key":
        "az keyvault secret show --vault-name eng-kv --name claude-key "
        "--query value -o tsv",
    "gh:github.com/octocat":
        "gh auth token --hostname github.com --user octocat",
    "exec:corp": "/usr/bin/corp-key eng",
}  # fmt: skip


@pytest.mark.parametrize("text", COMMANDS)
def test_a_reference_becomes_these_words(known, text):
    reference = known.parse(text)
    manager = known.get(reference.manager)
    parts = invocation.parts_of(manager, reference)
    words = invocation.command_of(manager, parts)
    assert " ".join(words) == COMMANDS[text]


def test_a_file_below_the_home_is_this_persons(known, home):
    reference = known.parse("sops:~/team/s.yaml#anthropic/keys/0")
    manager = known.get("sops")
    words = invocation.command_of(
        manager, invocation.parts_of(manager, reference)
    )
    assert words == [
        "sops", "-d", "--extract", '["anthropic"]["keys"][0]',
        f"{home}/team/s.yaml",
    ]  # fmt: skip


def test_settings_of_a_manager_become_words_of_it():
    table = {"profile": "eng", "region": "eu-west-1", "deadline": 5}
    known = managers.load(Settings(managers={"aws-ssm": table}))
    manager = known.get("aws-ssm")
    parts = invocation.parts_of(manager, known.parse("aws-ssm:/a"))
    words = invocation.command_of(manager, parts)
    assert words[-4:] == ["--profile", "eng", "--region", "eu-west-1"]
    assert manager.deadline == 5


HOSTILE = (
    "", "op", "op:", "op://", "op://Eng", "op://Eng/claude", "op:Eng/claude/k",
    "op://-Eng/claude/key", "op://Eng/--account=x/key", "op://Eng/claude/key?x",
    "op://Eng/../key", "op://a/b/c/d/e", "op://Eng/claude/key\n",
    "op://Eng/claude/key --account evil\0", "OP://Eng/claude/key",
    "pass:", "pass:-c", "pass:--clip", "pass:/etc/passwd", "pass:../../etc",
    "pass:a/../b", "pass:a/./b", "pass:a//b", "pass:a/", "pass: a", "pass:a ",
    "pass:a\nb", "pass:a\tb", "pass:a\x1b[2Jb", "pass:a\u202eb",
    "pass:a\u00a0b", "pass:\ud800", "pass:" + "a" * 2000,
    "gopass:-x", "gopass:a#", "gopass:a#-x", "gopass:a#b#c",
    "bw:", "bw:-x", "bw:a/--session", "bw:a/b/c",
    "keepassxc:/a.kdbx", "keepassxc:a.kdbx#x", "keepassxc:/a.kdbx#-x",
    "keepassxc:../a.kdbx#x", "keepassxc:/a.kdbx#/x", "keepassxc:-k#x",
    "vault:secret#key", "vault:secret/x", "vault:-address=http://e/x#k",
    "vault:secret/-x#k", "vault:secret/x#-k", "vault:secret/../sys#k",
    "vault://secret/x#k", "bao:-x/y#z",
    "aws-sm:file:///etc/passwd", "aws-sm:fileb://x", "aws-sm:https://e.example",
    "aws-sm:--endpoint-url=http://e", "aws-sm:a b", "aws-sm:a#", "aws-sm:ключ",
    "aws-ssm:file:///etc/passwd", "aws-ssm:http://e.example/x", "aws-ssm:-x",
    "gcp-sm:p", "gcp-sm:p/-n", "gcp-sm:-p/n", "gcp-sm:p/n/v/w", "gcp-sm:p/n m",
    "azure-kv:v", "azure-kv:@/etc/passwd/x", "azure-kv:v/@file",
    "azure-kv:evil.example/x", "azure-kv:-v/n", "azure-kv:v/n/x;y",
    "age:", "age:x.age", "age:./x.age", "age:-d", "age:~other/x", "age:/a/../b",
    "sops:/f", "sops:f#k", "sops:/f#-k", "sops:/f#a//b",
    "gh:github.com", "gh:github.com/--user", "gh:-h/x", "gh:a/b/c",
    "gh:https://github.com/x", "exec:", "exec:none", "exec:/bin/sh",
    "exec:corp extra", "exec:../corp", "exec:corp/arg", "exec:-c",
    "sh:-c", "file:///etc/passwd", "https://e.example/op", "../op:x",
    "op.toml:",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_reference_is_refused(known, text):
    with pytest.raises(InputError) as e:
        known.parse(text)
    assert e.value.hint


@pytest.mark.parametrize("key", ['a"]["b', "a\\", "a]", 'a"'])
def test_a_key_that_would_leave_its_quotes_is_refused(known, key):
    reference = known.parse(f"sops:/s.yaml#{key}")
    with pytest.raises(InputError, match="sops does not accept"):
        invocation.parts_of(known.get("sops"), reference)


NEAR = {
    "1password://Eng/claude/key": "op://VAULT/ITEM",
    "ref+vault://secret/x": "vault:MOUNT/PATH",
    "ref+awsssm://x": "aws-ssm:NAME",
    "bitwarden:claude": "bw:ITEM",
    "awssm:x": "aws-sm:ID",
    "keepass:/a.kdbx#b": "keepassxc:/FILE",
    "vaults:secret/x#k": "vault:MOUNT/PATH",
    "gpass:x": "gopass:PATH",
}


@pytest.mark.parametrize("text", NEAR)
def test_the_nearest_form_is_named(known, text):
    with pytest.raises(InputError) as e:
        known.parse(text)
    assert f"did you mean {NEAR[text]}" in e.value.hint


def test_a_secret_in_a_references_place_names_the_forms(known):
    with pytest.raises(InputError) as e:
        known.parse("sk-ant-api03-FAKE-0123456789-EXAMPLE")
    assert "op://VAULT/ITEM" in e.value.hint
