/* health_rules: in the tables of a run, out findings: each rule compares a few figures with thresholds that it states. */
#include "health_rules.h"

#include "answer.h"

enum { SITES_TOLD = 3 };

static uint32_t row_stack(const struct health_input *input, const char *table, size_t row)
{
    return (uint32_t)health_number(input, table, row, "stack");
}

static size_t row_count(const struct health_input *input, const char *name)
{
    const struct table *table = health_table(input, name);
    return table ? table->row_count : 0;
}

/* The row with the highest value of a column. */
static size_t row_highest(const struct health_input *input, const char *table, const char *column)
{
    size_t best = 0;
    for (size_t i = 1; i < row_count(input, table); i++)
        if (health_number(input, table, i, column) > health_number(input, table, best, column))
            best = i;
    return best;
}

static enum health_severity severity_of(double value, double warn, double critical)
{
    return value >= critical ? HEALTH_CRITICAL : value >= warn ? HEALTH_WARN : HEALTH_OK;
}

static const double never = 1e300; /* a threshold that nothing reaches */

static void leak_site_tell(struct health *health, const struct health_input *input, size_t row, double leaked)
{
    double bytes = health_number(input, "leaks", row, "bytes"), count = health_number(input, "leaks", row, "count");
    const char *evidence = health_text(health, "%s in %s: %s of all that was never freed, and %s of what this call stack allocated. Told from 10 %% of "
                                               "what was never freed.",
                                       health_bytes(health, bytes), health_blocks(health, count), health_ratio(health, ratio(bytes, leaked)),
                                       health_ratio(health, health_number(input, "leaks", row, "share")));
    health_add(health, (struct health_finding){.id = "leak_site",
                                               .title = "A call stack whose blocks were never freed",
                                               .severity = HEALTH_WARN,
                                               .evidence = evidence,
                                               .recommendation = health_text(health, "Find who owns these blocks and free them: %s.", health_bytes(health, bytes)),
                                               .value = bytes,
                                               .unit = "B",
                                               .has_stack = true,
                                               .is_detail = true,
                                               .stack = row_stack(input, "leaks", row),
                                               .table = "leaks"});
}

/* Not to free at the end is a habit of many programs: only growth makes it critical. */
static void rule_leaks(struct health *health, const struct health_input *input)
{
    double leaked = health_number(input, "summary", 0, "leaked_bytes"), peak = health_number(input, "summary", 0, "peak_bytes"), share = ratio(leaked, peak);
    enum health_severity severity = leaked >= 65536 && !health_is_firmware(input) ? severity_of(share, 0.05, never) : HEALTH_OK;
    const char *evidence = health_text(health, "%s in %s lived when their process ended or at the end: %s of the peak of %s. Warned from 5 %% of the peak and "
                                               "64 KiB.",
                                       health_bytes(health, leaked), health_blocks(health, health_number(input, "summary", 0, "leaked_count")),
                                       health_ratio(health, share), health_bytes(health, peak));
    health_add(health, (struct health_finding){.id = "leaks",
                                               .title = severity                    ? "Memory was never freed"
                                                        : health_is_firmware(input) ? "Firmware keeps what it set up"
                                                        : leaked                    ? "Little memory was never freed"
                                                                                    : "All memory was freed",
                                               .severity = severity,
                                               .evidence = evidence,
                                               .recommendation = severity ? "Decide which of these call stacks keep their blocks on purpose; free the others." : NULL,
                                               .value = leaked,
                                               .unit = "B",
                                               .table = "leaks"});
    for (size_t i = 0; severity && i < SITES_TOLD && i < row_count(input, "leaks"); i++)
        if (health_number(input, "leaks", i, "bytes") >= 0.1 * leaked)
            leak_site_tell(health, input, i, leaked);
}

static void temporary_site_tell(struct health *health, const struct health_input *input, size_t row, double all)
{
    double count = health_number(input, "temporary", row, "count"), share = health_number(input, "temporary", row, "share");
    const char *evidence = health_text(health, "%s freed at once, %s of all of them; %s of what this call stack makes is temporary. Told from 10 %% of all.",
                                       health_blocks(health, count), health_ratio(health, ratio(count, all)), health_ratio(health, share));
    health_add(health, (struct health_finding){.id = "temporary_site",
                                               .title = "A call stack that makes temporary blocks",
                                               .severity = HEALTH_WARN,
                                               .evidence = evidence,
                                               .recommendation = health_text(health, "A buffer that is kept, or one on the stack, would make up to %s allocations "
                                                                                     "and as many frees needless.",
                                                                             health_count(health, count)),
                                               .value = count,
                                               .unit = "count",
                                               .has_stack = true,
                                               .is_detail = true,
                                               .stack = row_stack(input, "temporary", row),
                                               .table = "temporary"});
}

static void rule_temporary(struct health *health, const struct health_input *input)
{
    double count = health_sum(input, "temporary", "count"), allocations = health_number(input, "summary", 0, "allocations"), share = ratio(count, allocations);
    double rate = ratio(count, health_number(input, "summary", 0, "duration_ns") / 1e9);
    enum health_severity severity = rate >= 10000 && count >= 10000 ? severity_of(share, 0.3, never) : HEALTH_OK;
    const char *evidence = health_text(health, "%s of %s allocations (%s; %s a second) were freed by the thread that made them before it made another. Warned from "
                                               "30 %%, 10,000 of them and 10,000 a second.",
                                       health_count(health, count), health_count(health, allocations), health_ratio(health, share), health_count(health, rate));
    health_add(health, (struct health_finding){.id = "temporary",
                                               .title = severity ? "Many blocks live only a moment" : "Temporary blocks are no burden",
                                               .severity = severity,
                                               .evidence = evidence,
                                               .recommendation = severity ? "Reuse buffers at the call stacks below: each temporary block costs one malloc and one free." : NULL,
                                               .value = share,
                                               .unit = "ratio",
                                               .table = "temporary"});
    for (size_t i = 0; severity && i < SITES_TOLD && i < row_count(input, "temporary"); i++)
        if (health_number(input, "temporary", i, "count") >= 0.1 * count)
            temporary_site_tell(health, input, i, count);
}

static void rule_hot_site(struct health *health, const struct health_input *input)
{
    double all = health_number(input, "summary", 0, "allocations");
    size_t row = row_highest(input, "hotspots", "allocations");
    double count = health_number(input, "hotspots", row, "allocations"), share = ratio(count, all);
    if (share < 0.25 || count < 100000)
        return;
    health_add(health, (struct health_finding){.id = "hot_site",
                                               .title = "One call stack makes most allocations",
                                               .severity = HEALTH_WARN,
                                               .evidence = health_text(health, "%s of %s allocations (%s), %s on average. Told from 25 %% and 100,000.",
                                                                       health_count(health, count), health_count(health, all), health_ratio(health, share),
                                                                       health_bytes(health, health_number(input, "hotspots", row, "mean_bytes"))),
                                               .recommendation = health_text(health, "A pool, or fewer and larger blocks here, would concern %s allocations.",
                                                                             health_count(health, count)),
                                               .value = share,
                                               .unit = "ratio",
                                               .has_stack = true,
                                               .stack = row_stack(input, "hotspots", row),
                                               .table = "hotspots"});
}

static void rule_waste(struct health *health, const struct health_input *input)
{
    double waste = health_sum(input, "usable", "waste_bytes"), usable = health_sum(input, "usable", "usable_bytes"), share = ratio(waste, usable);
    enum health_severity severity = severity_of(share, 0.2, 0.5);
    if (!usable)
        return;
    const char *evidence = health_text(health, "Over all blocks ever made the allocator gave %s more than was asked for: %s of what it gave. Warned from 20 %%; critical "
                                               "from 50 %%.",
                                       health_bytes(health, waste), health_ratio(health, share));
    health_add(health, (struct health_finding){.id = "waste",
                                               .title = severity ? "Sizes fit the allocator's classes badly" : "Sizes fit the allocator's classes well",
                                               .severity = severity,
                                               .evidence = evidence,
                                               .recommendation = severity ? "Look at the table usable_sizes: sizes just above a class of the allocator waste most." : NULL,
                                               .value = share,
                                               .unit = "ratio",
                                               .table = "usable"});
}

static void rule_realloc(struct health *health, const struct health_input *input)
{
    double copied = health_sum(input, "realloc", "copied_bytes"), moved = health_sum(input, "realloc", "moved");
    double allocated = health_number(input, "summary", 0, "allocated_bytes"), share = ratio(copied, allocated);
    size_t row = row_highest(input, "realloc", "copied_bytes");
    double own = health_number(input, "realloc", row, "copied_bytes");
    if (copied < 1048576 || share < 0.1)
        return;
    const char *evidence = health_text(health, "%s reallocs moved their block and copied %s, %s of all bytes allocated; this call stack copied %s, in chains of up to %s. "
                                               "Warned from 10 %% and 1 MiB.",
                                       health_count(health, moved), health_bytes(health, copied), health_ratio(health, share), health_bytes(health, own),
                                       health_count(health, health_number(input, "realloc", row, "longest_chain")));
    health_add(health, (struct health_finding){.id = "realloc",
                                               .title = "Growing blocks are copied again and again",
                                               .severity = HEALTH_WARN,
                                               .evidence = evidence,
                                               .recommendation = "Ask for the final size at once where it is known, or grow by a factor instead of a step.",
                                               .value = copied,
                                               .unit = "B",
                                               .has_stack = true,
                                               .stack = row_stack(input, "realloc", row),
                                               .table = "realloc"});
}

static void rule_refused(struct health *health, const struct health_input *input)
{
    double refused = health_number(input, "summary", 0, "refused");
    size_t row = row_highest(input, "hotspots", "refused");
    double at_one = health_number(input, "hotspots", row, "refused");
    if (!refused)
        return;
    const char *where = refused == 1 ? "" : health_text(health, ", %s of them at one call stack", health_count(health, at_one));
    health_add(health, (struct health_finding){.id = "refused",
                                               .title = "Allocations failed",
                                               .severity = HEALTH_WARN,
                                               .evidence = health_text(health, "%s allocation%s returned NULL%s. Warned from 1.", health_count(health, refused),
                                                                       refused == 1 ? "" : "s", where),
                                               .recommendation = "Check that the program asks for what it means to, and what it does with NULL.",
                                               .value = refused,
                                               .unit = "count",
                                               .has_stack = true,
                                               .stack = row_stack(input, "hotspots", row),
                                               .table = "hotspots"});
}

static void rule_unknown_frees(struct health *health, const struct health_input *input)
{
    double unknown = health_number(input, "summary", 0, "unknown_frees");
    if (!unknown)
        return;
    health_add(health, (struct health_finding){.id = "unknown_frees",
                                               .title = "Blocks were freed that nobody had allocated",
                                               .severity = HEALTH_WARN,
                                               .evidence = health_text(health, "%s frees or reallocs of an address where no block was known: made before the recording, "
                                                                               "or freed twice. Warned from 1.",
                                                                       health_count(health, unknown)),
                                               .recommendation = "If the recording began with the program, run it under AddressSanitizer or valgrind.",
                                               .value = unknown,
                                               .unit = "count",
                                               .table = "summary"});
}

static void rule_foreign_frees(struct health *health, const struct health_input *input)
{
    double foreign = health_sum(input, "threads", "foreign_frees"), frees = health_sum(input, "threads", "frees"), share = ratio(foreign, frees);
    if (foreign < 10000 || share < 0.3)
        return;
    health_add(health, (struct health_finding){.id = "foreign_frees",
                                               .title = "Threads free what other threads made",
                                               .severity = HEALTH_WARN,
                                               .evidence = health_text(health, "%s of %s frees (%s) were of another thread's block, which defeats an allocator's caches "
                                                                               "of threads. Warned from 30 %% and 10,000.",
                                                                       health_count(health, foreign), health_count(health, frees), health_ratio(health, share)),
                                               .recommendation = "Hand blocks back to the thread that made them, or pass them in batches.",
                                               .value = share,
                                               .unit = "ratio",
                                               .table = "threads"});
}

static void rule_imbalance(struct health *health, const struct health_input *input)
{
    double bytes = health_sum(input, "threads", "allocated_bytes"), threads = health_number(input, "summary", 0, "threads");
    size_t row = row_highest(input, "threads", "allocated_bytes");
    double share = ratio(health_number(input, "threads", row, "allocated_bytes"), bytes);
    if (threads < 2 || share < 0.9)
        return;
    health_add(health, (struct health_finding){.id = "imbalance",
                                               .title = "One thread does nearly all allocation",
                                               .severity = HEALTH_OK,
                                               .evidence = health_text(health, "One of %s threads allocated %s of all bytes. Told from 90 %%; no fault by itself.",
                                                                       health_count(health, threads), health_ratio(health, share)),
                                               .value = share,
                                               .unit = "ratio",
                                               .table = "threads"});
}

/* What the recording missed lowers the trust in all other figures. */
static void rule_lost(struct health *health, const struct health_input *input)
{
    double lost = health_number(input, "cost", 0, "lost_events"), events = health_number(input, "cost", 0, "events"), share = ratio(lost, events + lost);
    if (!lost)
        return;
    health_add(health, (struct health_finding){.id = "lost",
                                               .title = "The recording missed events",
                                               .severity = severity_of(share, 0, 0.01),
                                               .evidence = health_text(health, "%s of %s events are not in the trace (%s). Warned from 1; critical from 1 %%.",
                                                                       health_count(health, lost), health_count(health, events + lost), health_ratio(health, share)),
                                               .recommendation = "Record again with a larger --lane-size, or by samples (--sample): sums are too low now.",
                                               .value = lost,
                                               .unit = "count",
                                               .table = "cost"});
}

static void rule_truncated(struct health *health, const struct health_input *input)
{
    double truncated = health_number(input, "cost", 0, "truncated_stacks"), events = health_number(input, "summary", 0, "allocations");
    double share = ratio(truncated, events);
    if (share < 0.05 || health_is_firmware(input)) /* there stacks are as deep as was asked for */
        return;
    health_add(health, (struct health_finding){.id = "truncated",
                                               .title = "Many stacks do not reach the root",
                                               .severity = HEALTH_WARN,
                                               .evidence = health_text(health, "%s stacks for %s allocations (%s). Warned from 5 %%.", health_count(health, truncated),
                                                                       health_count(health, events), health_ratio(health, share)),
                                               .recommendation = "Record with a larger --depth if one was set, and see which modules lack unwind tables.",
                                               .value = share,
                                               .unit = "ratio",
                                               .table = "cost"});
}

static void rule_cost(struct health *health, const struct health_input *input)
{
    double share = health_number(input, "cost", 0, "recorder_share"), cpu = health_number(input, "cost", 0, "recorder_cpu_ns");
    if (!share)
        return;
    enum health_severity severity = cpu >= 1e9 ? severity_of(share, 0.4, never) : HEALTH_OK;
    health_add(health, (struct health_finding){.id = "cost",
                                               .title = severity ? "The recorder needed much of the processor" : "The recorder did not need much of the processor",
                                               .severity = severity,
                                               .evidence = health_text(health, "The collector used %s of CPU time, %s of what it and the program used together. Warned from "
                                                                               "40 %% and 1 s.",
                                                                       health_time(health, cpu), health_ratio(health, share)),
                                               .recommendation = severity ? "Times may be longer than without it; 'heaptracer run --sample' costs less." : NULL,
                                               .value = share,
                                               .unit = "ratio",
                                               .table = "cost"});
}

const health_rule health_rules[] = {
    health_rule_growth, rule_leaks, rule_temporary, rule_hot_site, rule_waste, rule_realloc, rule_refused, rule_unknown_frees, rule_foreign_frees, rule_imbalance,
    health_rule_faults, health_rule_stacks, health_rule_regions, health_rule_pieces, health_rule_pools, health_rule_placement, health_rule_alerts,
    rule_lost, rule_truncated, rule_cost, NULL,
};
