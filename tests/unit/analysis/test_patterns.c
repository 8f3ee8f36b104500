/* patterns: made-up programs that do exactly one thing are called by its name, with its figures; their twins, which do nearly the same, are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "../model/events.h"
#include "host/base/error.h"
#include "host/pipeline.h"

static const uint64_t ms = 1000000;

/* A program of one thread with up to 16 call stacks. */
struct program {
    struct events events;
    struct pipeline *pipeline;
    struct table table;
    ht_addr next, kept[4];
    unsigned turn;
};

static void program_begin(struct program *program)
{
    *program = (struct program){.events = {.random = 12345}, .next = 0x7f0000000000};
    events_process(&program->events, 1, 0, 0);
    events_thread(&program->events, 1, 1);
    for (uint32_t id = 1; id <= 16; id++)
        events_frame(&program->events, id, 0);
}

static ht_addr make(struct program *program, uint64_t size, uint32_t stack)
{
    program->next += (size + 63) / 32 * 32;
    events_alloc(&program->events, 1, program->next, size, stack);
    return program->next;
}

static void end(struct program *program, ht_addr address)
{
    events_free(&program->events, 1, address);
}

/* Blocks by all stacks in turn, each of which goes when four more have come: no pattern but a steady state and, if `count` differs, a rate. */
static void chatter(struct program *program, unsigned count, uint64_t size)
{
    for (unsigned i = 0; i < 2 * count; i++, program->turn++) {
        ht_addr *kept = program->kept + program->turn % 4;
        if (*kept)
            end(program, *kept);
        *kept = make(program, size, 1 + program->turn % 16);
    }
}

static void program_read(struct program *program)
{
    static const char *const names[] = {"patterns", NULL};
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = 4096, .tick_ns = 1};
    struct error error = {0};
    program->pipeline = pipeline_new(&(struct pipeline_options){.tables = names}, &header, &error);
    assert_non_null(program->pipeline);
    for (size_t i = 0; i < program->events.list.count; i++)
        pipeline_put(program->pipeline, program->events.list.at + i);
    pipeline_finish(program->pipeline);
    pipeline_answer(program->pipeline, 0, &program->table);
}

static void program_done(struct program *program)
{
    table_done(&program->table);
    pipeline_free(program->pipeline);
    events_done(&program->events);
}

static union cell cell(const struct program *program, size_t row, const char *column)
{
    int place = table_find_column(&program->table, column);
    assert_true(place >= 0 && row < program->table.row_count);
    return table_at(&program->table, row)[place];
}

static void near(double is, double wanted, double slack)
{
    if (fabs(is - wanted) > slack)
        fail_msg("%g is not %g", is, wanted);
}

static size_t rows_of(const struct program *program, const char *pattern, size_t *first)
{
    size_t count = 0;
    *first = 0;
    for (size_t i = program->table.row_count; i-- > 0;)
        if (!strcmp(cell(program, i, "pattern").text, pattern)) {
            *first = i;
            count++;
        }
    return count;
}

/* The only row of the pattern. */
static size_t row_of(const struct program *program, const char *pattern)
{
    size_t first = 0, count = rows_of(program, pattern, &first);
    if (count != 1) {
        for (size_t i = 0; i < program->table.row_count; i++)
            print_error("%s: %s\n", cell(program, i, "pattern").text, cell(program, i, "what").text);
        fail_msg("%u rows of %s", (unsigned)count, pattern);
    }
    return first;
}

/* Nothing is found but these, in any order; names end with NULL. */
static void only(const struct program *program, const char *const *names)
{
    for (size_t i = 0; i < program->table.row_count; i++) {
        const char *const *name = names;
        while (*name && strcmp(*name, cell(program, i, "pattern").text))
            name++;
        if (!*name)
            fail_msg("%s: %s", cell(program, i, "pattern").text, cell(program, i, "what").text);
    }
}
#define ONLY(program, ...) only(program, (const char *const[]){"size distribution", "steady state", __VA_ARGS__ __VA_OPT__(, ) NULL})

/* ---- sizes ---- */

static double dice(struct program *program)
{
    return ((double)events_random(&program->events, 1u << 30) + 0.5) / (1u << 30);
}

static uint64_t size_few(struct program *program)
{
    return (uint64_t[]){24, 48, 4096}[events_random(&program->events, 3)];
}

static uint64_t size_uniform(struct program *program)
{
    return 100 + events_random(&program->events, 901);
}

/* p(s) ~ s^-2 from 16 to 65536 */
static uint64_t size_power(struct program *program)
{
    return (uint64_t)(1 / (1.0 / 16 - dice(program) * (1.0 / 16 - 1.0 / 65536)));
}

static uint64_t size_normal(struct program *program)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += dice(program);
    return (uint64_t)exp(log(500) + (sum - 6) * 0.7);
}

static uint64_t size_two_humps(struct program *program)
{
    return events_random(&program->events, 2) ? 20 + events_random(&program->events, 30) : 9000 + events_random(&program->events, 2000);
}

static void sizes_are(uint64_t (*size)(struct program *), const char *words, double least_sure)
{
    struct program program;
    program_begin(&program);
    make(&program, 73728, 1); /* what a C++ library does first */
    for (int i = 0; i < 20000; i++) {
        program.events.time_ns += ms / 10;
        chatter(&program, 1, size(&program));
    }
    program_read(&program);
    size_t row = row_of(&program, "size distribution");
    if (strncmp(cell(&program, row, "what").text, words, strlen(words)) || cell(&program, row, "confidence").f < least_sure)
        fail_msg("%s, sure by %g", cell(&program, row, "what").text, cell(&program, row, "confidence").f);
    assert_int_equal(cell(&program, row, "count").u, 40001);
    if (size == size_power)
        near(strtod(cell(&program, row, "what").text + strlen(words), NULL), 2, 0.1);
    program_done(&program);
}

static void sizes_have_a_law(void **state)
{
    (void)state;
    sizes_are(size_few, "few sizes: 3 make 100 % of all allocations:", 0.99);
    sizes_are(size_uniform, "uniform from 10", 0.7);
    sizes_are(size_power, "power law with exponent ", 0.7);
    sizes_are(size_normal, "log-normal around ", 0.7);
    sizes_are(size_two_humps, "mixed: no one law from ", 0.5);
}

/* ---- the course over time ---- */

/* 20 bursts of 500 pairs in a millisecond each 50 ms; the twin spreads the same over all the time. */
static void bursts_are_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        program_begin(&program);
        for (int i = 0; i < 1000; i++) {
            program.events.time_ns = (uint64_t)i * ms;
            if (is_twin || i % 50 == 7)
                chatter(&program, is_twin ? 5 : 250, 100);
        }
        program_read(&program);
        if (!is_twin) {
            size_t row = row_of(&program, "bursts");
            assert_int_equal(cell(&program, row, "count").u, 20);
            near(cell(&program, row, "confidence").f, 1, 1e-9);
            near((double)cell(&program, row, "begin_ns").u / (double)ms, 7, 1);
            assert_non_null(strstr(cell(&program, row, "what").text, "one each 50"));
            assert_true(cell(&program, row, "value").f > 20);
            ONLY(&program, "bursts");
        } else {
            ONLY(&program);
        }
        program_done(&program);
    }
}

/* 1 MiB all the time, and 4 MiB more for 20 ms; the twin keeps them. */
static void spikes_are_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        ht_addr extra = 0;
        program_begin(&program);
        make(&program, 1 << 20, 1);
        for (int i = 0; i < 1000; i++) {
            program.events.time_ns = (uint64_t)i * ms;
            chatter(&program, 1, 100);
            if (i == 500)
                extra = make(&program, 4 << 20, 2);
            if (i == 520 && !is_twin)
                end(&program, extra);
        }
        program_read(&program);
        if (!is_twin) {
            size_t row = row_of(&program, "spike");
            near((double)cell(&program, row, "bytes").u, 4 << 20, 300);
            near((double)cell(&program, row, "begin_ns").u / (double)ms, 500, 2);
            near((double)cell(&program, row, "end_ns").u / (double)ms, 520, 2);
            near(cell(&program, row, "value").f, 5, 0.01);
        } else {
            size_t row;
            assert_int_equal(rows_of(&program, "spike", &row), 0);
        }
        ONLY(&program, is_twin ? "hot site" : "spike", "hot site");
        program_done(&program);
    }
}

/* 1000 bytes more each millisecond from 200 ms to 900 ms; the twin takes all at once. */
static void ramps_are_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        program_begin(&program);
        for (int i = 0; i < 1000; i++) {
            program.events.time_ns = (uint64_t)i * ms;
            chatter(&program, 2, 1000);
            if (i >= 200 && i < 900 && (!is_twin || i == 500))
                make(&program, is_twin ? 700000 : 1000, 3);
        }
        program_read(&program);
        size_t row;
        if (!is_twin) {
            row = row_of(&program, "ramp");
            near((double)cell(&program, row, "bytes").u, 700000, 5000);
            near(cell(&program, row, "value").f, 1e6, 2e4);
            near((double)cell(&program, row, "begin_ns").u / (double)ms, 200, 3);
            near((double)cell(&program, row, "end_ns").u / (double)ms, 900, 3);
            assert_true(cell(&program, row, "confidence").f > 0.99);
            ONLY(&program, "ramp");
        } else {
            assert_int_equal(rows_of(&program, "ramp", &row), 0);
        }
        program_done(&program);
    }
}

/* A ring of blocks, each replaced in turn; the twin's ring grows and shrinks by half. */
static void steady_states_are_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        ht_addr ring[64] = {0};
        program_begin(&program);
        for (int i = 0; i < 4000; i++) {
            ht_addr *place = ring + i % 64;
            program.events.time_ns = (uint64_t)i * ms / 4;
            if (*place)
                end(&program, *place);
            *place = 0;
            if (!is_twin || sin(i / 100.0) > cos(i * 1.7))
                *place = make(&program, 1000, 1 + (uint32_t)i % 16);
        }
        program_read(&program);
        size_t row;
        if (!is_twin) {
            row = row_of(&program, "steady state");
            near((double)cell(&program, row, "bytes").u, 64000, 1000);
            near(cell(&program, row, "confidence").f, 0.984, 0.01);
            near((double)cell(&program, row, "begin_ns").u / (double)ms, 16, 3);
            ONLY(&program);
        } else {
            assert_int_equal(rows_of(&program, "steady state", &row), 0);
        }
        program_done(&program);
    }
}

/* 400 ms of 16,000/s small ones, 300 ms of 2,000/s small ones, 300 ms of 2,000/s large ones; the twin keeps to the first. */
static void phases_are_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        program_begin(&program);
        for (int i = 0; i < 1000; i++) {
            program.events.time_ns = (uint64_t)i * ms;
            chatter(&program, is_twin || i < 400 ? 8 : 1, is_twin || i < 700 ? 64 : 4096);
        }
        program_read(&program);
        size_t row, count = rows_of(&program, "phase", &row);
        assert_int_equal(count, is_twin ? 0 : 3);
        if (!is_twin) {
            near((double)cell(&program, row, "end_ns").u / (double)ms, 400, 20);
            near((double)cell(&program, row + 1, "end_ns").u / (double)ms, 700, 20);
            near(cell(&program, row, "value").f, 16000, 1000);
            near(cell(&program, row + 1, "value").f, 2000, 600);
            near(cell(&program, row + 2, "value").f, 2000, 200);
            assert_true(cell(&program, row, "confidence").f > 0.9);
            ONLY(&program, "phase");
        }
        program_done(&program);
    }
}

/* ---- call stacks ---- */

/* One call stack makes 3 of 5 blocks; in the twin each makes a tenth. */
static void hot_sites_are_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        ht_addr last[10] = {0};
        program_begin(&program);
        for (unsigned i = 0; i < 10000; i++) {
            program.events.time_ns += ms / 10;
            if (last[i % 10])
                end(&program, last[i % 10]);
            last[i % 10] = make(&program, 100, is_twin || i % 5 > 2 ? 1 + i % 10 : 16);
        }
        program_read(&program);
        size_t row;
        if (!is_twin) {
            row = row_of(&program, "hot site");
            assert_int_equal(cell(&program, row, "stack").u, 16);
            assert_int_equal(cell(&program, row, "count").u, 6000);
            near(cell(&program, row, "value").f, 0.6, 1e-9);
        } else {
            assert_int_equal(rows_of(&program, "hot site", &row), 0);
        }
        ONLY(&program, "hot site");
        program_done(&program);
    }
}

/* 3000 times the same block is made and freed at once; the twin makes another one in between. */
static void pairs_are_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        program_begin(&program);
        for (int i = 0; i < 3000; i++) {
            program.events.time_ns = (uint64_t)i * ms / 3;
            ht_addr pair = make(&program, 512, 5), other = is_twin ? make(&program, 64, 6) : 0;
            end(&program, pair);
            if (!is_twin)
                other = make(&program, 64, 6), make(&program, 64, 7);
            end(&program, other);
        }
        program_read(&program);
        size_t row;
        if (!is_twin) {
            row = row_of(&program, "redundant pairs");
            assert_int_equal(cell(&program, row, "stack").u, 5);
            assert_int_equal(cell(&program, row, "count").u, 3000);
            assert_int_equal(cell(&program, row, "bytes").u, 3000 * 512);
            assert_true(cell(&program, row, "confidence").f > 0.99);
        } else {
            for (size_t i = 0; i < program.table.row_count; i++)
                assert_true(strcmp(cell(&program, i, "pattern").text, "redundant pairs") || cell(&program, i, "stack").u != 5);
        }
        program_done(&program);
    }
}

/* A buffer grows by 64 bytes to 32,000; the twin's doubles. */
static void realloc_growth_is_seen(void **state)
{
    (void)state;
    for (int is_twin = 0; is_twin < 2; is_twin++) {
        struct program program;
        program_begin(&program);
        for (unsigned run = 0; run < (is_twin ? 50 : 1); run++) {
            ht_addr at = make(&program, 64, 1);
            for (uint64_t size = is_twin ? 128 : 128; size <= 32000; size = is_twin ? size * 2 : size + 64) {
                struct event *begin = events_put(&program.events, EVENT_RESIZE_BEGIN);
                begin->address = at;
                program.events.time_ns += ms / 10;
                program.next += 65536;
                struct event *finish = events_put(&program.events, EVENT_RESIZE_END);
                finish->old_address = at;
                finish->address = at = program.next;
                finish->size = size;
                finish->stack = 4;
            }
        }
        program_read(&program);
        size_t row;
        if (!is_twin) {
            row = row_of(&program, "realloc growth");
            assert_int_equal(cell(&program, row, "stack").u, 4);
            assert_int_equal(cell(&program, row, "count").u, 499);
            assert_int_equal(cell(&program, row, "bytes").u, 64 * 499 * 500 / 2);
            near(cell(&program, row, "value").f, 250, 1);
            assert_non_null(strstr(cell(&program, row, "what").text, "in steps of 64 B up to 31.2 KiB"));
        } else {
            assert_int_equal(rows_of(&program, "realloc growth", &row), 0);
        }
        program_done(&program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_a_law),   cmocka_unit_test(bursts_are_seen),        cmocka_unit_test(spikes_are_seen),
        cmocka_unit_test(ramps_are_seen),     cmocka_unit_test(steady_states_are_seen), cmocka_unit_test(phases_are_seen),
        cmocka_unit_test(hot_sites_are_seen), cmocka_unit_test(pairs_are_seen),         cmocka_unit_test(realloc_growth_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
