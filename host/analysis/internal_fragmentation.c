/* internal_fragmentation: in the live blocks of each heap, out one row per heap and class of sizes: what they take beyond what they asked for. */
#include "answer.h"
#include "heap_layout.h"

enum { HEAP, FROM, TO, BLOCKS, ASKED, TAKEN, ROUNDING, HEADERS, SHARE, ENDED, PROCESS };

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc", COLUMN_COUNT},
    [FROM] = {"from_bytes", "From", "", "smallest size of the class: a power of two", COLUMN_BYTES},
    [TO] = {"to_bytes", "To", "", "largest size of the class", COLUMN_BYTES},
    [BLOCKS] = {"blocks", "Blocks", "", "live blocks that asked for a size in the class", COLUMN_COUNT},
    [ASKED] = {"asked_bytes", "Asked", "", "bytes that they asked for", COLUMN_BYTES},
    [TAKEN] = {"taken_bytes", "Taken", "", "asked_bytes + rounding_bytes + header_bytes", COLUMN_BYTES},
    [ROUNDING] = {"rounding_bytes", "Rounding", "",
                  "what they may use beyond what they asked for; where the trace does not tell, up to the next multiple of what all addresses of the "
                  "heap are multiples of",
                  COLUMN_BYTES},
    [HEADERS] = {"header_bytes", "Headers", "", "blocks x the header that `fragmentation` finds", COLUMN_BYTES},
    [SHARE] = {"internal", "Internal", "", "1 - asked_bytes / taken_bytes", COLUMN_RATIO},
    [ENDED] = {"ended", "Ended", "", "1: its process has ended, and this was its end", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static void class_row(const struct heap_layout_found *found, unsigned number, struct table *table)
{
    const struct heap_layout_class *class = found->classes + number;
    union cell *row = table_row(table);
    row[HEAP].u = found->heap;
    row[PROCESS].u = found->process;
    row[ENDED].u = found->has_ended;
    row[FROM].u = size_class_from(number);
    row[TO].u = size_class_to(number);
    row[BLOCKS].u = class->blocks;
    row[ASKED].u = class->asked;
    row[ROUNDING].u = class->usable > class->asked ? class->usable - class->asked : 0;
    row[HEADERS].u = class->blocks * found->header;
    row[TAKEN].u = row[ASKED].u + row[ROUNDING].u + row[HEADERS].u;
    row[SHARE].f = row[TAKEN].u ? 1 - (double)class->asked / (double)row[TAKEN].u : 0;
}

static void internal_fragmentation_answer(const void *state, const struct model *model, struct table *table)
{
    const struct heap_layout_found *found;
    for (size_t i = 0; (found = heap_layout_ask(state, model, i)); i++)
        for (unsigned number = 0; number < SIZE_CLASSES; number++)
            if (found->classes[number].blocks)
                class_row(found, number, table);
    heap_layout_note(state, model, table);
}

const struct analysis analysis_internal_fragmentation = {
    .name = "internal_fragmentation",
    .title = "Internal fragmentation",
    .about = "One row per heap and class of sizes, of the blocks live at the end of the range or of their process: what the allocator rounds up and keeps "
             "before each.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_layout_begin,
    .see = heap_layout_see,
    .end = heap_layout_end,
    .answer = internal_fragmentation_answer,
};
