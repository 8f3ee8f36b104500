/* tell: in what a hook saw, out a record in the calling thread's lane. Keeps errno; safe in signal handlers. `frame` is HT_FRAME of the hook. */
#ifndef TARGET_PROCESS_TELL_H
#define TARGET_PROCESS_TELL_H

#include "thread.h"
#include "walk.h"

/* All that a record of an allocation can say. */
struct telling {
    unsigned op, api;      /* HT_LANE_ALLOC_WIDE, HT_LANE_RESIZE_END, HT_LANE_REFUSE or HT_LANE_FREE_STACK */
    const void *block, *old;
    uint64_t size;
    uint32_t alignment;
    uint16_t flags, heap;
    bool foreign;          /* not a block of malloc's: it has no usable size and no pending source */
};
void ht__tell(struct ht_thread *thread, const void *frame, const struct telling *telling);

/* After the real call: `block` NULL is a refusal. alignment 0: none was asked for. */
void ht__tell_alloc(struct ht_thread *thread, const void *frame, const void *block, uint64_t size, unsigned api, uint32_t alignment);
/* Before the real free. */
void ht__tell_free(struct ht_thread *thread, const void *frame, const void *block, unsigned api);
/* Before the real realloc, and after it with its result (NULL: it failed). */
void ht__tell_resize_begin(struct ht_thread *thread, const void *block, unsigned api);
void ht__tell_resize_end(struct ht_thread *thread, const void *frame, const void *from, const void *block, uint64_t size, unsigned api);
/* Pages came (size), went (address, size) or moved (old). */
void ht__tell_map(struct ht_thread *thread, const void *frame, const void *address, uint64_t size, const void *old, unsigned api);
/* Something is broken; its stack is where that was found. */
void ht__tell_fault(struct ht_thread *thread, const void *frame, const struct ht_more_fault *fault);
/* A record of type enum ht_lane_more; its two parts are joined. */
void ht__tell_more(struct ht_thread *thread, unsigned type, const void *head, uint64_t head_bytes, const void *tail, uint64_t tail_bytes);
/* The thread's next allocation is made at this place; 0: no longer. */
void ht__tell_source(struct ht_thread *thread, uint64_t source);
/* Which rule the process's allocator follows (enum ht_usable_rule); set once at the start. */
extern uint32_t ht__usable_rule;

#endif
