/* days: a program that runs for a month, steadily, seen live with all tables, slices and the history that a page gets: after its third day, when the
 * last ring of the history was made, nothing grows any more. With DAYS in the environment
 * so many days are run, and memory and speed are printed. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/analysis/pulse.h"
#include "host/analysis/slices.h"
#include "host/base/error.h"
#include "host/base/now.h"
#include "host/pipeline.h"
#include "host/serve/history.h"

enum { LIVE = 1000, STACKS = 16, DAY_S = 86400, DAYS_USUAL = 30, DAYS_FIRST = 3, LOOK_S = 3600 };
static const uint64_t SECOND_NS = 1000000000, SLACK_BYTES = 256 << 10;

struct month {
    struct pipeline *pipeline;
    struct history history;
    struct pulse pulse;
    uint64_t step;
};

/* What malloc gave, in pieces and in pages. */
static uint64_t held(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static uint64_t resident_kib(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    int got = file ? fscanf(file, "%*u %llu", &pages) : 0;
    if (file)
        fclose(file);
    return got == 1 ? pages * (uint64_t)sysconf(_SC_PAGESIZE) >> 10 : 0;
}

/* A block each second, in place of the one from LIVE seconds ago. */
static void second_pass(struct month *month)
{
    uint64_t time = month->step * SECOND_NS, address = 0x10000 + month->step % LIVE * 64;
    struct event event = {.kind = EVENT_FREE, .process = 1, .thread = 1, .time_ns = time, .address = address, .stack = 1};
    if (month->step >= LIVE)
        pipeline_put(month->pipeline, &event);
    event.kind = EVENT_ALLOC;
    event.size = 16 + month->step % 40;
    event.stack = 1 + (uint32_t)(month->step % STACKS);
    event.time_ns = time + 1000;
    pipeline_put(month->pipeline, &event);
    month->step++;
}

/* As serve and monitor do for each beat. */
static void beat(struct month *month)
{
    struct pulse_beat taken;
    pipeline_flush(month->pipeline);
    const struct model *model = pipeline_model(month->pipeline);
    const struct model_totals *totals = model_get_totals(model);
    pulse_take(&month->pulse, model, month->step * SECOND_NS, &taken);
    history_add(&month->history, &(struct history_point){.time_ns = month->step * SECOND_NS, .live_bytes = totals->account.live.bytes});
}

/* As a document does. */
static void look(struct month *month)
{
    for (size_t i = 0; pipeline_analysis(month->pipeline, i); i++) {
        struct table table;
        if (!pipeline_analysis(month->pipeline, i)->answer)
            continue;
        pipeline_answer(month->pipeline, i, &table);
        table_done(&table);
    }
}

static void day_pass(struct month *month)
{
    for (unsigned second = 0; second < DAY_S; second++) {
        second_pass(month);
        beat(month);
        if (second % (6 * LOOK_S) == 0)
            look(month);
    }
}

static void a_month_takes_no_more_than_three_days(void **state)
{
    static const struct analysis *const slices[] = {&analysis_slices, NULL};
    static const struct trace_header header = {.tick_ns = 100000};
    const char *wanted = getenv("DAYS");
    unsigned days = wanted ? (unsigned)strtoul(wanted, NULL, 10) : DAYS_USUAL;
    struct month month = {.pipeline = pipeline_new(&(struct pipeline_options){.more = slices}, &header, NULL)};
    uint64_t first = 0;
    (void)state;
    for (unsigned day = 1; day <= days; day++) {
        uint64_t began = now_ns();
        day_pass(&month);
        first = day == DAYS_FIRST ? held() : first;
        if (wanted)
            printf("day %u %llu %llu %.3f\n", day, (unsigned long long)resident_kib(), (unsigned long long)held() >> 10, (double)(now_ns() - began) / 1e9);
    }
    uint64_t last = held();
    history_done(&month.history);
    pulse_done(&month.pulse);
    pipeline_free(month.pipeline);
    if (last > first + SLACK_BYTES)
        fail_msg("%llu KiB after three days, %llu after %u", (unsigned long long)first >> 10, (unsigned long long)last >> 10, days);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_month_takes_no_more_than_three_days)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
