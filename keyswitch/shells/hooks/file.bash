# shellcheck shell=bash
# keyswitch @VERSION@: what a start file reads, so that a new terminal starts no
# process. keyswitch writes this file, again after an update: edits are lost.
#
# With another version installed, or where keyswitch's own files are elsewhere
# for this shell, it does nothing, and its status is 1.
{
  __keyswitch_text=''
  if [[ -f '@MODULE@' && -r '@MODULE@' ]]; then
    # At the end of the file, read is false.
    IFS='' \builtin read -r -d '' __keyswitch_text <'@MODULE@' || \builtin :
  fi
  __keyswitch_places=${XDG_STATE_HOME:-${HOME-}/.local/state}
  __keyswitch_places=$__keyswitch_places//${XDG_CONFIG_HOME:-${HOME-}/.config}
  __keyswitch_places=${KEYSWITCH_HOME-}//$__keyswitch_places
  if [[ $__keyswitch_text == *'"@VERSION@"'* ]] &&
    \builtin [ "$__keyswitch_places" = '@PLACES@' ]; then
    \builtin unset -v __keyswitch_text __keyswitch_places
    @HOOK@
    # Read when it is first asked for: it takes as long as all the rest.
    function __keyswitch_complete {
      # shellcheck source=/dev/null
      \builtin . '@COMPLETION@' && __keyswitch_complete "$@"
    }
    \builtin export -nf __keyswitch_complete
    case $BASH_VERSION in
    # Before 4.0 there is no compopt.
    [1-3].*) \builtin complete -o default -F __keyswitch_complete keyswitch ;;
    *) \builtin complete -F __keyswitch_complete keyswitch ;;
    esac
  else
    \builtin unset -v __keyswitch_text __keyswitch_places
    \builtin false
  fi
}
