/* health: in the tables of a run and its time slices, out a judgement: the rules are asked, their findings ordered and the score computed. */
#include "health.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "health_rules.h"
#include "host/base/number.h"

const struct table *health_table(const struct health_input *input, const char *name)
{
    for (size_t i = 0; i < input->table_count; i++)
        if (!strcmp(input->tables[i].name, name))
            return input->tables + i;
    return NULL;
}

double health_number(const struct health_input *input, const char *name, size_t row, const char *column)
{
    const struct table *table = health_table(input, name);
    int place = table ? table_find_column(table, column) : -1;
    return place >= 0 && row < table->row_count ? table_real(table->columns + place, table_at(table, row)[place]) : 0;
}

const char *health_word(const struct health_input *input, const char *name, size_t row, const char *column)
{
    const struct table *table = health_table(input, name);
    int place = table ? table_find_column(table, column) : -1;
    return place >= 0 && row < table->row_count && table->columns[place].kind == COLUMN_TEXT ? table_at(table, row)[place].text : "";
}

double health_sum(const struct health_input *input, const char *name, const char *column)
{
    const struct table *table = health_table(input, name);
    double sum = 0;
    for (size_t i = 0; table && i < table->row_count; i++)
        sum += health_number(input, name, i, column);
    return sum;
}

const char *health_text(struct health *health, const char *format, ...)
{
    char text[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return arena_copy_text(&health->texts, text, strlen(text));
}

const char *health_bytes(struct health *health, double bytes)
{
    char text[NUMBER_ROOM];
    return health_text(health, "%s", number_bytes(text, bytes > 0 ? (uint64_t)bytes : 0));
}

const char *health_count(struct health *health, double count)
{
    char text[NUMBER_ROOM];
    return health_text(health, "%s", number_count(text, count > 0 ? (uint64_t)(count + 0.5) : 0));
}

const char *health_blocks(struct health *health, double count)
{
    return health_text(health, "%s %s", health_count(health, count), count == 1 ? "block" : "blocks");
}

const char *health_signed_bytes(struct health *health, double bytes)
{
    char text[NUMBER_ROOM];
    return health_text(health, "%s", number_signed_bytes(text, (int64_t)bytes));
}

const char *health_ratio(struct health *health, double ratio_of)
{
    char text[NUMBER_ROOM];
    return health_text(health, "%s", number_ratio(text, ratio_of));
}

const char *health_time(struct health *health, double nanoseconds)
{
    char text[NUMBER_ROOM];
    return health_text(health, "%s", number_duration(text, nanoseconds > 0 ? (uint64_t)nanoseconds : 0));
}

void health_add(struct health *health, struct health_finding finding)
{
    vec_push(&health->findings, finding);
}

/* The worst first; else in the order of the rules. */
static void findings_order(struct health *health)
{
    for (size_t i = 1; i < health->findings.count; i++) {
        struct health_finding finding = health->findings.at[i];
        size_t j = i;
        for (; j > 0 && health->findings.at[j - 1].severity < finding.severity; j--)
            health->findings.at[j] = health->findings.at[j - 1];
        health->findings.at[j] = finding;
    }
}

static size_t findings_count(const struct health *health, enum health_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < health->findings.count; i++)
        count += health->findings.at[i].severity == severity && !health->findings.at[i].is_detail;
    return count;
}

static void score_compute(struct health *health, const struct health_input *input)
{
    size_t critical = findings_count(health, HEALTH_CRITICAL), warned = findings_count(health, HEALTH_WARN);
    long score = 100 - (long)critical * HEALTH_CRITICAL_POINTS - (long)warned * HEALTH_WARN_POINTS;
    health->verdict = critical ? HEALTH_CRITICAL : warned ? HEALTH_WARN : HEALTH_OK;
    health->score = score > 0 ? (int)score : 0;
    if (!input->complete || !health_number(input, "summary", 0, "allocations"))
        health->score = HEALTH_NO_SCORE;
}

static void summary_verdict(struct health *health, const struct health_input *input)
{
    size_t critical = findings_count(health, HEALTH_CRITICAL), warned = findings_count(health, HEALTH_WARN);
    const char *sentence;
    if (critical)
        sentence = health_text(health, "%zu critical finding%s and %zu warning%s; the first: %s.", critical, critical == 1 ? "" : "s", warned, warned == 1 ? "" : "s",
                               health->findings.at[0].title);
    else if (warned)
        sentence = health_text(health, "%zu warning%s, nothing critical; the first: %s.", warned, warned == 1 ? "" : "s", health->findings.at[0].title);
    else
        sentence = "No rule found anything to warn about.";
    vec_push(&health->summary, sentence);
    if (!input->complete)
        vec_push(&health->summary, "The recording was cut or is not over, so there is no score: the figures tell about what could be read.");
}

static void summary_make(struct health *health, const struct health_input *input)
{
    double peak = health_number(input, "summary", 0, "peak_bytes"), leaked = health_number(input, "summary", 0, "leaked_bytes");
    double allocations = health_number(input, "summary", 0, "allocations");
    if (!allocations) {
        vec_push(&health->summary, "The recording holds no allocation: there is nothing to judge.");
        return;
    }
    const char *course = health_text(health, "In %s the program asked %s times for memory, %s in all, and held at most %s, at %s.",
                                     health_time(health, health_number(input, "summary", 0, "duration_ns")), health_count(health, allocations),
                                     health_bytes(health, health_number(input, "summary", 0, "allocated_bytes")), health_bytes(health, peak),
                                     health_time(health, health_number(input, "summary", 0, "peak_time_ns")));
    vec_push(&health->summary, course);
    const char *end = leaked ? health_text(health, "Never freed: %s in %s, %s of the peak.", health_bytes(health, leaked),
                                           health_blocks(health, health_number(input, "summary", 0, "leaked_count")), health_ratio(health, ratio(leaked, peak)))
                             : "All that was allocated was freed.";
    vec_push(&health->summary, end);
    summary_verdict(health, input);
}

static void metric_add(struct health *health, const char *name, const char *title, const char *unit, double value, const char *about)
{
    vec_push(&health->metrics, ((struct health_metric){name, title, unit, about, isfinite(value) ? value : 0}));
}

/* Of firmware, and of programs that have named regions. */
static void metrics_device(struct health *health, const struct health_input *input)
{
    const struct table *regions = health_table(input, "regions"), *tasks = health_table(input, "tasks");
    double pieces = 0;
    for (size_t i = 0; regions && i < regions->row_count; i++)
        pieces = fmax(pieces, health_number(input, "regions", i, "fragmentation"));
    if (regions && regions->row_count) {
        metric_add(health, "region_used_share", "Fullest region", "ratio", health_number(input, "regions", 0, "used_share"), "used / (used + free), at the end");
        metric_add(health, "fragmentation", "Fragmentation", "ratio", pieces, "1 - largest free piece / free, of the worst region, at the end");
    }
    if (tasks && tasks->row_count)
        metric_add(health, "stack_used_share", "Fullest stack", "ratio", health_number(input, "tasks", 0, "used_share"), "most ever used / size");
}

static void metrics_make(struct health *health, const struct health_input *input)
{
#define SUMMARY(column) health_number(input, "summary", 0, column)
    double seconds = SUMMARY("duration_ns") / 1e9, allocations = SUMMARY("allocations"), temporary = health_sum(input, "temporary", "count");
    metric_add(health, "duration_ns", "Duration", "ns", SUMMARY("duration_ns"), "last event - first moment");
    metric_add(health, "allocations", "Allocations", "count", allocations, "births + successful reallocs");
    metric_add(health, "allocation_rate", "Allocations a second", "/s", ratio(allocations, seconds), "allocations / duration");
    metric_add(health, "free_rate", "Frees a second", "/s", ratio(SUMMARY("frees"), seconds), "frees / duration");
    metric_add(health, "mean_bytes", "Mean size", "B", ratio(SUMMARY("allocated_bytes"), allocations), "allocated bytes / allocations");
    metric_add(health, "allocated_bytes", "Allocated", "B", SUMMARY("allocated_bytes"), "bytes asked for, summed");
    metric_add(health, "peak_bytes", "Peak", "B", SUMMARY("peak_bytes"), "most bytes live at once");
    metric_add(health, "peak_time_ns", "Time of peak", "ns", SUMMARY("peak_time_ns"), "after the start");
    metric_add(health, "peak_count", "Blocks at peak", "count", SUMMARY("peak_count"), "live blocks then");
    metric_add(health, "leaked_bytes", "Never freed", "B", SUMMARY("leaked_bytes"), "live when their process ended or at the end");
    metric_add(health, "leaked_count", "Blocks never freed", "count", SUMMARY("leaked_count"), "those blocks");
    metric_add(health, "leaked_share", "Never freed, of the peak", "ratio", ratio(SUMMARY("leaked_bytes"), SUMMARY("peak_bytes")), "leaked_bytes / peak_bytes");
    metric_add(health, "temporary_share", "Temporary blocks", "ratio", ratio(temporary, allocations), "temporary blocks / allocations");
    metric_add(health, "waste_share", "Usable but not asked for", "ratio",
               ratio(health_sum(input, "usable", "waste_bytes"), health_sum(input, "usable", "usable_bytes")), "waste_bytes / usable_bytes over all blocks made");
    metric_add(health, "sites", "Call stacks that allocate", "count", SUMMARY("sites"), "distinct stacks");
    metric_add(health, "threads", "Threads", "count", SUMMARY("threads"), "of all processes");
    metric_add(health, "processes", "Processes", "count", SUMMARY("processes"), "each fork and exec makes one");
    metric_add(health, "lost_events", "Lost events", "count", health_number(input, "cost", 0, "lost_events"), "made but not in the trace");
    metric_add(health, "recorder_share", "Recorder's share of CPU", "ratio", health_number(input, "cost", 0, "recorder_share"),
               "recorder_cpu_ns / (recorder_cpu_ns + target_cpu_ns)");
#undef SUMMARY
    metrics_device(health, input);
}

void health_make(struct health *health, const struct health_input *input)
{
    *health = (struct health){0};
    if (health_number(input, "summary", 0, "allocations"))
        for (const health_rule *rule = health_rules; *rule; rule++)
            (*rule)(health, input);
    findings_order(health);
    score_compute(health, input);
    summary_make(health, input);
    metrics_make(health, input);
}

void health_done(struct health *health)
{
    vec_done(&health->summary);
    vec_done(&health->findings);
    vec_done(&health->metrics);
    arena_done(&health->texts);
}
