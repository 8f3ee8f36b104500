/* threads: in the model's threads, out one row per thread. */
#include "answer.h"

enum {
    THREAD,
    PROCESS,
    TID,
    NAME,
    ALLOCATIONS,
    ALLOCATED,
    LIVE,
    LIVE_COUNT,
    PEAK,
    FREES,
    FREED,
    FOREIGN,
    FOREIGN_SHARE,
    TEMPORARY,
    REFUSED,
    BEGIN,
    ENDED,
    END
};

static const struct column columns[] = {
    [THREAD] = {"thread", "Thread", "id", "id in the trace, from 1 across all processes; 0: not known", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
    [TID] = {"tid", "TID", "id", "the system's thread id", COLUMN_COUNT},
    [NAME] = {"name", "Name", "", "its last name", COLUMN_TEXT},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs by this thread", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes that they asked for", COLUMN_BYTES},
    [LIVE] = {"live_bytes", "Live", "", "bytes of blocks that it made and that live in a running process at the end of the range", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live blocks", "", "those blocks", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Peak", "", "most bytes of blocks that it made that were live at once", COLUMN_BYTES},
    [FREES] = {"frees", "Frees", "", "blocks that this thread freed, whoever made them (without reallocs)", COLUMN_COUNT},
    [FREED] = {"freed_bytes", "Freed", "", "their bytes", COLUMN_BYTES},
    [FOREIGN] = {"foreign_frees", "Foreign frees", "", "of `frees`: blocks that another thread made", COLUMN_COUNT},
    [FOREIGN_SHARE] = {"foreign_share", "Foreign share", "", "foreign_frees / frees", COLUMN_RATIO},
    [TEMPORARY] = {"temporary", "Temporary", "", "of `frees`: blocks that it had made itself, with no allocation of its own in between", COLUMN_COUNT},
    [REFUSED] = {"refused", "Refused", "", "its allocations that failed", COLUMN_COUNT},
    [BEGIN] = {"begin_ns", "Begin", "", "when the trace first names it", COLUMN_TIME},
    [ENDED] = {"ended", "Ended", "", "1 if its end is in the trace", COLUMN_COUNT},
    [END] = {"end_ns", "End", "", "when it ended; 0 if not known", COLUMN_TIME},
};

static void threads_row(const struct thread *thread, struct table *table)
{
    union cell *row = table_row(table);
    row[THREAD].u = thread->id;
    row[PROCESS].u = thread->process;
    row[TID].u = thread->tid;
    row[NAME].text = table_text(table, "%s", thread->name);
    row[ALLOCATIONS].u = tally_count(thread->account.allocated);
    row[ALLOCATED].u = thread->account.allocated.bytes;
    row[LIVE].u = thread->account.live.bytes;
    row[LIVE_COUNT].u = tally_count(thread->account.live);
    row[PEAK].u = thread->account.peak.bytes;
    row[FREES].u = tally_count(thread->frees);
    row[FREED].u = thread->frees.bytes;
    row[FOREIGN].u = tally_count(thread->foreign_frees);
    row[FOREIGN_SHARE].f = ratio((double)thread->foreign_frees.count, (double)thread->frees.count);
    row[TEMPORARY].u = tally_count(thread->temporary);
    row[REFUSED].u = thread->refused;
    row[BEGIN].u = thread->begin_ns;
    row[ENDED].u = thread->ended;
    row[END].u = thread->end_ns;
}

static void threads_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct thread *threads = model_threads(model, &count);
    for (size_t i = 0; i < count; i++)
        if (i || threads[i].account.peak.count || threads[i].frees.count)
            threads_row(threads + i, table);
    table_sort(table, ALLOCATED, true, 0);
}

const struct analysis analysis_threads = {
    .name = "threads",
    .title = "Threads",
    .about = "One row per thread: what it allocates and frees, and how much it frees of what others made.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = threads_answer,
};
