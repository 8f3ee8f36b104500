/* pinning: in the layout of each heap, out the runs of blocks that keep free pieces apart: who made them, and how old they are. */
#include "answer.h"
#include "heap_layout.h"

enum { HEAP, START, BYTES, BLOCKS, BEFORE, BEHIND, GAIN, JOINED, AGE, NEWEST, STACK, SITES, THREAD, NAME, ENDED, PROCESS };

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc", COLUMN_COUNT},
    [START] = {"start", "Start", "", "address of the run's first block", COLUMN_ADDRESS},
    [BYTES] = {"bytes", "Bytes", "", "that its blocks may use", COLUMN_BYTES},
    [BLOCKS] = {"blocks", "Blocks", "", "live blocks side by side between two free pieces", COLUMN_COUNT},
    [BEFORE] = {"before_bytes", "Free before", "", "the free piece before the run", COLUMN_BYTES},
    [BEHIND] = {"behind_bytes", "Free behind", "", "the free piece behind it", COLUMN_BYTES},
    [GAIN] = {"gain_bytes", "Gain", "", "the smaller one of them: what the larger one would gain at least if the run were not there", COLUMN_BYTES},
    [JOINED] = {"joined_bytes", "Joined", "", "before_bytes + bytes + behind_bytes: the one piece that there would be then", COLUMN_BYTES},
    [AGE] = {"age_ns", "Age", "", "of its oldest block, at the end of the range or of its process", COLUMN_DURATION},
    [NEWEST] = {"newest_age_ns", "Youngest", "", "of its newest block", COLUMN_DURATION},
    [STACK] = {"stack", "Site", "", "the call stack that made its oldest block", COLUMN_STACK},
    [SITES] = {"one_site", "One site", "", "1: it made all of them", COLUMN_COUNT},
    [THREAD] = {"thread", "Thread", "id", "id of the thread, or task, that made its oldest block", COLUMN_COUNT},
    [NAME] = {"thread_name", "Made by", "", "its name", COLUMN_TEXT},
    [ENDED] = {"ended", "Ended", "", "1: its process has ended, and this was its end", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

enum { PINNING_ROWS = 1024 };

static void pin_row(const struct model *model, const struct heap_layout_found *found, const struct heap_layout_pin *pin, struct table *table)
{
    size_t count;
    union cell *row = table_row(table);
    row[HEAP].u = found->heap;
    row[PROCESS].u = found->process;
    row[ENDED].u = found->has_ended;
    row[START].u = pin->start;
    row[BYTES].u = pin->bytes;
    row[BLOCKS].u = pin->blocks;
    row[BEFORE].u = pin->before;
    row[BEHIND].u = pin->behind;
    row[GAIN].u = heap_layout_pin_gain(pin);
    row[JOINED].u = pin->before + pin->bytes + pin->behind;
    row[AGE].u = age_ns(pin->oldest_ns, heap_layout_time(found, model));
    row[NEWEST].u = age_ns(pin->newest_ns, heap_layout_time(found, model));
    row[STACK].u = model_sites(model, &count)[pin->site].stack;
    row[SITES].u = pin->is_one_site;
    row[THREAD].u = pin->thread;
    row[NAME].text = heap_layout_thread_name(model, pin->thread, table);
}

static void pinning_answer(const void *state, const struct model *model, struct table *table)
{
    const struct heap_layout_found *found;
    for (size_t i = 0; (found = heap_layout_ask(state, model, i)); i++)
        for (size_t j = 0; j < found->pins.count; j++)
            pin_row(model, found, found->pins.at + j, table);
    table_sort(table, GAIN, true, PINNING_ROWS);
    heap_layout_note(state, model, table);
}

const struct analysis analysis_pinning = {
    .name = "pinning",
    .title = "Blocks that pin free memory",
    .about = "One row per run of live blocks that alone keeps two free pieces of a heap apart: what would be one piece without them. The 256 runs of each heap "
             "that keep most apart.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_layout_begin,
    .see = heap_layout_see,
    .end = heap_layout_end,
    .answer = pinning_answer,
};
