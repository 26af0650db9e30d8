"""The examples are what they say they are."""

import json

import pytest

from keyswitch.profiles import files
from keyswitch.profiles.paths import resolve
from keyswitch.providers.catalogue_file import read_provider
from keyswitch.providers.schema import environment, load_catalogue
from tests.components import ROOT

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("name", ["work", "client"])
def test_an_example_profile_is_valid(name):
    path = EXAMPLES / "profiles" / f"{name}.toml"
    profile = files.parse(path.read_text(), str(path))
    catalogue = load_catalogue(resolve({"KEYSWITCH_HOME": "/nonexistent"}))
    provider = catalogue.get(profile.provider)
    provider.check(profile)
    assert environment(provider, profile).literals


def test_the_example_provider_is_valid():
    provider = read_provider(str(EXAMPLES / "providers"), "acme")
    assert [f.name for f in provider.fields if f.secret] == ["token"]


def test_the_example_settings_are_what_use_writes():
    path = EXAMPLES / "claude-settings" / "key-profile.json"
    helper = json.loads(path.read_text())["apiKeyHelper"]
    assert helper.endswith("keyswitch helper claude-code")
