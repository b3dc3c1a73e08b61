#!/bin/bash
# The layer check: which room of the tree may include which (the table below), that core uses neither nginx nor libpq and pg
# no nginx, that only nginx's three symbols leave the module, that loader/cli holds no SQL, and that the files of a folder share no name of
# a function (unit_names.py). t/functional/layers.t shows
# that it finds what it looks for.
# Usage: t/lib/layers.sh [BUILD_DIR]     without BUILD_DIR: the includes alone
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
failed=0

# ROOM MAY_INCLUDE...: a room may always include itself. The longest room whose name begins a file's path is the file's.
includes=$(find ngx_module loader -name '*.[ch]pp' -print0 | xargs -0 grep -HoE '^ *#include *["<][^">]+' | awk '
  BEGIN {
    core = "ngx_module/core"
    may["ngx_module/core"] = ""
    may["ngx_module/pg"] = core
    may["ngx_module/ngx"] = core " ngx_module/pg"
    may["loader/base"] = core
    may["loader/model"] = core " loader/base"
    may["loader/source"] = may["loader/model"] " loader/model"
    may["loader/script"] = may["loader/source"]
    may["loader/compile"] = may["loader/script"] " loader/script ngx_module/pg"
    may["loader/catalog"] = may["loader/compile"] " loader/compile"
    may["loader/mirror"] = may["loader/catalog"] " loader/catalog loader/source"
    may["loader/node"] = may["loader/catalog"] " loader/catalog"
    may["loader/cli"] = may["loader/mirror"] " loader/mirror loader/node"
  }
  function room(path,   parts) { split(path, parts, "/"); return parts[1] "/" parts[2] }
  {
    at = index($0, ":")
    file = substr($0, 1, at - 1)
    name = substr($0, at + 1)
    sub(/^ *#include *["<]/, "", name)
    own = room(file)
    if (!(own in may)) { print file ": is in no room of the table in t/lib/layers.sh"; next }
    if (name ~ /^ng[x]_|^nginx/ && own != "ngx_module/ngx") print file ": nginx (" name ") belongs to ngx_module/ngx"
    if (name ~ /^libpq/ && own == core) print file ": core knows no libpq"
    split(name, parts, "/")
    if (name !~ /\//) next
    target = ""
    for (r in may) { n = split(r, q, "/"); if (q[n] == parts[1]) target = r }
    if (target == "" || target == own) next
    n = split(may[own], allowed, " ")
    for (i = 1; i <= n; ++i) if (allowed[i] == target) next
    print file ": " own " may not include " target " (" name ")"
  }' | sort -u)
if [ -n "$includes" ]; then
  printf 'layers: %s\n' "$includes" >&2
  failed=1
fi

# The rooms below cli ask the databases; cli parses options and prints.
statements=$(grep -rnE --include='*.[ch]pp' \
  '"(SELECT|INSERT|UPDATE|DELETE|WITH) |(FROM|JOIN|INTO) (tablegate|mirror|mirror_load)\.|(\.|->)(query|script)\(|PQexec|PQsendQuery' loader/cli || true)
if [ -n "$statements" ]; then
  printf 'layers: SQL belongs to a room below loader/cli: %s\n' "$statements" >&2
  failed=1
fi

t/lib/unit_names.py . || failed=1

refuse() { # ARCHIVE PATTERN WHAT
  local found
  found=$(nm -u "$1" | awk '$1 == "U" {print $2}' | grep -E "$2" | sort -u | head -5 || true)
  if [ -n "$found" ]; then
    printf 'layers: %s uses %s: %s\n' "${1##*/}" "$3" "$(tr '\n' ' ' <<<"$found")" >&2
    failed=1
  fi
}
if [ $# -gt 0 ]; then
  build=$1
  refuse "$build/libcore.a" '^ngx_' 'nginx'
  refuse "$build/libcore.a" '^PQ|^pg_' 'libpq'
  refuse "$build/libpg.a" '^ngx_' 'nginx'
  exported=$(nm -D --defined-only "$build/ngx_http_tablegate_module.so" | awk '{print $3}' | sort | tr '\n' ' ')
  if [ "$exported" != 'ngx_module_names ngx_module_order ngx_modules ' ]; then
    printf 'layers: the module exports %s\n' "$exported" >&2
    failed=1
  fi
fi
[ "$failed" = 0 ] && echo "layers: ok"
exit "$failed"
