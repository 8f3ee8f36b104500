/* pools: in what firmware told of its pools, out one row per pool and size of blocks. */
#include "answer.h"

enum { HEAP, NAME, BLOCK, BLOCKS, USED, PEAK, PEAK_SHARE, REFUSED, WASTE, WASTE_SHARE, TIME, PROCESS };

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id of the pool's heap in the trace", COLUMN_COUNT},
    [NAME] = {"name", "Pool", "", "as the program called it", COLUMN_TEXT},
    [BLOCK] = {"block_bytes", "Block size", "", "bytes of each of its blocks", COLUMN_BYTES},
    [BLOCKS] = {"blocks", "Blocks", "", "how many it has", COLUMN_COUNT},
    [USED] = {"used", "Used", "", "blocks in use when it was looked at last", COLUMN_COUNT},
    [PEAK] = {"peak", "Peak", "", "most blocks in use at once", COLUMN_COUNT},
    [PEAK_SHARE] = {"peak_share", "Peak share", "", "peak / blocks", COLUMN_RATIO},
    [REFUSED] = {"refused", "Refused", "", "requests when none was free, or that were too large", COLUMN_COUNT},
    [WASTE] = {"waste_bytes", "Waste", "", "bytes of the used blocks that nobody asked for", COLUMN_BYTES},
    [WASTE_SHARE] = {"waste_share", "Waste share", "", "waste_bytes / (used x block_bytes)", COLUMN_RATIO},
    [TIME] = {"time_ns", "Looked at", "", "when that was told last", COLUMN_TIME},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static const char *pool_name(const struct model *model, const struct pool *pool)
{
    const struct heap *heap;
    for (size_t i = 0; (heap = model_heap(model, i)); i++)
        if (heap->process == pool->process && heap->id == pool->heap)
            return heap->name;
    return "";
}

static void pools_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct pool *pools = model_pools(model, &count);
    for (size_t i = 0; i < count; i++) {
        const struct pool_use_definition *use = &pools[i].use;
        union cell *row = table_row(table);
        row[HEAP].u = pools[i].heap;
        row[PROCESS].u = pools[i].process;
        row[NAME].text = table_text(table, "%s", pool_name(model, pools + i));
        row[BLOCK].u = use->block_bytes;
        row[BLOCKS].u = use->blocks;
        row[USED].u = use->used;
        row[PEAK].u = use->peak;
        row[PEAK_SHARE].f = ratio((double)use->peak, (double)use->blocks);
        row[WASTE].u = use->waste;
        row[WASTE_SHARE].f = ratio((double)use->waste, (double)use->used * (double)use->block_bytes);
        row[REFUSED].u = use->refused;
        row[TIME].u = pools[i].time_ns;
    }
    table_sort(table, PEAK_SHARE, true, 0);
}

const struct analysis analysis_pools = {
    .name = "pools",
    .title = "Pools",
    .about = "One row per pool of fixed blocks that firmware keeps (ht_pool), and per size of its blocks: the fullest at its peak first.",
    .is_rare = true,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = pools_answer,
};
