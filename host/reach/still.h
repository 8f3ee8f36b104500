/* still: in a process that runs, out its private memory as it is at one moment: most is copied while it runs, and at that moment only what it wrote meanwhile.
 *
 * A userfaultfd of the process, in its asynchronous way, lets the kernel note which pages are written to; the program is never made to wait by it. The still
 * is memory that is shared with forks of ours. */
#ifndef HOST_REACH_STILL_H
#define HOST_REACH_STILL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/base/str.h"
#include "host/base/vec.h"
#include "presence.h"

/* Large memory of the process, that is watched, and where its copy is. */
struct still_area {
    uint64_t start, end;
    char *copy;
};

struct still_run {
    uint64_t start, end;
    const char *bytes;
};

struct still {
    pid_t pid;
    int watch, memory, pagemap;
    VEC(struct still_area) areas;
    VEC(struct still_run) runs; /* by address: all there was at that moment */
    struct str maps;            /* what /proc/PID/maps said then */
    char *room, *rest;          /* the copies of areas; and of all else */
    uint64_t room_bytes, rest_bytes;
    bool copies, is_copied, has_failed; /* the second is set by the copier */
    pthread_t copier;
};

/* Begins to copy. False: the process has not so much memory that it is worth it, or so much that there is no room, or the kernel cannot. */
bool still_begin(struct still *still, pid_t pid);
/* The watch is a userfaultfd of the process, and becomes ours. False: it cannot be used. */
bool still_watch(struct still *still, int watch);
/* True when little is left to be copied. */
bool still_is_copied(const struct still *still);
/* The process stands still: what is left. False: it is too much, or cannot be read. */
bool still_take(struct still *still);
/* The process goes on: what it writes need not be known any more. */
void still_unwatch(struct still *still);
/* What is on a page: NULL for nothing. */
const char *still_page(const struct still *still, uint64_t page);
/* The first page at or behind `from` that the still has; `end`: none. */
uint64_t still_next(const struct still *still, uint64_t from, uint64_t end);
void still_done(struct still *still);

#endif
