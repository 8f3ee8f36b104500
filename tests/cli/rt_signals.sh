#!/usr/bin/env bash
# rt_signals: handlers that allocate, on either stack, lose nothing; those that jump out of a record leave the thread recording.
. "$SOURCE/tests/cli/rt_common.bash"
cat >"$TMP/bump.c" <<'END'
#include <stddef.h>
#include <string.h>
/* An allocator without a lock that a handler may enter at any instruction; a block given back is the next one given out. */
enum { CLASSES = 600 };
static char room[1ul << 32] __attribute__((aligned(16)));
static size_t used;
static void *kept[CLASSES];
static void *get(size_t size)
{
    size_t class = (size + 15) / 16;
    void *block = class < CLASSES ? __atomic_exchange_n(&kept[class], NULL, __ATOMIC_ACQ_REL) : NULL;
    if (!block)
        block = room + __atomic_fetch_add(&used, class * 16 + 16, __ATOMIC_RELAXED) + 16;
    ((size_t *)block)[-1] = size;
    return block;
}
void *malloc(size_t size) { return get(size); }
void free(void *block)
{
    void *none = NULL;
    size_t class = block ? (((size_t *)block)[-1] + 15) / 16 : CLASSES;
    if (class < CLASSES)
        __atomic_compare_exchange_n(&kept[class], &none, block, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}
void *calloc(size_t count, size_t size) { return memset(get(count * size), 0, count * size); }
void *realloc(void *block, size_t size)
{
    void *fresh = get(size);
    if (block)
        memcpy(fresh, block, ((size_t *)block)[-1] < size ? ((size_t *)block)[-1] : size);
    return fresh;
}
END
cc -O1 -shared -fPIC -fno-builtin -o "$TMP/bump.so" "$TMP/bump.c" || exit 1
export PRELOAD=$TMP/bump.so

for mode in storm alternate; do
    lanes lane_kb=256 -- "$VICTIMS/rt_signals" $mode 0.2
    sound $mode
    expect "$mode: handlers ran" "$(said handled)" -gt 50
    expect "$mode: lost" "$(value lost)" -eq 0
    expect "$mode: a handler had a lane of its own" "$(value lanes_used)" -ge 2
    expect "$mode: frees of blocks that were never there" "$(value unknown_frees)" -eq 0
    # What libc allocates besides is a handful, and never freed.
    expect "$mode: frees" "$(value frees)" -eq "$(said frees)"
    expect "$mode: allocations" "$(value allocs)" -ge "$(said gots)"
    expect "$mode: allocations" "$(value allocs)" -le $(($(said gots) + 12))
done

lanes print=1 -- "$VICTIMS/rt_signals" jump 0.6
sound jump
expect "jump: jumps" "$(said jumps)" -gt 20
expect "jump: each loss was a jump" "$(value lost)" -le "$(said jumps)"
expect "jump: recording goes on" "$(grep -c '^alloc.* size=7777 ' "$TMP/lanes")" -eq 1000
finish
