"""Logins in Claude Code's files, as the tests of commands need them."""

import json
import time
import tomllib

INFINITE = float("inf")


def tokens(name, number):
    return (
        f"sk-ant-oat01-FAKE-{name}-{number:04}-0000000000000EXAMPLE",
        f"sk-ant-ort01-FAKE-{name}-{number:04}-0000000000000EXAMPLE",
    )


class Logins:
    """Puts logins where Claude Code has them; `ks` keeps and switches them."""

    def __init__(self, ks):
        self.ks = ks
        self.credentials = ks.file(".claude/.credentials.json")
        self.config = ks.file(".claude.json")

    def put(self, name, number=1, hours=8.0, **changes):
        """Log in as somebody, or renew that login (a higher number)."""
        access, refresh = tokens(name, number)
        self.credentials.parent.mkdir(exist_ok=True)
        oauth = {
            "accessToken": access,
            "refreshToken": refresh,
            "expiresAt": int((time.time() + hours * 3600) * 1000),
            "scopes": ["user:inference"],
            "subscriptionType": "max",
            **changes,
        }
        text = json.dumps({"claudeAiOauth": oauth})
        # Python writes what is no JSON; this is, and reads back the same.
        self.credentials.write_text(text.replace("Infinity", "1e999"))
        self.config.write_text(
            json.dumps(
                {
                    "numStartups": 3,
                    "oauthAccount": {
                        "accountUuid": f"FAKE-account-{name}",
                        "organizationUuid": f"FAKE-organization-{name}",
                        "emailAddress": f"{name}@mail.example",
                    },
                }
            )
        )

    def capture(self, name, number=1, **changes):
        self.put(name, number, **changes)
        self.ks("login", name, "--capture", "--store", "vault")

    def live(self):
        """Return the access token that is in place, "" if none is."""
        if not self.credentials.exists():
            return ""
        found = json.loads(self.credentials.read_text())
        return found.get("claudeAiOauth", {}).get("accessToken", "")

    # ------------------------------------------------------------- keeping

    def ledger(self):
        path = self.ks.file(".local/state/keyswitch/baseline/logins.json")
        if not path.exists():
            return {"folders": {}, "generations": {}, "orphans": []}
        return json.loads(path.read_text())

    def reference(self, name):
        """Return the item that a profile's file refers to, "" if none."""
        found = tomllib.loads(self.ks.profile_file(name).read_text())
        return found.get("secrets", {}).get("login", {}).get("item", "")

    def dangling(self):
        """Return what refers to an item that no store has, and the reverse.

        All of it at once: profiles and ledger name exactly what is there.
        """
        from keyswitch.profiles.paths import resolve
        from keyswitch.secrets.vault.reading import Vault

        stored = {
            name.rpartition(":")[0]
            for name in Vault(resolve(self.ks.environ)).entries()
        }
        ledger = self.ledger()
        kept = [g for v in ledger["generations"].values() for g in v]
        kept += ledger["orphans"]
        named = {g["token"].partition(":")[2] for g in kept}
        named |= {
            f["before_name"]
            for f in ledger["folders"].values()
            if f["before"] == "orphan"
        }
        profiles = self.ks.file(".config/keyswitch/profiles")
        named |= {self.reference(p.stem) for p in profiles.glob("*.toml")}
        return (named - {""}) ^ stored

    def found(self, *args):
        """Return {source: (profile, why it is stale)} of a dry run."""
        done = self.ks("revoke-local", *args, "--dry-run", "--json")
        return {
            f["source"]: (f["profile"], f["stale"])
            for f in json.loads(done.out)["found"]
        }

    def all_tokens(self, name, number):
        """Tell whether any file has this login's tokens in the clear."""
        data = b"".join(self.ks.everything().values())
        return any(t.encode() in data for t in tokens(name, number))
