#!/usr/bin/env bash
# Two subscription logins in a throw-away HOME: keep both, switch, and use
# both at the same time. Uses the `keyswitch` on PATH; the tokens are invented.
set -euo pipefail

if [[ ${LOGINS_HOME:-} == "" ]]; then
  # Start again with nothing of the person's own environment but PATH.
  LOGINS_HOME=$(mktemp -d)
  trap 'rm -rf -- "$LOGINS_HOME"' EXIT
  env -i PATH="$PATH" LC_ALL=C.UTF-8 LOGINS_HOME="$LOGINS_HOME" \
    HOME="$LOGINS_HOME" EXAMPLES="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)" \
    bash "${BASH_SOURCE[0]}"
  exit
fi

# shellcheck source-path=SCRIPTDIR source=typing.sh
. "$EXAMPLES/typing.sh"
exec 2>&1 # one stream, so that talk and data stay in order
cd "$HOME"

# Nothing of this may stay in the login session's unlock cache.
mkdir -p "$HOME/.config/keyswitch" "$HOME/.claude/commands"
printf 'cache = "off"\n' >"$HOME/.config/keyswitch/config.toml"

# What Claude Code's /login leaves behind, for account $1 after $2 renewals.
log_in() {
  printf '{"claudeAiOauth":{"accessToken":"%s","refreshToken":"%s",' \
    "sk-ant-oat01-FAKE-$1$2" "sk-ant-ort01-FAKE-$1$2" \
    >"$HOME/.claude/.credentials.json"
  printf '"expiresAt":%s,"scopes":["user:inference"],' "410244480000$2" \
    >>"$HOME/.claude/.credentials.json"
  printf '"subscriptionType":"max","accountUuid":"%s"}}' "$1" \
    >>"$HOME/.claude/.credentials.json"
  printf '{"oauthAccount":{"accountUuid":"%s","emailAddress":"%s"}}' \
    "$1" "$1@example.com" >"$HOME/.claude.json"
}
live() {
  grep --only-matching 'sk-ant-oat01-FAKE-[a-z0-9]*' "$1/.credentials.json"
}

type_in keyswitch vault init --machine-key

tell 'Two accounts, one after the other; each is kept as a profile.'
log_in me 1
type_in keyswitch login me --capture --store vault
log_in work 1
type_in keyswitch login work --capture --store vault
type_in keyswitch list

tell 'Switch. Claude Code renews its token meanwhile; that one is kept.'
type_in keyswitch use me
[[ $(live "$HOME/.claude") == sk-ant-oat01-FAKE-me1 ]]
log_in me 2
type_in keyswitch use work
[[ $(live "$HOME/.claude") == sk-ant-oat01-FAKE-work1 ]]
type_in keyswitch use me
[[ $(live "$HOME/.claude") == sk-ant-oat01-FAKE-me2 ]]

tell 'Both at the same time: the other one in its own configuration folder, here only.'
# shellcheck disable=SC2016 # shown, not run
printf '$ eval "$(keyswitch use work --here)"\n'
(
  eval "$(keyswitch use work --here)"
  [[ $(live "$CLAUDE_CONFIG_DIR") == sk-ant-oat01-FAKE-work1 ]]
)
[[ $(live "$HOME/.claude") == sk-ant-oat01-FAKE-me2 ]]
type_in keyswitch show work

tell 'Take one away from this machine.'
type_in keyswitch logout work --yes
type_in keyswitch list
