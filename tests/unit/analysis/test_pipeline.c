/* pipeline: ranges, filters, limits, wrong options, and streams that make no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../model/oracle.h"
#include "host/base/error.h"
#include "host/pipeline.h"

enum { EVENTS = 3000 };

static const struct trace_header header = {.tick_ns = 1};

static struct pipeline *run(const struct events *events, const struct pipeline_options *options)
{
    struct pipeline *pipeline = pipeline_new(options, &header, NULL);
    assert_non_null(pipeline);
    for (size_t i = 0; i < events->list.count; i++)
        if (!pipeline_put(pipeline, events->list.at + i))
            break;
    pipeline_finish(pipeline);
    return pipeline;
}

static void answer(const struct pipeline *pipeline, const char *name, struct table *table)
{
    size_t number = 0;
    while (strcmp(pipeline_analysis(pipeline, number)->name, name))
        number++;
    pipeline_answer(pipeline, number, table);
}

static uint64_t ask(const struct pipeline *pipeline, const char *name, const char *column)
{
    struct table table;
    uint64_t sum = 0;
    answer(pipeline, name, &table);
    for (size_t row = 0; row < table.row_count; row++)
        sum += table_at(&table, row)[table_find_column(&table, column)].u;
    table_done(&table);
    return sum;
}

static double most(const struct pipeline *pipeline, const char *name, const char *column)
{
    struct table table;
    double value = 0;
    answer(pipeline, name, &table);
    for (size_t row = 0; row < table.row_count; row++)
        if (table_at(&table, row)[table_find_column(&table, column)].f > value)
            value = table_at(&table, row)[table_find_column(&table, column)].f;
    table_done(&table);
    return value;
}

/* Naive sums over [from, to): births in it, and what lives at its end. */
static void check_range(const struct events *events, uint64_t from, uint64_t to)
{
    struct pipeline *pipeline = run(events, &(struct pipeline_options){.from_ns = from, .to_ns = to});
    struct oracle oracle = {0};
    uint64_t allocated = 0, fresh = 0, live = 0, peak = 0;
    for (size_t i = 0; i < events->list.count && (!to || events->list.at[i].time_ns < to); i++) {
        if (events->list.at[i].time_ns >= from && !peak)
            peak = oracle.live_bytes;
        oracle_put(&oracle, events->list.at + i, i);
        if (events->list.at[i].time_ns >= from && oracle.live_bytes > peak)
            peak = oracle.live_bytes;
    }
    oracle_finish(&oracle);
    peak = oracle.live_bytes > peak ? oracle.live_bytes : peak;
    for (size_t i = 0; i < oracle.blocks.count; i++) {
        const struct oracle_block *block = oracle.blocks.at + i;
        bool inside = block->birth_ns >= from && !block->inherited;
        allocated += inside ? block->size : 0;
        fresh += inside && (block->end == END_NONE || (block->end == END_LEFT && block->end_ns >= from)) ? block->size : 0;
        live += block->end == END_NONE ? block->size : 0;
    }
    assert_int_equal(ask(pipeline, "summary", "allocated_bytes"), allocated);
    assert_int_equal(ask(pipeline, "summary", "live_bytes"), live);
    assert_int_equal(ask(pipeline, "summary", "peak_bytes"), peak);
    assert_int_equal(ask(pipeline, "peak", "bytes"), peak);
    assert_int_equal(ask(pipeline, "hotspots", "allocated_bytes"), allocated);
    assert_int_equal(ask(pipeline, "timeline", "allocated_bytes"), allocated);
    assert_int_equal(ask(pipeline, "sizes", "allocated_bytes"), allocated);
    assert_int_equal(ask(pipeline, "leaks", "new_bytes"), fresh);
    assert_true(most(pipeline, "leaks", "share") <= 1);
    assert_true(allocated || !live || most(pipeline, "leaks", "share") == 1);
    oracle_done(&oracle);
    pipeline_free(pipeline);
}

static void ranges_count_what_happens_in_them(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 120; seed++) {
        struct events_run made;
        events_generate(&made, seed, EVENTS);
        uint64_t end = made.events.time_ns;
        check_range(&made.events, 0, 0);
        check_range(&made.events, end / 3, 0);
        check_range(&made.events, 0, end / 2);
        check_range(&made.events, end / 4, 3 * end / 4);
        check_range(&made.events, end + 1, 0);
        events_done(&made.events);
    }
}

/* A block that is older than the range is none of its temporary ones: its birth does not count there. */
static void a_temporary_block_is_born_in_the_range(void **state)
{
    (void)state;
    struct events events = {0};
    events_process(&events, 1, 0, 0);
    events_thread(&events, 1, 1);
    for (unsigned i = 0; i < 2; i++) {
        events.time_ns = 10 + 20 * i;
        events_alloc(&events, 1, 4096, 100, 0);
        events.time_ns = 20 + 20 * i;
        events_free(&events, 1, 4096);
    }
    struct pipeline *whole = run(&events, &(struct pipeline_options){0}), *later = run(&events, &(struct pipeline_options){.from_ns = 15});
    assert_int_equal(ask(whole, "temporary", "count"), 2);
    assert_int_equal(ask(later, "temporary", "count"), 1);
    assert_true(most(later, "temporary", "share") == 1);
    pipeline_free(whole);
    pipeline_free(later);
    events_done(&events);
}

static void check_filter(const struct events *events, uint32_t process, uint32_t thread)
{
    struct pipeline *pipeline = run(events, &(struct pipeline_options){.process = process, .thread = thread});
    struct oracle oracle;
    oracle_run(&oracle, events);
    uint64_t allocated = 0, live = 0;
    for (size_t i = 0; i < oracle.blocks.count; i++) {
        const struct oracle_block *block = oracle.blocks.at + i;
        if ((process && block->process != process) || (thread && block->thread != thread))
            continue;
        allocated += block->inherited ? 0 : block->size;
        live += block->end == END_NONE ? block->size : 0;
    }
    assert_int_equal(ask(pipeline, "summary", "allocated_bytes"), allocated);
    assert_int_equal(ask(pipeline, "hotspots", "allocated_bytes"), allocated);
    assert_int_equal(ask(pipeline, "summary", "live_bytes"), live);
    assert_int_equal(ask(pipeline, "hotspots", "live_bytes"), live);
    if (thread)
        assert_int_equal(ask(pipeline, "summary", "unknown_frees"), 0);
    oracle_done(&oracle);
    pipeline_free(pipeline);
}

static void filters_leave_the_rest_out(void **state)
{
    (void)state;
    for (uint64_t seed = 200; seed < 220; seed++) {
        struct events_run made;
        events_generate(&made, seed, EVENTS);
        for (uint32_t process = 1; process <= EVENTS_PROCESSES; process++)
            check_filter(&made.events, process, 0);
        for (uint32_t thread = 1; thread <= EVENTS_THREADS; thread++)
            check_filter(&made.events, 0, thread);
        events_done(&made.events);
    }
}

static void answers_may_be_asked_on_the_way(void **state)
{
    (void)state;
    struct events_run made;
    events_generate(&made, 5, EVENTS);
    struct pipeline *asked = pipeline_new(&(struct pipeline_options){0}, &header, NULL), *silent = run(&made.events, &(struct pipeline_options){0});
    for (size_t i = 0; i < made.events.list.count; i++) {
        pipeline_put(asked, made.events.list.at + i);
        if (i % 500)
            continue;
        pipeline_flush(asked);
        for (size_t number = 0; pipeline_analysis(asked, number); number++) {
            struct table table;
            pipeline_answer(asked, number, &table);
            table_done(&table);
        }
    }
    pipeline_finish(asked);
    for (size_t number = 0; pipeline_analysis(asked, number); number++) {
        struct table a, b;
        pipeline_answer(asked, number, &a);
        pipeline_answer(silent, number, &b);
        assert_int_equal(a.row_count, b.row_count);
        for (size_t i = 0; i < a.row_count * a.column_count; i++)
            if (a.columns[i % a.column_count].kind != COLUMN_TEXT)
                assert_int_equal(a.cells[i].u, b.cells[i].u);
        table_done(&a);
        table_done(&b);
    }
    pipeline_free(asked);
    pipeline_free(silent);
    events_done(&made.events);
}

static void a_limit_cuts_rows(void **state)
{
    (void)state;
    struct events_run made;
    events_generate(&made, 6, EVENTS);
    struct pipeline *pipeline = run(&made.events, &(struct pipeline_options){.limit = 3});
    for (size_t number = 0; pipeline_analysis(pipeline, number); number++) {
        struct table table;
        pipeline_answer(pipeline, number, &table);
        assert_true(table.shape != TABLE_ROWS || table.row_count <= 3);
        assert_true(table.shape != TABLE_SERIES || table.row_count == 0 || table.row_count > 3);
        table_done(&table);
    }
    pipeline_free(pipeline);
    events_done(&made.events);
}

static void an_unknown_table_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    static const char *const names[] = {"leaks", "lakes", NULL};
    assert_null(pipeline_new(&(struct pipeline_options){.tables = names}, &header, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.text, "lakes"));
}

static uint64_t nonsense_number(struct events *random)
{
    uint64_t some = events_random(random, 5);
    if (some == 0)
        return events_random(random, 8);
    if (some == 1)
        return UINT64_MAX - events_random(random, 3);
    return some == 2 ? 1ull << events_random(random, 64) : events_random(random, 1 << 20);
}

static void nonsense_definition(struct events *random, struct pipeline *pipeline)
{
    uint32_t id = (uint32_t)nonsense_number(random), other = (uint32_t)nonsense_number(random);
    struct frame_definition frame = {.id = id, .parent = other};
    struct thread_definition thread = {.id = id, .process = other, .tid = 1};
    struct process_definition process = {id, other, 1, (uint32_t)events_random(random, 4), NULL};
    struct heap_definition heap = {.id = id, .process = other, .kind = (uint32_t)events_random(random, 12), .base = nonsense_number(random), .size = nonsense_number(random)};
    struct module_definition module = {.id = id, .process = other, .build_id_bytes = other};
    struct source_definition source = {.id = id};
    struct fault_definition fault = {.kind = id, .guess = other, .found_by = other, .block = nonsense_number(random), .alloc_stack = id, .free_stack = other};
    struct stack_use_definition stack_use = {nonsense_number(random), nonsense_number(random), other, other};
    struct heap_use_definition heap_use = {nonsense_number(random), nonsense_number(random), nonsense_number(random), 0, 0};
    struct pool_use_definition pool_use = {id, other, nonsense_number(random), 0, 0, nonsense_number(random)};
    struct alert_definition alert = {.level = id, .rule = other};
    struct bandwidth_definition bandwidth = {nonsense_number(random), id, other, 0, 0};
    const void *defines[] = {&frame, &thread, &process, &heap, &module, &source, &fault, &stack_use, &heap_use, &pool_use, &alert, &bandwidth};
    static const enum event_kind kinds[] = {EVENT_FRAME,     EVENT_THREAD,   EVENT_PROCESS,  EVENT_HEAP,  EVENT_MODULE,   EVENT_SOURCE, EVENT_FAULT,
                                            EVENT_STACK_USE, EVENT_HEAP_USE, EVENT_POOL_USE, EVENT_ALERT, EVENT_BANDWIDTH};
    uint64_t which = events_random(random, sizeof kinds / sizeof *kinds);
    pipeline_put(pipeline,
                 &(struct event){.kind = (uint8_t)kinds[which], .process = other, .thread = id, .define = defines[which], .time_ns = nonsense_number(random)});
}

/* Whatever a damaged trace tells: no crash, and every table can be asked. */
static void nonsense_is_survived(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct events random = {.random = seed};
        struct trace_header odd = {.tick_ns = 1, .sample_bytes = seed % 4 ? 0 : nonsense_number(&random)};
        struct pipeline *pipeline = pipeline_new(&(struct pipeline_options){.thread = seed % 5 == 1}, &odd, NULL);
        for (int i = 0; i < 4000; i++) {
            if (events_random(&random, 10) == 0)
                nonsense_definition(&random, pipeline);
            struct event event = {.kind = (uint8_t)events_random(&random, EVENT_KIND_COUNT + 2),
                                  .flags = (uint8_t)events_random(&random, 8),
                                  .heap = events_random(&random, 4) ? 0 : (uint32_t)nonsense_number(&random),
                                  .process = (uint32_t)nonsense_number(&random),
                                  .thread = (uint32_t)nonsense_number(&random),
                                  .time_ns = nonsense_number(&random),
                                  .address = nonsense_number(&random),
                                  .size = nonsense_number(&random),
                                  .usable = nonsense_number(&random),
                                  .old_address = nonsense_number(&random),
                                  .stack = (uint32_t)nonsense_number(&random),
                                  .source = (uint32_t)nonsense_number(&random)};
            pipeline_put(pipeline, &event);
        }
        pipeline_finish(pipeline);
        for (size_t number = 0; pipeline_analysis(pipeline, number); number++) {
            struct table table;
            pipeline_answer(pipeline, number, &table);
            table_done(&table);
        }
        pipeline_free(pipeline);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_count_what_happens_in_them),
        cmocka_unit_test(a_temporary_block_is_born_in_the_range), cmocka_unit_test(filters_leave_the_rest_out),
        cmocka_unit_test(answers_may_be_asked_on_the_way),   cmocka_unit_test(a_limit_cuts_rows),
        cmocka_unit_test(an_unknown_table_is_refused),       cmocka_unit_test(nonsense_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
