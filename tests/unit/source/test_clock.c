/* clock: times never fall while the rate is bent, and they follow CLOCK_MONOTONIC_RAW. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "host/source/clock.h"

static uint64_t raw_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void times_never_fall_and_are_right(void **state)
{
    (void)state;
    struct clock clock;
    clock_start(&clock, clock_choose());
    uint64_t start = raw_ns(), last_ns = 0, ticks = 0;
    while (raw_ns() - start < 700000000) {
        clock_adjust(&clock, ticks);
        for (int i = 0; i < 1000; i++) {
            ticks = clock_now(&clock);
            uint64_t ns = clock_ns(&clock, ticks);
            assert_true(ns >= last_ns);
            last_ns = ns;
        }
    }
    int64_t off = (int64_t)(raw_ns() - start) - (int64_t)clock_ns(&clock, clock_now(&clock));
    assert_in_range(off + 1000000, 0, 2000000);
}

static void a_wrong_first_rate_is_mended_without_a_fall(void **state)
{
    (void)state;
    struct clock clock;
    clock_start(&clock, HT_CLOCK_MONOTONIC);
    struct clock bent = clock;
    assert_int_equal(clock_ns(&bent, 1000), 1000);
    clock_start(&clock, clock_choose());
    clock_adjust(&clock, 0);
    clock.rate += clock.rate / 100; /* 1 % too fast */
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    uint64_t ticks = clock_now(&clock), before = clock_ns(&clock, ticks);
    clock_adjust(&clock, ticks);
    assert_in_range(clock_ns(&clock, ticks), before, before + 1);
    uint64_t later = ticks + (uint64_t)clock.ticks_per_s;
    int64_t truth = (int64_t)((double)later / clock.ticks_per_s * 1e9), off = (int64_t)clock_ns(&clock, later) - truth;
    assert_in_range(off + 100000, 0, 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(times_never_fall_and_are_right), cmocka_unit_test(a_wrong_first_rate_is_mended_without_a_fall)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
