# shellcheck shell=bash
# keyswitch: completion of commands, options, names and files; no process.
#
# All of it is one group: cut short, it is a syntax error and does nothing.
# `\builtin` passes over aliases and functions of the person who sources this.
{
  # written: begin
  function __keyswitch_commands {
    found=()
    case "$1" in
    '')
      found=(
        add allow completion copy current deny doctor edit env explain export
        helper history hook import install link list lock login logout
        managers migrate off providers remove rename revoke-local rotate run
        shell show statusline team trace undo uninstall unlink unlock use
        vault verify whoami
      )
      ;;
    helper)
      found=(api-key aws claude-code)
      ;;
    managers)
      found=(allow check list)
      ;;
    team)
      found=(add diff list remove show update)
      ;;
    vault)
      found=(
        accept-rollback init keychain machine-key passwd recovery rotate
        status
      )
      ;;
    esac
  }

  function __keyswitch_options {
    found=()
    case "$1" in
    '')
      found=(--json --no-input -q --quiet -v --verbose --color --version)
      ;;
    add)
      found=(
        --provider --set --label --expires --expect --store --reference
        --lifetime --stdin --from-env --from-file --fd --dry-run
      )
      ;;
    allow)
      found=(--dry-run)
      ;;
    copy)
      found=(--dry-run)
      ;;
    current)
      found=(--prompt --usage)
      ;;
    deny)
      found=(--dry-run)
      ;;
    doctor)
      found=(--fix --dry-run --yes --network --run-helper --report)
      ;;
    edit)
      found=(
        --set --unset --label --expires --expect --isolated --no-isolated
        --share --only --never --reference --lifetime --dry-run
      )
      ;;
    env)
      found=(--shell --unset --format --reveal)
      ;;
    explain)
      found=(--from-log)
      ;;
    export)
      found=(--all --to --replace --passphrase-fd --passphrase-file)
      ;;
    history)
      found=(-n --number)
      ;;
    import)
      found=(
        --replace --accept-host --yes --store --passphrase-fd
        --passphrase-file --dry-run
      )
      ;;
    install)
      found=(--login --no-login --yes --dry-run)
      ;;
    link)
      found=(--remote --dry-run)
      ;;
    login)
      found=(
        --capture --token --orphan --store --label --stdin --from-env
        --console --email --dry-run
      )
      ;;
    logout)
      found=(--yes --dry-run)
      ;;
    'managers allow')
      found=(--yes)
      ;;
    migrate)
      found=(--to --all --overwrite --dry-run)
      ;;
    off)
      found=(--here --wait --timeout --force --dry-run)
      ;;
    remove)
      found=(--yes --dry-run)
      ;;
    rename)
      found=(--dry-run)
      ;;
    revoke-local)
      found=(--all --claude-code --stale --yes --dry-run)
      ;;
    rotate)
      found=(--expires --store --stdin --from-env --from-file --fd --dry-run)
      ;;
    run)
      found=(--redact)
      ;;
    shell)
      found=(--shell)
      ;;
    show)
      found=(--reveal)
      ;;
    'team add')
      found=(--tag --sha256 --signer --dry-run)
      ;;
    'team diff')
      found=(--source --tag)
      ;;
    'team remove')
      found=(--yes --dry-run)
      ;;
    'team update')
      found=(--source --tag --sha256 --signer --dry-run)
      ;;
    trace)
      found=(
        --profile --to --record --bodies --view --simulate --replay
        --intercept --intercept-host
      )
      ;;
    undo)
      found=(--dry-run)
      ;;
    uninstall)
      found=(--all --yes --dry-run)
      ;;
    unlink)
      found=(--remote --dry-run)
      ;;
    unlock)
      found=(--timeout --passphrase-fd --passphrase-file)
      ;;
    use)
      found=(--here --target --suggest --wait --timeout --force --dry-run)
      ;;
    'vault accept-rollback')
      found=(--yes)
      ;;
    'vault init')
      found=(--machine-key --passphrase-fd --passphrase-file)
      ;;
    'vault passwd')
      found=(--passphrase-fd --passphrase-file)
      ;;
    'vault recovery')
      found=(--use --passphrase-fd --passphrase-file)
      ;;
    'vault rotate')
      found=(--passphrase-fd --passphrase-file)
      ;;
    verify)
      found=(--all)
      ;;
    whoami)
      found=(--run-helper --verify --explain --as)
      ;;
    esac
    case "$1" in
    '' | helper | 'helper api-key' | 'helper aws' | 'helper claude-code' | \
      managers | run | team | vault)
      ;;
    *)
      found+=(--json --no-input -q --quiet -v --verbose --color)
      ;;
    esac
    found+=(-h --help)
  }

  function __keyswitch_value {
    kind=flag found=()
    case "$1 $2" in
    ' --color')
      kind=words
      found=(always auto never)
      ;;
    'add --provider')
      kind=words
      found=(
        anthropic anthropic-aws aws bedrock claude-login claude-token custom
        foundry gateway gemini github openai openrouter vertex
      )
      ;;
    'add --set' | 'add --label' | 'add --expires' | 'add --reference' | \
      'add --lifetime' | 'add --from-env' | 'add --fd' | 'edit --set' | \
      'edit --unset' | 'edit --label' | 'edit --expires' | 'edit --only' | \
      'edit --never' | 'edit --reference' | 'edit --lifetime' | \
      'export --passphrase-fd' | 'history -n' | 'history --number' | \
      'import --accept-host' | 'import --passphrase-fd' | 'link --remote' | \
      'login --label' | 'login --from-env' | 'login --email' | \
      'off --timeout' | 'rotate --expires' | 'rotate --from-env' | \
      'rotate --fd' | 'team add --tag' | 'team add --sha256' | \
      'team add --signer' | 'team diff --tag' | 'team update --tag' | \
      'team update --sha256' | 'team update --signer' | \
      'trace --intercept-host' | 'unlink --remote' | 'unlock --timeout' | \
      'unlock --passphrase-fd' | 'use --timeout' | \
      'vault init --passphrase-fd' | 'vault passwd --passphrase-fd' | \
      'vault recovery --passphrase-fd' | 'vault rotate --passphrase-fd')
      kind=nothing
      ;;
    'add --expect' | 'edit --expect')
      kind=words
      found=(api cloud subscription)
      ;;
    'add --store' | 'import --store' | 'login --store' | 'migrate --to' | \
      'rotate --store')
      kind=words
      found=(keychain vault)
      ;;
    'add --from-file' | 'export --to' | 'export --passphrase-file' | \
      'import --passphrase-file' | 'rotate --from-file' | \
      'team diff --source' | 'team update --source' | 'trace --to' | \
      'trace --record' | 'trace --view' | 'trace --replay' | \
      'unlock --passphrase-file' | 'vault init --passphrase-file' | \
      'vault passwd --passphrase-file' | \
      'vault recovery --passphrase-file' | 'vault rotate --passphrase-file')
      kind=files
      ;;
    'edit --share')
      kind=words
      found=(agents commands history memory none settings skills)
      ;;
    'env --shell')
      kind=words
      found=(bash cmd dash dotenv fish json ksh mksh nu pwsh sh zsh)
      ;;
    'env --format')
      kind=words
      found=(dotenv json)
      ;;
    'shell --shell')
      kind=words
      found=(bash dash fish ksh mksh nu pwsh sh zsh)
      ;;
    'trace --profile')
      kind=profiles
      ;;
    'trace --bodies')
      kind=words
      found=(all answers none)
      ;;
    'trace --simulate')
      kind=words
      found=(
        401 403-aws 429 529 bad-json cut expired-login html overloaded slow
      )
      ;;
    'use --target')
      kind=words
      found=(claude-code none)
      ;;
    'whoami --as')
      kind=words
      found=(action desktop remote terminal vscode)
      ;;
    esac
  }

  function __keyswitch_argument {
    kind=nothing found=()
    case "$1 $2" in
    'allow 1' | 'deny 1')
      kind=folders
      ;;
    'completion 1')
      kind=words
      found=(bash fish pwsh zsh)
      ;;
    'copy 1' | 'edit 1' | 'env 1' | 'helper api-key 1' | 'helper aws 1' | \
      'link 1' | 'login 1' | 'logout 1' | 'migrate 1' | 'remove 1' | \
      'rename 1' | 'revoke-local 1' | 'rotate 1' | 'run 1' | 'shell 1' | \
      'show 1')
      kind=profiles
      ;;
    'hook 1')
      kind=words
      found=(bash fish nu pwsh zsh)
      ;;
    'import 1' | 'team add 1')
      kind=files
      ;;
    'install 1' | 'uninstall 1')
      kind=words
      found=(bash fish nu pwsh zsh claude-statusline)
      ;;
    'managers check 1')
      kind=words
      found=(
        age aws-sm aws-ssm azure-kv bao bw exec gcp-sm gh gopass keepassxc op
        pass sops vault
      )
      ;;
    'providers 1')
      kind=words
      found=(
        anthropic anthropic-aws aws bedrock claude-login claude-token custom
        foundry gateway gemini github openai openrouter vertex
      )
      ;;
    'use 1')
      kind=profiles
      found=(-)
      ;;
    'export '* | 'verify '*)
      kind=profiles
      ;;
    'run '* | 'trace '*)
      kind=programs
      ;;
    esac
  }
  # written: end

  # Offer those of the words that begin as the typed one does.
  function __keyswitch_offer {
    \builtin local word
    for word in "$@"; do
      case $word in
      "$typed"*) COMPREPLY+=("$before$word") ;;
      esac
    done
  }

  # Offer the profiles, by the names of their files.
  function __keyswitch_profiles {
    \builtin local folder file
    if [[ -n ${KEYSWITCH_HOME-} ]]; then
      \builtin set -- "$KEYSWITCH_HOME/config"
    elif [[ ${XDG_CONFIG_HOME-} == /* ]]; then # a relative one is ignored
      \builtin set -- "$XDG_CONFIG_HOME/keyswitch"
    else
      \builtin set -- "${HOME-}/.config/keyswitch" \
        "${HOME-}/Library/Application Support/keyswitch"
    fi
    for folder in "$@"; do
      for file in "$folder/profiles"/*.toml; do
        file=${file##*/}
        file=${file%.toml}
        # bash puts the word in as it is: no name that the shell would expand.
        case $file in
        [!a-z0-9]* | *[!a-z0-9._-]*) ;;
        *) __keyswitch_offer "$file" ;;
        esac
      done
    done
  }

  # Offer the programs on PATH.
  function __keyswitch_programs {
    \builtin local rest file
    rest=${PATH-}:
    while [[ -n $rest ]]; do
      for file in "${rest%%:*}/$typed"*; do
        if [[ -f $file && -x $file ]]; then
          file=${file##*/}
          case $file in
          *[!A-Za-z0-9._+@%-]*) ;;
          *) __keyswitch_offer "$file" ;;
          esac
        fi
      done
      rest=${rest#*:}
    done
  }

  # Find out what the typed word is: `place` is the command that it belongs to,
  # `option` the option that it is the value of, `count` the words before it.
  function __keyswitch_walk {
    \builtin local index word
    for ((index = 1; index < COMP_CWORD; index++)); do
      word=${COMP_WORDS[index]}
      if [[ -n $option ]]; then
        # With `=` among the word breaks it is a word between the two.
        [[ $word == '=' ]] || option=''
        \builtin continue
      fi
      case $inside$ended$word in
      -- | inside--) ended=ended ;;
      -?*)
        __keyswitch_value "$place" "$word"
        [[ $kind == flag ]] || option=$word
        ;;
      *)
        __keyswitch_commands "$place"
        if [[ -n ${found[*]-} ]]; then
          place=$place${place:+ }$word
        else
          ((count += 1))
          __keyswitch_argument "$place" $((count + 1))
          # What follows belongs to another command.
          [[ $kind != programs ]] || inside=inside
        fi
        ;;
      esac
    done
  }

  function __keyswitch_answer {
    \builtin local kind found place option count inside ended typed before
    kind='' found=() place='' option='' count=0 inside='' ended='' before=''
    __keyswitch_walk
    typed=${COMP_WORDS[COMP_CWORD]-}
    typed=${typed#[\"\']}
    case $inside$ended$option$typed in
    -*=*)
      if [[ -z $option ]]; then
        option=${typed%%=*} before=${typed%%=*}= typed=${typed#*=}
      fi
      ;;
    esac
    if [[ -n $option ]]; then
      [[ $typed != '=' ]] || typed=''
      __keyswitch_value "$place" "$option"
    else
      if [[ $typed == -* && -z $inside$ended ]]; then
        __keyswitch_options "$place"
        __keyswitch_offer "${found[@]}"
      fi
      __keyswitch_commands "$place"
      if [[ -n ${found[*]-} ]]; then
        kind=words
      else
        __keyswitch_argument "$place" $((count + 1))
      fi
    fi
    __keyswitch_offer "${found[@]}"
    case $kind-$count-$typed in
    profiles-*) __keyswitch_profiles ;;
    programs-1-*/*) \builtin compopt -o default ;;
    programs-1-*) __keyswitch_programs ;;
    files-* | programs-*) \builtin compopt -o default ;;
    folders-*) \builtin compopt -o dirnames ;;
    esac 2>/dev/null
  }

  function __keyswitch_complete {
    \builtin local flags failglob
    flags=$- failglob=''
    # A trace would be in the middle of the line that is being typed.
    case $- in *[efux]*) { \builtin set +efux; } 2>/dev/null ;; esac
    if \builtin shopt -q failglob; then
      \builtin shopt -u failglob
      failglob=failglob
    fi
    COMPREPLY=()
    __keyswitch_answer
    [[ -z $failglob ]] || \builtin shopt -s failglob
    case $flags in *u*) \builtin set -u ;; esac
    case $flags in *f*) \builtin set -f ;; esac
    case $flags in *e*) \builtin set -e ;; esac
    case $flags in *x*) \builtin set -x ;; esac
    \builtin return 0
  }

  \builtin export -nf __keyswitch_complete __keyswitch_answer \
    __keyswitch_walk __keyswitch_programs __keyswitch_profiles \
    __keyswitch_offer __keyswitch_argument __keyswitch_value \
    __keyswitch_options __keyswitch_commands
  case $BASH_VERSION in
  # Before 4.0 there is no compopt.
  [1-3].*) \builtin complete -o default -F __keyswitch_complete keyswitch ;;
  *) \builtin complete -F __keyswitch_complete keyswitch ;;
  esac
}
