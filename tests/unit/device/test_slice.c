/* test_slice: slices that make no sense, of a machine whose call frame information is that of this very program: nothing but some frames comes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>

#include "host/device/slice.h"
#include "wire/varint.h"

static struct flash *flash;
static struct caller_walk walk;

static int open_own(void **state)
{
    struct error error = {0};
    (void)state;
    flash = flash_open("/proc/self/exe", &error);
    assert_non_null(flash);
    caller_walk_open(&walk, flash, machine_find(EM_RISCV, true));
    return 0;
}

static int close_own(void **state)
{
    (void)state;
    caller_walk_close(&walk);
    flash_close(flash);
    return 0;
}

static uint64_t any(unsigned *seed)
{
    uint64_t number = (uint64_t)rand_r(seed) << 33 ^ (uint64_t)rand_r(seed) << 11 ^ (uint64_t)rand_r(seed);
    return number >> rand_r(seed) % 64;
}

static void test_any_words(void **state)
{
    unsigned seed = 7;
    uint64_t low, high;
    size_t walked = 0, refused = 0;
    uint8_t tail[HT_TAIL_MOST];
    (void)state;
    flash_code_range(flash, &low, &high);
    for (unsigned round = 0; round < 20000; round++) {
        struct ht_heard heard = {.kind = HT_TOLD_SLICE, .tail = tail, .tail_bytes = (size_t)rand_r(&seed) % (sizeof tail + 1)};
        struct callers callers;
        for (unsigned i = 0; i < HT_SLICE_NUMBERS; i++)
            heard.numbers[i] = any(&seed);
        heard.numbers[HT_SLICE_PC] = rand_r(&seed) % 8 ? low + any(&seed) % (high - low) : any(&seed);
        heard.numbers[HT_SLICE_HOOK] = rand_r(&seed) % 2 ? low + any(&seed) % (high - low) : any(&seed);
        for (size_t i = 0; i < sizeof tail; i++)
            tail[i] = (uint8_t)rand_r(&seed) >> rand_r(&seed) % 8;
        if (!slice_unwind(&walk, &heard, rand_r(&seed) % 2, &callers)) {
            refused++;
            continue;
        }
        assert_true(callers.count <= CALLER_WALK_MOST);
        walked += callers.count;
    }
    assert_true(walked > 5000);
    assert_true(refused > 0);
}

/* RV64's frames by frame pointer, where the file has no frame information: two words of the stack, and 0 in place of what was looked at and is no address. */
static void test_known_words(void **state)
{
    enum { SP = 0x1000, ABOVE = 64 };
    uint64_t low, high;
    uint8_t tail[64], *to = tail;
    struct callers callers;
    (void)state;
    flash_code_range(flash, &low, &high);
    to = ht_varint_put(to, 0 << 1);
    to = ht_varint_put(to, ht_zigzag(0x10)); /* of code: 16 further on than pc */
    struct ht_heard heard = {.kind = HT_TOLD_SLICE, .tail = tail, .tail_bytes = (size_t)(to - tail)};
    heard.numbers[HT_SLICE_PC] = low + 1;
    heard.numbers[HT_SLICE_SP] = SP;
    heard.numbers[HT_SLICE_ABOVE] = ABOVE;
    assert_true(slice_unwind(&walk, &heard, false, &callers));
    assert_true(callers.count >= 1);
    assert_int_equal(callers.pc[0], low + 1);
    assert_true(callers.is_cut);
    heard.tail_bytes = 1; /* in the middle of a number's pair */
    assert_false(slice_unwind(&walk, &heard, false, &callers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_words), cmocka_unit_test(test_known_words)};
    return cmocka_run_group_tests(tests, open_own, close_own);
}
