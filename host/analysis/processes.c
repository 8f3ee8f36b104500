/* processes: in the model's processes, out one row per process image. */
#include "answer.h"

enum {
    PROCESS,
    PARENT,
    PID,
    HOW,
    COMMAND,
    END,
    ALLOCATIONS,
    ALLOCATED,
    FREES,
    PEAK,
    PEAK_COUNT,
    PEAK_TIME,
    LIVE,
    LEAKED,
    LEAKED_COUNT,
    REFUSED,
    UNKNOWN,
    FOREIGN,
    MAPPED_PEAK,
    BEGIN_NS,
    END_NS
};

static const struct column columns[] = {
    [PROCESS] = {"process", "Process", "id", "id of the image in the trace; 0: not known", COLUMN_COUNT},
    [PARENT] = {"parent", "Parent", "id", "id of the image that it came from; 0: none", COLUMN_COUNT},
    [PID] = {"pid", "PID", "id", "the system's process id", COLUMN_COUNT},
    [HOW] = {"how", "How", "", "first, fork or exec", COLUMN_TEXT},
    [COMMAND] = {"command", "Command", "", "what it runs", COLUMN_TEXT},
    [END] = {"end", "End", "", "exit status or signal, if the trace has it", COLUMN_TEXT},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes that they asked for", COLUMN_BYTES},
    [FREES] = {"frees", "Frees", "", "blocks freed or replaced by realloc", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Peak", "", "the process's own highest live bytes", COLUMN_BYTES},
    [PEAK_COUNT] = {"peak_count", "Blocks at peak", "", "its live blocks at that moment", COLUMN_COUNT},
    [PEAK_TIME] = {"peak_time_ns", "Time of peak", "", "when that was first", COLUMN_TIME},
    [LIVE] = {"live_bytes", "Live", "", "live bytes at the end of the range; 0 if it ended", COLUMN_BYTES},
    [LEAKED] = {"leaked_bytes", "Never freed", "", "live bytes when it ended, or at the end of the range", COLUMN_BYTES},
    [LEAKED_COUNT] = {"leaked_count", "Blocks never freed", "", "those blocks", COLUMN_COUNT},
    [REFUSED] = {"refused", "Refused", "", "allocations that failed", COLUMN_COUNT},
    [UNKNOWN] = {"unknown_frees", "Unknown frees", "", "frees and reallocs of an address where no block was known", COLUMN_COUNT},
    [FOREIGN] = {"inherited_frees", "Inherited frees", "", "the same in a forked child: the block may be the parent's", COLUMN_COUNT},
    [MAPPED_PEAK] = {"mapped_peak_bytes", "Mapped at most", "", "highest sum of its live page maps", COLUMN_BYTES},
    [BEGIN_NS] = {"begin_ns", "Begin", "", "when the trace first names it", COLUMN_TIME},
    [END_NS] = {"end_ns", "End time", "", "when it ended; 0 if not known", COLUMN_TIME},
};

/* The status is that of wait(2) on Linux: a signal in the low seven bits, else an exit status in the next byte. */
static const char *process_end(const struct process *process, struct table *table)
{
    if (!process->ended)
        return "running";
    if (!process->status_known)
        return "not known";
    if (process->status & 0x7f)
        return table_text(table, "signal %u", (unsigned)(process->status & 0x7f));
    return table_text(table, "exit %u", (unsigned)(process->status >> 8 & 0xff));
}

static void processes_names(const struct process *process, struct table *table, union cell *row)
{
    static const char *const ways[] = {"first", "fork", "exec"};
    row[PROCESS].u = process->id;
    row[PARENT].u = process->parent;
    row[PID].u = process->pid;
    row[HOW].text = process->how < 3 ? ways[process->how] : "not known";
    row[COMMAND].text = table_text(table, "%s", process->command);
    row[END].text = process_end(process, table);
    row[BEGIN_NS].u = process->begin_ns;
    row[END_NS].u = process->end_ns;
}

static void processes_row(const struct process *process, struct table *table)
{
    union cell *row = table_row(table);
    const struct account *account = &process->account;
    struct tally leaked = process->left;
    tally_add(&leaked, account->live);
    processes_names(process, table, row);
    row[ALLOCATIONS].u = tally_count(account->allocated);
    row[ALLOCATED].u = account->allocated.bytes;
    row[FREES].u = tally_count(account->freed);
    row[PEAK].u = account->peak.bytes;
    row[PEAK_COUNT].u = tally_count(account->peak);
    row[PEAK_TIME].u = account->peak_time_ns;
    row[LIVE].u = account->live.bytes;
    row[LEAKED].u = leaked.bytes;
    row[LEAKED_COUNT].u = tally_count(leaked);
    row[REFUSED].u = process->refused;
    row[UNKNOWN].u = process->unknown_frees;
    row[FOREIGN].u = process->foreign_frees;
    row[MAPPED_PEAK].u = process->mapped_peak_bytes;
}

static void processes_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct process *processes = model_processes(model, &count);
    for (size_t i = 0; i < count; i++)
        if (i || processes[i].account.peak.count)
            processes_row(processes + i, table);
    table_sort(table, PEAK, true, 0);
}

const struct analysis analysis_processes = {
    .name = "processes",
    .title = "Processes",
    .about = "One row per process image: a fork makes one, an exec ends one and makes one. A forked child starts with no blocks: what it shares with "
             "its parent stays the parent's.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = processes_answer,
};
