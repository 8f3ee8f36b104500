/* memory: in sizes, out memory that is never NULL. */
#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory_or_end(void *block, size_t count, size_t bytes)
{
    if (block || !count || !bytes)
        return block;
    fprintf(stderr, "heaptracer: out of memory (%zu x %zu bytes were asked for); narrow the question with --from/--to, or use a machine with more memory\n", count, bytes);
    exit(3);
}

void *memory_new(size_t count, size_t bytes)
{
    return memory_or_end(calloc(count, bytes), count, bytes);
}

void *memory_new_lines(size_t count, size_t bytes)
{
    enum { LINE_BYTES = 64 };
    size_t all;
    if (__builtin_mul_overflow(count, bytes, &all) || all > SIZE_MAX - LINE_BYTES)
        return memory_or_end(NULL, count, bytes);
    void *lines = memory_or_end(aligned_alloc(LINE_BYTES, (all + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES), count, bytes);
    return all ? memset(lines, 0, all) : lines;
}

void *memory_resize(void *old, size_t count, size_t bytes)
{
    return memory_or_end(reallocarray(old, count, bytes), count, bytes);
}

char *memory_copy_text(const char *text)
{
    if (!text)
        return NULL;
    size_t bytes = strlen(text) + 1;
    return memcpy(memory_new(1, bytes), text, bytes);
}

void memory_free(void *block)
{
    free(block);
}
