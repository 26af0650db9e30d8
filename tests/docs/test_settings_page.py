"""docs/guides/settings.md has every setting; what it shows is a config.toml."""

import re

from keyswitch.profiles import settings
from keyswitch.profiles.paths import Paths
from tests.components import ROOT

TEXT = (ROOT / "docs" / "guides" / "settings.md").read_text()


def test_what_the_page_shows_is_a_settings_file(tmp_path):
    [text] = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    paths = Paths(config=str(tmp_path), data="/none", state="/none")
    (tmp_path / "config.toml").write_text(text)
    assert settings.load(paths).links == (("github.com/acme/*", "work"),)
    assert settings.unknown(paths) == []


def test_every_setting_is_explained():
    explained = set(re.findall(r"^\| `\[?([a-z_]+)", TEXT, re.MULTILINE))
    explained |= {"programs"} if "`[exec]`" in TEXT else set()
    assert set(settings.Settings._fields) - explained == set()


def test_every_value_is_explained():
    for key, (_, values) in settings._KINDS.items():
        [row] = re.findall(rf"^\| `{key}` .*$", TEXT, re.MULTILINE)
        for value in re.findall(r"[a-z]+(?:-[a-z]+)*(?=,|$)", values):
            if values.startswith("one of"):
                assert f'"{value}"' in row, key
