/* weight: estimates from sampled traces are unbiased and their 95 % intervals hold what they promise, replayed over thousands of seeds on a full trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events.h"
#include "host/model/weight.h"
#include "host/pipeline.h"
#include "host/trace/tally.h"

#include <math.h>

enum { SITES = 60, SEEDS = 2500, SAMPLE_BYTES = 8192 };

struct allocation {
    uint32_t site, size;
    bool leaks;
    uint32_t probability; /* of being sampled, in 2^-32 */
};

struct truth {
    VEC(struct allocation) allocations;
    uint64_t bytes[SITES + 1], leaked[SITES + 1], all, all_leaked;
    double samples[SITES + 1], leaked_samples[SITES + 1]; /* expected */
};

struct coverage {
    uint64_t hotspots[SITES + 1], leaks[SITES + 1], all;
    double sum_bytes, sum_count;
};

/* Sites from half a sample to sixty, of small, large and mixed blocks. */
static void truth_begin(struct truth *truth)
{
    struct events random = {.random = 99};
    *truth = (struct truth){0};
    for (uint32_t site = 1; site <= SITES; site++) {
        double wanted = site;
        while (truth->samples[site] < wanted) {
            uint64_t size = site % 3 == 0 ? 40 + site : site % 3 == 1 ? 1000 + 50 * events_random(&random, 200) : 1ull << (4 + events_random(&random, 12));
            double p = tally_probability(size, SAMPLE_BYTES);
            bool leaks = events_random(&random, 2);
            vec_push(&truth->allocations, ((struct allocation){site, (uint32_t)size, leaks, (uint32_t)(p * 4294967296.0)}));
            truth->bytes[site] += size;
            truth->all += size;
            truth->samples[site] += p;
            truth->leaked[site] += leaks ? size : 0;
            truth->all_leaked += leaks ? size : 0;
            truth->leaked_samples[site] += leaks ? p : 0;
        }
    }
}

static void definitions(struct events *events)
{
    events_process(events, 1, 0, 0);
    events_thread(events, 1, 1);
    for (uint32_t id = 1; id <= SITES; id++)
        events_frame(events, id, 0);
}

static void replay(struct pipeline *pipeline, const struct truth *truth, struct events *random)
{
    for (size_t i = 0; i < truth->allocations.count; i++) {
        const struct allocation *made = truth->allocations.at + i;
        if (events_random(random, 1ull << 31) * 2 >= made->probability)
            continue;
        struct event event = {
            .kind = EVENT_ALLOC, .flags = EVENT_SAMPLED, .process = 1, .thread = 1, .address = 4096 + i * 16, .size = made->size, .stack = made->site};
        pipeline_put(pipeline, &event);
        event.kind = EVENT_FREE;
        event.stack = 0;
        if (!made->leaks)
            pipeline_put(pipeline, &event);
    }
    pipeline_finish(pipeline);
}

/* Adds which sites' intervals hold the truth; a site that is not listed may have up to 3 R. */
static void cover(const struct pipeline *pipeline, size_t number, const uint64_t *truth, const char *low, const char *high, uint64_t *held)
{
    struct table table;
    bool seen[SITES + 1] = {false};
    pipeline_answer(pipeline, number, &table);
    int from = table_find_column(&table, low), to = table_find_column(&table, high);
    assert_true(from > 0 && to > 0);
    for (size_t row = 0; row < table.row_count; row++) {
        union cell *cells = table_at(&table, row);
        seen[cells[0].u] = true;
        held[cells[0].u] += cells[from].u <= truth[cells[0].u] && truth[cells[0].u] <= cells[to].u;
    }
    for (int site = 1; site <= SITES; site++)
        held[site] += !seen[site] && truth[site] <= 3ull * SAMPLE_BYTES;
    table_done(&table);
}

static void one_seed(const struct truth *truth, const struct events *defined, uint64_t seed, struct coverage *coverage)
{
    static const char *const tables[] = {"summary", "hotspots", "leaks", NULL};
    struct trace_header header = {.tick_ns = 1, .sample_bytes = SAMPLE_BYTES};
    struct events random = {.random = seed * 0x9E3779B97F4A7C15u};
    struct pipeline *pipeline = pipeline_new(&(struct pipeline_options){.tables = tables}, &header, NULL);
    struct table table;
    for (size_t i = 0; i < defined->list.count; i++)
        pipeline_put(pipeline, defined->list.at + i);
    replay(pipeline, truth, &random);
    pipeline_answer(pipeline, 0, &table);
    union cell *row = table_at(&table, 0);
    coverage->all +=
        row[table_find_column(&table, "allocated_low_bytes")].u <= truth->all && truth->all <= row[table_find_column(&table, "allocated_high_bytes")].u;
    coverage->sum_bytes += (double)row[table_find_column(&table, "allocated_bytes")].u;
    coverage->sum_count += (double)row[table_find_column(&table, "allocations")].u;
    table_done(&table);
    cover(pipeline, 1, truth->bytes, "allocated_low_bytes", "allocated_high_bytes", coverage->hotspots);
    cover(pipeline, 2, truth->leaked, "low_bytes", "high_bytes", coverage->leaks);
    pipeline_free(pipeline);
}

static void intervals_hold_what_they_promise(void **state)
{
    (void)state;
    struct truth truth;
    struct coverage coverage = {0};
    struct events defined = {0};
    truth_begin(&truth);
    definitions(&defined);
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        one_seed(&truth, &defined, seed, &coverage);
    double all = (double)coverage.all / SEEDS, least = 1;
    for (int site = 1; site <= SITES; site++) {
        double hotspots = (double)coverage.hotspots[site] / SEEDS, leaks = (double)coverage.leaks[site] / SEEDS;
        if (truth.samples[site] >= 3)
            least = fmin(least, hotspots);
        if (truth.leaked_samples[site] >= 3)
            least = fmin(least, leaks);
    }
    print_message("coverage of the total %.2f %%, least of a site with 3 expected samples or more %.2f %%, mean bytes off by %+.3f %%, count by %+.3f %%\n",
                  100 * all, 100 * least, 100 * (coverage.sum_bytes / SEEDS / (double)truth.all - 1),
                  100 * (coverage.sum_count / SEEDS / (double)truth.allocations.count - 1));
    assert_true(all >= 0.94 && all <= 0.96);
    assert_true(least >= 0.93);
    assert_true(fabs(coverage.sum_bytes / SEEDS / (double)truth.all - 1) < 0.003);
    assert_true(fabs(coverage.sum_count / SEEDS / (double)truth.allocations.count - 1) < 0.01);
    vec_done(&truth.allocations);
    events_done(&defined);
}

/* Garwood's exact limits of a Poisson count, from tables. */
static void equal_weights_give_poisson_limits(void **state)
{
    (void)state;
    static const struct {
        uint64_t count, low, high; /* limits in thousandths */
    } known[] = {{1, 25, 5572}, {3, 619, 8767}, {5, 1623, 11668}, {10, 4795, 18390}, {20, 12217, 30888}, {50, 37111, 65919}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t low, high, bytes = known[i].count * 1000000;
        spread_interval(&(struct spread){.variance = (double)bytes * 1e6, .samples = known[i].count, .sample_bytes = 1000000}, bytes, &low, &high);
        assert_true(llabs((long long)(low / 1000) - (long long)known[i].low) <= 1);
        assert_true(llabs((long long)(high / 1000) - (long long)known[i].high) <= 1);
    }
}

static void live_estimates_return_to_zero(void **state)
{
    (void)state;
    struct spread spread = {0};
    for (uint64_t size = 0; size < 5000; size += 7)
        weight_spread_add(&spread, size, SAMPLE_BYTES);
    for (uint64_t size = 0; size < 5000; size += 7)
        weight_spread_remove(&spread, size, SAMPLE_BYTES);
    assert_int_equal(spread.samples, 0);
    assert_true(spread.variance == 0);
    struct tally huge = tally_weigh(UINT64_MAX, 1);
    assert_true(huge.bytes > 0 && huge.count == TALLY_ONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_hold_what_they_promise),
        cmocka_unit_test(equal_weights_give_poisson_limits),
        cmocka_unit_test(live_estimates_return_to_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
