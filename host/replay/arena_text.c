/* arena_text: in "[HEAP=]SIZE[@BASE][,SIZE[@BASE]...]" and a heap of a trace, out the arena that this heap gets. */
#include "arena_text.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/number.h"
#include "host/base/opt.h"
#include "host/base/str.h"

enum { PAGE = 4096, REGION_GAP = 1 << 16 };
/* Where memory usually begins, by bytes of a pointer: that of an AVR behind its registers, of a Cortex-M, of a Linux program. */
static const uint64_t usual_base[] = {0x200, 0x20000000, 0x100000000000}, usual_room[] = {0xF000, 1u << 30, 1ull << 40};
static const struct arena_region usual_maps[] = {{0, 0}, {0x80000000, 0x40000000}, {0x7f0000000000, 1ull << 36}};

static bool region_add(struct play_arena *arena, const char *place, const char *word, size_t count, struct error *error)
{
    struct str text = {0};
    struct arena_region region = {0};
    char *end = NULL;
    str_add_bytes(&text, word, count);
    char *at = strchr(text.at, '@');
    if (at) {
        *at++ = 0;
        region.base = strtoull(at, &end, 0);
    }
    bool is_good = (!at || (*at && !*end && region.base)) || error_set(error, ERROR_USAGE, "%s: '%s' is no address to begin an arena at", place, at);
    is_good = is_good && number_parse_size(place, text.at, &region.bytes, error);
    is_good = is_good && (region.bytes || error_set(error, ERROR_USAGE, "%s: an arena of no bytes holds nothing", place));
    is_good = is_good && (region.base + region.bytes >= region.base || error_set(error, ERROR_USAGE, "%s: '%.*s' goes beyond the last address", place, (int)count, word));
    str_done(&text);
    if (is_good)
        arena->regions[arena->region_count++] = region;
    return is_good;
}

static int region_order(const void *a, const void *b)
{
    const struct arena_region *one = a, *other = b;
    return one->base < other->base ? -1 : one->base > other->base;
}

static bool regions_check(struct play_arena *arena, const char *place, struct error *error)
{
    size_t placed = 0;
    for (size_t i = 0; i < arena->region_count; i++)
        placed += arena->regions[i].base != 0;
    if (placed && placed != arena->region_count)
        return error_set(error, ERROR_USAGE, "%s: say where all regions begin, or none", place);
    if (!placed)
        return true;
    qsort(arena->regions, arena->region_count, sizeof *arena->regions, region_order);
    for (size_t i = 1; i < arena->region_count; i++)
        if (arena->regions[i - 1].base + arena->regions[i - 1].bytes > arena->regions[i].base)
            return error_set(error, ERROR_USAGE, "%s: two regions overlap at 0x%llx", place, (unsigned long long)arena->regions[i].base);
    return true;
}

bool arena_wish_add(struct arena_wishes *wishes, const char *place, const char *text, struct error *error)
{
    struct arena_wish wish = {0};
    const char *is = strchr(text, '='), *rest = is ? is + 1 : text, *word;
    size_t count;
    bool is_good = true;
    while (is_good && opt_next_word(&rest, ',', &word, &count)) {
        if (wish.arena.region_count == PLAY_REGIONS_MOST)
            return error_set(error, ERROR_USAGE, "%s: more than %d regions", place, PLAY_REGIONS_MOST);
        is_good = region_add(&wish.arena, place, word, count, error);
    }
    is_good = is_good && (wish.arena.region_count || error_set(error, ERROR_USAGE, "%s: '%s' names no size", place, text)) && regions_check(&wish.arena, place, error);
    if (!is_good)
        return false;
    if (is) {
        wish.heap = memory_copy_text(text);
        wish.heap[is - text] = 0;
    }
    vec_push(&wishes->list, wish);
    return true;
}

void arena_wishes_done(struct arena_wishes *wishes)
{
    for (size_t i = 0; i < wishes->list.count; i++)
        memory_free(wishes->list.at[i].heap);
    vec_done(&wishes->list);
}

bool arena_wishes_check(const struct arena_wishes *wishes, const struct requests *requests, struct error *error)
{
    for (size_t i = 0; i < wishes->list.count; i++) {
        const char *name = wishes->list.at[i].heap;
        size_t place = 0;
        while (name && place < requests->heaps.count && strcmp(requests->heaps.at[place].name, name))
            place++;
        if (name && place == requests->heaps.count)
            return error_set(error, ERROR_USAGE, "--arena: the trace has no heap '%s' that was asked for memory", name);
    }
    return true;
}

static uint32_t pointer_of(const struct play_config *config)
{
    return config->pointer_bytes ? config->pointer_bytes : config->simulator->pointer_bytes;
}

static size_t width_of(const struct play_config *config)
{
    return pointer_of(config) > 4 ? 2 : pointer_of(config) > 2;
}

/* Has the allocator's target such an address? */
static bool is_within(const struct play_config *config, uint64_t address)
{
    return pointer_of(config) > 4 || !(address >> 8 * pointer_of(config));
}

uint64_t arena_base(const struct request_heap *heap, const struct play_config *config)
{
    if (heap->base && is_within(config, heap->base + heap->bytes))
        return heap->base;
    if (config->simulator->grows && heap->lowest != UINT64_MAX && is_within(config, heap->highest))
        return heap->lowest & ~(uint64_t)(PAGE - 1);
    return usual_base[width_of(config)];
}

static void regions_place(struct play_arena *arena, uint64_t base)
{
    for (size_t i = 0; i < arena->region_count; i++) {
        struct arena_region *region = &arena->regions[i];
        if (!region->base)
            region->base = base;
        base = ((region->base + region->bytes + REGION_GAP - 1) & ~(uint64_t)(REGION_GAP - 1)) + REGION_GAP;
    }
}

/* All that a system could give; one that also maps memory elsewhere has a second region for that. */
static void system_room(struct play_arena *arena, const struct play_config *config)
{
    size_t width = width_of(config);
    arena->regions[0].bytes = usual_room[width];
    if (config->simulator->most_regions < 2 || !usual_maps[width].bytes)
        return;
    arena->regions[1] = usual_maps[width];
    arena->region_count = 2;
}

bool arena_choose(const struct arena_wishes *wishes, const struct request_heap *heap, const struct play_config *config, struct play_arena *arena, bool *is_open)
{
    const struct arena_wish *chosen = NULL;
    for (size_t i = 0; i < wishes->list.count; i++) {
        const struct arena_wish *wish = &wishes->list.at[i];
        if (wish->heap ? !strcmp(wish->heap, heap->name) : !chosen)
            chosen = wish;
    }
    *arena = (struct play_arena){.region_count = 1};
    *is_open = !chosen && !heap->bytes && config->simulator->grows;
    if (chosen)
        *arena = chosen->arena;
    else if (heap->bytes)
        arena->regions[0].bytes = heap->bytes;
    else if (*is_open)
        system_room(arena, config);
    else
        return false;
    regions_place(arena, arena_base(heap, config));
    return true;
}
