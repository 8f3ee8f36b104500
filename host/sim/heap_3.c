/* heap_3: in requests, out the addresses of the C library's malloc, which FreeRTOS' heap_3 only calls with the scheduler suspended; which library is an option. */
#include "host/base/memory.h"
#include "simulator.h"

enum { AVR_LIBC = 5 };

static const char LIBRARIES[] = "newlib|newlib-nano|picolibc-1.8|picolibc|avr-libc";

struct heap_3 {
    const struct simulator *library;
    void *heap;
    uint64_t align; /* that of all its blocks */
};

static void *heap_3_begin(const struct simulator_arena *arena, struct error *error)
{
    static const char *const names[] = {"newlib", "newlib-nano", "picolibc-1.8", "picolibc", "avr-libc"};
    uint32_t word = simulator_option_word(arena, "libc", LIBRARIES);
    const struct simulator *library = simulator_find(names[word ? word - 1 : 0]);
    struct simulator_arena inner = *arena;
    inner.options = NULL;
    if (word == AVR_LIBC)
        inner.pointer_bytes = library->pointer_bytes;
    void *heap = simulator_begin(library, &inner, error);
    if (!heap)
        return NULL;
    struct heap_3 *outer = memory_new(1, sizeof *outer);
    *outer = (struct heap_3){library, heap, word == AVR_LIBC ? 1 : 2 * arena->pointer_bytes};
    return outer;
}

static void heap_3_end(void *context)
{
    struct heap_3 *outer = context;
    outer->library->end(outer->heap);
    memory_free(outer);
}

/* pvPortMalloc() takes no alignment; what all blocks have anyway is granted. */
static uint64_t heap_3_alloc(void *context, uint64_t size, uint64_t align)
{
    struct heap_3 *outer = context;
    return align > outer->align ? 0 : outer->library->alloc(outer->heap, size, 0);
}

static void heap_3_free(void *context, uint64_t address)
{
    struct heap_3 *outer = context;
    outer->library->free(outer->heap, address);
}

static void heap_3_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct heap_3 *outer = context;
    outer->library->measure(outer->heap, address, taken, usable);
}

static void heap_3_use(const void *context, struct arena_use *use)
{
    const struct heap_3 *outer = context;
    outer->library->use(outer->heap, use);
}

static void heap_3_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct heap_3 *outer = context;
    outer->library->walk(outer->heap, piece, to);
}

const struct simulator simulator_heap_3 = {
    .name = "heap_3",
    .title = "FreeRTOS heap_3: the C library's malloc",
    .source = "FreeRTOS-Kernel portable/MemMang/heap_3.c, 4269c69; the library's own model",
    .option_help = "libc=newlib|newlib-nano|picolibc-1.8|picolibc|avr-libc: whose malloc it is, newlib's if not said",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .grows = true,
    .begin = heap_3_begin,
    .end = heap_3_end,
    .alloc = heap_3_alloc,
    .free = heap_3_free,
    .measure = heap_3_measure,
    .use = heap_3_use,
    .walk = heap_3_walk,
};
