/* glibc_find: in a process that stands still, out its glibc. The main arena is known by its bins: those that are empty point to themselves. */
#include "glibc_find.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/memory.h"
#include "host/base/vec.h"

enum { LOOKED_MOST = 64 << 20, FILES_MOST = 4096, EMPTY_LEAST = 20, FLAGS_MOST = 3 };

struct range {
    uint64_t start, end;
    bool is_written, is_libc;
};

struct ranges {
    VEC(struct range) list; /* of the C library, or of the program itself */
};

static bool ends_as_libc(const char *path)
{
    const char *name = strrchr(path, '/');
    return name && (!strncmp(name, "/libc.so.6", 10) || !strncmp(name, "/libc-2.", 8));
}

/* A program that is linked statically has its malloc in itself: its file is the first that is mapped. */
static void line_take(struct ranges *ranges, struct glibc_place *place, char *first, const char *line)
{
    struct range range = {0};
    char rights[8], path[PATH_MAX] = "";
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %4095[^\n]", &range.start, &range.end, rights, path) < 3 || range.end <= range.start)
        return;
    if (!strcmp(path, "[heap]")) {
        place->break_start = place->break_start ? place->break_start : range.start;
        place->break_end = range.end;
    }
    if (!*first && *path == '/')
        strcpy(first, path);
    range.is_libc = ends_as_libc(path);
    range.is_written = rights[1] == 'w';
    if (*path == '/' && (range.is_libc || !strcmp(path, first)) && ranges->list.count < FILES_MOST)
        vec_push(&ranges->list, range);
}

static void ranges_take(struct ranges *ranges, struct glibc_place *place, FILE *maps)
{
    char line[PATH_MAX + 128], first[PATH_MAX] = "";
    while (fgets(line, sizeof line, maps))
        line_take(ranges, place, first, line);
    bool has_libc = false;
    for (size_t i = 0; i < ranges->list.count; i++)
        has_libc |= ranges->list.at[i].is_libc;
    size_t kept = 0;
    for (size_t i = 0; i < ranges->list.count; i++)
        if (ranges->list.at[i].is_libc == has_libc)
            ranges->list.at[kept++] = ranges->list.at[i];
    ranges->list.count = kept;
}

/* "GNU C Library (...) stable release version 2.36." */
static unsigned version_in(struct heap_memory *memory, const struct range *range)
{
    static const char sign[] = " release version 2.";
    enum { STEP = 1 << 15, KEPT = sizeof sign + 8 };
    char *text = memory_new(STEP + KEPT, 1);
    unsigned minor = 0;
    uint64_t end = range->end - range->start > LOOKED_MOST ? range->start + LOOKED_MOST : range->end;
    for (uint64_t at = range->start; at < end && !minor; at += STEP) {
        size_t count = end - at < STEP + KEPT ? (size_t)(end - at) : STEP + KEPT;
        const char *found = heap_memory_read(memory, at, text, count) ? memmem(text, count, sign, sizeof sign - 1) : NULL;
        if (found && (size_t)(found - text) + sizeof sign + 2 <= count)
            minor = (unsigned)strtoul((char[4]){found[sizeof sign - 1], found[sizeof sign], 0}, NULL, 10);
    }
    memory_free(text);
    return minor;
}

/* Every bin's ends are itself, or look like chunks. */
static bool is_arena(struct heap_memory *memory, const struct glibc_shape *shape, uint64_t at)
{
    unsigned empty = 0;
    uint64_t last = at + shape->bins + 2 * shape->word * (GLIBC_SHAPE_BINS - 2);
    if (heap_memory_word(memory, last) != last - 2 * shape->word && !(heap_memory_word(memory, last) && heap_memory_word(memory, last + shape->word)))
        return false;
    for (unsigned i = 0; i < GLIBC_SHAPE_BINS; i++) {
        uint64_t ends = at + shape->bins + 2 * shape->word * i, own = ends - 2 * shape->word;
        uint64_t next = heap_memory_word(memory, ends), before = heap_memory_word(memory, ends + shape->word);
        if ((next == own) != (before == own) || !next || !before || (next != own && (next | before) & (2 * shape->word - 1)))
            return false;
        empty += next == own;
    }
    return empty >= EMPTY_LEAST && heap_memory_u32(memory, at + shape->flags) <= FLAGS_MOST && heap_memory_word(memory, at + shape->next) &&
           heap_memory_word(memory, at + shape->top);
}

static uint64_t arena_in(struct heap_memory *memory, const struct glibc_shape *shape, const struct range *range)
{
    uint64_t end = range->end - range->start > LOOKED_MOST ? range->start + LOOKED_MOST : range->end;
    for (uint64_t at = range->start; at + shape->state_bytes <= end; at += shape->word)
        if (is_arena(memory, shape, at))
            return at;
    return 0;
}

static bool place_find(struct heap_memory *memory, const struct ranges *ranges, struct glibc_place *place, struct error *error)
{
    for (size_t i = 0; i < ranges->list.count && !place->minor; i++)
        place->minor = version_in(memory, &ranges->list.at[i]);
    if (!place->minor)
        return error_set(error, ERROR_READ, "the program has no glibc: only its heaps can be walked (not those of musl, jemalloc and others)");
    if (!glibc_shape_of(&place->shape, place->minor, memory->word, error))
        return false;
    for (size_t i = 0; i < ranges->list.count && !place->main_arena; i++)
        if (ranges->list.at[i].is_written)
            place->main_arena = arena_in(memory, &place->shape, &ranges->list.at[i]);
    return place->main_arena || error_set(error, ERROR_READ, "glibc's malloc was not used by the program yet, or its main arena cannot be found");
}

bool glibc_find(struct heap_memory *memory, FILE *maps, struct glibc_place *place, struct error *error)
{
    struct ranges ranges = {0};
    *place = (struct glibc_place){0};
    ranges_take(&ranges, place, maps);
    bool is_found = place_find(memory, &ranges, place, error);
    vec_done(&ranges.list);
    return is_found;
}
