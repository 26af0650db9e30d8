# shellcheck shell=bash
# keyswitch: completion of commands, options, names and files; no process.
#
# All of it is one group: cut short, it is a syntax error and does nothing.
# `\builtin` passes over aliases and functions of the person who sources this.
{
  # What can be typed after a command: word|kind|words|mark|value|meaning.
  # cli/switching/completion.py makes the rows of the commands themselves.
  function __keyswitch_table {
    rows=()
    case $1 in
    @TABLE@) ;;
    esac
  }

  # Find the words of a command that the pattern fits.
  function __keyswitch_words {
    \builtin local row
    __keyswitch_table "$1"
    found=()
    for row in "${rows[@]}"; do
      # shellcheck disable=SC2254 # it is a pattern
      case $row in
      $2) found+=("${row%%|*}") ;;
      esac
    done
  }

  # Fill `kind` and `found` for an option of a command, or a place in it.
  function __keyswitch_value {
    \builtin local row
    __keyswitch_table "$1"
    for row in "${rows[@]}"; do
      case $row in
      "$2|"*)
        row=${row#*|}
        kind=${row%%|*} row=${row#*|}
        # shellcheck disable=SC2206 # words, to be taken apart
        found=(${row%%|*})
        \builtin return 0
        ;;
      esac
    done
    kind=$3 found=()
    \builtin return 1
  }

  function __keyswitch_commands {
    __keyswitch_words "$1" '*|command||||*'
  }

  function __keyswitch_options {
    __keyswitch_words "$1" '-*'
  }

  function __keyswitch_argument {
    __keyswitch_value "$1" "$2" '' || __keyswitch_value "$1" rest nothing || :
  }

  # Offer those of the words that begin as the typed one does.
  function __keyswitch_offer {
    \builtin local word
    for word in "$@"; do
      case $word in
      "$typed"*) COMPREPLY+=("$before$word") ;;
      esac
    done
  }

  # Offer the profiles, by the names of their files.
  function __keyswitch_profiles {
    \builtin local folder file
    if [[ -n ${KEYSWITCH_HOME-} ]]; then
      \builtin set -- "$KEYSWITCH_HOME/config"
    elif [[ ${XDG_CONFIG_HOME-} == /* ]]; then # a relative one is ignored
      \builtin set -- "$XDG_CONFIG_HOME/keyswitch"
    else
      \builtin set -- "${HOME-}/.config/keyswitch" \
        "${HOME-}/Library/Application Support/keyswitch"
    fi
    for folder in "$@"; do
      for file in "$folder/profiles"/*.toml; do
        file=${file##*/}
        file=${file%.toml}
        # bash puts the word in as it is: no name that the shell would expand.
        case $file in
        [!a-z0-9]* | *[!a-z0-9._-]*) ;;
        *) __keyswitch_offer "$file" ;;
        esac
      done
    done
  }

  # Offer the programs on PATH.
  function __keyswitch_programs {
    \builtin local rest file
    rest=${PATH-}:
    while [[ -n $rest ]]; do
      for file in "${rest%%:*}/$typed"*; do
        if [[ -f $file && -x $file ]]; then
          file=${file##*/}
          case $file in
          *[!A-Za-z0-9._+@%-]*) ;;
          *) __keyswitch_offer "$file" ;;
          esac
        fi
      done
      rest=${rest#*:}
    done
  }

  # Find out what the typed word is: `place` is the command that it belongs to,
  # `option` the option that it is the value of, `count` the words before it.
  function __keyswitch_walk {
    \builtin local index word
    for ((index = 1; index < COMP_CWORD; index++)); do
      word=${COMP_WORDS[index]}
      if [[ -n $option ]]; then
        # With `=` among the word breaks it is a word between the two.
        [[ $word == '=' ]] || option=''
        \builtin continue
      fi
      case $inside$ended$word in
      -- | inside--) ended=ended ;;
      -?*)
        __keyswitch_value "$place" "$word" flag || :
        [[ $kind == flag ]] || option=$word
        ;;
      *)
        __keyswitch_commands "$place"
        if [[ -n ${found[*]-} ]]; then
          place=$place${place:+ }$word
        else
          ((count += 1))
          __keyswitch_argument "$place" $((count + 1))
          # What follows belongs to another command.
          [[ $kind != programs ]] || inside=inside
        fi
        ;;
      esac
    done
  }

  function __keyswitch_answer {
    \builtin local kind found place option count inside ended typed before
    \builtin local rows IFS=$' \t\n'
    kind='' found=() place='' option='' count=0 inside='' ended='' before=''
    __keyswitch_walk
    typed=${COMP_WORDS[COMP_CWORD]-}
    typed=${typed#[\"\']}
    case $inside$ended$option$typed in
    -*=*)
      if [[ -z $option ]]; then
        option=${typed%%=*} before=${typed%%=*}= typed=${typed#*=}
      fi
      ;;
    esac
    if [[ -n $option ]]; then
      [[ $typed != '=' ]] || typed=''
      __keyswitch_value "$place" "$option" flag || :
    else
      if [[ $typed == -* && -z $inside$ended ]]; then
        __keyswitch_options "$place"
        __keyswitch_offer "${found[@]}"
      fi
      __keyswitch_commands "$place"
      if [[ -n ${found[*]-} ]]; then
        kind=words
      else
        __keyswitch_argument "$place" $((count + 1))
      fi
    fi
    __keyswitch_offer "${found[@]}"
    case $kind-$count-$typed in
    profiles-*) __keyswitch_profiles ;;
    programs-1-*/*) \builtin compopt -o default ;;
    programs-1-*) __keyswitch_programs ;;
    files-* | programs-*) \builtin compopt -o default ;;
    folders-*) \builtin compopt -o dirnames ;;
    esac 2>/dev/null
  }

  function __keyswitch_complete {
    \builtin local flags failglob
    flags=$- failglob=''
    # A trace would be in the middle of the line that is being typed.
    case $- in *[efux]*) { \builtin set +efux; } 2>/dev/null ;; esac
    if \builtin shopt -q failglob; then
      \builtin shopt -u failglob
      failglob=failglob
    fi
    COMPREPLY=()
    __keyswitch_answer
    [[ -z $failglob ]] || \builtin shopt -s failglob
    case $flags in *u*) \builtin set -u ;; esac
    case $flags in *f*) \builtin set -f ;; esac
    case $flags in *e*) \builtin set -e ;; esac
    case $flags in *x*) \builtin set -x ;; esac
    \builtin return 0
  }

  \builtin export -nf __keyswitch_complete __keyswitch_answer \
    __keyswitch_walk __keyswitch_programs __keyswitch_profiles \
    __keyswitch_offer __keyswitch_argument __keyswitch_value \
    __keyswitch_options __keyswitch_commands __keyswitch_words \
    __keyswitch_table
  case $BASH_VERSION in
  # Before 4.0 there is no compopt.
  [1-3].*) \builtin complete -o default -F __keyswitch_complete keyswitch ;;
  *) \builtin complete -F __keyswitch_complete keyswitch ;;
  esac
}
