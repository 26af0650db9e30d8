"""Which AWS identity Claude Code signs with. It is not the aws command's.

The order is `cloud_rules.AWS_CHAIN`, that of the JavaScript SDK
(https://github.com/aws/aws-sdk-js-v3/pull/6277), after awsCredentialExport.
AWS_DEFAULT_PROFILE is not read. Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.secret import Secret
from keyswitch.targets.claude_code import cloud_rules, rules
from keyswitch.targets.claude_code.aws.aws_files import Files
from keyswitch.targets.claude_code.aws.aws_profiles import (
    ASKED,
    Outside,
    Profiles,
)
from keyswitch.targets.claude_code.aws.printed_keys import exported_key
from keyswitch.targets.claude_code.resolver import cloud_services
from keyswitch.targets.verdict import (
    ASK_PROGRAM,
    AWS,
    REPOSITORY_LEVELS,
    SERVICE,
    Header,
    Problem,
    Request,
    Shadowed,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.targets.claude_code.resolver.candidates import Run
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.claude_code.resolver.views import View

    Found = Header | Problem | None

ACCESS_KEY = cloud_rules.AWS_ACCESS_KEY
SECRET_KEY = "AWS_SECRET_ACCESS_KEY"
PROFILE = cloud_rules.AWS_PROFILE
DEFAULT = cloud_rules.AWS_DEFAULT
BEARER_TOKEN = cloud_rules.AWS_BEARER
SESSION_TOKEN = "AWS_SESSION_TOKEN"
SIGNED = ("bedrock", "mantle", "anthropicAws")  # with an AWS identity

_HIDES_PAIR = "AWS_PROFILE is set, which Claude Code prefers to a pair of keys"
_NOTHING = Problem(
    "no AWS credentials found",
    "aws configure",
    set_wrong=False,
)


def request(scene: Scene, run: Run | None) -> Request:
    """Return a request that is signed, or why it is not sent."""
    there = ambient(scene, scene.request, run)
    header = export(scene, run)
    # A failure falls back to the ambient identity, in silence.
    if header is None:
        return there
    beside = there.bearer
    if beside is not None and beside.source.kind == SERVICE:
        beside = None  # nothing of it is here to be shown
    shadowed = _shadowed(beside, "awsCredentialExport comes first")
    return _signed(header, shadowed + there.shadowed)


def export(scene: Scene, run: Run | None = None) -> Header | None:
    """Return what awsCredentialExport gives; run it only if one may."""
    command = scene.command(rules.AWS_EXPORT)
    if command is None:
        return None
    if run is None:
        return Header(AWS, None, command.source, ASK_PROGRAM)
    key = exported_key(run(command) or "")
    return None if key is None else Header(AWS, Secret(key), command.source)


def ambient(scene: Scene, view: View, run: Run | None = None) -> Request:
    """Return a request that is signed without an export.

    Observed, Claude Code 2.1.330: it looks for an identity before a
    repository's settings are applied, and keeps what it finds. Such settings
    can name another profile, but their keys count only where there was
    nothing.
    """
    chain = Chain(scene, view, run)
    if scene.host_managed:
        # Its program hands keys over by variables, and nothing else counts.
        if chain.pair is not None:
            return _signed(chain.pair)
        return Request(refusal="the host program passed no AWS keys")
    found = chain.request()
    before = Chain(scene, scene.status, run)
    if view is scene.request and not chain.name and not before.name:
        found = _first_of(before.request(), found)
    return cloud_services.refreshed(scene, cloud_rules.AWS_REFRESH, AWS, found)


def _first_of(before: Request, found: Request) -> Request:
    """Return what counts of a request without, and one with a repository."""
    first, second = before.bearer, found.bearer
    if first is None or second is None or second.source.kind == SERVICE:
        return before if first else found
    if first.source.kind != SERVICE:
        return before
    why = "a metadata server may provide one first"
    doubtful = second._replace(value=None, why_unknown=why)
    return found._replace(bearer=doubtful)


class Chain:
    """The sources of an identity, as one view's variables give them."""

    def __init__(
        self, scene: Scene, view: View, run: Run | None = None
    ) -> None:
        self.scene = scene
        self.view = view
        self.name = view.raw(PROFILE)
        self.pair = _pair(view)
        self.files = files(scene, view)
        outside = Outside(
            environment=self.pair is not None,
            container=self.container() is not None,
            instance=self.instance() is not None,
        )
        self.profiles = Profiles(self.files, outside, run)

    def request(self) -> Request:
        """Return what the first source signs that has something."""
        problem = None
        for rule in cloud_rules.AWS_CHAIN:
            if self.name and rule.source in (ACCESS_KEY, DEFAULT):
                continue
            found = LINKS[rule.source](self)
            if isinstance(found, Problem):
                problem = problem or found
                if found.ends:
                    break
            elif found is not None:
                shadowed = self._passed_over(rule.source)
                made = _signed(found, shadowed)
                return cloud_services.of_machine(made, problem or _NOTHING)
        problem = problem or _NOTHING
        shadowed = self._passed_over(PROFILE) if self.name else ()
        return Request(refusal=problem.what, shadowed=shadowed, problem=problem)

    def _passed_over(self, source: str) -> tuple[Shadowed, ...]:
        """Return what is set and comes after a source that gives something."""
        if self.name:
            return _shadowed(self.pair, _HIDES_PAIR)
        if source != ACCESS_KEY:
            return ()
        unasked = Profiles(self.files, self.profiles.outside, None)
        found = unasked.look("default")
        because = f"{ACCESS_KEY} comes before the files"
        return _shadowed(found, because) if isinstance(found, Header) else ()

    # --- the links, in the order of AWS_CHAIN ---------------------------------

    def named(self) -> Found:
        """Return what the profile gives that AWS_PROFILE names."""
        return self.profiles.named(self.name) if self.name else None

    def keys(self) -> Found:
        """Return the pair of the variables."""
        return self.pair

    def default(self) -> Found:
        """Return what the files give where no profile is named."""
        return self.profiles.look("default")

    def web_identity(self) -> Found:
        """Return the role for which the token of a file stands."""
        name = cloud_rules.AWS_WEB_IDENTITY
        path = self.view.raw(name)
        if not path or not self.view.raw("AWS_ROLE_ARN"):
            return None
        if self.scene.read(os.path.join(self.scene.cwd, path)) is None:
            what = f"{name} names {path}, which cannot be read"
            given = self.view.given(name)
            fix = given.source.removal if given else f"unset {name}"
            return Problem(what, fix, ends=True)
        return self._of_variable(name)

    def container(self) -> Found:
        """Return what the service of a container gives."""
        names = (
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        )
        found = next((n for n in names if self.view.raw(n)), "")
        return self._of_variable(found) if found else None

    def instance(self) -> Found:
        """Return what an instance of EC2 gives, if this is one.

        Where a container names its service, the instance is not asked.
        """
        off = self.view.raw("AWS_EC2_METADATA_DISABLED") not in ("", "false")
        if off or self.container() is not None:
            return None
        return cloud_services.may_give(AWS, cloud_rules.AWS_INSTANCE)

    def _of_variable(self, name: str) -> Header:
        value = self.view.get(name)
        set_by = value.source.set_by if value else ""
        return Header(AWS, None, Source("aws", name, set_by), ASKED)


LINKS: dict[str, Callable[[Chain], Found]] = {
    PROFILE: Chain.named,
    ACCESS_KEY: Chain.keys,
    DEFAULT: Chain.default,
    cloud_rules.AWS_WEB_IDENTITY: Chain.web_identity,
    cloud_rules.AWS_CONTAINER: Chain.container,
    cloud_rules.AWS_INSTANCE: Chain.instance,
}


def _signed(header: Header, shadowed: tuple[Shadowed, ...] = ()) -> Request:
    return Request(None, header, shadowed=shadowed)


def _shadowed(header: Header | None, because: str) -> tuple[Shadowed, ...]:
    if header is None:
        return ()
    return (Shadowed(header.value, header.source, because),)


def _pair(view: View) -> Header | None:
    key, secret = view.get(ACCESS_KEY), view.get(SECRET_KEY)
    if key is None or secret is None or not key.text or not secret.text:
        return None
    return Header(AWS, Secret(key.text), key.source)


def files(scene: Scene, view: View) -> Files:
    """Return the two shared files, as one view's variables name them."""
    names = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    config, credentials = (_path(scene, view, name) for name in names)
    folder = os.path.join(scene.home, ".aws")
    return Files(
        scene.read,
        scene.home,
        config=config or os.path.join(folder, "config"),
        credentials=credentials or os.path.join(folder, "credentials"),
        login_folder=view.raw("AWS_LOGIN_CACHE_DIRECTORY"),
        set_by=_set_by(view, names),
    )


def _set_by(view: View, names: Sequence[str]) -> str:
    """Return the level of a repository that chooses the files, or "".

    It does so where its settings name one, or a path leads to its own.
    """
    for value in filter(None, map(view.get, names)):
        if value.source.of_repository:
            return value.source.set_by
        path = value.text or "/"
        if not path.startswith("~/") and not os.path.isabs(path):
            return REPOSITORY_LEVELS[0]
    return ""


def _path(scene: Scene, view: View, name: str) -> str:
    given = view.raw(name)
    if given.startswith("~/"):
        return os.path.join(scene.home, given[2:])
    return os.path.join(scene.cwd, given) if given else ""


def region(scene: Scene) -> str:
    """Return the region that Claude Code speaks to.

    Observed, Claude Code 2.1.330: the variables, then the profile in use.
    """
    view = scene.request
    given = view.text("AWS_REGION") or view.text("AWS_DEFAULT_REGION")
    name = view.text(PROFILE) or "default"
    return given or files(scene, view).merged(name).get("region") or "us-east-1"
