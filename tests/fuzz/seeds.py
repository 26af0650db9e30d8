# ruff: noqa: ISC004 - long literals in pieces
"""One good input for each parser, from which a fuzzer or mutator starts."""

from tests.team import files as team_files
from tests.vectors.vault import make as vaults

GENERATION = (
    b'{"token":"vault:ks1-0","generation":1,"tokens":["ab"],"expires_at":1.0,'
    b'"at":"","account":"u","email":"","organization":"","content":"",'
    b'"with_tokens":true,"says_whose":false}'
)
UNDO = (
    b'{"version":1,"records":[{"at":"2026","command":"use","profile":"work",'
    b'"files":[{"path":"/f","before":null,"after":"ab"}],'
    b'"pointer_before":["a","b"],"pointer_after":null,'
    b'"created":[{"store":"vault","item":"ks1-0","generation":1,'
    b'"fingerprint":"","hint":"","uri":""}],"discarded":[],"splices":'
    b'[{"path":"/s","offset":1,"length":2,"removed":"x","after":null}],'
    b'"modes":[{"path":"/m","before":384,"after":420}],'
    b'"moved":["profile","work",["a","profile","b"]]}]}'
)
SETTINGS = (
    b'\xef\xbb\xbf{\r\n  "env": {"A": "1", "N": 1e400},\r\n  "apiKeyHelper":'
    b' "x",\r\n  "permissions": {"allow": ["Bash"]}\r\n}\r\n'
)
LOGIN = (
    b'{"claudeAiOauth":{"accessToken":"sk-ant-oat01-FAKE","refreshToken":'
    b'"sk-ant-ort01-FAKE","expiresAt":1,"scopes":["a"],"subscriptionType":'
    b'"max"},"oauthAccount":{"accountUuid":"u","emailAddress":"a@b",'
    b'"organizationUuid":"o"},"primaryApiKey":"k","customApiKeyResponses":'
    b'{"approved":["x"],"rejected":[]}}'
)
PROFILE = (
    b'provider = "anthropic"\nlabel = "A"\ncreated = 2026-01-01\nexpect = '
    b'"api"\nisolated = true\nshared = ["agents"]\nonly = ["~/w/**"]\n\n'
    b'[fields]\nmodel = "x" # c\n\n[secrets.api_key]\nstore = "vault"\n'
    b'item = "ks1-0"\ngeneration = 1\n'
)
PROVIDER = (
    b'title = "Own"\nbill = "api"\nfamily = ""\nrivals = ["X"]\nexpiry_days '
    b'= 3\n[constants]\nA = "1"\n[groups.g]\n[fields.key]\nsecret = true\n'
    b'env = ["K"]\nprefixes = ["sk-"]\npattern = "[a-z]+"\ngroup = "g"\n'
    b'refuse = [{prefix = "x", why = "y"}]\n[claude_code]\nhow = "helper"\n'
    b'helper_field = "key"\n'
)
CONFIG = (
    b'store = "vault"\ncache = "key"\ncache_timeout = 60\n'
    b'keychain_deadline = 1.5\n[links]\n"github.com/a/*" = "work"\n'
)
MESSAGE = (
    b"l\x02\x01\x01\x05\0\0\0\x01\0\0\0\x0f\0\0\0"
    b"\x08\x01g\0\x01s\0\0\x05\x01u\0\x07\0\0\0\0\0\0\0\0\0\0\0"
)

SEEDS = {
    "profile_file": [PROFILE],
    "provider_file": [PROVIDER],
    "team_text": [team_files.SOUND.encode()],
    "team_record": [
        b'{"version":1,"name":"acme","source":"/s","sha256":"'
        + b"0" * 64 + b'","at":"2026","tag":"v1","signer":"SHA256:x"}'
    ],
    "config_file": [CONFIG],
    "link_rule": [CONFIG],
    "splice_editor": [SETTINGS, b"{}"],
    "settings_plan": [SETTINGS, b"{}"],
    "settings_as_claude_code_reads_it": [SETTINGS],
    "approvals": [LOGIN, b"{}", b""],
    "credentials": [LOGIN],
    "displaced_record": [
        b'{"version":1,"files":{"s":{"created":false,"owned":[[["a"],"d",'
        b'"raw","x",null]],"elements":[[["a","b"],"d",null,"i"]]}}}'
    ],
    "vault": [
        vaults.content({"name": name})
        for name in ("ok-machine", "ok-passphrase", "ok-scrypt-15")
    ],
    "bundle_entry": [
        b'{"work":{"toml":"provider = \\"anthropic\\"\\n","secrets":'
        b'{"api_key":"sk-ant-api03-FAKE-0000000000000000000EXAMPLE"}}}',
        vaults.content({"name": "magic-bundle"}),
    ],
    "keyswitch_file": [b"work\n", b"work\r\n"],
    "state_file": [
        b'{\n  "version": 1,\n  "active": "a",\n  "previous": "",\n  "stamp": '
        b'"1"\n}\n',
        b'{"active":"a","previous":null,"stamp":"1"}',
    ],
    "journal_file": [
        b'{"steps":[{"target":"/t","stage":"/.keyswitch-0-s","old":null,"new":"ab"}],'
        b'"locks":["/l"],"rights":[["/p",1,2]]}'
    ],
    "undo_file": [UNDO],
    "history_file": [
        b'{"at":"2026","command":"use","profile":"a","fingerprint":""}\n'
    ],
    "login_ledger_file": [
        b'{"version":1,"folders":{"/f":{"live":"a","before":"nothing",'
        b'"before_name":""}},"generations":{"a":['
        + GENERATION + b']},"orphans":[' + GENERATION + b"]}"
    ],
    "compiled_profile": [
        b"provider anthropic\nsettings values 900 allow\nset A b c\nsecret B f"
        b"\nref f vault ks1-0 1\nunset X\nonly ~/w\nnever /n\nrole helper f"
    ],
    "remotes_file": [b"work github.com/a/*"],
    "shell_marker": [b"work:f:1:A,B:C", b"a:p::"],
    "bus_reply": [
        b"\x02as\x06\0\0\0\x01\0\0\0a\0", b"\x06a(oay)\0\0\0\0\0\0\0\0",
        b"\x01v\x01s\0\0\x01\0\0\0a\0",
    ],
    "bus_message": [MESSAGE],
}  # fmt: skip
