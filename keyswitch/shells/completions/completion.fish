# keyswitch: completion of commands, options, names and files; no process.
#
# All of it is one block: cut short, it is a syntax error and does nothing.
begin
    # written: begin
    function __keyswitch_commands --no-scope-shadowing
        set found
        switch "$argv[1]"
            case ''
                set found \
                    add\t'Add a profile and store its secret.' \
                    allow\t'Trust a directory\'s link as it is now.' \
                    completion\t'Print a shell\'s completion script.' \
                    copy\t'Copy a profile and its secrets.' \
                    current\t'Print the active profile\'s name.' \
                    deny\t'Ignore a directory\'s link.' \
                    doctor\t'Find what is wrong and fix it.' \
                    edit\t'Change a profile\'s fields.' \
                    env\t'Print export statements for eval.' \
                    explain\t'Explain an error and how to fix it.' \
                    export\t'Export profiles, encrypted.' \
                    helper\t'Print a secret for a program.' \
                    history\t'List past changes.' \
                    hook\t'Print a shell\'s prompt hook.' \
                    import\t'Import exported profiles.' \
                    install\t'Make every terminal follow a switch.' \
                    link\t'Link a directory to a profile.' \
                    list\t'List the profiles.' \
                    lock\t'Lock the vault and clear cached secrets.' \
                    login\t'Save a Claude Code login as a profile.' \
                    logout\t'Remove a login\'s tokens.' \
                    managers\t'Check 1Password, Vault, pass, ...' \
                    migrate\t'Move secrets to another store.' \
                    off\t'Deactivate the active profile.' \
                    providers\t'List the providers.' \
                    remove\t'Remove a profile.' \
                    rename\t'Rename a profile.' \
                    revoke-local\t'Remove tokens from this machine.' \
                    rotate\t'Replace a profile\'s secret.' \
                    run\t'Run one command with a profile.' \
                    shell\t'Start a shell that uses one profile.' \
                    show\t'Show one profile.' \
                    statusline\t'Print Claude Code\'s limits for its status line.' \
                    team\t'Share profiles, but never secrets.' \
                    trace\t'Show the requests a command sends.' \
                    undo\t'Undo the last change.' \
                    uninstall\t'Remove the hook from a start file.' \
                    unlink\t'Remove a directory\'s link.' \
                    unlock\t'Unlock the vault for this session.' \
                    use\t'Switch to a profile.' \
                    vault\t'Manage the encrypted vault.' \
                    verify\t'Ask the services if secrets still work.' \
                    whoami\t'Show which credential Claude Code sends.'
            case helper
                set found \
                    api-key\t'Print the main secret of a profile.' \
                    aws\t'Print AWS credentials as JSON.' \
                    claude-code\t'Print the key for Claude Code (its apiKeyHelper).'
            case managers
                set found \
                    allow\t'Look at a command of config.toml, and let references start it.' \
                    check\t'Ask a manager whether it would answer; no secret is read.' \
                    list\t'List the managers, and the form of their references.'
            case team
                set found \
                    add\t'Take over the profiles of a team file.' \
                    diff\t'Show what an update would change, and ask nothing.' \
                    list\t'List the teams.' \
                    remove\t'Take a team\'s profiles away.' \
                    show\t'Show one team: its profiles, and where their secrets go.' \
                    update\t'Take over what a team has changed; without a name: of every team.'
            case vault
                set found \
                    accept-rollback\t'Accept a vault file that is older than the last one seen.' \
                    init\t'Make the vault.' \
                    keychain\t'Let the system keychain open the vault too.' \
                    machine-key\t'Let this machine open the vault without a passphrase.' \
                    passwd\t'Set another passphrase.' \
                    recovery\t'Make a new recovery code, or open the vault with one.' \
                    rotate\t'Encrypt everything under a new key; older copies do not open with it.' \
                    status\t'Show how the vault can be opened.'
        end
    end

    function __keyswitch_options --no-scope-shadowing
        set found
        switch "$argv[1]"
            case ''
                set found \
                    --json\t'Print data as JSON.' \
                    --no-input\t'Never ask questions.' \
                    -q\t'Print results only.' \
                    --quiet\t'Print results only.' \
                    -v\t'Print more details.' \
                    --verbose\t'Print more details.' \
                    --color\t'Use colour: auto, always or never.' \
                    --version\t'Show the version and exit.'
            case add
                set found \
                    --provider\tPROVIDER \
                    --set\t'FIELD=VALUE' \
                    --label\t'A description for listings.' \
                    --expires\t'A date such as 2027-02-01.' \
                    --expect\t'Refuse to use the profile if its billing differs.' \
                    --store\t'Default: the keychain if there is one.' \
                    --reference\t'Leave the secret in a manager: op://Eng/claude/key, vault:kv/claude#key, pass:ai/claude; \'keyswitch managers list\'.' \
                    --lifetime\t'How long a value read by --reference stays cached.' \
                    --stdin\t'Read the secret from stdin.' \
                    --from-env\t'Read it from this environment variable.' \
                    --from-file\t'Read it from this file.' \
                    --fd\t'Read it from this open file descriptor.' \
                    --dry-run\t'Show what would change.'
            case allow
                set found \
                    --dry-run\t'Show what would change.'
            case copy
                set found \
                    --dry-run\t'Show what would change.'
            case current
                set found \
                    --prompt\t'Print nothing, not even an error, if no profile is active.' \
                    --usage\t'Also print its usage limits, as far as known.'
            case deny
                set found \
                    --dry-run\t'Show what would change.'
            case doctor
                set found \
                    --fix\t'Fix what is safe to fix; \'undo\' reverts it.' \
                    --dry-run\t'With --fix: only show the changes.' \
                    --yes\t'With --fix: skip the question.' \
                    --network\t'Test DNS, TCP, TLS, proxy and HTTP.' \
                    --run-helper\t'Run the apiKeyHelper to see if it works (10 s at most).' \
                    --report\t'Print a report for a support ticket.'
            case edit
                set found \
                    --set\t'FIELD=VALUE' \
                    --unset\tFIELD \
                    --label\t'A description for listings.' \
                    --expires\t'A date such as 2027-02-01; \'\' for none.' \
                    --expect\t'api, subscription or cloud; \'\' for none.' \
                    --isolated\t'Give the profile its own configuration folder.' \
                    --no-isolated\t'The opposite of --isolated.' \
                    --share\t'What that folder shares: agents, commands, history, memory, settings, skills; \'none\'; \'\' for the default.' \
                    --only\t'Where it may be used: directories (~/clients/**) and git remotes (github.com/acme/*), comma-separated; \'\' for everywhere.' \
                    --never\t'Where it may not be used; the same form as --only.' \
                    --reference\t'Leave the secret in a manager: op://Eng/claude/key, vault:kv/claude#key, pass:ai/claude; \'keyswitch managers list\'.' \
                    --lifetime\t'How long a value read by --reference stays cached.' \
                    --dry-run\t'Show what would change.'
            case env
                set found \
                    --shell\t'Default: the shell that runs this.' \
                    --unset\t'Undo what env did in this shell.' \
                    --format\t'Print JSON or a dotenv file instead.' \
                    --reveal\t'Print real values on a terminal too.'
            case explain
                set found \
                    --from-log\t'Read the latest error from Claude Code\'s transcripts.'
            case export
                set found \
                    --all\t'All profiles except logins.' \
                    --to\t'The file to write.' \
                    --replace\t'Overwrite the file if it exists.' \
                    --passphrase-fd\t'Read the passphrase from this file descriptor.' \
                    --passphrase-file\t'Read the passphrase from this file.'
            case history
                set found \
                    -n\tN \
                    --number\tN
            case import
                set found \
                    --replace\t'Overwrite existing profiles.' \
                    --accept-host\t'Allow a secret to go to this host; otherwise you are asked to type it.' \
                    --yes\t'Skip the other questions.' \
                    --store\t'Default: the keychain if there is one.' \
                    --passphrase-fd\t'Read the passphrase from this file descriptor.' \
                    --passphrase-file\t'Read the passphrase from this file.' \
                    --dry-run\t'Show what would change.'
            case install
                set found \
                    --login\t'Use the start file of bash\'s login shells (the default on macOS).' \
                    --no-login\t'The opposite of --login.' \
                    --yes\t'Skip the question.' \
                    --dry-run\t'Show what would change.'
            case link
                set found \
                    --remote\t'Link every clone of these git remotes, in config.toml.' \
                    --dry-run\t'Show what would change.'
            case login
                set found \
                    --capture\t'Save the current login.' \
                    --token\t'Save a token from \'claude setup-token\'.' \
                    --orphan\t'Save the newest login that belongs to no profile.' \
                    --store\t'Default: the keychain if there is one.' \
                    --label\t'A description for listings.' \
                    --stdin\t'With --token: read it from stdin.' \
                    --from-env\t'With --token: read it from this variable.' \
                    --console\t'A Console login (API billing).' \
                    --email\t'The e-mail address for Claude\'s login.' \
                    --dry-run\t'Show what would change.'
            case logout
                set found \
                    --yes\t'Skip the question.' \
                    --dry-run\t'Show what would change.'
            case 'managers allow'
                set found \
                    --yes\t'Skip the question.'
            case migrate
                set found \
                    --to\t'vault, keychain, or a reference, which may contain {profile} and {field}.' \
                    --all\t'All profiles that have a secret.' \
                    --overwrite\t'Overwrite another value at a reference.' \
                    --dry-run\t'Show what would change.'
            case off
                set found \
                    --here\t'Only undo \'use --here\' in this shell, with eval.' \
                    --wait\t'Wait until no running session is in a turn.' \
                    --timeout\t'With --wait: give up after this time and change nothing.' \
                    --force\t'Switch without checking running sessions.' \
                    --dry-run\t'Show what would change.'
            case remove
                set found \
                    --yes\t'Skip the question.' \
                    --dry-run\t'Show what would change.'
            case rename
                set found \
                    --dry-run\t'Show what would change.'
            case revoke-local
                set found \
                    --all\t'Every token on this machine.' \
                    --claude-code\t'Tokens in Claude Code\'s files.' \
                    --stale\t'Expired, blanked and orphaned tokens (the default).' \
                    --yes\t'Skip the question.' \
                    --dry-run\t'Show what would change.'
            case rotate
                set found \
                    --expires\t'A date such as 2027-02-01.' \
                    --store\t'Default: the keychain if there is one.' \
                    --stdin\t'Read the secret from stdin.' \
                    --from-env\t'Read it from this environment variable.' \
                    --from-file\t'Read it from this file.' \
                    --fd\t'Read it from this open file descriptor.' \
                    --dry-run\t'Show what would change.'
            case run
                set found \
                    --redact\t'Mask the profile\'s secrets in the output.'
            case shell
                set found \
                    --shell\t'Default: your current shell.'
            case show
                set found \
                    --reveal\t'Show the secrets after asking.'
            case 'team add'
                set found \
                    --tag\t'Read the file from this signed tag of the git checkout.' \
                    --sha256\t'Accept the file with this hash, without asking.' \
                    --signer\t'With --tag: accept this signing key, given by its fingerprint.' \
                    --dry-run\t'Show what would change.'
            case 'team diff'
                set found \
                    --source\t'Its new file or directory.' \
                    --tag\t'Read the file from this signed tag of the git checkout.'
            case 'team remove'
                set found \
                    --yes\t'Skip the question.' \
                    --dry-run\t'Show what would change.'
            case 'team update'
                set found \
                    --source\t'Its new file or directory.' \
                    --tag\t'Read the file from this signed tag of the git checkout.' \
                    --sha256\t'Accept the file with this hash, without asking.' \
                    --signer\t'With --tag: accept this signing key, given by its fingerprint.' \
                    --dry-run\t'Show what would change.'
            case trace
                set found \
                    --profile\t'Run it with a profile, like \'run\'.' \
                    --to\t'Write the lines to this file or terminal.' \
                    --record\t'Save the requests, redacted (HAR).' \
                    --bodies\t'What --record keeps of bodies.' \
                    --view\t'Open a recording in the browser.' \
                    --simulate\t'401, 403-aws, 429, 529, overloaded, slow, cut, html, bad-json or expired-login; \'every 3rd\', \'after 5 s\'.' \
                    --replay\t'Answer from a recording.' \
                    --intercept\t'Also decrypt TLS to hosts that no base URL covers.' \
                    --intercept-host\t'Another host for --intercept, such as \'*.example.com\'.'
            case undo
                set found \
                    --dry-run\t'Show what would change.'
            case uninstall
                set found \
                    --all\t'For every shell, and in Claude Code\'s files too.' \
                    --yes\t'Skip the question.' \
                    --dry-run\t'Show what would change.'
            case unlink
                set found \
                    --remote\t'Remove the link of these git remotes.' \
                    --dry-run\t'Show what would change.'
            case unlock
                set found \
                    --timeout\t'How long; default: cache_timeout of config.toml, or 900.' \
                    --passphrase-fd\t'Read the passphrase from this file descriptor.' \
                    --passphrase-file\t'Read the passphrase from this file.'
            case use
                set found \
                    --here\t'Switch only this shell, with eval.' \
                    --target\t'Which program to configure; \'none\' configures none.' \
                    --suggest\t'Show the account with the most usage left; do not switch.' \
                    --wait\t'Wait until no running session is in a turn.' \
                    --timeout\t'With --wait: give up after this time and change nothing.' \
                    --force\t'Switch without checking running sessions.' \
                    --dry-run\t'Show what would change.'
            case 'vault accept-rollback'
                set found \
                    --yes\t'Skip the question.'
            case 'vault init'
                set found \
                    --machine-key\t'Open it with a key file on this machine, without a passphrase. Protects copies of the vault, not this account.' \
                    --passphrase-fd\t'Read the passphrase from this file descriptor.' \
                    --passphrase-file\t'Read the passphrase from this file.'
            case 'vault passwd'
                set found \
                    --passphrase-fd\t'Read the passphrase from this file descriptor.' \
                    --passphrase-file\t'Read the passphrase from this file.'
            case 'vault recovery'
                set found \
                    --use\t'Open the vault with the code.' \
                    --passphrase-fd\t'Read the passphrase from this file descriptor.' \
                    --passphrase-file\t'Read the passphrase from this file.'
            case 'vault rotate'
                set found \
                    --passphrase-fd\t'Read the passphrase from this file descriptor.' \
                    --passphrase-file\t'Read the passphrase from this file.'
            case verify
                set found \
                    --all\t'Every profile.'
            case whoami
                set found \
                    --run-helper\t'Run the program that prints the credential (apiKeyHelper or credential_process), 10 s at most.' \
                    --verify\t'Ask the service whose credential this is.' \
                    --explain\t'Show every source in order of precedence.' \
                    --as\t'Predict for this way of starting it; default: as here.'
        end
        switch "$argv[1]"
            case '' helper 'helper api-key' 'helper aws' 'helper claude-code' managers run team vault
            case '*'
                set -a found \
                    --json\t'Print data as JSON.' \
                    --no-input\t'Never ask questions.' \
                    -q\t'Print results only.' \
                    --quiet\t'Print results only.' \
                    -v\t'Print more details.' \
                    --verbose\t'Print more details.' \
                    --color\t'Use colour: auto, always or never.'
        end
        set -a found \
            -h\t'Show help and leave.' \
            --help\t'Show help and leave.'
    end

    function __keyswitch_value --no-scope-shadowing
        set kind flag
        set found
        switch "$argv[1]"
            case ' --color'
                set kind words
                set found always auto never
            case 'add --provider'
                set kind words
                set found anthropic anthropic-aws aws bedrock claude-login \
                    claude-token custom foundry gateway gemini github openai \
                    openrouter vertex
            case 'add --set' 'add --label' 'add --expires' 'add --reference' \
                'add --lifetime' 'add --from-env' 'add --fd' 'edit --set' \
                'edit --unset' 'edit --label' 'edit --expires' 'edit --only' \
                'edit --never' 'edit --reference' 'edit --lifetime' \
                'export --passphrase-fd' 'history -n' 'history --number' \
                'import --accept-host' 'import --passphrase-fd' \
                'link --remote' 'login --label' 'login --from-env' \
                'login --email' 'off --timeout' 'rotate --expires' \
                'rotate --from-env' 'rotate --fd' 'team add --tag' \
                'team add --sha256' 'team add --signer' 'team diff --tag' \
                'team update --tag' 'team update --sha256' \
                'team update --signer' 'trace --intercept-host' \
                'unlink --remote' 'unlock --timeout' 'unlock --passphrase-fd' \
                'use --timeout' 'vault init --passphrase-fd' \
                'vault passwd --passphrase-fd' \
                'vault recovery --passphrase-fd' \
                'vault rotate --passphrase-fd'
                set kind nothing
            case 'add --expect' 'edit --expect'
                set kind words
                set found api cloud subscription
            case 'add --store' 'import --store' 'login --store' 'migrate --to' \
                'rotate --store'
                set kind words
                set found keychain vault
            case 'add --from-file' 'export --to' 'export --passphrase-file' \
                'import --passphrase-file' 'rotate --from-file' \
                'team diff --source' 'team update --source' 'trace --to' \
                'trace --record' 'trace --view' 'trace --replay' \
                'unlock --passphrase-file' 'vault init --passphrase-file' \
                'vault passwd --passphrase-file' \
                'vault recovery --passphrase-file' \
                'vault rotate --passphrase-file'
                set kind files
            case 'edit --share'
                set kind words
                set found agents commands history memory none settings skills
            case 'env --shell'
                set kind words
                set found bash cmd dash dotenv fish json ksh mksh nu pwsh sh zsh
            case 'env --format'
                set kind words
                set found dotenv json
            case 'shell --shell'
                set kind words
                set found bash dash fish ksh mksh nu pwsh sh zsh
            case 'trace --profile'
                set kind profiles
            case 'trace --bodies'
                set kind words
                set found all answers none
            case 'trace --simulate'
                set kind words
                set found 401 403-aws 429 529 bad-json cut expired-login html \
                    overloaded slow
            case 'use --target'
                set kind words
                set found claude-code none
            case 'whoami --as'
                set kind words
                set found action desktop remote terminal vscode
        end
    end

    function __keyswitch_argument --no-scope-shadowing
        set kind nothing
        set found
        switch "$argv[1]"
            case 'allow 1' 'deny 1'
                set kind folders
            case 'completion 1'
                set kind words
                set found bash fish pwsh zsh
            case 'copy 1' 'edit 1' 'env 1' 'helper api-key 1' 'helper aws 1' \
                'link 1' 'login 1' 'logout 1' 'migrate 1' 'remove 1' \
                'rename 1' 'revoke-local 1' 'rotate 1' 'run 1' 'shell 1' \
                'show 1'
                set kind profiles
            case 'hook 1'
                set kind words
                set found bash fish nu pwsh zsh
            case 'import 1' 'team add 1'
                set kind files
            case 'install 1' 'uninstall 1'
                set kind words
                set found bash fish nu pwsh zsh claude-statusline
            case 'managers check 1'
                set kind words
                set found age aws-sm aws-ssm azure-kv bao bw exec gcp-sm gh gopass \
                    keepassxc op pass sops vault
            case 'providers 1'
                set kind words
                set found anthropic anthropic-aws aws bedrock claude-login \
                    claude-token custom foundry gateway gemini github openai \
                    openrouter vertex
            case 'use 1'
                set kind profiles
                set found -
            case 'export *' 'verify *'
                set kind profiles
            case 'run *' 'trace *'
                set kind programs
        end
    end
    # written: end

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
                __keyswitch_value "$place $word"
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
                __keyswitch_argument "$place "(math $count + 1)
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
            __keyswitch_value "$place $option"
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
            __keyswitch_argument "$place "(math $count + 1)
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
