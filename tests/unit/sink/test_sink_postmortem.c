/* test_sink_postmortem: the ring keeps the last bytes, a reset at any store leaves it readable, and noise is never taken for one. */
#define HT_FIRMWARE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/sink/sink_postmortem.c"

static union {
    uint8_t bytes[300];
    struct ht_postmortem_head head;
} memory;
static uint8_t told[1024];
static size_t told_count;

static long told_write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    count = count > 7 ? 7 : count;
    memcpy(told + told_count, bytes, count);
    told_count += count;
    return (long)count;
}

/* What a next run finds: its last bytes end with `last`. */
static void check_found(uint32_t count, uint8_t last)
{
    const struct ht_sink sink = {told_write, NULL, NULL};
    struct ht_postmortem next;
    told_count = 0;
    assert_int_equal(ht_postmortem_found(&next, memory.bytes, sizeof memory), count);
    while (ht_postmortem_tell(&next, &sink) > 0) {
    }
    assert_int_equal(told_count, count);
    for (uint32_t at = 0; at < count; at++)
        assert_int_equal(told[count - 1 - at], (uint8_t)(last - at));
}

static void test_last_bytes(void **state)
{
    struct ht_postmortem postmortem;
    const struct ht_sink *sink = ht_postmortem_begin(&postmortem, memory.bytes, sizeof memory);
    (void)state;
    assert_int_equal(memory.head.bytes, 256);
    uint32_t written = 0;
    check_found(0, 0);
    for (unsigned piece = 1; piece < 60; piece++) {
        uint8_t bytes[60];
        for (unsigned at = 0; at < piece; at++)
            bytes[at] = (uint8_t)(written + at);
        assert_int_equal(sink->write(sink->context, bytes, piece), piece);
        written += piece;
        check_found(written < 256 ? written : 256, (uint8_t)(written - 1));
    }
    assert_int_equal(memory.head.runs, 1);
    assert_non_null(ht_postmortem_begin(&postmortem, memory.bytes, sizeof memory));
    assert_int_equal(memory.head.runs, 2);
}

/* A reset between the stores of one count: the other one holds. */
static void test_torn_count(void **state)
{
    struct ht_postmortem postmortem;
    const struct ht_sink *sink = ht_postmortem_begin(&postmortem, memory.bytes, sizeof memory);
    (void)state;
    sink->write(sink->context, (const uint8_t *)"\1\2\3", 3);
    sink->write(sink->context, (const uint8_t *)"\4\5", 2);
    struct ht_postmortem_count later = memory.head.count[postmortem.turn ^ 1];
    assert_int_equal(later.written, 5);
    memory.head.count[postmortem.turn ^ 1].check ^= 1;
    check_found(3, 3);
}

static void test_noise(void **state)
{
    struct ht_postmortem postmortem;
    (void)state;
    srand(3);
    for (unsigned round = 0; round < 1000; round++) {
        for (size_t at = 0; at < sizeof memory; at++)
            memory.bytes[at] = (uint8_t)rand();
        if (round % 2)
            memcpy(memory.head.magic, HT_POSTMORTEM_MAGIC, sizeof memory.head.magic);
        assert_int_equal(ht_postmortem_found(&postmortem, memory.bytes, sizeof memory), 0);
    }
    assert_null(ht_postmortem_begin(&postmortem, memory.bytes, 40));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_last_bytes), cmocka_unit_test(test_torn_count), cmocka_unit_test(test_noise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
