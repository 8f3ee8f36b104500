/* heap_cells: in the layout of the largest heaps, out their memory in cells of equal size, by address. */
#include "answer.h"
#include "heap_layout.h"

enum { START, END, BYTES, USED, FILL, BLOCKS, STACK, AGE, HEAP, NAME, ENDED, PROCESS };

static const struct column columns[] = {
    [START] = {"start", "Start", "", "address of its first byte", COLUMN_ADDRESS},
    [END] = {"end", "End", "", "address behind its last byte", COLUMN_ADDRESS},
    [BYTES] = {"bytes", "Bytes", "", "end - start; the same for all cells of a heap, but for the last of each stretch", COLUMN_BYTES},
    [USED] = {"used_bytes", "Used", "", "of them, those that live blocks may use", COLUMN_BYTES},
    [FILL] = {"fill", "Fill", "", "used_bytes / bytes", COLUMN_RATIO},
    [BLOCKS] = {"blocks", "Blocks", "", "live blocks that begin in it", COLUMN_COUNT},
    [STACK] = {"stack", "Site", "", "the call stack that made the block with most bytes in it", COLUMN_STACK},
    [AGE] = {"age_ns", "Age", "", "of that block, at the end of the range or of its process", COLUMN_DURATION},
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc", COLUMN_COUNT},
    [NAME] = {"name", "Name", "", "as the program called it", COLUMN_TEXT},
    [ENDED] = {"ended", "Ended", "", "1: its process has ended, and this was its end", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static void cell_row(const struct model *model, const struct heap_layout_found *found, const struct heap_layout_cell *cell, const char *name,
                     struct table *table)
{
    size_t count;
    union cell *row = table_row(table);
    row[START].u = cell->start;
    row[END].u = cell->end;
    row[BYTES].u = cell->end - cell->start;
    row[USED].u = cell->used;
    row[FILL].f = ratio((double)cell->used, (double)row[BYTES].u);
    row[BLOCKS].u = cell->blocks;
    row[STACK].u = cell->most ? model_sites(model, &count)[cell->site].stack : 0;
    row[AGE].u = cell->most ? age_ns(cell->birth_ns, heap_layout_time(found, model)) : 0;
    row[HEAP].u = found->heap;
    row[NAME].text = name;
    row[ENDED].u = found->has_ended;
    row[PROCESS].u = found->process;
}

static void heap_cells_answer(const void *state, const struct model *model, struct table *table)
{
    const struct heap_layout_found *found;
    for (size_t i = 0; (found = heap_layout_ask(state, model, i)); i++) {
        const struct heap *heap = heap_layout_heap_named(model, found->process, found->heap);
        const char *name = found->cells.count && heap ? table_text(table, "%s", heap->name) : "";
        for (size_t j = 0; j < found->cells.count; j++)
            cell_row(model, found, found->cells.at + j, name, table);
    }
    heap_layout_note(state, model, table);
}

const struct analysis analysis_heap_cells = {
    .name = "heap_cells",
    .title = "Heap in cells",
    .about = "The memory of the four largest heaps (those that live, and as many whose process has ended) in at most 4,096 cells of equal size each, by "
             "address, as `fragmentation` "
             "finds it: stretches, and blocks with pages of their own.",
    .shape = TABLE_MAP,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_layout_begin,
    .see = heap_layout_see,
    .end = heap_layout_end,
    .answer = heap_cells_answer,
};
