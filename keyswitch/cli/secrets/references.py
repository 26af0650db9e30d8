"""Options that name what a manager outside keeps; the managers there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from keyswitch.cli.command import Session, option, options
from keyswitch.cli.sources import SourceOption
from keyswitch.errors import InputError, LockedError, StoreError, UsageError
from keyswitch.model import REFERENCE, Profile, SecretRef
from keyswitch.profiles.profile_files import MOST_LIFETIME
from keyswitch.providers.schema import Provider
from keyswitch.providers.shapes import check_secret

if TYPE_CHECKING:
    from keyswitch.secrets.references.allowing import OwnCommand
    from keyswitch.secrets.references.managers import Managers

reference_options = options(
    option(
        "--reference",
        "references",
        multiple=True,
        metavar="[FIELD=]REFERENCE",
        help="Leave the secret in a manager: op://Eng/claude/key, "
        "vault:kv/claude#key, pass:ai/claude; 'keyswitch managers list'.",
    ),
    option(
        "--lifetime",
        type=int,
        metavar="SECONDS",
        help="How long a value read by --reference stays cached.",
    ),
)


def load_managers(session: Session) -> Managers:
    """Return the managers, with what the person's settings say of them."""
    from keyswitch.secrets.references import managers

    return managers.load(session.workspace().settings)


def parse_references(
    session: Session,
    provider: Provider,
    given: Sequence[str],
    lifetime: int | None,
    wanted: Sequence[str],
) -> dict[str, SecretRef]:
    """Return what `--reference` gives, by field.

    `wanted` are the secret fields that need one, for those without a name.
    """
    if lifetime is not None and not (given and 0 < lifetime <= MOST_LIFETIME):
        raise UsageError(
            f"--lifetime takes 1 to {MOST_LIFETIME} seconds and needs "
            "--reference",
            "for example: --reference pass:ai/work --lifetime 600",
        )
    found: dict[str, SecretRef] = {}
    for text in given:
        name, rest = _split(provider, text)
        name = name or _next(found, wanted)
        if not provider.is_secret(name, outside=True):
            raise InputError(
                f"'{name}' of {provider.id} is not a secret",
                f"use --set {name}=VALUE",
            )
        if name in found:
            raise UsageError(
                f"two references for '{name}'", "give one per field"
            )
        load_managers(session).parse(rest)
        found[name] = SecretRef(REFERENCE, rest, lifetime=lifetime or 0)
    return found


def sources_of(provider: Provider, given: Sequence[str]) -> list[SourceOption]:
    """Return references as sources, which tell what need not be asked for."""
    split = [_split(provider, text) for text in given]
    return [SourceOption(field, REFERENCE, rest) for field, rest in split]


def _split(provider: Provider, text: str) -> tuple[str, str]:
    """Return (field, reference) of an option's value; "": no field is named."""
    name, equals, rest = text.partition("=")
    is_named = equals and name in {field.name for field in provider.fields}
    return (name, rest) if is_named else ("", text)


def _next(found: Collection[str], wanted: Sequence[str]) -> str:
    left = [name for name in wanted if name not in found]
    if not left:
        raise UsageError(
            "more references than secrets",
            "name the fields: --reference FIELD=REFERENCE",
        )
    return left[0]


def try_references(
    session: Session, provider: Provider, refs: Mapping[str, SecretRef]
) -> None:
    """Read each reference once: a wrong value is refused, as a typed one is.

    A manager that does not answer now is named, and no reason to refuse.
    """
    if session.dry_run or not refs:
        return
    from keyswitch.secrets.outside.cache import keep, read_now
    from keyswitch.secrets.outside.reference_store import ReferenceStore

    workspace = session.workspace()
    store = ReferenceStore(workspace.paths, workspace.ask)
    if session.may_agree():
        found = (store.needs_yes(ref.item) for ref in refs.values())
        allow_commands(session, filter(None, found))
    _ = workspace.install_key  # which fingerprints need
    texts = [ref.item for ref in refs.values()]
    try:
        answers = read_now(store, texts)
    except (LockedError, StoreError) as e:
        session.warn(f"not read yet: {e.message}")
        session.say(e.hint)
        return
    for name, ref in refs.items():
        raw = answers[ref.item].value.reveal().encode()
        field = provider.field(name)
        check_secret(field, raw, provider.id, provider.help_url)
    if workspace.settings.cache == "values":
        for ref in refs.values():
            lifetime = ref.lifetime or store.lifetime(ref.item)
            key = (ref.store, ref.item, ref.generation)
            lifetime = lifetime or workspace.settings.cache_timeout
            keep(key, answers[ref.item], lifetime)


def refuse_rotation(
    session: Session, profile: Profile, fields: Collection[str]
) -> None:
    """Raise if a secret that is to be replaced lies in a manager outside."""
    from keyswitch.secrets.references.manager import filled

    for name in fields:
        ref = profile.secrets.get(name)
        if ref is None or not ref.is_reference:
            continue
        managers = load_managers(session)
        reference = managers.parse(ref.item)
        manager = managers.get(reference.manager)
        how = filled(manager.rotate, reference.parts) or "change it there"
        raise UsageError(
            f"the {name} of '{profile.name}' is stored in {manager.title}: "
            f"{ref.item}",
            f"{how}; then clear the cached value: keyswitch lock",
        )


def allow_commands(
    session: Session, commands: Iterable[OwnCommand], *, yes: bool = False
) -> None:
    """Show commands, and let them start after a yes."""
    from keyswitch.secrets.references import allowing

    for one in commands:
        session.say(*one.lines())
        session.confirm(f"let references run '{one.name}'?", yes=yes)
        if not session.dry_run:
            allowing.allow(session.workspace().paths, one)
            session.say(f"allowed '{one.name}' in its current form")
