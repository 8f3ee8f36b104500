/* bump: in sizes, out memory that is never used again; an allocator of its own that a signal handler may call at any instruction. Preloaded behind the runtime. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

enum { ARENA_BYTES = 1 << 30 };
static char *arena;
static size_t used;

static char *find_arena(void)
{
    char *now = __atomic_load_n(&arena, __ATOMIC_ACQUIRE);
    if (now)
        return now;
    char *fresh = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!__atomic_compare_exchange_n(&arena, &now, fresh, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        munmap(fresh, ARENA_BYTES);
        return now;
    }
    return fresh;
}

/* Not through memalign: a call of that would be one more event. */
static void *take(size_t alignment, size_t size)
{
    if (alignment < 16)
        alignment = 16;
    if (size > ARENA_BYTES / 2)
        return NULL;
    size_t from = __atomic_fetch_add(&used, size + alignment + 32, __ATOMIC_RELAXED);
    if (from + size + alignment + 32 > ARENA_BYTES)
        return NULL;
    uintptr_t block = ((uintptr_t)find_arena() + from + 16 + alignment) & ~(uintptr_t)(alignment - 1);
    ((size_t *)block)[-1] = size;
    return (void *)block;
}

void *memalign(size_t alignment, size_t size)
{
    return take(alignment, size);
}

void *malloc(size_t size)
{
    return take(16, size);
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : take(16, bytes);
}

void *realloc(void *old, size_t size)
{
    void *fresh = take(16, size);
    if (old && fresh)
        memcpy(fresh, old, ((size_t *)old)[-1] < size ? ((size_t *)old)[-1] : size);
    return fresh;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return take(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = take(alignment, size);
    return *block ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *block)
{
    return block ? ((size_t *)block)[-1] : 0;
}
