/* sample: in the sizes that a thread asks for, out which blocks are recorded: a Poisson process over bytes; and of an address whether it was recorded.
 *
 * A block of s bytes is taken with probability 1 - exp(-s / R), R being the mean distance: the thread counts down to the next point, which is drawn
 * anew behind each block that holds one (the process has no memory). A block of 0 bytes counts as 1.
 *
 * A block that is passed over costs its hook a subtraction and a branch, its free one look at a filter: neither asks for the session's state. So the
 * countdown goes on while recording pauses, and a point may fall where nobody records. A countdown that had run out before a block came is drawn anew at that
 * block; and threads that do not sample are as those whose countdown has run out long ago. */
#ifndef TARGET_PROCESS_SAMPLE_H
#define TARGET_PROCESS_SAMPLE_H

#include "tell.h"
#include "thread.h"

#include <stddef.h>

enum { SAMPLE_FILTER_BITS = 16 };

/* Counts, by a hash of their address, blocks that were recorded; NULL unless the session samples all the time. 255 stays. */
extern uint8_t *ht__sample_filter;

/* Once per process, before its first thread. False: no memory. */
bool ht__sample_init(void);
/* What lies there stays known for ever. */
void ht__sample_hold(const void *from, uint64_t bytes);
/* Makes `thread` sample, from now on, at this mean distance; 0: every block is recorded. A countdown that it has goes on. */
void ht__sample_set(struct ht_thread *thread, uint64_t mean_bytes);
/* The thread's countdown is another's too: that of its parent, before a fork. */
void ht__sample_redraw(struct ht_thread *thread);
/* `size` (0 as 1) was taken off the countdown, which has run out: true if a point lies in the block. */
bool ht__sample_hit(struct ht_thread *thread, uint64_t size);
/* A block, for which that is so, or a refusal. */
void ht__sample_alloc(struct ht_thread *thread, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment) __attribute__((noinline, cold));
/* True if the block had been recorded; from now on it has not. */
bool ht__sample_forget(const void *block) __attribute__((noinline, cold));
void ht__sample_remember(struct ht_thread *thread, const void *block);
/* Neighbours in memory are neighbours in the filter: what a program works on keeps few of its lines in the cache. NULL stays known. */
static inline uint32_t sample_index(const void *block)
{
    return (uint32_t)((uintptr_t)block >> 4) & ((1u << SAMPLE_FILTER_BITS) - 1);
}

/* False, mostly: the block was not recorded. */
static inline bool sample_may_know(const void *block)
{
    return __atomic_load_n(&ht__sample_filter[sample_index(block)], __ATOMIC_RELAXED);
}

/* Takes a block of `size` bytes off the countdown; true: no point lies in it. False in threads that do not sample. Only for blocks that there may be. */
static inline bool sample_pass(struct ht_thread *thread, uint64_t size)
{
#if defined(__x86_64__)
    bool pass; /* three instructions with the branch, of which compilers make eight */
    __asm__("cmp $1, %2\n\tsbb %2, %0" : "+m"(thread->sample_left), "=@ccg"(pass) : "r"(size));
    return pass;
#else
    return (thread->sample_left -= (int64_t)(size + !size)) > 0;
#endif
}

/* What the hooks call: as ht__tell_alloc and ht__tell_free, but for blocks that are passed over. */
static inline __attribute__((always_inline)) void sample_tell_rest(const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment)
{
    struct ht_thread *thread = ht_thread_get();
    if (!thread)
        return;
    if (__builtin_expect(thread->sample_bytes != 0, 0))
        ht__sample_alloc(thread, frame, block, size, api, alignment);
    else
        ht__tell_alloc(thread, frame, block, size, api, alignment);
}

static inline __attribute__((always_inline)) void sample_tell_alloc(const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment)
{
    if (!block || !sample_pass(ht__self, size))
        sample_tell_rest(frame, block, size, api, alignment);
}

static inline __attribute__((always_inline)) void sample_tell_free(const void *frame, const void *block, unsigned api)
{
    if (ht__sample_filter && (!sample_may_know(block) || !ht__sample_forget(block)))
        return;
    struct ht_thread *thread = ht_thread_get();
    if (thread)
        ht__tell_free(thread, frame, block, api);
}

#endif
