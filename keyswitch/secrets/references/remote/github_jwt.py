"""The token that says which job of GitHub Actions this is.

https://docs.github.com/en/actions/concepts/security/openid-connect: a job with
`permissions: id-token: write` is told an address and a token to ask it with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from keyswitch.errors import LockedError
from keyswitch.network.address import address_of
from keyswitch.network.http_call import Connection, Failed
from keyswitch.network.streams import Deadline, usual
from keyswitch.secrets.references.remote.vault_client import proxy_to
from keyswitch.secrets.references.remote.vault_settings import (
    VaultSettings,
    is_loopback,
)

_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


def github_jwt(
    settings: VaultSettings, environ: Mapping[str, str], deadline: Deadline
) -> str:
    """Return a new token of this job, for the audience of the settings."""
    from urllib.parse import quote, urlsplit

    url, token = environ.get(_URL, ""), environ.get(_TOKEN, "")
    address = address_of(url)
    if not token.isprintable() or not token or address is None:
        raise LockedError(
            "no job token to log in with",
            f"set 'token_file' or 'token_variable' in {settings.table}; in "
            "GitHub Actions, the job needs: permissions: id-token: write",
        )
    if address.scheme != "https" and not is_loopback(address.host):
        raise _refused(f"{_URL} is not https")
    query = urlsplit(url).query
    if settings.audience:
        query += f"&audience={quote(settings.audience, safe='')}"
    way = Connection(address, deadline, usual, proxy_to(address))
    headers = {"Authorization": f"bearer {token}", "Accept": "application/json"}
    try:
        way.open()
        reply = way.run(
            "http", lambda: way.ask("GET", headers, query=f"?{query}")
        )
    except Failed as failed:
        raise _refused(f"cannot reach {address.netloc}") from failed.error
    finally:
        way.close()
    try:
        found = json.loads(reply.body)["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if reply.status != 200 or not isinstance(found, str):
        raise _refused(f"{address.netloc} answers {reply.status}")
    return found


def _refused(why: str) -> LockedError:
    return LockedError(
        f"GitHub issued no token for this job: {why}",
        "check the job's permissions: id-token: write",
    )
