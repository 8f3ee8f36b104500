/* index: of a recording that ended ten blocks a second for hours, few are kept; and it is still found in. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/error.h"
#include "host/trace/index.h"
#include "host/trace/writer.h"

enum { BLOCKS = 100000, CHECKPOINT_EVENTS = 20000, ENTRIES_MOST = 1 << 16, LIVE = 10 };
static const uint64_t STEP_NS = 100000000;

/* Each block has one event; LIVE of them live on. */
static void recording_write(const char *path)
{
    struct error error = {0};
    struct trace_writer *writer = trace_writer_new(&(struct trace_writer_config){.path = path, .checkpoint_events = CHECKPOINT_EVENTS}, &error);
    assert_non_null(writer);
    for (uint64_t i = 0; i < BLOCKS; i++) {
        struct event event = {.kind = EVENT_ALLOC, .process = 1, .thread = 1, .time_ns = i * STEP_NS, .address = 0x1000 + i / 2 * 64, .size = 32};
        if (i % 2 && i > 2 * LIVE)
            event.kind = EVENT_FREE;
        else if (i % 2)
            event.address += 1 << 20;
        trace_writer_put(writer, &event, 1);
        trace_writer_flush(writer);
    }
    assert_true(trace_writer_close(writer, NULL, NULL, &error));
}

static void few_entries_are_kept_and_times_are_found(void **state)
{
    char path[64];
    struct index index = {0};
    struct error error = {0};
    struct event event;
    (void)state;
    snprintf(path, sizeof path, "/tmp/test_index.%d.htrc", (int)getpid());
    recording_write(path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct trace_reader *reader = trace_open(path, &error);
    unlink(path);
    assert_true(index_load(&index, file));
    assert_true(index.totals.complete);
    assert_in_range(index.blocks.count, BLOCKS / CHECKPOINT_EVENTS, ENTRIES_MOST - 1);
    assert_non_null(reader);
    assert_true(trace_seek(reader, BLOCKS / 2 * STEP_NS, &error));
    uint64_t last = 0, inherited = 0, later = 0;
    while (trace_next(reader, &event, &error)) {
        assert_int_not_equal(event.kind, EVENT_GAP);
        inherited += event.flags & EVENT_INHERITED ? 1 : 0;
        later += !(event.flags & EVENT_INHERITED);
        assert_true(event.time_ns >= last);
        last = event.time_ns;
    }
    assert_true(inherited >= LIVE);
    assert_in_range(later, BLOCKS / 2, BLOCKS / 2 + CHECKPOINT_EVENTS);
    assert_int_equal(last, (BLOCKS - 1) * STEP_NS);
    trace_close(reader);
    index_done(&index);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(few_entries_are_kept_and_times_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
