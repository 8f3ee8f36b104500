/* test_core_random: in a million random events, out none that the table, or a host that reads the stream, has otherwise than they were. */
#include "core_port.h"

#include "tests/firmware/random_core.h"

enum { EVENTS = 1000000, WAITING = 4096, SLOTS = 1 << 12 };

/* What was told to the tracer and has not been heard. */
static struct {
    struct ht_test_event events[WAITING];
    ht_pc pcs[WAITING][HT_FRAMES + 1];
    unsigned head, tail;
    uint64_t heard, stacks, without, frames, bytes;
    struct ht_device device;
    uint8_t piece[HT_FRAME_MOST];
    size_t piece_bytes;
    struct ht_heard slots[SLOTS], sources[16];
} line;

static void each(const struct ht_test_event *event)
{
    unsigned at = line.head++ % WAITING;
    assert_true(line.head - line.tail < WAITING);
    line.events[at] = *event;
    memcpy(line.pcs[at], event->pcs, sizeof line.pcs[at]);
    port.in_interrupt = event->in_interrupt;
    port.task = event->task;
    port.pc_count = event->frames;
    memcpy(port.pcs, event->pcs, event->frames * sizeof *event->pcs);
    port.now += 1 + event->size % 7;
}

static void compare_stack(const struct ht_told *told, const struct ht_test_event *event, const ht_pc *pcs)
{
    if (event->kind == HT_TEST_FREE)
        return;
    if (!told->slot) {
        assert_true(told->flags & HT_TOLD_CUT);
        line.without++;
        return;
    }
    const struct ht_heard *stack = &line.slots[told->slot];
    assert_int_equal(stack->count, event->frames);
    for (unsigned i = 0; i < event->frames; i++)
        assert_int_equal(stack->numbers[i], pcs[i]);
    line.stacks++;
}

static void compare(const struct ht_told *told)
{
    const struct ht_test_event *event = &line.events[line.tail % WAITING];
    assert_true(line.tail != line.head);
    assert_int_equal(told->kind, event->kind);
    assert_int_equal(told->heap, event->heap);
    assert_int_equal((told->flags & HT_TOLD_INTERRUPT) != 0, event->in_interrupt);
    if (!event->in_interrupt)
        assert_int_equal(told->task, event->task);
    if (event->address)
        assert_int_equal(told->address, event->address);
    if (event->old_address)
        assert_int_equal(told->old_address, event->old_address);
    if (event->kind != HT_TEST_FREE)
        assert_int_equal(told->size, event->size);
    if (told->source)
        assert_int_equal(line.sources[told->source % 16].numbers[HT_SOURCE_LINE], event->source);
    else
        assert_int_equal(event->source, 0);
    compare_stack(told, event, line.pcs[line.tail % WAITING]);
    line.tail++;
    line.heard++;
}

static void frame(uint8_t *bytes, size_t count)
{
    struct ht_opened opened;
    struct ht_heard heard;
    size_t payload = ht__cobs_get(bytes, count);
    assert_int_equal(ht__frame_open(&opened, &line.device, bytes, payload), HT_OPEN_DONE);
    line.frames++;
    while (ht__told_get(&opened, &heard)) {
        assert_int_not_equal(heard.kind, HT_TOLD_LOST);
        if (heard.kind == HT_TOLD_HELLO)
            memset(line.slots, 0, sizeof line.slots);
        else if (heard.kind == HT_TOLD_STACK)
            line.slots[heard.told.slot % SLOTS] = heard;
        else if (heard.kind == HT_TOLD_SOURCE)
            line.sources[heard.numbers[HT_SOURCE_ID] % 16] = heard;
        else if (heard.kind <= HT_TOLD_REFUSE)
            compare(&heard.told);
    }
    assert_false(opened.bytes.bad);
}

static long hear(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    size_t take = port.now % 3 ? count : 1 + port.now % count; /* the line takes what it likes */
    for (size_t i = 0; i < take; i++) {
        line.piece[line.piece_bytes++] = bytes[i];
        if (bytes[i])
            continue;
        frame(line.piece, line.piece_bytes - 1);
        line.piece_bytes = 0;
    }
    line.bytes += take;
    return (long)take;
}

static void test_random(void **state)
{
    (void)state;
    static const struct ht_sink sink = {hear, NULL, NULL};
    port_reset();
    assert_int_equal(ht_test_random(1, EVENTS, &sink, each), 0);
    for (int i = 0; i < 3000; i++) {
        port.now += TICKS_PER_S / 8;
        ht_pump();
    }
    assert_int_equal(line.heard, EVENTS);
    assert_true(line.stacks > EVENTS / 2);
    print_message("%s%.1f bytes an event on the line, %lu with a stack, %lu without for want of a slot\n", port.printed, (double)line.bytes / EVENTS, (unsigned long)line.stacks,
                  (unsigned long)line.without);
}

static void test_table_alone(void **state)
{
    (void)state;
    port_reset();
    assert_int_equal(ht_test_random(2, EVENTS / 10, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_table_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
