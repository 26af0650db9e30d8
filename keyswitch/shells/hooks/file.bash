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
  else
    \builtin unset -v __keyswitch_text __keyswitch_places
    \builtin false
  fi
}
