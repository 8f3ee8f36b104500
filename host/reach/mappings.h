/* mappings: in /proc/PID/maps, out the mappings of a process by address. */
#ifndef HOST_REACH_MAPPINGS_H
#define HOST_REACH_MAPPINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/base/arena.h"
#include "host/base/vec.h"

struct mapping {
    uint64_t start, end;
    bool readable, writable, shared;
    const char *path;   /* "" for none */
    const char *module; /* of a file that is mapped here or ends just before (its zeroes): its path; else NULL */
};

struct mappings {
    VEC(struct mapping) at;
    struct arena arena;
};

/* Takes what the file has; lines that make no sense are passed over. */
void mappings_read(struct mappings *mappings, FILE *maps);
/* The one that holds the address, or NULL. */
const struct mapping *mappings_find(const struct mappings *mappings, uint64_t address);
void mappings_done(struct mappings *mappings);

#endif
