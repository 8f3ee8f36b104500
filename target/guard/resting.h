/* resting: in freed blocks, out the same blocks much later, and whether somebody wrote into them meanwhile. */
#ifndef TARGET_GUARD_RESTING_H
#define TARGET_GUARD_RESTING_H

#include <stdbool.h>
#include <stdint.h>

#include "seal.h"

struct resting {
    void *block;
    uint64_t size;
    uint32_t room_log2;
};

/* `leave` gets each block that has waited long enough. */
bool resting_begin(uint64_t bytes, void (*leave)(const struct resting *resting));
void resting_poison(const struct resting *resting);
/* Poisons it and lets it wait; what it pushes out leaves. */
void resting_put(const struct resting *resting);
/* False: it was written to. */
bool resting_is_whole(const struct resting *resting, struct damage *damage);
/* True and the block if `address` lies in one that waits. */
bool resting_find(const void *address, struct resting *resting);
void resting_each(void (*see)(const struct resting *resting));
void resting_after_fork(void);

#endif
