/* gaps: in free pieces, out the lowest that is large enough, and a piece's neighbours, each in O(log n): the free list in order of address of those allocators that
 * have one. A piece is {address, bytes}; addresses are not 0. All zero is empty. */
#ifndef HOST_SIM_GAPS_H
#define HOST_SIM_GAPS_H

#include <stddef.h>
#include <stdint.h>

struct gap {
    uint64_t address, bytes;
};

struct gap_node;

struct gaps {
    struct gap_node *root;
    uint32_t depth; /* levels of nodes; 0: no root */
    uint64_t pieces, bytes;
};

void gaps_add(struct gaps *gaps, uint64_t address, uint64_t bytes);
/* `address` is a piece's. */
void gaps_remove(struct gaps *gaps, uint64_t address);
/* The piece at `address` is now at `to` and of `bytes`; no other piece lies between the two. */
void gaps_change(struct gaps *gaps, uint64_t address, uint64_t to, uint64_t bytes);
/* Adds a piece that becomes one with those it touches. */
void gaps_give(struct gaps *gaps, uint64_t address, uint64_t bytes);
/* Takes the first `bytes` of the lowest piece that has them; all of it, if no more than `spare` would be left. {0, 0}: none has. */
struct gap gaps_claim(struct gaps *gaps, uint64_t bytes, uint64_t spare);
/* These give {0, 0} when there is none. */
struct gap gaps_fit(const struct gaps *gaps, uint64_t bytes);
struct gap gaps_fit_last(const struct gaps *gaps, uint64_t bytes); /* the highest that is large enough */
struct gap gaps_before(const struct gaps *gaps, uint64_t address);
struct gap gaps_from(const struct gaps *gaps, uint64_t address); /* the first at `address` or above */
struct gap gaps_last(const struct gaps *gaps);
uint64_t gaps_largest(const struct gaps *gaps);
void gaps_done(struct gaps *gaps);

#endif
