#!/bin/bash
# `make bench`: measures, prints the tables and leaves them in build/bench. Usage: t/bench/run.sh [--seconds N] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p build/bench
python3 t/bench/bench.py --output build/bench/RESULTS.md "$@"
python3 t/bench/queries.py --output build/bench/QUERIES.md "$@"
t/lib/npm.sh
python3 t/bench/authentication.py --output build/bench/AUTHENTICATION.md "$@"
python3 t/bench/kept.py --output build/bench/KEPT.md "$@"
python3 t/bench/turns.py --output build/bench/TURNS.md
python3 t/bench/sources.py --output build/bench/SOURCES.md "$@"
echo "bench: build/bench/RESULTS.md, build/bench/QUERIES.md, build/bench/AUTHENTICATION.md, build/bench/KEPT.md, build/bench/TURNS.md, build/bench/SOURCES.md"
