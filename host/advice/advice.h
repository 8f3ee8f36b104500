/* advice: in a list of requests and the allocator that gets them, out changes of the program that were tried on that list and are better, each with what it gains.
 * Nothing is told that was not replayed. */
#ifndef HOST_ADVICE_ADVICE_H
#define HOST_ADVICE_ADVICE_H

#include <heaptracer/table.h>

#include "host/replay/contest.h"
#include "ideas.h"

/* Sums over the heaps; the worst of them for fragmentation. */
struct advice_figures {
    uint64_t need;     /* bytes: the smallest arena that holds all; of an allocator that grows, the most that it managed */
    uint64_t taken;    /* highest sum that the blocks take */
    uint64_t refusals, calls, copied;
    double fragmentation;
};

struct advice_row {
    struct idea idea;
    struct advice_figures figures;
    double priority;
    bool is_kept;
};

struct advice_config {
    struct play_config play;
    const char *name;          /* of the allocator, as people asked for it */
    const struct arena_wishes *wishes;
    census_place place;        /* may be NULL */
    void *context;
    unsigned threads;          /* 0: as many as there are cores */
    uint64_t most_played;      /* requests, in all trials together; those that promise least are left out then. 0: any number */
};

struct advice {
    const struct requests *requests;
    struct advice_config config;
    struct census census;
    VEC(struct play_arena) arenas; /* by heap */
    VEC(struct play_result) results;
    struct advice_figures base;
    VEC(struct advice_row) rows;   /* kept ones first, the highest priority first */
    size_t kept, untried;
    bool is_open, has_fits;
};

/* The most requests for which advice is sought. */
enum { ADVICE_REQUESTS_MOST = 16 << 20 };

bool advice_make(struct advice *advice, const struct requests *requests, const struct advice_config *config, struct error *error);
void advice_table(const struct advice *advice, struct table *table);
/* Its columns, and no row yet. */
void advice_table_begin(struct table *table);
/* Rows for the real allocators of this machine that need less than its C library, each played in a process of its own; and what all took, as a note. The list must be
 * of one heap, a program's malloc. */
void advice_real_add(const struct requests *requests, struct table *table);
void advice_done(struct advice *advice);

#endif
