"""Command lines made from the real tree of commands, and from bad words.

Everything comes from one number, so that a failing example is that number.
"""

import os
import random

import click

from keyswitch.cli.main import cli

SECRET = "sk-ant-api03-FAKE-argv-0000000000000000000000000000EXAMPLE"
ADDRESS = "https://gw.example.com"

NAMES = ("work", "gw", "me", "new")
GOOD = (
    *NAMES, "-", "anthropic", "gateway", "custom", "bedrock",
    "bash", "zsh", "fish", "powershell", "json", "dotenv", "vault", "keychain",
    "claude-code", "model=x", f"base_url={ADDRESS}", "2030-01-31", "60", "3",
    "TOKEN", "token-file", "bundle", "text", "phrase", "~/w/**",
    "github.com/a/*", "op://a/b/c", "API Error: 401 invalid x-api-key",
)  # fmt: skip
BAD = (
    "", " ", "--", "---", "-x", "--no-such-option", "--=", "@token-file", "@",
    "@-", "%s%n", "{0}", "$(id)", "`id`", "*", "~", "~root", "\\", "'", '"',
    ".", "..", "/", "../x", "a/b", "/dev/null", "/dev/full", "/proc/self/mem",
    "/dev/fd/9", "con", "nul.txt", "WORK", "work ", "work.toml", ".work", "é",
    "e\u0301", "\U0001d54f", "x" * 65, "x" * 5000, "x" * 100_000, "x=" * 900,
    "0", "-1", "9" * 30, "9" * 5000, "1e999", "nan", "inf", "0x10", "1_0", "٣",
    "2026-02-30", "9999-12-31", "0000-00-00", "=", "=x", "a=b=c", "env=A B",
    "base_url=http://u:p@x", "api_key=x", "https://[::1", "file:///x", "a\tb",
    "a\nkeyswitch: all is well", "a\rb", "a\x1b[2J", "a\x07", "a\x7fb",
    "\x9b3m", "\u202egpj", "\u2066", "\u200b", "\u2028", "\ufeff", "\ue000",
    "\U000e0041",
    os.fsdecode(b"\xff\xfe"), os.fsdecode(b"\xed\xa0\x80"), "[" * 3000, "NaN",
    '{"a":' * 300, "{}", "[]", '{"env":{"ANTHROPIC_API_KEY":"x"}}', SECRET,
)  # fmt: skip
# What sends something, and only because a person asks for it.
ASKING = ("verify", "--verify", "--network")


def tree(command=cli, path=()):
    """Yield (path, parameters) of every command, groups among them."""
    yield path, command.params
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            yield from tree(found, (*path, name))


COMMANDS = dict(tree())
OPTIONS = sorted({o for ps in COMMANDS.values() for p in ps for o in p.opts})
_BEFORE = ((), (), (), ("--json",), ("-q",), ("-v",), ("--no-input",))
_FILES = ("token-file", "phrase", "bundle")
_SHELLS = ("bash", "zsh", "fish")
_DATES = ("2030-01-31", "2020-02-29")
_OWN = {
    "name": NAMES, "new_name": NAMES, "names": NAMES, "shell": _SHELLS,
    "provider_id": ("anthropic", "gateway", "openai", "bedrock", "custom"),
    "sets": (f"base_url={ADDRESS}", "model=x", "env=TOKEN", "region=eu-1"),
    "from_file": _FILES, "passphrase_file": _FILES, "path": _FILES,
    "expires": _DATES, "fd": ("0",), "passphrase_fd": ("0",),
    "timeout": ("60",), "wait": ("0.1",), "number": ("3",),
}  # fmt: skip


def options_of(words):
    """Return the options of the command that a line names."""
    path = ()
    for word in words:
        if (*path, word) in COMMANDS:
            path = (*path, word)
    return {option for p in COMMANDS[path] for option in p.opts}


def line(number):
    """Return the words that a number stands for."""
    chance = random.Random(number)
    if chance.random() < 0.05:
        return [_word(chance) for _ in range(chance.randrange(4))]
    path = chance.choice(list(COMMANDS))
    parameters = COMMANDS[path]
    words = [*chance.choice(_BEFORE), *path]
    options = []
    for parameter in parameters:
        if isinstance(parameter, click.Argument):
            words.append(_value(parameter, chance))
        elif chance.random() < (1 if parameter.required else 0.25):
            options += _option(parameter, chance)
    words += options
    if chance.random() < 0.25:
        at = chance.randrange(len(words) + 1)
        odd = chance.choice(OPTIONS) if chance.random() < 0.3 else _word(chance)
        words.insert(at, odd)
    return words


def _option(parameter, chance):
    name = chance.choice([*parameter.opts, *parameter.secondary_opts])
    if getattr(parameter, "is_flag", False):
        return [name]
    value = _value(parameter, chance)
    return [f"{name}={value}"] if chance.random() < 0.5 else [name, value]


def _value(parameter, chance):
    """Mostly one of the parameter's own kind."""
    how = chance.random()
    choices = getattr(parameter.type, "choices", ())
    if how < 0.75:
        return chance.choice(choices or _OWN.get(parameter.name, GOOD))
    return _word(chance)


def _word(chance):
    how = chance.random()
    if how < 0.2:
        return chance.choice(GOOD)
    if how < 0.8:
        return chance.choice(BAD)
    text = bytes(chance.choices(range(1, 256), k=chance.randrange(1, 12)))
    return os.fsdecode(text)  # whatever a process's arguments can hold
