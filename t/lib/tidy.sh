#!/bin/bash
# clang-tidy over one unit. The analyzer (clang-analyzer-*) takes four fifths of the time: it runs where the code of the unit, or of
# a header of its own folder that it includes, differs from the commit in t/lib/analyzed; `make full` analyzes all. All other checks
# run always. A unit that was found good is not looked at again while its code stays as it is (marks in build/lint). Comments are
# not code.
# Usage: t/lib/tidy.sh --changed           lists in build/lint/changed what differs; first
#        t/lib/tidy.sh [--analyze] UNIT    --analyze: the analyzer, whatever differs
#        t/lib/tidy.sh --record            writes HEAD into t/lib/analyzed: when `make full`, or `make lint`, found all of it good
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
changed=build/lint/changed
mkdir -p build/lint

# Without comments, from standard input; the folder of an included file is no code either.
code() { g++ -fpreprocessed -dD -E -P -x c++ - 2>/dev/null | sed -E 's,^#include "(.*/)?,#include ",'; }

case ${1:-} in
  --record)
    git rev-parse HEAD >t/lib/analyzed
    exit 0
    ;;
  --changed)
    base=$(cat t/lib/analyzed)
    if ! git cat-file -e "$base^{commit}" 2>/dev/null; then
      echo all >"$changed" # a shallow clone: nothing is known of what was analyzed
    elif ! git diff --quiet "$base" -- .clang-tidy; then
      echo all >"$changed"
    else
      git diff --find-renames --diff-filter=d --name-status "$base" -- '*.cpp' '*.hpp' | while IFS=$'\t' read -r _ before file; do
        file=${file:-$before}
        cmp -s <(git show "$base:$before" 2>/dev/null | code) <(code <"$file") || echo "$file"
      done >"$changed"
    fi
    exit 0
    ;;
esac

analyze=
if [ "$1" = --analyze ]; then
  analyze=1
  shift
fi
unit=$1
nginx=${NGX_SRC:-/usr/share/nginx/src}
[ -e "$nginx" ] || nginx=$PWD/build/nginx-dev/usr/share/nginx/src
flags=(-std=c++17 -Ingx_module -Iloader -isystem "$(pg_config --includedir)")
case $unit in
  ngx_module/ngx/*)
    flags+=(-isystem build/nginx)
    for folder in core event event/modules os/unix http http/modules http/v2; do flags+=(-isystem "$nginx/src/$folder"); done
    ;;
  t/fuzz/*) flags+=(-It/fuzz) ;;
esac

mark=build/lint/$(tr / _ <<<"$unit")
trap 'rm -f "$mark.i" "$mark.out" "$mark.err"' EXIT
g++ -E "${flags[@]}" "$unit" >"$mark.i"
if [ -z "$analyze" ]; then
  if grep -qx all "$changed" || grep -oP '^# \d+ "\K[^/<"][^"]*' "$mark.i" | sort -u | grep "^$(dirname "$unit")/[^/]*\$" | grep -qxFf "$changed"; then
    analyze=1
  fi
fi
checks=()
[ -n "$analyze" ] || checks=('--checks=-clang-analyzer-*')

seen="$(cat .clang-tidy <(grep -v '^#' "$mark.i") | sha256sum | cut -c1-64)"
# The mark's lines: what was found good with the analyzer, and without it.
if grep -qsx "$seen analyzed" "$mark" || { [ -z "$analyze" ] && grep -qsx "$seen" "$mark"; }; then exit 0; fi
if clang-tidy-14 --quiet "${checks[@]}" "$unit" -- "${flags[@]}" >"$mark.out" 2>"$mark.err"; then
  echo "$seen${analyze:+ analyzed}" >"$mark"
  exit 0
fi
echo "clang-tidy: $unit"
cat "$mark.out"
grep -E 'error:' "$mark.err" | head -5 || true
exit 1
