/* toy: an allocator of which every figure is known by hand: a header of 8 bytes, sizes rounded up to 8, the first free place that is large enough; and events for it. */
#ifndef TESTS_UNIT_REPLAY_TOY_H
#define TESTS_UNIT_REPLAY_TOY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/replay/play.h"

enum { TOY_CELLS = 64, TOY_CELL = 8, TOY_BASE = 0x1000 };

struct toy {
    size_t cells;
    uint8_t owner[TOY_CELLS]; /* 0: free; 1: first cell of a block; 2: another one */
};

static inline void *toy_begin(const struct simulator_arena *arena, struct error *error)
{
    struct toy *toy = memory_new(1, sizeof *toy);
    (void)error;
    toy->cells = arena->regions[0].bytes / TOY_CELL;
    if (toy->cells > TOY_CELLS)
        toy->cells = TOY_CELLS;
    return toy;
}

static inline uint64_t toy_alloc(void *heap, uint64_t size, uint64_t align)
{
    struct toy *toy = heap;
    size_t wanted = 1 + (size_t)(size + TOY_CELL - 1) / TOY_CELL, free_cells = 0;
    (void)align;
    for (size_t i = 0; i < toy->cells; i++) {
        free_cells = toy->owner[i] ? 0 : free_cells + 1;
        if (free_cells < wanted)
            continue;
        size_t first = i + 1 - wanted;
        memset(toy->owner + first, 2, wanted);
        toy->owner[first] = 1;
        return TOY_BASE + (first + 1) * TOY_CELL;
    }
    return 0;
}

static inline size_t toy_cells(const struct toy *toy, size_t first)
{
    size_t end = first + 1;
    while (end < toy->cells && toy->owner[end] == 2)
        end++;
    return end - first;
}

static inline void toy_free(void *heap, uint64_t address)
{
    struct toy *toy = heap;
    size_t first = (size_t)(address - TOY_BASE) / TOY_CELL - 1;
    assert_int_equal(toy->owner[first], 1);
    memset(toy->owner + first, 0, toy_cells(toy, first));
}

static inline void toy_measure(const void *heap, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    *taken = toy_cells(heap, (size_t)(address - TOY_BASE) / TOY_CELL - 1) * TOY_CELL;
    *usable = *taken - TOY_CELL;
}

/* A free piece of n cells holds n - 1. */
static inline void toy_use(const void *heap, struct arena_use *use)
{
    const struct toy *toy = heap;
    size_t run = 0;
    *use = (struct arena_use){.total = toy->cells * TOY_CELL};
    for (size_t i = 0; i <= toy->cells; i++) {
        if (i < toy->cells && !toy->owner[i]) {
            run++;
            continue;
        }
        if (run > 1) {
            use->pieces++;
            use->free += (run - 1) * TOY_CELL;
            use->largest = use->largest < (run - 1) * TOY_CELL ? (run - 1) * TOY_CELL : use->largest;
        }
        run = 0;
        use->blocks += i < toy->cells && toy->owner[i] == 1;
        use->used += i < toy->cells && toy->owner[i] == 2 ? TOY_CELL : 0;
    }
    use->overhead = use->total - use->used - use->free;
}

static const struct simulator toy_simulator = {.name = "toy", .title = "toy", .source = "", .pointer_bytes = 4, .most_regions = 1, .begin = toy_begin, .end = memory_free,
                                               .alloc = toy_alloc, .free = toy_free, .measure = toy_measure, .use = toy_use};

/* Events of one thread, 1 us apart. */
struct told {
    struct requests requests;
    uint64_t time_ns;
};

static inline struct event *told_event(struct event *event, struct told *told, enum event_kind kind)
{
    *event = (struct event){.kind = (uint8_t)kind, .process = 1, .thread = 1, .time_ns = told->time_ns += 1000};
    return event;
}

static inline void tell_alloc(struct told *told, ht_addr address, uint64_t size, uint32_t stack)
{
    struct event event;
    told_event(&event, told, EVENT_ALLOC);
    event.address = address;
    event.size = size;
    event.stack = stack;
    requests_put(&told->requests, &event);
}

static inline void tell_free(struct told *told, ht_addr address)
{
    struct event event;
    told_event(&event, told, EVENT_FREE)->address = address;
    requests_put(&told->requests, &event);
}

/* `to` 0: it failed. */
static inline void tell_resize(struct told *told, ht_addr from, ht_addr to, uint64_t size, uint32_t stack)
{
    struct event event;
    told_event(&event, told, EVENT_RESIZE_BEGIN)->address = from;
    requests_put(&told->requests, &event);
    told_event(&event, told, EVENT_RESIZE_END)->address = to;
    event.old_address = from;
    event.size = size;
    event.stack = stack;
    requests_put(&told->requests, &event);
}

static inline void told_begin(struct told *told)
{
    *told = (struct told){0};
    requests_init(&told->requests, &(struct trace_header){.pointer_bytes = 4});
}

static inline void toy_play(struct told *told, uint64_t bytes, struct play_result *result)
{
    struct play_arena arena = {.regions = {{TOY_BASE, bytes}}, .region_count = 1};
    assert_true(play_run(&told->requests, 0, &arena, &(struct play_config){.simulator = &toy_simulator}, result, NULL));
}

#endif
