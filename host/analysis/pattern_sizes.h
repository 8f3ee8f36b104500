/* pattern_sizes: in the sizes that were asked for, out which distribution they follow. Room for any number of them. docs/patterns.md has the rules. */
#ifndef HOST_ANALYSIS_PATTERN_SIZES_H
#define HOST_ANALYSIS_PATTERN_SIZES_H

#include <stdbool.h>
#include <stdint.h>

enum { SIZES_PARTS_LOG2 = 3, SIZES_BUCKETS = 65 << SIZES_PARTS_LOG2, SIZES_SLOTS = 256, SIZES_FEW = 8 };

struct size_bucket {
    uint64_t count, least, most;
};
/* Boyer and Moore among the sizes that meet here. */
struct size_slot {
    uint64_t size, votes;
};

struct size_counts {
    uint64_t all;
    struct size_bucket buckets[SIZES_BUCKETS];
    struct size_slot slots[SIZES_SLOTS];
};

/* Eight buckets each time that sizes double; the first 16 sizes have their own. */
static inline unsigned size_bucket(uint64_t size)
{
    enum { PARTS = 1 << SIZES_PARTS_LOG2 };
    if (size < 2 * PARTS)
        return (unsigned)size;
    unsigned log2 = 63u - (unsigned)__builtin_clzll(size);
    return (log2 - SIZES_PARTS_LOG2 + 1) * PARTS + (unsigned)(size >> (log2 - SIZES_PARTS_LOG2) & (PARTS - 1));
}

static inline void size_counts_add(struct size_counts *counts, uint64_t size)
{
    struct size_bucket *bucket = counts->buckets + size_bucket(size);
    struct size_slot *slot = counts->slots + (size * 0x9E3779B97F4A7C15u >> 56);
    counts->all++;
    bucket->least = !bucket->count || size < bucket->least ? size : bucket->least;
    bucket->most = size > bucket->most ? size : bucket->most;
    bucket->count++;
    if (slot->size == size)
        slot->votes++;
    else if (slot->votes)
        slot->votes--;
    else
        *slot = (struct size_slot){size, 1};
}

enum sizes_kind { SIZES_TOO_FEW, SIZES_MIXED, SIZES_FEW_ONES, SIZES_UNIFORM, SIZES_POWER_LAW, SIZES_LOG_NORMAL, SIZES_KINDS };
struct sizes_law {
    enum sizes_kind kind;
    double sure;
    double distance;       /* Kolmogorov and Smirnov, between the sizes and the law */
    double exponent;       /* of the power law */
    double centre, spread; /* of the logarithms (base e) */
    uint64_t from, to;     /* the middle 98 % */
    unsigned few;          /* how many sizes make 90 % */
    uint64_t few_sizes[SIZES_FEW];
    double few_share;
};

struct sizes_law sizes_law_find(const struct size_counts *counts);

#endif
