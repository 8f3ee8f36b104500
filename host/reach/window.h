/* window: in a process and the address of a page, out the page's bytes. Pages that the process never touched are not read. */
#ifndef HOST_REACH_WINDOW_H
#define HOST_REACH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "still.h"

enum { WINDOW_PAGE = 4096, WINDOW_PAGES = 256, WINDOW_BYTES = WINDOW_PAGE * WINDOW_PAGES };

struct window {
    pid_t pid;           /* 0: only through `memory` */
    int memory, pagemap; /* files of /proc; -1: none. Without a pagemap all pages are read */
    const struct still *still; /* of its private memory; NULL: that is read from the process */
    bool shared;         /* what is looked at next is shared with others or a file: whether this process touched a page is not asked */
    uint64_t start;      /* of the bytes that are here */
    bool was_shared;
    uint64_t read_bytes;
    bool present[WINDOW_PAGES];
    char *bytes;
};

/* Files of /proc may be opened by another than the one who reads through them. */
void window_init(struct window *window, pid_t pid, int memory, int pagemap);
void window_done(struct window *window);
/* The next MiB-aligned window, that holds `page`. */
void window_load(struct window *window, uint64_t page);

/* NULL: there is nothing. Valid until the next call. */
static inline const void *window_page(struct window *window, uint64_t page)
{
    if (page - window->start >= WINDOW_BYTES || window->shared != window->was_shared)
        window_load(window, page);
    uint64_t at = page - window->start;
    return window->present[at / WINDOW_PAGE] ? window->bytes + at : NULL;
}

/* The first page at or behind `page` where something may be, at most `end`. */
uint64_t window_next(const struct window *window, uint64_t page, uint64_t end);
/* `count` bytes, a few, wherever they are; false if not all are there. */
bool window_copy(struct window *window, uint64_t address, void *to, size_t count);

#endif
