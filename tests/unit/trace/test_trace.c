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
#include "host/base/map.h"
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

static void check_tally(struct tally a, struct tally b)
{
    assert_int_equal(a.bytes, b.bytes);
    assert_int_equal(tally_count(a), tally_count(b));
}

static void check_sites(const struct trace_site_total *a, const struct trace_site_total *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(a[i].stack, b[i].stack);
        assert_int_equal(a[i].source, b[i].source);
        assert_int_equal(a[i].own_peak_bytes, b[i].own_peak_bytes);
        assert_int_equal(a[i].refused, b[i].refused);
        check_tally(a[i].allocated, b[i].allocated);
        check_tally(a[i].peak, b[i].peak);
        check_tally(a[i].leaked, b[i].leaked);
        check_tally(a[i].temporary, b[i].temporary);
    }
}

static void check_totals(const struct trace_totals *a, const struct trace_totals *b)
{
    assert_true(a->complete && b->complete && a->has_sites && b->has_sites);
    assert_memory_equal(&a->events, &b->events, offsetof(struct trace_totals, cost) - offsetof(struct trace_totals, events));
    assert_memory_equal(&a->cost, &b->cost, offsetof(struct cost_definition, clock) + sizeof a->cost.clock);
    assert_int_equal(a->site_count, b->site_count);
    check_sites(a->site, b->site, a->site_count);
}

static void test_path(char *path, size_t room)
{
    snprintf(path, room, "/tmp/test_trace.%d.htrc", (int)getpid());
}

static void round_trip(uint32_t seed, size_t count, struct story_way way)
{
    struct story story = {0};
    char path[64];
    test_path(path, sizeof path);
    story_make(&story, seed, count);
    struct trace_totals written, read_back;
    story_write(&story, path, way, &written);
    struct error error = {0};
    struct trace_reader *reader = trace_open(path, &error);
    assert_non_null(reader);
    assert_string_equal(trace_get_header(reader)->command, "story \"one\"");
    assert_int_equal(trace_get_header(reader)->tick_ns, way.tick_ns);
    check_same(reader, &story, way.tick_ns);
    assert_true(trace_get_totals(reader, &read_back));
    check_totals(&written, &read_back);
    assert_true(trace_seek(reader, 0, &error));
    check_same(reader, &story, way.tick_ns);
    trace_close(reader);
    unlink(path);
    story_done(&story);
}

static void events_come_back(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++)
        round_trip(seed, 3000, (struct story_way){seed % 3 ? 100000 : 1, seed % 4 ? 0 : 500, seed % 2 ? 700 : 0});
}

static void many_events_come_back(void **state)
{
    (void)state;
    round_trip(99, 1500000, (struct story_way){100000, 0, 0});
}

static uint64_t *life(struct map *lives, const struct event *event, ht_addr address)
{
    return map_put(lives, (uint64_t)event->process << 60 ^ (uint64_t)event->heap << 48 ^ address, NULL);
}

static void process_leaves(const struct story *story, uint32_t process, struct map *lives)
{
    for (size_t i = 0; i < lives->room; i++)
        if (lives->at[i].value && story->events.at[lives->at[i].value - 1].process == process)
            lives->at[i].value = 0;
}

/* Of each address of each heap of each process: ordinal of the birth that holds there before event `end`, + 1. */
static size_t lives_before(const struct story *story, size_t end, struct map *lives)
{
    uint64_t flight[STORY_THREADS + 1] = {0};
    uint32_t processes = 0;
    bool ended[STORY_PROCESSES + 1] = {0};
    size_t count = 0;
    for (size_t i = 0; i < end; i++) {
        const struct event *event = story->events.at + i;
        if (event->kind == EVENT_ALLOC || (event->kind == EVENT_RESIZE_END && event->address)) {
            *life(lives, event, event->address) = i + 1;
        } else if (event->kind == EVENT_RESIZE_END) {
            *life(lives, event, event->old_address) = flight[event->thread];
        } else if (event->kind == EVENT_FREE || event->kind == EVENT_RESIZE_BEGIN) {
            uint64_t *birth = life(lives, event, event->address);
            if (event->kind == EVENT_RESIZE_BEGIN)
                flight[event->thread] = *birth;
            *birth = 0;
        } else if (event->kind == EVENT_PROCESS) {
            uint32_t id = ((const struct process_definition *)event->define)->id;
            processes += id == processes + 1;
        } else if (event->kind == EVENT_PROCESS_END && event->process <= processes && !ended[event->process]) {
            ended[event->process] = true;
            process_leaves(story, event->process, lives);
        }
    }
    for (size_t i = 0; i < lives->room; i++)
        count += lives->at[i].value != 0;
    return count;
}

static void check_inherited(const struct event *event, const struct story *story, struct map *lives)
{
    uint64_t birth = *life(lives, event, event->address);
    assert_true(birth);
    const struct event *from = story->events.at + birth - 1;
    assert_int_equal(event->size, from->size);
    assert_int_equal(event->stack, from->stack);
    assert_int_equal(event->thread, from->thread);
    assert_int_equal(event->heap, from->heap);
    assert_int_equal(event->alignment_log2, from->alignment_log2);
}

/* After a seek come definitions, then the living blocks, then the story as if read from its start. */
static size_t check_seek(struct trace_reader *reader, const struct story *story, uint64_t time_ns, uint64_t tick_ns)
{
    struct event event;
    struct error error = {0};
    struct map lives = {0};
    size_t inherited = 0, next = 0, left = 0;
    bool begun = false;
    assert_true(trace_seek(reader, time_ns, &error));
    while (trace_next(reader, &event, &error)) {
        if (!begun) {
            begun = true;
            next = event.index;
            left = lives_before(story, next, &lives);
        }
        if (inherited < left) {
            if (event.kind == EVENT_ALLOC) {
                assert_true(event.flags & EVENT_INHERITED);
                check_inherited(&event, story, &lives);
                inherited++;
            }
            assert_int_equal(event.index, next);
            continue;
        }
        assert_int_equal(event.index, next);
        assert_true(story_event_same(&event, story->events.at + next, tick_ns));
        next++;
    }
    assert_int_equal(next, story->events.count);
    map_done(&lives);
    return inherited;
}

static void seeking_finds_the_living(void **state)
{
    (void)state;
    struct story story = {0};
    struct trace_totals totals;
    struct error error = {0};
    char path[64];
    test_path(path, sizeof path);
    story_make(&story, 5, 60000);
    story_write(&story, path, (struct story_way){1000, 5000, 900}, &totals);
    struct trace_reader *reader = trace_open(path, &error);
    assert_non_null(reader);
    assert_int_equal(check_seek(reader, &story, 0, 1000), 0);
    assert_true(check_seek(reader, &story, story.now / 2, 1000) > 10);
    assert_true(check_seek(reader, &story, story.now * 2, 1000) > 10);
    assert_int_equal(check_seek(reader, &story, 0, 1000), 0);
    trace_close(reader);
    unlink(path);
    story_done(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(events_come_back), cmocka_unit_test(many_events_come_back), cmocka_unit_test(seeking_finds_the_living)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
