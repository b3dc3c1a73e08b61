#!/bin/bash
# Builds every fuzzer with libFuzzer, ASan and UBSan into build/fuzz and runs each for some seconds on a copy of its
# corpus. An input that breaks one stays as build/fuzz/NAME-crash-*: mend it, then add it to t/fuzz/corpus/NAME.
# Usage: t/fuzz/run.sh [SECONDS] [NAME...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
shift || true
names=("$@")
if [ ${#names[@]} = 0 ]; then
  for file in t/fuzz/*_fuzz.cpp; do names+=("$(basename "$file" _fuzz.cpp)"); done
fi
cxx=${FUZZ_CXX:-clang++-14}
out=build/fuzz
mkdir -p "$out"
flags=(-std=c++17 -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=undefined -fsanitize-ignorelist=t/fuzz/ignored.txt
  -Ingx_module -Iloader -It/fuzz -isystem "$(pg_config --includedir)")

# The objects under test, once for all fuzzers: all of core, and of pg and the loader what needs no database.
schema/embed.sh "$out/embedded.cpp"
compile() { # SOURCE: anew unless its object is younger than all that it may include
  local object=$out/${1//\//_}.o
  if [ -e "$object" ] && [ -z "$(find "$1" ngx_module/core ngx_module/pg loader/base loader/model loader/script loader/source -name '*.hpp' -newer "$object" -o \
    -path "$1" -newer "$object")" ]; then return 0; fi
  "$cxx" "${flags[@]}" -fsanitize=fuzzer-no-link,address,undefined -c "$1" -o "$object"
}
mapfile -t sources < <(find ngx_module/core -name '*.cpp' | sort)
mapfile -t -O "${#sources[@]}" sources < <(find loader/script -name '*.cpp' | sort)
sources+=("$out/embedded.cpp" ngx_module/pg/{inbox,wire_reader}.cpp loader/base/{near_name,text_position,json_text,json_output,yaml_scalar,yaml_text,yaml_output}.cpp loader/model/{ddl*,api_definition,stored_json}.cpp loader/source/copy_text.cpp loader/source/maxcompute/{crc32c,maxcompute_record,maxcompute_type,maxcompute_value,nested_text}.cpp
  loader/source/seed/{seed,sql_literal,sql_value}.cpp loader/source/csv/{charset,record_reader,field_writer,time_format}.cpp
  loader/source/time_text.cpp)
running=0
objects=()
for source in "${sources[@]}"; do
  objects+=("$out/${source//\//_}.o")
  [ "$running" -lt "$(nproc)" ] || { wait -n; running=$((running - 1)); }
  compile "$source" &
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do wait -n; running=$((running - 1)); done
rm -f "$out/libfuzzed.a"
ar rcs "$out/libfuzzed.a" "${objects[@]}"
for name in "${names[@]}"; do
  "$cxx" "${flags[@]}" -fsanitize=fuzzer,address,undefined "t/fuzz/${name}_fuzz.cpp" "$out/libfuzzed.a" -o "$out/${name}_fuzz" \
    -ljansson -lcrypto -lfmt -lyaml -l:libpg_query.a -lpthread
done

failed=0
for name in "${names[@]}"; do
  work=$out/$name-corpus
  mkdir -p "$work"
  cp t/fuzz/corpus/"$name"/* "$work"/
  echo "fuzz: $name for $seconds s"
  if "$out/${name}_fuzz" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=8192 -print_final_stats=1 \
    -artifact_prefix="$out/$name-crash-" "$work" >"$out/$name.log" 2>&1; then
    grep -aE '^stat::number_of_executed_units|^Done' "$out/$name.log" | sed "s/^/fuzz: $name: /"
  else
    tail -40 "$out/$name.log" >&2
    echo "fuzz: $name broke; again with:" >&2
    sed -n "s#.*Test unit written to #  $out/${name}_fuzz #p" "$out/$name.log" >&2
    failed=1
  fi
done
exit "$failed"
