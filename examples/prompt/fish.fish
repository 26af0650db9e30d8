# The profile of this shell at the right of fish's prompt: [work]
#
# For ~/.config/fish/config.fish. KEYSWITCH_ENV, which the hook of
# `keyswitch install fish` keeps, begins with the profile's name, and `string`
# is a builtin, so no process is started. If you have a fish_right_prompt
# already, put the body there.
function fish_right_prompt
    set -l profile (string split --max 1 : -- "$KEYSWITCH_ENV")[1]
    if test -n "$profile"
        printf '[%s]' $profile
    end
end
