# keyswitch: completion of commands, options, names and files; no process.
#
# Written to the documentation of Windows PowerShell 5.1 and PowerShell 7, and
# tested as text only: it has not run in a real PowerShell.

& {
    # written: begin
    function global:__keyswitch_commands([string] $place) {
        switch -CaseSensitive -Wildcard ($place) {
            '' {
                'add', 'allow', 'completion', 'copy', 'current', 'deny',
                'doctor', 'edit', 'env', 'explain', 'export', 'helper',
                'history', 'hook', 'import', 'install', 'link', 'list', 'lock',
                'login', 'logout', 'managers', 'migrate', 'off', 'providers',
                'remove', 'rename', 'revoke-local', 'rotate', 'run', 'shell',
                'show', 'statusline', 'team', 'trace', 'undo', 'uninstall',
                'unlink', 'unlock', 'use', 'vault', 'verify', 'whoami'
                break
            }
            'helper' {
                'api-key', 'aws', 'claude-code'
                break
            }
            'managers' {
                'allow', 'check', 'list'
                break
            }
            'team' {
                'add', 'diff', 'list', 'remove', 'show', 'update'
                break
            }
            'vault' {
                'accept-rollback', 'init', 'keychain', 'machine-key', 'passwd',
                'recovery', 'rotate', 'status'
                break
            }
        }
    }

    function global:__keyswitch_options([string] $place) {
        switch -CaseSensitive -Wildcard ($place) {
            '' {
                '--json', '--no-input', '-q', '--quiet', '-v', '--verbose',
                '--color', '--version'
                break
            }
            'add' {
                '--provider', '--set', '--label', '--expires', '--expect',
                '--store', '--reference', '--lifetime', '--stdin', '--from-env',
                '--from-file', '--fd', '--dry-run'
                break
            }
            'allow' {
                '--dry-run'
                break
            }
            'copy' {
                '--dry-run'
                break
            }
            'current' {
                '--prompt', '--usage'
                break
            }
            'deny' {
                '--dry-run'
                break
            }
            'doctor' {
                '--fix', '--dry-run', '--yes', '--network', '--run-helper',
                '--report'
                break
            }
            'edit' {
                '--set', '--unset', '--label', '--expires', '--expect',
                '--isolated', '--no-isolated', '--share', '--only', '--never',
                '--reference', '--lifetime', '--dry-run'
                break
            }
            'env' {
                '--shell', '--unset', '--format', '--reveal'
                break
            }
            'explain' {
                '--from-log'
                break
            }
            'export' {
                '--all', '--to', '--replace', '--passphrase-fd',
                '--passphrase-file'
                break
            }
            'history' {
                '-n', '--number'
                break
            }
            'import' {
                '--replace', '--accept-host', '--yes', '--store',
                '--passphrase-fd', '--passphrase-file', '--dry-run'
                break
            }
            'install' {
                '--login', '--no-login', '--yes', '--dry-run'
                break
            }
            'link' {
                '--remote', '--dry-run'
                break
            }
            'login' {
                '--capture', '--token', '--orphan', '--store', '--label',
                '--stdin', '--from-env', '--console', '--email', '--dry-run'
                break
            }
            'logout' {
                '--yes', '--dry-run'
                break
            }
            'managers allow' {
                '--yes'
                break
            }
            'migrate' {
                '--to', '--all', '--overwrite', '--dry-run'
                break
            }
            'off' {
                '--here', '--wait', '--timeout', '--force', '--dry-run'
                break
            }
            'remove' {
                '--yes', '--dry-run'
                break
            }
            'rename' {
                '--dry-run'
                break
            }
            'revoke-local' {
                '--all', '--claude-code', '--stale', '--yes', '--dry-run'
                break
            }
            'rotate' {
                '--expires', '--store', '--stdin', '--from-env', '--from-file',
                '--fd', '--dry-run'
                break
            }
            'run' {
                '--redact'
                break
            }
            'shell' {
                '--shell'
                break
            }
            'show' {
                '--reveal'
                break
            }
            'team add' {
                '--tag', '--sha256', '--signer', '--dry-run'
                break
            }
            'team diff' {
                '--source', '--tag'
                break
            }
            'team remove' {
                '--yes', '--dry-run'
                break
            }
            'team update' {
                '--source', '--tag', '--sha256', '--signer', '--dry-run'
                break
            }
            'trace' {
                '--profile', '--to', '--record', '--bodies', '--view',
                '--simulate', '--replay', '--intercept', '--intercept-host'
                break
            }
            'undo' {
                '--dry-run'
                break
            }
            'uninstall' {
                '--all', '--yes', '--dry-run'
                break
            }
            'unlink' {
                '--remote', '--dry-run'
                break
            }
            'unlock' {
                '--timeout', '--passphrase-fd', '--passphrase-file'
                break
            }
            'use' {
                '--here', '--target', '--suggest', '--wait', '--timeout',
                '--force', '--dry-run'
                break
            }
            'vault accept-rollback' {
                '--yes'
                break
            }
            'vault init' {
                '--machine-key', '--passphrase-fd', '--passphrase-file'
                break
            }
            'vault passwd' {
                '--passphrase-fd', '--passphrase-file'
                break
            }
            'vault recovery' {
                '--use', '--passphrase-fd', '--passphrase-file'
                break
            }
            'vault rotate' {
                '--passphrase-fd', '--passphrase-file'
                break
            }
            'verify' {
                '--all'
                break
            }
            'whoami' {
                '--run-helper', '--verify', '--explain', '--as'
                break
            }
        }
        switch -CaseSensitive -Wildcard ($place) {
            { $_ -cin @(
                    '', 'helper', 'helper api-key', 'helper aws',
                    'helper claude-code', 'managers', 'run', 'team', 'vault'
            ) } {
                break
            }
            default {
                '--json', '--no-input', '-q', '--quiet', '-v', '--verbose',
                '--color'
            }
        }
        '-h', '--help'
    }

    function global:__keyswitch_value([string] $key) {
        switch -CaseSensitive -Wildcard ($key) {
            ' --color' {
                'words', 'always', 'auto', 'never'
                break
            }
            'add --provider' {
                'words', 'anthropic', 'anthropic-aws', 'aws', 'bedrock',
                'claude-login', 'claude-token', 'custom', 'foundry', 'gateway',
                'gemini', 'github', 'openai', 'openrouter', 'vertex'
                break
            }
            { $_ -cin @(
                    'add --set', 'add --label', 'add --expires',
                    'add --reference', 'add --lifetime', 'add --from-env',
                    'add --fd', 'edit --set', 'edit --unset', 'edit --label',
                    'edit --expires', 'edit --only', 'edit --never',
                    'edit --reference', 'edit --lifetime',
                    'export --passphrase-fd', 'history -n', 'history --number',
                    'import --accept-host', 'import --passphrase-fd',
                    'link --remote', 'login --label', 'login --from-env',
                    'login --email', 'off --timeout', 'rotate --expires',
                    'rotate --from-env', 'rotate --fd', 'team add --tag',
                    'team add --sha256', 'team add --signer', 'team diff --tag',
                    'team update --tag', 'team update --sha256',
                    'team update --signer', 'trace --intercept-host',
                    'unlink --remote', 'unlock --timeout',
                    'unlock --passphrase-fd', 'use --timeout',
                    'vault init --passphrase-fd',
                    'vault passwd --passphrase-fd',
                    'vault recovery --passphrase-fd',
                    'vault rotate --passphrase-fd'
            ) } {
                'nothing'
                break
            }
            { $_ -cin @(
                    'add --expect', 'edit --expect'
            ) } {
                'words', 'api', 'cloud', 'subscription'
                break
            }
            { $_ -cin @(
                    'add --store', 'import --store', 'login --store',
                    'migrate --to', 'rotate --store'
            ) } {
                'words', 'keychain', 'vault'
                break
            }
            { $_ -cin @(
                    'add --from-file', 'export --to',
                    'export --passphrase-file', 'import --passphrase-file',
                    'rotate --from-file', 'team diff --source',
                    'team update --source', 'trace --to', 'trace --record',
                    'trace --view', 'trace --replay',
                    'unlock --passphrase-file', 'vault init --passphrase-file',
                    'vault passwd --passphrase-file',
                    'vault recovery --passphrase-file',
                    'vault rotate --passphrase-file'
            ) } {
                'files'
                break
            }
            'edit --share' {
                'words', 'agents', 'commands', 'history', 'memory', 'none',
                'settings', 'skills'
                break
            }
            'env --shell' {
                'words', 'bash', 'cmd', 'dash', 'dotenv', 'fish', 'json', 'ksh',
                'mksh', 'nu', 'pwsh', 'sh', 'zsh'
                break
            }
            'env --format' {
                'words', 'dotenv', 'json'
                break
            }
            'shell --shell' {
                'words', 'bash', 'dash', 'fish', 'ksh', 'mksh', 'nu', 'pwsh',
                'sh', 'zsh'
                break
            }
            'trace --profile' {
                'profiles'
                break
            }
            'trace --bodies' {
                'words', 'all', 'answers', 'none'
                break
            }
            'trace --simulate' {
                'words', '401', '403-aws', '429', '529', 'bad-json', 'cut',
                'expired-login', 'html', 'overloaded', 'slow'
                break
            }
            'use --target' {
                'words', 'claude-code', 'none'
                break
            }
            'whoami --as' {
                'words', 'action', 'desktop', 'remote', 'terminal', 'vscode'
                break
            }
            default {
                'flag'
            }
        }
    }

    function global:__keyswitch_argument([string] $key) {
        switch -CaseSensitive -Wildcard ($key) {
            { $_ -cin @(
                    'allow 1', 'deny 1'
            ) } {
                'folders'
                break
            }
            'completion 1' {
                'words', 'bash', 'fish', 'pwsh', 'zsh'
                break
            }
            { $_ -cin @(
                    'copy 1', 'edit 1', 'env 1', 'helper api-key 1',
                    'helper aws 1', 'link 1', 'login 1', 'logout 1',
                    'migrate 1', 'remove 1', 'rename 1', 'revoke-local 1',
                    'rotate 1', 'run 1', 'shell 1', 'show 1'
            ) } {
                'profiles'
                break
            }
            'hook 1' {
                'words', 'bash', 'fish', 'nu', 'pwsh', 'zsh'
                break
            }
            { $_ -cin @(
                    'import 1', 'team add 1'
            ) } {
                'files'
                break
            }
            { $_ -cin @(
                    'install 1', 'uninstall 1'
            ) } {
                'words', 'bash', 'fish', 'nu', 'pwsh', 'zsh',
                'claude-statusline'
                break
            }
            'managers check 1' {
                'words', 'age', 'aws-sm', 'aws-ssm', 'azure-kv', 'bao', 'bw',
                'exec', 'gcp-sm', 'gh', 'gopass', 'keepassxc', 'op', 'pass',
                'sops', 'vault'
                break
            }
            'providers 1' {
                'words', 'anthropic', 'anthropic-aws', 'aws', 'bedrock',
                'claude-login', 'claude-token', 'custom', 'foundry', 'gateway',
                'gemini', 'github', 'openai', 'openrouter', 'vertex'
                break
            }
            'use 1' {
                'profiles', '-'
                break
            }
            { $_ -cin @(
                    'export *', 'verify *'
            ) } {
                'profiles'
                break
            }
            { $_ -cin @(
                    'run *', 'trace *'
            ) } {
                'programs'
                break
            }
            default {
                'nothing'
            }
        }
    }
    # written: end

    # The profiles, by the names of their files.
    function global:__keyswitch_profiles {
        if ($env:KEYSWITCH_HOME) { $folders = @("$env:KEYSWITCH_HOME/config") }
        elseif ([IO.Path]::IsPathRooted("$env:XDG_CONFIG_HOME")) {
            $folders = @("$env:XDG_CONFIG_HOME/keyswitch")
        } else {
            $folders = @(
                "$HOME/.config/keyswitch"
                "$HOME/Library/Application Support/keyswitch"
            )
            if ($env:LOCALAPPDATA) { $folders += "$env:LOCALAPPDATA/keyswitch" }
        }
        foreach ($folder in $folders) {
            Get-ChildItem -LiteralPath "$folder/profiles" -Filter '*.toml' `
                -ErrorAction Ignore |
                ForEach-Object { $_.BaseName } |
                # No name that the shell would expand.
                Where-Object { $_ -cmatch '^[a-z0-9][a-z0-9._-]*$' }
        }
    }

    # What may stand after these words.
    function global:__keyswitch_offers([string[]] $words, [string] $typed) {
        $place = ''
        $option = ''
        $count = 0
        $other = $false
        foreach ($word in $words) {
            if ($option) { $option = '' }
            elseif ($word -ceq '--') { $other = $true }
            elseif (-not $other -and $word -like '-?*') {
                if (@(__keyswitch_value "$place $word")[0] -cne 'flag') {
                    $option = $word
                }
            } elseif (__keyswitch_commands $place) {
                $place = "$place $word".Trim()
            } else {
                $count += 1
                # What follows belongs to another command.
                $next = @(__keyswitch_argument "$place $($count + 1)")[0]
                if ($next -ceq 'programs') { $other = $true }
            }
        }
        $before = ''
        if (-not $option -and -not $other -and $typed -like '-*=*') {
            $option = ($typed -split '=')[0]
            $before = "$option="
        }
        if ($option) { $found = @(__keyswitch_value "$place $option") }
        else {
            if (-not $other -and $typed -like '-*') {
                __keyswitch_options $place
            }
            $found = @(__keyswitch_commands $place)
            if ($found) { $found = @('words') + $found }
            else {
                $found = @(__keyswitch_argument "$place $($count + 1)")
            }
        }
        if ($found[0] -ceq 'profiles') { $found += @(__keyswitch_profiles) }
        if ($found[0] -ceq 'programs' -and $count -eq 1) {
            $found += @(
                Get-Command -Name "$typed*" -CommandType Application `
                    -ErrorAction Ignore | ForEach-Object { $_.Name }
            )
        }
        $found | Select-Object -Skip 1 | ForEach-Object { "$before$_" }
    }

    # Where nothing is offered, PowerShell offers files.
    Register-ArgumentCompleter -Native -CommandName keyswitch -ScriptBlock {
        param($wordToComplete, $commandAst, $cursorPosition)
        $words = @(
            $commandAst.CommandElements | Select-Object -Skip 1 |
                Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
                ForEach-Object { $_.Extent.Text }
        )
        __keyswitch_offers $words $wordToComplete |
            Where-Object { $_.StartsWith($wordToComplete) } |
            ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_)
            }
    }
}
