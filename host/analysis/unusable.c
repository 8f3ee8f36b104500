/* unusable: in the layout of each heap, out one row per heap and size of a request: how much free memory is of use to it. */
#include "answer.h"
#include "heap_layout.h"

enum { HEAP, SIZE, PIECES, BYTES, FITS, UNUSABLE, LINUX, ENDED, PROCESS };

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc", COLUMN_COUNT},
    [SIZE] = {"request_bytes", "Request", "", "s: the size of a request, a power of two", COLUMN_BYTES},
    [PIECES] = {"pieces", "Pieces", "", "free pieces of s bytes and more", COLUMN_COUNT},
    [BYTES] = {"bytes", "In them", "", "their bytes", COLUMN_BYTES},
    [FITS] = {"fits", "Fits", "", "free pieces of at least s and below 2 s bytes: those that such a request takes first", COLUMN_COUNT},
    [UNUSABLE] = {"unusable", "Unusable", "", "1 - bytes / free bytes of the heap", COLUMN_RATIO},
    [LINUX] = {"linux_index", "Linux index", "",
               "1 - (1 + free bytes / s) / free pieces where no piece holds s, else -1: near 0 a failure is lack of memory, near 1 fragmentation", COLUMN_REAL},
    [ENDED] = {"ended", "Ended", "", "1: its process has ended, and this was its end", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

/* From the smallest piece's class up to the first request that nothing holds. */
static void unusable_rows(const struct heap_layout_found *found, struct table *table)
{
    unsigned first = 0, last = size_class(found->free.largest);
    while (first < last && !found->free.class_count[first])
        first++;
    for (unsigned log2 = first ? first - 1 : 0; log2 <= last && log2 < 64; log2++) {
        union cell *row = table_row(table);
        row[HEAP].u = found->heap;
        row[PROCESS].u = found->process;
        row[ENDED].u = found->has_ended;
        row[SIZE].u = 1ull << log2;
        row[PIECES].u = fragments_suitable(&found->free, log2, &row[BYTES].u);
        row[FITS].u = log2 + 1 < SIZE_CLASSES ? found->free.class_count[log2 + 1] : 0;
        row[UNUSABLE].f = fragments_unusable(&found->free, log2);
        row[LINUX].f = fragments_linux(&found->free, log2);
    }
}

static void unusable_answer(const void *state, const struct model *model, struct table *table)
{
    const struct heap_layout_found *found;
    for (size_t i = 0; (found = heap_layout_ask(state, model, i)); i++)
        if (found->free.count)
            unusable_rows(found, table);
    heap_layout_note(state, model, table);
}

const struct analysis analysis_unusable = {
    .name = "unusable",
    .title = "Free memory by request",
    .about = "One row per heap and power of two: which part of the heap's free memory a request of that size cannot use, since it lies in smaller pieces.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_layout_begin,
    .see = heap_layout_see,
    .end = heap_layout_end,
    .answer = unusable_answer,
};
