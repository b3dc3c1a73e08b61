#!/bin/bash
# Checks of the source; each reports what it found, all run before the end. `make lint` runs them and t/lib/tidy.sh over every unit.
# Usage: t/lib/lint.sh [CHECK...]   one or more of: format cppcheck shell layers schemas python words (default: all)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
jobs=$(nproc)

# Files that are the project's: tracked, and new ones that are not ignored.
files() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while read -r file; do [ -e "$file" ] && echo "$file"; done; }

lint_format() { files '*.cpp' '*.hpp' | xargs -r clang-format-14 --dry-run -Werror; }

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

lint_layers() { t/lib/layers.sh; }

# Plain words: no reference to a text that is not in the repository, and none of a few phrases that readers stumble over.
lint_words() {
  local references='interface section|performance\.md|architecture\.md|mechanics\.md|mechanics:|[Tt]he specification'
  local phrases="refused by name|is told|are told( [^a]|\$)|goes on| wants |nobody's"
  if files '*.md' '*.cpp' '*.hpp' '*.sh' '*.py' '*.t' 'schema/*.json' | grep -vx 't/lib/lint.sh' | xargs -r grep -nE "$references|$phrases"; then
    echo "words: name a file of the repository, an RFC or a manual; write plain English (requires, reports, continues)"
    return 1
  fi
}

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
[ $# -gt 0 ] || checks=(format cppcheck shell layers schemas python words)
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
