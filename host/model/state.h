/* state: what the model keeps; for host/model only, all others ask through <heaptracer/model.h>. */
#ifndef HOST_MODEL_STATE_H
#define HOST_MODEL_STATE_H

#include <heaptracer/model.h>

#include "blocks.h"
#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/vec.h"
#include "pages.h"

enum { MODEL_QUEUE = 64, MODEL_CHANGES = 64, MODEL_AHEAD = 8, MODEL_FLIGHTS = 1024, MODEL_MARKS = 65536, MODEL_TOLD = 16384, MODEL_POOLS = 256 };

/* A node of the tree of stacks; `site` is 0 until a block was born there. */
struct frame_node {
    uint32_t parent, site;
};

struct heap_state {
    struct heap heap;
    struct blocks blocks;
    struct heap_state *next_of_process;
    bool is_alone; /* the process has no other heap: its account is the process's */
};

/* A block that is inside realloc. */
struct flight {
    struct slot slot;
    struct heap_state *heap;
    uint32_t thread;
};

struct site_spread {
    struct spread allocated, live, at_peak;
};

struct model {
    struct model_config config;
    struct model_totals totals;
    uint64_t time_ns;
    uint64_t peak_epoch;   /* how often a new peak was reached */
    uint64_t loaded_sites; /* what model_load was told */
    unsigned queued, changed;
    struct event queue[MODEL_QUEUE];
    struct change changes[MODEL_CHANGES];
    const struct change *made[MODEL_CHANGES + 1], *freed[MODEL_CHANGES + 1], *rare[MODEL_CHANGES + 1];
    unsigned made_count, freed_count, rare_count;
    VEC(struct frame_node) frames;
    VEC(struct site) sites;
    VEC(struct site_spread) spreads; /* sampled traces only */
    VEC(struct thread) threads;
    VEC(struct process) processes;
    VEC(struct heap_state *) process_heaps; /* by process id: its malloc heap, first of a list of all its heaps; NULL before its first block */
    VEC(struct heap_state *) heaps;
    struct map heap_numbers; /* process << 32 | heap id -> number in `heaps` + 1; not the malloc heaps */
    VEC(struct more) more;
    uint32_t free_more; /* a list through next_free; 0 ends it */
    VEC(struct flight) flights;
    VEC(struct pages) pages; /* by process id */
    VEC(struct module) modules;
    VEC(struct source) sources;
    VEC(struct mark) marks;
    VEC(struct fault) faults; /* of these three MODEL_TOLD at most */
    VEC(struct alert) alerts;
    VEC(struct heap_reading) readings;
    VEC(struct pool) pools;
    VEC(struct scan_result) scans;
    VEC(struct scan_finding) scan_sites, scan_blocks;
    struct arena texts;
    void *shared; /* not the model's: see model_shared */
};

/* definitions.c */
const char *model_text(struct model *model, const char *text); /* a copy; "" for NULL */
void model_define(struct model *model, const struct event *event);

/* told.c: what firmware tells of itself */
void model_told(struct model *model, const struct event *event);

/* state.c */
uint32_t model_site_new(struct model *model, uint32_t stack);
struct heap_state *model_heap_find(struct model *model, uint32_t process, uint32_t heap);
void model_block_of(const struct model *model, const struct heap_state *heap, const struct slot *slot, struct block *block);
/* Fills what the block has more than a slot holds. */
void model_slot_fill(struct model *model, struct slot *slot, const struct block *block);
void model_slot_drop(struct model *model, const struct slot *slot);

static inline uint32_t model_site(struct model *model, uint32_t stack)
{
    if (!stack || stack >= model->frames.count)
        return 0;
    uint32_t site = model->frames.at[stack].site;
    return __builtin_expect(site != 0, 1) ? site : model_site_new(model, stack);
}

static inline struct heap_state *model_heap_of(struct model *model, uint32_t process, uint32_t heap)
{
    struct heap_state *first = model->process_heaps.at[process];
    return __builtin_expect(first && !heap, 1) ? first : model_heap_find(model, process, heap);
}

/* A damaged or foreign id becomes 0, "not known". */
static inline uint32_t model_thread_index(const struct model *model, uint32_t thread)
{
    return thread < model->threads.count ? thread : 0;
}
static inline uint32_t model_process_index(const struct model *model, uint32_t process)
{
    return process < model->processes.count ? process : 0;
}

#endif
