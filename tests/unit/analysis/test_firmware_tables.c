/* firmware_tables: a made-up recording of a firmware (tests/golden/light.h) has the rows that its story tells; a program that tells nothing has none; figures
 * are bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../model/events.h"
#include "host/analysis/health.h"
#include "host/analysis/region.h"
#include "host/pipeline.h"
#include "tests/golden/light.h"

enum { REGION_SLACK = 64 * LIGHT_HEAD }; /* gaps below 32 bytes are in no row */
static const uint64_t ms = 1000000;

struct subject {
    struct pipeline *pipeline;
    VEC(struct table) tables;
};

static void subject_see(void *context, const struct event *event)
{
    pipeline_put(context, event);
}

static void subject_answer(struct subject *subject)
{
    pipeline_finish(subject->pipeline);
    for (size_t i = 0; pipeline_analysis(subject->pipeline, i); i++) {
        struct table table;
        pipeline_answer(subject->pipeline, i, &table);
        vec_push(&subject->tables, table);
    }
}

static void subject_light(struct subject *subject, const struct pipeline_options *options)
{
    *subject = (struct subject){.pipeline = pipeline_new(options, light_header(), NULL)};
    struct light *light = memory_new(1, sizeof *light);
    *light = (struct light){.see = subject_see, .context = subject->pipeline};
    light_run(light);
    memory_free(light);
    subject_answer(subject);
}

static void subject_done(struct subject *subject)
{
    for (size_t i = 0; i < subject->tables.count; i++)
        table_done(subject->tables.at + i);
    vec_done(&subject->tables);
    pipeline_free(subject->pipeline);
}

static const struct table *table_of(const struct subject *subject, const char *name)
{
    for (size_t i = 0; i < subject->tables.count; i++)
        if (!strcmp(subject->tables.at[i].name, name))
            return subject->tables.at + i;
    fail_msg("no table %s", name);
    return NULL;
}

static union cell cell(const struct table *table, size_t row, const char *column)
{
    int place = table_find_column(table, column);
    assert_true(place >= 0 && row < table->row_count);
    return table_at(table, row)[place];
}

/* The row whose text column is so. */
static size_t row_of(const struct table *table, const char *column, const char *text)
{
    for (size_t i = 0; i < table->row_count; i++)
        if (!strcmp(cell(table, i, column).text, text))
            return i;
    fail_msg("%s has no row with %s", table->name, text);
    return 0;
}

static size_t row_of_stack(const struct table *table, uint64_t stack)
{
    for (size_t i = 0; i < table->row_count; i++)
        if (cell(table, i, "stack").u == stack)
            return i;
    fail_msg("%s has no row of stack %u", table->name, (unsigned)stack);
    return 0;
}

static void stacks_are_judged(void **state)
{
    (void)state;
    struct subject subject;
    subject_light(&subject, &(struct pipeline_options){0});
    const struct table *tasks = table_of(&subject, "tasks");
    assert_int_equal(tasks->row_count, 5);
    assert_string_equal(cell(tasks, 0, "name").text, "ws");
    assert_string_equal(cell(tasks, 0, "level").text, "critical");
    assert_string_equal(cell(tasks, 0, "canary").text, "broken");
    assert_int_equal(cell(tasks, 0, "most_used_bytes").u, 3072);
    assert_int_equal(cell(tasks, 0, "live_bytes").u, 24 * 56);
    size_t net = row_of(tasks, "name", "net"), led = row_of(tasks, "name", "led"), interrupts = row_of(tasks, "name", "(interrupts)");
    assert_string_equal(cell(tasks, net, "level").text, "warn");
    assert_int_equal(cell(tasks, net, "left_bytes").u, 420);
    assert_int_equal(cell(tasks, net, "refused").u, 1);
    assert_int_equal(cell(tasks, led, "stack_base").u, 0x3FFE8000);
    assert_int_equal(cell(tasks, led, "priority").u, 18);
    assert_int_equal(cell(tasks, interrupts, "task").u, 0);
    assert_int_equal(cell(tasks, interrupts, "allocated_bytes").u, 8 * 12);
    subject_done(&subject);
}

/* Firmware's own figures count; the map has every byte once. */
static void regions_are_as_told(void **state)
{
    (void)state;
    struct subject subject;
    subject_light(&subject, &(struct pipeline_options){0});
    const struct table *regions = table_of(&subject, "regions"), *map = table_of(&subject, "region_map");
    size_t dram = row_of(regions, "name", "DRAM"), psram = row_of(regions, "name", "PSRAM"), pool = row_of(regions, "name", "events");
    assert_int_equal(regions->row_count, 3);
    assert_string_equal(cell(regions, dram, "told_by").text, "firmware");
    assert_string_equal(cell(regions, dram, "kind").text, "internal");
    assert_int_equal(cell(regions, dram, "used_bytes").u + cell(regions, dram, "free_bytes").u, LIGHT_DRAM_BYTES);
    assert_float_equal(cell(regions, dram, "fragmentation").f,
                       1 - (double)cell(regions, dram, "largest_free_bytes").u / (double)cell(regions, dram, "free_bytes").u, 1e-12);
    assert_int_equal(cell(regions, dram, "refused").u, 1);
    assert_int_equal(cell(regions, psram, "random_read_rate").u, 4000);
    assert_string_equal(cell(regions, pool, "told_by").text, "blocks");
    assert_int_equal(cell(regions, pool, "used_bytes").u, LIGHT_POOL_BLOCK * LIGHT_POOL_BLOCKS);
    uint64_t bytes = 0, live = 0, pieces = 0, largest = 0;
    for (size_t i = 0; i < map->row_count; i++) {
        if (cell(map, i, "heap").u != LIGHT_DRAM)
            continue;
        bool is_free = !strcmp(cell(map, i, "state").text, "free");
        bytes += cell(map, i, "bytes").u;
        live += cell(map, i, "live_bytes").u;
        pieces += is_free;
        largest = is_free && cell(map, i, "bytes").u > largest ? cell(map, i, "bytes").u : largest;
    }
    assert_in_range(bytes, LIGHT_DRAM_BYTES - REGION_SLACK, LIGHT_DRAM_BYTES);
    assert_int_equal(live, cell(regions, dram, "live_bytes").u);
    assert_int_equal(pieces, cell(regions, dram, "free_pieces").u);
    assert_in_range(largest, cell(regions, dram, "largest_free_bytes").u - LIGHT_HEAD, cell(regions, dram, "largest_free_bytes").u + LIGHT_HEAD);
    subject_done(&subject);
}

/* Zephyr's heap does not tell its largest free piece. */
static void what_is_not_known_is_not_fragmented(void **state)
{
    (void)state;
    assert_float_equal(region_fragmentation(&(struct heap_use_definition){.free = 100, .largest_free = 25}), 0.75, 1e-12);
    assert_float_equal(region_fragmentation(&(struct heap_use_definition){.free = 100}), 0, 1e-12);
}

static void lines_are_of_each_region(void **state)
{
    (void)state;
    struct subject subject;
    subject_light(&subject, &(struct pipeline_options){0});
    const struct table *line = table_of(&subject, "region_timeline");
    size_t dram = 0, pool = 0;
    uint64_t last = 0, pool_live = 0;
    for (size_t i = 0; i < line->row_count; i++) {
        assert_true(cell(line, i, "time_ns").u >= last);
        last = cell(line, i, "time_ns").u;
        dram += cell(line, i, "heap").u == LIGHT_DRAM;
        if (cell(line, i, "heap").u != LIGHT_POOL)
            continue;
        pool++;
        pool_live = cell(line, i, "live_bytes").u;
    }
    assert_int_equal(dram, 25); /* one at the start, one a second */
    assert_int_equal(pool, 8);
    assert_int_equal(pool_live, 8 * 12);
    subject_done(&subject);
}

static void faults_have_their_story(void **state)
{
    (void)state;
    struct subject subject;
    subject_light(&subject, &(struct pipeline_options){0});
    const struct table *faults = table_of(&subject, "faults"), *alerts = table_of(&subject, "alerts");
    assert_int_equal(faults->row_count, 4);
    assert_string_equal(cell(faults, 0, "fault").text, "overflow");
    assert_string_equal(cell(faults, 0, "guess").text, "string terminator");
    assert_string_equal(cell(faults, 0, "task").text, "ws");
    assert_int_equal(cell(faults, 0, "first_bad").i, 20);
    assert_int_equal(cell(faults, 0, "stack").u, LIGHT_AT_FORMAT);
    assert_int_equal(cell(faults, 0, "maker").u, LIGHT_WS);
    assert_non_null(strstr(cell(faults, 0, "source").text, "ws_session.cpp:70"));
    assert_string_equal(cell(faults, 1, "fault").text, "double free");
    assert_int_equal(cell(faults, 1, "stack").u, LIGHT_AT_EFFECT);
    assert_int_equal(cell(faults, 1, "free_stack").u, LIGHT_AT_SWITCH);
    assert_int_equal(cell(faults, 2, "found_stack").u, LIGHT_AT_MAIN);
    assert_string_equal(cell(faults, 2, "found_by").text, "scan");
    assert_int_equal(cell(faults, 3, "block").u, 0);
    assert_int_equal(alerts->row_count, 3);
    assert_string_equal(cell(alerts, 2, "rule").text, "stack left");
    assert_string_equal(cell(alerts, 2, "level").text, "critical");
    subject_done(&subject);
}

static void blocks_are_placed(void **state)
{
    (void)state;
    struct subject subject;
    subject_light(&subject, &(struct pipeline_options){0});
    const struct table *placement = table_of(&subject, "placement"), *pools = table_of(&subject, "pools");
    size_t palette = row_of_stack(placement, LIGHT_AT_PALETTE), dma = row_of_stack(placement, LIGHT_AT_DMA), node = row_of_stack(placement, LIGHT_AT_NODE);
    size_t leds = row_of_stack(placement, LIGHT_AT_LEDS), audio = row_of_stack(placement, LIGHT_AT_AUDIO), push = row_of_stack(placement, LIGHT_AT_PUSH);
    assert_string_equal(cell(placement, palette, "advice").text, "to external");
    assert_int_equal(cell(placement, palette, "saving_bytes").u, 4 * 24576);
    assert_int_equal(cell(placement, palette, "pass_ns").u, (uint64_t)(24576 * 1e6 / 40000 - 24576 * 1e6 / 240000));
    assert_string_equal(cell(placement, dma, "advice").text, "to internal");
    assert_string_equal(cell(placement, dma, "why").text, "DMA");
    assert_string_equal(cell(placement, node, "advice").text, "to internal");
    assert_string_equal(cell(placement, node, "why").text, "small and often");
    assert_string_equal(cell(placement, leds, "advice").text, "stay");
    assert_string_equal(cell(placement, leds, "why").text, "DMA");
    assert_string_equal(cell(placement, audio, "why").text, "asked for");
    assert_string_equal(cell(placement, push, "why").text, "small");
    assert_int_equal(pools->row_count, 1);
    assert_int_equal(cell(pools, 0, "refused").u, 1);
    assert_int_equal(cell(pools, 0, "waste_bytes").u, 7 * 44);
    subject_done(&subject);
}

/* What was told before the range is no news in it, but the latest state is known. */
static void a_range_has_its_own_faults(void **state)
{
    (void)state;
    struct subject subject;
    subject_light(&subject, &(struct pipeline_options){.from_ns = 15000 * ms});
    assert_int_equal(table_of(&subject, "faults")->row_count, 2);
    assert_int_equal(table_of(&subject, "alerts")->row_count, 2);
    assert_int_equal(table_of(&subject, "tasks")->row_count, 5);
    const struct table *line = table_of(&subject, "region_timeline"), *placement = table_of(&subject, "placement");
    for (size_t i = 0; i < line->row_count; i++)
        assert_true(cell(line, i, "time_ns").u >= 15000 * ms);
    assert_int_equal(cell(placement, row_of_stack(placement, LIGHT_AT_PUSH), "live_bytes").u, 24 * 56);
    subject_done(&subject);
}

/* A thread and a heap of malloc are no task and no region. */
static void others_have_none_of_it(void **state)
{
    (void)state;
    struct subject subject = {.pipeline = pipeline_new(&(struct pipeline_options){0}, light_header(), NULL)};
    struct events events = {0};
    events_process(&events, 1, 0, 0);
    events_thread(&events, 1, 1);
    events_frame(&events, 1, 0);
    events_alloc(&events, 1, 0x1000, 64, 1);
    for (size_t i = 0; i < events.list.count; i++)
        pipeline_put(subject.pipeline, events.list.at + i);
    subject_answer(&subject);
    size_t rare = 0;
    for (const struct analysis *const *at = analysis_list(); *at; at++)
        if ((*at)->is_rare) {
            assert_int_equal(table_of(&subject, (*at)->name)->row_count, 0);
            rare++;
        }
    assert_int_equal(rare, 8);
    events_done(&events);
    subject_done(&subject);
}

/* The device tells only an address. */
static void a_fault_finds_its_heap_and_block(void **state)
{
    (void)state;
    struct subject subject = {.pipeline = pipeline_new(&(struct pipeline_options){0}, light_header(), NULL)};
    struct fault_definition fault = {.kind = HT_FAULT_OVERFLOW, .block = 0x2100, .block_bytes = 32, .around = ""};
    struct event event = {.kind = EVENT_FAULT, .process = 1, .address = 0x2120, .time_ns = 5 * ms, .define = &fault};
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_PROCESS, .process = 1, .define = &(struct process_definition){1, 0, 1, 0, "x"}});
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_FRAME, .define = &(struct frame_definition){.id = 1}});
    pipeline_put(subject.pipeline,
                 &(struct event){.kind = EVENT_HEAP, .process = 1, .define = &(struct heap_definition){.id = 1, .process = 1, .base = 0x1000, .size = 0x8000}});
    pipeline_put(subject.pipeline,
                 &(struct event){.kind = EVENT_HEAP, .process = 1, .define = &(struct heap_definition){.id = 2, .process = 1, .base = 0x2000, .size = 0x1000}});
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_ALLOC, .process = 1, .heap = 1, .address = 0x2100, .size = 32, .stack = 1, .time_ns = 2 * ms});
    pipeline_put(subject.pipeline, &event);
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_FREE, .process = 1, .heap = 1, .address = 0x2100, .time_ns = 6 * ms});
    pipeline_put(subject.pipeline, &event);
    subject_answer(&subject);
    const struct table *faults = table_of(&subject, "faults");
    assert_int_equal(cell(faults, 0, "heap").u, 1); /* where the block lives */
    assert_int_equal(cell(faults, 0, "stack").u, 1);
    assert_int_equal(cell(faults, 0, "age_ns").u, 3 * ms);
    assert_int_equal(cell(faults, 1, "heap").u, 2); /* the inner one of those that hold the address */
    assert_int_equal(cell(faults, 1, "stack").u, 0);
    subject_done(&subject);
}

static void put_large(struct pipeline *pipeline, uint32_t heap, uint32_t stack, uint8_t flags)
{
    pipeline_put(pipeline, &(struct event){.kind = EVENT_FRAME, .define = &(struct frame_definition){.id = stack}});
    pipeline_put(pipeline,
                 &(struct event){.kind = EVENT_ALLOC, .process = 1, .heap = heap, .flags = flags, .address = 0x10000ull * stack, .size = 8192, .stack = stack});
}

/* Large blocks, one of each made in an interrupt. */
static void what_interrupts_make_belongs_in_internal_memory(void **state)
{
    (void)state;
    struct subject subject = {.pipeline = pipeline_new(&(struct pipeline_options){0}, light_header(), NULL)};
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_PROCESS, .process = 1, .define = &(struct process_definition){1, 0, 1, 0, "x"}});
    for (uint32_t heap = 1; heap <= 2; heap++)
        pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_HEAP,
                                                       .process = 1,
                                                       .define = &(struct heap_definition){
                                                           .id = heap, .process = 1, .kind = heap == 1 ? HT_MEMORY_INTERNAL : HT_MEMORY_EXTERNAL}});
    put_large(subject.pipeline, 1, 1, EVENT_INTERRUPT);
    put_large(subject.pipeline, 1, 2, 0);
    put_large(subject.pipeline, 2, 3, EVENT_INTERRUPT);
    put_large(subject.pipeline, 2, 4, 0);
    subject_answer(&subject);
    const struct table *placement = table_of(&subject, "placement");
    static const char *const advices[] = {"", "stay", "to external", "to internal", "stay"};
    for (uint32_t stack = 1; stack <= 4; stack++)
        assert_string_equal(cell(placement, row_of_stack(placement, stack), "advice").text, advices[stack]);
    subject_done(&subject);
}

/* Advice for small blocks that are made and freed in external memory all the time, which is read at random at `rate` kB/s; internal memory at 1000. */
static bool small_ones_may_stay(uint64_t rate)
{
    struct subject subject = {.pipeline = pipeline_new(&(struct pipeline_options){0}, light_header(), NULL)};
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_PROCESS, .process = 1, .define = &(struct process_definition){1, 0, 1, 0, "x"}});
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_FRAME, .define = &(struct frame_definition){.id = 1}});
    for (uint32_t heap = 1; heap <= 2; heap++) {
        struct heap_definition define = {.id = heap, .process = 1, .kind = heap == 1 ? HT_MEMORY_INTERNAL : HT_MEMORY_EXTERNAL};
        struct bandwidth_definition bandwidth = {.bytes = 4096, .read_random = heap == 1 ? 1000 : rate};
        pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_HEAP, .process = 1, .define = &define});
        pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_BANDWIDTH, .process = 1, .heap = heap, .define = &bandwidth});
    }
    for (uint64_t i = 1; i <= 100; i++) {
        pipeline_put(subject.pipeline,
                     &(struct event){.kind = EVENT_ALLOC, .process = 1, .heap = 2, .address = 0x1000, .size = 40, .stack = 1, .time_ns = i * 10 * ms});
        pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_FREE, .process = 1, .heap = 2, .address = 0x1000, .time_ns = i * 10 * ms});
    }
    subject_answer(&subject);
    bool may_stay = !strcmp(cell(table_of(&subject, "placement"), 0, "advice").text, "stay");
    subject_done(&subject);
    return may_stay;
}

static void what_is_fast_may_hold_small_blocks(void **state)
{
    (void)state;
    assert_false(small_ones_may_stay(0));
    assert_false(small_ones_may_stay(499));
    assert_true(small_ones_may_stay(500));
}

static uint64_t newest_used(const struct table *line)
{
    return cell(line, line->row_count - 1, "used_bytes").u;
}

/* However often firmware tells its state: rows and memory are bounded, and the newest is among them. */
static void what_is_told_often_is_bounded(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct subject subject = {.pipeline = pipeline_new(&(struct pipeline_options){0}, light_header(), NULL)};
    size_t count;
    pipeline_put(subject.pipeline, &(struct event){.kind = EVENT_PROCESS, .process = 1, .define = &(struct process_definition){1, 0, 1, 0, "x"}});
    for (uint64_t i = 0; i < MANY; i++) {
        struct event event = {
            .kind = EVENT_HEAP_USE, .process = 1, .heap = 1, .time_ns = i * ms, .define = &(struct heap_use_definition){i, MANY - i, 1, 1, 1}};
        pipeline_put(subject.pipeline, &event);
        event.kind = EVENT_FAULT;
        event.define = &(struct fault_definition){.kind = HT_FAULT_OVERFLOW, .around = ""};
        pipeline_put(subject.pipeline, &event);
    }
    subject_answer(&subject);
    model_readings(pipeline_model(subject.pipeline), &count);
    assert_in_range(count, 4096, 16384);
    assert_in_range(table_of(&subject, "region_timeline")->row_count, 256, 513);
    assert_in_range(newest_used(table_of(&subject, "region_timeline")), MANY - 100, MANY - 1);
    assert_int_equal(table_of(&subject, "faults")->row_count, 16384);
    assert_non_null(strstr(table_of(&subject, "faults")->note, "16384 of 100000"));
    subject_done(&subject);
}

static const struct health_finding *finding_of(const struct health *health, const char *id, uint32_t stack)
{
    for (size_t i = 0; i < health->findings.count; i++)
        if (!strcmp(health->findings.at[i].id, id) && (!stack || health->findings.at[i].stack == stack))
            return health->findings.at + i;
    fail_msg("no finding %s", id);
    return NULL;
}

static void the_health_report_finds_what_was_planted(void **state)
{
    (void)state;
    static const struct analysis *const more[] = {&analysis_slices, NULL};
    struct subject subject;
    struct slices_answer slices;
    struct health health;
    subject_light(&subject, &(struct pipeline_options){.more = more});
    size_t last = subject.tables.count - 1;
    slices_take(pipeline_state(subject.pipeline, last), NULL, 0, 1 << 20, &slices);
    health_make(&health, &(struct health_input){subject.tables.at, last, &slices, pipeline_model(subject.pipeline), true});
    assert_string_equal(health.findings.at[0].id, "faults");
    assert_int_equal(finding_of(&health, "fault_site", LIGHT_AT_FORMAT)->severity, HEALTH_CRITICAL);
    assert_int_equal(finding_of(&health, "stacks", 0)->severity, HEALTH_CRITICAL);
    assert_non_null(strstr(finding_of(&health, "stacks", 0)->evidence, "its canary is broken"));
    assert_int_equal(finding_of(&health, "placement", LIGHT_AT_PALETTE)->severity, HEALTH_WARN);
    assert_float_equal(finding_of(&health, "placement", 0)->value, 4 * 24576 + 8192, 0);
    assert_int_equal(finding_of(&health, "misplaced", LIGHT_AT_DMA)->severity, HEALTH_WARN);
    assert_int_equal(finding_of(&health, "pools", 0)->severity, HEALTH_WARN);
    assert_int_equal(finding_of(&health, "regions", 0)->severity, HEALTH_OK);
    assert_int_equal(finding_of(&health, "leaks", 0)->severity, HEALTH_OK);
    finding_of(&health, "growth_site", LIGHT_AT_PUSH);
    finding_of(&health, "growth_site", LIGHT_AT_EFFECT);
    assert_true(finding_of(&health, "alerts", 0)->is_detail);
    assert_int_equal(health.score, 100 - 2 * HEALTH_CRITICAL_POINTS - 4 * HEALTH_WARN_POINTS);
    health_done(&health);
    slices_done(&slices);
    subject_done(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_are_judged),
        cmocka_unit_test(regions_are_as_told),
        cmocka_unit_test(what_is_not_known_is_not_fragmented),
        cmocka_unit_test(lines_are_of_each_region),
        cmocka_unit_test(faults_have_their_story),
        cmocka_unit_test(blocks_are_placed),
        cmocka_unit_test(a_range_has_its_own_faults),
        cmocka_unit_test(others_have_none_of_it),
        cmocka_unit_test(a_fault_finds_its_heap_and_block),
        cmocka_unit_test(what_interrupts_make_belongs_in_internal_memory),
        cmocka_unit_test(what_is_fast_may_hold_small_blocks),
        cmocka_unit_test(what_is_told_often_is_bounded),
        cmocka_unit_test(the_health_report_finds_what_was_planted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
