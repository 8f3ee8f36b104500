/* test_sink_uart: bytes of frames through the polled line and through the ring that an interrupt or DMA empties. */
#define HT_FIRMWARE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/sink/sink_uart.c"

static uint8_t got[4096];
static unsigned got_count, room, starts;

static bool line_ready(void *context)
{
    (void)context;
    return room > 0;
}

static void line_put(void *context, uint8_t byte)
{
    (void)context;
    room--;
    got[got_count++] = byte;
}

static int line_get(void *context)
{
    return *(const char *)context;
}

static void ring_start(void *context)
{
    (void)context;
    starts++;
}

static void test_polled(void **state)
{
    char control[] = "n";
    struct ht_uart uart = {line_ready, line_put, line_get, control, 4, {0}};
    const struct ht_sink *sink = ht_uart_begin(&uart);
    (void)state;
    got_count = 0;
    room = 3;
    assert_int_equal(sink->write(sink->context, (const uint8_t *)"abcdefgh", 8), 3);
    assert_int_equal(sink->write(sink->context, (const uint8_t *)"defgh", 5), 0);
    room = 100;
    assert_int_equal(sink->write(sink->context, (const uint8_t *)"defgh", 5), 4);
    assert_memory_equal(got, "abcdefg", 7);
    assert_int_equal(sink->read(sink->context), 'n');
}

/* A writer and a reader of random pieces: what comes out is what went in, and the transfer is started whenever it rests. */
static void test_ring(void **state)
{
    uint8_t memory[17], next_in = 0, next_out = 0;
    struct ht_uart_ring ring = {.memory = memory, .room = sizeof memory, .start = ring_start};
    const struct ht_sink *sink = ht_uart_ring_begin(&ring);
    (void)state;
    srand(1);
    starts = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[24];
        size_t count = (size_t)rand() % sizeof bytes;
        for (size_t at = 0; at < count; at++)
            bytes[at] = (uint8_t)(next_in + at);
        next_in = (uint8_t)(next_in + sink->write(sink->context, bytes, count));
        if (rand() % 2) {
            for (int left = rand() % 20, byte; left-- > 0 && (byte = ht_uart_ring_take(&ring)) >= 0;)
                assert_int_equal(byte, next_out++);
        } else {
            const uint8_t *piece;
            uint16_t length = ht_uart_ring_piece(&ring, &piece);
            for (uint16_t at = 0; at < length; at++)
                assert_int_equal(piece[at], next_out++);
            ht_uart_ring_taken(&ring, length);
        }
        assert_true(ring.head == ring.tail || ring.is_busy);
    }
    assert_true(starts > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_polled), cmocka_unit_test(test_ring)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
