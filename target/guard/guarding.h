/* guarding: in the calls of malloc and its kin, out the same calls with checks around each block; what is found broken is told as a fault.
 *
 * A block has a head of 16 bytes before it and a tail of 8 to 23 bytes behind it (seal.h). Freed blocks are poisoned and wait in a queue before they are
 * given back (resting.h). All living blocks are known in a table (registry.h), so that they can be looked at in slices and at the exit.
 * Nothing here waits for a lock: what another thread, or the interrupted one, holds is passed over. */
#ifndef TARGET_GUARD_GUARDING_H
#define TARGET_GUARD_GUARDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paged.h"

/* The allocator that is guarded. */
struct guard_below {
    void *(*malloc)(size_t size);
    void (*free)(void *block);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    void *(*memalign)(size_t alignment, size_t size);
};

/* Who may free what: blocks of one family. */
enum guard_family { GUARD_MALLOC, GUARD_NEW, GUARD_NEW_ARRAY, GUARD_NEW_ALIGNED, GUARD_NEW_ARRAY_ALIGNED };

struct guard_config {
    struct guard_below below;
    uint64_t secret;
    uint64_t quarantine_bytes;
    uint64_t fail_nth;     /* the call of the process, from 1, that is refused; 0: none */
    uint32_t fail_rate;    /* of 2^32 calls so many are refused, at random */
    bool stop;             /* the first fault ends the program */
    uint32_t page_every;   /* one of so many blocks ends at a guard page (paged.h); 0: none */
    uint64_t pages_most;   /* of such blocks, at once */
    struct paged_layout layout;
};

/* Before the program's first block. False: no memory. */
bool ht__guard_begin(const struct guard_config *config);
/* The program has touched what it must not: true if that was ours, and told. `opened`: it may go on. */
bool ht__guard_hit(const void *address, bool is_write, bool *opened);
/* The program is about to die of what it touched, and it was not ours. */
void ht__guard_crash(const void *address, bool is_write);
/* SIGBUS told that it touched what is not there: true if SIGSEGV will tell it when it is tried once more. */
bool ht__guard_shut(const void *address);
/* In a new child. */
void ht__guard_after_fork(void);
/* All that can still be looked at; what was told once is not told again. */
void ht__guard_at_exit(void);
/* The program has unmapped this: blocks that lay there are passed over. */
void ht__guard_forget(const void *address, size_t size);

/* alignment 0: the usual one. */
void *ht__guard_alloc(size_t size, size_t alignment, enum guard_family family);
void *ht__guard_zeroed(size_t count, size_t size);
/* size: as the call says; `sized`: it does. */
struct guard_ending {
    enum guard_family family;
    bool is_sized;
    size_t size;
};
void ht__guard_free(void *block, const struct guard_ending *ending);
void *ht__guard_realloc(void *block, size_t size);
/* What was asked for; 0: it is no living block. */
size_t ht__guard_size(const void *block);

#endif
