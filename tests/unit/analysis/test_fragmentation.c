/* fragmentation: fragmentation's tables against a brute-force map of bytes, on random heaps whose addresses have 16, 32 and 64 bits, with and without a known
 * place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "../model/events.h"
#include "host/base/error.h"
#include "host/pipeline.h"

enum { HEAPS = 1400, ROOM = 8192, BLOCKS = 512, PAGE = 4096, MAPPED = 0x300000 };

struct place {
    uint64_t at, bytes, asked; /* at: offset in the arena; bytes 0: free */
    uint32_t stack, thread;
};

/* A heap of ROOM bytes: first fit at random places, `header` bytes before each block. */
struct arena_heap {
    struct events events;
    uint64_t base, header, least, alignment;
    bool is_placed, tells_usable;
    uint8_t bytes[ROOM]; /* 1: taken */
    struct place places[BLOCKS];
    uint64_t live, live_most, low, high, used_at_live_most, used_most, live_at_used_most, births, asked;
    double ratios;
};

static bool is_free(const struct arena_heap *heap, uint64_t at, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (at + i >= ROOM || heap->bytes[at + i])
            return false;
    return true;
}

static void heap_grow(struct arena_heap *heap, uint64_t from, uint64_t to)
{
    heap->low = from < heap->low ? from : heap->low;
    heap->high = to > heap->high ? to : heap->high;
    if (heap->high - heap->low > heap->used_most) {
        heap->used_most = heap->high - heap->low;
        heap->live_at_used_most = heap->live;
    }
    if (heap->live > heap->live_most) {
        heap->live_most = heap->live;
        heap->used_at_live_most = heap->high - heap->low;
    }
    if (heap->live)
        heap->ratios += (double)(heap->high - heap->low) / (double)heap->live;
}

static void heap_alloc(struct arena_heap *heap, struct place *place)
{
    struct events *events = &heap->events;
    uint64_t most = events_random(events, 10) ? 100 : 1500, asked = 1 + events_random(events, most), bytes = (asked + heap->alignment - 1) & -heap->alignment;
    uint64_t at = events_random(events, 2) ? 0 : events_random(events, ROOM / heap->alignment) * heap->alignment;
    while (at < ROOM && !is_free(heap, at, heap->header + bytes))
        at += heap->alignment;
    if (at >= ROOM)
        return;
    memset(heap->bytes + at, 1, heap->header + bytes);
    *place = (struct place){at + heap->header, bytes, asked, 1 + (uint32_t)events_random(events, 3), 1 + (uint32_t)events_random(events, 2)};
    struct event *event = events_alloc(events, place->thread, heap->base + place->at, asked, place->stack);
    event->usable = heap->tells_usable ? bytes : 0;
    event->heap = heap->is_placed;
    heap->live += asked;
    heap->births++;
    heap->asked += asked;
    heap_grow(heap, place->at, place->at + (heap->tells_usable ? bytes : asked));
}

static void heap_free(struct arena_heap *heap, struct place *place)
{
    events_free(&heap->events, 1, heap->base + place->at)->heap = heap->is_placed;
    memset(heap->bytes + place->at - heap->header, 0, heap->header + place->bytes);
    heap->live -= place->asked;
    *place = (struct place){0};
}

static void heap_begin(struct arena_heap *heap, uint64_t seed)
{
    static const uint64_t bases[] = {0x200, 0x20000000, 0x7f0000000000}, leasts[] = {4, 16, 32};
    *heap = (struct arena_heap){.events = {.random = seed * 2 + 1}, .low = ROOM};
    struct events *events = &heap->events;
    for (int i = 0; i < 8; i++)
        events_random(events, 2);
    uint64_t kind = events_random(events, 3);
    heap->base = bases[kind];
    heap->least = leasts[kind];
    heap->is_placed = events_random(events, 2);
    heap->tells_usable = events_random(events, 2);
    heap->alignment = (uint64_t[]){1, 4, 8, 16}[events_random(events, 4)];
    heap->header = heap->alignment * events_random(events, heap->alignment == 16 ? 2 : 3);
    heap->header = kind == 0 && heap->header > 8 ? 8 : heap->header;
    events_process(events, 1, 0, 0);
    events_thread(events, 1, 1);
    events_thread(events, 2, 1);
    for (uint32_t id = 1; id <= 3; id++)
        events_frame(events, id, 0);
    struct heap_definition placed = {.id = 1, .process = 1, .kind = 1, .base = heap->base, .size = ROOM, .name = "arena"};
    if (heap->is_placed)
        events_put(events, EVENT_HEAP)->define = events_copy(&placed, sizeof placed);
}

static void heap_run(struct arena_heap *heap)
{
    unsigned steps = 150 + (unsigned)events_random(&heap->events, 450);
    for (unsigned i = 0; i < steps; i++) {
        struct place *place = heap->places + events_random(&heap->events, 40 + steps / 8);
        heap->events.time_ns += 1000;
        if (place->bytes)
            heap_free(heap, place);
        else
            heap_alloc(heap, place);
    }
    /* two neighbours show the header; the first fit from 0 leaves none unless all is full */
    for (unsigned i = 0; i < 64; i++)
        if (!heap->places[BLOCKS - 1 - i].bytes)
            heap_alloc(heap, heap->places + BLOCKS - 1 - i);
}

static int place_order(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    return (a->at > b->at) - (a->at < b->at);
}

/* What the map of bytes says. */
struct truth {
    uint64_t free, pieces, largest, stretch, pages, usable, blocks, runs, gain;
    double squares;
    uint64_t sizes[ROOM];
    bool has_neighbours; /* else the header cannot be seen */
};

static void truth_pieces(struct truth *truth, const struct arena_heap *heap, uint64_t from, uint64_t to)
{
    uint64_t before = 0, blocks_between = 0;
    for (uint64_t at = from; at < to;) {
        uint64_t end = at;
        while (end < to && heap->bytes[end] == heap->bytes[at])
            end++;
        if (heap->bytes[at]) {
            blocks_between = 1;
        } else if (end - at >= heap->least) {
            truth->sizes[truth->pieces++] = end - at;
            truth->free += end - at;
            truth->squares += (double)(end - at) * (double)(end - at);
            truth->largest = end - at > truth->largest ? end - at : truth->largest;
            truth->runs += before && blocks_between;
            truth->gain += before && blocks_between ? (before < end - at ? before : end - at) : 0;
            before = end - at;
            blocks_between = 0;
        }
        at = end;
    }
}

static void truth_find(struct truth *truth, struct arena_heap *heap)
{
    bool pages[(ROOM + PAGE) / PAGE + 1] = {0};
    *truth = (struct truth){0};
    struct place sorted[BLOCKS];
    memcpy(sorted, heap->places, sizeof sorted);
    qsort(sorted, BLOCKS, sizeof *sorted, place_order);
    for (unsigned i = 0; i < BLOCKS; i++) {
        const struct place *place = sorted + i;
        if (!place->bytes)
            continue;
        truth->blocks++;
        truth->usable += place->bytes;
        truth->has_neighbours |= i && sorted[i - 1].bytes && sorted[i - 1].at + sorted[i - 1].bytes + heap->header == place->at;
        for (uint64_t byte = heap->base % PAGE + place->at; byte < heap->base % PAGE + place->at + place->bytes; byte++)
            pages[byte / PAGE] = true;
    }
    for (unsigned i = 0; i < sizeof pages; i++)
        truth->pages += pages[i];
    uint64_t from = heap->is_placed ? 0 : heap->low, to = heap->is_placed ? ROOM : heap->high;
    truth->stretch = to - from;
    if (heap->is_placed && heap->low <= ROOM / 8) /* what lies before all that was ever used is the allocator's own */
        from = heap->low;
    truth_pieces(truth, heap, from, to);
}

static double truth_unusable(const struct truth *truth, uint64_t size)
{
    uint64_t useless = 0;
    for (uint64_t i = 0; i < truth->pieces; i++)
        useless += truth->sizes[i] < size ? truth->sizes[i] : 0;
    return truth->free ? (double)useless / (double)truth->free : 0;
}

static double truth_linux(const struct truth *truth, uint64_t size)
{
    if (!truth->pieces)
        return 0;
    return size <= truth->largest ? -1 : 1 - (1 + (double)truth->free / (double)size) / (double)truth->pieces;
}

static double real(const struct table *table, size_t row, const char *column)
{
    int place = table_find_column(table, column);
    assert_true(place >= 0 && row < table->row_count);
    return table_real(table->columns + place, table_at(table, row)[place]);
}

#define SAME(table, row, column, wanted)                                                                                                                       \
    do {                                                                                                                                                       \
        double is = real(table, row, column), should = (double)(wanted);                                                                                       \
        if (fabs(is - should) > 1e-9 * (1 + fabs(should)))                                                                                                     \
            fail_msg("seed %u: %s is %.12g, not %.12g", (unsigned)current_seed, column, is, should);                                                           \
    } while (0)
static uint64_t current_seed;

static uint64_t power_above(uint64_t least)
{
    uint64_t power = 1;
    while (power < least)
        power *= 2;
    return power;
}

static void check_fragmentation(const struct table *table, const struct arena_heap *heap, const struct truth *truth)
{
    uint64_t mean = power_above(heap->asked / heap->births), wasted = (uint64_t)(truth_unusable(truth, mean) * (double)truth->free + 0.5);
    double free = (double)truth->free;
    SAME(table, 0, "live_bytes", heap->live);
    SAME(table, 0, "blocks", truth->blocks);
    SAME(table, 0, "used_bytes", truth->stretch);
    SAME(table, 0, "free_bytes", truth->free);
    SAME(table, 0, "free_pieces", truth->pieces);
    SAME(table, 0, "largest_free_bytes", truth->largest);
    SAME(table, 0, "external", truth->free ? 1 - (double)truth->largest / free : 0);
    SAME(table, 0, "unusable_64", truth_unusable(truth, 64));
    SAME(table, 0, "unusable_1k", truth_unusable(truth, 1024));
    SAME(table, 0, "unusable", truth_unusable(truth, mean));
    SAME(table, 0, "wasted_bytes", wasted);
    SAME(table, 0, "linux_index", truth->free ? truth_linux(truth, power_above(truth->largest + 1)) : 0);
    SAME(table, 0, "umm", truth->free ? 1 - sqrt(truth->squares) / free : 0);
    if (truth->pieces)
        SAME(table, 0, "weighted_score", 0.5 * (double)truth->largest / free + 0.3 / (1 + log((double)truth->pieces)) + 0.2 * (1 - (double)wasted / free));
    SAME(table, 0, "efficiency", (double)heap->live / ((double)truth->stretch - free));
    SAME(table, 0, "page_bytes", truth->pages * PAGE);
    SAME(table, 0, "johnstone_1", heap->ratios / (double)heap->births - 1);
    SAME(table, 0, "johnstone_2", (double)heap->used_at_live_most / (double)heap->live_most - 1);
    SAME(table, 0, "johnstone_3", (double)heap->used_most / (double)heap->live_at_used_most - 1);
    SAME(table, 0, "johnstone_4", (double)heap->used_most / (double)heap->live_most - 1);
}

static void check_unusable(const struct table *table, const struct truth *truth)
{
    if (truth->pieces)
        assert_true(table->row_count > 0);
    for (size_t row = 0; row < table->row_count; row++) {
        uint64_t size = (uint64_t)real(table, row, "request_bytes"), suitable = 0;
        for (uint64_t i = 0; i < truth->pieces; i++)
            suitable += truth->sizes[i] >= size;
        SAME(table, row, "pieces", suitable);
        SAME(table, row, "unusable", truth_unusable(truth, size));
        SAME(table, row, "linux_index", truth_linux(truth, size));
    }
}

static void check_internal(const struct table *table, const struct arena_heap *heap, const struct truth *truth)
{
    double asked = 0, taken = 0;
    for (size_t row = 0; row < table->row_count; row++) {
        asked += real(table, row, "asked_bytes");
        taken += real(table, row, "taken_bytes");
    }
    assert_true(asked == (double)heap->live);
    assert_true(taken == (double)(truth->usable + truth->blocks * heap->header));
}

static void check_pins(const struct table *pins, const struct table *sites, const struct truth *truth)
{
    double gain = 0, runs = 0, sum = 0;
    for (size_t row = 0; row < sites->row_count; row++) {
        gain += real(sites, row, "gain_bytes");
        runs += real(sites, row, "runs");
    }
    for (size_t row = 0; row < pins->row_count; row++)
        sum += real(pins, row, "gain_bytes");
    assert_true(runs == (double)truth->runs);
    assert_true(gain == (double)truth->gain);
    assert_true(pins->row_count < 256 ? sum == gain : sum <= gain);
}

/* Every byte of the heap is in one cell, and counts there if a block may use it. */
static void check_cells(const struct table *table, const struct arena_heap *heap, const struct truth *truth)
{
    uint8_t usable[ROOM] = {0};
    double bytes = 0;
    for (unsigned i = 0; i < BLOCKS; i++)
        memset(usable + heap->places[i].at, 1, heap->places[i].bytes);
    for (size_t row = 0; row < table->row_count; row++) {
        uint64_t start = (uint64_t)real(table, row, "start") - heap->base, end = (uint64_t)real(table, row, "end") - heap->base, used = 0;
        for (uint64_t at = start; at < end && at < ROOM; at++)
            used += usable[at];
        SAME(table, row, "used_bytes", used);
        bytes += real(table, row, "bytes");
    }
    assert_true(bytes == (double)truth->stretch);
}

static struct pipeline *heap_read(const struct arena_heap *heap, const char *const *tables, bool has_end)
{
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = PAGE, .tick_ns = 1};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_new(&(struct pipeline_options){.tables = tables}, &header, &error);
    struct event end = {.kind = EVENT_PROCESS_END, .process = 1, .time_ns = heap->events.time_ns};
    assert_non_null(pipeline);
    for (size_t i = 0; i < heap->events.list.count; i++)
        pipeline_put(pipeline, heap->events.list.at + i);
    if (has_end)
        pipeline_put(pipeline, &end);
    pipeline_finish(pipeline);
    return pipeline;
}

static void metrics_equal_a_map_of_bytes(void **state)
{
    static const char *const names[] = {"fragmentation", "unusable", "internal_fragmentation", "pinning", "pinning_sites", "heap_cells", NULL};
    (void)state;
    unsigned checked = 0;
    struct arena_heap *heap = memory_new(1, sizeof *heap);
    struct truth *truth = memory_new(1, sizeof *truth);
    for (current_seed = 1; current_seed <= HEAPS; current_seed++) {
        struct table tables[6];
        heap_begin(heap, current_seed);
        heap_run(heap);
        truth_find(truth, heap);
        /* blocks that do not tell what they take end where they must only if some lie side by side, and are many */
        bool is_clear = truth->has_neighbours && truth->blocks >= 8 && (heap->tells_usable || heap->is_placed);
        struct pipeline *pipeline = heap_read(heap, names, current_seed % 3 == 0);
        for (size_t i = 0; i < 6; i++)
            pipeline_answer(pipeline, i, tables + i);
        if (is_clear) {
            check_fragmentation(tables, heap, truth);
            check_unusable(tables + 1, truth);
            check_internal(tables + 2, heap, truth);
            check_cells(tables + 5, heap, truth);
            check_pins(tables + 3, tables + 4, truth);
            assert_true(real(tables, 0, "ended") == (current_seed % 3 == 0));
            checked++;
        }
        for (size_t i = 0; i < 6; i++)
            table_done(tables + i);
        pipeline_free(pipeline);
        events_done(&heap->events);
    }
    print_message("%u of %u heaps\n", checked, (unsigned)HEAPS);
    assert_true(checked > HEAPS / 2);
    memory_free(heap);
    memory_free(truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(metrics_equal_a_map_of_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
