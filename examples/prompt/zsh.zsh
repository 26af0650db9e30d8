# The profile of this shell in zsh's prompt: [work] you@host ~ %
#
# For ~/.zshrc, after the line that sets PROMPT. KEYSWITCH_ENV, which the hook
# of `keyswitch install zsh` keeps, begins with the profile's name, so no
# process is started.
setopt prompt_subst
# In single quotes: zsh fills it in at each prompt.
PROMPT='${${KEYSWITCH_ENV%%:*}:+[${${KEYSWITCH_ENV%%:*}//\%/%%}] }'$PROMPT
