/* damage: golden traces cut at every byte and flipped at random places: the reader ends in order, tells no wrong event, and loses no more than it must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/error.h"
#include "host/base/vec.h"
#include "host/trace/block.h"

struct bytes {
    uint8_t at[1 << 16];
    size_t count, read;
};

static long bytes_read(void *context, void *to, size_t room)
{
    struct bytes *bytes = context;
    size_t count = bytes->count - bytes->read < room ? bytes->count - bytes->read : room;
    memcpy(to, bytes->at + bytes->read, count);
    bytes->read += count;
    return (long)count;
}

static void load(struct bytes *bytes, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/%s", TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    bytes->count = fread(bytes->at, 1, sizeof bytes->at, file);
    fclose(file);
    assert_true(bytes->count > 1000 && bytes->count < sizeof bytes->at);
}

struct tale {
    VEC(struct event) events; /* without what `define` pointed to */
    uint64_t told, lost;
    size_t before_gap; /* events before the first gap that the reader told of */
    bool opened, gap;
};

static bool is_reader_gap(const struct event *event)
{
    return event->kind == EVENT_GAP && event->define && strcmp(event->define, "label");
}

static void tell(struct bytes bytes, struct tale *tale)
{
    struct event event;
    struct error error = {0};
    struct trace_reader *reader = trace_open_stream(bytes_read, &bytes, "bytes", &error);
    *tale = (struct tale){.opened = reader != NULL};
    assert_true(reader || (error.kind == ERROR_READ && strlen(error.text) > 10));
    while (reader && trace_next(reader, &event, &error)) {
        if (is_reader_gap(&event)) {
            tale->gap = true;
            tale->lost += event.size;
            continue;
        }
        tale->told++;
        tale->before_gap += !tale->gap;
        vec_push(&tale->events, event);
    }
    trace_close(reader);
}

static bool is_hot(const struct event *event)
{
    return event->kind >= EVENT_ALLOC && event->kind <= EVENT_RESIZE_END;
}

static void check_true_events(const struct tale *tale, const struct tale *whole)
{
    for (size_t i = 0; i < tale->events.count; i++) {
        const struct event *event = tale->events.at + i;
        if (!is_hot(event) && i >= tale->before_gap)
            continue;
        assert_true(event->index < whole->events.count);
        const struct event *truth = whole->events.at + event->index;
        assert_true(event->kind == truth->kind || i >= tale->before_gap);
        if (event->kind == truth->kind && i < tale->before_gap)
            assert_true(event->address == truth->address && event->size == truth->size && event->stack == truth->stack && event->thread == truth->thread);
    }
}

/* The events of whole blocks in the first `count` bytes. */
static uint64_t events_in(const struct bytes *bytes, size_t count)
{
    struct block_head head;
    uint64_t events = 0;
    for (size_t at = 8; at + BLOCK_HEAD_BYTES <= count && block_head_get(bytes->at + at, &head);) {
        at += BLOCK_HEAD_BYTES + head.record_bytes + head.token_bytes;
        if (head.kind == BLOCK_EVENTS && at <= count)
            events = head.first_event + head.event_count;
    }
    return events;
}

static void check_cuts(const char *name)
{
    static struct bytes bytes;
    struct tale whole, tale;
    load(&bytes, name);
    tell(bytes, &whole);
    assert_false(whole.gap);
    for (size_t count = 0; count < bytes.count; count++) {
        struct bytes cut = bytes;
        cut.count = count;
        tell(cut, &tale);
        assert_true(tale.told >= events_in(&bytes, count));
        check_true_events(&tale, &whole);
        vec_done(&tale.events);
    }
    vec_done(&whole.events);
}

static void check_flips(const char *name)
{
    static struct bytes bytes;
    struct tale whole, tale;
    load(&bytes, name);
    tell(bytes, &whole);
    srand(1);
    for (int turn = 0; turn < 1000; turn++) {
        struct bytes flipped = bytes;
        size_t at = (size_t)rand() % bytes.count;
        flipped.at[at] ^= (uint8_t)(1u << rand() % 8);
        tell(flipped, &tale);
        assert_int_equal(tale.opened, at >= 8);
        if (tale.opened)
            assert_int_equal(tale.told + tale.lost, whole.told);
        check_true_events(&tale, &whole);
        vec_done(&tale.events);
    }
    vec_done(&whole.events);
}

static void a_cut_trace_keeps_its_whole_blocks(void **state)
{
    (void)state;
    check_cuts("small.htrc");
}

static void a_flipped_bit_loses_a_block(void **state)
{
    (void)state;
    check_flips("small.htrc");
    check_flips("long.htrc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_cut_trace_keeps_its_whole_blocks), cmocka_unit_test(a_flipped_bit_loses_a_block)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
