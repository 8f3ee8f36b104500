/* presence: in a range of a process's addresses, out the runs of pages in it that hold something. */
#ifndef HOST_REACH_PRESENCE_H
#define HOST_REACH_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRESENCE_PAGE = 4096 };

struct page_run {
    uint64_t start, end;
    uint64_t kind; /* PRESENCE_WATCHED, PRESENCE_WRITTEN */
};
#define PRESENCE_WATCHED 1u /* it would be known if it was written to */
#define PRESENCE_WRITTEN 2u /* since it was last asked for with `watch`, or it is not watched */

struct presence_wish {
    bool private;      /* none that are a file's own */
    bool only_written; /* and those are to be watched from now on */
};

/* At most `room` runs of [from, end), in order, and where to go on: how many; -1: the kernel does not tell. */
int presence_scan(int pagemap, const struct page_run *range, const struct presence_wish *wish, struct page_run *runs, size_t room, uint64_t *next);
/* The first page at or behind `from`, of a private mapping, that holds something; `end`: none does. */
uint64_t presence_next(int pagemap, uint64_t from, uint64_t end);

#endif
