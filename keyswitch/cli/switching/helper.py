"""helper: answers for programs, on stdout, or nothing at all.

These commands never ask a person anything, and on failure print nothing on
stdout: Claude Code then sends an empty key and the request fails, which is
right, since every other answer could be another account's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.changes.compiling import compiled_active, compiled_profile
from keyswitch.errors import ExitCode, NotFoundError

if TYPE_CHECKING:
    from keyswitch.cli.session import Session
    from keyswitch.compiled import Compiled


@click.group(
    epilog="\b\nExamples:\n"
    "  keyswitch helper claude-code       as Claude Code's apiKeyHelper\n"
    "  keyswitch helper aws client        as credential_process of AWS tools"
)
def helper() -> None:
    """Answer programs that ask for a secret."""
    from keyswitch.disk.ownership import require_own_home

    require_own_home()


def _print_role(session: Session, compiled: Compiled, role: str) -> int:
    from keyswitch.directories.guard import require
    from keyswitch.express import write_out
    from keyswitch.terminal.exports import one_secret
    from keyswitch.terminal.repository_settings import require_own_host

    require(compiled, session.environ)
    require_own_host(compiled, session.environ)
    if role not in compiled.roles:
        raise NotFoundError(
            f"profile '{compiled.name}' ({compiled.provider}) has no key "
            "that could be printed here",
            "use 'keyswitch env' or 'keyswitch run' for it",
        )
    paths = session.reader().paths
    write_out(one_secret(paths, compiled, compiled.roles[role]) + "\n")
    return ExitCode.OK


@helper.command("claude-code")
@click.pass_obj
def claude_code(session: Session) -> int:
    """Print the key that Claude Code has to send (its apiKeyHelper)."""
    from keyswitch.terminal import selection
    from keyswitch.terminal.active_settings import require_fitting
    from keyswitch.terminal.agents import require_person

    session.no_input = True
    workspace = session.reader()
    chosen = selection.select_for_helper(workspace.paths, workspace.environ)
    compiled = compiled_profile(workspace, selection.require(chosen))
    # Claude Code itself is answered: it marks commands of its agent only.
    require_person(compiled.agents, session.environ, helper=True)
    require_fitting(
        chosen, compiled, compiled_active(workspace), workspace.environ
    )
    return _print_role(session, compiled, "helper")


@helper.command("api-key")
@click.argument("name")
@click.pass_obj
def api_key(session: Session, name: str) -> int:
    """Print the main secret of a profile."""
    from keyswitch.terminal.agents import require_person

    session.no_input = True
    compiled = compiled_profile(session.reader(), name)
    require_person(compiled.agents, session.environ, helper=True)
    return _print_role(session, compiled, "key")


@helper.command("aws")
@click.argument("name")
@click.pass_obj
def aws(session: Session, name: str) -> int:
    """Print AWS credentials as JSON.

    One document serves both askers: AWS tools read the top level
    (credential_process), Claude Code reads `Credentials`
    (awsCredentialExport).
    """
    import json

    from keyswitch.directories.guard import require
    from keyswitch.express import write_out
    from keyswitch.terminal.agents import require_person
    from keyswitch.terminal.exports import HELPER_LIMIT, pairs_of
    from keyswitch.terminal.repository_settings import require_own_host

    session.no_input = True
    workspace = session.reader()
    compiled = compiled_profile(workspace, name)
    require_person(compiled.agents, session.environ, helper=True)
    require(compiled, session.environ)
    require_own_host(compiled, session.environ, regions=False)
    pairs = dict(pairs_of(workspace.paths, compiled, deadline=HELPER_LIMIT))
    if "AWS_SECRET_ACCESS_KEY" not in pairs:
        raise NotFoundError(
            f"profile '{name}' ({compiled.provider}) holds no AWS access key",
            "a bedrock or aws profile with access keys can answer here",
        )
    keys = {
        "AccessKeyId": pairs["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": pairs["AWS_SECRET_ACCESS_KEY"],
    }
    if "AWS_SESSION_TOKEN" in pairs:
        keys["SessionToken"] = pairs["AWS_SESSION_TOKEN"]
    write_out(json.dumps({"Version": 1, **keys, "Credentials": keys}) + "\n")
    return ExitCode.OK
