/* analyses: every table against the oracle, on random runs with threads, forks, an exec, reallocs in flight and lost frees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../model/oracle.h"
#include "host/base/error.h"
#include "host/pipeline.h"

enum { SEEDS = 60, EVENTS = 3000 };

struct fixture {
    struct events_run run;
    struct oracle oracle;
    struct pipeline *pipeline;
    struct table table;
};

static void fixture_begin(struct fixture *fixture, uint64_t seed, const struct pipeline_options *options)
{
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = 4096, .tick_ns = 1};
    struct error error = {0};
    events_generate(&fixture->run, seed, EVENTS);
    oracle_run(&fixture->oracle, &fixture->run.events);
    fixture->pipeline = pipeline_new(options, &header, &error);
    assert_non_null(fixture->pipeline);
    for (size_t i = 0; i < fixture->run.events.list.count; i++)
        if (!pipeline_put(fixture->pipeline, fixture->run.events.list.at + i))
            break;
    pipeline_finish(fixture->pipeline);
}

static void fixture_end(struct fixture *fixture)
{
    pipeline_free(fixture->pipeline);
    oracle_done(&fixture->oracle);
    events_done(&fixture->run.events);
}

static void fixture_each(const char *name, void (*check)(struct fixture *fixture))
{
    const char *tables[] = {name, NULL};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture fixture;
        fixture_begin(&fixture, seed, &(struct pipeline_options){.tables = tables});
        pipeline_answer(fixture.pipeline, 0, &fixture.table);
        check(&fixture);
        table_done(&fixture.table);
        fixture_end(&fixture);
    }
}

static union cell cell(const struct fixture *fixture, size_t row, const char *column)
{
    int number = table_find_column(&fixture->table, column);
    assert_true(number >= 0);
    assert_true(row < fixture->table.row_count);
    return table_at(&fixture->table, row)[number];
}

/* The row whose column `column` is `value`, or a count of rows if there is none. */
static size_t row_of(const struct fixture *fixture, const char *column, uint64_t value)
{
    size_t row = 0;
    while (row < fixture->table.row_count && cell(fixture, row, column).u != value)
        row++;
    return row;
}

static bool births_count(const struct oracle_block *block)
{
    return !block->inherited;
}

static void check_summary(struct fixture *fixture)
{
    const struct oracle *oracle = &fixture->oracle;
    uint64_t allocations = 0, allocated = 0, frees = 0, leaked = 0, leaked_count = 0, vanished = 0;
    for (size_t i = 0; i < oracle->blocks.count; i++) {
        const struct oracle_block *block = oracle->blocks.at + i;
        allocations += births_count(block);
        allocated += births_count(block) ? block->size : 0;
        frees += block->end == END_FREE || block->end == END_RESIZE;
        leaked += oracle_leaked(block) ? block->size : 0;
        leaked_count += oracle_leaked(block);
        vanished += block->end == END_VANISHED;
    }
    assert_int_equal(fixture->table.row_count, 1);
    assert_int_equal(cell(fixture, 0, "allocations").u, allocations);
    assert_int_equal(cell(fixture, 0, "allocated_bytes").u, allocated);
    assert_int_equal(cell(fixture, 0, "frees").u, frees);
    assert_int_equal(cell(fixture, 0, "leaked_bytes").u, leaked);
    assert_int_equal(cell(fixture, 0, "leaked_count").u, leaked_count);
    assert_int_equal(cell(fixture, 0, "vanished").u, vanished);
    assert_int_equal(cell(fixture, 0, "peak_bytes").u, oracle->peak_bytes);
    assert_int_equal(cell(fixture, 0, "peak_count").u, oracle->peak_count);
    assert_int_equal(cell(fixture, 0, "peak_time_ns").u, oracle->peak_time_ns);
    assert_int_equal(cell(fixture, 0, "live_bytes").u, oracle->live_bytes);
    assert_int_equal(cell(fixture, 0, "live_count").u, oracle->live_count);
    assert_int_equal(cell(fixture, 0, "unknown_frees").u, oracle->unknown);
    assert_int_equal(cell(fixture, 0, "inherited_frees").u, oracle->foreign);
    assert_int_equal(cell(fixture, 0, "refused").u, oracle->refused);
    assert_int_equal(cell(fixture, 0, "processes").u, 3);
    assert_int_equal(cell(fixture, 0, "threads").u, 6);
    assert_true(oracle->unknown && oracle->foreign && vanished && oracle->failed);
}

static void check_leaks(struct fixture *fixture)
{
    size_t rows = 0;
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        uint64_t bytes = 0, count = 0, fresh = 0, oldest = 0, newest = UINT64_MAX, largest = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (!oracle_leaked(block) || block->stack != stack)
                continue;
            uint64_t age = (block->end == END_LEFT ? block->end_ns : fixture->oracle.time_ns) - block->birth_ns;
            bytes += block->size;
            count++;
            fresh += births_count(block);
            oldest = age > oldest ? age : oldest;
            newest = age < newest ? age : newest;
            largest = block->size > largest ? block->size : largest;
        }
        size_t row = row_of(fixture, "stack", stack);
        assert_int_equal(row < fixture->table.row_count, count > 0);
        if (!count)
            continue;
        rows++;
        assert_int_equal(cell(fixture, row, "bytes").u, bytes);
        assert_int_equal(cell(fixture, row, "count").u, count);
        assert_int_equal(cell(fixture, row, "new_count").u, fresh);
        assert_int_equal(cell(fixture, row, "oldest_ns").u, oldest);
        assert_int_equal(cell(fixture, row, "newest_ns").u, newest);
        assert_int_equal(cell(fixture, row, "largest_bytes").u, largest);
    }
    assert_int_equal(fixture->table.row_count, rows);
}

static void check_hotspots(struct fixture *fixture)
{
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        uint64_t bytes = 0, count = 0, frees = 0, freed = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (block->stack != stack)
                continue;
            bytes += births_count(block) ? block->size : 0;
            count += births_count(block);
            frees += block->end == END_FREE || block->end == END_RESIZE;
            freed += block->end == END_FREE || block->end == END_RESIZE ? block->size : 0;
        }
        size_t row = row_of(fixture, "stack", stack);
        if (row == fixture->table.row_count) {
            assert_int_equal(count, 0);
            continue;
        }
        assert_int_equal(cell(fixture, row, "allocated_bytes").u, bytes);
        assert_int_equal(cell(fixture, row, "allocations").u, count);
        assert_int_equal(cell(fixture, row, "frees").u, frees);
        assert_int_equal(cell(fixture, row, "freed_bytes").u, freed);
        assert_int_equal(cell(fixture, row, "live_bytes").u, fixture->oracle.stack_live[stack]);
        assert_int_equal(cell(fixture, row, "live_count").u, fixture->oracle.stack_count[stack]);
    }
    for (size_t row = 1; row < fixture->table.row_count; row++)
        assert_true(cell(fixture, row - 1, "allocated_bytes").u >= cell(fixture, row, "allocated_bytes").u);
}

#define CHECK(name)                                                                                                                                           \
    static void name##_agrees(void **state)                                                                                                                  \
    {                                                                                                                                                         \
        (void)state;                                                                                                                                          \
        fixture_each(#name, check_##name);                                                                                                                    \
    }
CHECK(summary)
CHECK(leaks)
CHECK(hotspots)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_agrees),
        cmocka_unit_test(leaks_agrees),
        cmocka_unit_test(hotspots_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
