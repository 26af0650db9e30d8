# shellcheck shell=bash
# The profile of this shell in bash's prompt: [work] you@host:~$
#
# For ~/.bashrc, after the block of `keyswitch install bash`: the hook brings
# the shell up to date first. KEYSWITCH_ENV begins with the profile's name, so
# no process is started.
keyswitch_prompt() {
  local status=$?
  keyswitch_profile=${KEYSWITCH_ENV-}
  keyswitch_profile=${keyswitch_profile%%:*}
  return "$status"
}
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
  PROMPT_COMMAND+=(keyswitch_prompt)
else
  # shellcheck disable=SC2128,SC2178 # it is no list before 5.1
  PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}keyswitch_prompt"
fi
# In single quotes: bash fills it in at each prompt.
# shellcheck disable=SC2016
PS1='${keyswitch_profile:+[$keyswitch_profile] }'$PS1
