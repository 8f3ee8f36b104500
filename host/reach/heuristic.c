/* heuristic: by the words at the block's start and where the pointer leads. */
#include "heuristic.h"

#include <string.h>

enum { WORD = 8, TABLE_WORDS = 20, TABLE_FEW = 2 };

/* A string of the old ABI: length, capacity and count of references, then the text that all pointers lead to. */
static bool is_string(const uint64_t *head, const struct reach_block *block, uint64_t offset)
{
    return offset == 3 * WORD && head[0] <= head[1] && block->size - 3 * WORD - 1 >= head[1] && block->size >= 3 * WORD + 1 &&
           head[1] - head[0] < block->size;
}

/* The first word is how many bytes follow. */
static bool is_length(const uint64_t *head, const struct reach_block *block, uint64_t offset)
{
    return offset == WORD && head[0] == block->size - WORD;
}

/* new T[n] where T has a destructor: the first word is n. */
static bool is_array(const uint64_t *head, const struct reach_block *block, uint64_t offset)
{
    uint64_t bytes = block->size - WORD;
    return offset == WORD && head[0] && bytes && head[0] <= bytes && bytes % head[0] == 0;
}

static bool is_code(const struct mappings *mappings, uint64_t address)
{
    const struct mapping *mapping = mappings_find(mappings, address);
    return mapping && mapping->readable && !mapping->writable && mapping->path[0] == '/';
}

/* A table of virtual functions: read-only or relocated data of a file, whose words lead to code. */
static bool is_table(const struct mappings *mappings, struct window *window, uint64_t address)
{
    const struct mapping *mapping = mappings_find(mappings, address);
    uint64_t words[TABLE_WORDS];
    int functions = 0;
    if (address % WORD || !mapping || !mapping->module || mapping->shared)
        return false;
    bool is_there = window_copy(window, address - 2 * WORD, words, sizeof words);
    for (int i = 0; is_there && i < TABLE_WORDS && functions < TABLE_FEW; i++)
        functions += is_code(mappings, words[i]);
    return functions >= TABLE_FEW;
}

/* The pointer leads to a base class that has a table of its own, as the block's start has. */
static bool is_base(const uint64_t *head, const struct reach_block *block, uint64_t offset, struct window *window, const struct mappings *mappings)
{
    uint64_t inner;
    return offset % WORD == 0 && window_copy(window, block->address + offset, &inner, sizeof inner) && is_table(mappings, window, head[0]) &&
           is_table(mappings, window, inner);
}

bool heuristic_is_start(const struct reach_block *block, uint64_t offset, struct window *window, const struct mappings *mappings)
{
    uint64_t head[3] = {0};
    size_t bytes = block->size < sizeof head ? block->size & ~(uint64_t)(WORD - 1) : sizeof head;
    if (block->size < 2 * WORD || block->address % WORD || offset >= block->size || !window_copy(window, block->address, head, bytes))
        return false;
    return is_string(head, block, offset) || is_length(head, block, offset) || is_array(head, block, offset) || is_base(head, block, offset, window, mappings);
}
