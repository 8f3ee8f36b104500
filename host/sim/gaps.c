/* gaps: in free pieces, out the lowest that is large enough: a treap by address, each node with the most bytes of a piece below it. */
#include "gaps.h"
#include "host/base/memory.h"

#include <stdbool.h>

struct gap_node {
    struct gap gap;
    uint64_t most;
    uint32_t lower, upper, rank;
};

static void node_sum(struct gap_node *nodes, uint32_t at)
{
    struct gap_node *node = &nodes[at];
    uint64_t most = node->gap.bytes, lower = nodes[node->lower].most, upper = nodes[node->upper].most;
    most = lower > most ? lower : most;
    node->most = upper > most ? upper : most;
}

static uint32_t node_new(struct gaps *gaps, uint64_t address, uint64_t bytes)
{
    uint32_t at = gaps->spare;
    if (at) {
        gaps->spare = gaps->nodes[at].lower;
    } else {
        if (gaps->count + 1 >= gaps->room) {
            gaps->room = gaps->room ? gaps->room * 2 : 64;
            gaps->nodes = memory_resize(gaps->nodes, gaps->room, sizeof *gaps->nodes);
            gaps->nodes[0] = (struct gap_node){0};
        }
        at = ++gaps->count;
    }
    gaps->random = gaps->random * 1664525u + 1013904223u;
    gaps->nodes[at] = (struct gap_node){{address, bytes}, bytes, 0, 0, gaps->random};
    return at;
}

/* The tree `at` in two: what lies below `address`, and the others. */
static void node_split(struct gap_node *nodes, uint32_t at, uint64_t address, uint32_t *lower, uint32_t *upper)
{
    if (!at) {
        *lower = *upper = 0;
    } else if (nodes[at].gap.address < address) {
        node_split(nodes, nodes[at].upper, address, &nodes[at].upper, upper);
        *lower = at;
        node_sum(nodes, at);
    } else {
        node_split(nodes, nodes[at].lower, address, lower, &nodes[at].lower);
        *upper = at;
        node_sum(nodes, at);
    }
}

static uint32_t node_join(struct gap_node *nodes, uint32_t lower, uint32_t upper)
{
    if (!lower || !upper)
        return lower | upper;
    if (nodes[lower].rank > nodes[upper].rank) {
        nodes[lower].upper = node_join(nodes, nodes[lower].upper, upper);
        node_sum(nodes, lower);
        return lower;
    }
    nodes[upper].lower = node_join(nodes, lower, nodes[upper].lower);
    node_sum(nodes, upper);
    return upper;
}

static uint32_t node_put(struct gap_node *nodes, uint32_t at, uint32_t fresh)
{
    if (!at || nodes[at].rank < nodes[fresh].rank) {
        node_split(nodes, at, nodes[fresh].gap.address, &nodes[fresh].lower, &nodes[fresh].upper);
        at = fresh;
    } else if (nodes[fresh].gap.address < nodes[at].gap.address) {
        nodes[at].lower = node_put(nodes, nodes[at].lower, fresh);
    } else {
        nodes[at].upper = node_put(nodes, nodes[at].upper, fresh);
    }
    node_sum(nodes, at);
    return at;
}

void gaps_add(struct gaps *gaps, uint64_t address, uint64_t bytes)
{
    uint32_t fresh = node_new(gaps, address, bytes);
    gaps->root = node_put(gaps->nodes, gaps->root, fresh);
    gaps->pieces++;
    gaps->bytes += bytes;
}

static uint32_t node_take(struct gap_node *nodes, uint32_t at, uint64_t address, uint32_t *taken)
{
    if (!at || nodes[at].gap.address == address) {
        *taken = at;
        return at ? node_join(nodes, nodes[at].lower, nodes[at].upper) : 0;
    }
    if (address < nodes[at].gap.address)
        nodes[at].lower = node_take(nodes, nodes[at].lower, address, taken);
    else
        nodes[at].upper = node_take(nodes, nodes[at].upper, address, taken);
    node_sum(nodes, at);
    return at;
}

void gaps_remove(struct gaps *gaps, uint64_t address)
{
    uint32_t taken;
    gaps->root = node_take(gaps->nodes, gaps->root, address, &taken);
    if (!taken)
        return;
    gaps->pieces--;
    gaps->bytes -= gaps->nodes[taken].gap.bytes;
    gaps->nodes[taken].lower = gaps->spare;
    gaps->spare = taken;
}

struct gap gaps_fit(const struct gaps *gaps, uint64_t bytes)
{
    const struct gap_node *nodes = gaps->nodes;
    uint32_t at = gaps->root;
    if (!at || nodes[at].most < bytes)
        return (struct gap){0, 0};
    for (;;) {
        if (nodes[at].lower && nodes[nodes[at].lower].most >= bytes)
            at = nodes[at].lower;
        else if (nodes[at].gap.bytes >= bytes)
            return nodes[at].gap;
        else
            at = nodes[at].upper;
    }
}

struct gap gaps_before(const struct gaps *gaps, uint64_t address)
{
    struct gap found = {0, 0};
    for (uint32_t at = gaps->root; at;) {
        bool lower = gaps->nodes[at].gap.address < address;
        if (lower)
            found = gaps->nodes[at].gap;
        at = lower ? gaps->nodes[at].upper : gaps->nodes[at].lower;
    }
    return found;
}

struct gap gaps_from(const struct gaps *gaps, uint64_t address)
{
    struct gap found = {0, 0};
    for (uint32_t at = gaps->root; at;) {
        bool upper = gaps->nodes[at].gap.address >= address;
        if (upper)
            found = gaps->nodes[at].gap;
        at = upper ? gaps->nodes[at].lower : gaps->nodes[at].upper;
    }
    return found;
}

struct gap gaps_last(const struct gaps *gaps)
{
    return gaps_before(gaps, UINT64_MAX);
}

uint64_t gaps_largest(const struct gaps *gaps)
{
    return gaps->root ? gaps->nodes[gaps->root].most : 0;
}

void gaps_done(struct gaps *gaps)
{
    memory_free(gaps->nodes);
    *gaps = (struct gaps){0};
}
