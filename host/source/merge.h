/* merge: in rings with the stamp of their next record, out the ring whose turn it is: a binary heap. */
#ifndef HOST_SOURCE_MERGE_H
#define HOST_SOURCE_MERGE_H

#include <stdint.h>

#include "ring.h"

struct merge_entry {
    uint64_t stamp;
    struct ring *ring;
};

struct merge {
    struct merge_entry *at; /* room for every lane */
    uint32_t count;
};

static inline void merge_sink(struct merge *merge, uint32_t at)
{
    struct merge_entry moving = merge->at[at];
    for (uint32_t child; (child = at * 2 + 1) < merge->count; at = child) {
        if (child + 1 < merge->count && merge->at[child + 1].stamp < merge->at[child].stamp)
            child++;
        if (moving.stamp <= merge->at[child].stamp)
            break;
        merge->at[at] = merge->at[child];
    }
    merge->at[at] = moving;
}

static inline void merge_add(struct merge *merge, struct ring *ring, uint64_t stamp)
{
    uint32_t at = merge->count++;
    for (uint32_t parent; at && stamp < merge->at[parent = (at - 1) / 2].stamp; at = parent)
        merge->at[at] = merge->at[parent];
    merge->at[at] = (struct merge_entry){stamp, ring};
}

/* The first ring's next record is of this stamp. */
static inline void merge_again(struct merge *merge, uint64_t stamp)
{
    merge->at[0].stamp = stamp;
    merge_sink(merge, 0);
}

static inline void merge_pop(struct merge *merge)
{
    merge->at[0] = merge->at[--merge->count];
    if (merge->count)
        merge_sink(merge, 0);
}

/* Stamp of the ring that is next after the first. */
static inline uint64_t merge_second(const struct merge *merge)
{
    uint64_t second = merge->count > 1 ? merge->at[1].stamp : UINT64_MAX;
    return merge->count > 2 && merge->at[2].stamp < second ? merge->at[2].stamp : second;
}

#endif
