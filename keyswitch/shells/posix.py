"""Export statements for bash, zsh, ksh, mksh and any POSIX sh.

The text has to come through `eval "$(keyswitch env)"` and through the unquoted
`eval $(keyswitch env)`. In the second form the shell splits it into words at
spaces, matches each word against the files of the current directory (ksh and
mksh expand braces as well) and joins what is left by single spaces. So it
holds no newline inside, no two spaces in a row, and none of `*?[`, no brace
with a comma, no parenthesis after `@!+`; neither plain nor inside quotes,
because that quoting is not in force yet when words are matched.

A value of safe characters stands in single quotes. In any other value all
other bytes become octal escapes of `$'...'`, so the text is ASCII and the same
in every locale.

It is one group: cut short anywhere, it is a syntax error and does nothing. It
begins with a trial, of which a child process is the judge: a readonly variable
half-way would end it there, a variable of a type (`declare -i`, an array, a
reference) would export something else, and in bash and mksh the unset of a
local variable uncovers the exported one below it.
"""

from __future__ import annotations

from keyswitch.profiles.names import VARIABLE_CHARACTERS
from keyswitch.shells import ALL, ONE, REFUSED, SAVED_PREFIX, EnvScript, touched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


# `%` is missing: `sh` hands the escapes to printf as its format.
_PLAIN = VARIABLE_CHARACTERS | frozenset("./:@+=,-")
_SAFE = _PLAIN | {"%"}


def bash(script: EnvScript) -> str:
    """Render for bash 3.2 and later, in posix mode too."""

    def save(name: str, saved: str) -> str:
        # `export -n`: `set -a` exports whatever is assigned.
        return f'{saved}="${name}"; export -n {saved}'

    return _group(script, save, _put)


def zsh(script: EnvScript) -> str:
    """Render for zsh."""

    def save(name: str, saved: str) -> str:
        # In two steps, for the same reason.
        return f'typeset -g {saved}="${name}"; typeset -g +x {saved}'

    return _group(script, save, _typeset)


def ksh(script: EnvScript) -> str:
    """Render for ksh93 and mksh.

    Here and in sh nothing takes back what `set -a` exported.
    """
    return _group(script, _keep, _put)


def sh(script: EnvScript) -> str:
    """Render for whatever stands behind the name sh."""
    return _group(script, _keep, _put, sniff=True)


def _keep(name: str, saved: str) -> str:
    return f'{saved}="${name}"'


def _put(name: str, word: str) -> str:
    # Two statements: under `set -k` in bash, `export N=V` exports nothing.
    return f"{name}={word}; export {name}"


def _typeset(name: str, word: str) -> str:
    # A plain assignment in a function draws WARN_CREATE_GLOBAL's warning.
    return f"export {name}={word}"


def _group(
    script: EnvScript,
    save: Callable[[str, str], str],
    put: Callable[[str, str], str],
    *,
    sniff: bool = False,
) -> str:
    """Put the statements into one group.

    They use `test`, because `[` is a pattern, and `unset -v`, because a plain
    `unset` takes a function of that name if there is no such variable.
    """
    statements: list[str] = []
    for name in script.restore:
        kept = SAVED_PREFIX + name
        statements.append(
            f'unset -v {name}; if test "${{{kept}+x}}"; then '
            + put(name, f'"${kept}"')
            + f"; unset -v {kept}; fi"
        )
    for name in script.save:
        kept = SAVED_PREFIX + name
        statements.append(
            f'if test "${{{name}+x}}"; then {save(name, kept)}; '
            f"else unset -v {kept}; fi"
        )
    statements += [f"unset -v {name}" for name in script.remove]
    for name, value in script.assign:
        if sniff and not _SAFE.issuperset(value):
            statements.append(_sniffing(name, value))
        else:
            statements.append(put(name, _quote(value)))
    if not statements:
        return "{ :; }\n"
    if script.failed:
        statements.append("false")
    return "{ " + _if_possible(script, put, "; ".join(statements)) + "; }\n"


# Capitals, a number or another length would make another word of it.
_PROBE = "kEySwItCh"


def _if_possible(
    script: EnvScript, put: Callable[[str, str], str], statements: str
) -> str:
    """Carry out the statements only where a child gets what they say.

    It is rehearsed with a stand-in for each value. The trial is in a
    substitution of its own, because in dash and mksh the failure ends the
    shell it happens in. In backquotes, because parentheses and bars are
    patterns in zsh. Only a failure pays for finding the names.
    """
    assigned = [name for name, _ in script.assign]
    unset = [name for name in touched(script) if name not in assigned]
    rehearsal = "".join([f"{put(name, _PROBE)}; " for name in assigned])
    if unset:
        rehearsal += f"unset -v {' '.join(unset)} && "
    seen = "".join([f"${{{name}}}" for name in assigned])
    seen += "".join([f"${{{name}+x}}" for name in unset])
    wanted = _PROBE * len(assigned)
    rehearsal += f"""/bin/sh -c 'test "{seen}" = "{wanted}"'"""
    child = f"""/bin/sh -c 'test "${{'"${ONE}"'"""
    finding = _each(
        unset, f"""unset -v "${ONE}" && {child}+x}}" = ""'"""
    ) + _each(
        assigned,
        f"""export "${ONE}={_PROBE}" && {child}}}" = {_PROBE}'""",
    )
    return (
        f"if `{{ {rehearsal}; }} >/dev/null 2>&1`; then {statements}; "
        f"else {ALL}=''; {finding}"
        f'echo "keyswitch: error: {REFUSED}${ALL}" >&2; '
        f"unset -v {ONE} {ALL}; false; fi"
    )


def _each(names: list[str], attempt: str) -> str:
    """Note each name with which the attempt fails."""
    if not names:
        return ""
    return (
        f"for {ONE} in {' '.join(names)}; do "
        f"if `{{ {attempt}; }} >/dev/null 2>&1`; then :; "
        f'else {ALL}="${ALL} ${ONE}"; fi; done; '
    )


def _quote(value: str) -> str:
    if _SAFE.issuperset(value):
        return f"'{value}'"
    return f"$'{_octal(value)}'"


def _sniffing(name: str, value: str) -> str:
    r"""Export in a shell of which it is not known whether it has `$'...'`.

    The value is written `$'\056...'`, which is `.` and the value where that
    quoting exists. Where it does not (dash 0.5.12), it is `$\056...` with the
    escapes as they stand, and printf decodes them. There printf is built in:
    mksh, where it is a program whose arguments anybody can read in the process
    list, knows `$'...'`. The last `.` keeps the substitution from stripping
    newlines off the value's end.
    """
    return (
        f"{name}=$'\\056{_octal(value)}'; "
        f'if test "${{{name}#.}}" = "${name}"; '
        f'then {name}=$(printf "${{{name}#$}}."); '
        f"{name}=${{{name}%.}}; fi; "
        f"{name}=${{{name}#.}}; export {name}"
    )


def _octal(value: str) -> str:
    table = [chr(i) if chr(i) in _PLAIN else f"\\{i:03o}" for i in range(256)]
    return "".join([table[byte] for byte in value.encode()])
