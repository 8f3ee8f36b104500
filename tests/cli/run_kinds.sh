#!/usr/bin/env bash
# run_kinds: in programs of 32 bits and of another C library, out the same trace as of one of ours, by the runtime that `run` finds for each.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
record() {
    status=0
    "$HT" run -q -f -o "$1.htrc" -- "./$1" || status=$?
    [ "$status" = 3 ] || { echo "$1: exit status $status, not the program's 3"; exit 1; }
    "$HT" dump "$1.htrc" >"$1.txt"
    blocks=$(grep -c ' alloc api=malloc ' "$1.txt")
    [ "$blocks" -ge 1500 ] && [ "$blocks" -lt 1520 ] || { echo "$1: $blocks blocks, not 1,500 and a few of the C library"; exit 1; }
    "$HT" analyze "$1.htrc" --table hotspots >"$1.hot"
    grep -q 'leaf (kinds.c:[0-9]*) <- branch (kinds.c:[0-9]*) <- main (kinds.c' "$1.hot" || { echo "$1: the stack is not there"; cat "$1.hot"; exit 1; }
}
gcc -O1 -g "$SOURCE/tests/programs/kinds.c" -o ours -lpthread
record ours
if [ -e "$BUILD/i386-gnu/libheaptracer.so" ]; then
    gcc -m32 -O1 -g "$SOURCE/tests/programs/kinds.c" -o narrow -lpthread
    record narrow
    grep -q ' process ' narrow.txt && grep -q 'start=0xf7' narrow.txt || { echo "narrow: no module where a 32-bit process has them"; exit 1; }
fi
if [ -e "$BUILD/x86_64-musl/libheaptracer.so" ]; then
    musl-gcc -O1 -g "$SOURCE/tests/programs/kinds.c" -Wl,--eh-frame-hdr -o musl
    record musl
    grep -q 'path=.*musl' musl.txt || { echo "musl: its C library is not a module"; exit 1; }
fi
