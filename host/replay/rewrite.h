/* rewrite: in a trace and an allocator for each of its heaps, out the events of the same run as if that allocator had been there: its addresses, its refusals. */
#ifndef HOST_REPLAY_REWRITE_H
#define HOST_REPLAY_REWRITE_H

#include "contest.h"

struct rewrite;

/* What is made of a trace; `put` may be NULL. `entries` are played already: each heap of `requests` has one, in order. */
struct rewrite *rewrite_new(const struct requests *requests, const struct replay_entry *entries, void (*put)(void *context, const struct event *event), void *context,
                            struct error *error);
/* The events of the trace again, from its first on. */
void rewrite_put(struct rewrite *rewrite, const struct event *event);
/* Events that its allocators refused or that were about places of the recorded run, and so are not in what was made. */
uint64_t rewrite_left_out(const struct rewrite *rewrite);
/* Of a heap: how many blocks got the address that they have in the trace, and the first that did not. */
struct rewrite_match {
    uint64_t births, same;
    uint64_t mapped;    /* of `same`: in mappings of their own, whose place a system chooses: only the place in the page is compared */
    uint64_t elsewhere; /* of `same`: in larger rooms that a system places, as glibc's heaps of further arenas: only the place in the room is compared */
    bool differs;
    uint64_t time_ns, size;
    ht_addr recorded, given; /* given 0: refused */
    uint32_t stack;
};
/* One for each heap of the requests. */
const struct rewrite_match *rewrite_matches(const struct rewrite *rewrite);
void rewrite_free(struct rewrite *rewrite);

#endif
