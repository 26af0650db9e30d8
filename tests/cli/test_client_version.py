"""A Claude Code of another version than observed: the prediction is doubted."""

import json

import pytest

from keyswitch.targets.claude_code.versions import OBSERVED

KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-FAKE-version-0123456789EXAMPLE"}


@pytest.fixture
def installed(ks):
    def install(version):
        place = ks.home / "versions" / version
        place.parent.mkdir()
        place.write_text("#!/bin/sh\n")
        place.chmod(0o755)
        (ks.home / ".local/bin").mkdir(parents=True)
        (ks.home / ".local/bin/claude").symlink_to(place)
        return ks

    return install


@pytest.mark.parametrize(
    ("version", "age"), [("2.1.199", "older"), ("9.0.0", "newer")]
)
def test_whoami_says_so_in_one_line_and_doctor_in_a_note(
    installed, version, age
):
    ks = installed(version)
    said = ks("whoami", PATH="/nowhere", **KEY).out
    line = f"Claude Code {version} is {age} than the tested versions"
    assert said.count(line) == 1
    told = ks("doctor", code=None, PATH="/nowhere", **KEY).out
    assert f"  {line}" in told
    assert "the prediction may be wrong" in told


def test_whoami_is_silent_about_a_version_that_was_observed(installed):
    ks = installed(OBSERVED[-1])
    document = json.loads(ks("whoami", "--json", PATH="/nowhere", **KEY).out)
    assert document["version_of_claude_code"] == {
        "installed": OBSERVED[-1],
        "observed": list(OBSERVED),
        "doubt": None,
    }
    assert "may be wrong" not in ks("whoami", PATH="/nowhere", **KEY).out
