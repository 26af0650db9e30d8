"""Accounts, a service that hands out tokens, and a Claude Code that uses them.

Refresh tokens work once. The files are written the way Claude Code does it:
temporary file and rename, other sections kept, its own locks in its own order
for who is polite, none at all for an old session.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from keyswitch.targets.splice import Edited

HOUR = 3_600_000
BEGIN = 4_000_000_000_000  # when the first token ends: no test lives so long

OAUTH, DEVICE = "claudeAiOauth", "trustedDeviceToken"
NAME = "oauthAccount"
SECTIONS = '"mcpOAuth":{ "x" :{"accessToken":"FAKE-mcp","n":1e400}}'
SETTINGS = '"odd":1E5,"projects":{"/x":{"a":[1,\t2]}},"mcpServers":{ }'


@dataclass(frozen=True)
class Account:
    """One account in one organisation, as the service knows it."""

    user: str
    organization: str = ""

    @property
    def uuid(self):
        return f"account-{self.user}"

    @property
    def org(self):
        return f"org-{self.organization or self.user}"

    def name(self):
        return {
            "accountUuid": self.uuid,
            "emailAddress": f"{self.user}@example.com",
            "organizationUuid": self.org,
            "organizationName": f"{self.organization or self.user} & co",
        }


@dataclass
class Service:
    """Hands out tokens; remembers whose each one is and which still work."""

    serial: int = 0
    owner: dict = field(default_factory=dict)  # token -> account
    number: dict = field(default_factory=dict)  # token -> when it was made
    refreshing: set = field(default_factory=set)  # every refresh token
    working: set = field(default_factory=set)  # those not used yet
    begin: int = BEGIN  # when the first token ends
    bare: set = field(default_factory=set)  # accounts of an old Claude Code

    def _token(self, kind, account):
        text = f"sk-ant-{kind}-FAKE-{account.user}-{account.org}-{self.serial}"
        self.owner[text] = account
        self.number[text] = self.serial
        return text

    def log_in(self, account, *, own_name=True):
        """Return the login of a new grant."""
        self.serial += 1
        made = {
            "accessToken": self._token("oat01", account),
            "refreshToken": self._token("ort01", account),
            "expiresAt": self.begin + self.serial * HOUR,
            "scopes": ["user:inference", "user:profile"],
            "subscriptionType": "max",
        }
        if own_name and account not in self.bare:
            made["accountUuid"] = account.uuid
            made["organizationUuid"] = account.org
        self.refreshing.add(made["refreshToken"])
        self.working.add(made["refreshToken"])
        return made

    def renew(self, login):
        """Return a login's successor; None: its token was used already."""
        token = login.get("refreshToken") or ""
        if token not in self.working:
            return None
        self.working.remove(token)
        return self.log_in(self.owner[token], own_name="accountUuid" in login)

    def console_key(self, account):
        """Return a new key of the Console."""
        self.serial += 1
        return self._token("api03", account)


def blanked(login):
    """Return what Claude Code leaves of a login that was refused."""
    gone = {"accessToken": "", "refreshToken": "", "expiresAt": 0}
    return {**login, **gone}


class Claude:
    """Claude Code's files in one home, written as it writes them."""

    def __init__(self, home, service):
        self.home, self.service = home, service
        self.folder = home / ".claude"
        self.credentials = self.folder / ".credentials.json"
        self.config = home / ".claude.json"

    # ------------------------------------------------------------- the files

    def login(self):
        """Return the live login, {} if there is none."""
        return self._member(self.credentials, OAUTH) or {}

    def name(self):
        """Return whose name is shown, {} for nobody's."""
        return self._member(self.config, NAME) or {}

    def key(self):
        """Return the key of a Console login."""
        return self._member(self.config, "primaryApiKey") or ""

    def _member(self, path, name):
        if not path.exists():
            return None
        return json.loads(path.read_text()).get(name)

    def tokens(self):
        """Return every token of an account that the files hold."""
        login = self.login()
        found = {login.get("accessToken"), login.get("refreshToken")}
        return {token for token in (*found, self.key()) if token}

    def shared(self):
        """Return the text of the sections that belong to no account."""
        found = {}
        for path, names in (
            (self.credentials, ("mcpOAuth",)),
            (self.config, ("odd", "projects", "mcpServers")),
        ):
            for name in names if path.exists() else ():
                text = Edited.of(str(path), path.read_bytes())
                found[name] = text.raw((name,))
        return found

    def write(self, path, **members):
        """Set members of a file, None takes one out; the others stay."""
        self.folder.mkdir(exist_ok=True, mode=0o700)
        default = SECTIONS if path == self.credentials else SETTINGS
        before = path.read_text() if path.exists() else "{" + default + "}"
        text = Edited(str(path), before)
        for name, value in members.items():
            raw = json.dumps(value)
            if value is None:
                if text.raw((name,)) is not None:
                    text.remove((name,))
            elif text.raw((name,)) is None:
                text.insert((name,), raw)
            else:
                text.replace((name,), raw)
        staged = path.with_name(f"{path.name}.tmp.{os.urandom(4).hex()}")
        staged.write_text(text.text)
        staged.chmod(0o600)
        staged.replace(path)

    # ----------------------------------------------------- what a person does

    def log_in(self, account, *, own_name=True, **more):
        """Do what /login does: another login, another name."""
        made = self.service.log_in(account, own_name=own_name)
        self.write(self.credentials, **{OAUTH: made})
        self.write(
            self.config,
            primaryApiKey=None,
            **{NAME: account.name(), **more},
        )
        return made

    def console(self, account):
        """Do what a login with the Console does: a key, no tokens."""
        key = self.service.console_key(account)
        self.write(self.credentials, **{OAUTH: None, DEVICE: None})
        self.write(self.config, primaryApiKey=key, **{NAME: account.name()})
        return key

    # -------------------------------------------------- what happens by itself

    @property
    def locks(self):
        """The locks of a renewal, in Claude Code's order."""
        return [
            self.folder / ".oauth_refresh.lock",
            self.home / ".claude.lock",
            self.folder / ".storage-write.lock",
        ]

    def renew(self):
        """Renew the live login with the locks that this takes."""
        login = self.login()
        if not login.get("refreshToken"):
            return
        for lock in self.locks:
            lock.mkdir()
        try:
            made = self.service.renew(login) or blanked(login)
            self.write(self.credentials, **{OAUTH: made})
        finally:
            for lock in reversed(self.locks):
                lock.rmdir()

    def blank(self):
        """Leave what a refused renewal leaves."""
        if self.login():
            self.write(self.credentials, **{OAUTH: blanked(self.login())})


class OldSession:
    """A session that has its login in memory and takes no lock."""

    def __init__(self, claude):
        self.claude = claude
        self.memory = claude.login()

    def write_back(self):
        """Renew what is in memory and write it over whatever is there."""
        made = self.claude.service.renew(self.memory)
        if made is None:
            return False
        self.memory = made
        self.claude.write(self.claude.credentials, **{OAUTH: made})
        return True
