#!/usr/bin/env bash
# rt_maps: pages that come, move and go are told with their stacks when the session asks for it, and not otherwise; threads have the names they were given last.
. "$SOURCE/tests/cli/rt_common.bash"
FOLLOW=2 MAPS=4
lanes flags=$((FOLLOW | MAPS)) print=1 -- "$VICTIMS/rt_maps"
sound "maps"
read -r pages moved fixed before refused <"$TMP/output"
expect "the kernel's refusal reaches the program" "$refused" -eq -1
told() { grep -cE "^more .* api=$1 address=$2 size=$3 old=$4 flags=0 depth=([2-9]|1[0-9]) " "$TMP/lanes"; }
expect "mmap" "$(told mmap "$pages" 40960 0)" -eq 1
expect "mremap" "$(told mremap "$moved" 81920 "$pages")" -eq 1
expect "mmap over it" "$(told mmap "$fixed" 4096 0)" -eq 1
expect "sbrk" "$(told sbrk "$before" 12288 0)" -eq 1
expect "brk back" "$(told munmap "$before" 12288 0)" -eq 1
expect "munmap" "$(told munmap "$moved" 81920 0)" -eq 1
expect "no more" "$(value maps)" -eq 6
at() { grep -nE "$1" "$TMP/lanes" | head -1 | cut -d: -f1; }
expect "the name by another comes before the thread's next block" "$(at 'type=3 text=by another$')" -lt "$(at '^alloc.* size=20 ')"
expect "but after its first" "$(at 'type=3 text=by another$')" -gt "$(at '^alloc.* size=10 ')"
expect "the name by itself comes before the block after it" "$(at 'type=3 text=by itself$')" -lt "$(at '^alloc.* size=30 ')"

lanes flags=$FOLLOW print=1 -- "$VICTIMS/rt_maps"
sound "no maps"
expect "not asked for" "$(value maps)" -eq 0

# Only preloaded, without a session: the program is as without us.
plain=$("$VICTIMS/rt_victims" errno)
alone=$(env -u HEAPTRACER_SESSION LD_PRELOAD="$LIB" "$VICTIMS/rt_victims" errno)
[ "$plain" = "$alone" ] || { echo "FAIL: without a session the program says '$alone', not '$plain'"; failed=1; }
for bad in /dev/null /nowhere "$TMP" "$BUILD/libheaptracer.so"; do
    alone=$(HEAPTRACER_SESSION=$bad LD_PRELOAD="$LIB" "$VICTIMS/rt_victims" errno 2>&1)
    [ "$plain" = "$alone" ] || { echo "FAIL: with the session $bad the program says '$alone', not '$plain'"; failed=1; }
done
finish
