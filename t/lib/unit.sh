#!/bin/bash
# Runs unit test programs: their suites side by side, one a core, each *_pg suite with a private PostgreSQL cluster.
# Usage: t/lib/unit.sh PROGRAM...
set -euo pipefail
bin=$(pg_config --bindir 2>/dev/null || echo /usr/lib/postgresql/15/bin)
work=$(mktemp -d "${TMPDIR:-/tmp}/tablegate-unit.XXXXXX")
chmod 755 "$work"
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
cleanup() {
  [ -e "$work/data/postmaster.pid" ] && as_postgres "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1
  rm -rf "$work"
}
trap cleanup EXIT

suites=()
for program in "$@"; do
  while read -r suite; do suites+=("$program" "$suite"); done < <("$program" --list)
done
[ ${#suites[@]} -gt 0 ] || { echo "unit: no suite" >&2; exit 1; }

[ "$(id -u)" = 0 ] && chown postgres "$work"
as_postgres "$bin/initdb" -D "$work/data" -U postgres -A trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$work/initdb.log" 2>&1 &&
  as_postgres "$bin/pg_ctl" -w -D "$work/data" -l "$work/server.log" -o "-c listen_addresses= -c unix_socket_directories=$work -c fsync=off" start >/dev/null ||
  { echo "unit: PostgreSQL does not start:" >&2; tail -5 "$work"/*.log >&2; exit 1; }
export TABLEGATE_TEST_DSN="host=$work user=postgres dbname=postgres"

# A suite prints its lines in one piece, when it ends.
# shellcheck disable=SC2016
printf '%s\0' "${suites[@]}" | xargs -0 -n 2 -P "$(nproc)" bash -c '
  output=$(timeout 300 "$1" "$2" 2>&1) && status=0 || status=$?
  printf "%s\n" "$output"
  [ "$status" = 0 ] || { echo "unit: $2 failed" >&2; exit 1; }' unit
