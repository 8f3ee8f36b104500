/* cost: in what the recorder told about itself, out one row: what the recording cost and what it missed. */
#include "answer.h"

enum {
    EVENTS,
    LOST,
    GAPS,
    LOST_BYTES,
    TRUNCATED,
    LATE,
    WAITS,
    REFUSED,
    RECORDER_CPU,
    TARGET_CPU,
    SHARE,
    CPU_EVENT,
    RAW,
    STORED,
    EVENT_BYTES,
    RATE,
    CLOCK,
    TICKS
};

static const struct column columns[] = {
    [EVENTS] = {"events", "Events", "", "events that the recorder took, of all kinds", COLUMN_COUNT},
    [LOST] = {"lost_events", "Lost events", "", "events that were made but are not in the trace: gaps in it, and what the recorder dropped", COLUMN_COUNT},
    [GAPS] = {"gaps", "Gaps", "", "places in the trace where events are missing", COLUMN_COUNT},
    [LOST_BYTES] = {"lost_bytes", "Lost bytes", "", "bytes that the missing events allocated, as far as is known", COLUMN_BYTES},
    [TRUNCATED] = {"truncated_stacks", "Truncated stacks", "", "stacks that do not reach the root", COLUMN_COUNT},
    [LATE] = {"late_events", "Late events", "", "events that came after later ones were written; their time is that of their place", COLUMN_COUNT},
    [WAITS] = {"waits", "Waits", "", "times that a thread waited for room in its lane", COLUMN_COUNT},
    [REFUSED] = {"lanes_refused", "Lanes refused", "", "threads that found no lane: their events are not in the trace", COLUMN_COUNT},
    [RECORDER_CPU] = {"recorder_cpu_ns", "Recorder CPU", "", "CPU time of the collector", COLUMN_DURATION},
    [TARGET_CPU] = {"target_cpu_ns", "Target CPU", "", "CPU time of the traced processes with their hooks; 0: not known", COLUMN_DURATION},
    [SHARE] = {"recorder_share", "Recorder share", "", "recorder_cpu_ns / (recorder_cpu_ns + target_cpu_ns)", COLUMN_RATIO},
    [CPU_EVENT] = {"recorder_ns_per_event", "Recorder/event", "ns", "recorder_cpu_ns / events", COLUMN_REAL},
    [RAW] = {"raw_bytes", "Raw", "", "bytes of events before compression", COLUMN_BYTES},
    [STORED] = {"stored_bytes", "Stored", "", "bytes in the trace file", COLUMN_BYTES},
    [EVENT_BYTES] = {"bytes_per_event", "Stored/event", "B", "stored_bytes / events", COLUMN_REAL},
    [RATE] = {"event_rate", "Events/s", "/s", "events / time of the last event", COLUMN_REAL},
    [CLOCK] = {"clock", "Clock", "", "the clock of the time stamps", COLUMN_TEXT},
    [TICKS] = {"clock_ticks_per_s", "Clock rate", "Hz", "its ticks in a second", COLUMN_COUNT},
};

static const char *cost_clock(uint32_t clock)
{
    static const char *const names[] = {"not known", "tsc", "cntvct", "monotonic"};
    return clock < 4 ? names[clock] : names[0];
}

static void cost_rates(const struct cost_definition *cost, const struct model *model, union cell *row)
{
    double recorder = (double)cost->recorder_cpu_ns, events = (double)cost->events;
    row[SHARE].f = cost->target_cpu_ns ? ratio(recorder, recorder + (double)cost->target_cpu_ns) : 0;
    row[CPU_EVENT].f = ratio(recorder, events);
    row[EVENT_BYTES].f = ratio((double)cost->stored_bytes, events);
    row[RATE].f = ratio(events, (double)model_time(model) / 1e9);
}

static void cost_counts(const struct cost_definition *cost, const struct model_totals *totals, union cell *row)
{
    row[EVENTS].u = cost->events;
    row[LOST].u = totals->lost_events > cost->lost_events ? totals->lost_events : cost->lost_events;
    row[GAPS].u = totals->gaps;
    row[LOST_BYTES].u = totals->lost_bytes;
    row[TRUNCATED].u = totals->truncated > cost->truncated_stacks ? totals->truncated : cost->truncated_stacks;
    row[LATE].u = cost->late_events;
    row[WAITS].u = cost->waits;
    row[REFUSED].u = cost->lanes_refused;
    row[RECORDER_CPU].u = cost->recorder_cpu_ns;
    row[TARGET_CPU].u = cost->target_cpu_ns;
    row[RAW].u = cost->raw_bytes;
    row[STORED].u = cost->stored_bytes;
    row[TICKS].u = cost->clock_ticks_per_s;
}

static void cost_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    const struct model_totals *totals = model_get_totals(model);
    struct cost_definition cost = totals->cost;
    if (!totals->cost_known)
        cost.events = totals->events;
    union cell *row = table_row(table);
    cost_counts(&cost, totals, row);
    cost_rates(&cost, model, row);
    row[CLOCK].text = cost_clock(cost.clock);
    if (!totals->cost_known)
        table_note(table, "the trace does not say what the recorder itself cost");
}

const struct analysis analysis_cost = {
    .name = "cost",
    .title = "Cost of recording",
    .about = "What the recording itself cost, what it missed and how exact its clock is, as the recorder told it last.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = cost_answer,
};
