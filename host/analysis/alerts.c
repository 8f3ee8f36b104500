/* alerts: in the thresholds that were passed on the target, out one row each. */
#include "answer.h"
#include "host/trace/fault_words.h"

enum { LEVEL, TIME, RULE, VALUE, THRESHOLD, TEXT, TASK, PROCESS };

static const struct column columns[] = {
    [LEVEL] = {"level", "Level", "", "ok, warn, critical or no data", COLUMN_TEXT},
    [TIME] = {"time_ns", "Time", "", "when it was told", COLUMN_TIME},
    [RULE] = {"rule", "Rule", "", "what is watched", COLUMN_TEXT},
    [VALUE] = {"value", "Value", "", "what it was: percent of used share and fragmentation, bytes of growth and stack left, else a count", COLUMN_COUNT},
    [THRESHOLD] = {"threshold", "Threshold", "", "that it passed", COLUMN_COUNT},
    [TEXT] = {"text", "Text", "", "what the firmware adds", COLUMN_TEXT},
    [TASK] = {"thread", "Task", "id", "that told it", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static void alerts_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct alert *alerts = model_alerts(model, &count);
    uint64_t all = model_get_totals(model)->alerts;
    for (size_t i = 0; i < count; i++) {
        union cell *row = table_row(table);
        row[TIME].u = alerts[i].time_ns;
        row[LEVEL].text = level_word(alerts[i].told.level);
        row[RULE].text = rule_word(alerts[i].told.rule);
        row[VALUE].u = alerts[i].told.value;
        row[THRESHOLD].u = alerts[i].told.threshold;
        row[TEXT].text = table_text(table, "%s", alerts[i].told.text);
        row[TASK].u = alerts[i].thread;
        row[PROCESS].u = alerts[i].process;
    }
    if (all > count)
        table_note(table, "the first %zu of %llu alerts", count, (unsigned long long)all);
}

const struct analysis analysis_alerts = {
    .name = "alerts",
    .title = "Alerts",
    .about = "The thresholds that were passed on the target, in order of time; the first 16384.",
    .is_rare = true,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = alerts_answer,
};
