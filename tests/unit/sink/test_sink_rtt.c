/* test_sink_rtt: the ring and its control block, read and written as a debug probe does. */
#define HT_FIRMWARE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/sink/sink_rtt.c"

static uint8_t up[32], down[4];
static struct ht_rtt_block block;
static struct ht_rtt rtt;

static void test_layout(void **state)
{
    (void)state;
    ht_rtt_begin(&rtt, &block, up, sizeof up, down, sizeof down);
    assert_memory_equal(block.id, "SEGGER RTT\0\0\0\0\0\0", 16);
    assert_int_equal(block.ups, 1);
    assert_int_equal(block.downs, 1);
    assert_int_equal(offsetof(struct ht_rtt_block, up), 24);
    assert_int_equal(sizeof(struct ht_rtt_ring), 2 * sizeof(void *) + 16);
    assert_int_equal(offsetof(struct ht_rtt_ring, write), 2 * sizeof(void *) + 4);
    assert_int_equal(offsetof(struct ht_rtt_ring, read), 2 * sizeof(void *) + 8);
}

static void test_bytes_in_order(void **state)
{
    const struct ht_sink *sink = ht_rtt_begin(&rtt, &block, up, sizeof up, down, sizeof down);
    uint8_t in = 0, out = 0;
    (void)state;
    srand(2);
    for (unsigned round = 0; round < 10000; round++) {
        uint8_t bytes[40];
        size_t count = (size_t)rand() % sizeof bytes;
        for (size_t at = 0; at < count; at++)
            bytes[at] = (uint8_t)(in + at);
        long taken = sink->write(sink->context, bytes, count);
        assert_true(taken >= 0 && (size_t)taken <= count);
        in = (uint8_t)(in + taken);
        for (int left = rand() % 40; left-- > 0 && block.up[0].read != block.up[0].write;) {
            assert_int_equal(up[block.up[0].read], out++);
            block.up[0].read = (block.up[0].read + 1) % sizeof up;
        }
    }
    assert_true(in != 0);
}

static void test_control_and_mad_probe(void **state)
{
    const struct ht_sink *sink = ht_rtt_begin(&rtt, &block, up, sizeof up, down, sizeof down);
    (void)state;
    assert_int_equal(sink->read(sink->context), -1);
    down[0] = 's';
    block.down[0].write = 1;
    assert_int_equal(sink->read(sink->context), 's');
    assert_int_equal(sink->read(sink->context), -1);
    block.up[0].read = 4000;
    assert_int_equal(sink->write(sink->context, down, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layout), cmocka_unit_test(test_bytes_in_order), cmocka_unit_test(test_control_and_mad_probe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
