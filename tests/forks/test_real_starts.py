"""What is still started as a process of its own, and what that shows."""

import re

from tests.components import ROOT

STARTED = re.compile(
    r"""sys\.executable\b[^\n]{0,12}-m["', ]+keyswitch\b"""
    r"""|\n\s+sys\.executable, "-m", "keyswitch"|\.fresh = True"""
    r"""|"\$0" -m keyswitch|\["keyswitch", |with_name\("keyswitch"\)"""
)
# Not all that a file does: the tests of it that need one.
REAL = {
    "cli/terminal.py": "a terminal",
    "bench/modules.py": "what one process enters",
    "bench/proxy.py": "what the proxy adds to a request",
    "bench/redact.py": "what passes it in a second",
    "bench/fleet.py": "machines, each with several at once",
    "bench/libraries.py": "the time that a library takes to load",
    "bench/large.py": "the time and memory of one process",
    "cli/test_advice.py": "a shell that evaluates what it is told",
    "cli/test_bad_input.py": "closed streams, full disks, early signals",
    "cli/test_custom_headers.py": "one shell through many profiles",
    "cli/test_damaged_files.py": "a pipe of its parent",
    "cli/test_explain.py": "what a pipe of a shell gives",
    "cli/test_hostile_links.py": "a path too long to be handed on, a user",
    "cli/test_install.py": "a terminal",
    "cli/test_nobody_listens.py": "closed and full streams",
    "cli/test_odd_environments.py": "a directory that is gone",
    "cli/test_part_done.py": "a reader that is gone",
    "cli/test_shell_keys.py": "a shell's own variables",
    "cli/test_subshell.py": "a terminal, and who is whose parent",
    "cli/test_switching.py": "a terminal, and two at once",
    "cli/test_use_sessions.py": "one that waits and is interrupted",
    "cli/test_whoami.py": "descriptors that are passed on",
    "diagnosis/test_generated_homes.py": "variables of any bytes",
    "faults/concurrency/test_many_shells.py": "the installed command",
    "forks/test_like_a_process.py": "what a fork is compared with",
    "keychains/test_gnome_keyring.py": "a shell's start file, frozen",
    "keychains/test_library_settings.py": "a library that reads settings",
    "leaks/test_arguments.py": "its own arguments",
    "leaks/test_hidden_prompt.py": "a terminal",
    "real/conftest.py": "what the real Claude Code starts",
    "references/test_profiles_outside.py": "several at once",
    "references/test_each_manager.py": "a tool that asks keyswitch",
    "secrets/test_keychain.py": "the worker, and what outlives a command",
    "shells/sessions.py": "the installed command in a shell",
    "shells/test_hook_symlinks.py": "a shell in a linked directory",
    "shells/test_no_delivery.py": "a shell that follows",
    "shells/test_prompt_pieces.py": "a prompt of a real shell",
    "trace/test_command.py": "a terminal, and what can be imported",
    "trace/conftest.py": "a command that is traced, and signals to both",
    "test_examples.py": "examples as they are written",
    "test_layering.py": "which modules are loaded",
}
# These hand the words on to a fork, name the package, or are how it is done.
WAYS = {
    "cli/keyswitch.py", "cli/test_completion.py", "cli/test_current.py",
    "faults/cases.py", "faults/full/warm.py", "forks/test_real_starts.py",
    "fuzz/run.py", "fuzz/test_damaged_files.py", "fuzz/test_names.py",
    "fuzz/test_strictness.py", "leaks/test_terminal_text.py",
}  # fmt: skip


def test_what_is_started_as_a_process_is_listed_with_its_reason():
    folder = ROOT / "tests"
    found = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if STARTED.search(path.read_text(encoding="utf-8"))
    }
    assert found - WAYS == set(REAL)
