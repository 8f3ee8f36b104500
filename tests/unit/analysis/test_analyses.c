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
        assert_int_equal(row<fixture->table.row_count, count> 0);
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

static bool was_freed(const struct oracle_block *block)
{
    return block->end == END_FREE || block->end == END_RESIZE;
}

static void check_peak(struct fixture *fixture)
{
    uint64_t sum = 0, count = 0;
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        size_t row = row_of(fixture, "stack", stack);
        bool listed = row < fixture->table.row_count;
        assert_int_equal(listed, fixture->oracle.stack_peak_count[stack] > 0);
        if (!listed)
            continue;
        assert_int_equal(cell(fixture, row, "bytes").u, fixture->oracle.stack_peak[stack]);
        assert_int_equal(cell(fixture, row, "count").u, fixture->oracle.stack_peak_count[stack]);
        sum += cell(fixture, row, "bytes").u;
        count += cell(fixture, row, "count").u;
    }
    assert_int_equal(sum, fixture->oracle.peak_bytes);
    assert_int_equal(count, fixture->oracle.peak_count);
}

/* Freed by the thread that made it, with no birth by that thread in between. */
static bool is_temporary(const struct oracle *oracle, const struct oracle_block *block)
{
    if (block->end != END_FREE || block->thread != block->end_thread || block->inherited)
        return false;
    for (size_t i = 0; i < oracle->blocks.count; i++) {
        const struct oracle_block *other = oracle->blocks.at + i;
        if (other->thread == block->thread && !other->inherited && other->birth_index > block->birth_index && other->birth_index < block->end_index)
            return false;
    }
    return true;
}

static void check_temporary(struct fixture *fixture)
{
    uint64_t all = 0;
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        uint64_t count = 0, bytes = 0, young = 0, young_bytes = 0, ten = 0, hundred = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (block->stack != stack || block->end != END_FREE)
                continue;
            uint64_t age = block->end_ns - block->birth_ns;
            bool temporary = is_temporary(&fixture->oracle, block);
            count += temporary;
            bytes += temporary ? block->size : 0;
            young += age < 1000000;
            young_bytes += age < 1000000 ? block->size : 0;
            ten += age < 10000000;
            hundred += age < 100000000;
        }
        all += count;
        size_t row = row_of(fixture, "stack", stack);
        if (row == fixture->table.row_count) {
            assert_int_equal(count + hundred, 0);
            continue;
        }
        assert_int_equal(cell(fixture, row, "count").u, count);
        assert_int_equal(cell(fixture, row, "bytes").u, bytes);
        assert_int_equal(cell(fixture, row, "under_1ms").u, young);
        assert_int_equal(cell(fixture, row, "under_1ms_bytes").u, young_bytes);
        assert_int_equal(cell(fixture, row, "under_10ms").u, ten);
        assert_int_equal(cell(fixture, row, "under_100ms").u, hundred);
    }
    assert_true(all > 0);
}

static void check_sizes(struct fixture *fixture)
{
    uint64_t seen = 0, births = 0;
    for (size_t i = 0; i < fixture->oracle.blocks.count; i++)
        births += births_count(fixture->oracle.blocks.at + i);
    for (size_t row = 0; row < fixture->table.row_count; row++) {
        uint64_t from = cell(fixture, row, "from_bytes").u, to = cell(fixture, row, "to_bytes").u, count = 0, bytes = 0, leaked = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (block->size < from || block->size > to)
                continue;
            seen += births_count(block);
            count += births_count(block);
            bytes += births_count(block) ? block->size : 0;
            leaked += oracle_leaked(block) ? block->size : 0;
        }
        assert_int_equal(cell(fixture, row, "allocations").u, count);
        assert_int_equal(cell(fixture, row, "allocated_bytes").u, bytes);
        assert_int_equal(cell(fixture, row, "leaked_bytes").u, leaked);
    }
    assert_int_equal(seen, births);
}

static void check_common_sizes(struct fixture *fixture)
{
    assert_int_equal(fixture->table.row_count, 200);
    for (size_t row = 0; row < fixture->table.row_count; row++) {
        uint64_t size = cell(fixture, row, "size_bytes").u, count = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++)
            count += fixture->oracle.blocks.at[i].size == size && births_count(fixture->oracle.blocks.at + i);
        assert_int_equal(cell(fixture, row, "allocations").u, count);
        assert_int_equal(cell(fixture, row, "allocated_bytes").u, count * size);
        assert_true(!row || cell(fixture, row - 1, "allocations").u >= count);
    }
}

static int number_order(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Without survivors the estimate lies within the class of the true quantile; classes are powers of two. */
static void check_quantiles(const struct fixture *fixture, size_t row, uint64_t *ages, size_t count)
{
    qsort(ages, count, sizeof *ages, number_order);
    uint64_t middle = ages[(count - 1) / 2], estimate = cell(fixture, row, "median_ns").u;
    assert_true(estimate <= ages[count / 2] * 2 + 1024 && estimate + 1024 >= middle / 2);
    uint64_t tenth = ages[count * 9 / 10 < count ? count * 9 / 10 : count - 1];
    assert_true(cell(fixture, row, "p90_ns").u <= tenth * 2 + 1024);
    assert_true(cell(fixture, row, "p90_ns").u >= estimate);
}

static void check_lifetime(struct fixture *fixture)
{
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        uint64_t ended = 0, survived = 0, longest = 0, ages[EVENTS];
        double sum = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (block->stack != stack || block->end == END_VANISHED)
                continue;
            uint64_t age = (block->end == END_NONE ? fixture->oracle.time_ns : block->end_ns) - block->birth_ns;
            longest = age > longest ? age : longest;
            sum += was_freed(block) ? (double)age : 0;
            if (was_freed(block))
                ages[ended++] = age;
            else
                survived++;
        }
        size_t row = row_of(fixture, "stack", stack);
        assert_int_equal(row<fixture->table.row_count, ended + survived> 0);
        if (!(ended + survived))
            continue;
        assert_int_equal(cell(fixture, row, "ended").u, ended);
        assert_int_equal(cell(fixture, row, "survived").u, survived);
        assert_int_equal(cell(fixture, row, "longest_ns").u, longest);
        assert_int_equal(cell(fixture, row, "mean_ns").u, ended ? (uint64_t)(sum / (double)ended) : 0);
        assert_true(cell(fixture, row, "p90_ns").u <= longest);
        if (!survived)
            check_quantiles(fixture, row, ages, ended);
        if (!ended)
            assert_int_equal(cell(fixture, row, "median_ns").u, longest);
    }
}

static void check_realloc(struct fixture *fixture)
{
    uint64_t failed = 0, all = 0;
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        uint64_t resizes = 0, moved = 0, copied = 0, grew = 0, longest = 0, from_some = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (block->stack != stack || !block->old_known)
                continue;
            resizes++;
            moved += !block->in_place;
            copied += block->in_place ? 0 : block->size < block->old_size ? block->size : block->old_size;
            grew += block->size > block->old_size;
            from_some += block->size > block->old_size && block->old_size;
            longest = block->resizes > longest ? block->resizes : longest;
        }
        all += resizes;
        size_t row = row_of(fixture, "stack", stack);
        if (row == fixture->table.row_count) {
            assert_int_equal(resizes, 0);
            continue;
        }
        failed += cell(fixture, row, "failed").u;
        assert_int_equal(cell(fixture, row, "resizes").u, resizes);
        assert_int_equal(cell(fixture, row, "moved").u, moved);
        assert_int_equal(cell(fixture, row, "in_place").u, resizes - moved);
        assert_int_equal(cell(fixture, row, "copied_bytes").u, copied);
        assert_int_equal(cell(fixture, row, "grew").u, grew);
        assert_int_equal(cell(fixture, row, "longest_chain").u, longest);
        assert_true(from_some ? cell(fixture, row, "growth_factor").f >= 1 : cell(fixture, row, "growth_factor").f == 0);
    }
    assert_true(all > 0);
    assert_true(failed > 0 && failed <= fixture->oracle.failed); /* those of unknown blocks are in no row */
}

static void check_usable(struct fixture *fixture)
{
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        uint64_t count = 0, asked = 0, usable = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (block->stack != stack || !births_count(block) || !block->usable)
                continue;
            count++;
            asked += block->size;
            usable += block->usable;
        }
        size_t row = row_of(fixture, "stack", stack);
        assert_int_equal(row<fixture->table.row_count, count> 0);
        if (!count)
            continue;
        assert_int_equal(cell(fixture, row, "count").u, count);
        assert_int_equal(cell(fixture, row, "asked_bytes").u, asked);
        assert_int_equal(cell(fixture, row, "waste_bytes").u, usable - asked);
    }
    assert_non_null(strstr(fixture->table.note, "no known usable size"));
}

static void check_usable_sizes(struct fixture *fixture)
{
    uint64_t seen = 0, known = 0;
    for (size_t i = 0; i < fixture->oracle.blocks.count; i++)
        known += fixture->oracle.blocks.at[i].usable && births_count(fixture->oracle.blocks.at + i);
    for (size_t row = 0; row < fixture->table.row_count; row++) {
        uint64_t waste = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            if (block->size < cell(fixture, row, "from_bytes").u || block->size > cell(fixture, row, "to_bytes").u || !births_count(block) || !block->usable)
                continue;
            seen++;
            waste += block->usable - block->size;
        }
        assert_int_equal(cell(fixture, row, "waste_bytes").u, waste);
    }
    assert_int_equal(seen, known);
}

static void check_threads(struct fixture *fixture)
{
    assert_int_equal(fixture->table.row_count, EVENTS_THREADS);
    for (uint32_t thread = 1; thread <= EVENTS_THREADS; thread++) {
        uint64_t count = 0, bytes = 0, live = 0, frees = 0, foreign = 0, temporary = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            bool mine = block->thread == thread, freed_here = block->end == END_FREE && block->end_thread == thread;
            count += mine && births_count(block);
            bytes += mine && births_count(block) ? block->size : 0;
            live += mine && block->end == END_NONE ? block->size : 0;
            frees += freed_here;
            foreign += freed_here && !mine;
            temporary += freed_here && mine && is_temporary(&fixture->oracle, block);
        }
        size_t row = row_of(fixture, "thread", thread);
        assert_int_equal(cell(fixture, row, "process").u, (thread + 1) / 2);
        assert_int_equal(cell(fixture, row, "allocations").u, count);
        assert_int_equal(cell(fixture, row, "allocated_bytes").u, bytes);
        assert_int_equal(cell(fixture, row, "live_bytes").u, live);
        assert_int_equal(cell(fixture, row, "frees").u, frees);
        assert_int_equal(cell(fixture, row, "foreign_frees").u, foreign);
        assert_int_equal(cell(fixture, row, "temporary").u, temporary);
    }
}

static void check_processes(struct fixture *fixture)
{
    assert_int_equal(fixture->table.row_count, EVENTS_PROCESSES);
    for (uint32_t process = 1; process <= EVENTS_PROCESSES; process++) {
        uint64_t bytes = 0, leaked = 0, leaked_count = 0, live = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            bool mine = block->process == process;
            bytes += mine && births_count(block) ? block->size : 0;
            live += mine && block->end == END_NONE ? block->size : 0;
            leaked += mine && oracle_leaked(block) ? block->size : 0;
            leaked_count += mine && oracle_leaked(block);
        }
        size_t row = row_of(fixture, "process", process);
        assert_int_equal(cell(fixture, row, "allocated_bytes").u, bytes);
        assert_int_equal(cell(fixture, row, "live_bytes").u, live);
        assert_int_equal(cell(fixture, row, "leaked_bytes").u, leaked);
        assert_int_equal(cell(fixture, row, "leaked_count").u, leaked_count);
        assert_string_equal(cell(fixture, row, "end").text, process == 1 ? "not known" : process == 2 ? "exit 0" : "running");
        assert_string_equal(cell(fixture, row, "how").text, process == 1 ? "first" : process == 2 ? "fork" : "exec");
    }
}

static void check_heaps(struct fixture *fixture)
{
    size_t rows = 0;
    for (uint32_t process = 1; process <= EVENTS_PROCESSES; process++) {
        for (uint32_t heap = 0; heap < 2; heap++, rows++) {
            uint64_t bytes = 0, live = 0;
            for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
                const struct oracle_block *block = fixture->oracle.blocks.at + i;
                bool mine = block->process == process && block->heap == heap;
                bytes += mine && births_count(block) ? block->size : 0;
                live += mine && block->end == END_NONE ? block->size : 0;
            }
            size_t row = 0;
            while (cell(fixture, row, "process").u != process || cell(fixture, row, "heap").u != heap)
                row++;
            assert_int_equal(cell(fixture, row, "allocated_bytes").u, bytes);
            assert_int_equal(cell(fixture, row, "live_bytes").u, live);
            assert_string_equal(cell(fixture, row, "name").text, heap ? "pool" : "malloc");
        }
    }
    assert_int_equal(fixture->table.row_count, rows);
}

/* Bytes of processes that ended since `from_ns`: they still count in the row in which that was. */
static uint64_t left_since(const struct oracle *oracle, uint64_t from_ns)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < oracle->blocks.count; i++)
        bytes += oracle->blocks.at[i].end == END_LEFT && oracle->blocks.at[i].end_ns >= from_ns ? oracle->blocks.at[i].size : 0;
    return bytes;
}

struct timeline_row {
    uint64_t from_ns, end_ns, live, peak;
    bool last;
};

/* Runs the oracle through the row. */
static void timeline_row_run(struct timeline_row *row, struct oracle *oracle, const struct events *events, size_t *next)
{
    uint64_t left = 0;
    row->live = row->peak = oracle->live_bytes;
    for (; *next < events->list.count && events->list.at[*next].time_ns < row->end_ns; ++*next) {
        const struct event *event = events->list.at + *next;
        oracle_put(oracle, event, *next);
        if (event->kind == EVENT_PROCESS_END || event->kind == EVENT_PROCESS)
            left = left_since(oracle, row->from_ns);
        row->live = oracle->live_bytes + left;
        row->peak = row->live > row->peak ? row->live : row->peak;
    }
    if (!row->last)
        return;
    oracle_finish(oracle);
    row->live = oracle->live_bytes + left;
    row->peak = row->live > row->peak ? row->live : row->peak;
}

static void check_timeline(struct fixture *fixture)
{
    struct oracle oracle = {0};
    size_t next = 0;
    uint64_t births = 0, frees = 0, all_frees = 0;
    for (size_t number = 0; number < fixture->table.row_count; number++) {
        struct timeline_row row = {.from_ns = cell(fixture, number, "time_ns").u, .last = number + 1 == fixture->table.row_count};
        uint64_t before = oracle.blocks.count, count = 0;
        row.end_ns = row.last ? UINT64_MAX : cell(fixture, number + 1, "time_ns").u;
        timeline_row_run(&row, &oracle, &fixture->run.events, &next);
        for (size_t i = before; i < oracle.blocks.count; i++)
            count += births_count(oracle.blocks.at + i);
        assert_int_equal(cell(fixture, number, "live_bytes").u, row.live);
        assert_int_equal(cell(fixture, number, "peak_bytes").u, row.peak);
        assert_int_equal(cell(fixture, number, "allocations").u, count);
        births += count;
        frees += cell(fixture, number, "frees").u;
    }
    for (size_t i = 0; i < oracle.blocks.count; i++)
        all_frees += was_freed(oracle.blocks.at + i);
    assert_int_equal(frees, all_frees);
    assert_true(births > 1000);
    assert_true(fixture->table.row_count <= 2048 && fixture->table.row_count > 1000);
    oracle_done(&oracle);
}

static uint64_t children_sum(const struct fixture *fixture, uint32_t row, const char *column)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < fixture->table.row_count; i++)
        sum += fixture->table.parents[i] == row ? cell(fixture, i, column).u : 0;
    return sum;
}

static void check_flame(struct fixture *fixture)
{
    const struct model *model = pipeline_model(fixture->pipeline);
    for (uint32_t row = 0; row < fixture->table.row_count; row++) {
        uint32_t stack = (uint32_t)cell(fixture, row, "frame").u, parent = fixture->table.parents[row];
        uint64_t own = 0, leaked = 0, count = 0;
        for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
            const struct oracle_block *block = fixture->oracle.blocks.at + i;
            own += block->stack == stack && births_count(block) ? block->size : 0;
            count += block->stack == stack && births_count(block);
            leaked += block->stack == stack && oracle_leaked(block) ? block->size : 0;
        }
        assert_int_equal(cell(fixture, row, "allocated_bytes").u, own + children_sum(fixture, row, "allocated_bytes"));
        assert_int_equal(cell(fixture, row, "allocations").u, count + children_sum(fixture, row, "allocations"));
        assert_int_equal(cell(fixture, row, "leaked_bytes").u, leaked + children_sum(fixture, row, "leaked_bytes"));
        assert_true(parent == TABLE_NO_PARENT || parent < row);
        assert_int_equal(parent == TABLE_NO_PARENT ? 0 : cell(fixture, parent, "frame").u, model_parent(model, stack));
    }
    assert_int_equal(children_sum(fixture, TABLE_NO_PARENT, "peak_bytes"), fixture->oracle.peak_bytes);
}

/* One byte a page, by the plainest way. */
enum { PAGES = 128 };
struct page_oracle {
    uint32_t stack[EVENTS_PROCESSES + 1][PAGES];
    bool live[EVENTS_PROCESSES + 1][PAGES];
    uint64_t count[EVENTS_STACKS + 1], bytes[EVENTS_STACKS + 1];
};

static void page_oracle_put(struct page_oracle *pages, const struct event *event)
{
    if (event->kind == EVENT_PROCESS_END)
        memset(pages->live[event->process], 0, sizeof pages->live[0]);
    if (event->kind == EVENT_PROCESS && event->process == 3)
        memset(pages->live[1], 0, sizeof pages->live[0]);
    if (event->kind != EVENT_MAP && event->kind != EVENT_UNMAP)
        return;
    for (uint64_t page = (event->address - 0x10000) / 4096; page < (event->address - 0x10000 + event->size) / 4096; page++) {
        pages->live[event->process][page] = event->kind == EVENT_MAP;
        pages->stack[event->process][page] = event->stack;
    }
    pages->count[event->stack] += event->kind == EVENT_MAP;
    pages->bytes[event->stack] += event->kind == EVENT_MAP ? event->size : 0;
}

static void page_oracle_run(struct page_oracle *pages, const struct events *events)
{
    memset(pages, 0, sizeof *pages);
    for (size_t i = 0; i < events->list.count; i++)
        page_oracle_put(pages, events->list.at + i);
}

static void check_mmap(struct fixture *fixture)
{
    struct page_oracle pages;
    page_oracle_run(&pages, &fixture->run.events);
    for (uint32_t stack = 0; stack <= EVENTS_STACKS; stack++) {
        uint64_t live = 0;
        for (uint32_t process = 1; process <= EVENTS_PROCESSES; process++)
            for (int page = 0; page < PAGES; page++)
                live += pages.live[process][page] && pages.stack[process][page] == stack ? 4096 : 0;
        size_t row = row_of(fixture, "stack", stack);
        assert_int_equal(row<fixture->table.row_count, pages.count[stack]> 0);
        if (!pages.count[stack])
            continue;
        assert_int_equal(cell(fixture, row, "count").u, pages.count[stack]);
        assert_int_equal(cell(fixture, row, "bytes").u, pages.bytes[stack]);
        assert_int_equal(cell(fixture, row, "live_bytes").u, live);
    }
}

static void check_page_map(struct fixture *fixture)
{
    struct page_oracle pages;
    page_oracle_run(&pages, &fixture->run.events);
    uint64_t live = 0, listed = 0;
    for (uint32_t process = 1; process <= EVENTS_PROCESSES; process++)
        for (int page = 0; page < PAGES; page++)
            live += pages.live[process][page];
    for (size_t row = 0; row < fixture->table.row_count; row++) {
        for (uint64_t at = cell(fixture, row, "start").u; at < cell(fixture, row, "end").u; at += 4096, listed++) {
            assert_true(pages.live[cell(fixture, row, "process").u][(at - 0x10000) / 4096]);
            assert_int_equal(pages.stack[cell(fixture, row, "process").u][(at - 0x10000) / 4096], cell(fixture, row, "stack").u);
        }
    }
    assert_int_equal(listed, live);
    assert_true(live > 0);
}

static void check_heap_map(struct fixture *fixture)
{
    uint64_t bytes = 0, count = 0;
    for (size_t row = 0; row < fixture->table.row_count; row++) {
        bytes += cell(fixture, row, "live_bytes").u;
        count += cell(fixture, row, "live_count").u;
        assert_true(!row || cell(fixture, row, "process").u != cell(fixture, row - 1, "process").u ||
                    cell(fixture, row, "start").u >= cell(fixture, row - 1, "end").u + 4096);
    }
    for (size_t i = 0; i < fixture->oracle.blocks.count; i++) {
        const struct oracle_block *block = fixture->oracle.blocks.at + i;
        bytes -= oracle_leaked(block) ? block->size : 0;
        count -= oracle_leaked(block);
    }
    assert_int_equal(bytes, 0);
    assert_int_equal(count, 0);
}

static void check_cost(struct fixture *fixture)
{
    assert_int_equal(fixture->table.row_count, 1);
    assert_string_equal(cell(fixture, 0, "clock").text, "not known");
    assert_true(*fixture->table.note);
}

#define CHECK(name)                                                                                                                                            \
    static void name##_agrees(void **state)                                                                                                                    \
    {                                                                                                                                                          \
        (void)state;                                                                                                                                           \
        fixture_each(#name, check_##name);                                                                                                                     \
    }
CHECK(summary)
CHECK(leaks)
CHECK(hotspots)
CHECK(peak)
CHECK(temporary)
CHECK(sizes)
CHECK(common_sizes)
CHECK(lifetime)
CHECK(realloc)
CHECK(usable)
CHECK(usable_sizes)
CHECK(threads)
CHECK(processes)
CHECK(heaps)
CHECK(timeline)
CHECK(flame)
CHECK(mmap)
CHECK(page_map)
CHECK(heap_map)
CHECK(cost)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_agrees),   cmocka_unit_test(leaks_agrees),    cmocka_unit_test(hotspots_agrees),     cmocka_unit_test(peak_agrees),
        cmocka_unit_test(temporary_agrees), cmocka_unit_test(sizes_agrees),    cmocka_unit_test(common_sizes_agrees), cmocka_unit_test(lifetime_agrees),
        cmocka_unit_test(realloc_agrees),   cmocka_unit_test(usable_agrees),   cmocka_unit_test(usable_sizes_agrees), cmocka_unit_test(threads_agrees),
        cmocka_unit_test(processes_agrees), cmocka_unit_test(heaps_agrees),    cmocka_unit_test(timeline_agrees),     cmocka_unit_test(flame_agrees),
        cmocka_unit_test(mmap_agrees),      cmocka_unit_test(page_map_agrees), cmocka_unit_test(heap_map_agrees),     cmocka_unit_test(cost_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
