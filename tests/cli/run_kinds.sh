#!/usr/bin/env bash
# run_kinds: in programs of 32 bits, of another C library and of other processors, out the same trace as of one of ours, by the runtime that `run` finds for each.
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
    ! grep -q 'size=[1-9][0-9][0-9] .*truncated=yes' musl.txt || { echo "musl: whole stacks are told as cut"; exit 1; }
    cat >sorts.c <<'END'
#include <stdlib.h>
static void *volatile keep;
static int compare(const void *a, const void *b) { keep = malloc(3000); return *(const int *)a - *(const int *)b; }
int main(void) { int numbers[] = {3, 1, 2}; qsort(numbers, 3, sizeof *numbers, compare); return 0; }
END
    musl-gcc -O1 sorts.c -Wl,--eh-frame-hdr -o sorts
    "$HT" run -q -o sorts.htrc -- ./sorts
    "$HT" dump sorts.htrc | grep -q 'size=3000 .*truncated=yes' || { echo "musl: a stack that ends in its C library is told as whole"; exit 1; }
fi
# Other processors: 1 name of the runtime, 2 of the compiler, 3 of the emulator.
emulate() {
    [ -e "$BUILD/$1/libheaptracer.so" ] && command -v "$3" >/dev/null || return 0
    "$2-gcc" -O1 -g -funwind-tables "$SOURCE/tests/programs/kinds.c" -o "$3" -lpthread
    record "$3"
    "$HT" analyze "$3.htrc" --table cost | grep -q 'Clock  *monotonic' || { echo "$3: stamped with a clock that only this machine has"; exit 1; }
    status=0
    "$HT" run -q -f -o named.htrc -- "$3" -L "/usr/$2" -0 any "./$3" || status=$?
    "$HT" dump named.htrc >named.txt
    [ "$status" = 3 ] && [ "$(grep -c ' alloc api=malloc ' named.txt)" = "$blocks" ] || { echo "$3 named by the user: exit status $status"; exit 1; }
    refused "$@"
}
# What a runtime says that cannot join a session: in an emulator that is recorded itself, and where it cannot read the session's clock.
refused() {
    said=$("$HT" run -f -o late.htrc -- env "$3" -L "/usr/$2" -E "LD_PRELOAD=$BUILD/$1/libheaptracer.so" "./$3" 2>&1) || true
    case $said in *"the emulator that ran it was"*) ;; *) echo "$3: recorded in a recorded emulator: $said"; exit 1 ;; esac
    rm -f ready && mkfifo ready
    "$HT" run -f -o late.htrc -- bash -c 'echo $HEAPTRACER_SESSION >ready; read -t 60 <ready' 2>said &
    "$3" -L "/usr/$2" -E "LD_PRELOAD=$BUILD/$1/libheaptracer.so" -E "HEAPTRACER_SESSION=$(cat ready)" "./$3" || true
    echo done >ready
    wait $!
    "$HT" analyze late.htrc --table cost | grep -q 'Clock  *monotonic' || grep -q -e '--clock monotonic' said || { echo "$3: joined a session of another clock"; cat said; exit 1; }
}
emulate aarch64-gnu aarch64-linux-gnu qemu-aarch64
emulate arm-gnu arm-linux-gnueabihf qemu-arm
emulate riscv64-gnu riscv64-linux-gnu qemu-riscv64
