/* trace: in a recorded run of a program of one thread, out at how many of its requests the model of glibc gives the address that glibc gave.
 * The heap's beginning is found from the first block: it lies behind the chunk of the thread's cache, in the break's first page. Of a block that is a mapping only the
 * place in its page is compared, and that both are mappings.
 * usage: trace FILE [MOST], MOST differences are printed. */
#include <heaptracer/trace.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/base/error.h"
#include "host/base/map.h"
#include "host/sim/simulator.h"

#define HT_API(name, text, role) API_##name,
enum { API_NONE,
#include "wire/api.def"
};
#undef HT_API

enum { CACHE_BYTES = 0x290, HEAD = 0x10 };
static const uint64_t MAPS = 0x7f0000000000;

static struct {
    const struct simulator *simulator;
    void *heap;
    uint64_t base, most;
    struct map places; /* real address: the model's */
    uint64_t answers, equal, mapped, unknown;
} run;

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + 4095) & ~UINT64_C(4095);
}

static bool is_equal(uint64_t real, uint64_t model)
{
    if (model < MAPS)
        return real == model;
    run.mapped++;
    return real > run.base + (UINT64_C(1) << 40) && (real & 0xfff) == (model & 0xfff);
}

static void answer(const struct event *event, uint64_t model)
{
    bool equal = is_equal(event->address, model);
    run.answers++;
    run.equal += equal;
    if (!equal && run.answers - run.equal <= run.most)
        printf("  event %" PRIu64 ", request %" PRIu64 ", api %u of %" PRIu64 " bytes: %" PRIx64 ", the model says %" PRIx64 "\n", event->index, run.answers, event->api,
               event->size, event->address, model);
    *map_put(&run.places, event->address, NULL) = model;
}

static bool heap_begin(const struct event *first)
{
    run.base = first->address - HEAD - CACHE_BYTES;
    if (run.base & 0xfff) {
        printf("  the first block, %" PRIx64 ", is not at a heap's beginning\n", first->address);
        return false;
    }
    struct arena_region regions[] = {{run.base, UINT64_C(1) << 40}, {MAPS, UINT64_C(1) << 36}};
    struct simulator_arena arena = {.regions = regions, .region_count = 2};
    run.heap = simulator_begin(run.simulator, &arena, NULL);
    return true;
}

/* What glibc was asked in the end: libstdc++ and glibc's own wrappers change some requests. */
static uint64_t ask(const struct event *event)
{
    uint64_t align = event->alignment_log2 ? UINT64_C(1) << event->alignment_log2 : 0, size = event->size;
    switch (event->api) {
    case API_CALLOC:
        return run.simulator->calloc(run.heap, size);
    case API_NEW:
    case API_NEW_ARRAY:
        return run.simulator->alloc(run.heap, size ? size : 1, 0);
    case API_NEW_ALIGNED:
    case API_NEW_ARRAY_ALIGNED:
        return run.simulator->alloc(run.heap, ((size ? size : 1) + align - 1) & ~(align - 1), align);
    case API_VALLOC:
        return run.simulator->alloc(run.heap, size, 4096);
    case API_PVALLOC:
        return run.simulator->alloc(run.heap, page_up(size), 4096);
    default:
        return run.simulator->alloc(run.heap, size, align);
    }
}

static void release(uint64_t real)
{
    uint64_t model;
    if (!map_remove(&run.places, real, &model))
        run.unknown++;
    else if (model)
        run.simulator->free(run.heap, model);
}

static void resize(const struct event *event)
{
    uint64_t model = 0;
    if (!event->address)
        return;
    if (!map_remove(&run.places, event->old_address, &model) || !model) {
        run.unknown++;
        answer(event, ask(event));
        return;
    }
    uint64_t becomes = run.simulator->resize(run.heap, model, event->size);
    answer(event, becomes);
}

static bool put(const struct event *event)
{
    if (event->heap || event->process > 1)
        return true;
    if (event->kind == EVENT_ALLOC) {
        if (!run.heap && !heap_begin(event))
            return false;
        answer(event, ask(event));
    } else if (event->kind == EVENT_FREE) {
        release(event->address);
    } else if (event->kind == EVENT_RESIZE_END) {
        resize(event);
    } else if (event->kind == EVENT_GAP || (event->kind == EVENT_THREAD && event->thread > 1)) {
        puts(event->kind == EVENT_GAP ? "  events are missing" : "  the program has a second thread");
        return false;
    }
    return true;
}

int main(int count, char **words)
{
    struct error error = {0};
    struct trace_reader *reader = count > 1 ? trace_open(words[1], &error) : NULL;
    if (!reader) {
        puts(count > 1 ? error.text : "usage: trace FILE [MOST]");
        return 2;
    }
    run.simulator = simulator_find("glibc");
    run.most = count > 2 ? strtoull(words[2], NULL, 0) : 3;
    struct event event;
    bool whole = true;
    while (whole && trace_next(reader, &event, &error))
        whole = put(&event);
    trace_close(reader);
    printf("%" PRIu64 " answers, %" PRIu64 " equal, %" PRIu64 " of them mappings, %" PRIu64 " frees of blocks from before\n", run.answers, run.equal, run.mapped, run.unknown);
    if (run.heap)
        run.simulator->end(run.heap);
    map_done(&run.places);
    return whole && run.answers && run.equal == run.answers ? 0 : 1;
}
