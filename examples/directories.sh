#!/usr/bin/env bash
# Accounts by terminal and by directory, in a throw-away HOME. Uses the
# `keyswitch` on PATH; the keys are invented.
set -euo pipefail

if [[ ${EXAMPLE_HOME:-} == "" ]]; then
  # Start again with nothing of the person's own environment but PATH.
  EXAMPLE_HOME=$(mktemp -d)
  trap 'rm -rf -- "$EXAMPLE_HOME"' EXIT
  env -i PATH="$PATH" LC_ALL=C.UTF-8 EXAMPLE_HOME="$EXAMPLE_HOME" \
    HOME="$EXAMPLE_HOME" EXAMPLES="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)" \
    bash "${BASH_SOURCE[0]}"
  exit
fi

# shellcheck source-path=SCRIPTDIR source=typing.sh
. "$EXAMPLES/typing.sh"
exec 2>&1 # one stream, so that talk and data stay in order
mkdir -p "$HOME/clients/acme" "$HOME/download" "$HOME/.config/keyswitch"
printf 'cache = "off"\n' >"$HOME/.config/keyswitch/config.toml"
cd "$HOME"

keyswitch -q vault init --machine-key
for name in home client; do
  printf 'sk-ant-api03-FAKE-%s-0123456789abcdefghijEXAMPLE\n' "$name" |
    keyswitch -q add "$name" --provider anthropic --store vault --stdin
done
keyswitch -q use home

tell 'A directory asks for an account. The file holds its name, nothing else.'
cd "$HOME/clients/acme"
type_in keyswitch link client
type_in cat .keyswitch
type_in keyswitch current
[[ $(cd .. && keyswitch current) == home ]]

tell 'A file that came from elsewhere does nothing until it is allowed.'
cd "$HOME/download"
printf 'client\n' >.keyswitch
type_in keyswitch current
[[ $(keyswitch current) == home ]]
type_in keyswitch link
type_in keyswitch deny

tell 'A guard: outside of ~/clients this account is refused.'
# shellcheck disable=SC2088 # keyswitch expands it, wherever it looks
type_in keyswitch edit client --only '~/clients/**'
type_in keyswitch run client -- true && exit 1

tell 'One terminal, one account.'
# shellcheck disable=SC2016 # shown, not run
printf '$ eval "$(keyswitch use client --here)"\n'
(
  cd "$HOME/clients"
  eval "$(keyswitch use client --here)"
  type_in keyswitch current -v
  eval "$(keyswitch off --here)"
  [[ $(keyswitch current) == home ]]
)

tell 'For every terminal: keyswitch install bash puts this into ~/.bashrc.'
type_in keyswitch install bash --dry-run
