/* gaps: in free pieces, out the lowest that is large enough: a tree of wide nodes by address, each entry with the most bytes of a piece below it. */
#include "gaps.h"

#include <stdbool.h>
#include <string.h>

#include "host/base/memory.h"

enum { NODE_FAN = 32, NODE_FEW = 8, PATH_DEPTH = 16 };

struct gap_node {
    uint32_t count;
    uint64_t address[NODE_FAN]; /* of a leaf: the piece's; else the lowest below that entry */
    uint64_t bytes[NODE_FAN];   /* of a leaf: the piece's; else the most below that entry */
    struct gap_node *below[];   /* NODE_FAN; leaves have none */
};

/* From the root, [0], to a leaf. */
struct path {
    struct gap_node *node[PATH_DEPTH];
    uint32_t slot[PATH_DEPTH];
};

static struct gap_node *node_new(bool is_leaf)
{
    return memory_new(1, sizeof(struct gap_node) + (is_leaf ? 0 : NODE_FAN * sizeof(struct gap_node *)));
}

static uint64_t node_most(const struct gap_node *node)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < node->count; i++)
        most = node->bytes[i] > most ? node->bytes[i] : most;
    return most;
}

/* How many of its entries begin at `address` or below. */
static uint32_t node_below(const struct gap_node *node, uint64_t address)
{
    uint32_t first = 0, left = node->count;
    while (left) {
        uint32_t half = left / 2;
        bool is_below = node->address[first + half] <= address;
        first = is_below ? first + half + 1 : first;
        left = is_below ? left - half - 1 : half;
    }
    return first;
}

/* Room for `entries` more at `slot`, or that many fewer. */
static void node_move(struct gap_node *node, uint32_t slot, int entries, bool is_leaf)
{
    uint32_t from = entries < 0 ? slot + (uint32_t)-entries : slot, to = entries < 0 ? slot : slot + (uint32_t)entries;
    memmove(node->address + to, node->address + from, (node->count - from) * sizeof node->address[0]);
    memmove(node->bytes + to, node->bytes + from, (node->count - from) * sizeof node->bytes[0]);
    if (!is_leaf)
        memmove(node->below + to, node->below + from, (node->count - from) * sizeof node->below[0]);
    node->count += (uint32_t)entries;
}

/* Appends `count` entries of `from`, beginning at its `slot`, which loses them. */
static void node_append(struct gap_node *node, struct gap_node *from, uint32_t slot, bool is_leaf)
{
    uint32_t count = from->count - slot;
    memcpy(node->address + node->count, from->address + slot, count * sizeof node->address[0]);
    memcpy(node->bytes + node->count, from->bytes + slot, count * sizeof node->bytes[0]);
    if (!is_leaf)
        memcpy(node->below + node->count, from->below + slot, count * sizeof node->below[0]);
    node->count += count;
    from->count = slot;
}

/* To the last piece at `address` or below, false if there is none: then the path leads to the first of all. */
static bool path_to(const struct gaps *gaps, struct path *path, uint64_t address)
{
    struct gap_node *node = gaps->root;
    uint32_t below = 0;
    for (uint32_t level = 0; level < gaps->depth; level++) {
        below = node_below(node, address);
        path->node[level] = node;
        path->slot[level] = below ? below - 1 : 0;
        if (level + 1 < gaps->depth)
            node = node->below[path->slot[level]];
    }
    return below;
}

/* The node at `level` changed: the entries that lead to it say so. */
static void path_sum(struct path *path, uint32_t level)
{
    while (level--) {
        const struct gap_node *below = path->node[level + 1];
        uint64_t *address = &path->node[level]->address[path->slot[level]], *bytes = &path->node[level]->bytes[path->slot[level]], most = node_most(below);
        if (*bytes == most && *address == below->address[0])
            return;
        *bytes = most;
        *address = below->address[0];
    }
}

/* The full entry at `slot` becomes two. */
static void node_split(struct gap_node *node, uint32_t slot, bool is_leaf)
{
    struct gap_node *lower = node->below[slot], *upper = node_new(is_leaf);
    node_append(upper, lower, NODE_FAN / 2, is_leaf);
    node_move(node, slot + 1, 1, false);
    node->address[slot + 1] = upper->address[0];
    node->bytes[slot + 1] = node_most(upper);
    node->below[slot + 1] = upper;
    node->bytes[slot] = node_most(lower);
}

static void gaps_deepen(struct gaps *gaps)
{
    struct gap_node *root = node_new(!gaps->depth);
    if (gaps->depth) {
        root->count = 1;
        root->address[0] = gaps->root->address[0];
        root->below[0] = gaps->root;
        node_split(root, 0, gaps->depth == 1);
    }
    gaps->root = root;
    gaps->depth++;
}

void gaps_add(struct gaps *gaps, uint64_t address, uint64_t bytes)
{
    if (!gaps->depth || gaps->root->count == NODE_FAN)
        gaps_deepen(gaps);
    struct gap_node *node = gaps->root;
    for (uint32_t level = 1; level < gaps->depth; level++) {
        uint32_t below = node_below(node, address), slot = below ? below - 1 : 0;
        if (node->below[slot]->count == NODE_FAN) {
            node_split(node, slot, level + 1 == gaps->depth);
            slot += node->address[slot + 1] <= address;
        }
        if (node->address[slot] > address)
            node->address[slot] = address;
        if (node->bytes[slot] < bytes)
            node->bytes[slot] = bytes;
        node = node->below[slot];
    }
    uint32_t slot = node_below(node, address);
    node_move(node, slot, 1, true);
    node->address[slot] = address;
    node->bytes[slot] = bytes;
    gaps->pieces++;
    gaps->bytes += bytes;
}

/* Few entries go into the node beside theirs: true if the one at *slot of `parent` is then to be cut. No node stays empty but a root. */
static bool node_join(struct gap_node *parent, uint32_t *slot, bool is_leaf)
{
    struct gap_node *few = parent->below[*slot];
    if (!few->count && parent->count == 1) {
        memory_free(few);
        return true;
    }
    uint32_t lower = *slot ? *slot - 1 : 0;
    if (few->count > NODE_FEW || lower + 1 >= parent->count)
        return false;
    struct gap_node *into = parent->below[lower], *from = parent->below[lower + 1];
    if (few->count && into->count + from->count > NODE_FAN / 2)
        return false;
    node_append(into, from, 0, is_leaf);
    parent->bytes[lower] = node_most(into);
    parent->address[lower] = into->address[0];
    memory_free(from);
    *slot = lower + 1;
    return true;
}

static void path_cut(struct gaps *gaps, struct path *path)
{
    uint32_t level = gaps->depth - 1;
    for (bool is_leaf = true;; is_leaf = false, level--) {
        node_move(path->node[level], path->slot[level], -1, is_leaf);
        if (!level || !node_join(path->node[level - 1], &path->slot[level - 1], is_leaf))
            break;
    }
    path_sum(path, level);
    while (gaps->depth > 1 && gaps->root->count == 1) {
        struct gap_node *root = gaps->root;
        gaps->root = root->below[0];
        memory_free(root);
        gaps->depth--;
    }
}

void gaps_remove(struct gaps *gaps, uint64_t address)
{
    struct path path;
    uint32_t leaf = gaps->depth - 1;
    if (!gaps->pieces || !path_to(gaps, &path, address) || path.node[leaf]->address[path.slot[leaf]] != address)
        return;
    gaps->pieces--;
    gaps->bytes -= path.node[leaf]->bytes[path.slot[leaf]];
    path_cut(gaps, &path);
}

/* The piece at the end of `path` becomes this one. */
static void path_set(const struct gaps *gaps, struct path *path, uint64_t address, uint64_t bytes)
{
    uint32_t level = gaps->depth - 1;
    struct gap_node *node = path->node[level];
    for (;;) {
        uint32_t slot = path->slot[level];
        uint64_t old = node->bytes[slot];
        node->address[slot] = address;
        node->bytes[slot] = bytes;
        if (!level)
            return;
        struct gap_node *above = path->node[--level];
        uint64_t most = above->bytes[path->slot[level]], lowest = above->address[path->slot[level]];
        bytes = bytes >= most ? bytes : old == most ? node_most(node) : most;
        address = node->address[0];
        if (bytes == most && address == lowest)
            return;
        node = above;
    }
}

static struct gap path_gap(const struct gaps *gaps, const struct path *path)
{
    const struct gap_node *leaf = path->node[gaps->depth - 1];
    uint32_t slot = path->slot[gaps->depth - 1];
    return (struct gap){leaf->address[slot], leaf->bytes[slot]};
}

static struct gap path_after(const struct gaps *gaps, const struct path *path)
{
    uint32_t last = gaps->depth - 1, level = last;
    while (path->slot[level] + 1 == path->node[level]->count)
        if (!level--)
            return (struct gap){0, 0};
    const struct gap_node *node = path->node[level];
    uint32_t slot = path->slot[level] + 1;
    for (; level < last; level++, slot = 0)
        node = node->below[slot];
    return (struct gap){node->address[slot], node->bytes[slot]};
}

void gaps_change(struct gaps *gaps, uint64_t address, uint64_t to, uint64_t bytes)
{
    struct path path;
    if (!gaps->pieces || !path_to(gaps, &path, address))
        return;
    gaps->bytes += bytes - path_gap(gaps, &path).bytes;
    path_set(gaps, &path, to, bytes);
}

void gaps_give(struct gaps *gaps, uint64_t address, uint64_t bytes)
{
    struct path path;
    if (!gaps->pieces) {
        gaps_add(gaps, address, bytes);
        return;
    }
    bool has_before = path_to(gaps, &path, address);
    struct gap before = has_before ? path_gap(gaps, &path) : (struct gap){0, 0};
    struct gap after = has_before ? path_after(gaps, &path) : path_gap(gaps, &path);
    bool is_behind = has_before && before.address + before.bytes == address, is_before = after.address == address + bytes;
    if (is_behind) {
        bytes += is_before ? after.bytes : 0;
        if (is_before)
            gaps_remove(gaps, after.address);
        gaps_change(gaps, before.address, before.address, before.bytes + bytes);
    } else if (is_before) {
        gaps_change(gaps, after.address, address, bytes + after.bytes);
    } else {
        gaps_add(gaps, address, bytes);
    }
}

/* To the lowest piece of at least `bytes`. */
static bool path_fit(const struct gaps *gaps, struct path *path, uint64_t bytes)
{
    struct gap_node *node = gaps->root;
    for (uint32_t level = 0; level < gaps->depth; level++) {
        uint32_t slot = 0;
        while (slot < node->count && node->bytes[slot] < bytes)
            slot++;
        if (slot == node->count)
            return false;
        path->node[level] = node;
        path->slot[level] = slot;
        if (level + 1 < gaps->depth)
            node = node->below[slot];
    }
    return gaps->depth;
}

struct gap gaps_claim(struct gaps *gaps, uint64_t bytes, uint64_t spare)
{
    struct path path;
    if (!path_fit(gaps, &path, bytes))
        return (struct gap){0, 0};
    struct gap gap = path_gap(gaps, &path);
    if (gap.bytes - bytes > spare) {
        path_set(gaps, &path, gap.address + bytes, gap.bytes - bytes);
        gap.bytes = bytes;
    } else {
        path_cut(gaps, &path);
        gaps->pieces--;
    }
    gaps->bytes -= gap.bytes;
    return gap;
}

struct gap gaps_fit(const struct gaps *gaps, uint64_t bytes)
{
    struct path path;
    return path_fit(gaps, &path, bytes) ? path_gap(gaps, &path) : (struct gap){0, 0};
}

struct gap gaps_fit_last(const struct gaps *gaps, uint64_t bytes)
{
    const struct gap_node *node = gaps->root;
    for (uint32_t level = 1;; level++) {
        uint32_t slot = node ? node->count : 0;
        while (slot && node->bytes[slot - 1] < bytes)
            slot--;
        if (!slot)
            return (struct gap){0, 0};
        if (level == gaps->depth)
            return (struct gap){node->address[slot - 1], node->bytes[slot - 1]};
        node = node->below[slot - 1];
    }
}

struct gap gaps_before(const struct gaps *gaps, uint64_t address)
{
    struct path path;
    if (!gaps->pieces || !address || !path_to(gaps, &path, address - 1))
        return (struct gap){0, 0};
    return path_gap(gaps, &path);
}

struct gap gaps_from(const struct gaps *gaps, uint64_t address)
{
    struct path path;
    if (!gaps->pieces)
        return (struct gap){0, 0};
    if (address && path_to(gaps, &path, address - 1))
        return path_after(gaps, &path);
    if (!address)
        path_to(gaps, &path, 0);
    return path_gap(gaps, &path);
}

struct gap gaps_last(const struct gaps *gaps)
{
    return gaps_before(gaps, UINT64_MAX);
}

uint64_t gaps_largest(const struct gaps *gaps)
{
    return gaps->root ? node_most(gaps->root) : 0;
}

static void node_free(struct gap_node *node, uint32_t depth)
{
    for (uint32_t i = 0; depth > 1 && i < node->count; i++)
        node_free(node->below[i], depth - 1);
    memory_free(node);
}

void gaps_done(struct gaps *gaps)
{
    if (gaps->root)
        node_free(gaps->root, gaps->depth);
    *gaps = (struct gaps){0};
}
