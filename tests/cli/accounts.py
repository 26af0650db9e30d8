"""Two accounts' logins in a home, as Claude Code writes them."""

import json

FOLDERS = ".local/share/keyswitch/claude-code"


def token(account, turn=1, kind="access"):
    """Return a token that says whose it is, and after how many renewals."""
    return f"sk-ant-o{'a' if kind == 'access' else 'r'}t01-FAKE-{account}{turn}"


def log_in(home, account, turn=1, folder=".claude", config=".claude.json"):
    """Write what Claude Code's own login leaves behind."""
    (home / folder).mkdir(parents=True, exist_ok=True)
    document = {
        "claudeAiOauth": {
            "accessToken": token(account, turn),
            "refreshToken": token(account, turn, "refresh"),
            "expiresAt": 4102444800000 + turn,
            "scopes": ["user:inference"],
            "subscriptionType": "max",
            "accountUuid": f"{account}-uuid",
        },
        "mcpOAuth": {"kept": 1},
    }
    (home / folder / ".credentials.json").write_text(json.dumps(document))
    (home / config).write_text(
        json.dumps(
            {
                "hasCompletedOnboarding": True,
                "oauthAccount": {
                    "accountUuid": f"{account}-uuid",
                    "emailAddress": f"{account}@example.com",
                },
            }
        )
    )


def live(home, folder=".claude"):
    """Return the access token of a folder, "" if it has none."""
    path = home / folder / ".credentials.json"
    if not path.exists():
        return ""
    return json.loads(path.read_text()).get("claudeAiOauth", {}).get(
        "accessToken", ""
    )  # fmt: skip


def live_anywhere(home):
    """Return every live access token below a home, sorted."""
    found = [
        json.loads(path.read_text()).get("claudeAiOauth", {})
        for path in home.rglob(".credentials.json")
    ]
    return sorted(f["accessToken"] for f in found if f)


def two_accounts(ks):
    """Keep the logins of accounts a and b; b's is live, `use` chose it."""
    log_in(ks.home, "a")
    ks("login", "a", "--capture")
    log_in(ks.home, "b")
    ks("login", "b", "--capture")
    ks("use", "b")
    return ks
