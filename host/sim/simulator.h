/* simulator: in requests, out the addresses that a real allocator would give. A model is exact: with the same requests, every address and every refusal is the real
 * one's. It keeps the allocator's own data as the original does, in the bytes of its arena or beside them, but never touches the memory of the watched program.
 * Models know no trace and print nothing. Thread safety: one simulation belongs to one thread at a time; different ones are independent. */
#ifndef HOST_SIM_SIMULATOR_H
#define HOST_SIM_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/error.h"

/* A range of addresses that the allocator may use; for those that ask a system for memory (brk, mmap), what that system would have. */
struct arena_region {
    uint64_t base, bytes; /* base in the address space of the modelled target: alignment depends on it */
};

struct simulator_arena {
    const struct arena_region *regions; /* in order of address; most allocators take one */
    size_t region_count;
    uint32_t pointer_bytes; /* 2, 4 or 8; 0: the allocator's usual one */
    uint32_t align_bytes;   /* of an allocator whose alignment can be configured (portBYTE_ALIGNMENT); 0: its usual one */
    uint64_t unit_bytes;    /* fixed pools: bytes of one block; else 0 */
    const char *options;    /* "name=value,name" as `option_help` of the allocator says; NULL: none */
};

/* Sums over the arena, all in bytes. used + free + overhead = total. */
struct arena_use {
    uint64_t total;    /* that the allocator manages now; of one that grows, what it has taken from the system */
    uint64_t used;     /* in live blocks, as they can be used (payload) */
    uint64_t free;     /* in free pieces, as they could be used */
    uint64_t overhead; /* headers, control structures, padding, lost ends */
    uint64_t largest;  /* the greatest request that would be granted now without asking a system for more */
    uint64_t blocks, pieces; /* live blocks, free pieces */
};

enum arena_piece { ARENA_USED = 1, ARENA_FREE, ARENA_OVERHEAD };

struct simulator {
    const char *name, *title;   /* the word in commands; what people call it, with the version it was checked against */
    const char *source;         /* whose rules these are: project, file, version */
    const char *option_help;    /* a line an option: "name: text", "name=word|word: text" or "name=NUMBER: text"; NULL: none */
    uint32_t pointer_bytes;     /* usual */
    uint32_t pointers;          /* those that it can have, or-ed: 2 | 4 | 8; 0: only the usual one */
    uint32_t most_regions;
    bool grows;                 /* asks a system for memory: `regions` is what there is, not what it holds */
    bool aligns;                /* gives blocks of any alignment; without, `align` above that of all its blocks is refused */
    /* NULL and `error` when the arena cannot hold such a heap. Call simulator_begin(), which checks what is the same for all. */
    void *(*begin)(const struct simulator_arena *arena, struct error *error);
    void (*end)(void *heap);
    /* 0: refused. `size` may be anything; `align` is 0 for malloc, else a power of two. */
    uint64_t (*alloc)(void *heap, uint64_t size, uint64_t align);
    /* As calloc asks. NULL: as alloc(heap, size, 0) does; one is here where calloc looks elsewhere than malloc (glibc's never in its thread's cache). */
    uint64_t (*calloc)(void *heap, uint64_t size);
    /* `address` is a live block. 0: refused, the block stays. NULL: alloc, then free, as the real one has no realloc of its own; `size` > 0. */
    uint64_t (*resize)(void *heap, uint64_t address, uint64_t size);
    /* Of a live block. */
    void (*free)(void *heap, uint64_t address);
    /* Of an allocator that keeps something for each thread; else NULL. The requests that follow are `thread`'s, a number of the caller's; the first that is named is the
     * main one, as is who asks before any is. */
    void (*thread)(void *heap, uint32_t thread);
    /* It has run its destructors and asks no more. */
    void (*thread_end)(void *heap, uint32_t thread);
    /* Bytes, a power of two, of the aligned room that a system placed and in which the allocator chose the block's place; 0: its whole address is the allocator's choice.
     * NULL: 0 for all. */
    uint64_t (*room)(const void *heap, uint64_t address);
    /* Bytes that the block at `address` takes of the arena, header included, and how many of these its owner may use. */
    void (*measure)(const void *heap, uint64_t address, uint64_t *taken, uint64_t *usable);
    /* Cheap enough to be called thousands of times in a replay; never changes the heap. */
    void (*use)(const void *heap, struct arena_use *use);
    /* Every byte of the arena once, in order of address. */
    void (*walk)(const void *heap, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *context);
};

/* NULL behind the last. */
extern const struct simulator *const simulators[];
/* NULL: there is none of that name. */
const struct simulator *simulator_find(const char *name);
/* `begin` of an arena whose regions, pointers, alignment and options were found to make sense; pointer_bytes 0 is then the usual one. NULL and `error` if not. */
void *simulator_begin(const struct simulator *simulator, const struct simulator_arena *arena, struct error *error);
/* The value of option `name` in arena->options, `otherwise` if it is not there; a flag without a value is 1. */
uint64_t simulator_option(const struct simulator_arena *arena, const char *name, uint64_t otherwise);
/* Which of `words` ("light|comprehensive"), from 1, option `name` is; 0: it is not there. */
uint32_t simulator_option_word(const struct simulator_arena *arena, const char *name, const char *words);

#endif
