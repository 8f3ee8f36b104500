/* events: in a plan, out random requests to an allocator, each answer put into a hash that is told every so often. The same file is compiled into a firmware, into a
 * program of this machine and beside the model: where the hashes are equal, so is every address and every refusal. */
#ifndef TESTS_LIBC_EVENTS_H
#define TESTS_LIBC_EVENTS_H

#include <stdint.h>

/* What a firmware is built with; the model is told the same. */
struct libc_plan {
    uint32_t seed, events;
    uint16_t slots;
    uint16_t small, middle; /* bytes: most requests are below the first, many below the second */
    uint32_t most;          /* and the others below this */
    uint16_t least_resize;  /* bytes */
    uint8_t aligned;        /* 1: some requests name an alignment */
    uint16_t check_each;    /* events */
    uint32_t least_events;  /* 0: all; else the real one may end sooner, as its heap is spoilt */
};

#ifdef __AVR__
enum { LIBC_SLOTS_MOST = 64, LIBC_EACH = 1024 };
#else
enum { LIBC_SLOTS_MOST = 1024, LIBC_EACH = 1024 };
#endif

#ifdef LIBC_MODEL
typedef uint64_t libc_block;
#else
typedef uintptr_t libc_block;
#endif

struct libc_told {
    uint32_t event, hash, answers, refusals;
};

/* By the one who has the allocator; 0: refused. */
libc_block libc_alloc(uint32_t bytes);
libc_block libc_calloc(uint32_t bytes);
libc_block libc_aligned(uint32_t bytes, uint32_t align);
libc_block libc_resize(libc_block block, uint32_t bytes);
void libc_free(libc_block block);
/* What of an address is compared: all of it, but of a block that the kernel placed only its place in the page. */
uint64_t libc_known(libc_block block);
/* Behind every check_each events, and the last. */
void libc_check(const struct libc_told *told);
/* Every event, for one who looks for the first that differs among LIBC_EACH. */
void libc_each(uint32_t event, char kind, uint32_t bytes, uint64_t known);

void libc_events(const struct libc_plan *plan);

#endif
