/* leak_story: in changes, out what the blocks of each call stack did in each process: how much lived when, how long those lived that were freed, and when and by
 * whom those were made that live on. Times are in STORY_SLOTS equal parts of the trace, which become longer with it. */
#ifndef HOST_ANALYSIS_LEAK_STORY_H
#define HOST_ANALYSIS_LEAK_STORY_H

#include <heaptracer/model.h>

#include "host/base/map.h"
#include "host/base/vec.h"

enum { STORY_SLOTS = 32, STORY_PARTS = 16, STORY_CLASSES = 32, STORY_WINDOWS = 64, STORY_THREADS = 4 };

/* Of one call stack in one process. */
struct leak_story {
    uint64_t first_ns;             /* birth of the first block */
    int64_t live_bytes;
    uint32_t slot;                 /* of the latest change */
    float course[STORY_SLOTS];     /* live bytes at the end of each slot before that */
    uint64_t freed;                /* blocks; those that a realloc replaced are not among them */
    uint32_t lives[STORY_CLASSES]; /* how many of them by log2 of their lifetime: class c is [2^(c+9), 2^(c+10)) ns, class 0 below 1024 ns */
    uint64_t active;               /* a bit for each window between marks in which blocks were made */
    /* of the blocks that live on */
    uint64_t left;                 /* the same for these */
    uint64_t count, ended_threads; /* ended_threads: of them, made by threads that have ended */
    uint32_t threads[STORY_THREADS], thread_count; /* these threads, the first few */
    uint32_t births[STORY_PARTS];  /* by equal parts of their process's life */
    uint64_t oldest_ns, newest_ns; /* ages */
    uint32_t ages[STORY_CLASSES];  /* how many by log2 of their age, as `lives` */
};

struct leak_stories {
    const struct model *model;
    VEC(struct leak_story) list;
    struct map places;     /* site and process -> place in `list`, + 1 */
    VEC(uint64_t) first;   /* the same for the first process, by site */
    uint32_t first_process;
    uint64_t begin_ns, width_ns, edge_ns; /* edge: where `slot` ends */
    uint32_t slot;
    size_t marks;          /* that came so far: the number of the window */
    uint64_t mark_ns;      /* when the next one comes */
    unsigned window_shift; /* a bit of `active` stands for so many windows (log2) */
};

void leak_stories_begin(struct leak_stories *stories, const struct model *model);
void leak_stories_see(struct leak_stories *stories, const struct changes *changes);
/* A copy that also has the blocks that live now: to be asked. */
void leak_stories_take(const struct leak_stories *from, struct leak_stories *to);
/* NULL: it had no blocks. */
const struct leak_story *leak_stories_find(const struct leak_stories *stories, uint32_t site, uint32_t process);
/* Live bytes at the ends of slots, from that of the first birth on, up to the end of the process; how many. */
size_t leak_story_course(const struct leak_stories *stories, const struct leak_story *story, uint32_t process, double values[STORY_SLOTS]);
/* The share of the blocks that live on that are older than 99 of 100 lifetimes of freed ones; 0 if too few were freed to say. */
double leak_story_overdue(const struct leak_story *story);
/* The windows between marks, the first (before any mark) and the latest left out: in how many blocks were made, and in how many such that live on. */
void leak_story_windows(const struct leak_stories *stories, const struct leak_story *story, unsigned *active, unsigned *left);
/* The share of the parts of the process's life, from the first birth of a block that lives on, in which such were born; 0 if they are few. */
double leak_story_steadiness(const struct leak_story *story);
void leak_stories_done(struct leak_stories *stories);

#endif
