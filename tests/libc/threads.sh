#!/usr/bin/env bash
# threads: in a program whose threads ask this machine's malloc, the model, its pointers' bytes and a number of events, out whether the model gives every address.
set -u
threads=$1 model=$2 pointer_bytes=$3 events=$4
unset GLIBC_TUNABLES
cores=$(nproc) failed=0
compare() { # TUNABLES SEED THREADS SLOTS SMALL MIDDLE MOST CHURN HUGE
    local tunables="" options=$1
    for tunable in ${1//,/ }; do tunables+=":glibc.malloc.$tunable"; done
    if ! GLIBC_TUNABLES=${tunables#:} "$threads" "$2" "$events" "${@:3}" | "$model" "$pointer_bytes" "cores=$cores,$options"; then
        echo "threads $2 $events ${*:3} with '$1': the model is not the real one"
        failed=1
    fi
}
compare "" 1 2 900 200 2000 100000 300 0
compare "" 2 4 300 2000 20000 1000000 300 64
compare "" 3 8 1000 24 120 1100 300 0
compare "" 4 40 900 200 2000 100000 200 64
compare arena_max=3 5 40 900 200 2000 100000 200 0
compare mmap_threshold=33554432 6 2 600 1500000 1500000 3000000 1000 0
compare tcache_count=0 7 8 900 200 2000 100000 200 64
compare top_pad=0,trim_threshold=50000,mmap_threshold=20000,mmap_max=20 8 8 300 200 20000 1000000 200 0
exit $failed
