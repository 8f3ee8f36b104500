/* clock: the rate is the mean since the session's start, against CLOCK_MONOTONIC_RAW. Each time it is measured, the line that converts ticks is bent so that it
 * meets the truth a second later; the line stays continuous, so times never fall. */
#include "clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/base/now.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

static const double NS_PER_S = 1e9;

static uint64_t clock_read(enum ht_clock kind)
{
#if defined(__x86_64__) || defined(__i386__)
    if (kind == HT_CLOCK_TSC)
        return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    if (kind == HT_CLOCK_CNTVCT) {
        uint64_t ticks;
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
        return ticks;
    }
#endif
    (void)kind;
    return now_of(CLOCK_MONOTONIC);
}

enum ht_clock clock_choose(void)
{
#if defined(__aarch64__)
    return HT_CLOCK_CNTVCT;
#elif defined(__x86_64__) || defined(__i386__)
    unsigned a, b, c, d;
    char name[32] = "";
    if (!__get_cpuid(0x80000007u, &a, &b, &c, &d) || !(d & 1u << 8))
        return HT_CLOCK_MONOTONIC;
    FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    if (!file)
        return HT_CLOCK_MONOTONIC;
    bool synchronous = fgets(name, sizeof name, file) && !strcmp(name, "tsc\n");
    fclose(file);
    return synchronous ? HT_CLOCK_TSC : HT_CLOCK_MONOTONIC;
#else
    return HT_CLOCK_MONOTONIC;
#endif
}

enum ht_clock clock_choose_for(enum ht_clock able)
{
    return clock_choose() == able ? able : HT_CLOCK_MONOTONIC;
}

/* Ticks and nanoseconds of one moment: the closest of a few tries, since the thread may be interrupted between the two readings. */
static void clock_pair(enum ht_clock kind, uint64_t *ticks, uint64_t *ns)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        uint64_t before = clock_read(kind), middle = now_of(CLOCK_MONOTONIC_RAW), after = clock_read(kind);
        if (after - before >= best)
            continue;
        best = after - before;
        *ticks = before + best / 2;
        *ns = middle;
    }
}

void clock_start(struct clock *clock, enum ht_clock kind)
{
    *clock = (struct clock){.kind = kind, .rate = 1ull << 32, .ticks_per_s = NS_PER_S, .adjust_ticks = UINT64_MAX};
    if (kind == HT_CLOCK_MONOTONIC) {
        clock->start_ticks = clock_read(kind);
        return;
    }
    clock_pair(kind, &clock->start_ticks, &clock->start_raw_ns);
    clock->adjust_ticks = 0;
}

uint64_t clock_now(const struct clock *clock)
{
    return clock_read(clock->kind) - clock->start_ticks;
}

/* A first rate needs some distance from the start: a microsecond's error over a millisecond is 0.1 %. */
static void clock_let_pass(const struct clock *clock)
{
    while (now_of(CLOCK_MONOTONIC_RAW) - clock->start_raw_ns < 1000000)
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

void clock_adjust(struct clock *clock, uint64_t from_ticks)
{
    if (clock->adjust_ticks == UINT64_MAX || (clock->adjust_ticks && clock_now(clock) < clock->adjust_ticks))
        return;
    if (!clock->adjust_ticks)
        clock_let_pass(clock);
    uint64_t ticks, ns;
    clock_pair(clock->kind, &ticks, &ns);
    ticks -= clock->start_ticks;
    double rate = (double)(ns - clock->start_raw_ns) / (double)ticks;
    clock->ticks_per_s = NS_PER_S / rate;
    bool is_first = !clock->adjust_ticks;
    clock->adjust_ticks = ticks + (uint64_t)(clock->ticks_per_s / 5);
    double bent = rate;
    if (!is_first && from_ticks <= ticks) {
        uint64_t from_ns = clock_ns(clock, from_ticks);
        double meet = (double)ticks + clock->ticks_per_s;
        bent = (meet * rate - (double)from_ns) / (meet - (double)from_ticks);
        clock->base_ns = from_ns;
        clock->base_ticks = from_ticks;
    }
    if (bent < rate / 2 || bent > rate * 2)
        bent = rate;
    clock->rate = (uint64_t)(bent * 4294967296.0);
}
