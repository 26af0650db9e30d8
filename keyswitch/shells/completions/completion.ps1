# keyswitch: completion of commands, options, names and files; no process.
#
# Written to the documentation of Windows PowerShell 5.1 and PowerShell 7, and
# tested as text only: it has not run in a real PowerShell.

& {
    # What can be typed after a command: word|kind|words|mark|value|meaning.
    # cli/switching/completion.py makes the rows of the commands themselves.
    function global:__keyswitch_table([string] $place) {
        switch -CaseSensitive ($place) {
            @TABLE@ { }
        }
    }

    function global:__keyswitch_rows([string] $place) {
        __keyswitch_table $place | ForEach-Object { , $_.Split('|') }
    }

    function global:__keyswitch_commands([string] $place) {
        __keyswitch_rows $place | Where-Object { $_[1] -ceq 'command' } |
            ForEach-Object { $_[0] }
    }

    function global:__keyswitch_options([string] $place) {
        __keyswitch_rows $place | Where-Object { $_[0] -like '-*' } |
            ForEach-Object { $_[0] }
    }

    # The kind of the value of an option, or of the word at a place; the words.
    function global:__keyswitch_value([string] $place, [string] $word) {
        $row = __keyswitch_rows $place | Where-Object { $_[0] -ceq $word } |
            Select-Object -First 1
        if ($row) { @($row[1]) + $row[2].Split(' ') | Where-Object { $_ } }
        elseif ($word -like '-*') { 'flag' }
    }

    function global:__keyswitch_argument([string] $place, [int] $count) {
        $value = @(__keyswitch_value $place $count)
        if (-not $value) { $value = @(__keyswitch_value $place 'rest') }
        if ($value) { $value } else { 'nothing' }
    }

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
                if (@(__keyswitch_value $place $word)[0] -cne 'flag') {
                    $option = $word
                }
            } elseif (__keyswitch_commands $place) {
                $place = "$place $word".Trim()
            } else {
                $count += 1
                # What follows belongs to another command.
                $next = @(__keyswitch_argument $place ($count + 1))[0]
                if ($next -ceq 'programs') { $other = $true }
            }
        }
        $before = ''
        if (-not $option -and -not $other -and $typed -like '-*=*') {
            $option = ($typed -split '=')[0]
            $before = "$option="
        }
        if ($option) { $found = @(__keyswitch_value $place $option) }
        else {
            if (-not $other -and $typed -like '-*') {
                __keyswitch_options $place
            }
            $found = @(__keyswitch_commands $place)
            if ($found) { $found = @('words') + $found }
            else {
                $found = @(__keyswitch_argument $place ($count + 1))
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

    function global:__keyswitch_complete($typed, $line, $cursor) {
        $words = @(
            $line.CommandElements | Select-Object -Skip 1 |
                Where-Object { $_.Extent.EndOffset -lt $cursor } |
                ForEach-Object { $_.Extent.Text }
        )
        __keyswitch_offers $words $typed |
            Where-Object { $_.StartsWith($typed) } |
            ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_)
            }
    }

    # Where nothing is offered, PowerShell offers files.
    Register-ArgumentCompleter -Native -CommandName keyswitch -ScriptBlock {
        param($wordToComplete, $commandAst, $cursorPosition)
        __keyswitch_complete $wordToComplete $commandAst $cursorPosition
    }
}
