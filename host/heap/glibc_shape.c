/* glibc_shape: in a version of glibc and the bytes of a pointer, out where the fields of its malloc's own structures are. */
#include "glibc_shape.h"

enum { FIRST = 31, MANGLED = 32, WITH_PAGE_SIZE = 35, LAST = 41, MARK_WORDS = 16 };

static uint64_t up(uint64_t bytes, uint64_t align)
{
    return (bytes + align - 1) & ~(align - 1);
}

bool glibc_shape_of(struct glibc_shape *shape, unsigned minor, uint32_t word, struct error *error)
{
    if (minor < FIRST || minor > LAST)
        return error_set(error, ERROR_USAGE, "the program has glibc 2.%u; the shape of its heap is known of 2.%d to 2.%d only", minor, FIRST, LAST);
    *shape = (struct glibc_shape){.word = word, .align = 16, .flags = 4, .fast_bins = word == 8 ? 10 : 11};
    shape->least = up(4 * (uint64_t)word, shape->align);
    shape->fast = up(3 * sizeof(int), word);
    shape->top = shape->fast + shape->fast_bins * word;
    shape->bins = shape->top + 2 * word;
    shape->next = shape->bins + 2 * GLIBC_SHAPE_BINS * (uint64_t)word + MARK_WORDS;
    shape->attached = shape->next + 2 * word;
    shape->system = shape->attached + word;
    shape->state_bytes = shape->system + 2 * word;
    shape->info_bytes = minor >= WITH_PAGE_SIZE ? up(7 * (uint64_t)word, shape->align) - 2 * word : 4 * word;
    shape->heap_bytes = word == 8 ? 64 << 20 : 1 << 20;
    shape->cache_bytes = up(GLIBC_SHAPE_CACHE_BINS * (sizeof(uint16_t) + (uint64_t)word) + word, shape->align);
    shape->small_most = word == 8 ? 1024 : 1008;
    shape->is_mangled = minor >= MANGLED;
    return true;
}
