# keyswitch: every prompt follows a switch that was made elsewhere.
#
# All of it is one group: cut short, it is a syntax error and does nothing.
# `\builtin` passes over aliases and functions of the person who sources this.
{
  \builtin typeset -g __keyswitch_state='@STATE_FILE@'
  \builtin typeset -g __keyswitch_config='@CONFIG_FILE@'
  # `setopt ALL_EXPORT` exports them.
  \builtin typeset -g +x __keyswitch_state __keyswitch_config
  # Unset: nothing was followed yet. Empty: look again at once.
  \builtin unset -v __keyswitch_key

  # Work out what the profile depends on, as __keyswitch_new, and whether none
  # counts here, as __keyswitch_none; no process.
  function __keyswitch_look {
    \builtin local dir=. state='' link='' text=''
    if [[ -f $__keyswitch_state && -r $__keyswitch_state ]]; then
      # In zsh this does not fork.
      { state=$(<$__keyswitch_state) } 2>/dev/null
    fi
    # Times say too little: files move into place with old ones. No other kind
    # of file is read: a FIFO would have the prompt wait.
    # Not by $PWD, which may lead through a symbolic link: keyswitch looks
    # through the parents of the directory itself.
    while \builtin true; do
      if [[ -e $dir/.keyswitch || -h $dir/.keyswitch ]]; then
        link=$link//$dir text=''
        if [[ -h $dir/.keyswitch || ! -f $dir/.keyswitch ]]; then
          link=$link//special
        elif [[ ! -O $dir/.keyswitch ]]; then
          link=$link//foreign
        fi
        if [[ -f $dir/.keyswitch && -r $dir/.keyswitch ]]; then
          {
            \builtin read -r -u 0 -k 4097 text <"$dir/.keyswitch"
          } 2>/dev/null
          link=$link//$text
        fi
      fi
      # `-e`: the directory may have been removed.
      [[ -e $dir/.. && ! $dir -ef $dir/.. ]] || \builtin break
      dir=$dir/..
    done
    # What `eval "$(keyswitch unlock)"` and `use --here` leave counts as well.
    __keyswitch_new="${KEYSWITCH_SESSION+open}//${KEYSWITCH_PROFILE-}"
    __keyswitch_new="$__keyswitch_new//$link//$PWD//${DIRENV_DIFF-}//$state"
    # A directory can be moved with this shell in it.
    [[ . -ef $PWD ]] || __keyswitch_new=moved//$__keyswitch_new
    # Only what is sure: no choice, nothing to take back, no links by remote.
    __keyswitch_none='' text=''
    if [[ -e $__keyswitch_config || -h $__keyswitch_config ]]; then
      text=links
      if [[ -f $__keyswitch_config && -r $__keyswitch_config ]]; then
        { text=$(<$__keyswitch_config) } 2>/dev/null
      fi
    fi
    link=$link${KEYSWITCH_PROFILE-}${KEYSWITCH_ENV-}${KEYSWITCH_PANE-}
    if [[ -z $link && $text != *links* && $text != *\\* ]]; then
      case $state in
      ($'{\n  "version": 1,\n  "active": "",\n'*) __keyswitch_none=none ;;
      ('')
        if [[ ! -e $__keyswitch_state && ! -h $__keyswitch_state ]]; then
          __keyswitch_none=none
        fi
        ;;
      esac
    fi
  }

  # Say where what `env NAME` chose came along into a multiplexer's pane, and
  # note that it was said there.
  function __keyswitch_moved {
    \builtin local pane="${STY:+$STY:${WINDOW-}}"
    pane="${TMUX_PANE:-${ZELLIJ_PANE_ID:-$pane}}"
    pane=${pane:--}
    if [[ -z ${KEYSWITCH_PANE-} || ${KEYSWITCH_PANE%%@*} == "$pane" ]]; then
      \builtin return 0
    fi
    KEYSWITCH_PANE=$pane@
    \builtin printf "keyswitch: '%s' was chosen in %s; to end it here: %s\n" \
      "${KEYSWITCH_ENV%%:*}" 'the terminal that started this one' \
      "eval \"\$(keyswitch env --unset)\"" >&2
  }

  # Bring this shell up to date, if something changed; 4: it cannot be.
  function __keyswitch_follow {
    \builtin local __keyswitch_new='' __keyswitch_text='' __keyswitch_first=''
    \builtin local __keyswitch_was="${KEYSWITCH_ENV-}" __keyswitch_now=''
    \builtin local __keyswitch_failed='' __keyswitch_none=''
    if [[ ${__keyswitch_was#*:} == p:* ]]; then
      __keyswitch_moved
      __keyswitch_was=${__keyswitch_was%%:*}
      __keyswitch_now=${__keyswitch_config%/*}/profiles
      if [[ ! -d $__keyswitch_now || -e $__keyswitch_now/$__keyswitch_was.toml ||
        -h $__keyswitch_now/$__keyswitch_was.toml ||
        $__keyswitch_was == *[^a-z0-9._-]* ]]; then
        # Pinned by `keyswitch env NAME`; when that ends, it follows at once.
        if [[ -n ${__keyswitch_key-} ]]; then
          \builtin typeset -g __keyswitch_key=''
        fi
        \builtin return 0
      fi
      # It was removed: its secret goes. What fails is not tried again.
      if [[ ${__keyswitch_key-} == gone ]] ||
        ! \builtin whence -p keyswitch >/dev/null; then
        \builtin return 0
      fi
      \builtin typeset -g __keyswitch_key=gone
      __keyswitch_text=$(
        \builtin command keyswitch env --unset --shell zsh </dev/null
      ) || \builtin return 0
      \builtin eval "$__keyswitch_text" || \builtin return 4
      \builtin printf "keyswitch: profile '%s' no longer exists; %s\n" \
        "$__keyswitch_was" 'its variables were unset in this shell' >&2
      \builtin return 0
    fi
    __keyswitch_look
    if [[ $__keyswitch_new == "${__keyswitch_key-}" ]]; then
      \builtin return 0
    fi
    [[ -n $__keyswitch_none ]] || \builtin whence -p keyswitch >/dev/null ||
      \builtin return 0
    __keyswitch_first=${__keyswitch_key-first}
    # Kept before the attempt: what fails is not tried at every prompt.
    \builtin typeset -g __keyswitch_key="$__keyswitch_new"
    [[ -z $__keyswitch_none ]] || \builtin return 0
    # Where it fails, it may take a former account out of this shell.
    __keyswitch_text=$(
      \builtin command keyswitch env --shell zsh </dev/null
    ) || __keyswitch_failed=program
    [[ $__keyswitch_text == '{ '*' }' ]] || \builtin return 0
    if ! \builtin eval "$__keyswitch_text" && [[ -z $__keyswitch_failed ]]; then
      # What is left here is a former account's. Say that it goes, too.
      __keyswitch_failed=shell
      __keyswitch_text=$(
        \builtin command keyswitch env --unset --shell zsh </dev/null
      ) && \builtin eval "$__keyswitch_text" 2>/dev/null
      \builtin set --
    fi
    __keyswitch_now=${KEYSWITCH_ENV-}
    __keyswitch_was=${__keyswitch_was%%:*}
    __keyswitch_now=${__keyswitch_now%%:*}
    if [[ $__keyswitch_first != first && ${1-} != quiet &&
      $__keyswitch_was != "$__keyswitch_now" ]]; then
      # A name that no profile can have came from outside.
      [[ $__keyswitch_was != *[^a-z0-9._-]* ]] || __keyswitch_was=''
      \builtin printf 'keyswitch: %s -> %s\n' \
        "${__keyswitch_was:-none}" "${__keyswitch_now:-none}" >&2
    fi
    [[ $__keyswitch_failed != shell ]] || \builtin return 4
  }

  function __keyswitch_hook {
    \builtin local __keyswitch_status="$?"
    # Its options for this call only; a trace would show the secrets.
    \builtin emulate -L zsh -o no_xtrace -o no_aliases
    __keyswitch_follow
    \builtin return $__keyswitch_status
  }

  function keyswitch {
    \builtin emulate -L zsh -o no_xtrace -o no_aliases
    \builtin local __keyswitch_status=0 __keyswitch_text='' __keyswitch_word=''
    \builtin local __keyswitch_verb='' __keyswitch_here=''
    for __keyswitch_word in "$@"; do
      case $__keyswitch_word in
      (--here) __keyswitch_here=here ;;
      (-*) ;;
      (*) __keyswitch_verb=${__keyswitch_verb:-$__keyswitch_word} ;;
      esac
    done
    # In `eval "$(keyswitch use NAME --here)"` the text is for the caller.
    if [[ $ZSH_SUBSHELL != 0 && -p /dev/fd/1 ]]; then
      __keyswitch_here=''
    fi
    __keyswitch_word=''
    case $__keyswitch_here-$__keyswitch_verb in
    (here-use | here-off)
      __keyswitch_text=$(\builtin command keyswitch "$@") ||
        __keyswitch_status=$?
      # What is no such text is help or a list: it is for the person.
      if [[ $__keyswitch_text == '{ '*' }' ]]; then
        if [[ $__keyswitch_status == 0 ]]; then
          # Where that fails, nothing has changed: nothing to follow.
          \builtin eval "$__keyswitch_text" ||
            __keyswitch_status=$? __keyswitch_verb=''
        fi
      elif [[ -n $__keyswitch_text ]]; then
        \builtin printf '%s\n' "$__keyswitch_text"
      fi
      ;;
    (-use | -off)
      # It judges what this shell has after it, and says it, too.
      KEYSWITCH_FOLLOWS=1 \builtin command keyswitch "$@" ||
        __keyswitch_status=$?
      __keyswitch_word=quiet
      ;;
    (*) \builtin command keyswitch "$@" || __keyswitch_status=$? ;;
    esac
    case $__keyswitch_verb in
    (use | off | undo | rotate | edit | rename | remove | login | logout | \
      unlock | allow | deny | link | unlink)
      if [[ -n ${__keyswitch_key-} ]]; then
        \builtin typeset -g __keyswitch_key=''
      fi
      __keyswitch_follow "$__keyswitch_word" ||
        __keyswitch_status=${__keyswitch_status/#0/4}
      ;;
    esac
    \builtin return $__keyswitch_status
  }

  function __keyswitch_attach {
    \builtin emulate -L zsh
    \builtin typeset -ga precmd_functions
    if ((!${precmd_functions[(I)__keyswitch_hook]})); then
      precmd_functions+=(__keyswitch_hook)
    fi
  }
  if [[ -o interactive ]]; then
    __keyswitch_attach
  fi
  \builtin unfunction __keyswitch_attach

  # Completion is loaded when it is first asked for: it takes as long as all the
  # rest. Where no package brings the file, keyswitch makes it.
  function __keyswitch_load {
    if [[ -f '@COMPLETION@' && -r '@COMPLETION@' ]]; then
      \builtin . '@COMPLETION@'
    else
      \builtin eval "$(\builtin command keyswitch completion zsh 2>/dev/null)"
    fi
    ((${+functions[__keyswitch_complete]})) && __keyswitch_complete "$@"
  }
  if ((${+functions[compdef]})); then
    compdef __keyswitch_load keyswitch
  fi
}
