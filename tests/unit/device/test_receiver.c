/* test_receiver: devices that restart with and without a boot number, clocks that go round, snapshots, tasks and sources that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/device/receiver.h"

enum { MOST = 4000, BASE = 0x20000000 };

struct caught {
    struct event events[MOST];
    char text[MOST][64]; /* a gap's reason, a mark's label, the name of a thread */
    unsigned count;
};

struct line {
    struct ht_frame frame;
    uint8_t bytes[HT_FRAME_MOST];
    struct receiver receiver;
    struct caught caught;
    struct twin_sink sink;
    uint16_t sequence;
    uint32_t boot, tick, epoch, rate;
    bool is_lost;
};
static struct line line;

static bool begin(void *context, const struct trace_header *header, struct error *error)
{
    (void)context;
    (void)error;
    assert_int_equal(header->pointer_bytes, 4);
    return true;
}

static void put(void *context, const struct event *event)
{
    struct caught *caught = context;
    assert_true(caught->count < MOST);
    if (event->kind == EVENT_GAP || event->kind == EVENT_MARK)
        snprintf(caught->text[caught->count], sizeof *caught->text, "%s", (const char *)event->define);
    if (event->kind == EVENT_THREAD)
        snprintf(caught->text[caught->count], sizeof *caught->text, "%s", ((const struct thread_definition *)event->define)->name);
    caught->events[caught->count++] = *event;
}

static void line_begin(uint32_t rate)
{
    memset(&line, 0, sizeof line);
    line.rate = rate;
    line.sink = (struct twin_sink){begin, put, &line.caught};
    receiver_init(&line.receiver, &line.sink, NULL, "a test");
}

static int line_end(void **state)
{
    (void)state;
    receiver_end(&line.receiver);
    receiver_done(&line.receiver);
    return 0;
}

static void frame_begin(void)
{
    ht__frame_begin(&line.frame, line.bytes, HT_FRAME_MOST, line.sequence++, line.tick);
}

static void frame_end(void)
{
    size_t count = ht__frame_end(line.bytes, line.frame.used, line.boot);
    if (!line.is_lost)
        receiver_put(&line.receiver, line.bytes, count);
}

static void rare(uint8_t kind, const ht_number *numbers, uint8_t count, const char *tail)
{
    assert_true(ht__frame_put_rare(&line.frame, &(struct ht_rare){kind, count, (uint8_t)strlen(tail), line.tick, numbers, tail}));
}
#define RARE(kind, tail, ...) rare(kind, (const ht_number[]){__VA_ARGS__}, sizeof(ht_number[]){__VA_ARGS__} / sizeof(ht_number), tail)

static void hello(void)
{
    RARE(HT_TOLD_HELLO, "test", HT_DEVICE_VERSION, 4, 0, line.rate, 3, 0, ++line.epoch, 0x1000, 0, 0, line.boot, BASE);
}

static void boot(uint32_t number)
{
    line.boot = number;
    line.epoch = line.sequence = 0;
    line.frame = (struct ht_frame){.shift = 3, .address_base = BASE, .pc_base = 0x1000};
    frame_begin();
    hello();
}

static void told(uint8_t kind, ht_number address, ht_number size, uint16_t task)
{
    assert_true(ht__frame_put_hot(&line.frame, &(struct ht_told){.kind = kind, .tick = line.tick, .address = address, .size = size, .task = task}));
}

/* One frame with one allocation. */
static void alloc_frame(ht_number address)
{
    frame_begin();
    told(HT_TOLD_ALLOC, address, 16, 0);
    frame_end();
}

static unsigned count_of(uint8_t kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < line.caught.count; i++)
        count += line.caught.events[i].kind == kind;
    return count;
}

/* The n-th of its kind, from 0. */
static const struct event *event_of(uint8_t kind, unsigned n)
{
    for (unsigned i = 0; i < line.caught.count; i++)
        if (line.caught.events[i].kind == kind && !n--)
            return line.caught.events + i;
    fail_msg("no such event of kind %u", kind);
    return NULL;
}

static const char *text_of(uint8_t kind, unsigned n)
{
    return line.caught.text[event_of(kind, n) - line.caught.events];
}

static void test_restart(void **state)
{
    (void)state;
    line_begin(1000000);
    boot(7);
    frame_end();
    for (unsigned i = 0; i < 10; i++)
        alloc_frame(BASE + 64 * i);
    line.tick = 50; /* its clock begins anew too */
    boot(8);
    frame_end();
    line.tick += 1000;
    alloc_frame(BASE + 64);
    assert_int_equal(count_of(EVENT_PROCESS), 2);
    assert_int_equal(count_of(EVENT_PROCESS_END), 1);
    assert_int_equal(count_of(EVENT_GAP), 0);
    assert_int_equal(event_of(EVENT_ALLOC, 10)->process, 2);
    assert_int_equal(event_of(EVENT_ALLOC, 10)->time_ns, 1000000);
    line.boot = 7; /* what is left of the first boot comes now */
    line.sequence = 11;
    alloc_frame(BASE + 640);
    boot(7);
    frame_end();
    assert_int_equal(count_of(EVENT_ALLOC), 11);
    assert_int_equal(count_of(EVENT_PROCESS), 2);
    assert_int_equal(line.receiver.counts.restarts, 1);
}

static void test_restart_without_number(void **state)
{
    (void)state;
    line_begin(1000000);
    boot(0);
    frame_end();
    for (unsigned i = 0; i < 10; i++)
        alloc_frame(BASE + 64 * i);
    line.tick = 5;
    boot(0);
    frame_end();
    alloc_frame(BASE);
    assert_int_equal(count_of(EVENT_PROCESS), 2);
    assert_int_equal(count_of(EVENT_ALLOC), 11);
    line.sequence = 2000; /* too far to be believed */
    alloc_frame(BASE + 64);
    assert_int_equal(count_of(EVENT_ALLOC), 11);
    frame_begin();
    hello();
    told(HT_TOLD_ALLOC, BASE + 128, 16, 0);
    frame_end();
    assert_int_equal(count_of(EVENT_ALLOC), 12);
    assert_int_equal(event_of(EVENT_GAP, 0)->size, 1);
    assert_string_equal(text_of(EVENT_GAP, 0), "1999 frames were lost on the line");
    assert_int_equal(line.receiver.counts.strange, 1);
}

static void test_clock(void **state)
{
    (void)state;
    line_begin(1000000);
    line.tick = 0xFFFFFF00;
    boot(1);
    frame_end();
    line.tick += 0x200;
    alloc_frame(BASE);
    assert_int_equal(event_of(EVENT_ALLOC, 0)->time_ns, 0x200 * 1000);
    line.tick -= 0x10; /* an interrupt came between the clock and the lock */
    alloc_frame(BASE + 8);
    assert_int_equal(event_of(EVENT_ALLOC, 1)->time_ns, 0x200 * 1000);
    /* two frames are lost, and the clock goes round twice meanwhile; ours tells */
    line.receiver.now_ns = 1000000000;
    alloc_frame(BASE + 16);
    line.is_lost = true;
    alloc_frame(BASE + 24);
    alloc_frame(BASE + 32);
    line.is_lost = false;
    line.receiver.now_ns += (2ull << 32) * 1000 + 5000000;
    alloc_frame(BASE + 40);
    uint64_t passed = event_of(EVENT_ALLOC, 3)->time_ns - event_of(EVENT_ALLOC, 2)->time_ns;
    assert_int_equal(passed, (2ull << 32) * 1000);
    assert_int_equal(event_of(EVENT_GAP, 0)->size, 2);
}

static void snapshot(const ht_number *addresses, unsigned count, ht_number missed, ht_number said)
{
    RARE(HT_TOLD_SNAPSHOT, "", 0);
    for (unsigned i = 0; i < count; i++)
        RARE(HT_TOLD_BLOCK, "", addresses[i], 16);
    RARE(HT_TOLD_SNAPSHOT, "", 1, said, missed);
}

static void test_snapshot(void **state)
{
    (void)state;
    line_begin(1000000);
    boot(1);
    told(HT_TOLD_ALLOC, BASE, 16, 0);
    told(HT_TOLD_ALLOC, BASE + 64, 16, 0);
    frame_end();
    frame_begin();
    snapshot((const ht_number[]){BASE, BASE + 128}, 2, 1, 2); /* the table had no room */
    snapshot((const ht_number[]){BASE, BASE + 128}, 2, 0, 3); /* one is missing */
    frame_end();
    assert_int_equal(count_of(EVENT_ALLOC), 3);
    assert_int_equal(event_of(EVENT_ALLOC, 2)->address, BASE + 128);
    assert_int_equal(event_of(EVENT_ALLOC, 2)->flags, EVENT_INHERITED);
    assert_int_equal(count_of(EVENT_FREE), 0);
    frame_begin();
    snapshot((const ht_number[]){BASE, BASE + 128}, 2, 0, 2);
    frame_end();
    assert_int_equal(count_of(EVENT_FREE), 1);
    assert_int_equal(event_of(EVENT_FREE, 0)->address, BASE + 64);
    assert_string_equal(text_of(EVENT_GAP, 0), "1 block ended while the device was not heard");
    assert_string_equal(text_of(EVENT_THREAD, 1), "(not heard)");
}

/* A gap in a snapshot: what it does not tell may be in the gap. */
static void test_snapshot_with_gap(void **state)
{
    (void)state;
    line_begin(1000000);
    boot(1);
    told(HT_TOLD_ALLOC, BASE, 16, 0);
    RARE(HT_TOLD_SNAPSHOT, "", 0);
    frame_end();
    line.is_lost = true;
    alloc_frame(BASE + 8);
    line.is_lost = false;
    frame_begin();
    RARE(HT_TOLD_SNAPSHOT, "", 1, 0, 0);
    frame_end();
    assert_int_equal(count_of(EVENT_FREE), 0);
}

static void test_names(void **state)
{
    (void)state;
    line_begin(0);
    boot(1);
    told(HT_TOLD_ALLOC, BASE, 16, 3);
    RARE(HT_TOLD_TASK, "net\x01", 3, 0x5000, 0x6000, 512, 4);
    told(HT_TOLD_ALLOC, BASE + 8, 16, 3);
    RARE(HT_TOLD_TASK, "other", 3, 0x7000, 0x8000, 512, 4);
    told(HT_TOLD_ALLOC, BASE + 16, 16, 3);
    RARE(HT_TOLD_TASK_END, "", 3);
    told(HT_TOLD_ALLOC, BASE + 24, 16, 3);
    frame_end();
    const char *const names[] = {"main", "task 3", "net?", "other", "task 3"};
    for (unsigned i = 0; i < 5; i++)
        assert_string_equal(text_of(EVENT_THREAD, i), names[i]);
    assert_int_equal(event_of(EVENT_ALLOC, 0)->thread, event_of(EVENT_ALLOC, 1)->thread);
    assert_int_not_equal(event_of(EVENT_ALLOC, 1)->thread, event_of(EVENT_ALLOC, 2)->thread);
    assert_int_not_equal(event_of(EVENT_ALLOC, 2)->thread, event_of(EVENT_ALLOC, 3)->thread);
    assert_int_equal(count_of(EVENT_THREAD_END), 1);
    assert_non_null(strstr(str_text(&line.receiver.twin.note), "how fast its clock is"));
}

static void test_other_kind(void **state)
{
    (void)state;
    line_begin(1000000);
    boot(1);
    frame_end();
    line.boot = 2;
    line.sequence = 0;
    frame_begin();
    RARE(HT_TOLD_HELLO, "big", HT_DEVICE_VERSION, 8, 0, 1000, 3, 0, 1, 0, 0, 0, 2, 0);
    frame_end();
    assert_int_equal(line.receiver.error.kind, ERROR_READ);
    alloc_frame(BASE);
    assert_int_equal(count_of(EVENT_ALLOC), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_restart, line_end),  cmocka_unit_test_teardown(test_restart_without_number, line_end),
        cmocka_unit_test_teardown(test_clock, line_end),    cmocka_unit_test_teardown(test_snapshot, line_end),
        cmocka_unit_test_teardown(test_snapshot_with_gap, line_end), cmocka_unit_test_teardown(test_names, line_end),
        cmocka_unit_test_teardown(test_other_kind, line_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
