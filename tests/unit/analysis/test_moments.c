/* moments: coarse maps against a map of single bytes, on random ranges; what they have in common however coarse; and the moments of random runs against all changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../model/events.h"
#include "host/analysis/moments.h"
#include "host/base/error.h"
#include "host/pipeline.h"

enum { PROCESSES = 3, RANGES = 400, SEEDS = 20, EVENTS = 3000, LAND = 1 << 20 };

struct range {
    uint32_t process;
    uint64_t address, bytes;
};

struct naive {
    uint8_t depth[PROCESSES][LAND];
    struct range ranges[RANGES];
};

static void naive_change(struct naive *naive, const struct range *range, int times)
{
    for (uint64_t i = 0; i < range->bytes; i++)
        naive->depth[range->process][range->address + i] = (uint8_t)(naive->depth[range->process][range->address + i] + times);
}

static uint64_t naive_sum(const struct naive *naive, uint32_t process, uint64_t from, uint64_t to)
{
    uint64_t sum = 0;
    for (uint64_t at = from; at < to && at < LAND; at++)
        sum += naive->depth[process][at];
    return sum;
}

static void runs_check(const struct naive *naive, const struct coarse_runs *runs)
{
    uint64_t told = 0, all = 0;
    for (uint32_t process = 0; process < PROCESSES; process++)
        all += naive_sum(naive, process, 0, LAND);
    for (size_t i = 0; i < runs->list.count; i++) {
        const struct coarse_run *run = runs->list.at + i;
        assert_true(!i || run[-1].process < run->process || run[-1].cell + run[-1].cells <= run->cell);
        assert_int_equal(run->bytes, naive_sum(naive, run->process, run->cell << runs->log2, (run->cell + run->cells) << runs->log2));
        assert_true(run->cells == 1 || run->bytes % (run->cells << runs->log2) == 0);
        bool is_joined = i && run[-1].process == run->process && run[-1].cell + run[-1].cells == run->cell && run[-1].bytes == run[-1].cells << runs->log2;
        assert_false(is_joined && run->bytes == run->cells << runs->log2);
        told += run->bytes;
    }
    assert_int_equal(told, all);
}

/* Small ranges, and some that go over many cells; each comes, and goes when its turn comes again. */
static void test_maps(void **unused)
{
    (void)unused;
    struct naive *naive = memory_new(1, sizeof *naive);
    struct coarse_map *map = memory_new(1, sizeof *map);
    struct coarse_runs runs = {0};
    struct events dice = {.random = 7};
    size_t coarser = 0;
    coarse_map_init(map);
    for (unsigned step = 0; step < 6000; step++) {
        struct range *range = naive->ranges + events_random(&dice, RANGES);
        if (range->bytes) {
            naive_change(naive, range, -1);
            coarse_map_add(map, range->process, range->address, range->bytes, -1);
        }
        *range = (struct range){(uint32_t)events_random(&dice, PROCESSES), events_random(&dice, LAND / 2), events_random(&dice, step % 10 ? 200 : LAND / 4)};
        naive_change(naive, range, 1);
        coarse_map_add(map, range->process, range->address, range->bytes, 1);
        if (step % 200 == 0) {
            coarse_map_take(map, &runs);
            runs_check(naive, &runs);
            coarse_runs_widen(&runs, runs.log2 + 3);
            runs_check(naive, &runs);
            coarser = map->log2 > COARSE_LOG2_LEAST;
        }
    }
    assert_true(coarser);
    for (struct range *range = naive->ranges; range < naive->ranges + RANGES; range++)
        coarse_map_add(map, range->process, range->address, range->bytes, -1);
    coarse_map_take(map, &runs);
    assert_int_equal(runs.list.count, 0);
    coarse_runs_done(&runs);
    memory_free(map);
    memory_free(naive);
}

/* All of memory, nothing, the last byte; more processes than cells. */
static void test_odd(void **unused)
{
    (void)unused;
    struct coarse_map *map = memory_new(1, sizeof *map);
    struct coarse_runs runs = {0};
    coarse_map_init(map);
    coarse_map_add(map, 1, 64, 0, 1);
    coarse_map_add(map, 1, UINT64_MAX, UINT64_MAX, 1);
    coarse_map_take(map, &runs);
    assert_int_equal(runs.list.count, 0);
    coarse_map_add(map, 1, UINT64_MAX - 9, 5, 1);
    coarse_map_add(map, 1, 100, UINT64_MAX, 1);
    coarse_map_add(map, 1, 100, UINT64_MAX, -1);
    coarse_map_take(map, &runs);
    assert_int_equal(runs.list.count, 1);
    assert_int_equal(runs.list.at[0].bytes, 5);
    for (uint32_t i = 0; i < 4 * COARSE_CELLS_MOST; i++)
        coarse_map_add(map, i, (uint64_t)i << 20, 100, 1);
    assert_true(map->has_more && map->count <= COARSE_CELLS_MOST);
    coarse_runs_done(&runs);
    memory_free(map);
}

/* What lives at each time, by all changes until then. */
struct course {
    VEC(struct change) changes;
};

static void *course_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct course));
}

static void course_see(void *state, const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        vec_push(&((struct course *)state)->changes, changes->all[i]);
}

static void course_end(void *state)
{
    vec_done(&((struct course *)state)->changes);
    memory_free(state);
}

static const struct column none[] = {{"none", "None", "", "", COLUMN_COUNT}};
static const struct analysis course_analysis = {.name = "course", .columns = none, .column_count = 1, .begin = course_begin, .see = course_see, .end = course_end};

/* The change behind which it was taken is the last of a bunch, so one of those at that time. */
static bool course_had(const struct course *course, uint64_t time_ns, uint64_t bytes)
{
    uint64_t live = 0;
    bool had = false;
    for (size_t i = 0; i < course->changes.count && course->changes.at[i].time_ns <= time_ns; i++) {
        const struct change *change = course->changes.at + i;
        if (change->kind == CHANGE_BIRTH || change->kind == CHANGE_INHERIT || change->kind == CHANGE_RESIZE || change->kind == CHANGE_RESTORE)
            live += change->block.size;
        if (change->kind == CHANGE_FREE || change->kind == CHANGE_LEAVE || change->kind == CHANGE_VANISH || change->kind == CHANGE_LIFT)
            live -= change->block.size;
        assert_int_equal(live, change->live.bytes);
        had |= change->time_ns == time_ns && live == bytes;
    }
    return had;
}

static void test_runs(void **unused)
{
    (void)unused;
    static const struct analysis *const both[] = {&analysis_moments, &course_analysis, NULL};
    static const char *const no_tables[] = {NULL};
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = 4096, .tick_ns = 1};
    size_t most = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct events_run events;
        struct error error = {0};
        events_generate(&events, seed, EVENTS);
        struct pipeline *pipeline = pipeline_new(&(struct pipeline_options){.tables = no_tables, .more = both}, &header, &error);
        for (size_t i = 0; i < events.events.list.count; i++) {
            events.events.list.at[i].time_ns *= seed * 500;
            pipeline_put(pipeline, events.events.list.at + i);
            if (i % 10 == 0)
                pipeline_flush(pipeline);
        }
        pipeline_finish(pipeline);
        struct moments *moments = moments_take(pipeline_state(pipeline, 0));
        assert_true(moments->count <= MOMENTS_MOST);
        most = moments->count > most ? moments->count : most;
        for (size_t i = 0; i < moments->count; i++) {
            const struct moment *moment = moments->list + i;
            uint64_t bytes = 0;
            for (size_t j = 0; j < moment->heap.list.count; j++)
                bytes += moment->heap.list.at[j].bytes;
            assert_true(!i || moment[-1].time_ns < moment->time_ns);
            assert_true(course_had(pipeline_state(pipeline, 1), moment->time_ns, bytes));
            assert_int_equal(moment->heap.log2, moments->list[0].heap.log2);
        }
        moments_done(moments);
        pipeline_free(pipeline);
        events_done(&events.events);
    }
    assert_true(most > MOMENTS_MOST / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_maps), cmocka_unit_test(test_odd), cmocka_unit_test(test_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
