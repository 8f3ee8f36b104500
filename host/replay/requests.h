/* requests: in events, out what the program asked of its heaps, compactly: no addresses, but which block. A trace is decoded once and played many times.
 * Thread safety: once filled it may be read by many threads. */
#ifndef HOST_REPLAY_REQUESTS_H
#define HOST_REPLAY_REQUESTS_H

#include <heaptracer/trace.h>

#include "host/base/error.h"
#include "host/base/map.h"
#include "host/base/vec.h"
#include "player/request.h"

/* A heap of one process of the trace. */
struct request_heap {
    uint32_t process, id, kind; /* id 0: the malloc heap of the process */
    char *name;                 /* "" if it has none */
    uint64_t base, bytes;       /* as the trace tells; 0: not known */
    uint64_t lowest, highest;   /* of the addresses of its blocks in the trace */
    uint64_t requests, live_bytes, peak_bytes, live, blocks; /* blocks: most that lived at once, and so how many numbers there are */
    uint64_t first, end;        /* its requests stand in [first, end) of the list, with those of others between them */
    struct map places;          /* address: number of the block */
    VEC(uint64_t) sizes;        /* by number */
    VEC(uint32_t) unused;       /* numbers */
};

struct request_flight {
    uint32_t thread, heap, block;
    ht_addr address;
};

/* A thread of the trace that ended before that request of the list. */
struct request_thread_end {
    uint64_t before;
    uint32_t thread;
};

struct requests {
    VEC(struct request) list;
    VEC(uint64_t) times;            /* by request, in ns */
    VEC(uint32_t) threads;          /* by request, who asked; none as long as first_thread asked for all */
    uint32_t first_thread;
    VEC(struct request_thread_end) thread_ends;
    VEC(struct request_heap) heaps; /* those that were asked */
    struct map heap_numbers;        /* process and heap: number + 1 */
    VEC(uint64_t) marks;            /* how many requests came before each mark of the trace; the first thousands */
    VEC(struct heap_definition) definitions;
    struct map forked;              /* processes that began with their parent's heap */
    VEC(struct request_flight) flights;
    uint32_t only_process;          /* 0: all */
    uint64_t most;                  /* requests; what comes behind is counted only */
    uint64_t sample_bytes;
    /* what the list cannot know */
    uint64_t unknown_frees, inherited, vanished, tries, gaps, lost_events, left_out, heaps_left_out, flights_lost, heaps_forked;
    uint64_t end_ns;
};

/* A request was put at the end of the list. */
static inline void requests_count(struct requests *requests, struct request_heap *heap)
{
    heap->first = heap->requests ? heap->first : requests->list.count - 1;
    heap->end = requests->list.count;
    heap->requests++;
}

/* Who made the request at the end of the list. */
static inline void requests_thread_put(struct requests *requests, uint32_t thread)
{
    if (requests->list.count == 1)
        requests->first_thread = thread;
    if (!requests->threads.count && thread == requests->first_thread)
        return;
    while (requests->threads.count + 1 < requests->list.count)
        vec_push(&requests->threads, requests->first_thread);
    vec_push(&requests->threads, thread);
}

static inline uint32_t requests_thread(const struct requests *requests, uint64_t number)
{
    return requests->threads.count ? requests->threads.at[number] : requests->first_thread;
}

/* 24 bytes each, 28 if there are several threads. */
enum { REQUESTS_MOST = 64 << 20 };

void requests_init(struct requests *requests, const struct trace_header *header);
/* The request that the event is, if it is one, goes to the end of the list. */
void requests_put(struct requests *requests, const struct event *event);
void requests_done(struct requests *requests);
/* Sentences about what the answer of a replay does not know, each ended by a newline; none if it knows all. */
struct str;
void requests_say(const struct requests *requests, struct str *out);

#endif
