"""helper: answers for programs, on stdout, or nothing at all.

These commands never ask a person anything, and on failure print nothing on
stdout: Claude Code then sends an empty key and the request fails, which is
right, since every other answer could be another account's.
"""

from __future__ import annotations

import click

from keyswitch.changes.compiling import compiled_active, compiled_profile
from keyswitch.cli.command import HELP, Group
from keyswitch.cli.session import Session
from keyswitch.compiled import Compiled
from keyswitch.directories import guard
from keyswitch.disk.ownership import require_own_home
from keyswitch.errors import NotFoundError
from keyswitch.express import write_out
from keyswitch.model import REFERENCE
from keyswitch.profiles.paths import Paths
from keyswitch.terminal import exports, selection
from keyswitch.terminal.active_settings import require_fitting
from keyswitch.terminal.agents import require_person
from keyswitch.terminal.repository_settings import require_own_host


@click.group(
    cls=Group,
    epilog="\b\nExamples:\n"
    "  keyswitch helper claude-code       as Claude Code's apiKeyHelper\n"
    "  keyswitch helper aws client        as credential_process of AWS tools",
)
@HELP
@click.pass_obj
def helper(session: Session) -> None:
    """Print a secret for a program."""
    require_own_home()
    session.no_input = True


def _compiled(session: Session, name: str) -> Compiled:
    """Return a profile, unless an agent asks that may not have it."""
    compiled = compiled_profile(session.reader(), name)
    # Claude Code itself is answered: it marks commands of its agent only.
    require_person(compiled.agents, session.environ, helper=True)
    return compiled


def _print_role(session: Session, compiled: Compiled, role: str) -> None:
    guard.require(compiled, session.environ)
    require_own_host(compiled, session.environ)
    if role not in compiled.roles:
        workspace = session.reader()
        profile, _ = workspace.load(compiled.name)
        workspace.provider_of(profile).check(profile, is_kept=True)
        raise NotFoundError(
            f"profile '{compiled.name}' ({compiled.provider}) has no key to "
            "print",
            "use 'keyswitch env' or 'keyswitch run' instead",
        )
    paths = session.reader().paths
    field = compiled.roles[role]
    write_out(exports.one_secret(paths, compiled, field) + "\n")


@helper.command("claude-code")
@HELP
@click.pass_obj
def claude_code(session: Session) -> None:
    """Print the key for Claude Code (its apiKeyHelper)."""
    workspace = session.reader()
    chosen = selection.select_for_helper(workspace.paths, workspace.environ)
    compiled = _compiled(session, selection.require(chosen))
    require_fitting(
        chosen, compiled, compiled_active(workspace), workspace.environ
    )
    _print_role(session, compiled, "helper")


@helper.command("api-key")
@HELP
@click.argument("name")
@click.pass_obj
def api_key(session: Session, name: str) -> None:
    """Print the main secret of a profile."""
    _print_role(session, _compiled(session, name), "key")


@helper.command("aws")
@HELP
@click.argument("name")
@click.pass_obj
def aws(session: Session, name: str) -> None:
    """Print AWS credentials as JSON.

    One document serves both: AWS tools read the top level (credential_process),
    Claude Code reads `Credentials` (awsCredentialExport).
    """
    import json

    compiled = _compiled(session, name)
    guard.require(compiled, session.environ)
    require_own_host(compiled, session.environ, regions=False)
    paths, limit = session.reader().paths, exports.HELPER_LIMIT
    pairs = dict(exports.pairs_of(paths, compiled, deadline=limit))
    if "AWS_SECRET_ACCESS_KEY" not in pairs:
        raise NotFoundError(
            f"profile '{name}' ({compiled.provider}) has no AWS access key",
            "use a bedrock or aws profile with access keys",
        )
    keys = {
        "AccessKeyId": pairs["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": pairs["AWS_SECRET_ACCESS_KEY"],
    }
    if "AWS_SESSION_TOKEN" in pairs:
        keys["SessionToken"] = pairs["AWS_SESSION_TOKEN"]
    top = {"Version": 1, **keys, **_expiration(paths, compiled)}
    write_out(json.dumps({**top, "Credentials": keys}) + "\n")


def _expiration(paths: Paths, compiled: Compiled) -> dict[str, str]:
    """Return when AWS tools have to ask again: a minute before a lease ends."""
    if not compiled.has_references:
        return {}
    from datetime import UTC, datetime

    from keyswitch.secrets.outside import seen

    texts = [ref[1] for ref in compiled.refs.values() if ref[0] == REFERENCE]
    known = [found for text in texts if (found := seen.of(paths, text))]
    ends = [found.until for found in known if found.until]
    if not ends:
        return {}
    end = datetime.fromtimestamp(min(ends) - 60, UTC)
    return {"Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
