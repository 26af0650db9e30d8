"""TLS: which authorities are trusted, and what a certificate says."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    import datetime as dt

    from cryptography import x509

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.verdict import Value


def trust(scene: Scene) -> ssl.SSLContext:
    """Return a context that trusts what Claude Code is told to trust.

    A repository's files are left out: one that names a proxy as well could
    read the credential. Certificates are always checked.
    """
    context = ssl.create_default_context()
    # Newer Pythons refuse authorities of companies that Claude Code takes.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    for value in authorities(scene):
        _load(scene, value, context)
    return context


def readable(scene: Scene, value: Value) -> bool:
    """Tell whether the file that a variable names holds a certificate."""
    return _load(scene, value, blind())


def _load(scene: Scene, value: Value, context: ssl.SSLContext) -> bool:
    data = scene.read(os.path.join(scene.cwd, value.text.strip()))
    try:
        context.load_verify_locations(
            cadata=(data or b"").decode("ascii", "ignore")
        )
    except (ssl.SSLError, ValueError):
        return False  # Claude Code goes on without it, too
    return True


def authorities(scene: Scene) -> list[Value]:
    """Return the variables that name further authorities."""
    return [
        value
        for value in map(scene.request.given, rules.AUTHORITIES)
        if value is not None
        and value.source.set_by not in rules.REPOSITORY_LEVELS
    ]


def unchecked(scene: Scene) -> Value | None:
    """Return what turns the check of certificates off for Claude Code."""
    off = scene.request.text(rules.UNCHECKED) == "0"
    return scene.request.get(rules.UNCHECKED) if off else None


def blind() -> ssl.SSLContext:
    """Return a context to look at a certificate with; nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# -------------------------------------------------------------- certificates


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says about itself."""

    issuer: str
    names: tuple[str, ...]
    begins: dt.datetime
    ends: dt.datetime


def read_certificate(data: bytes) -> Certificate | None:
    """Return what a certificate says, or None if it cannot be read."""
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(data)
        return Certificate(
            _issuer(found.issuer),
            _names(found),
            found.not_valid_before_utc,
            found.not_valid_after_utc,
        )
    except (ValueError, x509.DuplicateExtension):
        return None


def _issuer(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    parts = [
        str(attribute.value)
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for attribute in name.get_attributes_for_oid(oid)
    ]
    return ", ".join(dict.fromkeys(parts))


def _names(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        extension = found.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))
