/* pinning_sites: in the runs of blocks that keep free pieces apart, out one row per heap, call stack and thread: how much each pins. */
#include "answer.h"
#include "heap_layout.h"

enum { HEAP, GAIN, RUNS, BLOCKS, BYTES, AGE, NEWEST, STACK, THREAD, NAME, ENDED, PROCESS };

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc", COLUMN_COUNT},
    [GAIN] = {"gain_bytes", "Pins", "", "sum over the runs of the smaller free piece beside each", COLUMN_BYTES},
    [RUNS] = {"runs", "Runs", "", "runs of live blocks that lie alone between two free pieces", COLUMN_COUNT},
    [BLOCKS] = {"blocks", "Blocks", "", "their blocks", COLUMN_COUNT},
    [BYTES] = {"bytes", "Bytes", "", "that these may use", COLUMN_BYTES},
    [AGE] = {"age_ns", "Oldest", "", "age of the oldest of them, at the end of the range or of its process", COLUMN_DURATION},
    [NEWEST] = {"newest_age_ns", "Youngest", "", "age of the newest", COLUMN_DURATION},
    [STACK] = {"stack", "Site", "", "the call stack that made all blocks of these runs; none: runs with blocks of several sites or threads", COLUMN_STACK},
    [THREAD] = {"thread", "Thread", "id", "id of the thread, or task, that did", COLUMN_COUNT},
    [NAME] = {"thread_name", "Made by", "", "its name", COLUMN_TEXT},
    [ENDED] = {"ended", "Ended", "", "1: its process has ended, and this was its end", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static void pinner_row(const struct model *model, const struct heap_layout_found *found, const struct heap_layout_pinner *pinner, struct table *table)
{
    size_t count;
    union cell *row = table_row(table);
    row[HEAP].u = found->heap;
    row[PROCESS].u = found->process;
    row[ENDED].u = found->has_ended;
    row[GAIN].u = pinner->gain;
    row[RUNS].u = pinner->runs;
    row[BLOCKS].u = pinner->blocks;
    row[BYTES].u = pinner->bytes;
    row[AGE].u = age_ns(pinner->oldest_ns, heap_layout_time(found, model));
    row[NEWEST].u = age_ns(pinner->newest_ns, heap_layout_time(found, model));
    row[STACK].u = model_sites(model, &count)[pinner->site].stack;
    row[THREAD].u = pinner->thread;
    row[NAME].text = heap_layout_thread_name(model, pinner->thread, table);
}

static void pinning_sites_answer(const void *state, const struct model *model, struct table *table)
{
    const struct heap_layout_found *found;
    for (size_t i = 0; (found = heap_layout_ask(state, model, i)); i++)
        for (size_t j = 0; j < found->pinners.count; j++)
            pinner_row(model, found, found->pinners.at + j, table);
    table_sort(table, GAIN, true, 0);
    heap_layout_note(state, model, table);
}

const struct analysis analysis_pinning_sites = {
    .name = "pinning_sites",
    .title = "Who pins free memory",
    .about = "One row per heap, call stack and thread: the runs of blocks in table `pinning`, all of them, summed up by who made them.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_layout_begin,
    .see = heap_layout_see,
    .end = heap_layout_end,
    .answer = pinning_sites_answer,
};
