# shellcheck shell=bash
# The folders of the quickstart; sourced by quickstart.sh and stop.sh. Sets: checkout, state (its folder), pg_user, as_pg (prefix that
# runs a command as PostgreSQL's user), pg_bin. Nothing is created here.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# The private cluster never runs as root: PostgreSQL does not start as root.
if [ "$(id -u)" = 0 ]; then
  pg_user=postgres
  as_pg=(runuser -u postgres --)
else
  pg_user=$(id -un)
  as_pg=()
fi

# A Unix socket's path has at most 107 bytes; "/run/.s.PGSQL.5432" comes after the folder's.
path_is_short() { [ "${#1}" -le 88 ]; }

# Can the users of PostgreSQL and of nginx's workers read this folder? They cannot enter a checkout below a 0700 home.
reachable() {
  local user
  [ "$(id -u)" = 0 ] || return 0
  for user in postgres www-data; do
    runuser -u "$user" -- test -x "$1" 2>/dev/null || return 1
  done
}

state_folder() {
  local inside=$checkout/build/quickstart parent
  parent=$checkout
  if path_is_short "$inside" && reachable "$parent" && { [ ! -d "$checkout/build" ] || reachable "$checkout/build"; }; then
    echo "$inside"
  else
    echo "/var/tmp/tablegate-$(printf %s "$checkout" | sha256sum | cut -c1-12)"
  fi
}

find_pg_bin() {
  local dir best=
  for dir in /usr/lib/postgresql/*/bin; do
    [ -x "$dir/initdb" ] && best=$(printf '%s\n%s\n' "$best" "$dir" | sort -V | tail -1)
  done
  if [ -n "$best" ]; then
    echo "$best"
  else
    dirname "$(command -v initdb || echo /usr/bin/initdb)"
  fi
}

# The process that FILE names, if it is alive and works in the state folder; a stale pid file names an unrelated process.
own_pid() {
  local pid
  pid=$(head -n 1 "$1" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  # First 2>: the message of a failed < is the shell's.
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$state" || return 1
  echo "$pid"
}

state=${QUICKSTART_DIR:-$(state_folder)}
pg_bin=$(find_pg_bin)
export pg_user as_pg pg_bin state
