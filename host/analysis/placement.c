/* placement: in the blocks of a firmware that has both short internal and ample external memory, out which call stacks' blocks belong in which, and why. */
#include "answer.h"

#include <stdlib.h>

#include <heaptracer/firmware.h>

#include "region.h"

/* Blocks from this mean size on belong in external memory, unless something speaks against it; below the second they are small. */
enum { EXTERNAL_LEAST = 4096, SMALL_BELOW = 256, PLACEMENT_ROWS = 500 };
static const double hot_large = 100, hot_small = 5; /* allocations a second */

enum { STACK, ADVICE, WHY, SAVING, AT_PEAK, MEAN, RATE, NAME, KIND, LIVE, ALLOCATIONS, LIFE, PASS, HEAP, PROCESS };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "who allocates", COLUMN_STACK},
    [ADVICE] = {"advice", "Advice", "", "to external, to internal, or stay", COLUMN_TEXT},
    [WHY] = {"why", "Why", "",
             "what decides: DMA (was asked for), interrupt (made in one), small and often (less than 256 bytes on average, 5 a second and more), very often "
             "(100 a second and more), small (less than 4 KiB on average), large, asked for; empty: nothing",
             COLUMN_TEXT},
    [SAVING] = {"saving_bytes", "Saving", "", "what internal memory gets back at its fullest moment if the advice is `to external`: at_peak_bytes",
                COLUMN_BYTES},
    [AT_PEAK] = {"at_peak_bytes", "At peak", "", "live bytes of these blocks when their region held most", COLUMN_BYTES},
    [MEAN] = {"mean_bytes", "Mean size", "", "bytes asked for / allocations", COLUMN_BYTES},
    [RATE] = {"rate", "Rate", "/s", "allocations / length of the range", COLUMN_REAL},
    [NAME] = {"name", "Region", "", "its name", COLUMN_TEXT},
    [KIND] = {"kind", "Kind", "", "internal or external, as regions.kind", COLUMN_TEXT},
    [LIVE] = {"live_bytes", "Live", "", "their live bytes at the end of the range", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs there", COLUMN_COUNT},
    [LIFE] = {"mean_life_ns", "Mean life", "", "of those that were freed; 0: none was", COLUMN_DURATION},
    [PASS] = {"pass_ns", "Pass", "",
              "how much longer reading one block once takes in external than in internal memory, by the measured sequential rates; 0: not measured",
              COLUMN_DURATION},
    [HEAP] = {"heap", "Heap", "id", "id of the region's heap in which the blocks lie", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

/* Blocks of one stack in one heap. At a new peak of the heap nothing is copied: `at_peak` is set by the first change after it. */
struct place {
    uint32_t process, heap, site;
    uint64_t epoch, live, at_peak, bytes, lives_ns;
    uint64_t made, ended, in_interrupt;
};

/* A heap. */
struct room {
    uint64_t live, peak, epoch;
};

struct placement {
    struct region_watch watch;
    VEC(struct place) places;
    VEC(struct room) rooms;
    struct map numbers, room_numbers; /* region_key and site -> number + 1; region_key -> number + 1 */
};

static struct room *room_of(struct placement *placement, uint64_t key)
{
    uint64_t *number = map_put(&placement->room_numbers, key, NULL);
    if (!*number) {
        vec_push(&placement->rooms, (struct room){0});
        *number = placement->rooms.count;
    }
    return placement->rooms.at + *number - 1;
}

static struct place *place_of(struct placement *placement, const struct block *block, const struct room *room)
{
    uint64_t *number = map_put(&placement->numbers, (uint64_t)(room - placement->rooms.at) << 32 | block->site, NULL);
    if (!*number) {
        vec_push(&placement->places, ((struct place){.process = block->process, .heap = block->heap, .site = block->site, .epoch = room->epoch}));
        *number = placement->places.count;
    }
    return placement->places.at + *number - 1;
}

static void live_change(struct place *place, struct room *room, uint64_t bytes, bool is_born)
{
    if (place->epoch != room->epoch) {
        place->at_peak = place->live;
        place->epoch = room->epoch;
    }
    if (!is_born) {
        place->live -= bytes < place->live ? bytes : place->live;
        room->live -= bytes < room->live ? bytes : room->live;
        return;
    }
    place->live += bytes;
    room->live += bytes;
    if (room->live > room->peak) {
        room->peak = room->live;
        room->epoch++;
    }
}

static void block_see(void *context, const struct block *block)
{
    struct placement *placement = context;
    struct room *room = room_of(placement, region_key(block->process, block->heap));
    live_change(place_of(placement, block, room), room, block->size, true);
}

static void *placement_begin(const struct model *model)
{
    struct placement *placement = memory_new(1, sizeof *placement);
    placement->watch.model = model;
    if (region_watch(&placement->watch))
        model_each_block(model, block_see, placement);
    return placement;
}

static void placement_end(void *state)
{
    struct placement *placement = state;
    vec_done(&placement->places);
    vec_done(&placement->rooms);
    map_done(&placement->numbers);
    map_done(&placement->room_numbers);
    memory_free(placement);
}

static void change_see(struct placement *placement, const struct change *change)
{
    int way = change_way(change);
    struct room *room = room_of(placement, region_key(change->block.process, change->block.heap));
    struct place *place = place_of(placement, &change->block, room);
    live_change(place, room, change->amount.bytes, way > 0);
    if (change->kind == CHANGE_BIRTH || change->kind == CHANGE_RESIZE) {
        place->made++;
        place->bytes += change->block.size;
        place->in_interrupt += (change->block.flags & BLOCK_INTERRUPT) != 0;
    }
    if (change->kind == CHANGE_FREE) {
        place->ended++;
        place->lives_ns += age_ns(change->block.birth_ns, change->time_ns);
    }
}

static void placement_see(void *state, const struct changes *changes)
{
    struct placement *placement = state;
    if (!region_watch(&placement->watch))
        return;
    for (const struct change *change = changes->all; change < changes->all + changes->count; change++)
        if (change_way(change) && region_concerns(&placement->watch, change))
            change_see(placement, change);
}

/* What decides about a place. */
struct evidence {
    const struct heap *heap, *other; /* where it is; of the other kind, in the same process */
    uint32_t caps;                   /* that the site asks for */
    double mean, rate;
    bool is_slower; /* external memory, at random places, than half of internal; or nobody measured */
};

static const char *advise(const struct place *place, const struct evidence *evidence, const char **why)
{
    bool is_external = region_is_external(evidence->heap->kind);
    const char *here = is_external ? "to internal" : "stay";
    if (evidence->caps & HT_CAP_DMA && !(is_external && evidence->heap->caps & HT_CAP_DMA))
        return *why = "DMA", here;
    if (place->in_interrupt)
        return *why = "interrupt", here;
    if (evidence->is_slower && evidence->mean < SMALL_BELOW && evidence->rate >= hot_small)
        return *why = "small and often", here;
    if (evidence->is_slower && evidence->rate >= hot_large)
        return *why = "very often", here;
    if (is_external)
        return *why = evidence->caps & HT_CAP_EXTERNAL ? "asked for" : "", "stay";
    if (evidence->mean < EXTERNAL_LEAST)
        return *why = "small", "stay";
    return *why = "large", "to external";
}

static const struct heap *heap_find(const struct model *model, uint32_t process, uint32_t id)
{
    const struct heap *heap;
    for (size_t i = 0; (heap = model_heap(model, i)); i++)
        if (heap->process == process && heap->id == id)
            return heap;
    return NULL;
}

/* The largest heap of the other kind. */
static const struct heap *other_find(const struct model *model, const struct heap *here)
{
    const struct heap *heap, *best = NULL;
    bool wants_internal = region_is_external(here->kind);
    for (size_t i = 0; (heap = model_heap(model, i)); i++) {
        bool is_other = wants_internal ? region_is_internal(heap->kind) : region_is_external(heap->kind);
        if (is_other && heap->process == here->process && (!best || heap->size > best->size))
            best = heap;
    }
    return best;
}

static bool external_is_slower(const struct evidence *evidence)
{
    bool is_external = region_is_external(evidence->heap->kind);
    const struct heap *external = is_external ? evidence->heap : evidence->other, *internal = is_external ? evidence->other : evidence->heap;
    return !internal->bandwidth.read_random || !external->bandwidth.read_random || external->bandwidth.read_random < internal->bandwidth.read_random / 2;
}

static uint64_t pass_ns(const struct evidence *evidence)
{
    bool is_external = region_is_external(evidence->heap->kind);
    const struct heap *external = is_external ? evidence->heap : evidence->other, *internal = is_external ? evidence->other : evidence->heap;
    double slow = (double)external->bandwidth.read_sequential, fast = (double)internal->bandwidth.read_sequential;
    if (slow <= 0 || fast <= slow)
        return 0;
    return (uint64_t)(evidence->mean * 1e6 / slow - evidence->mean * 1e6 / fast);
}

static void placement_row(const struct placement *placement, const struct place *place, const struct model *model, struct table *table)
{
    size_t site_count, source_count;
    const struct site *site = model_sites(model, &site_count) + place->site;
    const struct source *sources = model_sources(model, &source_count);
    struct evidence evidence = {.heap = heap_find(model, place->process, place->heap)};
    if (!evidence.heap || !(region_is_external(evidence.heap->kind) || region_is_internal(evidence.heap->kind)) ||
        !(evidence.other = other_find(model, evidence.heap)))
        return;
    const uint64_t *number = map_get(&placement->room_numbers, region_key(place->process, place->heap));
    const struct room *room = placement->rooms.at + *number - 1;
    evidence.caps = site->source < source_count ? sources[site->source].caps : 0;
    evidence.mean = ratio((double)place->bytes, (double)place->made);
    evidence.rate = ratio((double)place->made, (double)age_ns(model_get_totals(model)->begin_ns, model_time(model)) / 1e9);
    evidence.is_slower = external_is_slower(&evidence);
    union cell *row = table_row(table);
    row[STACK].u = site->stack;
    row[HEAP].u = place->heap;
    row[NAME].text = table_text(table, "%s", evidence.heap->name);
    row[KIND].text = region_kind(evidence.heap->kind);
    row[ADVICE].text = advise(place, &evidence, &row[WHY].text);
    row[AT_PEAK].u = place->epoch == room->epoch ? place->at_peak : place->live;
    row[SAVING].u = *row[ADVICE].text == 't' && !region_is_external(evidence.heap->kind) ? row[AT_PEAK].u : 0;
    row[LIVE].u = place->live;
    row[MEAN].u = (uint64_t)evidence.mean;
    row[ALLOCATIONS].u = place->made;
    row[RATE].f = evidence.rate;
    row[LIFE].u = place->ended ? place->lives_ns / place->ended : 0;
    row[PASS].u = pass_ns(&evidence);
    row[PROCESS].u = place->process;
}

/* What to move first, the largest of each. */
static void placement_answer(const void *state, const struct model *model, struct table *table)
{
    const struct placement *placement = state;
    for (size_t i = 0; i < placement->places.count; i++)
        if (placement->places.at[i].made)
            placement_row(placement, placement->places.at + i, model, table);
    table_sort(table, AT_PEAK, true, 0);
    table_sort(table, ADVICE, true, PLACEMENT_ROWS);
}

const struct analysis analysis_placement = {
    .name = "placement",
    .title = "Placement",
    .about = "For programs with internal and external memory (PSRAM): where the blocks of each call stack belong. Small blocks that are made often, what asks "
             "for DMA "
             "and what interrupts make belong in internal memory; blocks of 4 KiB and more on average in external memory. How often a block is read or "
             "written is not recorded. Where both were measured and external memory is at random at least half as fast, how often does not "
             "matter. As ht_advise on the target.",
    .is_rare = true,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = placement_begin,
    .see = placement_see,
    .end = placement_end,
    .answer = placement_answer,
};
