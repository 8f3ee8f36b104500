/* census: in a list of requests, out what each place in the code asked for, and when each block ended: what ideas for a change are made from. */
#ifndef HOST_ADVICE_CENSUS_H
#define HOST_ADVICE_CENSUS_H

#include "host/replay/requests.h"

/* Of what one place in the code asked of one heap. */
struct census_group {
    uint32_t stack;               /* one of its stacks, the first */
    uint32_t heap, place;
    uint64_t allocs, frees, resizes, grows; /* resizes: that it did, of whatever block; grows: of these that enlarged the block */
    uint64_t grown_bytes, grown_from_bytes; /* by how much in all, and from what */
    uint64_t bytes, least, most;  /* sizes that it asked for */
    uint64_t resized;             /* of its blocks: how many met a realloc */
    uint64_t live, live_most, live_bytes, live_bytes_most;
    uint64_t first;               /* its first request */
};

enum { CENSUS_LIVES = UINT32_MAX }; /* the block never ended */

struct census {
    const struct requests *requests;
    VEC(struct census_group) groups;
    struct map by_stack;      /* stack and heap: number of the group */
    uint32_t *ends;           /* by request that made a block: the one that freed it */
    uint8_t *is_resized;      /* by request that made a block */
    uint64_t peak_request;    /* when most was asked for, in all heaps together */
    uint64_t peak_bytes;
};

/* Which place in the code a stack is: stacks of one number are changed together. NULL: each stack for itself. */
typedef uint32_t (*census_place)(void *context, uint32_t stack);

void census_init(struct census *census, const struct requests *requests, census_place place, void *context);
/* Of an ALLOC, ZEROED or RESIZE. */
uint32_t census_group_of(const struct census *census, const struct request *request);
void census_done(struct census *census);

#endif
