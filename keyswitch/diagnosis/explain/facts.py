"""What is so here, as conditions and words for the rules in `causes/*.toml`.

Conditions are names such as "aws" and "login-shadowed"; words fill places such
as "{credential}". Credentials are masked here: no explanation can show one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from keyswitch.diagnosis import urls
from keyswitch.diagnosis.findings.origin import StartFiles
from keyswitch.model import Frozen
from keyswitch.providers.shapes import mask
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login.stored import tail_of
from keyswitch.targets.claude_code.resolver import aws
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.verdict import Header, Source, Verdict

FAMILIES = {
    "bedrock": "aws",
    "mantle": "aws",
    "anthropicAws": "aws",
    "foundry": "foundry",
    "vertex": "google",
    "anthropicGoogleCloud": "google",
}

# How a source is called in conditions, where its name says it, ...
_NAMED = {
    rules.API_KEY: "api-key-used",
    rules.API_KEY_FD: "api-key-used",
    rules.AUTH_TOKEN: "auth-token-used",
    rules.OAUTH_TOKEN: "oauth-token-used",
    rules.OAUTH_FD: "oauth-token-used",
    rules.AWS_EXPORT: "aws-export-used",
    aws.ACCESS_KEY: "aws-pair-used",
    aws.BEARER_TOKEN: "aws-bearer-used",
}
# ... and else by its kind, with what it is called in a sentence.
_KINDS = {
    "login": ("login-used", "the stored login"),
    "managed_key": ("managed-key-used", "a Console login's API key"),
    "anthropic_profile": ("profile-used", "the Anthropic profile '{name}'"),
    "federation": ("profile-used", "a token of the identity federation"),
    "custom_header": ("custom-header-used", "a header of {name}"),
    "aws_profile": ("aws-profile-used", "the AWS profile '{name}'"),
    "helper": ("helper-used", "the output of {name}'s command"),
}
_OTHER = ("other-used", "{name}")

# Kinds of sources that a person sets and can take away.
_SETTABLE = ("environment", "custom_header", "helper")


class Chosen(Frozen):
    """The profile that should be in use here, and whose a header is.

    `again` puts it into effect once more. `whose` returns the profile that is
    really sent, "" for nobody's; of None, where nothing is. `is_ours` tells
    of a file and a name in it whether keyswitch wrote that.
    """

    name: str = ""
    again: str = ""
    whose: Callable[[Header | None], str] | None = None
    is_ours: Callable[[str, str], bool] | None = None


NOBODY = Chosen()


class Facts:
    """The conditions that hold, and the words that can be filled in.

    `told` says what of Claude Code's own words around an answer was found;
    `about` is the header that an explanation speaks of: "key" or "bearer".
    """

    def __init__(
        self,
        told: AbstractSet[str],
        about: str,
        scene: Scene | None,
        verdict: Verdict | None,
        chosen: Chosen,
    ) -> None:
        self.holds = {f"told-{family}" for family in told}
        self.words = {"profile": chosen.name or "NAME"}
        if chosen.name:
            self.holds.add("active")
            again = chosen.again or f"keyswitch use {chosen.name}"
            self.words["again"] = f"`{again}`"
        self._whose = chosen.whose or (lambda _: chosen.name)
        self._is_ours = chosen.is_ours or (lambda _path, _name: False)
        if scene is None or verdict is None:
            return
        self._scene, self._verdict = scene, verdict
        self._start_files = StartFiles(scene)
        self.holds.add("known")
        self.words["config"] = scene.places.global_config
        self._address()
        self._credentials(about)
        self._extras()
        families = told - {"not-logged-in"}
        if families and not families & self.holds:
            self.holds.add("elsewhere")

    def _address(self) -> None:
        provider, url = self._verdict.provider, self._verdict.base_url
        self.words["provider"] = self._verdict.service
        if provider is None:
            self.holds.add("anthropic")
        else:
            self.holds |= {"cloud", provider.name, FAMILIES[provider.name]}
            self.words["flag"] = provider.flag
            if self._verdict.flag:
                self._place("flag", self._verdict.flag.source)
        if url is None or (provider is None and urls.is_anthropic(url.text)):
            return
        self.holds.add("gateway")
        self.words["gateway"] = urls.shown(url.text)
        self._place("gateway", url.source)
        if url.source.of_repository:
            self.holds.add("gateway-of-repository")

    def _credentials(self, about: str) -> None:
        request = self._verdict.request
        problem = request.problem
        # Where only the machine may have a credential, it had none.
        sent = request.sent and problem is None
        self.holds.add("sent" if sent else "unsent")
        self.words["refusal"] = problem.what if problem else request.refusal
        headers = request.headers if sent else ()
        found = headers if about == "key" else headers[::-1]
        if len(found) == 2 and not found[0].same_as(found[1]):
            self.holds.add("two")
            self.words["second"] = self._described(found[1])
        self.words["profile"] = self._whose(next(iter(found), None)) or "NAME"
        for header in found[:1]:
            self._used(header)
        self._shadowed_login()

    def _used(self, header: Header) -> None:
        source = header.source
        self.words["credential"] = self._described(header)
        self.words["credential_name"] = source.name
        self._place("credential", source)
        of_kind, _ = _KINDS.get(source.kind, _OTHER)
        self.holds.add(_NAMED.get(source.name, of_kind))
        if source.of_repository:
            self.holds.add("credential-of-repository")
        if "keyswitch" in source.command:
            self.holds.add("keyswitch-used")
        if source.kind == "aws_profile":
            self.words["aws_profile"] = source.name

    def _shadowed_login(self) -> None:
        """Say whether a login is passed over, and all that is in its way."""
        request = self._verdict.request
        hidden = [s.source for s in request.shadowed]
        if not any(source.kind == "login" for source in hidden):
            return
        self.holds.add("login-shadowed")
        before = [h.source for h in request.headers]
        before += [source for source in hidden if source.kind in _SETTABLE]
        stops = [self._how_to_stop(source) for source in before]
        if all(stops):
            self.words["login_stop"] = _joined(dict.fromkeys(stops))

    def _extras(self) -> None:
        view, login = self._scene.request, self._scene.login
        if login is not None and login.blanked:
            self.holds.add("login-emptied")
        key, config = view.text(rules.API_KEY), self._scene.config
        declined = {*config.rejected} - {*config.approved}
        if key and tail_of(key) in declined:
            self.holds.add("key-declined")
        proxy = view.given(*rules.PROXIES)
        if proxy is not None:
            self.holds.add("proxy")
            self.words["proxy"] = proxy.source.name
            self._place("proxy", proxy.source)
        if view.given(aws.PROFILE):
            self.words.setdefault("aws_profile", view.text(aws.PROFILE))
        token = view.given(aws.SESSION_TOKEN)
        if token is not None:
            self.holds.add("session-token")
            self._place("session", token.source)

    def _place(self, name: str, source: Source) -> None:
        self.words[f"{name}_where"] = self._where(source)
        self.words[f"{name}_stop"] = self._how_to_stop(source)

    def _where(self, source: Source) -> str:
        """Return where a source is set, as the end of a sentence."""
        if source.path:
            return f"in {source.place}"
        if source.set_by == "flag":
            return "after --settings"
        origin = self._start_files.origin(source)
        return "in this shell" + (f", by {origin.place}" if origin else "")

    def _how_to_stop(self, source: Source) -> str:
        """Return what takes a setting away, "" for a login: it is none."""
        if source.kind not in _SETTABLE:
            return ""
        if self._is_ours(source.path, source.name):
            return "`keyswitch off`"
        if source.path or source.set_by == "flag":
            return source.removal
        origin = self._start_files.origin(source)
        first = f"remove it from {origin.place}, then " if origin else ""
        return f"{first}`unset {source.name}`"

    def _described(self, header: Header) -> str:
        """Return a credential's source with its masked value."""
        source = header.source
        masked = mask(header.value.reveal()) if header.value else ""
        # A mask that hides everything says nothing.
        shown = f" ({masked})" if len(masked) > 1 else ""
        what = _KINDS.get(source.kind, _OTHER)[1].format(name=source.name)
        placed = source.path or source.set_by
        return what + shown + (f", {self._where(source)}" if placed else "")


def _joined(stops: Iterable[str]) -> str:
    """Return the steps as one text, with a single `unset` for all variables."""
    lead = "`unset "
    plain = [s[len(lead) : -1] for s in stops if s.startswith(lead)]
    rest = [s for s in stops if not s.startswith(lead)]
    if plain:
        rest.append(f"{lead}{' '.join(plain)}`")
    return ", then ".join(rest)
