#compdef keyswitch
# keyswitch: completion of commands, options, names and files; no process.
#
# All of it is one group: cut short, it is a syntax error and does nothing.
# zsh sets options of its own while it completes a word.
{
  # written: begin
  function __keyswitch_commands {
    found=()
    case "$1" in
    ('')
      found=(
        'add:Add a profile and store its secret.'
        'allow:Trust a directory'"'"'s link as it is now.'
        'completion:Print a shell'"'"'s completion script.'
        'copy:Copy a profile and its secrets.'
        'current:Print the active profile'"'"'s name.'
        'deny:Ignore a directory'"'"'s link.'
        'doctor:Find what is wrong and fix it.'
        'edit:Change a profile'"'"'s fields.'
        'env:Print export statements for eval.'
        'explain:Explain an error and how to fix it.'
        'export:Export profiles, encrypted.'
        'helper:Print a secret for a program.'
        'history:List past changes.'
        'hook:Print a shell'"'"'s prompt hook.'
        'import:Import exported profiles.'
        'install:Make every terminal follow a switch.'
        'link:Link a directory to a profile.'
        'list:List the profiles.'
        'lock:Lock the vault and clear cached secrets.'
        'login:Save a Claude Code login as a profile.'
        'logout:Remove a login'"'"'s tokens.'
        'managers:Check 1Password, Vault, pass, ...'
        'migrate:Move secrets to another store.'
        'off:Deactivate the active profile.'
        'providers:List the providers.'
        'remove:Remove a profile.'
        'rename:Rename a profile.'
        'revoke-local:Remove tokens from this machine.'
        'rotate:Replace a profile'"'"'s secret.'
        'run:Run one command with a profile.'
        'shell:Start a shell that uses one profile.'
        'show:Show one profile.'
        'statusline:Print Claude Code'"'"'s limits for its status line.'
        'team:Share profiles, but never secrets.'
        'trace:Show the requests a command sends.'
        'undo:Undo the last change.'
        'uninstall:Remove the hook from a start file.'
        'unlink:Remove a directory'"'"'s link.'
        'unlock:Unlock the vault for this session.'
        'use:Switch to a profile.'
        'vault:Manage the encrypted vault.'
        'verify:Ask the services if secrets still work.'
        'whoami:Show which credential Claude Code sends.'
      )
      ;;
    (helper)
      found=(
        'api-key:Print the main secret of a profile.'
        'aws:Print AWS credentials as JSON.'
        'claude-code:Print the key for Claude Code (its apiKeyHelper).'
      )
      ;;
    (managers)
      found=(
        'allow:Look at a command of config.toml, and let references start it.'
        'check:Ask a manager whether it would answer; no secret is read.'
        'list:List the managers, and the form of their references.'
      )
      ;;
    (team)
      found=(
        'add:Take over the profiles of a team file.'
        'diff:Show what an update would change, and ask nothing.'
        'list:List the teams.'
        'remove:Take a team'"'"'s profiles away.'
        'show:Show one team: its profiles, and where their secrets go.'
        'update:Take over what a team has changed; without a name: of every team.'
      )
      ;;
    (vault)
      found=(
        'accept-rollback:Accept a vault file that is older than the last one seen.'
        'init:Make the vault.'
        'keychain:Let the system keychain open the vault too.'
        'machine-key:Let this machine open the vault without a passphrase.'
        'passwd:Set another passphrase.'
        'recovery:Make a new recovery code, or open the vault with one.'
        'rotate:Encrypt everything under a new key; older copies do not open with it.'
        'status:Show how the vault can be opened.'
      )
      ;;
    esac
  }

  function __keyswitch_specs {
    specs=()
    case "$1" in
    ('')
      specs=(
        '--json[Print data as JSON.]'
        '--no-input[Never ask questions.]'
        '(-q --quiet)-q[Print results only.]'
        '(-q --quiet)--quiet[Print results only.]'
        '(-v --verbose)-v[Print more details.]'
        '(-v --verbose)--verbose[Print more details.]'
        '--color=[Use colour: auto, always or never.]:WHEN:(always auto never)'
        '--version[Show the version and exit.]'
        '1:command:->command'
        '*::argument:->rest'
      )
      ;;
    (add)
      specs=(
        '--provider=[PROVIDER]:PROVIDER:(anthropic anthropic-aws aws bedrock claude-login claude-token custom foundry gateway gemini github openai openrouter vertex)'
        '*--set=[FIELD=VALUE]:FIELD=VALUE: '
        '--label=[A description for listings.]:label: '
        '--expires=[A date such as 2027-02-01.]:DATE: '
        '--expect=[Refuse to use the profile if its billing differs.]:expect:(api cloud subscription)'
        '--store=[Default: the keychain if there is one.]:store:(keychain vault)'
        '*--reference=[Leave the secret in a manager: op://Eng/claude/key, vault:kv/claude#key, pass:ai/claude; '"'"'keyswitch managers list'"'"'.]:[FIELD=]REFERENCE: '
        '--lifetime=[How long a value read by --reference stays cached.]:SECONDS: '
        '--stdin[Read the secret from stdin.]'
        '*--from-env=[Read it from this environment variable.]:[FIELD=]NAME: '
        '*--from-file=[Read it from this file.]:[FIELD=]PATH:_files'
        '*--fd=[Read it from this open file descriptor.]:[FIELD=]N: '
        '--dry-run[Show what would change.]'
        '1:name: '
      )
      ;;
    (allow)
      specs=(
        '--dry-run[Show what would change.]'
        '1:folder:_files -/'
      )
      ;;
    (completion)
      specs=(
        '1:shell:(bash fish pwsh zsh)'
      )
      ;;
    (copy)
      specs=(
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
        '2:new name: '
      )
      ;;
    (current)
      specs=(
        '--prompt[Print nothing, not even an error, if no profile is active.]'
        '--usage[Also print its usage limits, as far as known.]'
      )
      ;;
    (deny)
      specs=(
        '--dry-run[Show what would change.]'
        '1:folder:_files -/'
      )
      ;;
    (doctor)
      specs=(
        '--fix[Fix what is safe to fix; '"'"'undo'"'"' reverts it.]'
        '--dry-run[With --fix: only show the changes.]'
        '--yes[With --fix: skip the question.]'
        '--network[Test DNS, TCP, TLS, proxy and HTTP.]'
        '--run-helper[Run the apiKeyHelper to see if it works (10 s at most).]'
        '--report[Print a report for a support ticket.]'
      )
      ;;
    (edit)
      specs=(
        '*--set=[FIELD=VALUE]:FIELD=VALUE: '
        '*--unset=[FIELD]:FIELD: '
        '--label=[A description for listings.]:label: '
        '--expires=[A date such as 2027-02-01; '"'"''"'"' for none.]:DATE: '
        '--expect=[api, subscription or cloud; '"'"''"'"' for none.]:expect:(api cloud subscription)'
        '--isolated[Give the profile its own configuration folder.]'
        '--no-isolated[The opposite of --isolated.]'
        '--share=[What that folder shares: agents, commands, history, memory, settings, skills; '"'"'none'"'"'; '"'"''"'"' for the default.]:LIST:(agents commands history memory none settings skills)'
        '--only=[Where it may be used: directories (~/clients/**) and git remotes (github.com/acme/*), comma-separated; '"'"''"'"' for everywhere.]:PLACES: '
        '--never=[Where it may not be used; the same form as --only.]:PLACES: '
        '*--reference=[Leave the secret in a manager: op://Eng/claude/key, vault:kv/claude#key, pass:ai/claude; '"'"'keyswitch managers list'"'"'.]:[FIELD=]REFERENCE: '
        '--lifetime=[How long a value read by --reference stays cached.]:SECONDS: '
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (env)
      specs=(
        '--shell=[Default: the shell that runs this.]:SHELL:(bash cmd dash dotenv fish json ksh mksh nu pwsh sh zsh)'
        '--unset[Undo what env did in this shell.]'
        '--format=[Print JSON or a dotenv file instead.]:format:(dotenv json)'
        '--reveal[Print real values on a terminal too.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (explain)
      specs=(
        '--from-log[Read the latest error from Claude Code'"'"'s transcripts.]'
        '*:text: '
      )
      ;;
    (export)
      specs=(
        '--all[All profiles except logins.]'
        '--to=[The file to write.]:FILE:_files'
        '--replace[Overwrite the file if it exists.]'
        '--passphrase-fd=[Read the passphrase from this file descriptor.]:N: '
        '--passphrase-file=[Read the passphrase from this file.]:PATH:_files'
        '*:names:__keyswitch_profiles'
      )
      ;;
    (helper)
      specs=(
        '1:command:->command'
        '*::argument:->rest'
      )
      ;;
    ('helper api-key')
      specs=(
        1:name:__keyswitch_profiles
      )
      ;;
    ('helper aws')
      specs=(
        1:name:__keyswitch_profiles
      )
      ;;
    ('helper claude-code')
      ;;
    (history)
      specs=(
        '(-n --number)-n+[N]:N: '
        '(-n --number)--number=[N]:N: '
      )
      ;;
    (hook)
      specs=(
        '1:shell:(bash fish nu pwsh zsh)'
      )
      ;;
    (import)
      specs=(
        '--replace[Overwrite existing profiles.]'
        '*--accept-host=[Allow a secret to go to this host; otherwise you are asked to type it.]:HOST: '
        '--yes[Skip the other questions.]'
        '--store=[Default: the keychain if there is one.]:store:(keychain vault)'
        '--passphrase-fd=[Read the passphrase from this file descriptor.]:N: '
        '--passphrase-file=[Read the passphrase from this file.]:PATH:_files'
        '--dry-run[Show what would change.]'
        1:path:_files
        '*:names: '
      )
      ;;
    (install)
      specs=(
        '--login[Use the start file of bash'"'"'s login shells (the default on macOS).]'
        '--no-login[The opposite of --login.]'
        '--yes[Skip the question.]'
        '--dry-run[Show what would change.]'
        '1:shell:(bash fish nu pwsh zsh claude-statusline)'
      )
      ;;
    (link)
      specs=(
        '--remote=[Link every clone of these git remotes, in config.toml.]:PATTERN: '
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (list)
      ;;
    (lock)
      ;;
    (login)
      specs=(
        '--capture[Save the current login.]'
        '--token[Save a token from '"'"'claude setup-token'"'"'.]'
        '--orphan[Save the newest login that belongs to no profile.]'
        '--store=[Default: the keychain if there is one.]:store:(keychain vault)'
        '--label=[A description for listings.]:label: '
        '--stdin[With --token: read it from stdin.]'
        '--from-env=[With --token: read it from this variable.]:NAME: '
        '--console[A Console login (API billing).]'
        '--email=[The e-mail address for Claude'"'"'s login.]:ADDRESS: '
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (logout)
      specs=(
        '--yes[Skip the question.]'
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (managers)
      specs=(
        '1:command:->command'
        '*::argument:->rest'
      )
      ;;
    ('managers allow')
      specs=(
        '--yes[Skip the question.]'
        '1:name: '
      )
      ;;
    ('managers check')
      specs=(
        '1:name:(age aws-sm aws-ssm azure-kv bao bw exec gcp-sm gh gopass keepassxc op pass sops vault)'
      )
      ;;
    ('managers list')
      ;;
    (migrate)
      specs=(
        '--to=[vault, keychain, or a reference, which may contain {profile} and {field}.]:PLACE:(keychain vault)'
        '--all[All profiles that have a secret.]'
        '--overwrite[Overwrite another value at a reference.]'
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (off)
      specs=(
        '--here[Only undo '"'"'use --here'"'"' in this shell, with eval.]'
        '--wait[Wait until no running session is in a turn.]'
        '--timeout=[With --wait: give up after this time and change nothing.]:SECONDS: '
        '--force[Switch without checking running sessions.]'
        '--dry-run[Show what would change.]'
      )
      ;;
    (providers)
      specs=(
        '1:name:(anthropic anthropic-aws aws bedrock claude-login claude-token custom foundry gateway gemini github openai openrouter vertex)'
      )
      ;;
    (remove)
      specs=(
        '--yes[Skip the question.]'
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (rename)
      specs=(
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
        '2:new name: '
      )
      ;;
    (revoke-local)
      specs=(
        '--all[Every token on this machine.]'
        '--claude-code[Tokens in Claude Code'"'"'s files.]'
        '--stale[Expired, blanked and orphaned tokens (the default).]'
        '--yes[Skip the question.]'
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (rotate)
      specs=(
        '--expires=[A date such as 2027-02-01.]:DATE: '
        '--store=[Default: the keychain if there is one.]:store:(keychain vault)'
        '--stdin[Read the secret from stdin.]'
        '*--from-env=[Read it from this environment variable.]:[FIELD=]NAME: '
        '*--from-file=[Read it from this file.]:[FIELD=]PATH:_files'
        '*--fd=[Read it from this open file descriptor.]:[FIELD=]N: '
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (run)
      specs=(
        '--redact[Mask the profile'"'"'s secrets in the output.]'
        1:name:__keyswitch_profiles
        '*:::command:__keyswitch_command'
      )
      ;;
    (shell)
      specs=(
        '--shell=[Default: your current shell.]:PROGRAM:(bash dash fish ksh mksh nu pwsh sh zsh)'
        1:name:__keyswitch_profiles
      )
      ;;
    (show)
      specs=(
        '--reveal[Show the secrets after asking.]'
        1:name:__keyswitch_profiles
      )
      ;;
    (statusline)
      ;;
    (team)
      specs=(
        '1:command:->command'
        '*::argument:->rest'
      )
      ;;
    ('team add')
      specs=(
        '--tag=[Read the file from this signed tag of the git checkout.]:TAG: '
        '--sha256=[Accept the file with this hash, without asking.]:HEX: '
        '--signer=[With --tag: accept this signing key, given by its fingerprint.]:KEY: '
        '--dry-run[Show what would change.]'
        1:source:_files
      )
      ;;
    ('team diff')
      specs=(
        '--source=[Its new file or directory.]:PATH:_files'
        '--tag=[Read the file from this signed tag of the git checkout.]:TAG: '
        '1:name: '
      )
      ;;
    ('team list')
      ;;
    ('team remove')
      specs=(
        '--yes[Skip the question.]'
        '--dry-run[Show what would change.]'
        '1:name: '
      )
      ;;
    ('team show')
      specs=(
        '1:name: '
      )
      ;;
    ('team update')
      specs=(
        '--source=[Its new file or directory.]:PATH:_files'
        '--tag=[Read the file from this signed tag of the git checkout.]:TAG: '
        '--sha256=[Accept the file with this hash, without asking.]:HEX: '
        '--signer=[With --tag: accept this signing key, given by its fingerprint.]:KEY: '
        '--dry-run[Show what would change.]'
        '1:name: '
      )
      ;;
    (trace)
      specs=(
        '--profile=[Run it with a profile, like '"'"'run'"'"'.]:NAME:__keyswitch_profiles'
        '--to=[Write the lines to this file or terminal.]:FILE:_files'
        '--record=[Save the requests, redacted (HAR).]:FILE:_files'
        '--bodies=[What --record keeps of bodies.]:bodies:(all answers none)'
        '--view=[Open a recording in the browser.]:FILE:_files'
        '*--simulate=[401, 403-aws, 429, 529, overloaded, slow, cut, html, bad-json or expired-login; '"'"'every 3rd'"'"', '"'"'after 5 s'"'"'.]:ERROR:(401 403-aws 429 529 bad-json cut expired-login html overloaded slow)'
        '--replay=[Answer from a recording.]:FILE:_files'
        '--intercept[Also decrypt TLS to hosts that no base URL covers.]'
        '*--intercept-host=[Another host for --intercept, such as '"'"'*.example.com'"'"'.]:PATTERN: '
        '*:::command:__keyswitch_command'
      )
      ;;
    (undo)
      specs=(
        '--dry-run[Show what would change.]'
      )
      ;;
    (uninstall)
      specs=(
        '--all[For every shell, and in Claude Code'"'"'s files too.]'
        '--yes[Skip the question.]'
        '--dry-run[Show what would change.]'
        '1:shell:(bash fish nu pwsh zsh claude-statusline)'
      )
      ;;
    (unlink)
      specs=(
        '--remote=[Remove the link of these git remotes.]:PATTERN: '
        '--dry-run[Show what would change.]'
      )
      ;;
    (unlock)
      specs=(
        '--timeout=[How long; default: cache_timeout of config.toml, or 900.]:SECONDS: '
        '--passphrase-fd=[Read the passphrase from this file descriptor.]:N: '
        '--passphrase-file=[Read the passphrase from this file.]:PATH:_files'
      )
      ;;
    (use)
      specs=(
        '--here[Switch only this shell, with eval.]'
        '--target=[Which program to configure; '"'"'none'"'"' configures none.]:target:(claude-code none)'
        '--suggest[Show the account with the most usage left; do not switch.]'
        '--wait[Wait until no running session is in a turn.]'
        '--timeout=[With --wait: give up after this time and change nothing.]:SECONDS: '
        '--force[Switch without checking running sessions.]'
        '--dry-run[Show what would change.]'
        1:name:__keyswitch_profiles_or_last
      )
      ;;
    (vault)
      specs=(
        '1:command:->command'
        '*::argument:->rest'
      )
      ;;
    ('vault accept-rollback')
      specs=(
        '--yes[Skip the question.]'
      )
      ;;
    ('vault init')
      specs=(
        '--machine-key[Open it with a key file on this machine, without a passphrase. Protects copies of the vault, not this account.]'
        '--passphrase-fd=[Read the passphrase from this file descriptor.]:N: '
        '--passphrase-file=[Read the passphrase from this file.]:PATH:_files'
      )
      ;;
    ('vault keychain')
      ;;
    ('vault machine-key')
      ;;
    ('vault passwd')
      specs=(
        '--passphrase-fd=[Read the passphrase from this file descriptor.]:N: '
        '--passphrase-file=[Read the passphrase from this file.]:PATH:_files'
      )
      ;;
    ('vault recovery')
      specs=(
        '--use[Open the vault with the code.]'
        '--passphrase-fd=[Read the passphrase from this file descriptor.]:N: '
        '--passphrase-file=[Read the passphrase from this file.]:PATH:_files'
      )
      ;;
    ('vault rotate')
      specs=(
        '--passphrase-fd=[Read the passphrase from this file descriptor.]:N: '
        '--passphrase-file=[Read the passphrase from this file.]:PATH:_files'
      )
      ;;
    ('vault status')
      ;;
    (verify)
      specs=(
        '--all[Every profile.]'
        '*:names:__keyswitch_profiles'
      )
      ;;
    (whoami)
      specs=(
        '--run-helper[Run the program that prints the credential (apiKeyHelper or credential_process), 10 s at most.]'
        '--verify[Ask the service whose credential this is.]'
        '--explain[Show every source in order of precedence.]'
        '--as=[Predict for this way of starting it; default: as here.]:as:(action desktop remote terminal vscode)'
        '*:claude options: '
      )
      ;;
    (*) \builtin return ;;
    esac
    case "$1" in
    ('' | helper | 'helper api-key' | 'helper aws' | 'helper claude-code' | managers | run | team | vault) ;;
    (*)
      specs+=(
        '--json[Print data as JSON.]'
        '--no-input[Never ask questions.]'
        '(-q --quiet)-q[Print results only.]'
        '(-q --quiet)--quiet[Print results only.]'
        '(-v --verbose)-v[Print more details.]'
        '(-v --verbose)--verbose[Print more details.]'
        '--color=[Use colour: auto, always or never.]:WHEN:(always auto never)'
      )
      ;;
    esac
    specs+=(
      '(- *)-h[Show help and leave.]'
      '(- *)--help[Show help and leave.]'
    )
  }
  # written: end

  # Offer the profiles, by the names of their files.
  function __keyswitch_profiles {
    \builtin local -a folders names
    if [[ -n ${KEYSWITCH_HOME-} ]]; then
      folders=("$KEYSWITCH_HOME/config")
    elif [[ ${XDG_CONFIG_HOME-} == /* ]]; then # a relative one is ignored
      folders=("$XDG_CONFIG_HOME/keyswitch")
    else
      folders=("$HOME/.config/keyswitch"
        "$HOME/Library/Application Support/keyswitch")
    fi
    # In a variable: where it is read under `emulate sh`, the qualifiers
    # would be a syntax error.
    \builtin local files='/profiles/[a-z0-9]*.toml(N:t:r)'
    names=(${^folders}${~files})
    \builtin compadd "$@" -a -- names
  }

  # `use -` is the profile before this one.
  function __keyswitch_profiles_or_last {
    __keyswitch_profiles "$@"
    \builtin compadd "$@" -- -
  }

  # Another command, behind `run NAME` or `run NAME --`.
  function __keyswitch_command {
    if [[ ${words[1]} == -- ]]; then
      \builtin shift words
      ((CURRENT -= 1))
    fi
    if ((CURRENT == 1)); then
      _command_names -e
    elif ((CURRENT > 1)); then
      _normal
    fi
  }

  # Complete the words of one command.
  function __keyswitch_at {
    \builtin local -a specs found line state state_descr
    \builtin local -A opt_args
    __keyswitch_specs "$1"
    ((${#specs})) || \builtin return 1
    _arguments -C -S : "${specs[@]}" && \builtin return 0
    case ${state-} in
    (command)
      __keyswitch_commands "$1"
      _describe -t commands command found
      ;;
    (rest) __keyswitch_at "$1${1:+ }${words[1]}" ;;
    (*) \builtin return 1 ;;
    esac
  }

  function __keyswitch_complete {
    \builtin local curcontext="${curcontext-}"
    __keyswitch_at ''
  }

  # In a file of its own on fpath this text is the function's body.
  if [[ ${(%):-%N} == _keyswitch ]]; then
    __keyswitch_complete "$@"
  elif ((${+functions[compdef]})); then
    compdef __keyswitch_complete keyswitch
  fi
}
