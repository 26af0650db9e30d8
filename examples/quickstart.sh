#!/usr/bin/env bash
# The main job in a throw-away HOME: two accounts, one command to change
# between them. Uses the `keyswitch` on PATH; the keys are invented.
set -euo pipefail

if [[ ${QUICKSTART_HOME:-} == "" ]]; then
  # Start again with nothing of the person's own environment but PATH.
  QUICKSTART_HOME=$(mktemp -d)
  trap 'rm -rf -- "$QUICKSTART_HOME"' EXIT
  env -i PATH="$PATH" LC_ALL=C.UTF-8 QUICKSTART_HOME="$QUICKSTART_HOME" \
    HOME="$QUICKSTART_HOME" EXAMPLES="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)" \
    bash "${BASH_SOURCE[0]}"
  exit
fi

# shellcheck source-path=SCRIPTDIR source=typing.sh
. "$EXAMPLES/typing.sh"
exec 2>&1 # one stream, so that talk and data stay in order
mkdir -p "$HOME/project"
cd "$HOME/project"

# Nothing of this may stay in the login session's unlock cache.
mkdir -p "$HOME/.config/keyswitch"
printf 'cache = "off"\n' >"$HOME/.config/keyswitch/config.toml"

work_key=sk-ant-api03-FAKE-work-0123456789abcdefghijklmnopqrstuvwx-012345678901234567890123456789012345678901234567AA
private_key=sk-ant-api03-FAKE-private-9876543210zyxwvutsrqponmlkjih-01234567890123456789012345678901234567890123456789AA

tell 'No keychain here, so an encrypted vault, unlocked by a key of this machine.'
type_in keyswitch vault init --machine-key

tell 'Two accounts. A key comes from a pipe or a prompt, never from an argument.'
pipe_in "$work_key" \
  keyswitch add work --provider anthropic --store vault --stdin
pipe_in "$private_key" \
  keyswitch add private --provider anthropic --store vault --stdin
type_in keyswitch list

tell 'Switch. Claude Code is configured once, to ask keyswitch for the key.'
type_in keyswitch use work
type_in keyswitch current
type_in cat "$HOME/.claude/settings.json"
before=$(stat --format=%y "$HOME/.claude/settings.json")
[[ $(keyswitch helper claude-code) == "$work_key" ]]

tell 'The same account for a shell and its programs.'
# shellcheck disable=SC2016 # shown, not run
printf '$ eval "$(keyswitch env)"\n'
(
  eval "$(keyswitch env)"
  [[ $ANTHROPIC_API_KEY == "$work_key" ]]
  printf 'ANTHROPIC_API_KEY now ends in ...%s\n' "${ANTHROPIC_API_KEY: -4}"
)

tell 'One command with the other account; nothing else is touched.'
# shellcheck disable=SC2016 # the child's variable, not this shell's
type_in keyswitch run private -- sh -c \
  'echo "it got the key of ${ANTHROPIC_API_KEY#sk-ant-api03-FAKE-}"' |
  sed 's/-[0-9a-zA-Z]*$/-.../'

tell 'Switch over and back. No file of Claude Code changes for that.'
type_in keyswitch use private
[[ $(keyswitch helper claude-code) == "$private_key" ]]
type_in keyswitch use -
[[ $(keyswitch helper claude-code) == "$work_key" ]]
[[ $(stat --format=%y "$HOME/.claude/settings.json") == "$before" ]]

tell 'Off: Claude Code is as it was before.'
type_in keyswitch off
[[ -z $(keyswitch env) ]]
[[ ! -e $HOME/.claude/settings.json ]]

tell 'What was done, and which tokens are left on this machine.'
type_in keyswitch history
type_in keyswitch revoke-local --dry-run

tell 'No key lies anywhere under HOME in plain text.'
for key in "$work_key" "$private_key"; do
  if grep --recursive --files-with-matches --fixed-strings "$key" "$HOME"; then
    exit 1
  fi
done
printf 'searched %s files\n' "$(find "$HOME" -type f | wc -l)"
