"""What one profile of the AWS files gives, as the JavaScript SDK takes it.

The order is `cloud_rules.AWS_IN_PROFILE`. Observed, Claude Code 2.1.330. A
profile that has nothing of the kind lets the search go on; a sign-in that has
ended, and a role that wants an MFA code, end it.
"""

from __future__ import annotations

from functools import partial
from shlex import quote
from typing import TYPE_CHECKING

from keyswitch.model import Frozen
from keyswitch.profiles import clock
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import cloud_rules
from keyswitch.targets.claude_code.aws.printed_keys import process_key
from keyswitch.targets.claude_code.aws.sign_ins import login_of, signed_in
from keyswitch.targets.verdict import (
    ASK_PROGRAM,
    AWS,
    Header,
    Problem,
    Source,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.targets.claude_code.aws.aws_files import Files

    Run = Callable[[Value], str | None]
    Found = Header | Problem | None

ASKED = "AWS is asked first"
_ROLE_ASKED = "AWS is asked for the role first"

_DEEPEST = 50  # profiles that take their keys from each other

_SSO = ("sso_start_url", "sso_account_id", "sso_region", "sso_role_name")


class Outside(Frozen):
    """What the sources beside the files give a profile that names them."""

    environment: bool
    container: bool
    instance: bool


class Profiles:
    """Looks profiles up. `run` answers for a `credential_process`."""

    def __init__(self, files: Files, outside: Outside, run: Run | None) -> None:
        self.files = files
        self.outside = outside
        self.run = run

    def named(self, name: str) -> Header | Problem:
        """Return what a profile gives that somebody named."""
        found = self.look(name)
        if found is not None:
            return found
        if not self.files.merged(name):
            there = ", ".join(self.files.names[:5])
            others = f" (they have {there})" if there else ""
            what = f"no AWS file has a profile '{name}'{others}"
            return Problem(what, f"aws configure --profile {quote(name)}")
        return _empty(name)

    def look(self, name: str, visited: tuple[str, ...] = ()) -> Found:
        """Return what a profile gives, or why it does not; None: nothing."""
        data = self.files.merged(name)
        if visited and _is_static(data):
            return self._header(name, Secret(data[cloud_rules.STATIC]))
        for link in cloud_rules.AWS_IN_PROFILE:
            has, look = _WAYS[link.source]
            if has(data):
                return look(self, name, data, (*visited, name))
        return None

    def _header(
        self, name: str, key: Secret | None, why_unknown: str = ""
    ) -> Header:
        path = self.files.path_of(name)
        source = Source("aws_profile", name, "", path)
        return Header(AWS, key, source, why_unknown)

    # --- the ways, in the order of AWS_IN_PROFILE -----------------------------

    def role(
        self, name: str, data: Mapping[str, str], visited: tuple[str, ...]
    ) -> Header | Problem:
        """Return a role's keys, which AWS gives for those of another source."""
        base = data.get("source_profile", "")
        problem = self._no_base(name, base, data, visited)
        if problem is not None:
            return problem
        if "mfa_serial" in data:
            return Problem(
                f"the AWS profile '{name}' needs an MFA code (mfa_serial), "
                "which Claude Code cannot ask for",
                _by_hand(name),
                ends=True,
            )
        return self._header(name, None, _ROLE_ASKED)

    def _no_base(
        self,
        name: str,
        base: str,
        data: Mapping[str, str],
        visited: tuple[str, ...],
    ) -> Problem | None:
        """Return why there are no keys to ask for a role with."""
        if not base:
            kind = data["credential_source"]
            there = {
                "Environment": self.outside.environment,
                "EcsContainer": self.outside.container,
                "Ec2InstanceMetadata": self.outside.instance,
            }.get(kind, False)
            what = f"credential_source '{kind}' of the AWS profile '{name}'"
            fix = f"correct it in {self.files.path_of(name)}"
            return None if there else Problem(f"{what} returns nothing", fix)
        if len(visited) > _DEEPEST:
            return None  # nobody's files; what it ends in does not matter
        static = _is_static(self.files.merged(base))
        if base in visited and not static:
            what = f"the AWS profile '{name}' is its own source_profile"
            return Problem(what, f"correct {self.files.path_of(name)}")
        found = self.look(base, visited)
        if isinstance(found, Header):
            return None
        if not self.files.merged(base):
            return Problem(
                f"the AWS profile '{name}' takes its keys from "
                f"source_profile '{base}', which no AWS file has",
                f"correct source_profile in {self.files.path_of(name)}",
            )
        return found or _empty(base)

    def static(
        self, name: str, data: Mapping[str, str], _: tuple[str, ...]
    ) -> Header:
        """Return the keys that the file holds."""
        return self._header(name, Secret(data[cloud_rules.STATIC]))

    def web_identity(
        self, name: str, data: Mapping[str, str], _: tuple[str, ...]
    ) -> Header | Problem:
        """Return a role's keys, which AWS gives for the token of a file."""
        path = data[cloud_rules.WEB_IDENTITY]
        if self.files.read(path) is None:
            what = f"the AWS profile '{name}' names {path}, which is missing"
            fix = f"correct {self.files.path_of(name)}"
            return Problem(what, fix, ends=True)
        return self._header(name, None, ASKED)

    def process(
        self, name: str, data: Mapping[str, str], _: tuple[str, ...]
    ) -> Header | Problem:
        """Return what a command prints; run it only if one may."""
        command = data[cloud_rules.PROCESS]
        source = Source(
            "aws_profile",
            name,
            self.files.set_by,
            self.files.path_of(name),
            command=command,
        )
        if self.run is None:
            return Header(AWS, None, source, ASK_PROGRAM)
        key = process_key(self.run(Value(command, source)) or "")
        if key is not None:
            return Header(AWS, Secret(key), source)
        return Problem(
            f"the credential_process of the AWS profile '{name}' returns no "
            "valid keys",
            f"correct credential_process in {source.path}",
        )

    def sso(
        self, name: str, data: Mapping[str, str], _: tuple[str, ...]
    ) -> Header | Problem:
        """Return the keys that AWS gives for a sign-in."""
        session = data.get(cloud_rules.SSO)
        section = self.files.session(session) if session else None
        again = f"aws sso login --profile {quote(name)}"
        problem = partial(Problem, ends=True)
        if session and section is None:
            return problem(
                f"the AWS profile '{name}' names the sso_session '{session}', "
                "which no AWS file has",
                f"aws configure sso --profile {quote(name)}",
            )
        merged = {**data, **(section or {})}
        lacks = [key for key in _SSO if key not in merged]
        if lacks:
            what = f"the AWS profile '{name}' lacks {' and '.join(lacks)}"
            return problem(what, f"aws configure sso --profile {quote(name)}")
        start = session or merged["sso_start_url"]
        if signed_in(self.files, start, renews=bool(session)):
            return self._header(name, None, ASKED)
        what = f"the AWS sign-in of profile '{name}' is missing or has expired"
        return problem(what, again)

    def login(
        self, name: str, data: Mapping[str, str], _: tuple[str, ...]
    ) -> Header | Problem:
        """Return the keys that `aws login` keeps."""
        kept = login_of(self.files, data[cloud_rules.LOGIN])
        if kept is None:
            what = f"the AWS sign-in of profile '{name}' is missing"
            return Problem(
                what, f"aws login --profile {quote(name)}", ends=True
            )
        key, ends = kept
        if ends <= clock.now():
            return self._header(name, None, "AWS is asked to renew it first")
        return self._header(name, Secret(key))


if TYPE_CHECKING:
    _Has = Callable[[Mapping[str, str]], bool]
    _Look = Callable[
        [Profiles, str, Mapping[str, str], tuple[str, ...]], Header | Problem
    ]


def _empty(name: str) -> Problem:
    what = f"the AWS profile '{name}' has no credentials"
    return Problem(what, f"aws configure --profile {quote(name)}")


def _is_static(data: Mapping[str, str]) -> bool:
    return bool(
        data.get(cloud_rules.STATIC) and data.get("aws_secret_access_key")
    )


def _is_role(data: Mapping[str, str]) -> bool:
    # With both, or neither, it is none.
    sources = "source_profile" in data, "credential_source" in data
    return cloud_rules.ROLE in data and sum(sources) == 1


def _has_token_file(data: Mapping[str, str]) -> bool:
    return cloud_rules.WEB_IDENTITY in data and cloud_rules.ROLE in data


def _has_sign_in(data: Mapping[str, str]) -> bool:
    return cloud_rules.SSO in data or any(key in data for key in _SSO)


_WAYS: dict[str, tuple[_Has, _Look]] = {
    cloud_rules.ROLE: (_is_role, Profiles.role),
    cloud_rules.STATIC: (_is_static, Profiles.static),
    cloud_rules.WEB_IDENTITY: (_has_token_file, Profiles.web_identity),
    cloud_rules.PROCESS: (lambda d: cloud_rules.PROCESS in d, Profiles.process),
    cloud_rules.SSO: (_has_sign_in, Profiles.sso),
    cloud_rules.LOGIN: (lambda d: cloud_rules.LOGIN in d, Profiles.login),
}


def _by_hand(name: str) -> str:
    """Return how a person gives the code to the aws command, once."""
    return (
        f'eval "$(aws configure export-credentials --profile {quote(name)} '
        f'--format env)" && unset {cloud_rules.AWS_PROFILE}'
    )
