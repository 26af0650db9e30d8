"""Vault and OpenBao over HTTP: one contract, of a stub and the real server."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyswitch import kernel_keyring
from keyswitch.errors import (
    InputError,
    KeyswitchError,
    LockedError,
    NoItemError,
    StoreError,
)
from keyswitch.network.http_call import Reply
from keyswitch.secret import Secret
from keyswitch.secrets.references import vault_http
from keyswitch.secrets.references.reference import Reference
from keyswitch.secrets.references.remote.vault_client import VaultClient
from tests.diagnosis import servers
from tests.secrets.references import vault_stub
from tests.secrets.references.signed_jwt import Issuer
from tests.secrets.references.vault_stub import ROOT, VaultStub

KEY = "sk-FAKE-EXAMPLE-one"


@pytest.fixture(autouse=True)
def _keyring_of_this_test(monkeypatch):
    monkeypatch.setattr(kernel_keyring, "_session", None)


@pytest.fixture
def stub(authority):
    with VaultStub(authority.context("localhost")) as server:
        server.role_id = vault_stub.ROLE_ID
        server.secret_id = vault_stub.SECRET_ID
        yield server


@pytest.fixture(
    params=["stub", pytest.param("bao", marks=pytest.mark.real("bao"))]
)
def vault(request, authority, monkeypatch):
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    server = request.getfixturevalue(request.param)
    return Reader(server, authority)


class Reader:
    """Reads by a server's settings."""

    def __init__(self, server, authority, **settings):
        self.server = server
        self.settings = {
            "address": server.address,
            "ca_file": str(authority.ca_file),
            **settings,
        }
        self.deadline = 5.0

    def read(self, *texts):
        wanted = [reference(text) for text in texts]
        found = vault_http.read(wanted, self.settings, self.deadline)
        return [found[one.text] for one in wanted]

    def value(self, text):
        return self.read(text)[0].value.reveal()

    def write(self, text, value):
        vault_http.write(
            reference(text), Secret(value), self.settings, self.deadline
        )

    def with_approle(self, folder):
        (folder / "secret-id").write_text(f"{self.server.secret_id}\n")
        self.settings |= {
            "auth": "approle",
            "role_id": self.server.role_id,
            "secret_id_file": str(folder / "secret-id"),
        }
        return self


def reference(text):
    path, _, field = text.partition("#")
    mount, _, path = path.partition("/")
    parts = {"mount": mount, "path": path, "field": field}
    return Reference(f"bao:{text}", "bao", parts)


def lines_of(caught):
    """Return both lines of an error, once they are seen to be two lines."""
    lines = f"{caught.value.message}\n{caught.value.hint}"
    assert lines.count("\n") == 1
    assert lines.isascii() or "…" in lines
    return lines


# ---------------------------------------------------------------- KV engines


@pytest.mark.parametrize("mount", ["secret", "kv"])
def test_a_field_is_written_beside_others_and_read_back(vault, mount):
    vault.write(f"{mount}/team/claude#key", KEY)
    vault.write(f"{mount}/team/claude#other", "FAKE-two")
    vault.write(f"{mount}/team/claude#key", "FAKE-three")
    found = vault.read(f"{mount}/team/claude#key", f"{mount}/team/claude#other")
    assert [one.value.reveal() for one in found] == ["FAKE-three", "FAKE-two"]
    assert [one.lease for one in found] == [0, 0]


@pytest.mark.parametrize("mount", ["secret", "kv"])
def test_what_is_not_there_is_missing(vault, mount):
    with pytest.raises(NoItemError) as caught:
        vault.value(f"{mount}/team/none#key")
    assert f"no '{mount}/team/none' in OpenBao" in lines_of(caught)


def test_a_missing_field_is_named_with_those_that_are_there(vault):
    vault.write("secret/team/fields#key", KEY)
    vault.write("secret/team/fields#other", KEY)
    with pytest.raises(NoItemError) as caught:
        vault.value("secret/team/fields#token")
    said = lines_of(caught)
    assert "has no field 'token'; it has key, other" in said
    assert KEY not in said


def test_a_mount_that_is_not_there_is_missing(vault):
    with pytest.raises(NoItemError) as caught:
        vault.value("nothere/claude#key")
    assert "has no secrets engine at 'nothere/claude'" in lines_of(caught)


@pytest.mark.parametrize("how", ["deleted", "destroyed"])
def test_a_version_that_is_gone_is_missing_and_says_so(vault, how):
    vault.write(f"secret/team/{how}#key", KEY)
    if isinstance(vault.server, VaultStub):
        vault.server.versions[f"team/{how}"] = [({"key": KEY}, how)]
    elif how == "deleted":
        vault.server.call("DELETE", "secret/data/team/deleted")
    else:
        path = "secret/destroy/team/destroyed"
        vault.server.call("PUT", path, {"versions": [1]})
    with pytest.raises(NoItemError) as caught:
        vault.value(f"secret/team/{how}#key")
    assert how in lines_of(caught)
    vault.write(f"secret/team/{how}#key", "FAKE-again")
    assert vault.value(f"secret/team/{how}#key") == "FAKE-again"


@pytest.mark.parametrize(
    ("value", "read"),
    [("text\n", "text"), (5, "5"), (True, "true"), (" a b ", " a b ")],
)
def test_values_are_read_as_the_command_line_prints_them(vault, value, read):
    put(vault.server, "kv/team/values", {"key": value})
    assert vault.value("kv/team/values#key") == read


@pytest.mark.parametrize(
    ("value", "why"),
    [("", "is empty"), (None, "is not text"), ({"a": 1}, "is not text"),
     ("a\0b", "too large for a secret"), ("x" * 40000, "too large for")],
)  # fmt: skip
def test_what_is_no_secret_is_refused(vault, value, why):
    put(vault.server, "kv/team/odd", {"key": value})
    with pytest.raises(StoreError) as caught:
        vault.value("kv/team/odd#key")
    assert why in lines_of(caught)
    assert not isinstance(caught.value, NoItemError)


def put(server, path, fields):
    if isinstance(server, VaultStub):
        server.plain[path.partition("/")[2]] = fields
    else:
        server.call("POST", path, fields)


def test_a_ttl_of_a_document_is_its_lease(vault):
    put(vault.server, "kv/team/ttl", {"key": KEY, "ttl": "30"})
    assert vault.read("kv/team/ttl#key")[0].lease == 30


# ------------------------------------------------------- credentials made


def test_fields_of_one_credential_belong_together(vault):
    pair = vault.read(
        "rabbitmq/creds/dev#username", "rabbitmq/creds/dev#password"
    )
    assert [one.lease for one in pair] == [vault_stub.LEASE] * 2
    assert all(one.value.reveal() for one in pair)
    if isinstance(vault.server, VaultStub):
        assert vault.server.made == 1


def test_a_role_that_is_not_there_is_missing(vault):
    with pytest.raises(NoItemError) as caught:
        vault.value("rabbitmq/creds/none#username")
    assert "unknown role: none" in lines_of(caught)


def test_what_an_engine_makes_is_not_written(vault):
    with pytest.raises(InputError) as caught:
        vault.write("rabbitmq/creds/dev#username", KEY)
    assert "cannot be written" in lines_of(caught)


# --------------------------------------------------------------- logging in


def test_a_login_is_kept_for_the_next_read(vault, tmp_path):
    vault.write("secret/team/login#key", KEY)
    vault.with_approle(tmp_path)
    assert vault.value("secret/team/login#key") == KEY
    assert vault.value("secret/team/login#key") == KEY
    kept = [name for _, name in kernel_keyring.entries()]
    assert len([n for n in kept if kernel_keyring.LOGINS_PREFIX in n]) == 1
    if isinstance(vault.server, VaultStub):
        assert vault.server.asked("POST").count("POST auth/approle/login") == 1
    kernel_keyring.drop()  # as `lock` does
    assert not kernel_keyring.entries()


def test_a_kept_token_that_has_ended_is_replaced_once(vault, tmp_path):
    vault.write("secret/team/ended#key", KEY)
    vault.with_approle(tmp_path)
    vault.value("secret/team/ended#key")
    name = kernel_keyring.entries()[0][1]
    kept = kernel_keyring.read(name).decode()
    if isinstance(vault.server, VaultStub):
        vault.server.tokens.discard(kept)
    else:
        vault.server.call("POST", "auth/token/revoke-self", {}, token=kept)
    assert vault.value("secret/team/ended#key") == KEY
    assert kernel_keyring.read(name).decode() != kept


def test_a_policy_that_denies_is_no_reason_to_log_in_anew(vault, tmp_path):
    vault.write("secret/private/one#key", KEY)
    vault.with_approle(tmp_path)
    for _ in range(2):
        with pytest.raises(LockedError) as caught:
            vault.value("secret/private/one#key")
        said = lines_of(caught)
        assert (
            "denies access to 'secret/private/one': permission denied" in said
        )
        assert "policy" in said
    if isinstance(vault.server, VaultStub):
        assert vault.server.asked("POST").count("POST auth/approle/login") == 1


@pytest.mark.real("bao")
def test_a_token_that_may_not_look_itself_up_is_still_good(
    bao, authority, monkeypatch
):
    wanted = {"policies": ["team"], "no_default_policy": True}
    made = bao.call("POST", "auth/token/create", wanted)["auth"]
    monkeypatch.setenv("BAO_TOKEN", made["client_token"])
    for path in ("secret/private/one", "nothere/one"):
        with pytest.raises(
            LockedError, match=f"denies access to '{path}': permission"
        ):
            Reader(bao, authority).value(f"{path}#key")


def test_a_login_that_is_not_accepted_is_locked(vault, tmp_path):
    vault.with_approle(tmp_path)
    (tmp_path / "secret-id").write_text("wrong-FAKE-EXAMPLE")
    with pytest.raises(LockedError) as caught:
        vault.value("secret/team/claude#key")
    said = lines_of(caught)
    assert "rejected the approle login: invalid role" in said
    assert "wrong-FAKE" not in said


def test_a_token_that_is_not_known_is_locked(vault, monkeypatch):
    monkeypatch.setenv("BAO_TOKEN", "s.wrongFAKEEXAMPLE")
    with pytest.raises(LockedError) as caught:
        vault.value("secret/team/claude#key")
    said = lines_of(caught)
    assert "rejected the token, which may have expired" in said
    assert "bao login" in said
    assert "wrongFAKE" not in said


def test_a_token_comes_from_the_variable_then_from_the_file(
    vault, monkeypatch, home
):
    vault.write("kv/team/token#key", KEY)
    monkeypatch.setenv("BAO_TOKEN", "")
    (home / ".vault-token").write_text(ROOT)
    assert vault.value("kv/team/token#key") == KEY
    (home / ".vault-token").write_text("wrong-FAKE")
    (home / "own").write_text(f"{ROOT}\n")
    vault.settings["token_file"] = "~/own"
    assert vault.value("kv/team/token#key") == KEY
    (home / "own").unlink()
    with pytest.raises(LockedError) as caught:
        vault.value("kv/team/token#key")
    assert "no token for OpenBao" in lines_of(caught)


# ---------------------------------------------- what goes wrong on the way


@pytest.fixture
def reader(stub, authority, monkeypatch):
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    stub.plain["team/claude"] = {"key": KEY}
    return Reader(stub, authority)


def test_a_token_without_the_right_to_patch_reads_and_sets(reader):
    reader.write("secret/team/old#key", KEY)
    path = "secret/data/team/old"
    reader.server.said["PATCH", path] = (405, {"errors": ["not supported"]})
    reader.write("secret/team/old#other", "FAKE-two")
    reader.server.said["PATCH", path] = (403, vault_stub.DENIED)
    reader.write("secret/team/old#third", "FAKE-three")
    assert reader.value("secret/team/old#key") == KEY
    assert reader.value("secret/team/old#other") == "FAKE-two"
    assert len(reader.server.versions["team/old"]) == 3


HTML = b"<html><body>Please log in</body></html>"
ODD_ANSWERS = {  # status, body -> error, words of both lines
    (503, '{"errors":["Vault is sealed"]}'): (LockedError, "is sealed"),
    (503, '{"errors":["error 5"]}'): (StoreError, "503: error 5"),
    (500, '{"errors":["internal error"]}'): (StoreError, "500: internal"),
    (502, '{"errors":[]}'): (StoreError, "answered 502"),
    (472, '{"errors":["x"]}'): (StoreError, "is a standby of OpenBao (472)"),
    (473, '{"errors":["x"]}'): (
        StoreError,
        "set the address of the active server",
    ),
    (429, '{"errors":["quota"]}'): (StoreError, "accepts no more requests"),
    (400, '{"errors":["missing"]}'): (StoreError, "answered 400: missing"),
    (404, '{"errors":["namespace not found"]}'): (StoreError, "'namespace'"),
    (404, "{}"): (StoreError, "answered 404"),
    (404, '{"message":"no Route matched"}'): (StoreError, "answered 404"),
    (200, HTML.decode()): (StoreError, "but not with OpenBao's JSON"),
    (404, HTML.decode()): (StoreError, "but not with OpenBao's JSON"),
    (403, HTML.decode()): (StoreError, "but not with OpenBao's JSON"),
    (200, ""): (StoreError, "answered 200"),
    (200, "[1]"): (StoreError, "but not with OpenBao's JSON"),
    (200, '{"data": [1]}'): (StoreError, "answered 200"),
    (200, "[" * 100000): (StoreError, "but not with OpenBao's JSON"),
    (200, "x" * (1 << 20) + "y"): (StoreError, "more than 1 MiB"),
}


@pytest.mark.parametrize(
    "case", ODD_ANSWERS, ids=lambda c: f"{c[0]} {c[1][:24]}"
)
def test_an_odd_answer_is_never_a_missing_item(reader, case):
    kind, words = ODD_ANSWERS[case]
    reader.server.said["*"] = (case[0], case[1].encode())
    with pytest.raises(kind) as caught:
        reader.value("kv/team/claude#key")
    assert words in lines_of(caught)
    assert not isinstance(caught.value, NoItemError)


def test_no_redirect_is_followed(reader):
    elsewhere = {"Location": "https://other.example/v1/kv/team/claude"}
    reader.server.said["*"] = (307, b"", elsewhere)
    with pytest.raises(StoreError) as caught:
        reader.value("kv/team/claude#key")
    assert "redirects to other.example" in lines_of(caught)
    assert len(reader.server.requests) == 1


def test_words_of_a_server_are_one_line_without_secrets(reader):
    errors = [f"1 error occurred:\n\t* bad \x1b[31m {ROOT} hvs.{'A' * 30}\n\n"]
    reader.server.said["*"] = (500, {"errors": errors})
    with pytest.raises(StoreError) as caught:
        reader.value("kv/team/claude#key")
    said = lines_of(caught)
    assert "bad \\x1b[31m … hvs.…" in said
    assert ROOT not in said


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("page", [HTML, b'{"errors":["denied"]}'])
def test_a_gateway_that_hides_the_mounts_hides_no_document(
    reader, status, page
):
    reader.write("secret/team/hidden#key", "FAKE-two")
    for path in ("secret/team/hidden", "kv/team/claude", "secret/team/none",
                 "rabbitmq/creds/dev"):  # fmt: skip
        at = f"sys/internal/ui/mounts/{path}"
        reader.server.said[at] = (status, page)
    assert reader.value("secret/team/hidden#key") == "FAKE-two"
    assert reader.value("kv/team/claude#key") == KEY
    assert reader.read("rabbitmq/creds/dev#username")[0].lease == 3600
    with pytest.raises(NoItemError):
        reader.value("secret/team/none#key")
    reader.write("secret/team/hidden#other", "FAKE-three")
    assert reader.value("secret/team/hidden#key") == "FAKE-two"
    with pytest.raises(StoreError, match="cannot tell which engine"):
        reader.write("kv/team/claude#key", "FAKE-three")


def test_a_server_that_says_nothing_is_locked_at_the_deadline(reader):
    with servers.Silent() as silent:
        reader.settings["address"] = silent.url
        reader.deadline = 0.2
        with pytest.raises(LockedError) as caught:
            reader.value("kv/team/claude#key")
    assert "did not answer in time" in lines_of(caught)


def test_a_server_that_drips_is_locked_at_the_deadline(reader):
    with servers.Rude(b"HTTP/1.1 200 OK\r\n" * 99, pause=0.05) as drips:
        reader.settings["address"] = drips.url
        reader.deadline = 0.3
        with pytest.raises(LockedError):
            reader.value("kv/team/claude#key")


def test_a_port_where_nothing_listens_is_not_reached(reader):
    reader.settings["address"] = f"https://127.0.0.1:{servers.closed_port()}"
    with pytest.raises(StoreError) as caught:
        reader.value("kv/team/claude#key")
    assert ": connection refused" in lines_of(caught)


def test_no_token_is_sent_where_the_certificate_is_not_trusted(reader):
    del reader.settings["ca_file"]
    with pytest.raises(StoreError) as caught:
        reader.value("kv/team/claude#key")
    assert "the certificate of localhost" in lines_of(caught)
    reader.settings["address"] = f"https://127.0.0.1:{reader.server.port}"
    with pytest.raises(StoreError):
        reader.value("kv/team/claude#key")
    assert reader.server.requests == []


def test_a_file_without_authorities_trusts_nobody(reader, tmp_path):
    for text in ("", "no certificate"):
        (tmp_path / "ca").write_text(text)
        reader.settings["ca_file"] = str(tmp_path / "ca")
        with pytest.raises(StoreError, match="contains no CA certificate"):
            reader.value("kv/team/claude#key")
    reader.settings["ca_file"] = str(tmp_path / "none")
    with pytest.raises(StoreError, match="contains no CA certificate"):
        reader.value("kv/team/claude#key")


def test_a_proxy_passes_tls_on_and_reads_nothing(
    reader, authority, monkeypatch
):
    reader.settings["address"] = "https://vault.example:8200"
    stub = VaultStub(authority.context("vault.example"))
    stub.plain["team/claude"] = {"key": KEY}
    with stub, servers.Proxy(target=stub.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        assert reader.value("kv/team/claude#key") == KEY
        asked = {f"{r.method} {r.path}" for r in proxy.requests}
        assert asked == {"CONNECT vault.example:8200"}
        proxy.reply.status = 407
        with pytest.raises(StoreError) as caught:
            reader.value("kv/team/claude#key")
    assert "answered 407 for vault.example:8200" in lines_of(caught)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["auth", "client_token", "data", "deletion_time", "errors",
                 "lease_duration", "metadata", "options", "path", "ttl",
                 "type", "version", "warnings"]
            ), inner, max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    st.sampled_from([200, 204, 400, 403, 404, 412, 500, 503]),
    ANYTHING, st.sampled_from(["approle", "token"]),
)  # fmt: skip
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_is_answered_is_a_value_or_a_typed_error(
    monkeypatch, status, document, auth
):
    body = json.dumps(document).encode()
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    monkeypatch.setattr(
        VaultClient, "_replied", lambda *_: Reply(status, {}, body)
    )
    table = {"address": "https://v.example", "auth": auth, "role_id": "x"}
    wanted = reference("secret/team/any#type")
    for ask in (
        lambda: vault_http.read([wanted], table, 5, keep=False),
        lambda: vault_http.write(wanted, Secret(KEY), table, 5, keep=False),
        lambda: vault_http.probe("bao", table, 5, keep=False),
    ):
        with contextlib.suppress(KeyswitchError):
            ask()


# ------------------------------------------------------- settings and paths


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"address": "http://vault.example"}, "must be https"),
        ({"address": "http://127.0.0.1.example"}, "must be https"),
        ({"address": "https://user:FAKE@vault.example"}, "is not an address"),
        ({"address": "vault.example"}, "is not an address"),
        ({"address": 5}, "'address' must be a string"),
        ({"namespace": "a\nb"}, "'namespace' must be a string"),
        ({"ca_file": "ca.pem"}, "'ca_file' must be an absolute path"),
        ({"auth": "ldap"}, "one of token, approle, kubernetes, jwt, "),
        ({"auth": "approle"}, "'role_id' or 'role_id_file'"),
        ({"auth": "kubernetes"}, "needs 'role'"),
    ],
)
def test_settings_that_are_wrong_are_refused(reader, wrong, why):
    reader.settings |= wrong
    with pytest.raises(InputError) as caught:
        reader.value("kv/team/claude#key")
    assert why in lines_of(caught)
    assert "FAKE" not in lines_of(caught)
    assert reader.server.requests == []


def test_an_address_of_a_variable_does_not_count_and_is_shown(
    reader, monkeypatch
):
    del reader.settings["address"]
    monkeypatch.setenv("VAULT_ADDR", "https://user:FAKE@vault.example/x")
    with pytest.raises(StoreError) as caught:
        reader.value("kv/team/claude#key")
    said = lines_of(caught)
    assert '[managers.bao] address = "https://vault.example/x"' in said


@pytest.mark.parametrize(
    "path",
    ["kv/../sys/health", "kv/./x", "kv//x", "sys/health", "auth/token/create"],
)
def test_a_path_leads_to_secrets_only(reader, path):
    with pytest.raises(InputError):
        reader.value(f"{path}#key")
    assert reader.server.requests == []


def test_odd_characters_of_a_path_are_part_of_it(reader):
    reader.write("secret/team/a b?c=d%2e&ü#key", "FAKE-two")
    assert reader.value("secret/team/a b?c=d%2e&ü#key") == "FAKE-two"
    asked = reader.server.asked("GET")[-1]
    assert asked == "GET secret/data/team/a%20b%3Fc%3Dd%252e%26%C3%BC"


def test_a_namespace_goes_with_each_request(reader):
    reader.settings["namespace"] = "/eng/ki/"
    reader.value("kv/team/claude#key")
    sent = {r.headers.get("x-vault-namespace") for r in reader.server.requests}
    assert sent == {"eng/ki"}


def test_no_request_goes_round_a_proxy_of_another_kind(reader, monkeypatch):
    reader.settings["address"] = "https://vault.example"
    monkeypatch.setenv("https_proxy", "socks5://user:FAKE@127.0.0.1:1")
    with pytest.raises(StoreError) as caught:
        reader.value("kv/team/claude#key")
    assert "is not an HTTP proxy" in lines_of(caught)
    assert "FAKE" not in lines_of(caught)


# ------------------------------------------- tokens of clusters and of jobs


@pytest.mark.real("bao")
def test_the_real_server_takes_tokens_of_a_cluster_and_of_a_job(
    bao, authority, tmp_path
):
    bao.call("POST", "secret/data/team/job", {"data": {"key": KEY}})
    path = tmp_path / "token"
    job = Reader(bao, authority, auth="jwt", role="ci", token_file=str(path))
    path.write_text(bao.issuer.token("repo:acme/app"))
    assert job.value("secret/team/job#key") == KEY
    kernel_keyring.drop()
    path.write_text(Issuer().token("repo:acme/app"))
    with pytest.raises(LockedError, match="rejected the jwt login"):
        job.value("secret/team/job#key")
    pod = Reader(
        bao, authority, auth="kubernetes", mount="k8s/eu", role="dev",
        token_file=str(path),
    )  # fmt: skip
    path.write_text(bao.service_account("dev"))
    assert pod.value("secret/team/job#key") == KEY
    kernel_keyring.drop()
    path.write_text(bao.service_account("other"))
    with pytest.raises(LockedError, match="rejected the kubernetes"):
        pod.value("secret/team/job#key")


def test_a_service_account_logs_in(reader, tmp_path):
    (tmp_path / "token").write_text("eyJ-FAKE-EXAMPLE\n")
    reader.settings |= {
        "auth": "kubernetes", "role": "dev", "mount": "k8s/eu",
        "token_file": str(tmp_path / "token"),
    }  # fmt: skip
    login = {"auth": {"client_token": ROOT, "lease_duration": 60}}
    reader.server.said["auth/k8s/eu/login"] = (200, login)
    assert reader.value("kv/team/claude#key") == KEY
    body = json.loads(reader.server.requests[0].body)
    assert body == {"role": "dev", "jwt": "eyJ-FAKE-EXAMPLE"}


def test_a_job_of_github_logs_in_with_a_token_for_its_audience(
    reader, monkeypatch
):
    reader.settings |= {"auth": "jwt", "role": "ci", "audience": "https://v/?"}
    given = servers.Reply(body={"count": 1, "value": "eyJ-FAKE-EXAMPLE"})
    with servers.Service(given) as github:
        url = f"{github.url}/job?api-version=2.0"
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "FAKE-ask")
        assert reader.value("kv/team/claude#key") == KEY
        (asked,) = github.requests
    query = "api-version=2.0&audience=https%3A%2F%2Fv%2F%3F"
    assert asked.path == f"/job?{query}"
    assert asked.headers["authorization"] == "bearer FAKE-ask"
    body = json.loads(reader.server.requests[0].body)
    assert body == {"role": "ci", "jwt": "eyJ-FAKE-EXAMPLE"}


@pytest.mark.parametrize(
    ("url", "words"),
    [("", "no job token"), ("http://github.example/", "is not https")],
)
def test_a_job_without_a_token_is_locked(reader, monkeypatch, url, words):
    reader.settings |= {"auth": "jwt", "role": "ci"}
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "FAKE-ask")
    with pytest.raises(LockedError) as caught:
        reader.value("kv/team/claude#key")
    assert words in lines_of(caught)


def test_a_job_of_gitlab_logs_in_with_its_variable(reader, monkeypatch):
    reader.settings |= {"auth": "jwt", "token_variable": "VAULT_ID_TOKEN"}
    with pytest.raises(LockedError, match="VAULT_ID_TOKEN"):
        reader.value("kv/team/claude#key")
    monkeypatch.setenv("VAULT_ID_TOKEN", "eyJ-FAKE-EXAMPLE")
    assert reader.value("kv/team/claude#key") == KEY
    body = json.loads(reader.server.requests[0].body)
    assert body == {"jwt": "eyJ-FAKE-EXAMPLE"}


def test_an_agent_adds_its_own_token(reader, monkeypatch):
    monkeypatch.delenv("BAO_TOKEN")
    reader.settings["auth"] = "agent"
    reader.server.tokens.add(None)
    assert reader.value("kv/team/claude#key") == KEY
    sent = [r.headers.get("x-vault-token") for r in reader.server.requests]
    assert set(sent) == {None}
    reader.server.tokens.discard(None)
    with pytest.raises(LockedError):
        reader.value("kv/team/claude#key")


def test_a_login_that_asks_for_a_second_factor_says_so(reader, monkeypatch):
    reader.settings |= {"auth": "jwt", "token_variable": "VAULT_ID_TOKEN"}
    monkeypatch.setenv("VAULT_ID_TOKEN", "eyJ-FAKE-EXAMPLE")
    auth = {"client_token": "", "mfa_requirement": {"mfa_request_id": "x"}}
    reader.server.said["auth/jwt/login"] = (200, {"auth": auth})
    with pytest.raises(LockedError, match="second factor"):
        reader.value("kv/team/claude#key")


@pytest.mark.parametrize("num_uses", [0, 5])
def test_nothing_is_kept_where_it_may_not_be(reader, monkeypatch, num_uses):
    reader.settings |= {"auth": "jwt", "token_variable": "VAULT_ID_TOKEN"}
    monkeypatch.setenv("VAULT_ID_TOKEN", "eyJ-FAKE-EXAMPLE")
    auth = {"client_token": ROOT, "lease_duration": 60, "num_uses": num_uses}
    reader.server.said["auth/jwt/login"] = (200, {"auth": auth})
    wanted = [reference("kv/team/claude#key")]
    vault_http.read(wanted, reader.settings, 5, keep=num_uses != 0)
    assert kernel_keyring.entries() == []
