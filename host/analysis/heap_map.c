/* heap_map: in the blocks that live at the end, and those that lived when their process ended, out the address map of the regions that they lie in. */
#include "answer.h"

#include <stdlib.h>

#include "host/base/vec.h"

enum { START, END, BYTES, LIVE, COUNT, FILL, PROCESS };

static const struct column columns[] = {
    [START] = {"start", "Start", "", "address of the region's first live block", COLUMN_ADDRESS},
    [END] = {"end", "End", "", "address behind its last live block", COLUMN_ADDRESS},
    [BYTES] = {"bytes", "Bytes", "", "end - start", COLUMN_BYTES},
    [LIVE] = {"live_bytes", "Live", "", "bytes of the live blocks in it, as asked for", COLUMN_BYTES},
    [COUNT] = {"live_count", "Blocks", "", "those blocks", COLUMN_COUNT},
    [FILL] = {"fill", "Fill", "", "live_bytes / bytes", COLUMN_RATIO},
    [PROCESS] = {"process", "Process", "id", "id of the process image", COLUMN_COUNT},
};

enum { HEAP_MAP_ROWS = 4096, HEAP_MAP_GAP_LOG2 = 12 };

struct extent {
    uint64_t start, size;
    uint32_t process;
};

struct extents {
    VEC(struct extent) list;
};

static void heap_map_visit(void *context, const struct block *block)
{
    struct extents *extents = context;
    uint64_t room = UINT64_MAX - block->address;
    vec_push(&extents->list, ((struct extent){block->address, block->size < room ? block->size : room, block->process}));
}

static int extent_order(const void *left, const void *right)
{
    const struct extent *a = left, *b = right;
    if (a->process != b->process)
        return a->process < b->process ? -1 : 1;
    return (a->start > b->start) - (a->start < b->start);
}

static uint64_t extent_gap(const struct extent *extent, uint64_t end)
{
    return extent->start > end ? extent->start - end : 0;
}

/* The smallest power of two for which gaps of that size and more make few enough regions. */
static uint64_t heap_map_gap(const struct extents *extents)
{
    size_t gaps[65] = {0}, rows = 1;
    uint64_t end = 0;
    for (size_t i = 0; i < extents->list.count; i++) {
        const struct extent *extent = extents->list.at + i;
        bool first = !i || extent[-1].process != extent->process;
        uint64_t gap = first ? 0 : extent_gap(extent, end);
        gaps[gap ? 63 - __builtin_clzll(gap) : 0]++;
        rows += first;
        end = first || extent->start + extent->size > end ? extent->start + extent->size : end;
    }
    int log2 = 63;
    while (log2 > HEAP_MAP_GAP_LOG2 && (rows += gaps[log2]) <= HEAP_MAP_ROWS)
        log2--;
    return 1ull << log2;
}

static void heap_map_add(union cell *row, const struct extent *extent)
{
    uint64_t end = extent->start + extent->size;
    row[END].u = end > row[END].u ? end : row[END].u;
    row[LIVE].u += extent->size;
    row[COUNT].u++;
}

static void heap_map_rows(const struct extents *extents, uint64_t gap, struct table *table)
{
    union cell *row = NULL;
    for (size_t i = 0; i < extents->list.count; i++) {
        const struct extent *extent = extents->list.at + i;
        if (!row || row[PROCESS].u != extent->process || extent_gap(extent, row[END].u) >= gap) {
            row = table_row(table);
            row[START].u = row[END].u = extent->start;
            row[PROCESS].u = extent->process;
        }
        heap_map_add(row, extent);
    }
    for (size_t i = 0; i < table->row_count; i++) {
        row = table_at(table, i);
        row[BYTES].u = row[END].u - row[START].u;
        row[FILL].f = ratio((double)row[LIVE].u, (double)row[BYTES].u);
    }
}

static void *heap_map_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct extents));
}

static void heap_map_see(void *state, const struct changes *changes)
{
    for (size_t i = 0; i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_LEAVE)
            heap_map_visit(state, &changes->rare[i]->block);
}

static void heap_map_end(void *state)
{
    struct extents *extents = state;
    vec_done(&extents->list);
    memory_free(extents);
}

static void heap_map_answer(const void *state, const struct model *model, struct table *table)
{
    const struct extents *left = state;
    struct extents extents = {0};
    vec_extend(&extents.list, left->list.count);
    for (size_t i = 0; i < left->list.count; i++)
        extents.list.at[i] = left->list.at[i];
    model_each_block(model, heap_map_visit, &extents);
    if (extents.list.count) {
        qsort(extents.list.at, extents.list.count, sizeof *extents.list.at, extent_order);
        heap_map_rows(&extents, heap_map_gap(&extents), table);
    }
    vec_done(&extents.list);
}

const struct analysis analysis_heap_map = {
    .name = "heap_map",
    .title = "Heap map",
    .about = "Where the blocks lie that were never freed: live when their process ended, or at the end of the range. Blocks less than a gap apart make one "
             "region; the gap is the smallest power of two from 4 KiB that gives at most 4,096 regions or so. In a sampled trace only the sampled blocks are "
             "seen.",
    .shape = TABLE_MAP,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_map_begin,
    .see = heap_map_see,
    .end = heap_map_end,
    .answer = heap_map_answer,
};
