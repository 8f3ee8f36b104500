/* edges: in roots, blocks and the memory of a process, out which block holds a pointer to which. */
#ifndef HOST_REACH_EDGES_H
#define HOST_REACH_EDGES_H

#include "lookup.h"
#include "roots.h"
#include "window.h"

/* A pointer to the start of block n is the number n. One into it is n | EDGE_INSIDE, and the number behind it is how far: in bytes, if that is less. */
#define EDGE_INSIDE 0x80000000u
#define EDGE_FAR 0xFFFFFFFFu

/* A pointer in a root. */
struct root_edge {
    uint64_t address; /* where it stands; of a register: its number */
    uint32_t to;      /* as above */
    uint32_t offset;
    uint32_t root;
    bool is_keeper; /* it is in what the C library knows of its heap and its open files */
};

struct edges {
    const struct lookup *lookup;
    VEC(uint32_t) numbers;
    uint64_t *first; /* of each block, count + 1 */
    VEC(struct root_edge) roots;
    uint64_t block_bytes, root_bytes; /* looked at */
};

struct edges_config {
    unsigned pointer_bytes;
    bool swapped;      /* the process's bytes stand the other way round */
    uint64_t tag_bits; /* of a pointer that are not of its address, if it leads nowhere with them */
    const struct roots *roots;
    const struct roots_config *roots_config;
};

void edges_find(struct edges *edges, const struct lookup *lookup, const struct edges_config *config, struct window *window);
void edges_done(struct edges *edges);

/* Walks the edges of a block: true and the next one. */
struct edge {
    uint32_t to, offset; /* offset 0: to its start */
};
static inline bool edges_next(const struct edges *edges, uint32_t block, uint64_t *at, struct edge *edge)
{
    if (*at >= edges->first[block + 1])
        return false;
    uint32_t number = edges->numbers.at[(*at)++];
    *edge = (struct edge){number & ~EDGE_INSIDE, number & EDGE_INSIDE ? edges->numbers.at[(*at)++] : 0};
    return true;
}

#endif
