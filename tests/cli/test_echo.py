"""No usage error repeats a secret, wherever in a word it stands."""

import pytest

KEY = "sk-ant-api03-FAKEFAKE0123456789abcdefEXAMPLE"
GITHUB = "ghp_FAKEFAKE0123456789abcdefEXAMPLE0"
UNKNOWN = "FAKE0123456789abcdefghEXAMPLE"  # of a gateway, for one
LINES = [
    ["--{}"], ["-{}"], ["KEY{}"], ["list", "--{}"], ["list", "/tmp/{}/x"],
    ["add", "w", "--from-file", "/tmp/{}/x"], ["import", "./{}.bundle"],
    ["show", "a b {}"], ["run", "{}", "--", "true"], ["whoami", "--{}"],
    ["whoami", "--", "--settings", "/x/{}"], ["helper", "api-key", "{}"],
    ["env", "--shell={}"], ["explain", "--from-log", "/a/{}"],
    ["--config=/x/{}", "list"], ["add", "w", "--label", "my {}"],
    ["use", "{}"], ["run", "w", "--", "{}"], ["link", "{}"], ["{}"],
    ["show", "w", "--{}"], ["add", "w", "--provider", "{}"], ["env", "{}"],
    ["rename", "w", "{}"], ["use", "w", "--target", "{}"], ["import", "{}"],
    ["edit", "w", "--label", "{}"], ["add", "w", "--set", "model={}"],
]  # fmt: skip


@pytest.mark.parametrize("secret", [KEY, GITHUB, UNKNOWN], ids=lambda s: s[:3])
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_secret_in_a_command_line_is_not_repeated(bare, line, secret):
    done = bare(*(word.format(secret) for word in line), code=None)
    assert secret[-16:] not in done.out + done.err
    assert done.code != 3
