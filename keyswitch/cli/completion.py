"""completion SHELL: a static script. Names come from file names.

Completing a word starts no Python: the scripts list the profile folder
themselves.
"""

from __future__ import annotations

import click

from keyswitch.cli.commands import COMMANDS
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode

# Commands whose first argument is a profile's name.
TAKE_A_NAME = (
    "copy",
    "edit",
    "env",
    "login",
    "logout",
    "remove",
    "rename",
    "revoke-local",
    "rotate",
    "run",
    "show",
    "use",
)

_BASH = """\
_keyswitch() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} folder file
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W '{commands}' -- "$word")
        return
    fi
    case ${{COMP_WORDS[1]}} in
    {named})
        folder={folder}
        for file in "$folder"/"$word"*.toml; do
            [ -e "$file" ] || continue
            file=${{file##*/}}
            COMPREPLY+=("${{file%.toml}}")
        done
        ;;
    esac
}}
complete -F _keyswitch keyswitch
"""

_ZSH = """\
#compdef keyswitch
_keyswitch() {{
    local folder
    if (( CURRENT == 2 )); then
        compadd -- {commands}
        return
    fi
    case $words[2] in
    ({named})
        folder={folder}
        compadd -- "$folder"/*.toml(N:t:r)
        ;;
    esac
}}
compdef _keyswitch keyswitch
"""

_FISH = """\
function __keyswitch_profiles
    set -l folder {folder}
    for file in $folder/*.toml
        string replace -r '^.*/(.*)\\.toml$' '$1' -- $file
    end
end
complete -c keyswitch -f
complete -c keyswitch -n __fish_use_subcommand -a '{commands}'
complete -c keyswitch -n '__fish_seen_subcommand_from {named}' \\
    -a '(__keyswitch_profiles)'
"""

# `KEYSWITCH_HOME` and the XDG variables are read when a word is completed.
_FOLDER = (
    '"${KEYSWITCH_HOME:+$KEYSWITCH_HOME/config}"\n'
    '        [ -n "$folder" ] || '
    'folder="${XDG_CONFIG_HOME:-$HOME/.config}/keyswitch"\n'
    '        folder="$folder/profiles"'
)
_FISH_FOLDER = """$HOME/.config/keyswitch/profiles
    set -q XDG_CONFIG_HOME; and set folder $XDG_CONFIG_HOME/keyswitch/profiles
    set -q KEYSWITCH_HOME; and set folder $KEYSWITCH_HOME/config/profiles"""

SHELLS = ("bash", "fish", "zsh")


def script(shell: str) -> str:
    """Return the completion script for a shell."""
    names = sorted(COMMANDS)
    if shell == "fish":
        return _FISH.format(
            folder=_FISH_FOLDER,
            commands=" ".join(names),
            named=" ".join(TAKE_A_NAME),
        )
    form = _BASH if shell == "bash" else _ZSH
    return form.format(
        folder=_FOLDER,
        commands=" ".join(names),
        named=("|" if shell == "zsh" else " | ").join(TAKE_A_NAME),
    )


@click.command(
    epilog='\b\nExamples:\n  eval "$(keyswitch completion bash)"\n'
    "  keyswitch completion fish > "
    "~/.config/fish/completions/keyswitch.fish"
)
@click.argument("shell", type=click.Choice(SHELLS))
@global_options
@click.pass_obj
def completion(session: Session, shell: str) -> int:
    """Print a completion script for a shell."""
    del session
    click.echo(script(shell), nl=False)
    return ExitCode.OK
