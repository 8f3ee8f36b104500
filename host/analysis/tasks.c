/* tasks: in the model's threads that have told something of their stacks, out one row per task: its stack and what it allocates. */
#include "answer.h"

enum { TASK, NAME, SIZE, MOST_USED, LEFT, USED_SHARE, LEVEL, CANARY, ALLOCATIONS, ALLOCATED, LIVE, LIVE_COUNT, PEAK, REFUSED, NOW, PRIORITY, BASE, PROCESS };

static const struct column columns[] = {
    [TASK] = {"task", "Task", "id", "its number as a thread of the trace; 0: interrupts, or main before there were tasks", COLUMN_COUNT},
    [NAME] = {"name", "Name", "", "as the system calls it", COLUMN_TEXT},
    [SIZE] = {"stack_bytes", "Stack", "", "size of its stack; 0 if not known", COLUMN_BYTES},
    [MOST_USED] = {"most_used_bytes", "High water", "", "most that was ever used of it: stack_bytes - left_bytes", COLUMN_BYTES},
    [LEFT] = {"left_bytes", "Left", "", "bytes of the stack that were never used", COLUMN_BYTES},
    [USED_SHARE] = {"used_share", "Used share", "", "most_used_bytes / stack_bytes", COLUMN_RATIO},
    [LEVEL] = {"level", "Level", "", "critical: the canary is broken or less than 5 % were never used; warn: less than 20 %; ok; empty: not watched",
               COLUMN_TEXT},
    [CANARY] = {"canary", "Canary", "", "the word at its end: whole or broken; empty: not watched", COLUMN_TEXT},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs by this task", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes that they asked for", COLUMN_BYTES},
    [LIVE] = {"live_bytes", "Live", "", "bytes of blocks that it made and that live at the end of the range", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live blocks", "", "those blocks", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Peak", "", "most bytes of blocks that it made that were live at once", COLUMN_BYTES},
    [REFUSED] = {"refused", "Refused", "", "its allocations that failed", COLUMN_COUNT},
    [NOW] = {"used_bytes", "Now", "", "in use when it was looked at last", COLUMN_BYTES},
    [PRIORITY] = {"priority", "Priority", "", "in the system's own numbers", COLUMN_COUNT},
    [BASE] = {"stack_base", "Stack at", "", "lowest address of the stack; 0 if not known", COLUMN_ADDRESS},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static const char *level_of(const union cell *row, bool is_broken)
{
    double left = 1 - row[USED_SHARE].f;
    return is_broken || left < 0.05 ? "critical" : left < 0.2 ? "warn" : "ok";
}

static void stack_put(union cell *row, const struct thread *thread)
{
    bool is_broken = thread->use.flags & STACK_CANARY_BROKEN;
    row[BASE].u = thread->stack_base;
    row[SIZE].u = thread->use.size ? thread->use.size : thread->stack_bytes;
    row[LEFT].u = thread->use.least_free < row[SIZE].u ? thread->use.least_free : row[SIZE].u;
    row[CANARY].text = row[LEVEL].text = "";
    if (!thread->use_known || !row[SIZE].u)
        return;
    row[MOST_USED].u = row[SIZE].u - row[LEFT].u;
    row[USED_SHARE].f = ratio((double)row[MOST_USED].u, (double)row[SIZE].u);
    row[NOW].u = thread->use.used;
    row[CANARY].text = is_broken ? "broken" : "whole";
    row[LEVEL].text = level_of(row, is_broken);
}

static void tasks_row(const struct thread *thread, struct table *table)
{
    union cell *row = table_row(table);
    row[TASK].u = thread->id;
    row[PROCESS].u = thread->process;
    row[NAME].text = thread->id ? table_text(table, "%s", thread->name) : "(interrupts)";
    row[PRIORITY].u = thread->priority;
    stack_put(row, thread);
    row[ALLOCATIONS].u = tally_count(thread->account.allocated);
    row[ALLOCATED].u = thread->account.allocated.bytes;
    row[LIVE].u = thread->account.live.bytes;
    row[LIVE_COUNT].u = tally_count(thread->account.live);
    row[PEAK].u = thread->account.peak.bytes;
    row[REFUSED].u = thread->refused;
}

static bool tells_stacks(const struct thread *threads, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (threads[i].use_known || threads[i].stack_bytes)
            return true;
    return false;
}

static void tasks_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct thread *threads = model_threads(model, &count);
    for (size_t i = 0; tells_stacks(threads, count) && i < count; i++)
        if (i || threads[i].use_known || threads[i].account.peak.count)
            tasks_row(threads + i, table);
    table_sort(table, USED_SHARE, true, 0);
}

const struct analysis analysis_tasks = {
    .name = "tasks",
    .title = "Tasks",
    .about = "One row per task of a firmware, and one for its interrupts: how much of the stack was ever used, the fullest first, and what it allocates.",
    .is_rare = true,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = tasks_answer,
};
