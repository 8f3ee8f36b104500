/* arena: in sizes and texts, out memory that lives until the arena ends. */
#include "arena.h"

#include <string.h>

#include "memory.h"

struct arena_chunk {
    struct arena_chunk *next;
    size_t unused; /* keeps the data 16-byte aligned */
};

enum { ARENA_CHUNK_BYTES = 64 * 1024 };

void *arena_new(struct arena *arena, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if (bytes > arena->left) {
        size_t room = bytes > ARENA_CHUNK_BYTES ? bytes : ARENA_CHUNK_BYTES;
        struct arena_chunk *chunk = memory_new(1, sizeof *chunk + room);
        chunk->next = arena->chunks;
        arena->chunks = chunk;
        arena->next = (char *)(chunk + 1);
        arena->left = room;
        arena->total_bytes += room;
    }
    void *block = arena->next;
    arena->next += bytes;
    arena->left -= bytes;
    return block;
}

char *arena_copy_text(struct arena *arena, const char *text, size_t count)
{
    char *copy = arena_new(arena, count + 1);
    memcpy(copy, text, count);
    return copy;
}

void arena_done(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *next = arena->chunks->next;
        memory_free(arena->chunks);
        arena->chunks = next;
    }
    *arena = (struct arena){0};
}
