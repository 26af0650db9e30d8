"""A certificate authority for one run: its key is in memory only.

It proves to one command that this process is a service's host. Nobody else
trusts it: its certificate lies in a file that only the command's environment
names, and goes with the run.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import secrets
import ssl
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
# A session may be open for weeks; a host's certificate is made anew each day.
_AUTHORITY_DAYS = 90
_RENEWED_AFTER = 12 * 3600.0  # seconds


class Authority:
    """Signs certificates of hosts. `folder` is private to this run."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(f"keyswitch trace {secrets.token_hex(4)}")
        own = _certificate(self._name, self._name, self._key, self._key)
        own = own.not_valid_after(_now() + _AUTHORITY_DAYS * _DAY)
        for extension, critical in _extensions_of_authority():
            own = own.add_extension(extension, critical=critical)
        self._own = own.sign(self._key, hashes.SHA256())
        self._contexts: dict[str, tuple[float, ssl.SSLContext]] = {}

    @property
    def pem(self) -> bytes:
        """Its certificate."""
        return self._own.public_bytes(serialization.Encoding.PEM)

    def context(self, host: str) -> ssl.SSLContext:
        """Return what proves to be a host, in HTTP/1.1."""
        made, context = self._contexts.get(host, (0.0, None))
        if context is None or time.monotonic() - made > _RENEWED_AFTER:
            made, context = time.monotonic(), self._context(host)
            self._contexts[host] = made, context
        return context

    def _context(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(_name(host), self._name, key, self._key)
        leaf = leaf.not_valid_after(_now() + _DAY)
        for extension, critical in _extensions_of_host(host):
            leaf = leaf.add_extension(extension, critical=critical)
        signed = leaf.sign(self._key, hashes.SHA256())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self._load(context, signed, key)
        return context

    def _load(
        self,
        context: ssl.SSLContext,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
    ) -> None:
        """Give a context its certificate and key.

        Python takes a key from a file only. That file is encrypted under a
        passphrase of this moment, private, and removed at once.
        """
        passphrase = secrets.token_bytes(32).hex().encode()
        path = os.path.join(self._folder, secrets.token_hex(8))
        encrypted = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase),
        )
        chain = certificate.public_bytes(serialization.Encoding.PEM)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            with open(os.open(path, flags, 0o600), "wb") as file:
                file.write(chain + encrypted)
            context.load_cert_chain(path, password=passphrase)
        finally:
            os.unlink(path)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    """Return what certificates of authorities and of hosts have in common."""
    public = key.public_key()
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _HOUR)  # the clock of a virtual machine
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(above(issuer_key.public_key()), False)
    )


def _extensions_of_authority() -> list[tuple[x509.ExtensionType, bool]]:
    """Return (extension, critical) of one that signs hosts, nobody else."""
    return [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(signs_certificates=True), True),
    ]


def _extensions_of_host(host: str) -> list[tuple[x509.ExtensionType, bool]]:
    server = x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([server]), False),
        (x509.SubjectAlternativeName([_general_name(host)]), False),
    ]


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(text: str) -> x509.Name:
    # At most 64 characters; the names of a host are an extension.
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text[:64])])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
