#!/bin/bash
# make stop: ends the quickstart's nginx and PostgreSQL and checks that no process is left. Its data are kept, so that the next
# quickstart prints the same call; --purge removes them too.
# shellcheck disable=SC1091,SC2154
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/quickstart-env.sh"

gone() { # gone PID TENTHS: true when the process ends within that time
  local i
  for ((i = 0; i < $2; i++)); do
    [ -d "/proc/$1" ] || return 0
    sleep 0.1
  done
  return 1
}

# Processes that have a file of the state folder open, or work in it (nginx holds its log open, PostgreSQL's cwd is its data).
left_over() {
  find /proc/[0-9]*/fd /proc/[0-9]*/cwd -maxdepth 1 -lname "$state/*" 2>/dev/null | cut -d/ -f3 | sort -un | grep -vx "$$" || true
}

if [ ! -d "$state" ]; then
  echo "stop: no quickstart here ($state)"
  exit 0
fi

if pid=$(own_pid "$state/nginx.pid"); then
  kill -QUIT "$pid"
  gone "$pid" 100 || { kill -TERM "$pid" && gone "$pid" 50; } || { kill -KILL "$pid" && gone "$pid" 20; } || true
  echo "stop: nginx ended"
fi
if pid=$(own_pid "$state/maxcompute.pid"); then
  kill -TERM "$pid"
  gone "$pid" 50 || { kill -KILL "$pid" && gone "$pid" 20; } || true
  echo "stop: the stand-in for MaxCompute ended"
fi
if pid=$(own_pid "$state/pg/postmaster.pid"); then
  cd /
  "${as_pg[@]}" "$pg_bin/pg_ctl" -D "$state/pg" -m fast -w -t 30 stop >/dev/null ||
    "${as_pg[@]}" "$pg_bin/pg_ctl" -D "$state/pg" -m immediate -w -t 30 stop >/dev/null || true
  echo "stop: PostgreSQL ended"
fi

for ((i = 0; i < 50; i++)); do
  left=$(left_over)
  [ -n "$left" ] || break
  sleep 0.1
done
if [ -n "$left" ]; then
  echo "stop: FAILED: still there:" >&2
  for pid in $left; do printf '  %s %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" >&2; done
  exit 1
fi
if [ "${1:-}" = --purge ]; then
  rm -rf --one-file-system "$state"
  echo "stop: $state removed"
else
  echo "stop: nothing is left running; data stay in $state"
fi
