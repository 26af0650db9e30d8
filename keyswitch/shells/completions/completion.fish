# keyswitch: completion of commands, options, names and files; no process.
#
# All of it is one block: cut short, it is a syntax error and does nothing.
begin
    # What can be typed after a command: word|kind|words|mark|value|meaning.
    # cli/switching/completion.py makes the rows of the commands themselves.
    function __keyswitch_table --no-scope-shadowing
        set rows
        switch "$argv[1]"
            case @TABLE@
        end
    end

    # Find the words of a command that the pattern fits, with their meaning.
    function __keyswitch_words --no-scope-shadowing
        __keyswitch_table "$argv[1]"
        set found (string replace -rf -- \
            "^$argv[2].*\\|([^|]*)\$" '$1'\t'$2' $rows)
    end

    # Fill `kind` and `found` for an option of a command, or a place in it.
    function __keyswitch_value --no-scope-shadowing
        __keyswitch_table "$argv[1]"
        set found (string escape --style=regex -- "$argv[2]|")
        set found (string match -r -- "^$found.*" $rows)
        if set -q found[1]
            set found (string split -- '|' $found[1])
            set kind $found[2]
            set found (string split -n -- ' ' $found[3])
        else
            set kind $argv[3]
        end
    end

    function __keyswitch_commands --no-scope-shadowing
        __keyswitch_words "$argv[1]" '([^|]*)\|command\|'
    end

    function __keyswitch_options --no-scope-shadowing
        __keyswitch_words "$argv[1]" '(-[^|]*)\|'
    end

    function __keyswitch_argument --no-scope-shadowing
        __keyswitch_value "$argv[1]" "$argv[2]" ''
        test -n "$kind"
        or __keyswitch_value "$argv[1]" rest nothing
    end

    # Print the profiles, by the names of their files.
    function __keyswitch_profiles
        set -l folders
        if test -n "$KEYSWITCH_HOME"
            set folders $KEYSWITCH_HOME/config
        else if string match -q '/*' -- "$XDG_CONFIG_HOME" # none that is relative
            set folders $XDG_CONFIG_HOME/keyswitch
        else
            set folders $HOME/.config/keyswitch \
                "$HOME/Library/Application Support/keyswitch"
        end
        set -l files $folders/profiles/*.toml
        string replace -fr '(?s)^.*/([a-z0-9][a-z0-9._-]*)\.toml$' \
            '$1'\t'profile' -- $files
    end

    # Print the programs on PATH that begin as the typed word does.
    function __keyswitch_programs
        for folder in $PATH
            for file in $folder/$argv[1]*
                test -f "$file" -a -x "$file"
                and string replace -r '(?s)^.*/' '' -- "$file"
            end
        end
    end

    # Find out what the typed word is: `place` is the command that it belongs
    # to, `option` the option that it is the value of, `count` the words before.
    function __keyswitch_walk --no-scope-shadowing
        for word in $argv
            if test -n "$option"
                set option ''
            else if test "$word" = -- -a -z "$ended"
                set ended ended
            else if test -z "$inside$ended"
                and string match -qr '^-.' -- "$word"
                __keyswitch_value "$place" "$word" flag
                test "$kind" = flag
                or set option "$word"
            else
                __keyswitch_commands "$place"
                if set -q found[1]
                    set place (string trim -- "$place $word")
                    continue
                end
                test -n "$inside"
                and set -a rest "$word"
                set count (math $count + 1)
                __keyswitch_argument "$place" (math $count + 1)
                # What follows belongs to another command.
                test "$kind" = programs
                and set inside inside
            end
        end
    end

    # Fill `kind` and `found` for the typed word.
    function __keyswitch_find --no-scope-shadowing
        set words (commandline -opc)
        # There may be other words in front of it.
        while set -q words[1]
            and not string match -qr '(^|/)keyswitch$' -- "$words[1]"
            set -e words[1]
        end
        set -e words[1]
        __keyswitch_walk $words
        set typed (commandline -ct)
        if test -z "$option$inside$ended"
            and string match -q -- '-*=*' "$typed"
            set option (string replace -r '(?s)=.*' '' -- "$typed")
            set before "$option="
        end
        if test -n "$option"
            __keyswitch_value "$place" "$option" flag
            return
        end
        set -l options
        if test -z "$inside$ended"
            and string match -q -- '-*' "$typed"
            __keyswitch_options "$place"
            set options $found
        end
        __keyswitch_commands "$place"
        if set -q found[1]
            set kind words
        else
            __keyswitch_argument "$place" (math $count + 1)
        end
        set -a found $options
    end

    # Print what may stand there.
    function __keyswitch_complete
        set -l kind
        set -l found
        set -l place ''
        set -l option ''
        set -l count 0
        set -l inside ''
        set -l ended ''
        set -l before ''
        set -l rest
        set -l words
        set -l typed
        set -l rows
        __keyswitch_find
        if test "$argv[1]" = files
            test "$kind" = files
            return
        end
        switch "$kind-$count"
            case 'profiles-*'
                set -a found (__keyswitch_profiles)
            case 'folders-*'
                set -a found (__fish_complete_directories "$typed")
            case programs-1
                set -a found (__keyswitch_programs "$typed")
            case 'programs-*'
                set -l line (string escape -- $rest)
                set -a found (complete -C "$line $typed")
        end
        set -q found[1]
        and builtin printf '%s\n' $before$found
    end

    complete -c keyswitch -f -a '(__keyswitch_complete)'
    complete -c keyswitch -n '__keyswitch_complete files' -F
end
