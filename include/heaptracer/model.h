/* model: in events in exact order, out the state of all heaps at that moment and what each event changed. Memory is for live blocks and distinct
 * sites, threads, processes, never for events.
 * Thread safety: one model belongs to one thread at a time. What the functions return lives until the next model_put or model_free. */
#ifndef HEAPTRACER_MODEL_H
#define HEAPTRACER_MODEL_H

#include <heaptracer/trace.h>

/* allocated: births; freed: frees and blocks replaced by realloc; live: now; peak: live when live.bytes was highest (the first time). */
struct account {
    struct tally allocated, freed, live, peak;
    uint64_t peak_time_ns;
};

enum block_flag {
    BLOCK_SAMPLED = 1, /* has a weight */
    BLOCK_OLD = 2,     /* was there before the counting began: its birth is in no `allocated` */
    BLOCK_INTERRUPT = 8, /* made in an interrupt */
};

/* A realloc ends a block and makes another one; `first_site`, `resizes` and `moves` tell the chain that it stands in. */
struct block {
    ht_addr address;
    uint64_t size, usable; /* usable 0: not known */
    uint64_t birth_ns;
    uint32_t site, thread; /* that made it */
    uint32_t process, heap;
    uint32_t first_site;     /* where the chain began */
    uint32_t resizes, moves; /* reallocs of the chain so far, and how many of them moved it */
    uint32_t flags;          /* enum block_flag */
};

enum change_kind {
    CHANGE_NONE,    /* nothing in the heaps changed: thread and process ends, marks, states */
    CHANGE_BIRTH,   /* `block` is new */
    CHANGE_INHERIT, /* `block` is known from now on, though it is older */
    CHANGE_FREE,    /* `block` was freed */
    CHANGE_LIFT,    /* `block` went into a realloc that has not returned yet: it is not live meanwhile */
    CHANGE_RESIZE,  /* `old` became `block`; equal addresses: in place */
    CHANGE_RESTORE, /* the realloc failed, or the trace ended in it: `block` is live again */
    CHANGE_LEAVE,   /* `block` was live when its process ended */
    CHANGE_VANISH,  /* `block` must have ended unseen: another was born at its address, or the filter let its realloc's result go */
    CHANGE_REFUSE,  /* an allocation of `size` failed */
    CHANGE_UNKNOWN, /* a free or realloc of `address`, where no block is known */
    CHANGE_FOREIGN, /* the same in a forked child: the block may be the parent's */
    CHANGE_MAP,     /* pages [address, address + size) came */
    CHANGE_UNMAP,   /* pages went */
    CHANGE_KIND_COUNT
};

struct change {
    uint8_t kind;             /* enum change_kind */
    uint8_t api;              /* of the event */
    bool is_temporary;        /* CHANGE_FREE of the block that the freeing thread had made last */
    uint32_t process, thread; /* in which it happened; 0: not known */
    uint32_t site;            /* of the event, where it makes something; 0: no stack */
    uint32_t stack;           /* of the event, whatever it is; 0: not recorded */
    uint64_t time_ns;
    ht_addr address, old_address;
    uint64_t size;
    struct tally amount; /* what `block` stands for: size and one, or their weighted values */
    struct tally live;   /* in all heaps, behind this change */
    struct block block;
    struct block old; /* CHANGE_RESIZE only */
};

/* How far sampled sums may be from the truth: for each sample with weighted bytes w and probability p, variance grows by w^2 (1 - p). */
struct spread {
    double variance; /* bytes^2 */
    uint64_t samples, sample_bytes;
};

struct site {
    uint32_t stack;      /* EVENT_FRAME id; site 0 is "no stack" */
    uint32_t source;     /* EVENT_SOURCE id, 0 none */
    uint64_t peak_epoch; /* private */
    struct account account;
    struct tally at_peak;   /* live at the peak of all: ask model_site_at_peak */
    struct tally left;      /* live when their process ended */
    struct tally temporary; /* freed by the thread that made them before it made another */
    uint64_t refused, maps;
};
struct thread {
    uint32_t id, process, tid;
    const char *name;
    bool ended;
    uint64_t begin_ns, end_ns;
    uint64_t end_event; /* its number among all events: times may be equal */
    struct account account;     /* of blocks that this thread made */
    struct tally frees;         /* done by this thread */
    struct tally foreign_frees; /* of them, of blocks that another thread made */
    struct tally temporary;     /* of them, of the block that the thread had made last */
    uint64_t refused;
    ht_addr last_address; /* private: of the block that it made last; 0: none */
    uint32_t last_heap;
    uint32_t priority;
    uint64_t stack_base, stack_bytes; /* 0: not known */
    bool use_known;
    struct stack_use_definition use; /* the latest that firmware told of its stack */
};
struct process {
    uint32_t id, parent, pid, how; /* how: 0 first, 1 fork, 2 exec */
    const char *command;
    bool ended, status_known;
    uint64_t begin_ns, end_ns, status;
    struct account account;
    struct tally left; /* live when it ended */
    uint64_t refused, unknown_frees, foreign_frees, mapped_bytes, mapped_peak_bytes;
};
struct heap {
    uint32_t id, process, kind;
    uint64_t base, size;
    const char *name;
    struct account account;
    uint32_t caps;
    uint64_t refused;
    bool use_known, bandwidth_known;
    bool keeps_reading; /* private */
    struct heap_use_definition use; /* the latest that firmware told */
    struct bandwidth_definition bandwidth;
};
/* Blocks of one size in a heap that is a pool. */
struct pool {
    uint32_t process, heap;
    uint64_t time_ns;
    struct pool_use_definition use; /* the latest */
};
/* What firmware told about one heap at one time. */
struct heap_reading {
    uint64_t time_ns;
    uint32_t process, heap;
    struct heap_use_definition use;
};
/* What the target did not tell of the block was taken from the blocks that were live then. */
struct fault {
    uint64_t time_ns;
    uint32_t process, thread, heap, stack; /* stack: where it was found */
    ht_addr address;
    struct fault_definition told; /* but `around` */
    const char *around;
    uint32_t maker;    /* thread that made the block; 0: not known */
    uint64_t birth_ns; /* of the block; 0: not known */
};
struct alert {
    uint64_t time_ns;
    uint32_t process, thread;
    struct alert_definition told;
};
struct module {
    uint32_t id, process;
    uint64_t start, end, bias;
    uint8_t build_id[20];
    uint32_t build_id_bytes;
    const char *path;
};
struct source {
    uint32_t line;
    const char *file, *function, *variable;
    uint32_t caps;
};
struct mark {
    uint64_t time_ns;
    uint32_t process, thread;
    const char *label;
};
struct page_range {
    ht_addr start, end;
    uint64_t birth_ns;
    uint32_t site, thread, process;
};

/* A look at a process (EVENT_SCAN), and what it found. */
struct scan_result {
    struct scan_definition found;
    uint32_t process;
    uint64_t time_ns, unseen; /* unseen: blocks that could not be looked at */
    uint64_t event; /* how many events came before */
};
struct scan_finding {
    struct scan_site_definition found; /* the blocks of one class and stack, or one block */
    uint32_t process, stack;
    ht_addr address;
    uint64_t bytes;
};

struct model_totals {
    struct account account; /* all heaps of all processes */
    struct tally left;      /* live when their process ended */
    struct tally vanished;
    uint64_t events;                                                                        /* all but definitions */
    uint64_t processes, threads;                                                            /* named so far */
    uint64_t births, frees, resizes, failed_resizes, refused, unknown_frees, foreign_frees; /* as recorded, without weights */
    uint64_t samples, truncated;
    uint64_t gaps, lost_events, lost_bytes;
    uint64_t begin_ns, end_ns; /* of what was counted */
    uint64_t mapped_bytes, mapped_peak_bytes, mapped_peak_time_ns, maps, unmaps;
    uint64_t told, faults, alerts; /* by firmware: in all, and of these; only the first thousands are kept */
    bool cost_known;
    struct cost_definition cost; /* the latest */
    struct spread allocated_spread, live_spread, peak_spread;
};

/* A bunch of changes. `all` has them in order; the other lists point to some of them, so that who wants only these need not look at the rest. */
struct changes {
    const struct change *all;
    const struct change *const *made;  /* CHANGE_BIRTH and CHANGE_RESIZE */
    const struct change *const *freed; /* CHANGE_FREE */
    const struct change *const *rare;  /* all but CHANGE_BIRTH and CHANGE_FREE */
    size_t count, made_count, freed_count, rare_count;
};

typedef void (*model_see)(void *context, const struct changes *changes);
struct model_config {
    uint64_t sample_bytes; /* of the trace's header; 0: nothing is sampled */
    uint32_t only_process; /* 0: all */
    uint32_t only_thread;  /* 0: all; else only blocks that this thread made */
    model_see see;         /* may be NULL */
    void *context;
    uint64_t tick_ns; /* of the trace's header: times are no finer */
};

struct model;
/* What a model has at the end of a trace, from the totals in its footer: right are the totals but those of page maps and of samples, and the sites that the
 * footer has: account (`freed` only if nothing vanished or was inherited), at_peak, left, temporary. There are no blocks, heaps, threads. Call it once. */
void model_load(struct model *model, const struct trace_totals *totals);
struct model *model_new(const struct model_config *config);
/* Takes the event. Changes are handed to `see` in order, some events later (they are handled in bunches, so that memory can be fetched ahead). */
void model_put(struct model *model, const struct event *event);
/* Handles all that was taken so far. */
void model_flush(struct model *model);
/* Counting begins here: blocks stay, but all counts of the past are forgotten, and the peak is what lives now. */
void model_restart(struct model *model, uint64_t time_ns);
/* The end of the trace: reallocs in flight are given up. */
void model_finish(struct model *model, uint64_t time_ns);
void model_free(struct model *model);

const struct model_totals *model_get_totals(const struct model *model);
uint64_t model_sample_bytes(const struct model *model);
uint64_t model_tick_ns(const struct model *model); /* times are no finer */
/* A place for what several analyses of one model keep together; NULL at first. Who puts something there takes it away again. */
void **model_shared(const struct model *model);
uint64_t model_time(const struct model *model); /* of the latest event */
/* Indexed by site, thread id, process id; entry 0 stands for "not known". */
const struct site *model_sites(const struct model *model, size_t *count);
const struct thread *model_threads(const struct model *model, size_t *count);
const struct process *model_processes(const struct model *model, size_t *count);
const struct module *model_modules(const struct model *model, size_t *count);
const struct source *model_sources(const struct model *model, size_t *count);
const struct mark *model_marks(const struct model *model, size_t *count);
/* In the order of the trace; `found.scan` of a finding is `found.id` of its scan. */
const struct scan_result *model_scans(const struct model *model, size_t *count);
const struct scan_finding *model_scan_sites(const struct model *model, size_t *count);
const struct scan_finding *model_scan_blocks(const struct model *model, size_t *count);
/* The heaps that had a block, `number` from 0; NULL behind the last. */
const struct heap *model_heap(const struct model *model, size_t number);
/* What firmware told, in order of time; all empty for a Linux process. */
const struct fault *model_faults(const struct model *model, size_t *count);
const struct alert *model_alerts(const struct model *model, size_t *count);
const struct heap_reading *model_readings(const struct model *model, size_t *count);
const struct pool *model_pools(const struct model *model, size_t *count); /* in order of appearance */
/* Sites that had blocks or made, were refused or mapped some since the counting began, without site 0. */
uint64_t model_count_sites(const struct model *model);
/* Parent of a stack id; 0 at the root. Parents have smaller ids. */
uint32_t model_parent(const struct model *model, uint32_t stack);
size_t model_stacks(const struct model *model); /* ids are below this */
/* What the site held when all heaps together held most. */
struct tally model_site_at_peak(const struct model *model, uint32_t site);
/* Sampled traces only, else zeroes: of what the site allocated, and of what it held at the peak. */
struct spread model_site_spread(const struct model *model, uint32_t site);
struct spread model_site_peak_spread(const struct model *model, uint32_t site);
/* Every live block, in no order; those of ended processes are gone (CHANGE_LEAVE). */
void model_each_block(const struct model *model, void (*visit)(void *context, const struct block *block), void *context);
/* Every live range of pages by process and address. */
void model_each_pages(const struct model *model, void (*visit)(void *context, const struct page_range *range), void *context);

/* What a block stands for, and how it adds to a spread. */
struct tally model_weigh(const struct model *model, const struct block *block);
void model_spread_add(const struct model *model, struct spread *spread, const struct block *block);
/* The interval that holds the true bytes with 95 %: exact Poisson (gamma) limits below 100 uncertain samples' worth, normal ones above. */
void spread_interval(const struct spread *spread, uint64_t bytes, uint64_t *low, uint64_t *high);

#endif
