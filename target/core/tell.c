/* tell: in what a hook saw, out a record in the calling thread's lane. */
#include "tell.h"

#include "producer.h"
#include "port_core.h"

#include "walk.h"
#include "wire/api.h"

#include <string.h>

uint32_t ht__usable_rule;

/* What a wide record holds beside its stack. */
struct wide {
    unsigned op, api;
    uint64_t address, size, usable, old, source;
    uint32_t alignment;
    uint16_t flags, heap;
};

/* The usable size where it is not the usual one, else 0. glibc keeps the chunk's size with three flags in the word before the block. */
static inline uint64_t usable_if_odd(const void *block, uint64_t size)
{
    if (ht__usable_rule == HT_USABLE_UNKNOWN)
        return 0;
    size_t chunk = ((const size_t *)block)[-1];
    uint64_t usable = (chunk & ~(size_t)7) - sizeof(size_t);
    if (__builtin_expect(usable == ht_usable_usual(ht__usable_rule, size), 1))
        return 0;
    return chunk & 2 ? usable - sizeof(size_t) : usable;
}

/* Whose record it will be: the thread, or who interrupts it in the middle of a record. NULL: it is lost and counted. */
static inline struct ht_thread *enter(struct ht_thread *t, const void *frame)
{
    if (__builtin_expect(t->busy != 0, 0)) {
        t = ht__thread_interrupted(t, (uint64_t)(uintptr_t)frame);
        if (!t)
            return NULL;
    }
    t->busy = (uint64_t)(uintptr_t)frame;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return t;
}

static inline void leave(struct ht_thread *t)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->busy = 0;
}

static void put_frames(uint64_t *words, const struct ht_frame *frame, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        words[i] = frame[i].pc;
}

/* The most fresh frames that one record holds. */
static inline uint32_t frames_at_once(const struct ht_thread *t)
{
    return (uint32_t)((t->ring_mask + 1) / 64);
}

/* A stack too deep for one record, settled already: its oldest fresh frames go ahead until the rest fits. False if a part was dropped. */
static bool put_deep_stack(struct ht_thread *t, struct walk *walk)
{
    while (walk->fresh > frames_at_once(t)) {
        uint32_t part = frames_at_once(t);
        uint64_t bytes = 24 + 8 * (uint64_t)part, *words = lane_reserve(t, bytes);
        if (!words)
            return false;
        lane_begin(t);
        words[0] = ht_lane_word0(stamp_early(), HT_LANE_MORE, 0);
        words[1] = (8 + 8 * (uint64_t)part) << 8 | HT_MORE_STACK;
        words[2] = (uint64_t)walk->keep << 32 | part;
        put_frames(words + 3, t->frames + walk->keep, part);
        lane_publish(t, bytes);
        walk->keep += part;
        walk->fresh -= part;
    }
    return true;
}

/* Room for a record of `head` bytes and the walk's fresh frames, which are put behind the head. The record is begun. NULL: dropped. */
static inline uint64_t *begin_with_stack(struct ht_thread *t, struct walk *walk, uint64_t head)
{
    bool deep = walk->fresh > frames_at_once(t);
    if (__builtin_expect(deep, 0)) {
        walk_settle(t, walk, NULL);
        if (!put_deep_stack(t, walk)) {
            walk_forget(t);
            return NULL;
        }
    }
    uint64_t *words = lane_reserve(t, head + 8 * (uint64_t)walk->fresh);
    if (__builtin_expect(!words, 0)) {
        walk_forget(t);
        return NULL;
    }
    lane_begin(t);
    if (__builtin_expect(deep, 0))
        put_frames(words + head / 8, t->frames + walk->keep, walk->fresh);
    else
        walk_settle(t, walk, words + head / 8);
    return words;
}

static __attribute__((noinline)) void put_wide(struct ht_thread *t, struct walk walk, const struct wide *wide)
{
    uint64_t *words = begin_with_stack(t, &walk, 64);
    if (!words) {
        t->gap_bytes += wide->op == HT_LANE_REFUSE ? 0 : wide->size;
        return;
    }
    if (walk.odd & WALK_TRUNCATED)
        __atomic_add_fetch(&t->lane->truncated, 1, __ATOMIC_RELAXED);
    words[0] = ht_lane_word0(stamp_late(), wide->op, wide->api);
    words[1] = wide->address;
    words[2] = wide->size;
    words[3] = (uint64_t)walk.keep << 32 | walk.fresh;
    words[4] = wide->usable;
    words[5] = (uint64_t)wide->alignment << 32 | (uint64_t)wide->heap << 16 | wide->flags | (walk.odd & WALK_TRUNCATED ? HT_LANE_TRUNCATED : 0);
    words[6] = wide->old;
    words[7] = wide->source;
    lane_publish(t, 64 + 8 * (uint64_t)walk.fresh);
}

/* A short record: no field of it is too wide and its stack is not odd, apart from anchors. */
static inline void put_alloc(struct ht_thread *t, const struct walk *walk, uint64_t address, uint64_t size, unsigned api)
{
    uint64_t bytes = 24 + 8 * (uint64_t)walk->fresh, *words = lane_reserve(t, bytes);
    if (__builtin_expect(!words, 0)) {
        walk_forget(t);
        t->gap_bytes += size;
        return;
    }
    lane_begin(t);
    words[0] = ht_lane_word0(port_ticks_late() - t->clock_start, HT_LANE_ALLOC, api);
    words[1] = address;
    words[2] = size << 32 | walk->keep << 16 | walk->fresh;
    walk_settle(t, walk, words + 3);
    lane_publish(t, bytes);
}

static inline void put_short(struct ht_thread *t, unsigned op, unsigned api, uint64_t address)
{
    uint64_t *words = lane_reserve(t, 16);
    if (__builtin_expect(!words, 0))
        return;
    lane_begin(t);
    words[0] = ht_lane_word0(stamp_early(), op, api);
    words[1] = address;
    lane_publish(t, 16);
}

__attribute__((flatten)) void ht__tell_alloc(struct ht_thread *t, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment)
{
    unsigned op = block ? HT_LANE_ALLOC_WIDE : HT_LANE_REFUSE;
    t = enter(t, frame);
    if (!t)
        return;
    struct walk walk = ht__walk(t, frame);
    uint64_t address = (uint64_t)(uintptr_t)block, usable = block ? usable_if_odd(block, size) : 0;
    if (__builtin_expect(block && !(usable | alignment | t->detour | size >> 32 | (walk.odd & ~(uint32_t)WALK_ANCHORS)), 1))
        put_alloc(t, &walk, address, size, api);
    else
        put_wide(t, walk, &(struct wide){.op = op, .api = api, .address = address, .size = size, .usable = usable, .source = t->source, .alignment = alignment});
    leave(t);
}

static __attribute__((noinline)) void tell_free_slowly(struct ht_thread *t, const void *frame, const void *block, unsigned api)
{
    t = enter(t, frame);
    if (!t)
        return;
    if (ht__session->flags & HT_SESSION_FREE_STACKS)
        put_wide(t, ht__walk(t, frame), &(struct wide){.op = HT_LANE_FREE_STACK, .api = api, .address = (uint64_t)(uintptr_t)block});
    else
        put_short(t, HT_LANE_FREE, api, (uint64_t)(uintptr_t)block);
    leave(t);
}

/* The shortest way calls nothing and so saves no register. */
void ht__tell_free(struct ht_thread *t, const void *frame, const void *block, unsigned api)
{
    if (__builtin_expect(t->busy | t->detour, 0)) {
        tell_free_slowly(t, frame, block, api);
        return;
    }
    t->busy = (uint64_t)(uintptr_t)frame;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* only now: a handler would move the head */
    uint64_t head = t->head;
    if (__builtin_expect(head + 16 > t->soft_limit, 0)) {
        t->busy = 0;
        tell_free_slowly(t, frame, block, api);
        return;
    }
    struct ht_lane *lane = t->lane;
    uint64_t *words = (uint64_t *)(void *)(t->ring + (head & t->ring_mask));
    __atomic_store_n(&lane->head, head | 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    words[0] = ht_lane_word0(port_ticks_early() - t->clock_start, HT_LANE_FREE, api);
    words[1] = (uint64_t)(uintptr_t)block;
    t->head = head + 16;
    __atomic_store_n(&lane->head, head + 16, __ATOMIC_RELEASE);
    leave(t);
}

void ht__tell_resize_begin(struct ht_thread *t, const void *block, unsigned api)
{
    t = enter(t, __builtin_frame_address(0));
    if (!t)
        return;
    put_short(t, HT_LANE_RESIZE_BEGIN, api, (uint64_t)(uintptr_t)block);
    leave(t);
}

void ht__tell_resize_end(struct ht_thread *t, const void *frame, const void *from, const void *block, uint64_t size, unsigned api)
{
    t = enter(t, frame);
    if (!t)
        return;
    struct wide wide = {.op = HT_LANE_RESIZE_END, .api = api, .address = (uint64_t)(uintptr_t)block, .size = size, .old = (uint64_t)(uintptr_t)from};
    wide.usable = block ? usable_if_odd(block, size) : 0;
    wide.source = t->source;
    put_wide(t, ht__walk(t, frame), &wide);
    leave(t);
}

void ht__tell(struct ht_thread *t, const void *frame, const struct telling *telling)
{
    t = enter(t, frame);
    if (!t)
        return;
    struct wide wide = {.op = telling->op, .api = telling->api, .address = (uint64_t)(uintptr_t)telling->block, .size = telling->size};
    wide.old = (uint64_t)(uintptr_t)telling->old;
    wide.source = telling->foreign ? 0 : t->source;
    wide.alignment = telling->alignment;
    wide.flags = telling->flags;
    wide.heap = telling->heap;
    wide.usable = telling->block && !telling->foreign ? usable_if_odd(telling->block, telling->size) : 0;
    put_wide(t, ht__walk(t, frame), &wide);
    leave(t);
}

void ht__tell_map(struct ht_thread *t, const void *frame, const void *address, uint64_t size, const void *old, unsigned api)
{
    t = enter(t, frame);
    if (!t)
        return;
    struct walk walk = ht__walk(t, frame);
    uint64_t *words = begin_with_stack(t, &walk, 56);
    if (words) {
        uint64_t fixed[5] = {(uint64_t)(uintptr_t)address, size, (uint64_t)(uintptr_t)old, api, (uint64_t)walk.keep << 32 | walk.fresh};
        words[0] = ht_lane_word0(stamp_late(), HT_LANE_MORE, 0);
        words[1] = (sizeof fixed + 8 * (uint64_t)walk.fresh) << 8 | HT_MORE_MAP;
        memcpy(words + 2, fixed, sizeof fixed);
        lane_publish(t, 56 + 8 * (uint64_t)walk.fresh);
    }
    leave(t);
}

void ht__tell_more(struct ht_thread *t, unsigned type, const void *head, uint64_t head_bytes, const void *tail, uint64_t tail_bytes)
{
    t = enter(t, __builtin_frame_address(0));
    if (!t)
        return;
    ht__lane_put_more(t, type, head, head_bytes, tail, tail_bytes);
    leave(t);
}

void ht__tell_source(struct ht_thread *t, uint64_t source)
{
    t->source = source;
    t->detour = source ? t->detour | HT_DETOUR_SOURCE : t->detour & ~(uint64_t)HT_DETOUR_SOURCE;
}
