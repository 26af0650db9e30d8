"""Judges an AWS signature: was the request signed with this secret?

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from tests.real.stub import Request

_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


def is_signed_with(request: Request, key_id: str, secret: str) -> bool:
    """Tell whether this key pair made the request's signature."""
    match = _FORM.fullmatch(request.headers.get("authorization", ""))
    if match is None or match[1] != key_id:
        return False
    scope, names, signature = match[2], match[3], match[4]
    to_sign = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            request.headers["x-amz-date"],
            scope,
            hashlib.sha256(_canonical(request, names).encode()).hexdigest(),
        ]
    )
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    made = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return hmac.compare_digest(made, signature)


def _canonical(request: Request, names: str) -> str:
    path, _, query = request.path.partition("?")
    pairs = sorted(
        f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}"
        for n, v in parse_qsl(query, keep_blank_values=True)
    )
    headers = "".join(
        f"{name}:{' '.join(request.headers[name].split())}\n"
        for name in names.split(";")
    )
    body = hashlib.sha256(request.body).hexdigest()
    return "\n".join(
        [
            request.method,
            quote(path, safe="/-_.~"),
            "&".join(pairs),
            headers,
            names,
            body,
        ]
    )
