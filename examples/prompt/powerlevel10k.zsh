# The profile of this shell as a segment of powerlevel10k.
#
# For ~/.p10k.zsh; put `keyswitch` into POWERLEVEL9K_LEFT_PROMPT_ELEMENTS or
# POWERLEVEL9K_RIGHT_PROMPT_ELEMENTS there. Written to powerlevel10k's
# documentation and tested with a stand-in for `p10k`: it has not run in
# powerlevel10k. KEYSWITCH_ENV, which the shell hook keeps, begins with the
# profile's name, so no process is started.
function prompt_keyswitch() {
  local profile=${${KEYSWITCH_ENV-}%%:*}
  [[ -n $profile ]] || return 0
  p10k segment -f 208 -t "${profile//\%/%%}"
}
