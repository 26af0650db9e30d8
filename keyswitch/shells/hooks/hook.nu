# keyswitch: this terminal follows the active profile.
#
# At each prompt the state file and each .keyswitch above are compared with
# what was seen last; a process is started only where something is different.
# nushell has no variable that a child process does not get, so what was seen is
# in the environment, as digests.

# `%` means the built-in command, whatever the person called `open`. A version
# that does not know it cannot read a file for sure without a process.
def __keyswitch_digest [file: string] {
    if ($file | path expand | path type) != "file" { return "" }
    try { %open --raw $file | hash sha256 } catch { "" }
}

# What a directory's file is and says. Times say too little: files move into
# place with old ones. A FIFO, or a file that is too large, is not read.
def __keyswitch_is [file: string] {
    try {
        let found = (%ls --all --directory --long $file | first)
        let says = if $found.type == "file" and $found.size <= 4096b {
            __keyswitch_digest $file
        } else { "" }
        [($found | select type modified size inode? user? | to nuon) $says]
        | str join " "
    } catch { "" }
}

def __keyswitch_links [] {
    # Not by a symbolic link that it was entered through: keyswitch looks
    # through the parents of the directory itself.
    mut folder = ($env.PWD | path expand)
    mut seen = []
    loop {
        let file = ($folder | path join ".keyswitch")
        if ($file | path exists --no-symlink) {
            $seen = ($seen | append [$file (__keyswitch_is $file)])
        }
        let above = ($folder | path dirname)
        if $above == $folder or $above == "" { break }
        $folder = $above
    }
    # Short, and no child learns what stands in it.
    $seen | str join "\n" | hash sha256
}

def __keyswitch_key [] {
    let links = (__keyswitch_links)
    [(__keyswitch_digest "@STATE_FILE@") $links $env.PWD ($env.DIRENV_DIFF? | default "" | hash sha256)] | str join ":"
}

def __keyswitch_marker [] {
    $env.KEYSWITCH_ENV? | default "" | into string | split row ":"
}

def __keyswitch_name [] {
    let name = (__keyswitch_marker | first)
    # A name that no profile can have came from outside.
    if $name =~ '^[a-z0-9._-]+$' { $name } else { "none" }
}

# Returns whether the text was a document of keyswitch's.
def --env __keyswitch_apply [text: string] {
    let found = (try { $text | from json } catch { null })
    if not ($found | describe | str starts-with "record") { return false }
    if $found.set? == null or $found.unset? == null { return false }
    load-env $found.set
    hide-env --ignore-errors ...$found.unset
    true
}

def --env __keyswitch_follow [--quiet] {
    let seen = $env.__keyswitch_seen?
    if (__keyswitch_marker | get 1? | default "") == "p" {
        let folder = ("@CONFIG_FILE@" | path dirname | path join "profiles")
        let name = (__keyswitch_name)
        let file = ($folder | path join $"($name).toml")
        let is_gone = ($folder | path exists) and not ($file | path exists --no-symlink)
        # Once it is pinned no more, it has to be looked at again.
        if not $is_gone { $env.__keyswitch_seen = ""; return }
        # It was removed: its secret goes. What fails is not tried again.
        if $seen == "gone" { return }
        $env.__keyswitch_seen = "gone"
        let text = (try {
            do --ignore-errors { "" | ^keyswitch env --unset --shell nu }
        } catch { "" } | default "")
        if (__keyswitch_apply ($text | into string)) {
            print --stderr $"keyswitch: profile '($name)' no longer exists; its variables were unset in this shell"
        }
        return
    }
    let key = (__keyswitch_key)
    if $seen == $key { return }
    $env.__keyswitch_seen = $key
    let before = (__keyswitch_name)
    let status = ($env.LAST_EXIT_CODE? | default 0)
    # An empty pipe, so that nobody is asked anything at a prompt.
    # Where it fails, it may take a former account out of this shell.
    let text = (try {
        do --ignore-errors { "" | ^keyswitch env --shell nu }
    } catch { "" } | default "")
    __keyswitch_apply ($text | into string) | ignore
    load-env {LAST_EXIT_CODE: $status}
    let after = (__keyswitch_name)
    # Not known before: a terminal that was just opened.
    if $seen != null and $before != $after and not $quiet {
        print --stderr $"keyswitch: ($before) -> ($after)"
    }
}

# Brings this terminal up to date after a command that may change something.
def --env --wrapped keyswitch [...args] {
    let words = ($args | where {|it| not ($it | str starts-with "-") })
    let command = ($words | get 0? | default "")
    if $command in [use off] and "--here" in $args {
        # No pipe, in which older versions pass over a failure.
        let text = (^keyswitch ...$args)
        $env.__keyswitch_seen = ""
        if not (__keyswitch_apply ($text | into string)) { print --no-newline $text }
    } else if $command in [
        allow deny edit link login logout off remove rename rotate undo unlink
        unlock use
    ] {
        $env.__keyswitch_seen = ""
        # A document is for the pipeline, which takes only what comes last; the
        # next prompt follows.
        if "--json" in $args { return (^keyswitch ...$args) }
        let speaks = $command in [use off]
        # The command judges what this shell has after it, and says it, too.
        let told = if $speaks { {KEYSWITCH_FOLLOWS: "1"} } else { {} }
        try {
            with-env $told { ^keyswitch ...$args }
        } catch {|failure|
            __keyswitch_follow --quiet=$speaks
            error make $failure
        }
        __keyswitch_follow --quiet=$speaks
    } else {
        ^keyswitch ...$args
    }
}

# Of the shell that started this one.
hide-env --ignore-errors __keyswitch_seen

if (try { %version | ignore; true } catch { false }) {
    $env.config.hooks.pre_prompt = (
        []
        | append ($env.config.hooks.pre_prompt? | default [])
        | where {|it| (try { $it.__keyswitch } catch { false }) != true }
        | append {__keyswitch: true, code: {|| __keyswitch_follow }}
    )
} else {
    print --stderr "keyswitch: this version of nushell cannot follow a switch; use 0.115 or later"
}
