/* test_memory_dump: the rings that the target's sink wrote are found in a dump, whole and in order, and nothing else is taken for one. */
#define HT_FIRMWARE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/device/memory_dump.h"
#include "target/sink/sink_postmortem.c"

enum { DUMP_BYTES = 4096, AT = 1000, ROOM = 256 };

static void check_ring(const uint8_t *dump, size_t bytes, uint32_t written)
{
    struct memory_ring ring;
    size_t place = 0;
    assert_true(memory_dump_next(dump, bytes, &place, &ring));
    assert_int_equal(ring.first_bytes + ring.second_bytes, written < ROOM ? written : ROOM);
    uint8_t next = (uint8_t)(written - ring.first_bytes - ring.second_bytes);
    for (size_t at = 0; at < ring.first_bytes; at++)
        assert_int_equal(ring.first[at], next++);
    for (size_t at = 0; at < ring.second_bytes; at++)
        assert_int_equal(ring.second[at], next++);
    assert_false(memory_dump_next(dump, bytes, &place, &ring));
}

static void test_found(void **state)
{
    static uint8_t dump[DUMP_BYTES] __attribute__((aligned(8)));
    struct ht_postmortem postmortem;
    (void)state;
    const struct ht_sink *sink = ht_postmortem_begin(&postmortem, dump + AT, sizeof(struct ht_postmortem_head) + ROOM);
    memcpy(dump + 8, HT_POSTMORTEM_MAGIC, HT_POSTMORTEM_MAGIC_BYTES); /* the text in flash */
    for (uint32_t written = 0; written < 1000;) {
        uint8_t bytes[37];
        for (unsigned at = 0; at < sizeof bytes; at++)
            bytes[at] = (uint8_t)(written + at);
        sink->write(sink->context, bytes, sizeof bytes);
        written += sizeof bytes;
        check_ring(dump, sizeof dump, written);
    }
}

/* Cut anywhere, and with any bytes changed: never a ring that leaves the dump. */
static void test_hostile(void **state)
{
    uint8_t dump[400];
    struct ht_postmortem postmortem;
    (void)state;
    srand(4);
    for (unsigned round = 0; round < 20000; round++) {
        size_t bytes = 1 + (size_t)rand() % sizeof dump, place = 0;
        uint8_t *exact = malloc(bytes);
        struct memory_ring ring;
        memset(dump, 0, sizeof dump);
        ht_postmortem_begin(&postmortem, dump + 8, sizeof dump - 8);
        for (int changes = rand() % 4; changes-- > 0;)
            dump[rand() % 60] = (uint8_t)rand();
        memcpy(exact, dump, bytes);
        while (memory_dump_next(exact, bytes, &place, &ring))
            assert_true(ring.first >= exact && ring.first + ring.first_bytes <= exact + bytes && ring.second + ring.second_bytes <= exact + bytes);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found), cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
