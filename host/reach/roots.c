/* roots: every mapping that can be read, without the heap, unused parts of stacks, stacks of threads that ended, and the runtime's own. */
#include "roots.h"

#include <string.h>

#include "host/base/path.h"

enum {
    RED_ZONE = 128,                     /* below its stack pointer a function may keep what it likes */
    ARENA_BYTES = 64 * 1024 * 1024,     /* glibc aligns the heaps of its further arenas by this */
    SHARED_MOST = 64 * 1024 * 1024,     /* of a mapping that is shared: what lies further is not looked at */
    DESCRIPTOR_BYTES = 64 * 1024,       /* at the end of a stack, in which its thread's descriptor is looked for */
};

struct finder {
    const struct roots_config *config;
    struct window *window;
    struct roots *roots;
    uint32_t mapping; /* that is looked at */
};

/* Numbers of blocks from the first that ends behind `address`. */
static uint32_t first_block(const struct lookup *lookup, uint64_t address)
{
    uint32_t low = 0, high = lookup->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lookup->blocks[middle].address + lookup->blocks[middle].size <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add(const struct finder *finder, enum root_kind kind, uint64_t start, uint64_t end, uint32_t number)
{
    const struct mapping *mapping = finder->config->mappings->at.at + finder->mapping;
    if (start < end)
        vec_push(&finder->roots->at, ((struct root){start, end, kind, mapping->shared, number}));
}

/* The range without the runtime's own memory. */
static void add_without_own(const struct finder *finder, enum root_kind kind, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < finder->config->left_out_count; i++) {
        struct reach_range own = finder->config->left_out[i];
        if (own.end <= start || own.start >= end)
            continue;
        if (own.start > start)
            add_without_own(finder, kind, start, own.start);
        if (own.end >= end)
            return;
        start = own.end;
    }
    add(finder, kind, start, end, finder->mapping);
}

/* The range without living blocks; `grain`: and what else is on their pages. */
static void add_without_blocks(const struct finder *finder, enum root_kind kind, uint64_t start, uint64_t end, uint64_t grain)
{
    const struct lookup *lookup = finder->config->lookup;
    for (uint32_t i = first_block(lookup, start); i < lookup->count && lookup->blocks[i].address < end; i++) {
        const struct reach_block *block = lookup->blocks + i;
        uint64_t from = block->address & ~(grain - 1), to = (block->address + block->size + grain - 1) & ~(grain - 1);
        if (from > start)
            add_without_own(finder, kind, start, from);
        start = to > start ? to : start;
    }
    if (start < end)
        add_without_own(finder, kind, start, end);
}

static bool has_block(const struct finder *finder, uint64_t start, uint64_t end)
{
    const struct lookup *lookup = finder->config->lookup;
    uint32_t i = first_block(lookup, start);
    return i < lookup->count && lookup->blocks[i].address < end;
}

/* The head of a heap of a further arena: its arena, the heap before, its size, the size that may be written. */
static bool is_arena(const struct finder *finder, uint64_t address)
{
    uint64_t word[4];
    if (!window_copy(finder->window, address, word, sizeof word))
        return false;
    bool has_arena = word[0] % ARENA_BYTES < 128 && word[0] % ARENA_BYTES && (word[1] || word[0] - address < 128);
    return has_arena && word[2] && word[2] % WINDOW_PAGE == 0 && word[2] <= word[3] && word[3] <= ARENA_BYTES;
}

/* The next place where one could be: pages that were never touched hold none, and reading them would touch them. */
static uint64_t next_arena(const struct finder *finder, uint64_t from, uint64_t end)
{
    for (uint64_t at = (from + ARENA_BYTES - 1) & ~(uint64_t)(ARENA_BYTES - 1), there; at < end; at = (there + ARENA_BYTES - 1) & ~(uint64_t)(ARENA_BYTES - 1)) {
        there = window_next(finder->window, at, end);
        if (there == at)
            return at;
    }
    return end;
}

/* Memory without a name: what glibc's arenas have of it is heap. */
static void add_anonymous(const struct finder *finder, uint64_t start, uint64_t end)
{
    if (!finder->config->knows_heap) {
        if (!has_block(finder, start, end) || finder->config->heap_counts)
            add_without_blocks(finder, ROOT_MAPPING, start, end, sizeof(uint64_t));
        return;
    }
    for (uint64_t aligned = next_arena(finder, start, end); aligned < end; aligned = next_arena(finder, aligned + 1, end)) {
        if (!is_arena(finder, aligned))
            continue;
        add_without_blocks(finder, ROOT_MAPPING, start, aligned, WINDOW_PAGE);
        start = end - aligned < ARENA_BYTES ? end : aligned + ARENA_BYTES;
        if (finder->config->heap_counts)
            add_without_blocks(finder, ROOT_HEAP, aligned, start, sizeof(uint64_t));
    }
    add_without_blocks(finder, ROOT_MAPPING, start, end, WINDOW_PAGE);
}

/* glibc keeps stacks of threads that ended: the descriptor at their end points to itself twice and is no living thread's. Of all that only the table of its
 * thread-local memory lives, to be used by the next thread. */
static bool is_dead_stack(const struct finder *finder, const struct mapping *mapping)
{
    const struct roots_config *config = finder->config;
    const struct mapping *below = finder->mapping ? mapping - 1 : NULL;
    if (config->pointer_bytes != 8 || !below || below->end != mapping->start || below->readable || below->path[0] || mapping->end - mapping->start < DESCRIPTOR_BYTES)
        return false;
    for (size_t i = 0; i < config->thread_count; i++)
        if (!config->threads[i].is_whole || (config->threads[i].pointer >= mapping->start && config->threads[i].pointer < mapping->end))
            return false;
    for (uint64_t at = mapping->end - DESCRIPTOR_BYTES; at < mapping->end - 32; at += 64) {
        uint64_t word[3];
        if (!window_copy(finder->window, at, word, sizeof word) || word[0] != at || word[2] != at)
            continue;
        add(finder, ROOT_MAPPING, at + 8, at + 16, finder->mapping);
        return true;
    }
    return false;
}

/* The program took a block for this stack. */
static bool is_in_block(const struct roots_config *config, const struct reach_thread *thread, uint32_t *block)
{
    const struct lookup *lookup = config->lookup;
    return thread->stack - lookup->low < lookup->span && lookup_find(lookup, thread->stack, block) != LOOKUP_NOTHING;
}

/* The living part of the stacks in it. False: none is. */
static bool add_stacks(const struct finder *finder, const struct mapping *mapping)
{
    const struct roots_config *config = finder->config;
    uint64_t lowest = UINT64_MAX;
    uint32_t number = 0;
    for (uint32_t i = 0; i < config->thread_count; i++) {
        const struct reach_thread *thread = config->threads + i;
        uint32_t block;
        if (!thread->is_whole || thread->stack < mapping->start || thread->stack >= mapping->end || thread->stack >= lowest || is_in_block(config, thread, &block))
            continue;
        lowest = thread->stack;
        number = i;
    }
    if (lowest == UINT64_MAX)
        return false;
    uint64_t start = (lowest - RED_ZONE) & ~(uint64_t)7, frames = config->threads[number].frames;
    if (frames > lowest && frames < mapping->end)
        start = frames;
    add(finder, ROOT_STACK, start < mapping->start ? mapping->start : start, mapping->end, number);
    return true;
}

static bool is_memory(const struct mapping *mapping)
{
    static const char *const kernels[] = {"[vvar", "[vdso", "[vsyscall"};
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (!strncmp(mapping->path, kernels[i], strlen(kernels[i])))
            return false;
    if (!mapping->shared)
        return mapping->readable;
    bool is_device = !strncmp(mapping->path, "/dev/", 5) && strncmp(mapping->path, "/dev/shm/", 9) && strncmp(mapping->path, "/dev/zero", 9);
    return mapping->readable && mapping->writable && !is_device && strncmp(mapping->path, "anon_inode:", 11);
}

static void add_mapping(const struct finder *finder, const struct mapping *mapping)
{
    const struct roots_config *config = finder->config;
    if (!is_memory(mapping) || (*config->session && !strncmp(mapping->path, config->session, strlen(config->session))))
        return;
    if (!strcmp(mapping->path, "[heap]")) {
        if (config->heap_counts)
            add_without_blocks(finder, ROOT_HEAP, mapping->start, mapping->end, sizeof(uint64_t));
    } else if (mapping->shared) {
        bool is_long = mapping->end - mapping->start > SHARED_MOST;
        add(finder, ROOT_MAPPING, mapping->start, is_long ? mapping->start + SHARED_MOST : mapping->end, finder->mapping);
    } else if (mapping->module) {
        add_without_blocks(finder, ROOT_MODULE, mapping->start, mapping->end, sizeof(uint64_t));
    } else if (!add_stacks(finder, mapping) && !is_dead_stack(finder, mapping)) {
        add_anonymous(finder, mapping->start, mapping->end);
    }
}

/* A stack that is a block is a root too, from its stack pointer on. */
static void add_registers(const struct finder *finder)
{
    const struct roots_config *config = finder->config;
    for (uint32_t i = 0; i < config->thread_count; i++) {
        const struct reach_thread *thread = config->threads + i;
        uint32_t block;
        if (!thread->is_whole)
            continue;
        vec_push(&finder->roots->at, ((struct root){0, thread->register_count, ROOT_REGISTER, false, i}));
        if (!is_in_block(config, thread, &block))
            continue;
        uint64_t start = (thread->stack - RED_ZONE) & ~(uint64_t)7, low = config->lookup->blocks[block].address;
        uint64_t end = low + config->lookup->blocks[block].size;
        vec_push(&finder->roots->at, ((struct root){start < low ? (low + 7) & ~(uint64_t)7 : start, end, ROOT_STACK, false, i}));
    }
}

void roots_find(struct roots *roots, const struct roots_config *config, struct window *window)
{
    struct finder finder = {config, window, roots, 0};
    *roots = (struct roots){0};
    add_registers(&finder);
    for (; finder.mapping < config->mappings->at.count; finder.mapping++)
        add_mapping(&finder, config->mappings->at.at + finder.mapping);
}

void roots_add(struct roots *roots, const struct mappings *mappings, struct reach_range range)
{
    for (uint32_t i = 0; i < mappings->at.count; i++) {
        const struct mapping *mapping = mappings->at.at + i;
        uint64_t start = range.start > mapping->start ? range.start : mapping->start, end = range.end < mapping->end ? range.end : mapping->end;
        if (start < end && mapping->readable)
            vec_push(&roots->at, ((struct root){start, end, ROOT_MAPPING, mapping->shared, i}));
    }
}

void roots_name(const struct roots *roots, const struct roots_config *config, uint32_t number, uint64_t address, struct str *out)
{
    const struct root *root = roots->at.at + number;
    const struct mapping *mapping = config->mappings->at.at + root->number;
    if (root->kind == ROOT_REGISTER)
        str_add_format(out, "register of thread %u", config->threads[root->number].tid);
    else if (root->kind == ROOT_STACK)
        str_add_format(out, "stack of thread %u", config->threads[root->number].tid);
    else if (root->kind == ROOT_MODULE)
        str_add_format(out, "%s 0x%llx", path_name(mapping->module), (unsigned long long)address);
    else
        str_add_format(out, "%s 0x%llx", root->kind == ROOT_HEAP ? "heap" : *mapping->path ? mapping->path : "mapping", (unsigned long long)address);
}

void roots_done(struct roots *roots)
{
    vec_done(&roots->at);
}
