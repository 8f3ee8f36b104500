/* slices: what happened when, against a naive list of all changes, on random runs; and that the cells stay few without losing a byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../model/events.h"
#include "host/analysis/size_class.h"
#include "host/analysis/slices.h"
#include "host/analysis/trend.h"
#include "host/base/error.h"
#include "host/pipeline.h"

enum { SEEDS = 20, EVENTS = 3000 };

/* All that changed, in order. */
struct naive {
    VEC(struct change) changes;
};

static void *naive_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct naive));
}

static void naive_see(void *state, const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        vec_push(&((struct naive *)state)->changes, changes->all[i]);
}

static void naive_end(void *state)
{
    vec_done(&((struct naive *)state)->changes);
    memory_free(state);
}

static void naive_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    (void)model;
    (void)table;
}

static const struct column naive_columns[] = {{"none", "None", "", "", COLUMN_COUNT}};
static const struct analysis naive_analysis = {.name = "naive", .columns = naive_columns, .column_count = 1, .begin = naive_begin, .see = naive_see, .end = naive_end,
                                               .answer = naive_answer};
static const struct analysis *const both[] = {&analysis_slices, &naive_analysis, NULL};
static const char *const no_tables[] = {NULL};

static struct pipeline *run(const struct events *events)
{
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = 4096, .tick_ns = 1};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_new(&(struct pipeline_options){.tables = no_tables, .more = both}, &header, &error);
    assert_non_null(pipeline);
    for (size_t i = 0; i < events->list.count; i++)
        pipeline_put(pipeline, events->list.at + i);
    pipeline_finish(pipeline);
    return pipeline;
}

enum group { SITES, THREADS, SIZES };

static uint32_t key_of(enum group group, const struct block *block)
{
    return group == SITES ? block->site : group == THREADS ? block->thread : size_class(block->size);
}

/* What the naive list says about one cell. */
static struct slice_cell cell_expected(const struct naive *naive, const struct slices_answer *answer, enum group group, uint32_t key, uint32_t slice)
{
    struct slice_cell cell = {.key = key, .slice = slice};
    for (size_t i = 0; i < naive->changes.count; i++) {
        const struct change *change = naive->changes.at + i;
        const struct block *gone = change->kind == CHANGE_RESIZE ? &change->old : &change->block;
        bool is_here = change->time_ns / answer->width_ns == slice;
        if (is_here && (change->kind == CHANGE_BIRTH || change->kind == CHANGE_RESIZE) && key_of(group, &change->block) == key)
            cell.allocated.bytes += change->block.size;
        if (is_here && (change->kind == CHANGE_FREE || change->kind == CHANGE_RESIZE) && key_of(group, gone) == key) {
            cell.freed.bytes += gone->size;
            cell.temporary += change->is_temporary;
        }
        if (change->kind == CHANGE_LEAVE && key_of(group, gone) == key && gone->birth_ns / answer->width_ns == slice)
            cell.leaked.bytes += gone->size;
    }
    return cell;
}

struct living {
    enum group group;
    uint32_t key, slice;
    uint64_t width_ns, bytes;
};

static void living_visit(void *context, const struct block *block)
{
    struct living *living = context;
    if (key_of(living->group, block) == living->key && block->birth_ns / living->width_ns == living->slice)
        living->bytes += block->size;
}

static void check_group(const struct naive *naive, const struct slices_answer *answer, const struct slice_columns *columns, enum group group, const struct model *model)
{
    for (uint32_t key = 0; key + 1 < columns->first.count; key++) {
        size_t at = columns->first.at[key];
        for (uint32_t slice = 0; slice < answer->count; slice++) {
            struct slice_cell expected = cell_expected(naive, answer, group, key, slice), none = {0};
            const struct slice_cell *cell = at < columns->first.at[key + 1] && columns->cells.at[at].slice == slice ? columns->cells.at + at++ : &none;
            struct living living = {group, key, slice, answer->width_ns, 0};
            model_each_block(model, living_visit, &living);
            assert_int_equal(cell->allocated.bytes, expected.allocated.bytes);
            assert_int_equal(cell->freed.bytes, expected.freed.bytes);
            assert_int_equal(cell->temporary, expected.temporary << TALLY_SHIFT);
            assert_int_equal(cell->leaked.bytes, expected.leaked.bytes + living.bytes);
        }
        assert_int_equal(at, columns->first.at[key + 1]);
    }
}

static void test_cells(void **unused)
{
    (void)unused;
    uint64_t temporary = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct events_run events;
        struct slices_answer answer;
        events_generate(&events, seed, EVENTS);
        for (size_t i = 0; i < events.events.list.count; i++)
            events.events.list.at[i].time_ns *= seed * 50; /* some runs need no halving, others many */
        struct pipeline *pipeline = run(&events.events);
        slices_take(pipeline_state(pipeline, 0), NULL, 0, SIZE_MAX, &answer);
        assert_true(answer.count <= SLICES_MOST);
        check_group(pipeline_state(pipeline, 1), &answer, &answer.threads, THREADS, pipeline_model(pipeline));
        check_group(pipeline_state(pipeline, 1), &answer, &answer.sizes, SIZES, pipeline_model(pipeline));
        if (seed % 5 == 0)
            check_group(pipeline_state(pipeline, 1), &answer, &answer.sites, SITES, pipeline_model(pipeline));
        for (uint32_t i = 0; i < answer.count; i++)
            temporary += answer.totals[i].temporary;
        slices_done(&answer);
        pipeline_free(pipeline);
        events_done(&events.events);
    }
    assert_true(temporary > 0);
}

/* 6,000 sites in 100 slices: the cells are limited, nothing is lost, and the sites that matter keep their slices. */
static void test_limit(void **unused)
{
    (void)unused;
    enum { SITES_ALL = 6000, ROUNDS = 100, MOST = 150000 };
    struct events events = {0};
    struct slices_answer answer;
    events_process(&events, 1, 0, 0);
    events_thread(&events, 1, 1);
    for (uint32_t i = 1; i <= SITES_ALL; i++)
        events_frame(&events, i, 0);
    for (uint32_t round = 0; round < ROUNDS; round++)
        for (uint32_t i = 1; i <= SITES_ALL; i++) {
            events.time_ns = (uint64_t)round * 10000 + i;
            events_alloc(&events, 1, 0x1000 + 16 * i, i <= 10 ? 1 << 20 : 16, i);
            events_free(&events, 1, 0x1000 + 16 * i);
        }
    struct pipeline *pipeline = run(&events);
    slices_take(pipeline_state(pipeline, 0), NULL, 0, MOST, &answer);
    uint64_t allocated = 0, freed = 0;
    for (size_t i = 0; i < answer.sites.cells.count; i++) {
        allocated += answer.sites.cells.at[i].allocated.bytes;
        freed += answer.sites.cells.at[i].freed.bytes;
    }
    assert_int_equal(allocated, (uint64_t)ROUNDS * (10 * (1 << 20) + (SITES_ALL - 10) * 16));
    assert_int_equal(freed, allocated);
    assert_true(answer.sites.cells.count <= MOST);
    assert_true(answer.sites.coarse > 0);
    assert_int_equal(answer.sites.first.at[2] - answer.sites.first.at[1], ROUNDS);
    assert_true(answer.sites.first.at[SITES_ALL + 1] - answer.sites.first.at[SITES_ALL] < ROUNDS / 2);
    slices_done(&answer);
    pipeline_free(pipeline);
    events_done(&events);
}

static void test_trend(void **unused)
{
    (void)unused;
    const double rising[] = {0, 1, 2, 900, 4, 5, 6, 7}, flat[] = {5, 5, 5, 5}, falling[] = {9, 7, 5, 3};
    assert_float_equal(trend_find(rising, 8).slope, 1, 0.001);
    assert_true(trend_find(rising, 8).rising > 0.8);
    assert_float_equal(trend_find(flat, 4).slope, 0, 0);
    assert_float_equal(trend_find(flat, 4).rising, 0, 0);
    assert_float_equal(trend_find(falling, 4).slope, -2, 0.001);
    assert_float_equal(trend_find(falling, 1).slope, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cells), cmocka_unit_test(test_limit), cmocka_unit_test(test_trend)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
