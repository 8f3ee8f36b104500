#!/usr/bin/env bash
# replay: in a program whose requests are known, out the figures of another allocator, the first refusal and its line, and refusals of what cannot be.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "replay: $*"; exit 1; }
expect() { # expect CODE TEXT WORDS...
    local code=$1 text=$2 said rc=0
    shift 2
    said=$("$HT" "$@" 2>&1) || rc=$?
    [ "$rc" = "$code" ] || fail "'$*' ends with $rc, not $code: $said"
    [[ $said == *"$text"* ]] || fail "'$*' does not say '$text': $said"
}
cat >steps.c <<'END'
#include <stdlib.h>
static void *volatile kept[4];
__attribute__((noinline)) void *sensor(void) { return malloc(1000); }
__attribute__((noinline)) void *picture(void) { return malloc(4000); }
int main(void)
{
    for (int i = 0; i < 4; i++)
        kept[i] = sensor();
    free(kept[0]);
    free(kept[2]);
    kept[0] = picture();
    return 0;
}
END
cc -g -O1 -fno-inline -fno-optimize-sibling-calls steps.c -o steps
"$HT" run -q -o steps.htrc -- ./steps
cell() { # cell TABLE COLUMN WORDS...: of the first row
    local table=$1 column=$2
    shift 2
    "$HT" replay steps.htrc "$@" --json | python3 -c '
import json, sys
for table in json.load(sys.stdin)["tables"]:
    if table["name"] == sys.argv[1]:
        print(table["rows"][0][[column["name"] for column in table["columns"]].index(sys.argv[2])] if isinstance(table["rows"][0], list) else table["rows"][0][sys.argv[2]])
' "$table" "$column"
}
is() { [ "$2" = "$3" ] || fail "$1 is $2, not $3"; }
# It never frees: 4 * 1000 + 4000, and the last byte of an arena is not given.
is "peak of heap_1" "$(cell replay peak_asked_bytes -a heap_1)" 6000
is "smallest arena of heap_1" "$(cell replay smallest_bytes -a heap_1)" 8016
is "refusals in 8016" "$(cell replay refusals -a heap_1 --arena 8016)" 0
is "refusals in 8000" "$(cell replay refusals -a heap_1 --arena 8000)" 1
is "size of the first refusal" "$(cell replay_first size -a heap_1 --arena 7000)" 4000
is "free then" "$(cell replay_first free_bytes -a heap_1 --arena 7000)" 2984
"$HT" replay steps.htrc -a heap_1 --arena 7000 --stacks | grep -q picture || fail "who asked is not named"
expect 1 "" replay steps.htrc -a heap_1 --arena 7000 --fail-on 'replay.refusals>0'
expect 0 "" replay steps.htrc -a heap_1 --arena 9000 --fail-on 'replay.refusals>0'
[ "$("$HT" replay steps.htrc -a heap_1 --table replay_time --csv | wc -l)" = 8 ] || fail "seven requests have no course of seven rows"
"$HT" replay steps.htrc --compare all --arena 16K >compared || fail "the comparison ends with $?"
for name in $("$HT" replay --list | awk '/^[^ ]/ {print $1}'); do grep -q "$name" compared || fail "$name is not compared"; done
[ "$(cell replay_addresses share -a heap_1 --verify)" = 0.0 ] || [ "$(cell replay_addresses same -a heap_1 --verify)" = 0 ] || fail "heap_1 is not the C library"
# What a replay wrote is a trace as any other, and its allocator is the one that gave these addresses.
"$HT" replay steps.htrc -a newlib-nano --arena 7000@0x20000004 --record nano.htrc >said || fail "--record ends with $?"
cp steps.htrc kept.htrc && mv nano.htrc steps.htrc
is "addresses of newlib-nano on its own trace" "$(cell replay_addresses same -a newlib-nano --arena 7000@0x20000004 --verify)" 4
is "refusals that it had" "$("$HT" analyze steps.htrc --table summary --json | python3 -c '
import json, sys
table = json.load(sys.stdin)["tables"][0]
print(table["rows"][0]["refused"])')" 1
cp kept.htrc steps.htrc
# The model of the C library that the programs here run on gives the addresses that they had.
if [[ $(getconf GNU_LIBC_VERSION) == "glibc 2.36" ]]; then
    for program in "$VICTIMS/leaky" "sort /etc/services" "$VICTIMS/rt_threads 200 1"; do
        "$HT" run -q -f -o real.htrc -- $program >/dev/null 2>&1 || true
        said=$("$HT" replay real.htrc -a glibc --verify -t replay_addresses --columns share --csv | tail -1 | tr -d '\r')
        [ "$said" = 1 ] || [ "$said" = 1.0 ] || fail "glibc's model gives $said of the addresses of $program"
    done
    said=$("$HT" replay real.htrc -a glibc --verify -t replay_addresses --columns in_rooms --csv | tail -1 | tr -d '\r')
    [ "$said" = 800 ] || fail "$said blocks of 200 threads are in a heap of their own, not 800"
    said=$("$HT" replay real.htrc -a glibc:arena_max=1 --verify -t replay_addresses --columns in_rooms --csv | tail -1 | tr -d '\r')
    [ "$said" = 0 ] || fail "with one arena $said blocks are in another"
fi
# And so does picolibc's for a firmware that QEMU ran.
if command -v arm-none-eabi-gcc qemu-system-arm >/dev/null; then
    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -g --specs=picolibc.specs -Tpicolibcpp.ld --oslib=semihost --crt0=hosted -Wl,--defsym=__flash=0 \
        -Wl,--defsym=__flash_size=0x40000,--defsym=__ram=0x20000000,--defsym=__ram_size=0x8000 "$SOURCE/tests/firmware/emulate/emulate_random.c" -o random.elf 2>/dev/null
    "$HT" emulate random.elf -q -f -o random.htrc -- -M mps2-an385 -semihosting-config enable=on,target=native >/dev/null 2>&1 || true
    mv random.htrc steps.htrc
    is "addresses of picolibc" "$(cell replay_addresses same -a picolibc-1.8 --arena "16K@0x$(arm-none-eabi-nm random.elf | awk '/ __heap_start$/ {print $1}')" --verify)" 128
    mv kept.htrc steps.htrc
fi
expect 2 "standard input can be read only once" replay - -a heap_1 --record x.htrc
expect 2 "are about one model" replay steps.htrc --compare all --record x.htrc
expect 3 "already; --force" replay steps.htrc -a heap_1 --record said
expect 2 "regular file" replay steps.htrc -a heap_1 --force --record /dev/zero
expect 2 "is what is to be read" replay steps.htrc -a heap_1 --record steps.htrc
# Real allocators have what was asked for, and take more.
is "peak of the real C library" "$(cell replay_real peak_asked_bytes -a real-glibc)" 6000
"$HT" replay steps.htrc --compare real-glibc,real-jemalloc,real-musl,heap_1 --arena 16K >compared || fail "the comparison with real ones ends with $?"
grep -q 'real-glibc .*5.9 KiB' compared || fail "no real C library: $(cat compared)"
expect 2 "did you mean 'heap_1'" replay steps.htrc -a heap1
expect 2 "either --allocator NAME or --compare" replay steps.htrc
expect 2 "needs a FILE" replay -a heap_1
expect 2 "too small for heap_1" replay steps.htrc -a heap_1 --arena 8
expect 2 "no heap 'PSRAM'" replay steps.htrc -a heap_1 --arena PSRAM=8K
head -c 300 steps.htrc >cut.htrc
expect 3 "cut.htrc" replay cut.htrc -a heap_1
