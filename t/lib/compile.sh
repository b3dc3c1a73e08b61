#!/bin/bash
# Runs a make that compiles, shows how many source files are done, and shows the compiler's output only if it fails.
# Usage: t/lib/compile.sh MAKE [ARGUMENT...]     (for example: t/lib/compile.sh make build)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=progress.sh disable=SC1091
. t/lib/progress.sh

say() { printf 'compile: %s\n' "$*"; }

# What make would compile. A joined unit counts as the files that it includes, every other object as one.
steps=()
weights=()
total=0
while read -r object; do
  unit=build/units/${object#build/obj/}
  weight=$(grep -c '#include' "${unit%.o}.cpp" 2>/dev/null) || weight=1
  steps+=("$object")
  weights+=("$weight")
  total=$((total + weight))
done < <("$@" -n 2>/dev/null | grep -oP "CXX  \K[^ ']+" | sort -u)

if [ "$total" = 0 ]; then
  "$@" >/dev/null
  say "nothing to do"
  exit 0
fi
mkdir -p build
log=build/compile.log
stamp=build/compile.begin
: >"$stamp"
begin=$SECONDS
trap stop_progress EXIT

how_far() {
  local i done=0 spent=$((SECONDS - begin)) left=
  for i in "${!steps[@]}"; do
    if [ "${steps[i]}" -nt "$stamp" ]; then done=$((done + weights[i])); fi
  done
  if [ "$done" = "$total" ]; then
    say "$total files, linking, $spent s"
    return
  fi
  # The first units say too little about the time that is left.
  if [ $((done * 10)) -ge "$total" ]; then left=", about $((spent * (total - done) / done)) s left"; fi
  say "$done of $total files ($((100 * done / total)) %), $spent s$left"
}

say "$total files, $(nproc 2>/dev/null || echo 1) at a time"
start_progress how_far
rc=0
"$@" >"$log" 2>&1 || rc=$?
stop_progress
if [ "$rc" != 0 ]; then
  say "FAILED; the compiler's output ($log):" >&2
  grep -vE '^  (CXX|CC|LD) ' "$log" | head -n 60 >&2
  exit "$rc"
fi
say "$total files in $((SECONDS - begin)) s"
