#!/usr/bin/env bash
# rt_victims: programs on the edge (no descriptors, no /proc, another user, a strict filter, short memory, foreign allocators, every way to end) run as without us
# and every block of theirs is in the trace with its stack.
. "$SOURCE/tests/cli/rt_common.bash"
blocks() { grep -c '^alloc.* size=611 ' "$TMP/lanes"; }
# try WAY STATUS BLOCKS
try() {
    lanes print=1 -- "$VICTIMS/rt_victims" "$1"
    expect "$1: status" "$(value status)" -eq "$2"
    expect "$1: it saw nothing" "$(grep -c '^fine$' "$TMP/output")" -eq 1
    expect "$1: its blocks" "$(blocks)" -eq "$3"
    expect "$1: stacks cut" "$(value truncated)" -eq 0
    expect "$1: addresses given twice" "$(value doubles)" -eq 0
    expect "$1: frees of nothing" "$(value unknown_frees)" -eq 0
    expect "$1: lost" "$(value lost)" -eq 0
    expect "$1: it said nothing more" "$(wc -c <"$TMP/errors")" -eq 0
}
try errno 0 "$(lanes print=1 -- "$VICTIMS/rt_victims" errno && blocks)"
try close_all 0 1000
try no_descriptors 0 1000
try undumpable 0 2000
try chroot 0 1000
try setuid 0 1000
try strict 0 1000
try alive 0 200
try quick_exit 0 1000
try pthread_exit 0 1000
try _exit 0 1000
try abort 134 1000
try kill 137 1000

lanes -- "$VICTIMS/rt_throw"
sound "exceptions"
expect "exceptions: caught" "$(said caught)" -eq 1000
expect "exceptions: refusals" "$(value refuses)" -ge 1001
expect "exceptions: stacks cut" "$(value truncated)" -eq 0
expect "exceptions: what is left" "$(value live_blocks)" -le 6

# The stack of a call, first and later ones: on 16 KiB stacks there is room.
"$VICTIMS/rt_victims" stack >"$TMP/output"
bare_first=$(said first) bare_next=$(said next)
lanes -- "$VICTIMS/rt_victims" stack
sound "stack"
expect "stack of the first event, beyond libc's" $(($(said first) - bare_first)) -le 1024
grep -q 'CMAKE_BUILD_TYPE:.*=Debug' "$BUILD/CMakeCache.txt" && most=1024 || most=512 # what is not optimized needs more
expect "stack of an event, beyond libc's" $(($(said next) - bare_next)) -le $most

# Code of the same length at the same place, with frames of other sizes: a rule that outlived its code would be wrong.
for library in one:400 other:800; do
    room="volatile char room[${library#*:}]; room[0] = 1;"
    printf '#include <stdlib.h>\nvoid *deeper(size_t n) { %s void *p = malloc(n); __asm__ volatile("" ::: "memory"); return p; }\n' "$room" >"$TMP/library.c"
    printf 'void *allocate_there(size_t n) { %s void *p = deeper(n); __asm__ volatile("" ::: "memory"); return p; }\n' "$room" >>"$TMP/library.c"
    cc -O1 -shared -fPIC -o "$TMP/${library%:*}.so" "$TMP/library.c" || failed=1
done
lanes print=1 -- "$VICTIMS/rt_victims" dlopen "$TMP/one.so" "$TMP/other.so"
sound "dlopen"
expect "dlopen: blocks" "$(blocks)" -eq 200
expect "dlopen: one depth" "$(grep '^alloc.* size=611 ' "$TMP/lanes" | grep -o 'depth=[0-9]*' | sort -u | wc -l)" -eq 1
expect "dlopen: stacks cut" "$(value truncated)" -eq 0

for foreign in libjemalloc.so.2 libtcmalloc_minimal.so.4 libmimalloc.so.2; do
    path=$(ldconfig -p | sed -n "s|.*$foreign .*=> ||p" | head -1)
    [ -n "$path" ] || continue
    PRELOAD=$path lanes -- "$VICTIMS/rt_churn" 100000 4
    sound "$foreign"
    expect "$foreign: allocations" "$(value allocated)" -gt 100000
    expect "$foreign: stacks cut" "$(value truncated)" -eq 0
    PRELOAD=$path lanes -- "$VICTIMS/rt_threads" 400 4
    sound "$foreign, threads"
    PRELOAD=$path lanes -- "$VICTIMS/rt_forks" fork 50
    sound "$foreign, forks"
done
finish
