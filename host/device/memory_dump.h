/* memory_dump: in a dump of a firmware's memory (a core dump, what a debugger saved), out the bytes of the rings of frames that it holds, oldest first. */
#ifndef HOST_DEVICE_MEMORY_DUMP_H
#define HOST_DEVICE_MEMORY_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ring: `first`, then `second`. What it began with may be the rest of a frame. */
struct memory_ring {
    const uint8_t *first, *second;
    size_t first_bytes, second_bytes;
    uint32_t runs; /* times that the firmware began it */
};

/* The next ring at or behind *place, which moves behind its head. False: there is none. */
bool memory_dump_next(const uint8_t *dump, size_t bytes, size_t *place, struct memory_ring *ring);

#endif
