"""docs/guides/provider-files.md shows a provider, and explains every key."""

import re
import tomllib

from keyswitch.providers import catalogue, verification
from tests.components import ROOT

TEXT = (ROOT / "docs" / "guides" / "provider-files.md").read_text()
KEYS = {
    **catalogue._PROVIDER_KEYS,
    **catalogue._FIELD_KEYS,
    **catalogue._IGNORED_KEYS,
    **catalogue._CLAUDE_CODE_KEYS,
}
BY_OTHERS = {"team"}  # written by `keyswitch team`


def test_the_pieces_of_the_page_are_one_provider():
    pieces = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    document = tomllib.loads("\n".join(pieces))
    found = catalogue.provider_of("acme.toml", "acme", document)
    assert [field.name for field in found.fields] == ["token", "host"]
    assert dict(found.claude_code)[""].how == "helper"
    assert verification.addresses(found)


def test_every_key_is_explained():
    prose = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    code = " ".join(re.findall("`[^`]+`", prose))
    explained = set(re.findall(r"\b[a-z_]+\b", code))
    assert set(KEYS) - BY_OTHERS - explained == set()


def test_every_way_to_claude_code_is_explained():
    assert all(f"`{how}`" in TEXT for how in catalogue.HOWS if how != "login")
