/* region_map: in the regions and their live blocks, out what lies where in them: used and free stretches by address. */
#include "answer.h"
#include "region.h"

enum { START, END, BYTES, STATE, BLOCKS, LIVE, FILL, HEAP, NAME, PROCESS };
enum { MAP_ROWS_OF_REGION = 1024 };

static const struct column columns[] = {
    [START] = {"start", "Start", "", "address of its first byte", COLUMN_ADDRESS},
    [END] = {"end", "End", "", "address behind its last byte", COLUMN_ADDRESS},
    [BYTES] = {"bytes", "Bytes", "", "end - start", COLUMN_BYTES},
    [STATE] = {"state", "State", "", "used or free", COLUMN_TEXT},
    [BLOCKS] = {"blocks", "Blocks", "", "live blocks in it", COLUMN_COUNT},
    [LIVE] = {"live_bytes", "Live", "", "bytes that they asked for", COLUMN_BYTES},
    [FILL] = {"fill", "Fill", "", "live_bytes / bytes", COLUMN_RATIO},
    [HEAP] = {"heap", "Heap", "id", "id of the region's heap in the trace", COLUMN_COUNT},
    [NAME] = {"name", "Region", "", "as the program called it", COLUMN_TEXT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static union cell *stretch_row(struct table *table, const struct region *region, uint64_t start, uint64_t end, const char *state)
{
    union cell *row = table_row(table);
    row[START].u = start;
    row[END].u = end;
    row[STATE].text = state;
    row[HEAP].u = region->heap->id;
    row[NAME].text = table_text(table, "%s", region->heap->name);
    row[PROCESS].u = region->heap->process;
    return row;
}

/* How many gaps of `least` bytes and more there are. */
static size_t gaps_count(const struct region *region, uint64_t least)
{
    uint64_t at = region->heap->base;
    size_t count = 0;
    for (size_t i = 0; i < region->extents.count; i++) {
        count += region->extents.at[i].start >= at + least;
        at = region->extents.at[i].end > at ? region->extents.at[i].end : at;
    }
    return count;
}

static void stretches_put(const struct region *region, struct table *table)
{
    uint64_t least = REGION_GAP_LEAST, at = region->heap->base, end = at + region->heap->size;
    union cell *used = NULL;
    while (gaps_count(region, least) > MAP_ROWS_OF_REGION / 2)
        least *= 2;
    for (size_t i = 0; i < region->extents.count; i++) {
        const struct region_extent *extent = region->extents.at + i;
        if (extent->start >= at + least)
            stretch_row(table, region, at, extent->start, "free");
        if (!used || extent->start >= at + least)
            used = stretch_row(table, region, extent->start, extent->end, "used");
        at = extent->end > at ? extent->end : at;
        used[END].u = at;
        used[BLOCKS].u++;
        used[LIVE].u += extent->size;
    }
    if (end > at)
        stretch_row(table, region, at, end, "free");
}

static void region_map_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    struct regions regions;
    regions_find(&regions, model);
    for (size_t i = 0; i < regions.list.count; i++)
        if (regions.list.at[i].gaps || regions.list.at[i].extents.count)
            stretches_put(regions.list.at + i, table);
    for (size_t i = 0; i < table->row_count; i++) {
        union cell *row = table_at(table, i);
        row[BYTES].u = row[END].u - row[START].u;
        row[FILL].f = ratio((double)row[LIVE].u, (double)row[BYTES].u);
    }
    regions_done(&regions);
}

const struct analysis analysis_region_map = {
    .name = "region_map",
    .title = "Region map",
    .about = "What lies where in each region whose base and size are known, at the end of the range: live blocks less than 32 bytes apart (more where there "
             "would be more than 1024 rows) make one used stretch.",
    .is_rare = true,
    .shape = TABLE_MAP,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = region_map_answer,
};
