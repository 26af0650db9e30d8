"""The tables of the completion scripts, in the words of each shell.

Each function takes the places of completion_model and yields lines.
"""

from __future__ import annotations

import shlex
import textwrap

HELP = ("-h", "--help")
HELP_TEXT = "Show help and leave."
_GAP = "\N{NO-BREAK SPACE}"  # where a line may not be broken


def own_names(place):
    """Return the names of a command's own options."""
    return [name for option in place.options for name in option.names]


def shared(places):
    """Return the options of the root that commands take, too."""
    return [o for o in places[0].options if "--version" not in o.names]


def not_sharing(places):
    """Return the paths of what takes no option of the root."""
    return [p.path for p in places if not p.takes_global]


def values(places):
    """Return {kind of value: ["command --option", ...]}."""
    found = {}
    for place in places:
        for option in place.options:
            for name in option.names if option.kind else ():
                key = f"{place.path} {name}"
                found.setdefault(option.kind, []).append(key)
    return found


def arguments(places):
    """Return {kind: ["command 1", ...]}, then those of all words that follow.

    What is in neither takes no word that could be known.
    """
    found = {}
    for repeats in (False, True):
        for place in places:
            for n, argument in enumerate(place.arguments, 1):
                if (
                    argument.repeats == repeats
                    and argument.kind.name != "nothing"
                ):
                    key = f"{place.path} {'*' if repeats else n}"
                    row = found.setdefault((argument.kind, repeats), [])
                    row.append(key)
    return {(kind, r): keys for (kind, r), keys in found.items()}


def text_of(option):
    """Return the help of an option, or what its value is called."""
    return option.help or option.metavar


def wrapped(words, indent, last=""):
    """Break words into lines, each but the last one ending in `last`."""
    lines = textwrap.wrap(
        " ".join(word.replace(" ", _GAP) for word in words),
        76 - len(indent) - len(last),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [
        indent + line.replace(_GAP, " ") + last * (n < len(lines))
        for n, line in enumerate(lines, 1)
    ]


# bash


def bash(places):
    rows = [
        (p.path, [name for name, _ in p.commands]) for p in places if p.commands
    ]
    yield "function __keyswitch_commands {"
    yield from _bash_cases(rows)
    yield "}"
    yield ""
    yield "function __keyswitch_options {"
    yield from _bash_cases(
        [(p.path, own_names(p)) for p in places if p.options]
    )
    yield '  case "$1" in'
    yield from _bash_pattern([shlex.quote(p) for p in not_sharing(places)])
    yield "    ;;"
    yield "  *)"
    names = [name for option in shared(places) for name in option.names]
    yield f"    found+=({' '.join(names)})"
    yield "    ;;"
    yield "  esac"
    yield f"  found+=({' '.join(HELP)})"
    yield "}"
    yield ""
    yield "function __keyswitch_value {"
    yield from _bash_kinds("flag", values(places).items())
    yield "}"
    yield ""
    yield "function __keyswitch_argument {"
    rows = [(kind, keys) for (kind, _), keys in arguments(places).items()]
    yield from _bash_kinds("nothing", rows)
    yield "}"


def _bash_cases(rows):
    yield "  found=()"
    yield '  case "$1" in'
    for path, words in rows:
        yield f"  {shlex.quote(path)})"
        yield from _bash_list(words)
        yield "    ;;"
    yield "  esac"


def _bash_list(words):
    line = f"    found=({' '.join(words)})"
    if len(line) < 76:
        yield line
    else:
        yield "    found=("
        yield from wrapped(words, " " * 6)
        yield "    )"


def _bash_pattern(patterns):
    words = [f"{p} |" for p in patterns[:-1]] + [patterns[-1] + ")"]
    lines = wrapped(words, "    ", " \\")
    yield "  " + lines[0].lstrip()
    yield from lines[1:]


def _bash_kinds(default, rows):
    yield f"  kind={default} found=()"
    yield '  case "$1 $2" in'
    for kind, keys in rows:
        yield from _bash_pattern(
            [f"'{k[:-1]}'*" if k.endswith("*") else f"'{k}'" for k in keys]
        )
        yield f"    kind={kind.name}"
        if kind.words:
            yield from _bash_list(kind.words)
        yield "    ;;"
    yield "  esac"


# fish


def fish(places):
    yield "function __keyswitch_commands --no-scope-shadowing"
    yield "    set found"
    yield '    switch "$argv[1]"'
    for place in places:
        if place.commands:
            yield f"        case {_fish(place.path)}"
            yield from _fish_set(place.commands)
    yield "    end"
    yield "end"
    yield ""
    yield "function __keyswitch_options --no-scope-shadowing"
    yield "    set found"
    yield '    switch "$argv[1]"'
    for place in places:
        if place.options:
            yield f"        case {_fish(place.path)}"
            yield from _fish_set(_fish_options(place.options))
    yield "    end"
    yield '    switch "$argv[1]"'
    words = " ".join(map(_fish, not_sharing(places)))
    yield f"        case {words}"
    yield "        case '*'"
    yield from _fish_set(_fish_options(shared(places)), "set -a found")
    yield "    end"
    help_rows = [(name, HELP_TEXT) for name in HELP]
    yield from (line[8:] for line in _fish_set(help_rows, "set -a found"))
    yield "end"
    yield ""
    yield "function __keyswitch_value --no-scope-shadowing"
    yield from _fish_kinds("flag", values(places).items())
    yield "end"
    yield ""
    yield "function __keyswitch_argument --no-scope-shadowing"
    rows = [(kind, keys) for (kind, _), keys in arguments(places).items()]
    yield from _fish_kinds("nothing", rows)
    yield "end"


def _fish(text):
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    plain = text and text.replace("-", "").replace(".", "").isalnum()
    return text if plain else f"'{escaped}'"


def _fish_options(options):
    return [(name, text_of(o)) for o in options for name in o.names]


def _fish_set(rows, before="set found"):
    yield f"            {before} \\"
    lines = [f"                {n}\\t{_fish(text)}" for n, text in rows]
    yield from (f"{line} \\" for line in lines[:-1])
    yield lines[-1]


def _fish_kinds(default, rows):
    yield f"    set kind {default}"
    yield "    set found"
    yield '    switch "$argv[1]"'
    for kind, keys in rows:
        lines = wrapped([_fish(key) for key in keys], " " * 12, " \\")
        yield "        case " + lines[0].lstrip()
        yield from lines[1:]
        yield f"            set kind {kind.name}"
        if kind.words:
            lines = wrapped(kind.words, " " * 16, " \\")
            yield "            set found " + lines[0].lstrip()
            yield from lines[1:]
    yield "    end"
