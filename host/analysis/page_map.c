/* page_map: in the model's page maps, out the address map of those that are live. */
#include "answer.h"

enum { START, END, BYTES, PROCESS, STACK, THREAD, BIRTH };

static const struct column columns[] = {
    [START] = {"start", "Start", "", "first address", COLUMN_ADDRESS},
    [END] = {"end", "End", "", "address behind the last", COLUMN_ADDRESS},
    [BYTES] = {"bytes", "Bytes", "", "end - start", COLUMN_BYTES},
    [PROCESS] = {"process", "Process", "id", "id of the process image", COLUMN_COUNT},
    [STACK] = {"stack", "Site", "", "the call stack that mapped it", COLUMN_STACK},
    [THREAD] = {"thread", "Thread", "id", "id of the thread that mapped it", COLUMN_COUNT},
    [BIRTH] = {"birth_ns", "Since", "", "when it was mapped", COLUMN_TIME},
};

struct page_rows {
    const struct site *sites;
    struct table *table;
};

static void page_map_visit(void *context, const struct page_range *range)
{
    const struct page_rows *answer = context;
    union cell *row = table_row(answer->table);
    row[START].u = range->start;
    row[END].u = range->end;
    row[BYTES].u = range->end - range->start;
    row[PROCESS].u = range->process;
    row[STACK].u = answer->sites[range->site].stack;
    row[THREAD].u = range->thread;
    row[BIRTH].u = range->birth_ns;
}

static void page_map_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    struct page_rows answer = {model_sites(model, &count), table};
    model_each_pages(model, page_map_visit, &answer);
}

const struct analysis analysis_page_map = {
    .name = "page_map",
    .title = "Page maps",
    .about = "The page maps that are live at the end of the range, by process and address. Empty unless page maps were recorded.",
    .shape = TABLE_MAP,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = page_map_answer,
};
