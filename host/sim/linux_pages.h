/* linux_pages: in one or two regions, out what Linux gives a process there: a break that moves up from the first one's beginning, and mappings, each as high as there is a hole
 * for it. Where there is one region both share it, and meet in the middle. */
#ifndef HOST_SIM_LINUX_PAGES_H
#define HOST_SIM_LINUX_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "gaps.h"

struct linux_pages {
    uint64_t start, top;   /* of the break */
    uint64_t end;          /* that the break may reach, where it has a region of its own; else 0 */
    uint64_t page, mapped; /* mapped: bytes */
    struct gaps holes;     /* where mappings may be */
};

static const uint64_t LINUX_REFUSED = UINT64_MAX;

/* The second region may have no bytes. */
void linux_begin(struct linux_pages *pages, struct gap region, struct gap map_region, uint64_t page);
/* The old break, or LINUX_REFUSED. */
uint64_t linux_more(struct linux_pages *pages, uint64_t bytes);
void linux_less(struct linux_pages *pages, uint64_t bytes);
/* Of whole pages; an address, or LINUX_REFUSED. */
uint64_t linux_map(struct linux_pages *pages, uint64_t bytes);
void linux_unmap(struct linux_pages *pages, uint64_t address, uint64_t bytes);
/* Where it is if it can grow there. */
uint64_t linux_remap(struct linux_pages *pages, uint64_t address, uint64_t bytes, uint64_t wanted);
void linux_done(struct linux_pages *pages);

#endif
