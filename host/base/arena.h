/* arena: in sizes and texts, out memory that lives until the arena ends; one per trace. Zero-filled is empty. */
#ifndef HOST_BASE_ARENA_H
#define HOST_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
    char *next;
    size_t left;
    size_t total_bytes;
};

void *arena_new(struct arena *arena, size_t bytes); /* zeroed, 16-byte aligned */
char *arena_copy_text(struct arena *arena, const char *text, size_t count); /* NUL is added */
void arena_done(struct arena *arena);

#endif
