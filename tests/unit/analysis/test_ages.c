/* ages: every block stands in the class of its lifetime, and all of them together are those of the table lifetime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../model/events.h"
#include "host/base/error.h"
#include "host/pipeline.h"

static const char *const names[] = {"ages", "lifetime", NULL};

static struct pipeline *run(const struct events *events, uint64_t tick_ns)
{
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = 4096, .tick_ns = tick_ns};
    struct error error = {0};
    struct pipeline *pipeline = pipeline_new(&(struct pipeline_options){.tables = names}, &header, &error);
    assert_non_null(pipeline);
    for (size_t i = 0; i < events->list.count; i++)
        pipeline_put(pipeline, events->list.at + i);
    pipeline_finish(pipeline);
    return pipeline;
}

static uint64_t sum(const struct table *table, const char *column)
{
    uint64_t total = 0;
    for (size_t i = 0; i < table->row_count; i++)
        total += table_at(table, i)[table_find_column(table, column)].u;
    return total;
}

static void test_sums(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct events_run events;
        struct table ages, lifetime;
        events_generate(&events, seed, 3000);
        struct pipeline *pipeline = run(&events.events, 1);
        pipeline_answer(pipeline, 0, &ages);
        pipeline_answer(pipeline, 1, &lifetime);
        assert_true(sum(&ages, "ended") > 0);
        assert_int_equal(sum(&ages, "ended"), sum(&lifetime, "ended"));
        assert_int_equal(sum(&ages, "survived"), sum(&lifetime, "survived"));
        table_done(&ages);
        table_done(&lifetime);
        pipeline_free(pipeline);
        events_done(&events.events);
    }
}

static void test_classes(void **unused)
{
    (void)unused;
    static const uint64_t ages_ns[] = {0, 999, 1000, 2999, 3000, 99999, 2000000, 5000000000};
    enum { COUNT = sizeof ages_ns / sizeof *ages_ns };
    struct events events = {0};
    struct table table;
    events_process(&events, 1, 0, 0);
    events_thread(&events, 1, 1);
    events_frame(&events, 1, 0);
    for (size_t i = 0; i < COUNT; i++) {
        events_alloc(&events, 1, 0x1000, 10 + i, 1);
        events.time_ns += ages_ns[i];
        events_free(&events, 1, 0x1000);
    }
    struct pipeline *pipeline = run(&events, 1);
    pipeline_answer(pipeline, 0, &table);
    static const uint64_t expected[][3] = {{0, 2, 21}, {1000, 2, 25}, {3000, 1, 14}, {30000, 1, 15}, {1000000, 1, 16}, {3000000000, 1, 17}};
    assert_int_equal(table.row_count, 6);
    for (size_t i = 0; i < table.row_count; i++) {
        assert_int_equal(table_at(&table, i)[0].u, expected[i][0]);
        assert_int_equal(table_at(&table, i)[2].u, expected[i][1]);
        assert_int_equal(table_at(&table, i)[3].u, expected[i][2]);
    }
    table_done(&table);
    pipeline_free(pipeline);
    events_done(&events);
}

/* Of blocks that lived less than a tick nothing more is known than that. */
static void test_tick(void **unused)
{
    (void)unused;
    static const uint64_t ticks_ns[][2] = {{1, 1000}, {1000, 1000}, {100000, 100000}, {250000, 250000}}; /* end of the first class */
    for (size_t i = 0; i < sizeof ticks_ns / sizeof *ticks_ns; i++) {
        struct events events = {0};
        struct table table;
        events_process(&events, 1, 0, 0);
        events_thread(&events, 1, 1);
        events_frame(&events, 1, 0);
        for (uint64_t age_ns = 0; age_ns <= 2; age_ns += 2) {
            events_alloc(&events, 1, 0x1000, 10, 1);
            events.time_ns += age_ns * ticks_ns[i][0];
            events_free(&events, 1, 0x1000);
        }
        struct pipeline *pipeline = run(&events, ticks_ns[i][0]);
        pipeline_answer(pipeline, 0, &table);
        assert_int_equal(table_at(&table, 0)[0].u, 0);
        assert_int_equal(table_at(&table, 0)[1].u, ticks_ns[i][1]);
        assert_int_equal(sum(&table, "ended"), 2);
        table_done(&table);
        pipeline_free(pipeline);
        events_done(&events);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_classes), cmocka_unit_test(test_tick)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
