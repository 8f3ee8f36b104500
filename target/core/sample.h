/* sample: in the sizes that a thread asks for, out which blocks are recorded: a Poisson process over bytes; and of an address whether it was recorded.
 *
 * A block of s bytes is taken with probability 1 - exp(-s / R), R being the mean distance: the thread counts down to the next point, which is drawn
 * anew behind each block that holds one (the process has no memory). A block of 0 bytes counts as 1. */
#ifndef TARGET_CORE_SAMPLE_H
#define TARGET_CORE_SAMPLE_H

#include "tell.h"
#include "thread.h"

#include <stddef.h>

enum { SAMPLE_FILTER_BITS = 16 };

/* Counts, by a hash of their address, blocks that were recorded; NULL unless the session samples all the time. 255 stays. */
extern uint8_t *ht__sample_filter;

/* Once per process, before its first thread. False: no memory. */
bool ht__sample_init(void);
/* Makes `thread` sample, from now on, at this mean distance; 0: every block is recorded. */
void ht__sample_set(struct ht_thread *thread, uint64_t mean_bytes);
/* The countdown has run out: the block is to be told. */
void ht__sample_alloc(struct ht_thread *thread, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment) __attribute__((noinline, cold));
/* True if the block had been recorded; from now on it has not. */
bool ht__sample_forget(const void *block) __attribute__((noinline, cold));
void ht__sample_remember(struct ht_thread *thread, const void *block);
/* Takes `size` bytes off the countdown; true: a point lies in them. */
bool ht__sample_draw(struct ht_thread *thread, uint64_t size);

static inline uint32_t sample_hash(const void *block)
{
    return (uint32_t)(((uint64_t)(uintptr_t)block >> 4) * 0x9E3779B97F4A7C15u >> 32);
}

static inline bool sample_may_know(const void *block)
{
    return __atomic_load_n(&ht__sample_filter[sample_hash(block) >> (32 - SAMPLE_FILTER_BITS)], __ATOMIC_RELAXED);
}

/* What the hooks call: as ht__tell_alloc and ht__tell_free, but for blocks that are passed over. */
static inline void sample_tell_alloc(struct ht_thread *thread, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment)
{
    if (__builtin_expect(thread->sample_bytes != 0, 0)) {
        thread->sample_left -= (int64_t)(size + !size);
        if (__builtin_expect(thread->sample_left > 0 && block, 1))
            return;
        ht__sample_alloc(thread, frame, block, size, api, alignment);
        return;
    }
    ht__tell_alloc(thread, frame, block, size, api, alignment);
}

static inline void sample_tell_free(struct ht_thread *thread, const void *frame, const void *block, unsigned api)
{
    if (__builtin_expect(ht__sample_filter != NULL, 0) && (!sample_may_know(block) || !ht__sample_forget(block)))
        return;
    ht__tell_free(thread, frame, block, api);
}

#endif
