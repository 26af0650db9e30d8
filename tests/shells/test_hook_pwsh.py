"""The hook of PowerShell, as text: there may be no PowerShell to run it."""

import re

import pytest

from keyswitch.cli.switching.completion import script
from keyswitch.shells import EnvScript
from keyswitch.shells.hook_scripts import hook_script
from keyswitch.shells.windows import powershell

STATE = "/home/me/.local/state/keyswitch/state.json"


@pytest.fixture(scope="module")
def text():
    return hook_script("pwsh", STATE, "")


@pytest.fixture(scope="module")
def code(text):
    """Return the text without comments, and without what quotes hold."""
    lines = [re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines()]
    return re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", "\n".join(lines))


def body(code, name):
    """Return the lines of one function."""
    lines = code.splitlines()
    start = next(
        n for n, line in enumerate(lines)
        if re.search(rf"function global:{name}[ (]", line)
    )  # fmt: skip
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = lines.index(" " * indent + "}", start)
    return [line.strip() for line in lines[start + 1 : end] if line.strip()]


def test_it_says_that_it_has_not_run_in_a_real_powershell(text):
    assert "has not run in a real PowerShell" in text.split("& {")[0]


def test_it_is_plain_ascii_in_short_lines(text):
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def test_it_leaves_only_names_of_its_own(code):
    functions = set(re.findall(r"function global:([\w-]+)", code))
    assert {n for n in functions if not n.startswith("__keyswitch_")} == {
        "keyswitch", "prompt",
    }  # fmt: skip
    assigned = set(re.findall(r"\$global:(\w+) = ", code))
    assert {n for n in assigned if not n.startswith("__keyswitch_")} == {
        "LASTEXITCODE"
    }


def test_every_function_that_is_called_is_there(code):
    used = set(re.findall(r"(?<![\w:$])__keyswitch_\w+", code))
    loaded = {"__keyswitch_complete"}  # with the completion script
    assert used - loaded == set(
        re.findall(r"function global:(__keyswitch_\w+)", code)
    )


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        (STATE, f"'{STATE}'"),
        ("C:\\Users\\me\\it's $x", "'C:\\Users\\me\\it''s $x'"),
        ("/é", "(-join ('/',[char]233))"),
    ],
)
def test_the_state_file_is_quoted(path, quoted):
    found = hook_script("powershell", path, "")
    assert f"        $state = {quoted}\n" in found
    assert "STATE_FILE" not in found


def test_the_prompt_asks_for_the_status_first_and_gives_it_back_last(code):
    assert body(code, "prompt") == [
        "$succeeded = $?",
        "$status = __keyswitch_status",
        "__keyswitch_follow",
        "$global:LASTEXITCODE = $status",
        "if ($succeeded) { $null = 1 }",
        "else { Write-Error -Message '' -ErrorAction Ignore }",
        "& $global:__keyswitch_prompt",
    ]


def test_a_prompt_that_was_wrapped_is_not_wrapped_again(code):
    guard = (
        "if (-not (Test-Path -LiteralPath Variable:Global:__keyswitch_prompt"
    )
    assert code.index(guard) < code.index("= $function:prompt")
    assert code.count("$function:prompt") == 1


def test_an_equal_key_returns_before_any_program_is_started(code):
    lines = body(code, "__keyswitch_follow")
    done = lines.index("if ($seen -ceq $key) { return }")
    started = next(n for n, line in enumerate(lines) if "& $program" in line)
    assert done < started
    looked_at = body(code, "__keyswitch_key") + body(code, "__keyswitch_links")
    assert not any("& " in line or "$program" in line for line in looked_at)


def test_a_failure_is_remembered_before_the_attempt(code):
    lines = body(code, "__keyswitch_follow")
    kept = lines.index("$global:__keyswitch_seen = $key")
    assert kept < next(n for n, line in enumerate(lines) if "& $pro" in line)


def test_only_the_program_is_called_and_only_its_text_is_evaluated(text):
    assert text.count("-CommandType Application") == 1
    assert text.count("Invoke-Expression") == 2  # and the completion script
    assert script("ps1").startswith("# keyswitch: completion")
    lead = re.search(r"-clike '([^*]+)\*'\) \{ Invoke-Expression", text)
    assert powershell(EnvScript(assign=[("A", "x")])).startswith(lead[1])


def test_a_link_is_compared_by_what_it_is_and_says_not_by_being_newer(text):
    links = text.partition("function global:__keyswitch_links")[2]
    links = links.partition("function global:__keyswitch_key")[0]
    for part in ("Length", "Ticks", "LinkType", "Get-Content -LiteralPath"):
        assert part in links
    assert "LastWriteTimeUtc -gt" not in text


def test_names_are_taken_literally_everywhere(code):
    for line in code.splitlines():
        for word in ("Test-Path", "Get-Item", "Get-Content", "Split-Path"):
            assert word not in line or f"{word} -LiteralPath" in line


def test_nothing_depends_on_the_person_s_error_preference(code):
    for word in ("Get-Command", "Get-Content", "Get-Item", "Get-Variable"):
        for part in code.split(word)[1:]:
            assert "-ErrorAction Ignore" in part[:100]
