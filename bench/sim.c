/* sim: in KiB of an arena, a count of events and names of allocator models (none: all), out how fast each takes a firmware's mallocs and frees, as events a second of
 * this program's processor time, and what they came to. The load: blocks freed in the order of a stack, messages in that of a queue, and a few that live long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/sim/simulator.h"

enum { STACK = 40, QUEUE = 60, OBJECTS = 500, SLOTS = STACK + QUEUE + OBJECTS, EVENTS = 1 << 20 };

struct load_event {
    uint32_t slot, size; /* of a malloc; 0: free */
};

struct load {
    struct load_event events[EVENTS];
    uint32_t seed, count, depth, head, tail;
    bool is_live[OBJECTS];
};

static uint32_t load_draw(struct load *load, uint32_t below)
{
    load->seed = load->seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)load->seed * below >> 32);
}

static uint32_t load_size(struct load *load)
{
    uint32_t kind = load_draw(load, 100);
    return kind < 55 ? 8 + load_draw(load, 56) : kind < 85 ? 64 + load_draw(load, 192) : kind < 98 ? 256 + load_draw(load, 512) : 1024 + load_draw(load, 1024);
}

static void load_add(struct load *load, uint32_t slot, uint32_t size)
{
    load->events[load->count++] = (struct load_event){slot, size};
}

static void load_stack(struct load *load)
{
    bool grows = !load->depth || (load->depth < STACK && load_draw(load, 2));
    load_add(load, grows ? load->depth : load->depth - 1, grows ? load_size(load) : 0);
    load->depth += grows ? 1 : -1u;
}

static void load_queue(struct load *load)
{
    bool grows = load->head == load->tail || (load->head - load->tail < QUEUE && load_draw(load, 2));
    uint32_t *place = grows ? &load->head : &load->tail;
    load_add(load, STACK + (*place)++ % QUEUE, grows ? load_size(load) : 0);
}

static void load_object(struct load *load)
{
    uint32_t object = load_draw(load, OBJECTS);
    load_add(load, STACK + QUEUE + object, load->is_live[object] ? 0 : load_size(load));
    load->is_live[object] = !load->is_live[object];
}

static void load_fill(struct load *load)
{
    while (load->count < EVENTS) {
        uint32_t kind = load_draw(load, 100);
        if (kind < 50)
            load_stack(load);
        else if (kind < 80)
            load_queue(load);
        else
            load_object(load);
    }
}

static uint64_t load_run(const struct load *load, const struct simulator *simulator, void *heap, uint64_t events, uint64_t *refused)
{
    static uint64_t blocks[SLOTS];
    uint64_t sum = 0;
    memset(blocks, 0, sizeof blocks);
    for (uint64_t i = 0; i < events; i++) {
        const struct load_event *event = &load->events[i % EVENTS];
        uint64_t *block = &blocks[event->slot];
        if (*block)
            simulator->free(heap, *block);
        *block = event->size ? simulator->alloc(heap, event->size, 0) : 0;
        *refused += event->size && !*block;
        sum = sum * 31 + *block;
    }
    return sum;
}

static void measure(const struct load *load, const struct simulator *simulator, uint64_t bytes, uint64_t events)
{
    struct arena_region region = {0x20000000, bytes};
    struct simulator_arena arena = {.regions = &region, .region_count = 1, .unit_bytes = 2048};
    struct error error = {0};
    uint64_t refused = 0;
    void *heap = simulator_begin(simulator, &arena, &error);
    if (!heap) {
        printf("%-14s %s\n", simulator->name, error.text);
        return;
    }
    clock_t start = clock();
    uint64_t sum = load_run(load, simulator, heap, events, &refused);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("%-14s %6.1f M events/s  %8llu refused  sum %016llx\n", simulator->name, (double)events / seconds / 1e6, (unsigned long long)refused, (unsigned long long)sum);
    simulator->end(heap);
}

int main(int count, char **words)
{
    uint64_t bytes = (count > 1 ? strtoull(words[1], NULL, 0) : 180) * 1024, events = count > 2 ? strtoull(words[2], NULL, 0) : 10000000;
    struct load *load = calloc(1, sizeof *load);
    if (!load)
        return 3;
    load_fill(load);
    for (int i = 3; i < count; i++) {
        const struct simulator *simulator = simulator_find(words[i]);
        if (!simulator)
            return 2;
        measure(load, simulator, bytes, events);
    }
    for (const struct simulator *const *at = simulators; count < 4 && *at; at++)
        measure(load, *at, bytes, events);
    free(load);
    return 0;
}
