/* tell: in what a hook saw, out a record in the calling thread's lane. */
#include "tell.h"

#include "producer.h"
#include "port_process.h"

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

/* A short record can tell it, unless the stack is odd. The first question is whether the usable size is the usual one, as above but sooner. */
static inline __attribute__((always_inline)) bool is_short(const struct ht_thread *t, const void *block, uint64_t size, uint32_t alignment)
{
    if (__builtin_expect((t->busy | t->detour | size >> 32 | alignment) != 0 || !block, 0))
        return false;
    uint64_t usual = (size + 23) & ~(uint64_t)15, odd;
    if (__builtin_expect(ht__usable_rule == HT_USABLE_GLIBC64, 1))
        odd = ((const size_t *)block)[-1] ^ (usual < 32 ? 32 : usual);
    else
        odd = usable_if_odd(block, size);
    return odd < 8;
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

static void put_frames(uint64_t *words, const struct ht_frame *frame, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        words[i] = frame[i].pc;
}

/* The most fresh frames that one record holds. */
static inline uint64_t frames_at_once(const struct ht_thread *t)
{
    return (t->ring_mask + 1) / 64;
}

/* How a record tells its stack: by so many of the lane's last stack, and by what comes then. */
struct told_stack {
    uint64_t keep, fresh;
};

/* A stack too deep for one record, settled already: its oldest fresh frames go ahead until the rest fits. False if a part was dropped. */
static bool put_deep_stack(struct ht_thread *t, struct told_stack *stack)
{
    while (stack->fresh > frames_at_once(t)) {
        uint64_t part = frames_at_once(t);
        uint64_t bytes = 24 + 8 * part, *words = lane_reserve(t, bytes);
        if (!words)
            return false;
        lane_begin(t);
        words[0] = ht_lane_word0(stamp_early(), HT_LANE_MORE, 0);
        words[1] = (8 + 8 * part) << 8 | HT_MORE_STACK;
        words[2] = stack->keep << 32 | part;
        put_frames(words + 3, t->frames + stack->keep, part);
        lane_publish(t, bytes);
        stack->keep += part;
        stack->fresh -= part;
    }
    return true;
}

/* Room for a record of `head` bytes and the walk's fresh frames, which are put behind the head. The record is begun. NULL: dropped. */
static uint64_t *begin_with_stack(struct ht_thread *t, const struct walk *walk, uint64_t head, struct told_stack *stack)
{
    *stack = (struct told_stack){walk_keep(t, walk), walk_fresh(t, walk)};
    bool deep = stack->fresh > frames_at_once(t);
    if (deep) {
        walk_settle(t, walk, NULL);
        if (!put_deep_stack(t, stack)) {
            walk_forget(t);
            return NULL;
        }
    }
    uint64_t *words = lane_reserve(t, head + 8 * stack->fresh);
    if (!words) {
        walk_forget(t);
        return NULL;
    }
    lane_begin(t);
    if (deep)
        put_frames(words + head / 8, t->frames + stack->keep, stack->fresh);
    else
        walk_settle(t, walk, words + head / 8);
    return words;
}

static __attribute__((noinline)) void put_wide(struct ht_thread *t, const struct walk *walk, const struct wide *wide)
{
    struct told_stack stack;
    uint64_t *words = begin_with_stack(t, walk, 64, &stack);
    if (!words) {
        t->gap_bytes += wide->op == HT_LANE_REFUSE ? 0 : wide->size;
        return;
    }
    bool truncated = walk->odd & WALK_TRUNCATED;
    if (truncated)
        __atomic_add_fetch(&t->lane->truncated, 1, __ATOMIC_RELAXED);
    words[0] = ht_lane_word0(stamp_late(), wide->op, wide->api);
    words[1] = wide->address;
    words[2] = wide->size;
    words[3] = stack.keep << 32 | stack.fresh;
    words[4] = wide->usable;
    words[5] = (uint64_t)wide->alignment << 32 | (uint64_t)wide->heap << 16 | wide->flags | (truncated ? HT_LANE_TRUNCATED : 0);
    words[6] = wide->old;
    words[7] = wide->source;
    lane_publish(t, 64 + 8 * stack.fresh);
}

static void put_free_stack(struct ht_thread *t, const struct walk *walk, const struct wide *wide)
{
    struct told_stack stack;
    uint64_t *words = begin_with_stack(t, walk, 24, &stack), flags = wide->flags;
    if (!words)
        return;
    if (walk->odd & WALK_TRUNCATED) {
        flags |= HT_LANE_TRUNCATED;
        __atomic_add_fetch(&t->lane->truncated, 1, __ATOMIC_RELAXED);
    }
    words[0] = ht_lane_word0(stamp_early(), HT_LANE_FREE_STACK, wide->api);
    words[1] = wide->address;
    words[2] = (uint64_t)wide->heap << 48 | flags << 40 | stack.keep << 20 | stack.fresh;
    lane_publish(t, 24 + 8 * stack.fresh);
}

/* A short record: no field of it is too wide and its stack is not odd, apart from anchors. */
static inline __attribute__((always_inline)) void write_alloc(struct ht_thread *t, const struct walk *walk, uint64_t head, uint64_t address, uint64_t size, unsigned api)
{
    uint64_t *words = (uint64_t *)(void *)(t->ring + (head & t->ring_mask)), fresh = walk_fresh(t, walk);
    struct ht_lane *lane = t->lane;
    __atomic_store_n(&lane->head, head | 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    words[0] = ht_lane_word0(port_ticks_late() - t->clock_start, HT_LANE_ALLOC, api);
    words[1] = address;
    words[2] = size << 32 | walk_keep(t, walk) << 16 | fresh;
    walk_settle(t, walk, words + 3);
    t->head = head + 24 + 8 * fresh;
    __atomic_store_n(&lane->head, t->head, __ATOMIC_RELEASE);
}

/* Whatever the walk was, and however little room there is. */
static __attribute__((noinline)) void put_alloc(struct ht_thread *t, struct walk walk, uint64_t address, uint64_t size, unsigned api)
{
    if (walk.odd & ~(uint32_t)(WALK_ANCHORS | WALK_CHANGES)) {
        put_wide(t, &walk, &(struct wide){.op = HT_LANE_ALLOC_WIDE, .api = api, .address = address, .size = size});
        return;
    }
    if (lane_reserve(t, 24 + 8 * walk_fresh(t, &walk))) {
        write_alloc(t, &walk, t->head, address, size, api);
        return;
    }
    walk_forget(t);
    t->gap_bytes += size;
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

static __attribute__((noinline)) void tell_alloc_slowly(struct ht_thread *t, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment)
{
    t = enter(t, frame);
    if (!t)
        return;
    struct wide wide = {.op = HT_LANE_REFUSE, .api = api, .size = size, .alignment = alignment, .source = t->source};
    struct walk walk = ht__walk(t, frame);
    if (block) {
        wide.op = HT_LANE_ALLOC_WIDE;
        wide.address = (uint64_t)(uintptr_t)block;
        wide.usable = usable_if_odd(block, size);
    }
    put_wide(t, &walk, &wide);
    leave(t);
}

/* Each branch to the side is a call of what is rare, with copies: so all of the walk stays in registers. */
__attribute__((flatten)) void ht__tell_alloc(struct ht_thread *t, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment)
{
    if (__builtin_expect(!is_short(t, block, size, alignment), 0)) {
        tell_alloc_slowly(t, frame, block, size, api, alignment);
        return;
    }
    t->busy = (uint64_t)(uintptr_t)frame;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    struct walk walk = ht__walk_quick(t, frame);
    if (__builtin_expect(walk.odd || t->head + 24 + 8 * walk_fresh(t, &walk) > t->soft_limit, 0))
        put_alloc(t, walk, (uint64_t)(uintptr_t)block, size, api);
    else
        write_alloc(t, &walk, t->head, (uint64_t)(uintptr_t)block, size, api);
    leave(t);
}

static __attribute__((noinline)) void tell_free_slowly(struct ht_thread *t, const void *frame, const void *block, unsigned api)
{
    t = enter(t, frame);
    if (!t)
        return;
    if (ht__session->flags & HT_SESSION_FREE_STACKS) {
        struct walk walk = ht__walk(t, frame);
        put_free_stack(t, &walk, &(struct wide){.api = api, .address = (uint64_t)(uintptr_t)block});
    } else
        put_short(t, HT_LANE_FREE, api, (uint64_t)(uintptr_t)block);
    leave(t);
}

/* The shortest way calls nothing and so saves no register. */
void ht__tell_free(struct ht_thread *t, const void *frame, const void *block, unsigned api)
{
    if (__builtin_expect(t->busy | t->free_detour, 0)) {
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
    struct walk walk = ht__walk(t, frame);
    put_wide(t, &walk, &wide);
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
    struct walk walk = ht__walk(t, frame);
    if (wide.op == HT_LANE_FREE_STACK)
        put_free_stack(t, &walk, &wide);
    else
        put_wide(t, &walk, &wide);
    leave(t);
}

void ht__tell_map(struct ht_thread *t, const void *frame, const void *address, uint64_t size, const void *old, unsigned api)
{
    t = enter(t, frame);
    if (!t)
        return;
    struct walk walk = ht__walk(t, frame);
    struct told_stack stack;
    uint64_t *words = begin_with_stack(t, &walk, 56, &stack);
    if (words) {
        uint64_t fixed[5] = {(uint64_t)(uintptr_t)address, size, (uint64_t)(uintptr_t)old, api, stack.keep << 32 | stack.fresh};
        words[0] = ht_lane_word0(stamp_late(), HT_LANE_MORE, 0);
        words[1] = (sizeof fixed + 8 * stack.fresh) << 8 | HT_MORE_MAP;
        memcpy(words + 2, fixed, sizeof fixed);
        lane_publish(t, 56 + 8 * stack.fresh);
    }
    leave(t);
}

void ht__tell_fault(struct ht_thread *t, const void *frame, const struct ht_more_fault *fault)
{
    enum { HEAD = 24 + sizeof *fault };
    t = enter(t, frame);
    if (!t)
        return;
    struct walk walk = ht__walk(t, frame);
    struct told_stack stack;
    uint64_t *words = begin_with_stack(t, &walk, HEAD, &stack);
    if (words) {
        words[0] = ht_lane_word0(stamp_late(), HT_LANE_MORE, 0);
        words[1] = (HEAD - 16 + 8 * stack.fresh) << 8 | HT_MORE_FAULT;
        memcpy(words + 2, fault, sizeof *fault);
        words[2 + sizeof *fault / 8] = stack.keep << 32 | stack.fresh;
        lane_publish(t, HEAD + 8 * stack.fresh);
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
