#!/bin/sh
# What Jamf, Intune or another MDM runs, as the user, after it has deployed
# /etc/keyswitch/team.toml. The hash comes from whoever reviewed the file, as the
# script's first argument: it is not worked out on the machine.
set -eu
exec keyswitch --no-input team add /etc/keyswitch/team.toml --sha256 "$1"
