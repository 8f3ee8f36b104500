/* edges: every word is looked at once, in order of address; most are told to be no pointer by one comparison. */
#include "edges.h"

#include <string.h>

#include "host/base/path.h"

enum { WAITING = 64 };

/* A word that may be a pointer; it waits a little, while the memory that tells is fetched. */
struct word {
    uint64_t at, value;
    uint32_t source; /* block that it is in, or IN_ROOT */
};
#define IN_ROOT 0xFFFFFFFFu

struct scan {
    struct edges *edges;
    const struct lookup *lookup;
    const struct edges_config *config;
    struct window *window;
    uint8_t *rooted; /* by block: a root points to its start */
    uint32_t root;   /* that is looked at */
    bool is_keeper;  /* it is where the C library keeps what it knows of its heap and its open files */
    uint32_t source; /* edges of the blocks before this one are whole */
    uint32_t last;   /* target of its last pointer to a start */
    unsigned waiting;
    struct word words[WAITING];
};

static uint32_t edge_offset(const struct scan *scan, uint64_t address, uint32_t block)
{
    uint64_t offset = address - scan->lookup->blocks[block].address;
    return offset < EDGE_FAR ? (uint32_t)offset : EDGE_FAR;
}

/* glibc knows a free chunk by the address of its head, which begins with the last word of the block before it: no pointer into that block. */
static bool is_chunk_behind(const struct scan *scan, uint32_t block, uint64_t offset)
{
    enum { HEAD = 16, ALIGNED = 16, LEAST = 32 };
    uint64_t chunk = (scan->lookup->blocks[block].size + HEAD / 2 + ALIGNED - 1) & ~(uint64_t)(ALIGNED - 1);
    return offset == (chunk < LEAST ? LEAST : chunk) - HEAD;
}

static void found_in_root(struct scan *scan, const struct word *word, enum lookup_found found, uint32_t block)
{
    uint32_t offset = found == LOOKUP_START ? 0 : edge_offset(scan, word->value, block);
    if (scan->rooted[block] || (offset && scan->is_keeper && is_chunk_behind(scan, block, offset)))
        return;
    scan->rooted[block] = found == LOOKUP_START && !scan->is_keeper;
    vec_push(&scan->edges->roots, ((struct root_edge){word->at, block, offset, scan->root, scan->is_keeper}));
}

/* Who is reached keeps what it lies in. */
static void go_to_source(struct scan *scan, uint32_t source)
{
    struct edges *edges = scan->edges;
    for (; scan->source < source; scan->last = IN_ROOT) {
        edges->first[++scan->source] = edges->numbers.count;
        if (scan->source < scan->lookup->count && scan->lookup->blocks[scan->source].outer)
            vec_push(&edges->numbers, scan->lookup->blocks[scan->source].outer - 1);
    }
}

static void found_in_block(struct scan *scan, const struct word *word, enum lookup_found found, uint32_t block)
{
    struct edges *edges = scan->edges;
    go_to_source(scan, word->source);
    if (found == LOOKUP_INSIDE) {
        vec_push(&edges->numbers, block | EDGE_INSIDE);
        vec_push(&edges->numbers, edge_offset(scan, word->value, block));
    } else if (block != scan->last) {
        scan->last = block;
        vec_push(&edges->numbers, block);
    }
}

static void look_closer(struct scan *scan)
{
    for (const struct word *word = scan->words; word < scan->words + scan->waiting; word++) {
        uint32_t block;
        enum lookup_found found = lookup_find(scan->lookup, word->value, &block);
        if (found == LOOKUP_NOTHING || block == word->source)
            continue;
        if (word->source == IN_ROOT)
            found_in_root(scan, word, found, block);
        else
            found_in_block(scan, word, found, block);
    }
    scan->waiting = 0;
}

static inline void await(struct scan *scan, uint64_t at, uint64_t value, uint32_t source)
{
    lookup_fetch(scan->lookup, value);
    scan->words[scan->waiting++] = (struct word){at, value, source};
    if (scan->waiting == WAITING)
        look_closer(scan);
}

/* A pointer with its tag on leads nowhere, or it would have been found as it is. */
static void look_without_tag(struct scan *scan, uint64_t at, uint64_t value, uint32_t source)
{
    uint64_t address = value & ~scan->config->tag_bits;
    uint32_t block;
    bool is_found = value - scan->lookup->low < scan->lookup->span && lookup_find(scan->lookup, value, &block) == LOOKUP_START;
    if (!is_found && address != value && address - scan->lookup->low < scan->lookup->span)
        await(scan, at, address, source);
}

static void look_at_words64(struct scan *scan, uint64_t at, const uint64_t *words, size_t count, uint32_t source)
{
    uint64_t low = scan->lookup->low, span = scan->lookup->span;
    for (size_t i = 0; i < count; i++)
        if (__builtin_expect(words[i] - low < span, 0))
            await(scan, at + i * 8, words[i], source);
    for (size_t i = 0; scan->config->tag_bits && i < count; i++)
        look_without_tag(scan, at + i * 8, words[i], source);
}

static void look_at_words32(struct scan *scan, uint64_t at, const uint32_t *words, size_t count, uint32_t source)
{
    uint64_t low = scan->lookup->low, span = scan->lookup->span;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = scan->config->swapped ? __builtin_bswap32(words[i]) : words[i];
        if (word - low < span)
            await(scan, at + i * 4, word, source);
    }
}

/* Whole words of [start, end) that are there. */
static uint64_t look_at_range(struct scan *scan, uint64_t start, uint64_t end, uint32_t source)
{
    uint64_t word = scan->config->pointer_bytes, looked = 0;
    start = (start + word - 1) & ~(word - 1);
    end &= ~(word - 1);
    while (start < end) {
        uint64_t offset = start % WINDOW_PAGE, part = WINDOW_PAGE - offset < end - start ? WINDOW_PAGE - offset : end - start;
        const char *page = window_page(scan->window, start - offset);
        if (page && word == 8)
            look_at_words64(scan, start, (const uint64_t *)(const void *)(page + offset), part / 8, source);
        else if (page)
            look_at_words32(scan, start, (const uint32_t *)(const void *)(page + offset), part / 4, source);
        looked += page ? part : 0;
        start = page ? start + part : window_next(scan->window, start - offset + WINDOW_PAGE, end);
    }
    return looked;
}

static void look_at_registers(struct scan *scan, const struct reach_thread *thread)
{
    for (size_t i = 0; i < thread->register_count; i++)
        if (thread->registers[i] - scan->lookup->low < scan->lookup->span)
            await(scan, i, thread->registers[i], IN_ROOT);
}

static bool is_keeper(const struct scan *scan, const struct root *root)
{
    const struct roots_config *config = scan->config->roots_config;
    if (!config->knows_heap || root->kind != ROOT_MODULE || scan->config->pointer_bytes != 8)
        return false;
    const char *module = config->mappings->at.at[root->number].module, *name = module ? path_name(module) : "";
    return !strncmp(name, "libc.so.", strlen("libc.so.")) || !strncmp(name, "libc-2.", strlen("libc-2."));
}

static void look_at_roots(struct scan *scan)
{
    const struct roots *roots = scan->config->roots;
    for (scan->root = 0; scan->root < roots->at.count; scan->root++) {
        const struct root *root = roots->at.at + scan->root;
        scan->window->shared = root->shared;
        scan->is_keeper = is_keeper(scan, root);
        if (root->kind == ROOT_REGISTER)
            look_at_registers(scan, scan->config->roots_config->threads + root->number);
        else
            scan->edges->root_bytes += look_at_range(scan, root->start, root->end, IN_ROOT);
        look_closer(scan);
    }
    scan->window->shared = false;
}

static void look_at_blocks(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->lookup->count; i++) {
        const struct reach_block *block = scan->lookup->blocks + i;
        scan->edges->block_bytes += look_at_range(scan, block->address, block->address + block->size, i);
    }
    look_closer(scan);
    go_to_source(scan, scan->lookup->count);
}

void edges_find(struct edges *edges, const struct lookup *lookup, const struct edges_config *config, struct window *window)
{
    *edges = (struct edges){.lookup = lookup, .first = memory_new((size_t)lookup->count + 1, sizeof *edges->first)};
    struct scan scan = {.edges = edges, .lookup = lookup, .config = config, .window = window, .rooted = memory_new(lookup->count, 1)};
    if (lookup->count) {
        look_at_roots(&scan);
        look_at_blocks(&scan);
    }
    memory_free(scan.rooted);
}

void edges_done(struct edges *edges)
{
    vec_done(&edges->numbers);
    vec_done(&edges->roots);
    memory_free(edges->first);
}
