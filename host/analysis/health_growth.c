/* health_growth: in the time slices, out findings about memory that grows: of the whole program, and of each call stack that does so steadily. */
#include <stdlib.h>

#include "answer.h"
#include "health_rules.h"
#include "trend.h"

/* The start-up and the end are left out: the middle of a run shows whether it grows. */
enum { FROM_PERCENT = 25, TO_PERCENT = 90, SLICES_LEAST = 12, SITES_LOOKED_AT = 64, SITES_TOLD = 3 };
static const double duration_least_ns = 1e9, duration_critical_ns = 10e9;
static const double rising_warn = 0.8, rising_critical = 0.9, share_warn = 0.1, share_critical = 0.3, site_bytes_least = 65536, site_bytes_least_firmware = 64;
static const double duration_least_firmware_ns = 10e6;

struct window {
    uint32_t from, to; /* slices [from, to) */
    double seconds;
};

static struct window window_find(const struct slices_answer *slices)
{
    struct window window = {slices->count * FROM_PERCENT / 100, slices->count * TO_PERCENT / 100, 0};
    window.seconds = (double)(window.to - window.from) * (double)slices->width_ns / 1e9;
    return window;
}

static void growth_tell(struct health *health, double grown, double peak, struct trend trend, struct window window, double duration_ns)
{
    enum health_severity severity = HEALTH_OK;
    if (grown >= share_warn * peak && trend.rising >= rising_warn)
        severity = grown >= share_critical * peak && trend.rising >= rising_critical && duration_ns >= duration_critical_ns ? HEALTH_CRITICAL : HEALTH_WARN;
    const char *evidence =
        health_text(health, "Between %d %% and %d %% of the run live memory changed by %s (%s a second; %s of the peak), and %s of all pairs of moments rise. "
                            "Warned from 10 %% of the peak and 80 %% of pairs; critical from 30 %% and 90 %% in a run of 10 s or more.",
                    FROM_PERCENT, TO_PERCENT, health_signed_bytes(health, grown), health_signed_bytes(health, ratio(grown, window.seconds)),
                    health_ratio(health, ratio(grown > 0 ? grown : 0, peak)), health_ratio(health, trend.rising));
    health_add(health, (struct health_finding){.id = "growth",
                                               .title = severity == HEALTH_OK ? "Memory does not grow steadily" : "Memory grows all the time",
                                               .severity = severity,
                                               .evidence = evidence,
                                               .recommendation = severity == HEALTH_OK ? NULL : "Look at what is allocated in the middle of the run and lives at "
                                                                                                "its end: 'heaptracer analyze FILE --from TIME --table leaks'.",
                                               .value = ratio(grown, window.seconds),
                                               .unit = "B/s",
                                               .table = "timeline"});
}

struct site_growth {
    uint32_t site;
    double net, grown, rising;
};

static int net_order(const void *left, const void *right)
{
    double a = ((const struct site_growth *)left)->net, b = ((const struct site_growth *)right)->net;
    return (a < b) - (a > b);
}

static int grown_order(const void *left, const void *right)
{
    double a = ((const struct site_growth *)left)->grown, b = ((const struct site_growth *)right)->grown;
    return (a < b) - (a > b);
}

/* What the site holds of what it made in the range, at the end of each slice. */
static void site_curve(const struct slice_columns *sites, uint32_t site, uint32_t count, double *values)
{
    double held = 0;
    size_t at = sites->first.at[site];
    for (uint32_t slice = 0; slice < count; slice++) {
        for (; at < sites->first.at[site + 1] && sites->cells.at[at].slice == slice; at++)
            held += (double)sites->cells.at[at].allocated.bytes - (double)sites->cells.at[at].freed.bytes;
        values[slice] = held;
    }
}

/* The sites that gained most, at most SITES_LOOKED_AT. */
static struct site_growth *gainers_find(const struct slice_columns *sites, double least, size_t *count)
{
    size_t all = sites->first.count ? sites->first.count - 1 : 0;
    struct site_growth *gains = memory_new(all + 1, sizeof *gains);
    *count = 0;
    for (uint32_t i = 0; i < all; i++) {
        double net = 0;
        for (size_t at = sites->first.at[i]; at < sites->first.at[i + 1]; at++)
            net += (double)sites->cells.at[at].allocated.bytes - (double)sites->cells.at[at].freed.bytes;
        if (net >= least)
            gains[(*count)++] = (struct site_growth){.site = i, .net = net};
    }
    qsort(gains, *count, sizeof *gains, net_order);
    *count = *count < SITES_LOOKED_AT ? *count : SITES_LOOKED_AT;
    return gains;
}

static void site_tell(struct health *health, const struct health_input *input, const struct site_growth *growth, struct window window)
{
    size_t count;
    const struct site *site = model_sites(input->model, &count) + growth->site;
    const char *evidence = health_text(health, "Its live bytes rose by %s in the middle of the run (%s a second), in %s of all pairs of moments; it holds %s more at "
                                               "the end than at the start. Told from %s and 90 %% of pairs.",
                                       health_bytes(health, growth->grown), health_bytes(health, ratio(growth->grown, window.seconds)),
                                       health_ratio(health, growth->rising), health_bytes(health, growth->net), health_is_firmware(input) ? "64 B" : "64 KiB");
    health_add(health, (struct health_finding){.id = "growth_site",
                                               .title = "A call stack keeps more and more memory",
                                               .severity = HEALTH_WARN,
                                               .evidence = evidence,
                                               .recommendation = health_text(health, "Free what it makes, or bound it: it gains %s a second.",
                                                                             health_bytes(health, ratio(growth->grown, window.seconds))),
                                               .value = ratio(growth->grown, window.seconds),
                                               .unit = "B/s",
                                               .has_stack = true,
                                               .is_detail = true,
                                               .stack = site->stack,
                                               .table = "leaks"});
}

static void sites_look(struct health *health, const struct health_input *input, struct window window)
{
    const struct slice_columns *sites = &input->slices->sites;
    size_t count, kept = 0;
    double least = health_is_firmware(input) ? site_bytes_least_firmware : site_bytes_least;
    struct site_growth *gains = gainers_find(sites, least, &count);
    for (size_t i = 0; i < count; i++) {
        double values[SLICES_MOST];
        site_curve(sites, gains[i].site, input->slices->count, values);
        struct trend trend = trend_find(values + window.from, window.to - window.from);
        struct site_growth growth = {gains[i].site, gains[i].net, trend.slope * (double)(window.to - window.from), trend.rising};
        if (growth.grown >= least && growth.rising >= rising_critical)
            gains[kept++] = growth;
    }
    qsort(gains, kept, sizeof *gains, grown_order);
    for (size_t i = 0; i < kept && i < SITES_TOLD; i++)
        site_tell(health, input, gains + i, window);
    memory_free(gains);
}

void health_rule_growth(struct health *health, const struct health_input *input)
{
    const struct slices_answer *slices = input->slices;
    struct window window = window_find(slices);
    double values[SLICES_MOST], duration = health_number(input, "summary", 0, "duration_ns"), peak = health_number(input, "summary", 0, "peak_bytes");
    if (duration < (health_is_firmware(input) ? duration_least_firmware_ns : duration_least_ns) || window.to - window.from < SLICES_LEAST)
        return;
    for (uint32_t i = window.from; i < window.to; i++)
        values[i] = (double)slices->totals[i].live.bytes;
    struct trend trend = trend_find(values + window.from, window.to - window.from);
    growth_tell(health, trend.slope * (double)(window.to - window.from), peak, trend, window, duration);
    sites_look(health, input, window);
}
