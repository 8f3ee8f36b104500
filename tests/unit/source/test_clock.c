/* clock: times never fall while the rate is bent, and they follow CLOCK_MONOTONIC_RAW. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <time.h>

#include "host/source/clock.h"

static uint64_t raw_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void follow(struct clock *clock, uint64_t for_ns, uint64_t *last_ns)
{
    uint64_t start = raw_ns(), ticks = clock_now(clock);
    while (raw_ns() - start < for_ns) {
        clock_adjust(clock, ticks);
        for (int i = 0; i < 1000; i++) {
            ticks = clock_now(clock);
            uint64_t ns = clock_ns(clock, ticks);
            assert_true(ns >= *last_ns);
            *last_ns = ns;
        }
    }
}

/* Between two readings the machine may give the processor to others: the best of some pairs counts. */
static int64_t off_now(const struct clock *clock, uint64_t start)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 50; i++) {
        int64_t off = (int64_t)(raw_ns() - start) - (int64_t)clock_ns(clock, clock_now(clock));
        best = llabs(off) < best ? llabs(off) : best;
    }
    return best;
}

static void times_never_fall_and_are_right(void **state)
{
    enum { WRONG_NS = 1000000, TRIES = 100 };
    (void)state;
    struct clock clock;
    clock_start(&clock, clock_choose());
    uint64_t start = raw_ns(), last_ns = 0;
    follow(&clock, 700000000, &last_ns);
    int64_t off = off_now(&clock, start);
    for (int i = 0; i < TRIES && off > WRONG_NS; i++) { /* it was led astray by a reading in whose middle it had no processor */
        follow(&clock, 100000000, &last_ns);
        off = off_now(&clock, start);
    }
    assert_in_range(off, 0, WRONG_NS);
}

/* How far the clock is off one second after its too fast rate was mended. */
static int64_t mended_off(void)
{
    struct clock clock;
    clock_start(&clock, clock_choose());
    clock_adjust(&clock, 0);
    clock.rate += clock.rate / 100; /* 1 % too fast */
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    uint64_t ticks = clock_now(&clock), before = clock_ns(&clock, ticks);
    clock_adjust(&clock, ticks);
    assert_in_range(clock_ns(&clock, ticks), before, before + 1);
    uint64_t later = ticks + (uint64_t)clock.ticks_per_s;
    return (int64_t)clock_ns(&clock, later) - (int64_t)((double)later / clock.ticks_per_s * 1e9);
}

static void a_wrong_first_rate_is_mended_without_a_fall(void **state)
{
    (void)state;
    struct clock clock;
    clock_start(&clock, HT_CLOCK_MONOTONIC);
    assert_int_equal(clock_ns(&clock, 1000), 1000);
    int64_t off = mended_off();
    for (int i = 0; i < 20 && llabs(off) > 100000; i++)
        off = mended_off();
    assert_in_range(llabs(off), 0, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(times_never_fall_and_are_right), cmocka_unit_test(a_wrong_first_rate_is_mended_without_a_fall)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
