#compdef keyswitch
# keyswitch: completion of commands, options, names and files; no process.
#
# All of it is one group: cut short, it is a syntax error and does nothing.
# zsh sets options of its own while it completes a word.
{
  # What can be typed after a command: word|kind|words|mark|value|meaning.
  # cli/switching/completion.py makes the rows of the commands themselves.
  function __keyswitch_table {
    rows=()
    case $1 in
    @TABLE@) ;;
    esac
  }

  # Fill `specs` as _arguments takes them, and `found` for _describe.
  function __keyswitch_specs {
    \builtin local row action sign
    \builtin local -a rows part
    __keyswitch_table "$1"
    specs=() found=()
    for row in "${rows[@]}"; do
      part=("${(@s:|:)row}")
      case ${part[2]} in
      (command)
        found+=("${part[1]}:${part[6]}")
        \builtin continue
        ;;
      (words) action="(${part[3]})" ;;
      (profiles) action=__keyswitch_profiles${part[3]:+_or_last} ;;
      (files) action=_files ;;
      (folders) action='_files -/' ;;
      (*) action=' ' ;;
      esac
      part[6]=${${part[6]//\[/\\[}//\]/\\]}
      part[5]=${part[5]//:/\\:}
      case ${part[1]}-${part[2]} in
      (-*-flag) specs+=("${part[4]}${part[1]}[${part[6]}]") ;;
      (-*)
        sign='+'
        [[ ${part[1]} != --* ]] || sign='='
        specs+=("${part[4]}${part[1]}${sign}[${part[6]}]:${part[5]}:$action")
        ;;
      (rest-programs) specs+=('*:::command:__keyswitch_command') ;;
      (rest-*) specs+=("*:${part[5]}:$action") ;;
      (*) specs+=("${part[1]}:${part[5]}:$action") ;;
      esac
    done
    if ((${#found})); then
      specs+=('1:command:->command' '*::argument:->rest')
    fi
  }

  # Offer the profiles, by the names of their files.
  function __keyswitch_profiles {
    \builtin local -a folders names
    if [[ -n ${KEYSWITCH_HOME-} ]]; then
      folders=("$KEYSWITCH_HOME/config")
    elif [[ ${XDG_CONFIG_HOME-} == /* ]]; then # a relative one is ignored
      folders=("$XDG_CONFIG_HOME/keyswitch")
    else
      folders=("$HOME/.config/keyswitch"
        "$HOME/Library/Application Support/keyswitch")
    fi
    # In a variable: where it is read under `emulate sh`, the qualifiers
    # would be a syntax error.
    \builtin local files='/profiles/[a-z0-9]*.toml(N:t:r)'
    names=(${^folders}${~files})
    \builtin compadd "$@" -a -- names
  }

  # `use -` is the profile before this one.
  function __keyswitch_profiles_or_last {
    __keyswitch_profiles "$@"
    \builtin compadd "$@" -- -
  }

  # Another command, behind `run NAME` or `run NAME --`.
  function __keyswitch_command {
    if [[ ${words[1]} == -- ]]; then
      \builtin shift words
      ((CURRENT -= 1))
    fi
    if ((CURRENT == 1)); then
      _command_names -e
    elif ((CURRENT > 1)); then
      _normal
    fi
  }

  # Complete the words of one command.
  function __keyswitch_at {
    \builtin local -a specs found line state state_descr
    \builtin local -A opt_args
    __keyswitch_specs "$1"
    ((${#specs})) || \builtin return 1
    _arguments -C -S : "${specs[@]}" && \builtin return 0
    case ${state-} in
    (command) _describe -t commands command found ;;
    (rest) __keyswitch_at "$1${1:+ }${words[1]}" ;;
    (*) \builtin return 1 ;;
    esac
  }

  function __keyswitch_complete {
    \builtin local curcontext="${curcontext-}"
    __keyswitch_at ''
  }

  # In a file of its own on fpath this text is the function's body.
  if [[ ${(%):-%N} == _keyswitch ]]; then
    __keyswitch_complete "$@"
  elif ((${+functions[compdef]})); then
    compdef __keyswitch_complete keyswitch
  fi
}
