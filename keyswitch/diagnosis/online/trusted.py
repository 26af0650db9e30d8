"""Whom Claude Code takes for a service: the authorities it is told to trust."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from keyswitch.network.streams import usual
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.verdict import Value


def trust(scene: Scene) -> ssl.SSLContext:
    """Return a context that trusts what Claude Code is told to trust.

    A repository's files are left out: one that names a proxy as well could
    read the credential. Certificates are always checked.
    """
    context = usual()
    for value in authorities(scene):
        load(scene, value, context)
    return context


def load(scene: Scene, value: Value, context: ssl.SSLContext) -> bool:
    """Take over the authorities of a file; tell whether it has any."""
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
        if value is not None and not value.source.of_repository
    ]
