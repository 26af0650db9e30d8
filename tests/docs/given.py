"""What is there before a page is typed: profiles, logins, files."""

from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.cli.logins import Logins

LONG = "0123456789abcdefghijklmnopqrstuvwxyz-" * 4
PASSPHRASE = "a passphrase of many words"
# What is typed for these words of `<!-- types: ... -->`.
TYPED = {
    "KEY": f"sk-ant-api03-FAKE-{LONG}"[:101] + "EXAMPLE",
    "KEY2": f"sk-ant-api03-FAKE-2{LONG}"[:101] + "EXAMPLE",
    "AWS_KEY": "FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK",
    "FOUNDRY_KEY": "FAKEfoundrykey0123456789abcdefEXAMPLE",
    "GATEWAY_TOKEN": "FAKE-gateway-token-0123456789EXAMPLE",
    "ACME_TOKEN": "acme_FAKE0123456789EXAMPLE",
    "TOKEN": f"sk-ant-oat01-FAKE-{LONG}"[:101] + "EXAMPLE",
    "PASSPHRASE": PASSPHRASE,
}
# Profiles that a page may have from its beginning: provider, fields, secret.
PROFILES = {
    "work": ("anthropic", [], KEY),
    "ci": ("anthropic", [], KEY),
    "personal": ("anthropic", [], OTHER),
    "client": (
        "bedrock",
        [
            *("--set", "region=eu-central-1"),
            *("--set", "access_key_id=AKIAFAKEFAKEEXAMPLE0"),
        ],
        TYPED["AWS_KEY"],
    ),
}
NOTHING = "nothing"  # no vault either
LOGIN = "login"  # Claude Code has the login of `me`


def make(ks, names):
    """Make a home as a page's `<!-- given: ... -->` says."""
    if NOTHING not in names:
        ks.with_vault()
    for name in names:
        if name == LOGIN:
            Logins(ks).put("me")
        elif name != NOTHING:
            provider, options, secret = PROFILES[name]
            ks.add(name, *options, provider=provider, secret=secret)
    ks.file("key.txt").write_text(TYPED["KEY"])
    ks.file("passphrase.txt").write_text(PASSPHRASE)


def kit_of_login(folder):
    """Make what `claude auth login` leaves for the account `work`."""
    folder.mkdir()
    Logins(Keyswitch(folder)).put("work")
