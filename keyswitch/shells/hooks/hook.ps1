# keyswitch: this terminal follows the active profile.
#
# Written to the documentation of Windows PowerShell 5.1 and PowerShell 7, and
# tested as text only: it has not run in a real PowerShell.
#
# At each prompt the state file and each .keyswitch above are compared with
# what was seen last; a process is started only where something is different.

& {
    function global:__keyswitch_program {
        Get-Command -Name keyswitch -CommandType Application `
            -ErrorAction Ignore | Select-Object -First 1
    }

    # What a directory's files are and say. Times say too little: files move
    # into place with old ones. A FIFO has no length, and is not read.
    function global:__keyswitch_links {
        if ($PWD.Provider.Name -ne 'FileSystem') { return '' }
        $folder = $PWD.ProviderPath
        $seen = ''
        while ($folder) {
            $file = Join-Path -Path $folder -ChildPath '.keyswitch'
            $found = Get-Item -LiteralPath $file -Force -ErrorAction Ignore
            if ($found) {
                $seen += "`n$file $($found.Attributes) $($found.Length)"
                $seen += " $($found.LastWriteTimeUtc.Ticks) $($found.LinkType)"
                if ($found.Length -gt 0 -and $found.Length -le 4096) {
                    $seen += Get-Content -LiteralPath $file -Raw `
                        -ErrorAction Ignore
                }
            }
            $folder = Split-Path -LiteralPath $folder
        }
        $seen
    }

    function global:__keyswitch_key {
        $state = '@STATE_FILE@'
        $text = Get-Content -LiteralPath $state -Raw -ErrorAction Ignore
        $links = __keyswitch_links
        "$text`n$($PWD.Path)`n$links`n$env:DIRENV_DIFF"
    }

    function global:__keyswitch_name {
        $name = ("$env:KEYSWITCH_ENV" -split ':')[0]
        # A name that no profile can have came from outside.
        if ($name -cmatch '^[a-z0-9._-]+$') { $name } else { 'none' }
    }

    # Not there before the first program; strict mode forbids to look.
    function global:__keyswitch_status {
        Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly `
            -ErrorAction Ignore
    }

    # Runs what keyswitch wrote; returns anything else, such as a help text.
    function global:__keyswitch_apply([string] $text) {
        if ($text -clike '& {*') { Invoke-Expression -Command $text }
        elseif ($text) { $text }
    }

    function global:__keyswitch_follow([bool]$quiet = $false) {
        if ("$env:KEYSWITCH_ENV" -cmatch '^[^:]*:p:') {
            # Once it is pinned no more, it has to be looked at again.
            $global:__keyswitch_seen = ''
            return
        }
        $key = __keyswitch_key
        $seen = $global:__keyswitch_seen
        if ($seen -ceq $key) { return }
        $global:__keyswitch_seen = $key
        $program = __keyswitch_program
        if (-not $program) { return }
        $before = __keyswitch_name
        $status = __keyswitch_status
        $text = ''
        try {
            # An empty pipe, so that nobody is asked anything at a prompt.
            $text = (@() | & $program env --shell pwsh) -join "`n"
        } catch { $text = '' }
        $global:LASTEXITCODE = $status
        __keyswitch_apply $text | Out-Null
        $after = __keyswitch_name
        # Null: a terminal that was just opened.
        if ($null -ne $seen -and $before -cne $after -and -not $quiet) {
            [Console]::Error.WriteLine("keyswitch: $before -> $after")
        }
    }

    # Brings this terminal up to date after a command that may change something.
    # $LASTEXITCODE is the command's.
    function global:keyswitch {
        $program = __keyswitch_program
        if (-not $program) {
            Write-Error -Message 'keyswitch: command not found'
            return
        }
        if (-not $args.Count) { return (& $program) }
        $words = @($args | Where-Object { "$_" -notlike '-*' })
        $command = if ($words.Count) { "$($words[0])" } else { '' }
        if ('use', 'off' -ccontains $command -and $args -ccontains '--here') {
            $text = (& $program @args) -join "`n"
            $global:__keyswitch_seen = ''
            if ($global:LASTEXITCODE -eq 0) { __keyswitch_apply $text }
            return
        }
        $rest = $args
        if ("$($args[0])" -ceq 'run' -and $args.Count -gt 2 -and
            $args -cnotcontains '--') {
            # PowerShell keeps the first `--` for itself.
            $rest = @($args[0..1]) + '--' + @($args[2..($args.Count - 1)])
        }
        # `use` judges what this shell has after it, and says it, too.
        $speaks = 'use', 'off' -ccontains $command
        if ($speaks) { $env:KEYSWITCH_FOLLOWS = '1' }
        try {
            if ($MyInvocation.ExpectingInput) { $input | & $program @rest }
            else { & $program @rest }
        } finally { $env:KEYSWITCH_FOLLOWS = $null }
        $changing = 'allow', 'deny', 'edit', 'link', 'login', 'logout', 'off',
            'remove', 'rename', 'rotate', 'undo', 'unlink', 'unlock', 'use'
        if ($changing -ccontains $command) {
            $global:__keyswitch_seen = ''
            __keyswitch_follow $speaks
        }
    }

    if (-not (Test-Path -LiteralPath Variable:Global:__keyswitch_prompt)) {
        $global:__keyswitch_seen = $null
        $global:__keyswitch_prompt = $function:prompt
        function global:prompt {
            $succeeded = $?
            $status = __keyswitch_status
            __keyswitch_follow
            $global:LASTEXITCODE = $status
            # The person's own prompt sees $? as it was; it cannot be set.
            if ($succeeded) { $null = 1 }
            else { Write-Error -Message '' -ErrorAction Ignore }
            & $global:__keyswitch_prompt
        }
    }

    # Completion is loaded when it is first asked for.
    Register-ArgumentCompleter -Native -CommandName keyswitch -ScriptBlock {
        param($wordToComplete, $commandAst, $cursorPosition)
        $text = (& (__keyswitch_program) completion pwsh) -join "`n"
        if ($text -clike '# keyswitch: completion*') {
            Invoke-Expression -Command $text
            __keyswitch_complete $wordToComplete $commandAst $cursorPosition
        }
    }
}
