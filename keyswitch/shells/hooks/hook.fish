# keyswitch: every prompt follows a switch that was made elsewhere.
#
# All of it is one block: cut short, it is a syntax error and does nothing.
begin
    # Scopes are named: there may be universal variables of the same name.
    set -gu __keyswitch_state '@STATE_FILE@'
    set -gu __keyswitch_config '@CONFIG_FILE@'
    # No element: nothing was followed yet. An empty one: look again at once.
    set -gu __keyswitch_key

    # Work out what the profile depends on, as __keyswitch_new, and whether none
    # counts here, as __keyswitch_none; no process.
    function __keyswitch_look --no-scope-shadowing
        set -l __keyswitch_content
        set -l __keyswitch_link
        set -l __keyswitch_newer
        # Not $PWD, which may lead through a symbolic link: keyswitch looks
        # through the parents of the directory itself.
        # By `read`, which keeps newlines of a name and starts no thread.
        set -l __keyswitch_dir
        builtin pwd -P 2>/dev/null | read -z __keyswitch_dir
        string match -rq '(?s)^(?<__keyswitch_dir>.*?)/?\n\z' \
            -- "$__keyswitch_dir"
        if test -f "$__keyswitch_state" -a -r "$__keyswitch_state"
            read -z __keyswitch_content <$__keyswitch_state
        end
        # The match sets the variable that its group is named for: a command
        # substitution would split a directory's name at its newlines.
        # Times say too little: files move into place with old ones. No other
        # kind of file is read: a FIFO would have the prompt wait.
        while true
            set -l __keyswitch_file "$__keyswitch_dir/.keyswitch"
            set -l __keyswitch_text
            if test -e "$__keyswitch_file" -o -L "$__keyswitch_file"
                if test -L "$__keyswitch_file" -o ! -f "$__keyswitch_file"
                    set __keyswitch_text special
                else if not test -O "$__keyswitch_file"
                    set __keyswitch_text foreign
                end
                set __keyswitch_link \
                    "$__keyswitch_link//$__keyswitch_dir//$__keyswitch_text"
                if test -f "$__keyswitch_file" -a -r "$__keyswitch_file"
                    read -z -n 4097 __keyswitch_text <$__keyswitch_file
                    set __keyswitch_link "$__keyswitch_link//$__keyswitch_text"
                end
            end
            string match -rq '(?s)^(?<__keyswitch_dir>.*)/[^/]*\z' \
                -- "$__keyswitch_dir"
            or break
        end
        # What `keyswitch unlock | source` and `use --here` leave counts as well.
        set -q KEYSWITCH_SESSION
        and set __keyswitch_newer "open-$__keyswitch_newer"
        # A directory can be moved with this shell in it.
        test . -ef "$PWD" 2>/dev/null
        or set __keyswitch_newer "moved-$__keyswitch_newer"
        set __keyswitch_new "$KEYSWITCH_PROFILE//$__keyswitch_newer"
        set __keyswitch_new "$__keyswitch_new//$__keyswitch_link//$PWD//$DIRENV_DIFF"
        set __keyswitch_new "$__keyswitch_new//$__keyswitch_content"
        # Only what is sure: no choice, nothing to take back, no link by remote.
        set -l __keyswitch_text
        if test -e "$__keyswitch_config" -o -L "$__keyswitch_config"
            set __keyswitch_text links
            if test -f "$__keyswitch_config" -a -r "$__keyswitch_config"
                read -z __keyswitch_text <$__keyswitch_config
            end
        end
        set -a __keyswitch_link \
            "$KEYSWITCH_PROFILE$KEYSWITCH_ENV$KEYSWITCH_PANE"
        string match -q '?*' -- $__keyswitch_link
        or string match -rq 'links|\\\\' -- "$__keyswitch_text"
        and return
        if test -z "$__keyswitch_content"
            test -e "$__keyswitch_state" -o -L "$__keyswitch_state"
            or set __keyswitch_none none
        else if string match -rq '^{\n  "version": 1,\n  "active": "",\n' \
                -- "$__keyswitch_content"
            set __keyswitch_none none
        end
    end

    # Say where what `env NAME` chose came along into a multiplexer's pane, and
    # note that it was said there.
    function __keyswitch_moved
        set -l pane "$TMUX_PANE" "$ZELLIJ_PANE_ID"
        set -q STY
        and set -a pane "$STY:$WINDOW"
        set pane (string match -v '' -- $pane) -
        string match -qr '^(?<made>[^@]+)' -- "$KEYSWITCH_PANE"
        or return 0
        test "$made" = "$pane[1]"
        and return 0
        set -gx KEYSWITCH_PANE "$pane[1]@"
        string match -qr '^(?<name>[^:]*)' -- "$KEYSWITCH_ENV"
        builtin printf '%s%s\n' \
            "keyswitch: '$name' was chosen in the terminal that started this one;" \
            ' to end it here: keyswitch env --unset | source' >&2
    end

    # Bring this shell up to date, if something changed; 4: it cannot be.
    function __keyswitch_follow
        set -l __keyswitch_was "$KEYSWITCH_ENV"
        if string match -qr '^[^:]*:p:' -- "$__keyswitch_was"
            __keyswitch_moved
            set -l name (string replace -r ':.*' '' -- "$__keyswitch_was")
            set -l folder (string replace -r '/[^/]*$' /profiles \
                -- "$__keyswitch_config")
            if not test -d "$folder"; or test -e "$folder/$name.toml"
                or test -L "$folder/$name.toml"
                or not string match -qr '^[a-z0-9._-]+$' -- "$name"
                # Pinned by `keyswitch env NAME`; when that ends, it follows.
                set -q __keyswitch_key[1]
                and set -gu __keyswitch_key ''
                return 0
            end
            # It was removed: its secret goes. What fails is not tried again.
            test "$__keyswitch_key" != gone; and command -q keyswitch
            or return 0
            set -gu __keyswitch_key gone
            set -l text (command keyswitch env --unset --shell fish </dev/null)
            or return 0
            eval "$text"
            or return 4
            builtin printf '%s%s\n' "keyswitch: profile '$name' no longer exists;" \
                ' its variables were unset in this shell' >&2
            return 0
        end
        set -l __keyswitch_new
        set -l __keyswitch_none
        __keyswitch_look
        test "$__keyswitch_new" = "$__keyswitch_key"
        and return
        test -n "$__keyswitch_none"
        or command -q keyswitch
        or return 0
        set -l __keyswitch_first
        set -q __keyswitch_key[1]
        or set __keyswitch_first first
        # Kept before the attempt: what fails is not tried at every prompt.
        set -gu __keyswitch_key "$__keyswitch_new"
        test -n "$__keyswitch_none"
        and return 0
        set -l __keyswitch_text
        # Where it fails, it may take a former account out of this shell.
        set __keyswitch_text (command keyswitch env --shell fish </dev/null)
        set -l __keyswitch_failed $status
        string match -q 'begin; *; end' -- "$__keyswitch_text"
        or return 0
        if not eval "$__keyswitch_text"; and test $__keyswitch_failed = 0
            # What is left here is a former account's. Say that it goes, too.
            set __keyswitch_failed shell
            set __keyswitch_text (
                command keyswitch env --unset --shell fish </dev/null
            )
            and eval "$__keyswitch_text" 2>/dev/null
            set argv
        end
        set -l __keyswitch_now "$KEYSWITCH_ENV"
        string match -qr '^(?<__keyswitch_was>[a-z0-9._-]*)' \
            -- "$__keyswitch_was"
        string match -qr '^(?<__keyswitch_now>[^:]*)' -- "$__keyswitch_now"
        test -n "$__keyswitch_was"
        or set __keyswitch_was none
        test -n "$__keyswitch_now"
        or set __keyswitch_now none
        if test -z "$__keyswitch_first" -a "$argv[1]" != quiet \
                -a "$__keyswitch_was" != "$__keyswitch_now"
            builtin echo "keyswitch: $__keyswitch_was -> $__keyswitch_now" >&2
        end
        test $__keyswitch_failed != shell
        or return 4
    end

    function __keyswitch_hook --on-event fish_prompt
        set -l __keyswitch_status $status
        __keyswitch_follow
        return $__keyswitch_status
    end

    function keyswitch --description 'keep several accounts as profiles'
        set -l __keyswitch_status
        set -l __keyswitch_text
        set -l __keyswitch_word
        set -l __keyswitch_verb
        set -l __keyswitch_here
        for __keyswitch_word in $argv
            switch "$__keyswitch_word"
                case --here
                    set __keyswitch_here here
                case '-*'
                case '*'
                    set -q __keyswitch_verb[1]
                    or set __keyswitch_verb "$__keyswitch_word"
            end
        end
        # In `eval (keyswitch use NAME --here)` this changes the same shell.
        set __keyswitch_word ''
        switch "$__keyswitch_here-$__keyswitch_verb"
            case here-use here-off
                set __keyswitch_text (command keyswitch $argv)
                set __keyswitch_status $status
                # What is no such text is help or a list: it is for the person.
                if string match -q 'begin; *; end' -- "$__keyswitch_text"
                    if test $__keyswitch_status = 0
                        # Where that fails, nothing has changed.
                        eval "$__keyswitch_text"
                        or begin
                            set __keyswitch_status $status
                            set __keyswitch_verb ''
                        end
                    end
                else if set -q __keyswitch_text[1]
                    builtin printf '%s\n' $__keyswitch_text
                end
            case -use -off
                # It judges what this shell has after it, and says it, too.
                KEYSWITCH_FOLLOWS=1 command keyswitch $argv
                set __keyswitch_status $status
                set __keyswitch_word quiet
            case '*'
                command keyswitch $argv
                set __keyswitch_status $status
        end
        switch "$__keyswitch_verb"
            case use off undo rotate edit rename remove login logout \
                unlock allow deny link unlink
                set -q __keyswitch_key[1]
                and set -gu __keyswitch_key ''
                __keyswitch_follow $__keyswitch_word
                or test $__keyswitch_status != 0
                or set __keyswitch_status 4
        end
        return $__keyswitch_status
    end

    # Completion is loaded when it is first asked for: it takes as long as all
    # the rest. Where no package brings the file, keyswitch makes it.
    function __keyswitch_load
        if not functions -q __keyswitch_complete
            complete --erase -c keyswitch
            if test -f '@COMPLETION@' -a -r '@COMPLETION@'
                source '@COMPLETION@'
            else
                command keyswitch completion fish 2>/dev/null | source
            end
        end
        functions -q __keyswitch_complete
        and __keyswitch_complete $argv
    end
    complete -c keyswitch -f -a '(__keyswitch_load)'
    complete -c keyswitch -n '__keyswitch_load files' -F
end
