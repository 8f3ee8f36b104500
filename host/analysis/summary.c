/* summary: in the model's totals, out one row: what the run needed and what it left. */
#include "answer.h"

enum {
    EVENTS,
    DURATION,
    PROCESSES,
    THREADS,
    SITES,
    ALLOCATIONS,
    ALLOCATED,
    FREES,
    FREED,
    RESIZES,
    PEAK,
    PEAK_COUNT,
    PEAK_TIME,
    LIVE,
    LIVE_COUNT,
    LEAKED,
    LEAKED_COUNT,
    REFUSED,
    UNKNOWN,
    FOREIGN,
    VANISHED,
    LOST,
    MAPPED_PEAK,
    ALLOCATED_LOW,
    ALLOCATED_HIGH,
    PEAK_LOW,
    PEAK_HIGH
};

static const struct column columns[] = {
    [EVENTS] = {"events", "Events", "", "events in the range, without definitions", COLUMN_COUNT},
    [DURATION] = {"duration_ns", "Duration", "", "last event - first moment of the range", COLUMN_DURATION},
    [PROCESSES] = {"processes", "Processes", "", "process images: each fork and each exec makes one", COLUMN_COUNT},
    [THREADS] = {"threads", "Threads", "", "threads of all processes", COLUMN_COUNT},
    [SITES] = {"sites", "Sites", "", "distinct stacks that had blocks, allocated, were refused memory or mapped pages", COLUMN_COUNT},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births + successful reallocs", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes asked for, summed over the allocations", COLUMN_BYTES},
    [FREES] = {"frees", "Frees", "", "blocks freed + blocks replaced by realloc", COLUMN_COUNT},
    [FREED] = {"freed_bytes", "Freed", "", "their bytes as asked for", COLUMN_BYTES},
    [RESIZES] = {"resizes", "Reallocs", "", "successful reallocs, as recorded (each is one of `allocations`)", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Peak", "", "highest sum of live bytes over all heaps of all processes", COLUMN_BYTES},
    [PEAK_COUNT] = {"peak_count", "Blocks at peak", "", "live blocks at that moment", COLUMN_COUNT},
    [PEAK_TIME] = {"peak_time_ns", "Time of peak", "", "when the peak was reached first", COLUMN_TIME},
    [LIVE] = {"live_bytes", "Live now", "", "live bytes of running processes at the end of the range", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live blocks", "", "their blocks", COLUMN_COUNT},
    [LEAKED] = {"leaked_bytes", "Never freed", "", "live when their process ended, or at the end of the range", COLUMN_BYTES},
    [LEAKED_COUNT] = {"leaked_count", "Blocks never freed", "", "their blocks", COLUMN_COUNT},
    [REFUSED] = {"refused", "Refused", "", "allocations that failed", COLUMN_COUNT},
    [UNKNOWN] = {"unknown_frees", "Unknown frees", "", "frees and reallocs of an address where no block was known", COLUMN_COUNT},
    [FOREIGN] = {"inherited_frees", "Inherited frees", "", "the same in forked children: the block may be the parent's", COLUMN_COUNT},
    [VANISHED] = {"vanished", "Vanished", "", "blocks that must have ended unseen, since another was born at their address", COLUMN_COUNT},
    [LOST] = {"lost_events", "Lost events", "", "events that gaps in the trace report as missing", COLUMN_COUNT},
    [MAPPED_PEAK] = {"mapped_peak_bytes", "Mapped at most", "", "highest sum of live page maps of all processes", COLUMN_BYTES},
    [ALLOCATED_LOW] = {"allocated_low_bytes", "Allocated, low", "", "lower 95 % limit of allocated_bytes", COLUMN_BYTES},
    [ALLOCATED_HIGH] = {"allocated_high_bytes", "Allocated, high", "", "upper 95 % limit of allocated_bytes", COLUMN_BYTES},
    [PEAK_LOW] = {"peak_low_bytes", "Peak, low", "", "lower 95 % limit of peak_bytes", COLUMN_BYTES},
    [PEAK_HIGH] = {"peak_high_bytes", "Peak, high", "", "upper 95 % limit of peak_bytes", COLUMN_BYTES},
};

static void summary_course(const struct model *model, union cell *row)
{
    const struct model_totals *totals = model_get_totals(model);
    row[EVENTS].u = totals->events;
    row[DURATION].u = age_ns(totals->begin_ns, model_time(model));
    row[PROCESSES].u = totals->processes;
    row[THREADS].u = totals->threads;
    row[SITES].u = model_count_sites(model);
    row[RESIZES].u = totals->resizes;
    row[REFUSED].u = totals->refused;
    row[UNKNOWN].u = totals->unknown_frees;
    row[FOREIGN].u = totals->foreign_frees;
    row[VANISHED].u = tally_count(totals->vanished);
    row[LOST].u = totals->lost_events;
    row[MAPPED_PEAK].u = totals->mapped_peak_bytes;
}

static void summary_account(const struct model_totals *totals, union cell *row)
{
    const struct account *account = &totals->account;
    struct tally leaked = totals->left;
    tally_add(&leaked, account->live);
    row[ALLOCATIONS].u = tally_count(account->allocated);
    row[ALLOCATED].u = account->allocated.bytes;
    row[FREES].u = tally_count(account->freed);
    row[FREED].u = account->freed.bytes;
    row[PEAK].u = account->peak.bytes;
    row[PEAK_COUNT].u = tally_count(account->peak);
    row[PEAK_TIME].u = account->peak_time_ns;
    row[LIVE].u = account->live.bytes;
    row[LIVE_COUNT].u = tally_count(account->live);
    row[LEAKED].u = leaked.bytes;
    row[LEAKED_COUNT].u = tally_count(leaked);
}

static void summary_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    const struct model_totals *totals = model_get_totals(model);
    union cell *row = table_row(table);
    summary_course(model, row);
    summary_account(totals, row);
    if (table->column_count > ALLOCATED_LOW) {
        answer_interval(row + ALLOCATED_LOW, &totals->allocated_spread, row[ALLOCATED].u);
        answer_interval(row + PEAK_LOW, &totals->peak_spread, row[PEAK].u);
    }
    if (totals->lost_events)
        table_note(table, "%llu events are missing in %llu gaps", (unsigned long long)totals->lost_events, (unsigned long long)totals->gaps);
    if (totals->unknown_frees)
        table_note(table, "%llu frees of unknown blocks: made before the recording, or freed twice", (unsigned long long)totals->unknown_frees);
}

const struct analysis analysis_summary = {
    .name = "summary",
    .title = "Summary",
    .about = "The whole range in one row. Bytes are bytes asked for, of all heaps of all processes; a realloc that succeeds counts as one free and "
             "one allocation.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .sampled_column_count = 4,
    .answer = summary_answer,
};
