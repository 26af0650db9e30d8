"""Values that are written where a reference leads: on stdin, in one place."""

import base64
import json

import pytest

from keyswitch.errors import InputError, LockedError, StoreError
from keyswitch.profiles.settings import Settings
from tests.secrets.references.fake_tools import VALUE, answer

PLAIN = {
    "vault:secret/ai/claude#key": "kv patch secret/ai/claude key=-",
    "bao:secret/ai/claude#key": "kv patch secret/ai/claude key=-",
    "aws-ssm:/eng/claude": (
        "ssm put-parameter --name /eng/claude --type SecureString --overwrite "
        "--value file:///dev/stdin --cli-connect-timeout 2"
    ),
    "gcp-sm:eng-prod/claude": (
        "secrets versions add claude --project=eng-prod --data-file=-"
    ),
    "azure-kv:eng-kv/claude": (
        "keyvault secret set --vault-name eng-kv --name claude --file "
        "/dev/stdin --encoding utf-8 -o none"
    ),
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_value_goes_to_stdin_and_no_word_has_it(tools, text):
    tools.takes(text.partition(":")[0])
    tools.put(text)
    assert " ".join(tools.words()) == PLAIN[text]
    assert tools.given() == VALUE


def test_sops_takes_json(tools, home):
    (home / "s.yaml").write_text("there")
    tools.takes("sops")
    tools.put("sops:~/s.yaml#a/0", 'a "quoted" value')
    assert tools.words() == [
        "set", "--value-stdin", f"{home}/s.yaml", '["a"][0]'
    ]  # fmt: skip
    assert tools.given() == '"a \\"quoted\\" value"'


CREATED = {
    "vault:secret/new#key": (
        "*patch*", "Code: 404. Errors:", "kv put secret/new key=-"),
    "gcp-sm:eng-prod/new": (
        "*versions*", "NOT_FOUND: Secret [x] not found", (
            "secrets create new --project=eng-prod "
            "--replication-policy=automatic --data-file=-")),
}  # fmt: skip


@pytest.mark.parametrize("text", CREATED)
def test_an_item_that_is_not_there_is_made(tools, text):
    pattern, says, words = CREATED[text]
    tools.takes(text.partition(":")[0], [(pattern, "", says)])
    tools.put(text)
    assert " ".join(tools.words()) == words
    assert tools.given() == VALUE


def test_a_failure_that_is_not_missing_makes_nothing(tools):
    tools.takes("vault", [("*patch*", "", "* permission denied")])
    with pytest.raises(LockedError, match="permission denied"):
        tools.put("vault:secret/x#key")
    assert not (tools.folder / "given").exists()


def test_other_lines_of_an_entry_of_pass_stay(tools, home):
    entry = home / ".password-store" / "ai" / "claude.gpg"
    tools.takes("pass", [("show*", "old\nuser: me\n", "")])
    tools.put("pass:ai/claude")
    assert tools.given() == f"{VALUE}\n"  # there is no such entry yet
    entry.parent.mkdir(parents=True)
    entry.write_text("there")
    tools.put("pass:ai/claude")
    assert tools.words() == ["insert", "-m", "-f", "ai/claude"]
    assert tools.given() == f"{VALUE}\nuser: me\n"


def test_a_listing_of_gopass_is_not_written_back(tools):
    tools.takes("gopass", [("show*", "ai/\n└── claude\n", "")])
    with pytest.raises(StoreError, match="several lines, as for a folder"):
        tools.put("gopass:ai")
    assert not (tools.folder / "given").exists()
    whole = [("*-u*", "old\nuser: me\n", ""), ("show*", "old\n", "")]
    tools.takes("gopass", whole)
    tools.put("gopass:ai/claude")
    assert tools.given() == f"{VALUE}\nuser: me\n"
    tools.put("gopass:ai/claude#token")
    assert tools.words() == ["insert", "-f", "ai/claude", "token"]
    assert tools.given() == VALUE


ITEM = {
    "id": "abc",
    "title": "claude",
    "sections": [{"id": "s1", "label": "Prod"}],
    "fields": [
        {"id": "username", "label": "username", "value": "me"},
        {"id": "f1", "label": "Key", "value": "old"},
        {"id": "f2", "label": "Key", "section": {"id": "s1"}, "value": "old"},
    ],
}
OP_MISSING = '[ERROR] "claude" isn\'t an item. Specify the item with its UUID'


def values(item):
    return {
        (field.get("section", {}).get("id", ""), field["label"]): field["value"]
        for field in item["fields"]
    }


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("key", ("", "Key")),
        ("s1/Key", ("s1", "Key")),
        ("new", ("", "new")),
        ("Prod/new", ("s1", "new")),
        ("Test/new", ("Test", "new")),
    ],
)
def test_one_field_of_an_item_of_1password_changes(tools, path, place):
    tools.takes("op", [("item?get*", json.dumps(ITEM), "")])
    tools.put(f"op://Eng/claude/{path}")
    assert tools.words() == ["item", "edit", "claude", "--vault", "Eng"]
    item = json.loads(tools.given())
    assert values(item) == {**values(ITEM), place: VALUE}
    assert item["title"] == "claude"


def test_an_item_of_1password_is_made(tools):
    tools.takes("op", [("item?get*", "", OP_MISSING)])
    tools.put("op://Eng/claude/Prod/key")
    assert tools.words() == ["item", "create", "--vault", "Eng", "-"]
    item = json.loads(tools.given())
    assert values(item) == {("Prod", "key"): VALUE}
    assert item["sections"] == [{"id": "Prod", "label": "Prod"}]


BW_ITEM = {
    "id": "0-1", "name": "claude", "login": {"username": "me", "password": "o"},
    "fields": [{"name": "API key", "value": "old", "type": 1}], "notes": "n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("", {"login": {"username": "me", "password": VALUE}}),
        ("/notes", {"notes": VALUE}),
        (
            "/API key",
            {"fields": [{"name": "API key", "value": VALUE, "type": 1}]},
        ),
        (
            "/new",
            {
                "fields": [
                    *BW_ITEM["fields"],
                    {"name": "new", "type": 1, "value": VALUE},
                ]
            },
        ),
    ],
)
def test_one_field_of_an_item_of_bitwarden_changes(tools, field, change):
    tools.takes("bw", [("get*", json.dumps(BW_ITEM), "")])
    tools.put(f"bw:claude{field}")
    assert tools.words() == ["edit", "item", "0-1", "--nointeraction"]
    assert json.loads(base64.b64decode(tools.given())) == {**BW_ITEM, **change}


def test_an_item_of_bitwarden_is_made(tools):
    tools.takes("bw", [("get*", "", "Not found.")])
    tools.put("bw:claude")
    assert tools.words() == ["create", "item", "--nointeraction"]
    assert json.loads(base64.b64decode(tools.given())) == {
        "type": 1, "name": "claude", "login": {"password": VALUE}
    }  # fmt: skip


def test_other_keys_of_a_document_in_aws_stay(tools):
    tools.takes("aws", [("*get-secret-value*", '{"a": 1, "key": "old"}\n', "")])
    tools.put("aws-sm:eng/claude#key")
    assert "put-secret-value" in tools.words()
    assert json.loads(tools.given()) == {"a": 1, "key": VALUE}
    tools.put("aws-sm:eng/claude")
    assert tools.given() == VALUE
    for text in ("plain text\n", "None\n"):
        tools.takes("aws", [("*get-secret-value*", text, "")])
        with pytest.raises(StoreError, match=r"not a JSON object|is binary"):
            tools.put("aws-sm:eng/claude#key")


def test_a_secret_in_aws_is_made(tools):
    says = "An error occurred (ResourceNotFoundException) when calling x"
    tools.takes("aws", [("*get-secret-value*", "", says)])
    tools.put("aws-sm:eng/claude#key")
    assert tools.words()[:4] == [
        "secretsmanager", "create-secret", "--name", "eng/claude"
    ]  # fmt: skip
    assert json.loads(tools.given()) == {"key": VALUE}


def test_keepassxc_gets_its_password_and_the_value(tools, home):
    (home / "s").write_text("there")
    path = f"{home}/s"
    tools.takes("keepassxc")
    for entry in ("AI/claude", "AI/claude/Password"):
        tools.put(f"keepassxc:~/s#{entry}", ask=answer("m-FAKE"))
        assert tools.words() == ["edit", "-p", path, "AI/claude"]
        assert tools.given() == f"m-FAKE\n{VALUE}\n"
    missing = [("edit*", "", "Could not find entry with path AI/claude.")]
    tools.takes("keepassxc", missing)
    tools.put("keepassxc:~/s#AI/claude", ask=answer("m-FAKE"))
    assert tools.words() == ["add", "-p", path, "AI/claude"]
    with pytest.raises(InputError, match="cannot write 'UserName'"):
        tools.put("keepassxc:~/s#AI/claude/UserName", ask=answer("m-FAKE"))


REFUSED = {
    "gh:github.com/octocat": "keyswitch cannot write there",
    "exec:corp": "keyswitch cannot write there",
    "op://Eng/claude/otp?attribute=otp": "' cannot be written",
    "gcp-sm:eng-prod/claude/7": "' cannot be written",
    "azure-kv:eng-kv/claude/0a1b": "' cannot be written",
    "age:~/s": "who it is encrypted for",
    "sops:~/none.yaml#a": "no such file: ",
    "keepassxc:~/none.kdbx#a": "no such file: ",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_written_is_refused_before_anything_runs(
    tools, home, text
):
    (home / "s").write_text("there")
    program = tools.takes("exec")
    tools.takes(text.partition(":")[0])
    settings = Settings(
        programs={"corp": (str(program),)},
        managers={"age": {"identity": "/k"}},
    )
    with pytest.raises((InputError, StoreError), match=REFUSED[text]) as e:
        tools.put(text, settings=settings, ask=answer("m"))
    assert e.value.hint
    assert not (tools.folder / "words").exists()


@pytest.mark.parametrize("text", ["pass:a", "keepassxc:~/s#a", "gopass:a"])
def test_a_value_of_lines_is_not_cut(tools, home, text):
    (home / "s").write_text("there")
    missing = "entry is not in the password store"
    tools.takes(text.partition(":")[0], [("show*", "", missing)])
    with pytest.raises(InputError, match="several lines"):
        tools.put(text, "a\nb", ask=answer("m"))


def test_a_row_of_ones_own_may_write(tools):
    row = {
        "command": ["corp-key", "get", "{path}"],
        "write": ["corp-key", "put", "{path}"],
        "written": "line",
    }
    settings = Settings(managers={"corp": row})
    tools.takes("exec")
    with pytest.raises(StoreError, match="is not allowed yet"):
        tools.put("corp:a", settings=settings)
    tools.allow("corp:a", settings)
    tools.put("corp:a", settings=settings)
    assert tools.words() == ["put", "a"]
    assert tools.given() == f"{VALUE}\n"
