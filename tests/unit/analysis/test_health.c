/* health: each kind of run gets the findings, the severity and the score that docs/report.md promises, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../model/events.h"
#include "host/analysis/health.h"
#include "host/base/error.h"
#include "host/pipeline.h"

static const uint64_t second_ns = 1000000000;

struct judged {
    struct pipeline *pipeline;
    VEC(struct table) tables;
    struct slices_answer slices;
    struct health health;
};

static void events_start(struct events *events)
{
    *events = (struct events){0};
    events_process(events, 1, 0, 0);
    events_thread(events, 1, 1);
    events_thread(events, 2, 1);
    for (uint32_t i = 1; i <= 4; i++)
        events_frame(events, i, 0);
}

static void judge(struct judged *judged, struct events *events, bool complete)
{
    static const struct analysis *const more[] = {&analysis_slices, NULL};
    struct trace_header header = {.version = 1, .pointer_bytes = 8, .page_bytes = 4096, .tick_ns = 1};
    struct error error = {0};
    size_t count = 0;
    *judged = (struct judged){.pipeline = pipeline_new(&(struct pipeline_options){.more = more}, &header, &error)};
    for (size_t i = 0; i < events->list.count; i++)
        pipeline_put(judged->pipeline, events->list.at + i);
    pipeline_finish(judged->pipeline);
    for (; pipeline_analysis(judged->pipeline, count + 1); count++) {
        struct table table;
        pipeline_answer(judged->pipeline, count, &table);
        vec_push(&judged->tables, table);
    }
    slices_take(pipeline_state(judged->pipeline, count), NULL, 0, 1 << 20, &judged->slices);
    health_make(&judged->health, &(struct health_input){judged->tables.at, judged->tables.count, &judged->slices, pipeline_model(judged->pipeline), complete});
}

static void judged_done(struct judged *judged, struct events *events)
{
    health_done(&judged->health);
    slices_done(&judged->slices);
    for (size_t i = 0; i < judged->tables.count; i++)
        table_done(judged->tables.at + i);
    vec_done(&judged->tables);
    pipeline_free(judged->pipeline);
    events_done(events);
}

static const struct health_finding *finding(const struct judged *judged, const char *id)
{
    for (size_t i = 0; i < judged->health.findings.count; i++)
        if (!strcmp(judged->health.findings.at[i].id, id))
            return judged->health.findings.at + i;
    return NULL;
}

static enum health_severity severity(const struct judged *judged, const char *id)
{
    assert_non_null(finding(judged, id));
    return finding(judged, id)->severity;
}

/* 1,000 blocks over `length_ns` that are kept, beside some that come and go. */
static void growing_run(struct events *events, uint64_t length_ns)
{
    events_start(events);
    for (uint32_t i = 0; i < 1000; i++) {
        events->time_ns = length_ns / 1000 * i;
        events_alloc(events, 1, 0x100000 + 16384ull * i, 10000, 2);
        events_alloc(events, 1, 0x1000, 5000, 3);
        events_alloc(events, 1, 0x8000, 5000, 3);
        events_free(events, 2, 0x1000);
        events_free(events, 2, 0x8000);
    }
}

static void test_growth(void **unused)
{
    (void)unused;
    struct events events;
    struct judged judged;
    growing_run(&events, 20 * second_ns);
    judge(&judged, &events, true);
    assert_int_equal(severity(&judged, "growth"), HEALTH_CRITICAL);
    assert_float_equal(finding(&judged, "growth")->value, 500000, 25000); /* bytes a second */
    assert_int_equal(finding(&judged, "growth_site")->stack, 2);
    assert_int_equal(severity(&judged, "leaks"), HEALTH_WARN);
    assert_float_equal(finding(&judged, "leaks")->value, 10000000, 0);
    assert_int_equal(finding(&judged, "leak_site")->stack, 2);
    assert_int_equal(judged.health.score, 100 - HEALTH_CRITICAL_POINTS - HEALTH_WARN_POINTS);
    assert_int_equal(judged.health.verdict, HEALTH_CRITICAL);
    assert_string_equal(judged.health.findings.at[0].id, "growth");
    assert_non_null(strstr(finding(&judged, "leaks")->evidence, "9.5 MiB in 1,000 blocks"));
    judged_done(&judged, &events);
}

/* The same in a few seconds is a program that builds something: a warning; below a second it is not judged. */
static void test_short_growth(void **unused)
{
    (void)unused;
    struct events events;
    struct judged judged;
    growing_run(&events, 5 * second_ns);
    judge(&judged, &events, true);
    assert_int_equal(severity(&judged, "growth"), HEALTH_WARN);
    judged_done(&judged, &events);
    growing_run(&events, second_ns / 2);
    judge(&judged, &events, true);
    assert_null(finding(&judged, "growth"));
    judged_done(&judged, &events);
}

static void test_good(void **unused)
{
    (void)unused;
    struct events events;
    struct judged judged;
    events_start(&events);
    for (uint32_t i = 0; i < 5000; i++) {
        events.time_ns = 4000000ull * i;
        if (i >= 50)
            events_free(&events, 1, 0x100000 + 4096ull * ((i - 50) % 50));
        events_alloc(&events, 1, 0x100000 + 4096ull * (i % 50), 4000, 1 + i % 4);
    }
    for (uint32_t i = 0; i < 50; i++)
        events_free(&events, 1, 0x100000 + 4096ull * i);
    judge(&judged, &events, true);
    assert_int_equal(judged.health.verdict, HEALTH_OK);
    assert_int_equal(judged.health.score, 100);
    assert_int_equal(severity(&judged, "growth"), HEALTH_OK);
    assert_int_equal(severity(&judged, "leaks"), HEALTH_OK);
    assert_null(finding(&judged, "growth_site"));
    judged_done(&judged, &events);
}

static void test_calls(void **unused)
{
    (void)unused;
    struct events events;
    struct judged judged;
    events_start(&events);
    for (uint32_t i = 0; i < 120000; i++) {
        events.time_ns += 5000;
        events_alloc(&events, 1, 0x1000, 100, 4);
        events_free(&events, 1, 0x1000);
    }
    events_put(&events, EVENT_REFUSE)->size = 1ull << 50;
    events_free(&events, 1, 0x9990);
    judge(&judged, &events, true);
    assert_int_equal(severity(&judged, "temporary"), HEALTH_WARN);
    assert_int_equal(finding(&judged, "temporary_site")->stack, 4);
    assert_int_equal(severity(&judged, "hot_site"), HEALTH_WARN);
    assert_int_equal(severity(&judged, "refused"), HEALTH_WARN);
    assert_int_equal(severity(&judged, "unknown_frees"), HEALTH_WARN);
    assert_int_equal(judged.health.score, 100 - 4 * HEALTH_WARN_POINTS);
    judged_done(&judged, &events);
}

static void test_no_score(void **unused)
{
    (void)unused;
    struct events events;
    struct judged judged;
    growing_run(&events, 20 * second_ns);
    judge(&judged, &events, false);
    assert_int_equal(judged.health.score, HEALTH_NO_SCORE);
    assert_int_equal(severity(&judged, "growth"), HEALTH_CRITICAL);
    judged_done(&judged, &events);
    events_start(&events);
    judge(&judged, &events, true);
    assert_int_equal(judged.health.score, HEALTH_NO_SCORE);
    assert_int_equal(judged.health.findings.count, 0);
    assert_int_equal(judged.health.summary.count, 1);
    judged_done(&judged, &events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_growth), cmocka_unit_test(test_short_growth), cmocka_unit_test(test_good), cmocka_unit_test(test_calls),
                                       cmocka_unit_test(test_no_score)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
