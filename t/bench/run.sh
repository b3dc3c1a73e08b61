#!/bin/bash
# `make bench`: measures, prints the table and leaves it in build/bench/RESULTS.md. Usage: t/bench/run.sh [bench.py's options]
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p build/bench
python3 t/bench/bench.py --output build/bench/RESULTS.md "$@"
echo "bench: build/bench/RESULTS.md"
