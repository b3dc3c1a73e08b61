#!/bin/bash
# Installs the npm packages of t/package-lock.json into build/node: vendor clients and token libraries that functional tests run unchanged
# (aliyun_client.t, jwt.t). Does nothing when that lock file is installed already. No script of a package is run.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=build/node

say() { printf 'npm: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

mkdir -p "$place"
exec 9>"$place/lock"
flock 9
# The copy of the lock file is made last: it shows that the installation is complete.
cmp -s t/package-lock.json "$place/installed.json" && exit 0

for program in node npm; do
  command -v "$program" >/dev/null || die "there is no $program: run t/lib/deps.sh test, then again"
done
begin=$SECONDS
rm -f "$place/installed.json"
cp t/package.json t/package-lock.json "$place/"
log=$place/npm.log
if ! (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund) >"$log" 2>&1 </dev/null; then
  tail -n 25 "$log" >&2
  die "npm ci failed: see above and $log; once the registry of your npm answers, run t/lib/npm.sh again"
fi
cp t/package-lock.json "$place/installed.json"
say "installed into $place in $((SECONDS - begin)) s"
