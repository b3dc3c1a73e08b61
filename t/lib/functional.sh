#!/bin/bash
# Runs functional tests by prove. Usage: t/lib/functional.sh all|release
#   all      every test
#   release  what the run of all tests under sanitizers leaves open: tests that skip something there, tests of load and time,
#            and a third of the rest, chosen by the commit, so that three commits have run all of them
# TABLEGATE_ASAN=1 runs the sanitized programs of build/asan.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
jobs=${TEST_JOBS:-$((2 * $(nproc)))} # tests wait more than they work

# Load, time, memory: what a sanitized program cannot show.
measured='abandoned_queries client_abort load_kills load_progress postgres_faults postgres_restart_under_load overload publish_under_load queue_full reload
  reload_under_load shared_manifest swap_slow_readers swaps_under_load varied_parameters'

case ${1:-} in
  all) tests=(t/functional/*.t) ;;
  release)
    commit=$(git rev-parse HEAD 2>/dev/null || echo 0)
    third=$((16#${commit:0:6} % 3))
    tests=()
    number=0
    for test in t/functional/*.t; do
      name=$(basename "$test" .t)
      number=$((number + 1))
      if grep -qE '^ *(if|elif).*kAsan|kAsan (else|or|and)' "$test" || [[ " ${measured//$'\n'/ } " == *" $name "* ]] || [ $((number % 3)) = "$third" ]; then
        tests+=("$test")
      fi
    done
    echo "functional: ${#tests[@]} of $number tests (third $third of those that need no release build)"
    ;;
  *) echo "usage: t/lib/functional.sh all|release" >&2; exit 2 ;;
esac
exec prove "-j$jobs" --timer "${tests[@]}"
