/* threads_model: in what the program "threads" said of its malloc, out whether the model of glibc gives every address that the real one gave, refusals and usable bytes too.
 * Of a mapping only its place in the page is compared. Of a block in another arena than the main one its place in its heap is compared, and that each of the real one's heaps
 * is one of the model's as long as a block lives in it.
 * usage: threads_model POINTER_BYTES [OPTIONS [MOST]] <SAID; MOST differences are printed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/error.h"
#include "host/base/map.h"
#include "host/base/memory.h"
#include "host/sim/simulator.h"

enum { PLACE_MAIN, PLACE_MAP, PLACE_OTHER };

struct line {
    char kind;
    uint64_t thread, one, other, address, place, usable;
};

/* A heap of the real one's, and the model's that it is as long as blocks live there. */
struct twin {
    uint64_t model, blocks;
};

static struct {
    const struct simulator *simulator;
    void *heap;
    uint64_t window, maps;
    struct map places, twins; /* real address: the model's; real heap: struct twin */
    uint64_t events, answers, refusals, mapped, others, threads, heaps, different, most;
} run;

static struct twin *twin_of(uint64_t address)
{
    bool is_new;
    uint64_t *twin = map_put(&run.twins, address & ~(run.window - 1), &is_new);
    if (is_new)
        *twin = (uint64_t)(uintptr_t)memory_new(1, sizeof(struct twin));
    return (struct twin *)(uintptr_t)*twin;
}

static bool other_is_equal(const struct line *line, uint64_t model)
{
    struct twin *twin = twin_of(line->address);
    uint64_t base = model & ~(run.window - 1);
    run.heaps += !twin->model;
    if (!twin->blocks)
        twin->model = base;
    twin->blocks++;
    return twin->model == base && !((line->address ^ model) & (run.window - 1));
}

static bool is_equal(const struct line *line, uint64_t model)
{
    uint64_t taken, usable = 0, room = model ? run.simulator->room(run.heap, model) : 0;
    if (model)
        run.simulator->measure(run.heap, model, &taken, &usable);
    run.refusals += !line->address;
    if (usable != line->usable || !model != !line->address)
        return false;
    if (line->place == PLACE_MAIN)
        return line->address == model;
    if (line->place == PLACE_OTHER) {
        run.others++;
        return other_is_equal(line, model) && room == run.window;
    }
    run.mapped++;
    return room == 4096 && !((line->address ^ model) & 4095);
}

static void answer(const struct line *line, uint64_t model)
{
    run.answers++;
    if (!is_equal(line, model) && ++run.different <= run.most)
        printf("  event %" PRIu64 ", thread %" PRIu64 ", %c %" PRIx64 " %" PRIx64 ": %" PRIx64 " (place %" PRIu64 ", usable %" PRIu64 "), the model says %" PRIx64 "\n", run.events,
               line->thread, line->kind, line->one, line->other, line->address, line->place, line->usable, model);
    if (line->address)
        *map_put(&run.places, line->address, NULL) = model;
}

static uint64_t block_take(uint64_t real)
{
    uint64_t model = 0;
    if (!map_remove(&run.places, real, &model))
        printf("  event %" PRIu64 ": nobody had %" PRIx64 "\n", run.events, real);
    if (model && run.simulator->room(run.heap, model) == run.window)
        twin_of(real)->blocks--;
    return model;
}

static void resize(const struct line *line)
{
    uint64_t old = block_take(line->one), model = old ? run.simulator->resize(run.heap, old, line->other) : 0;
    if (!line->address)
        *map_put(&run.places, line->one, NULL) = old;
    answer(line, model);
}

static void release(uint64_t real)
{
    uint64_t model = block_take(real);
    if (model)
        run.simulator->free(run.heap, model);
}

static void step(const struct line *line)
{
    const struct simulator *simulator = run.simulator;
    if (line->kind != 'e')
        simulator->thread(run.heap, (uint32_t)line->thread);
    switch (line->kind) {
    case 'm':
        answer(line, simulator->alloc(run.heap, line->one, 0));
        break;
    case 'c':
        answer(line, simulator->calloc(run.heap, line->one));
        break;
    case 'a':
        answer(line, simulator->alloc(run.heap, line->one, line->other));
        break;
    case 'r':
        resize(line);
        break;
    case 'f':
        release(line->one);
        break;
    case 'e':
        run.threads++;
        simulator->thread_end(run.heap, (uint32_t)line->thread);
    }
}

static bool line_read(struct line *line)
{
    return scanf(" %c %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64, &line->kind, &line->thread, &line->one, &line->other, &line->address, &line->place,
                 &line->usable) == 7;
}

static bool heap_begin(uint32_t pointer_bytes, const char *options)
{
    struct line line;
    struct error error = {0};
    if (!line_read(&line) || line.kind != 'h')
        return false;
    bool is_wide = pointer_bytes == 8;
    run.window = is_wide ? 64 << 20 : 1 << 20;
    struct arena_region wide[] = {{line.one, UINT64_C(1) << 40}, {0x7f0000000000, UINT64_C(1) << 36}};
    struct arena_region narrow[] = {{line.one, 0x80000000 - line.one}, {0x80000000, 0x70000000}};
    struct simulator_arena arena = {.regions = is_wide ? wide : narrow, .region_count = 2, .pointer_bytes = pointer_bytes, .options = options};
    run.heap = simulator_begin(run.simulator, &arena, &error);
    if (!run.heap)
        puts(error.text);
    return run.heap;
}

int main(int count, char **words)
{
    struct line line;
    run.simulator = simulator_find("glibc");
    run.most = count > 3 ? strtoull(words[3], NULL, 0) : 3;
    if (count < 2 || !heap_begin((uint32_t)atoi(words[1]), count > 2 ? words[2] : NULL)) {
        puts("usage: threads_model POINTER_BYTES [OPTIONS [MOST]] <SAID");
        return 2;
    }
    for (; line_read(&line); run.events++)
        step(&line);
    printf("%" PRIu64 " events, %" PRIu64 " answers, %" PRIu64 " refusals, %" PRIu64 " mappings, ", run.events, run.answers, run.refusals, run.mapped);
    printf("%" PRIu64 " in %" PRIu64 " heaps of other arenas, %" PRIu64 " threads ended: %" PRIu64 " different\n", run.others, run.heaps, run.threads, run.different);
    run.simulator->end(run.heap);
    for (size_t i = 0; i < run.twins.room; i++)
        memory_free((void *)(uintptr_t)run.twins.at[i].value);
    map_done(&run.places);
    map_done(&run.twins);
    return run.different || !run.answers ? 1 : 0;
}
