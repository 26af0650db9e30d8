# keyswitch @VERSION@: what a start file reads, so that a new terminal starts no
# process. keyswitch writes this file, again after an update: edits are lost.
#
# With another version installed, or where keyswitch's own files are elsewhere
# for this shell, it does nothing, and its status is 1.
begin
    set -l __keyswitch_text
    if test -f '@MODULE@' -a -r '@MODULE@'
        read -z __keyswitch_text <'@MODULE@'
    end
    set -l __keyswitch_places "$XDG_STATE_HOME" "$XDG_CONFIG_HOME"
    test -n "$__keyswitch_places[1]"
    or set __keyswitch_places[1] "$HOME/.local/state"
    test -n "$__keyswitch_places[2]"
    or set __keyswitch_places[2] "$HOME/.config"
    set __keyswitch_places \
        "$KEYSWITCH_HOME//$__keyswitch_places[1]//$__keyswitch_places[2]"
    if string match -q '*"@VERSION@"*' -- "$__keyswitch_text"
        and test "$__keyswitch_places" = '@PLACES@'
        @HOOK@
        true
    else
        false
    end
end
