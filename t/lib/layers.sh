#!/bin/bash
# The layer check (architecture): core uses neither nginx nor libpq, pg no nginx, and only nginx's three symbols leave
# the module. Usage: t/lib/layers.sh BUILD_DIR
set -euo pipefail
build=$1
failed=0

refuse() { # ARCHIVE PATTERN WHAT
  local found
  found=$(nm -u "$1" | awk '$1 == "U" {print $2}' | grep -E "$2" | sort -u | head -5 || true)
  if [ -n "$found" ]; then
    printf 'layers: %s uses %s: %s\n' "${1##*/}" "$3" "$(tr '\n' ' ' <<<"$found")" >&2
    failed=1
  fi
}
refuse "$build/libcore.a" '^ngx_' 'nginx'
refuse "$build/libcore.a" '^PQ|^pg_' 'libpq'
refuse "$build/libpg.a" '^ngx_' 'nginx'

if found=$(grep -nE '#include *[<"](ngx|nginx)' -r ngx_module/core ngx_module/pg loader); then
  printf 'layers: nginx is included outside ngx_module/ngx:\n%s\n' "$found" >&2
  failed=1
fi
exported=$(nm -D --defined-only "$build/ngx_http_tablegate_module.so" | awk '{print $3}' | sort | tr '\n' ' ')
if [ "$exported" != 'ngx_module_names ngx_module_order ngx_modules ' ]; then
  printf 'layers: the module exports %s\n' "$exported" >&2
  failed=1
fi
[ "$failed" = 0 ] && echo "layers: ok"
exit "$failed"
