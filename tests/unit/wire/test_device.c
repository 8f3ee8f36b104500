/* test_device: what is put into frames comes out of them, whatever it is; a frame that is broken, strange or of another version is told as such. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/device_get.h"
#include "wire/device_plain.h"
#include "wire/line.h"

enum { RECORDS = 30000, BOOT = 0xB007, BASE = 0x20000000 };

struct told {
    uint8_t kind, count;
    bool is_cut;
    struct ht_told hot;
    ht_number numbers[HT_STACK_MOST];
    uint8_t tail[HT_TAIL_MOST], tail_bytes;
};

struct way {
    struct ht_frame frame;
    struct ht_device device;
    uint8_t bytes[HT_FRAME_MOST];
    uint16_t sequence;
    uint32_t tick;
    uint64_t dice;
    struct told told[RECORDS];
    unsigned put, got;
    size_t line_bytes;
};

static uint64_t roll(struct way *way, uint64_t sides)
{
    way->dice = way->dice * 6364136223846793005u + 1442695040888963407u;
    return (way->dice >> 24) % sides;
}

static const ht_number hello[HT_HELLO_NUMBERS] = {HT_DEVICE_VERSION, 4, 0, 1000000, 3, 0, 1, 0x08000000, 0x8000, 0x12345678, BOOT, BASE};

static ht_number some_number(struct way *way)
{
    return roll(way, 1ull << (1 + roll(way, 32)));
}

static ht_number some_address(struct way *way)
{
    return (uint32_t)(roll(way, 8) ? BASE + 8 * roll(way, 8192) : some_number(way));
}

static struct ht_told some_hot(struct way *way, uint8_t kind)
{
    struct ht_told hot = {.kind = kind, .tick = way->tick};
    hot.flags = (uint8_t)(roll(way, 20) ? 0 : roll(way, 2) ? HT_TOLD_INTERRUPT : HT_TOLD_CUT);
    hot.api = (uint8_t)(roll(way, 5) ? 0 : roll(way, 256));
    hot.heap = (uint8_t)roll(way, 3);
    hot.task = (uint16_t)(hot.flags & HT_TOLD_INTERRUPT ? 0 : roll(way, 4) ? 3 : roll(way, 65536));
    hot.slot = (uint16_t)roll(way, roll(way, 10) ? 64 : 65536);
    hot.source = (uint16_t)(roll(way, 2) ? 0 : roll(way, 300));
    if (kind == HT_TOLD_RESIZE || kind == HT_TOLD_RESIZE_FAILED)
        hot.old_address = some_address(way);
    if (kind <= HT_TOLD_RESIZE)
        hot.address = roll(way, 3) ? some_address(way) : kind == HT_TOLD_RESIZE ? hot.old_address : some_address(way);
    if (kind != HT_TOLD_FREE)
        hot.size = some_number(way) / 2;
    if (!roll(way, 3))
        hot.taken = hot.size + 1 + roll(way, 200);
    return hot;
}

static void some_told(struct way *way, struct told *told)
{
    *told = (struct told){.kind = (uint8_t)(1 + roll(way, 12))};
    way->tick += (uint32_t)(roll(way, 10) ? roll(way, 20000) : some_number(way));
    if (told->kind <= HT_TOLD_REFUSE) {
        told->hot = some_hot(way, told->kind);
        return;
    }
    told->kind = (uint8_t)(told->kind == 6 ? HT_TOLD_STACK : 9 + roll(way, 23));
    told->count = (uint8_t)roll(way, told->kind == HT_TOLD_STACK ? 11 : 13);
    told->hot = (struct ht_told){.tick = way->tick, .slot = (uint16_t)(1 + roll(way, 600))};
    for (unsigned i = 0; i < told->count; i++)
        told->numbers[i] = told->kind == HT_TOLD_STACK ? 0x08000000 + roll(way, 0x20000) : some_number(way);
    told->is_cut = roll(way, 2);
    told->tail_bytes = (uint8_t)(told->kind == HT_TOLD_STACK || roll(way, 2) ? 0 : roll(way, 17));
    for (unsigned i = 0; i < told->tail_bytes; i++)
        told->tail[i] = (uint8_t)roll(way, 256);
}

/* The short way makes the same bytes, or nothing. */
static unsigned plain_count;
static void plain_check(const struct way *way, struct ht_told told)
{
    const struct ht_told *hot = &told;
    struct ht_frame frame = way->frame, other = frame;
    uint32_t allocations = 0;
    uint8_t bytes[HT_FRAME_MOST], other_bytes[HT_FRAME_MOST];
    if (hot->kind > HT_TOLD_FREE)
        return;
    told.flags = told.api = 0;
    told.taken = 0;
    told.heap = frame.heap;
    told.task = frame.task;
    told.source %= 128;
    if (hot->kind == HT_TOLD_FREE)
        told.size = 0;
    const struct ht_plain plain = {hot->kind, frame.shift, frame.room, (uint8_t)hot->source, hot->slot, hot->tick, hot->address, hot->size, &allocations};
    memcpy(bytes, frame.bytes, frame.used);
    memcpy(other_bytes, frame.bytes, frame.used);
    frame.bytes = bytes;
    other.bytes = other_bytes;
    if (!ht__frame_put_plain(&frame, plain)) {
        assert_int_equal(frame.used, other.used);
        return;
    }
    assert_true(ht__frame_put_hot(&other, hot));
    assert_memory_equal(bytes + HT_FRAME_HEAD, other_bytes + HT_FRAME_HEAD, other.used - HT_FRAME_HEAD);
    frame.bytes = other.bytes;
    assert_memory_equal(&frame, &other, sizeof frame);
    plain_count++;
}

static bool told_put(struct way *way, const struct told *told)
{
    struct ht_rare rare = {told->kind, told->count, told->tail_bytes, told->hot.tick, told->numbers, told->tail};
    if (told->kind <= HT_TOLD_REFUSE) {
        plain_check(way, told->hot);
        return ht__frame_put_hot(&way->frame, &told->hot);
    }
    if (told->kind == HT_TOLD_STACK)
        return ht__frame_put_stack(&way->frame, told->hot.slot, told->numbers, told->count, told->is_cut);
    return ht__frame_put_rare(&way->frame, &rare);
}

static void told_check(const struct told *told, const struct ht_heard *heard)
{
    assert_int_equal(heard->kind, told->kind);
    if (told->kind <= HT_TOLD_REFUSE) {
        assert_int_equal(heard->tick, told->hot.tick);
        assert_memory_equal(&heard->told, &told->hot, sizeof told->hot);
        return;
    }
    assert_int_equal(heard->count, told->count);
    assert_memory_equal(heard->numbers, told->numbers, told->count * sizeof *told->numbers);
    if (told->kind == HT_TOLD_STACK) {
        assert_int_equal(heard->told.slot, told->hot.slot);
        assert_int_equal(heard->is_cut, told->is_cut);
        return;
    }
    assert_int_equal(heard->tick, told->hot.tick);
    assert_int_equal(heard->tail_bytes, told->tail_bytes);
    assert_memory_equal(heard->tail, told->tail, told->tail_bytes);
}

static size_t payload_of(struct way *way)
{
    size_t count = ht__frame_end(way->bytes, way->frame.used, BOOT);
    way->line_bytes += count;
    assert_true(count <= way->frame.room);
    assert_null(memchr(way->bytes, 0, count - 1));
    assert_int_equal(way->bytes[count - 1], 0);
    return ht__cobs_get(way->bytes, count - 1);
}

static void frame_check(struct way *way)
{
    struct ht_opened opened;
    struct ht_heard heard;
    size_t count = payload_of(way);
    assert_int_equal(ht__frame_open(&opened, &way->device, way->bytes, count), HT_OPEN_DONE);
    assert_int_equal(opened.sequence, (uint16_t)(way->sequence - 1));
    while (ht__told_get(&opened, &heard))
        if (heard.kind != HT_TOLD_HELLO)
            told_check(&way->told[way->got++], &heard);
    assert_false(opened.bytes.bad);
    assert_int_equal(way->got, way->put);
}

static void frame_begin(struct way *way, uint8_t room)
{
    ht__frame_begin(&way->frame, way->bytes, room, way->sequence++, way->tick);
}

static void way_begin(struct way *way)
{
    way->frame = (struct ht_frame){.shift = 3, .address_base = BASE, .pc_base = 0x08000000};
    frame_begin(way, HT_FRAME_MOST);
    assert_true(ht__frame_put_rare(&way->frame, &(struct ht_rare){HT_TOLD_HELLO, HT_HELLO_NUMBERS, 9, 0, hello, "cortex-m3"}));
}

static struct way way;

static void test_round(void **state)
{
    (void)state;
    way = (struct way){.dice = 4711};
    way_begin(&way);
    for (; way.put < RECORDS; way.put++) {
        some_told(&way, &way.told[way.put]);
        if (told_put(&way, &way.told[way.put]))
            continue;
        frame_check(&way);
        frame_begin(&way, (uint8_t)(HT_FRAME_LEAST + roll(&way, HT_FRAME_MOST - HT_FRAME_LEAST + 1)));
        assert_true(told_put(&way, &way.told[way.put]));
    }
    frame_check(&way);
    assert_true(plain_count > RECORDS / 100);
    print_message("%u of %u records by the short way\n", plain_count, RECORDS);
}

static bool bytes_put(struct ht_told *hot, unsigned depth, bool is_new)
{
    ht_number pcs[HT_STACK_MOST];
    for (unsigned i = 0; i < depth; i++)
        pcs[i] = 0x08000000 + (hot->slot * 7919u + i * 104729u) % 0x20000;
    return (!is_new || ht__frame_put_stack(&way.frame, hot->slot, pcs, (uint8_t)depth, true)) && ht__frame_put_hot(&way.frame, hot);
}

/* A light controller's day: places of 8 bytes in a heap of 64 KiB, sizes below 616, one event a millisecond, 40 stacks, in frames of 128 bytes; an epoch each 256
 * frames, in which every stack is told again. */
static double bytes_an_event(unsigned depth)
{
    bool is_known[41] = {false};
    unsigned events = 20000, frames = 0;
    way = (struct way){.dice = 1};
    way_begin(&way);
    for (unsigned i = 0; i < events; i++) {
        struct ht_told hot = {.kind = i % 2 ? HT_TOLD_FREE : HT_TOLD_ALLOC, .tick = way.tick += (uint32_t)(900 + roll(&way, 200)), .task = 1, .heap = 1};
        hot.address = BASE + 8 * roll(&way, 8192);
        hot.size = 16 + roll(&way, 600);
        hot.slot = (uint16_t)(i % 2 ? 0 : 1 + roll(&way, 40));
        bool is_new = hot.slot && !is_known[hot.slot];
        is_known[hot.slot] = true;
        if (bytes_put(&hot, depth, is_new))
            continue;
        payload_of(&way);
        frame_begin(&way, 128);
        if (++frames % 256 == 0) {
            memset(is_known, 0, sizeof is_known);
            assert_true(ht__frame_put_rare(&way.frame, &(struct ht_rare){HT_TOLD_HELLO, HT_HELLO_NUMBERS, 9, way.tick, hello, "cortex-m3"}));
        }
        assert_true(bytes_put(&hot, depth, is_new));
    }
    payload_of(&way);
    return (double)way.line_bytes / events;
}

static void test_bytes(void **state)
{
    (void)state;
    double one = bytes_an_event(1), four = bytes_an_event(4);
    print_message("%.2f bytes an event with stacks of one frame, %.2f with four\n", one, four);
    assert_true(one < 8 && four < 12);
}

static size_t small_frame(struct way *out, uint32_t boot, uint64_t version, bool with_hello)
{
    ht_number numbers[HT_HELLO_NUMBERS];
    memcpy(numbers, hello, sizeof hello);
    numbers[HT_HELLO_VERSION] = version;
    numbers[HT_HELLO_BOOT] = boot;
    *out = (struct way){.frame = {.shift = 3}};
    frame_begin(out, HT_FRAME_MOST);
    if (with_hello)
        assert_true(ht__frame_put_rare(&out->frame, &(struct ht_rare){HT_TOLD_HELLO, HT_HELLO_NUMBERS, 0, 0, numbers, ""}));
    assert_true(ht__frame_put_hot(&out->frame, &(struct ht_told){.kind = HT_TOLD_FREE, .address = BASE}));
    return ht__cobs_get(out->bytes, ht__frame_end(out->bytes, out->frame.used, boot) - 1);
}

static void test_refused(void **state)
{
    (void)state;
    struct ht_device device = {0};
    struct ht_opened opened;
    size_t count = small_frame(&way, 5, HT_DEVICE_VERSION, false);
    assert_int_equal(ht__frame_open(&opened, &device, way.bytes, count), HT_OPEN_STRANGE);
    count = small_frame(&way, 5, HT_DEVICE_VERSION, true);
    for (size_t i = 0; i < count; i++) {
        way.bytes[i] ^= 0x10;
        assert_int_not_equal(ht__frame_open(&opened, &device, way.bytes, count), HT_OPEN_DONE);
        way.bytes[i] ^= 0x10;
        assert_int_not_equal(ht__frame_open(&opened, &device, way.bytes, i), HT_OPEN_DONE);
    }
    assert_int_equal(ht__frame_open(&opened, &device, way.bytes, count), HT_OPEN_DONE);
    count = small_frame(&way, 6, HT_DEVICE_VERSION, false);
    assert_int_equal(ht__frame_open(&opened, &device, way.bytes, count), HT_OPEN_BROKEN);
    count = small_frame(&way, 6, HT_DEVICE_VERSION + 1, true);
    assert_int_equal(ht__frame_open(&opened, &device, way.bytes, count), HT_OPEN_VERSION);
    assert_int_equal(device.boot, 5);
}

static void test_line(void **state)
{
    (void)state;
    char line[HT_LINE_MOST];
    assert_memory_equal(line, "HT:QUJD\n", ht__line_put(line, (const uint8_t *)"ABC", 4));
    assert_memory_equal(line, "HT:QUI=\n", ht__line_put(line, (const uint8_t *)"AB", 3));
    assert_memory_equal(line, "HT:+/8=\n", ht__line_put(line, (const uint8_t *)"\xFB\xFF", 3));
    uint8_t most[HT_FRAME_MOST] = {0};
    assert_true(ht__line_put(line, most, sizeof most) <= HT_LINE_MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_bytes), cmocka_unit_test(test_refused), cmocka_unit_test(test_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
