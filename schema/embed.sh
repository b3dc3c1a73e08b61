#!/bin/sh
# Writes OUT, a C++ file with the migrations, the functions, the schemas of the definitions and the
# names of the functions that scripts may call, as raw string literals (loader/base/embedded.hpp declares what is in it).
# Equal files give an equal OUT. Usage: schema/embed.sh OUT
set -eu
LC_ALL=C
export LC_ALL
[ $# -eq 1 ] || { echo "usage: $0 OUT" >&2; exit 2; }
out=$1
here=$(dirname "$0")

files() { # FUNCTION FILE...
  function=$1
  shift
  printf 'const std::vector<EmbeddedFile>& %s() {\n  static const std::vector<EmbeddedFile> files = {\n' "$function"
  for file in "$@"; do
    if grep -q ')tablegate"' "$file"; then
      echo "$0: $file holds the end mark of its literal" >&2
      exit 1
    fi
    printf '      {"%s", R"tablegate(' "${file##*/}"
    cat "$file"
    printf ')tablegate"},\n'
  done
  printf '  };\n  return files;\n}\n\n'
}

{
  printf '// Made by schema/embed.sh; do not edit.\n#include "base/embedded.hpp"\n\nnamespace tablegate::loader {\n\n'
  files embedded_migrations "$here"/catalog/[0-9]*.sql
  files embedded_functions "$here"/catalog/functions.sql
  files embedded_mirror_migrations "$here"/mirror/[0-9]*.sql
  files embedded_mirror_functions "$here"/mirror/functions.sql
  files embedded_schemas "$here"/definitions/*.schema.json
  files embedded_script_functions "$here"/../loader/script/functions.txt
  printf '}  // namespace tablegate::loader\n'
} >"$out.new"
mv "$out.new" "$out"
