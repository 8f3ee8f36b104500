/* player: what the player is given beside its requests, and what it answers. It is a program of its own, so that it can run on any malloc. */
#ifndef HOST_REPLAY_PLAYER_PLAYER_H
#define HOST_REPLAY_PLAYER_PLAYER_H

#include <stdint.h>

/* heaptracer-player REQUESTS ANSWER: two descriptors. The first holds struct player_order and then its requests; the second takes one struct player_answer. */
struct player_order {
    uint64_t requests, blocks; /* blocks: numbers of blocks are below it */
    uint64_t heap;             /* only the requests of that heap */
};

struct player_answer {
    uint64_t requests, refusals, moves, wall_ns;
    uint64_t peak_asked, peak_usable;         /* sums of what was asked for, and of malloc_usable_size */
    uint64_t base_rss, peak_rss, end_rss;     /* anonymous memory that is resident, in bytes: before the first request, the most, at the end */
    uint64_t base_pss, peak_pss;              /* its proportional share then, and when most was asked for; 0: not known */
};

#endif
