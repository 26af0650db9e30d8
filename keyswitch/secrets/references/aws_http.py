"""Reads and writes AWS's Secrets Manager and Parameter Store with botocore.

Whose credentials count is botocore's to find, as the AWS CLI finds them:
variables, profiles, sign-ins, the machine's own role. Nothing is tried again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from keyswitch.errors import InputError, NoItemError, StoreError
from keyswitch.network.streams import Deadline
from keyswitch.secret import Secret
from keyswitch.secrets.references.reference import Fetched, Reference
from keyswitch.secrets.references.remote import aws_failures
from keyswitch.secrets.references.remote.field_values import (
    field_of,
    secret_of,
)

TITLES = {"aws-sm": "AWS Secrets Manager", "aws-ssm": "AWS Parameter Store"}
_SERVICES = {"aws-sm": "secretsmanager", "aws-ssm": "ssm"}
_CONNECT_SECONDS = 2
_NO_JSON = "leave out the part after '#', or store a JSON object there"


def read(
    references: Sequence[Reference],
    settings: Mapping[str, Any],
    deadline: float,
) -> dict[str, Fetched]:
    """Return the value of each reference, by its text; each item is read once.

    `settings` is the table of the references' manager, `deadline` in seconds
    for all of it.
    """
    left = Deadline(deadline)
    items: dict[str, str] = {}
    found: dict[str, Fetched] = {}
    for reference in references:
        asking = _Asking(reference.manager, _item(reference), settings, left)
        if asking.item not in items:
            items[asking.item] = asking.value()
        value = _part(items[asking.item], reference.parts.get("key"), asking)
        found[reference.text] = Fetched(value)
    return found


def write(
    reference: Reference,
    value: Secret,
    settings: Mapping[str, Any],
    deadline: float,
) -> None:
    """Write a new version; with `#KEY`, the other keys of its JSON stay."""
    left = Deadline(deadline)
    asking = _Asking(reference.manager, _item(reference), settings, left)
    if reference.manager == "aws-ssm":
        _write_parameter(asking, value)
        return
    text, key = value.reveal(), reference.parts.get("key")
    try:
        before = asking.value() if key else "{}"
        if key:
            text = json.dumps({**_object(before, asking), key: text})
        asking.ask("put_secret_value", SecretId=asking.item, SecretString=text)
    except NoItemError:
        if asking.item.startswith("arn:"):
            raise
        text = json.dumps({key: value.reveal()}) if key else text
        asking.ask("create_secret", Name=asking.item, SecretString=text)


def probe(manager: str, settings: Mapping[str, Any], deadline: float) -> str:
    """Return who asks, as AWS says; raise if it would give nothing."""
    asking = _Asking(manager, "who asks", settings, Deadline(deadline))
    asking.service = "sts"
    return str(asking.ask("get_caller_identity").get("Arn", ""))


def _item(reference: Reference) -> str:
    return reference.parts.get("id") or reference.parts["name"]


class _Asking:
    """Requests about one item."""

    def __init__(
        self,
        manager: str,
        item: str,
        settings: Mapping[str, Any],
        deadline: Deadline,
    ) -> None:
        self.manager = manager
        self.title = TITLES[manager]
        self.item = item
        self.service = _SERVICES[manager]
        self._deadline = deadline
        self._profile = _text(settings, "profile", self.manager)
        self._region = _text(settings, "region", self.manager)

    def value(self) -> str:
        """Return what the item holds."""
        if self.manager == "aws-ssm":
            found = self.ask(
                "get_parameter", Name=self.item, WithDecryption=True
            )
            return str(found["Parameter"]["Value"])
        found = self.ask("get_secret_value", SecretId=self.item)
        if not isinstance(found.get("SecretString"), str):
            raise StoreError(
                f"'{self.item}' in {self.title} is binary, not text",
                "store it as text (SecretString)",
            )
        return str(found["SecretString"])

    def ask(self, name: str, **given: Any) -> dict[str, Any]:
        """Send one request; every failure is one of keyswitch's errors."""

        def work() -> dict[str, Any]:
            return dict(getattr(self._client, name)(**given))

        exceptions = _botocore("exceptions")
        try:
            # botocore's own limits are for one wait, not for all of it.
            return self._deadline.within(work)
        except TimeoutError as e:
            raise aws_failures.silent(self.title) from e
        except (exceptions.BotoCoreError, exceptions.ClientError) as e:
            raise aws_failures.failure(
                e, self.title, self.item, self._profile
            ) from e

    @cached_property
    def _client(self) -> Any:
        session = _botocore("session").Session(profile=self._profile or None)
        config = _botocore("config").Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=max(self._deadline.left(), 0.1),
            retries={"total_max_attempts": 1},
        )
        # The person's own variable, which botocore leaves to the AWS CLI.
        region = self._region or os.environ.get("AWS_REGION")
        if self.item.startswith("arn:"):
            region = self.item.split(":")[3] or region
        return session.create_client(
            self.service, region_name=region, config=config
        )


def _write_parameter(asking: _Asking, value: Secret) -> None:
    name = asking.item
    where = [{"Key": "Name", "Values": [name]}]
    known = asking.ask("describe_parameters", ParameterFilters=where)
    there: dict[str, str] = next(iter(known.get("Parameters", ())), {})
    if there and there.get("Type") != "SecureString":
        raise InputError(
            f"'{name}' in {asking.title} is not a SecureString, so it is "
            "stored in plain text",
            "delete it there, or use another name",
        )
    # Without its name, the key would be the account's usual one from now on.
    kept = {"KeyId": there["KeyId"]} if there.get("KeyId") else {}
    asking.ask(
        "put_parameter", Name=name, Value=value.reveal(), Overwrite=True,
        Type="SecureString", **kept,
    )  # fmt: skip


def _part(whole: str, key: str | None, asking: _Asking) -> Secret:
    where = f"'{asking.item}' in {asking.title}"
    if not key:
        return secret_of(whole, where)
    text = field_of(_object(whole, asking), key, where)
    return secret_of(text, f"'{key}' of {where}")


def _object(whole: str, asking: _Asking) -> dict[str, Any]:
    try:
        found = json.loads(whole)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise StoreError(
            f"'{asking.item}' in {asking.title} is not a JSON object", _NO_JSON
        )
    return found


def _text(settings: Mapping[str, Any], key: str, manager: str) -> str:
    value = settings.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        raise InputError(
            f"[managers.{manager}] in config.toml: '{key}' must be a string",
            "fix that line",
        )
    return value


def _botocore(name: str) -> Any:
    """Return a module of botocore: heavy, and without types."""
    from importlib import import_module

    try:
        return import_module(f"botocore.{name}")
    except ImportError as e:
        raise StoreError(
            "botocore, which reads from AWS, is not installed",
            "pipx inject keyswitch botocore, or with pip: pip install botocore",
        ) from e
