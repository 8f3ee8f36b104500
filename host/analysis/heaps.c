/* heaps: in the model's heaps, out one row per heap of a process. */
#include "answer.h"

enum { HEAP, PROCESS, NAME, KIND, BASE, SIZE, ALLOCATIONS, ALLOCATED, FREES, PEAK, PEAK_COUNT, PEAK_TIME, LIVE, LIVE_COUNT };

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc heap", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
    [NAME] = {"name", "Name", "", "as the program called it", COLUMN_TEXT},
    [KIND] = {"kind", "Kind", "", "number of the kind of memory: enum ht_memory of heaptracer.h", COLUMN_COUNT},
    [BASE] = {"base", "Base", "", "where it begins; 0 if not known", COLUMN_ADDRESS},
    [SIZE] = {"size_bytes", "Size", "", "how large it is; 0 if it grows or is not known", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes that they asked for", COLUMN_BYTES},
    [FREES] = {"frees", "Frees", "", "blocks freed or replaced by realloc", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Peak", "", "the heap's own highest live bytes", COLUMN_BYTES},
    [PEAK_COUNT] = {"peak_count", "Blocks at peak", "", "its live blocks at that moment", COLUMN_COUNT},
    [PEAK_TIME] = {"peak_time_ns", "Time of peak", "", "when that was first", COLUMN_TIME},
    [LIVE] = {"live_bytes", "Live", "", "live bytes at the end of the range", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live blocks", "", "those blocks", COLUMN_COUNT},
};

static void heaps_row(const struct heap *heap, struct table *table)
{
    union cell *row = table_row(table);
    row[HEAP].u = heap->id;
    row[PROCESS].u = heap->process;
    row[NAME].text = table_text(table, "%s", heap->name);
    row[KIND].u = heap->kind;
    row[BASE].u = heap->base;
    row[SIZE].u = heap->size;
    row[ALLOCATIONS].u = tally_count(heap->account.allocated);
    row[ALLOCATED].u = heap->account.allocated.bytes;
    row[FREES].u = tally_count(heap->account.freed);
    row[PEAK].u = heap->account.peak.bytes;
    row[PEAK_COUNT].u = tally_count(heap->account.peak);
    row[PEAK_TIME].u = heap->account.peak_time_ns;
    row[LIVE].u = heap->account.live.bytes;
    row[LIVE_COUNT].u = tally_count(heap->account.live);
}

static void heaps_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    const struct heap *heap;
    for (size_t i = 0; (heap = model_heap(model, i)); i++)
        if (heap->id || heap->account.peak.count)
            heaps_row(heap, table);
    table_sort(table, PEAK, true, 0);
}

const struct analysis analysis_heaps = {
    .name = "heaps",
    .title = "Heaps",
    .about = "One row per heap of a process: the malloc heap, and regions or pools that the program has named. Blocks of a pool that itself lies in a "
             "malloc block count in both.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = heaps_answer,
};
