/* trace: random events of many processes and threads, of every kind, are read back exactly as they were written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/error.h"
#include "tests/unit/trace/story.h"

static void check_same(struct trace_reader *reader, const struct story *story, uint64_t tick_ns)
{
    struct event event;
    struct error error = {0};
    for (size_t i = 0; i < story->events.count; i++) {
        assert_true(trace_next(reader, &event, &error));
        assert_int_equal(event.index, i);
        if (!story_event_same(&event, story->events.at + i, tick_ns))
            fail_msg("event %zu of kind %d differs (kind %d was read)", i, story->events.at[i].kind, event.kind);
    }
    assert_false(trace_next(reader, &event, &error));
    assert_int_equal(error.kind, ERROR_NONE);
}

static void check_sites(const struct trace_site_total *a, const struct trace_site_total *b)
{
    for (int i = 0; i < TRACE_TOP_SITES; i++) {
        assert_int_equal(a[i].stack, b[i].stack);
        assert_int_equal(a[i].bytes, b[i].bytes);
        assert_int_equal(a[i].count, b[i].count);
    }
}

static void check_totals(const struct trace_totals *a, const struct trace_totals *b)
{
    assert_true(a->complete && b->complete);
    assert_memory_equal(&a->events, &b->events, offsetof(struct trace_totals, peak_sites) - offsetof(struct trace_totals, events));
    check_sites(a->peak_sites, b->peak_sites);
    check_sites(a->leaked_sites, b->leaked_sites);
    assert_memory_equal(&a->cost, &b->cost, offsetof(struct cost_definition, clock) + sizeof a->cost.clock);
}

static void round_trip(uint32_t seed, size_t count, uint64_t tick_ns, bool flushes)
{
    struct story story = {0};
    char path[64];
    snprintf(path, sizeof path, "/tmp/test_trace.%d.htrc", (int)getpid());
    story_make(&story, seed, count);
    struct trace_totals written, read_back;
    story_write(&story, path, tick_ns, flushes, &written);
    struct error error = {0};
    struct trace_reader *reader = trace_open(path, &error);
    assert_non_null(reader);
    assert_string_equal(trace_get_header(reader)->command, "story \"one\"");
    assert_int_equal(trace_get_header(reader)->tick_ns, tick_ns);
    check_same(reader, &story, tick_ns);
    assert_true(trace_get_totals(reader, &read_back));
    check_totals(&written, &read_back);
    assert_true(trace_seek(reader, 0, &error));
    check_same(reader, &story, tick_ns);
    trace_close(reader);
    unlink(path);
    story_done(&story);
}

static void events_come_back(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++)
        round_trip(seed, 3000, seed % 3 ? 100000 : 1, seed % 2);
}

static void many_events_come_back(void **state)
{
    (void)state;
    round_trip(99, 1500000, 100000, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(events_come_back), cmocka_unit_test(many_events_come_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
