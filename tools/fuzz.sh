#!/usr/bin/env bash
# fuzz: in a build folder of the fuzz preset and seconds, out every fuzzer run that long over its corpus; what it finds new is added to the corpus.
set -eu
build=$1 seconds=$2
cd "$(dirname "$0")/.."
for fuzzer in "$build"/tests/fuzz_*; do
    [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
    name=$(basename "$fuzzer")
    mkdir -p "tests/fuzz/corpus/$name" tests/fuzz/found "$build/corpus/$name"
    echo "fuzz: $name for $seconds s"
    "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -artifact_prefix=tests/fuzz/found/ \
        "$build/corpus/$name" "tests/fuzz/corpus/$name"
    "$fuzzer" -merge=1 -verbosity=0 "tests/fuzz/corpus/$name" "$build/corpus/$name"
done
