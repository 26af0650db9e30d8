"""Tokens that say which job or service account asks, with a test's key."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

AUDIENCE = "keyswitch-tests"


class Issuer:
    """A key, and tokens of it that hold for an hour."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self):
        """The key that a server checks the tokens with, in PEM."""
        return (
            self._key.public_key()
            .public_bytes(
                serialization.Encoding.PEM,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
            .decode()
        )

    def token(self, subject, **claims):
        """Return a token with ES256."""
        now = int(time.time())
        body = {"sub": subject, "aud": [AUDIENCE], "iat": now - 5,
                "exp": now + 3600, **claims}  # fmt: skip
        head = {"alg": "ES256", "typ": "JWT"}
        signed = f"{_part(head)}.{_part(body)}"
        der = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return f"{signed}.{_text(raw)}"


def _part(claims):
    return _text(json.dumps(claims).encode())


def _text(data):
    return urlsafe_b64encode(data).decode().rstrip("=")
