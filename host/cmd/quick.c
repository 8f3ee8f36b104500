/* quick: in the totals at a trace's end, out tables at once. Columns are named as those of the analyses that count the same. */
#include "quick.h"

enum { EVENTS, DURATION, PROCESSES, THREADS, ALLOCATIONS, ALLOCATED, FREES, PEAK, PEAK_COUNT, PEAK_TIME, LEAKED, LEAKED_COUNT, LOST, SUMMARY_COLUMNS };

static const struct column summary_columns[SUMMARY_COLUMNS] = {
    [EVENTS] = {"events", "Events", "", "events of the trace, without definitions", COLUMN_COUNT},
    [DURATION] = {"duration_ns", "Duration", "", "time of the last event", COLUMN_DURATION},
    [PROCESSES] = {"processes", "Processes", "", "process images: each fork and each exec makes one", COLUMN_COUNT},
    [THREADS] = {"threads", "Threads", "", "threads of all processes", COLUMN_COUNT},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births + successful reallocs", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes asked for, summed over the allocations", COLUMN_BYTES},
    [FREES] = {"frees", "Frees", "", "blocks freed + blocks replaced by realloc", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Peak", "", "highest sum of live bytes over all heaps of all processes", COLUMN_BYTES},
    [PEAK_COUNT] = {"peak_count", "Blocks at peak", "", "live blocks at that moment", COLUMN_COUNT},
    [PEAK_TIME] = {"peak_time_ns", "Time of peak", "", "when the peak was reached first", COLUMN_TIME},
    [LEAKED] = {"leaked_bytes", "Never freed", "", "live when their process ended", COLUMN_BYTES},
    [LEAKED_COUNT] = {"leaked_count", "Blocks never freed", "", "their blocks", COLUMN_COUNT},
    [LOST] = {"lost_events", "Lost events", "", "events that were not recorded", COLUMN_COUNT},
};

void quick_summary(struct table *table, const struct trace_totals *totals)
{
    table_init(table, "quick_summary", "Summary", "The totals that the recorder kept, from the end of the trace.", TABLE_ROWS, summary_columns, SUMMARY_COLUMNS);
    union cell *row = table_row(table);
    row[EVENTS].u = totals->events;
    row[DURATION].u = totals->duration_ns;
    row[PROCESSES].u = totals->processes;
    row[THREADS].u = totals->threads;
    row[ALLOCATIONS].u = totals->allocations;
    row[ALLOCATED].u = totals->allocated_bytes;
    row[FREES].u = totals->frees;
    row[PEAK].u = totals->peak_bytes;
    row[PEAK_COUNT].u = totals->peak_count;
    row[PEAK_TIME].u = totals->peak_time_ns;
    row[LEAKED].u = totals->leaked_bytes;
    row[LEAKED_COUNT].u = totals->leaked_count;
    row[LOST].u = totals->cost.lost_events;
}

enum { SITE_BYTES, SITE_SHARE, SITE_COUNT, SITE_STACK, SITE_COLUMNS };

static const struct column site_columns[SITE_COLUMNS] = {
    [SITE_BYTES] = {"bytes", "Bytes", "", "bytes asked for", COLUMN_BYTES},
    [SITE_SHARE] = {"share", "Share", "", "bytes / bytes of all sites", COLUMN_RATIO},
    [SITE_COUNT] = {"count", "Blocks", "", "blocks", COLUMN_COUNT},
    [SITE_STACK] = {"stack", "Where", "", "the stack that made them", COLUMN_STACK},
};

static void sites_put(struct table *table, const struct trace_site_total *sites, uint64_t whole_bytes)
{
    for (size_t i = 0; i < TRACE_TOP_SITES && sites[i].stack; i++) {
        union cell *row = table_row(table);
        row[SITE_BYTES].u = sites[i].bytes;
        row[SITE_SHARE].f = whole_bytes ? (double)sites[i].bytes / (double)whole_bytes : 0;
        row[SITE_COUNT].u = sites[i].count;
        row[SITE_STACK].u = sites[i].stack;
    }
}

void quick_peak(struct table *table, const struct trace_totals *totals)
{
    table_init(table, "quick_peak", "Peak", "The sites that held most when all heaps together held most.", TABLE_ROWS, site_columns, SITE_COLUMNS);
    sites_put(table, totals->peak_sites, totals->peak_bytes);
}

void quick_leaks(struct table *table, const struct trace_totals *totals)
{
    table_init(table, "quick_leaks", "Never freed", "The sites of most bytes that were live when their process ended.", TABLE_ROWS, site_columns, SITE_COLUMNS);
    sites_put(table, totals->leaked_sites, totals->leaked_bytes);
}
