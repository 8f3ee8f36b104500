#!/usr/bin/env bash
# native: in a program that asks this machine's malloc, the model and its pointers' bytes, out whether the model gives every address, with tunables too.
set -u
native=$1 model=$2 pointer_bytes=$3
unset GLIBC_TUNABLES
failed=0
compare() { # PLAN TUNABLES [words for the program]
    local tunables=""
    for tunable in ${2//,/ }; do tunables+=":glibc.malloc.$tunable"; done
    if ! GLIBC_TUNABLES=${tunables#:} "$native" "$1" "${@:3}" | "$model" glibc "$1" "$pointer_bytes" "$2"; then
        echo "plan $1 with '$2': the model is not the real one"
        failed=1
    fi
}
for plan in 0 3 4 5; do compare $plan ""; done
compare 3 tcache_count=0
compare 3 tcache_max=200,mxfast=40,tcache_unsorted_limit=3
compare 4 mmap_threshold=20000,top_pad=0,trim_threshold=50000,mmap_max=20
compare 3 "" 0xffffffff narrow
compare 4 "" 0xffffffff narrow
exit $failed
