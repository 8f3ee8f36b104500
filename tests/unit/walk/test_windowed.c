/* test_windowed: the walk over base save areas, on stack images such as the windows' overflow leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "target/walk/windowed.h"

enum { BYTES = 4096, MOST = 32 };
static uint32_t base;
static struct ht_walk_stack stack;

static int image_make(void **state)
{
    (void)state;
    void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    base = (uint32_t)(uintptr_t)memory;
    stack = (struct ht_walk_stack){base, (uintptr_t)base + BYTES};
    return memory == MAP_FAILED;
}

static void word_put(uint32_t address, uint32_t value)
{
    *(uint32_t *)(uintptr_t)address = value;
}

/* A function with stack pointer sp, called by one at `caller_sp` whose own return address is ra. */
static void area_put(uint32_t sp, uint32_t ra, uint32_t caller_sp)
{
    word_put(sp - 16, ra);
    word_put(sp - 12, caller_sp);
}

/* Frames of 64, 96, 128 … bytes from base + 512 on, return addresses of call8 (0x8…) into 0x400d0000 + 16 * level; the outermost has none. */
static uint32_t stack_make(unsigned levels)
{
    uint32_t sp = base + 512;
    for (unsigned level = 1; level <= levels; level++) {
        uint32_t caller = sp + 32 + 32 * level;
        area_put(sp, level == levels ? 0 : 0x800d0000u + 16 * level, caller);
        sp = caller;
    }
    return base + 512;
}

static void tells_all_frames(void **state)
{
    (void)state;
    ht_pc frames[MOST];
    uint32_t sp = stack_make(8);
    assert_int_equal(windowed_walk(0x800d0000u, sp, 0x400d1234u, &stack, frames, MOST), 8);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(frames[i], 0x400d0000u + 16 * i);
}

static void stops_where_it_is_asked_to(void **state)
{
    (void)state;
    ht_pc frames[MOST];
    uint32_t sp = stack_make(8);
    frames[4] = 7;
    assert_int_equal(windowed_walk(0x800d0000u, sp, 0x400d1234u, &stack, frames, 4), 4 | HT_WALK_CUT);
    assert_int_equal(frames[4], 7);
}

static void says_that_a_stack_is_cut(void **state)
{
    (void)state;
    ht_pc frames[MOST];
    uint32_t sp = stack_make(8);
    uint32_t third = sp + 64 + 96;
    uint32_t wrong[] = {0, third, third - 16, third + 8, base + BYTES + 16, 0xfffffff0u};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        stack_make(8);
        word_put(third - 12, wrong[i]);
        unsigned told = windowed_walk(0x800d0000u, sp, 0x400d1234u, &stack, frames, MOST);
        assert_true(told == (3 | HT_WALK_CUT) || told == (4 | HT_WALK_CUT));
    }
    stack_make(8);
    word_put(third - 16, 0x00000010); /* no window has size 0 */
    assert_int_equal(windowed_walk(0x800d0000u, sp, 0x400d1234u, &stack, frames, MOST), 3 | HT_WALK_CUT);
}

static void reads_nothing_outside_of_the_stack(void **state)
{
    (void)state;
    ht_pc frames[MOST];
    assert_int_equal(windowed_walk(0x800d0000u, base + 8, 0x400d1234u, &stack, frames, MOST), 1 | HT_WALK_CUT);
    assert_int_equal(windowed_walk(0x800d0000u, 16, 0x400d1234u, &stack, frames, MOST), 1 | HT_WALK_CUT);
    assert_int_equal(windowed_walk(0x800d0000u, base + BYTES + 16, 0x400d1234u, &stack, frames, MOST), 1 | HT_WALK_CUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_all_frames),
        cmocka_unit_test(stops_where_it_is_asked_to),
        cmocka_unit_test(says_that_a_stack_is_cut),
        cmocka_unit_test(reads_nothing_outside_of_the_stack),
    };
    return cmocka_run_group_tests(tests, image_make, NULL);
}
