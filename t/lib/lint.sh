#!/bin/bash
# All checks of the source; each tells what it found, all run before the end. clang-tidy looks only at translation units
# that changed, or whose headers did, since it last found them good (marks in build/lint).
# Usage: t/lib/lint.sh [CHECK...]   one or more of: format tidy cppcheck shell layers schemas python (default: all)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
nginx=${NGX_SRC:-/usr/share/nginx/src}
jobs=$(nproc)
marks=build/lint
mkdir -p "$marks"
libpq=$(pg_config --includedir)
includes=(-Ingx_module -Iloader -isystem "$libpq")
nginx_includes=(-isystem build/nginx)
for folder in core event event/modules os/unix http http/modules http/v2; do nginx_includes+=(-isystem "$nginx/src/$folder"); done

# Files that are the project's: tracked, and new ones that are not ignored.
files() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while read -r file; do [ -e "$file" ] && echo "$file"; done; }

lint_format() { files '*.cpp' '*.hpp' | xargs -r clang-format-14 --dry-run -Werror; }

tidy_one() { # FILE
  local file=$1 mark flags=("${includes[@]}")
  case $file in
    ngx_module/ngx/*) flags+=("${nginx_includes[@]}") ;;
    t/fuzz/*) flags+=(-It/fuzz) ;;
  esac
  # The settings, the unit's own bytes and those of the project's headers that it includes.
  mark=$marks/$( { cat .clang-tidy; g++ -std=c++17 -MM "${flags[@]}" "$file" | sed 's/^[^:]*://; s/\\$//' | xargs cat; } | sha256sum | cut -c1-32)
  [ -e "$mark" ] && return 0
  if clang-tidy-14 --quiet "$file" -- -std=c++17 "${flags[@]}" >"$mark.out" 2>"$mark.err"; then
    mv "$mark.out" "$mark"
    rm -f "$mark.err"
    return 0
  fi
  echo "clang-tidy: $file"
  cat "$mark.out"
  grep -E 'error:' "$mark.err" | head -5
  rm -f "$mark.out" "$mark.err"
  return 1
}

lint_tidy() {
  local file running=0 failed=0
  find "$marks" -name '????????????????????????????????' -mtime +14 -delete
  while read -r file; do
    if [ "$running" -ge "$jobs" ]; then
      wait -n || failed=1
      running=$((running - 1))
    fi
    tidy_one "$file" &
    running=$((running + 1))
  done < <(files 'ngx_module/*.cpp' 'loader/*.cpp' 't/fuzz/*.cpp')
  while [ "$running" -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
  done
  return "$failed"
}

lint_cppcheck() {
  # The compiler finds missing headers and unused things with more knowledge than cppcheck has here; style is clang-tidy's.
  files 'ngx_module/*.cpp' 'loader/*.cpp' | xargs -r cppcheck --std=c++17 --language=c++ --enable=warning,performance,portability \
    --inline-suppr --suppress=missingInclude --suppress=missingIncludeSystem --suppress=unknownMacro \
    --suppress=internalAstError --suppress=normalCheckLevelMaxBranches --error-exitcode=1 --quiet -j "$jobs" -Ingx_module -Iloader \
    --template='{file}:{line}: {severity}: {message} [{id}]'
}

lint_shell() {
  files '*.sh' .ci/run | xargs -r shellcheck -x -S warning
  local file failed=0
  while read -r file; do
    [ -x "$file" ] || { echo "$file is not executable"; failed=1; }
  done < <(files '*.sh' .ci/run)
  return "$failed"
}

lint_layers() { t/lib/layers.sh build; }

lint_schemas() {
  files 'schema/*.schema.json' | xargs -r python3 -c '
import json, sys
try:
    import jsonschema
except ImportError:
    sys.exit("python3-jsonschema is missing: run t/lib/deps.sh lint")
failed = False
for name in sys.argv[1:]:
    try:
        with open(name, encoding="utf-8") as file:
            schema = json.load(file)
        if not schema.get("$schema", "").startswith("http://json-schema.org/draft-04/schema"):
            raise ValueError("$schema is not draft 4")
        jsonschema.Draft4Validator.check_schema(schema)
    except (ValueError, jsonschema.SchemaError) as problem:
        print(f"{name}: {problem}")
        failed = True
sys.exit(failed)'
}

lint_python() {
  files '*.py' 't/functional/*.t' | while read -r file; do
    case $file in *.py) echo "$file" ;; *) if head -1 "$file" | grep -q python; then echo "$file"; fi ;; esac
  done | xargs -r pyflakes3
}

checks=("$@")
[ $# -gt 0 ] || checks=(format tidy cppcheck shell layers schemas python)
failed=()
for check in "${checks[@]}"; do
  declare -F "lint_$check" >/dev/null || { echo "lint: there is no check $check" >&2; exit 2; }
  start=$SECONDS
  # A process of its own, so that set -e holds in it and its failure does not end the others.
  set +e
  (set -e; "lint_$check")
  status=$?
  set -e
  if [ "$status" = 0 ]; then
    echo "lint: $check ok ($((SECONDS - start)) s)"
  else
    echo "lint: $check FAILED ($((SECONDS - start)) s)" >&2
    failed+=("$check")
  fi
done
[ ${#failed[@]} = 0 ] || { echo "lint: failed: ${failed[*]}" >&2; exit 1; }
