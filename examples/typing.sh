# Shows what an example does: sourced by the others of this folder.
# shellcheck shell=bash

tell() { printf '\n# %s\n' "$*"; }

# Print words so that they can be typed again.
quoted() {
  local word between=
  for word; do
    printf '%s' "$between"
    between=' '
    if [[ -n $HOME && $word == "$HOME"/* ]]; then
      # shellcheck disable=SC2088 # it is to be typed
      printf '~/'
      word=${word#"$HOME/"}
    fi
    if [[ $word =~ ^[[:alnum:]@%+=:,./_-]+$ ]]; then
      printf '%s' "$word"
    else
      printf "'%s'" "${word//\'/\'\\\'\'}"
    fi
  done
}

# Print a command and run it.
type_in() {
  printf '$ %s\n' "$(quoted "$@")"
  "$@"
}

# The same with a line on its standard input.
pipe_in() {
  local line=$1
  shift
  printf "$ echo %s | %s\n" "$(quoted "$line")" "$(quoted "$@")"
  printf '%s\n' "$line" | "$@"
}
