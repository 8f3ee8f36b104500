/* regions: in the model's heaps, out one row per region: how full it is, how fragmented, and how fast. */
#include "answer.h"
#include "region.h"

enum {
    HEAP,
    NAME,
    KIND,
    SIZE,
    USED,
    USE_SHARE,
    FREE,
    LARGEST,
    FRAGMENTATION,
    LEAST,
    REFUSED,
    BLOCKS,
    PIECES,
    LIVE,
    PEAK,
    PEAK_TIME,
    BASE,
    SOURCE_OF,
    READ,
    WRITE,
    READ_RANDOM,
    WRITE_RANDOM,
    PROCESS
};

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id in the trace", COLUMN_COUNT},
    [NAME] = {"name", "Region", "", "as the program called it", COLUMN_TEXT},
    [KIND] = {"kind", "Kind", "", "of memory: internal, external (PSRAM and its like), dma, rtc, pool, arena, shared, device, ram; empty: not told",
              COLUMN_TEXT},
    [SIZE] = {"size_bytes", "Size", "", "how large it is; 0 if not known", COLUMN_BYTES},
    [USED] = {"used_bytes", "Used", "", "in use at the end of the range, the allocator's own bytes in where firmware told it", COLUMN_BYTES},
    [USE_SHARE] = {"used_share", "Used share", "", "used_bytes / (used_bytes + free_bytes)", COLUMN_RATIO},
    [FREE] = {"free_bytes", "Free", "", "free at the end of the range; 0 if not known", COLUMN_BYTES},
    [LARGEST] = {"largest_free_bytes", "Largest free", "", "the largest piece of it; 0 if not known", COLUMN_BYTES},
    [FRAGMENTATION] = {"fragmentation", "Fragmentation", "", "1 - largest_free_bytes / free_bytes; 0: all free memory is one piece, or not known", COLUMN_RATIO},
    [LEAST] = {"least_free_bytes", "Least free", "", "the least that was ever free", COLUMN_BYTES},
    [REFUSED] = {"refused", "Refused", "", "allocations there that failed", COLUMN_COUNT},
    [BLOCKS] = {"blocks", "Blocks", "", "live blocks at the end of the range", COLUMN_COUNT},
    [PIECES] = {"free_pieces", "Free pieces", "", "gaps of 32 bytes and more between live blocks; 0 if base or size are not known", COLUMN_COUNT},
    [LIVE] = {"live_bytes", "Live", "", "bytes that they asked for", COLUMN_BYTES},
    [PEAK] = {"peak_bytes", "Peak", "", "most live bytes at once, as asked for", COLUMN_BYTES},
    [PEAK_TIME] = {"peak_time_ns", "Time of peak", "", "when that was first", COLUMN_TIME},
    [BASE] = {"base", "Base", "", "where it begins; 0 if not known", COLUMN_ADDRESS},
    [SOURCE_OF] = {"told_by", "Told by", "", "who counted used and free: firmware (its allocator), or blocks (computed from base, size and the live blocks)",
                   COLUMN_TEXT},
    [READ] = {"read_rate", "Read", "kB/s", "sequential, measured on the target in 1000 bytes a second; 0: not measured", COLUMN_COUNT},
    [WRITE] = {"write_rate", "Write", "kB/s", "sequential, as read_rate", COLUMN_COUNT},
    [READ_RANDOM] = {"random_read_rate", "Random read", "kB/s", "as read_rate, at random places", COLUMN_COUNT},
    [WRITE_RANDOM] = {"random_write_rate", "Random write", "kB/s", "as read_rate, at random places", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static void use_put(union cell *row, const struct region *region)
{
    struct region_use found = region_use(region);
    row[USED].u = found.use.used;
    row[USE_SHARE].f = found.knows_free ? ratio((double)found.use.used, (double)found.use.used + (double)found.use.free) : 0;
    row[FREE].u = found.use.free;
    row[LARGEST].u = found.use.largest_free;
    row[FRAGMENTATION].f = region_fragmentation(&found.use);
    row[LEAST].u = found.use.least_free;
    row[SOURCE_OF].text = found.is_told ? "firmware" : "blocks";
}

static void regions_row(const struct region *region, struct table *table)
{
    const struct heap *heap = region->heap;
    union cell *row = table_row(table);
    row[HEAP].u = heap->id;
    row[PROCESS].u = heap->process;
    row[NAME].text = table_text(table, "%s", heap->name);
    row[KIND].text = region_kind(heap->kind);
    row[BASE].u = heap->base;
    row[SIZE].u = heap->size;
    use_put(row, region);
    row[PIECES].u = region->gaps;
    row[BLOCKS].u = tally_count(heap->account.live);
    row[LIVE].u = heap->account.live.bytes;
    row[PEAK].u = heap->account.peak.bytes;
    row[PEAK_TIME].u = heap->account.peak_time_ns;
    row[REFUSED].u = heap->refused;
    row[READ].u = heap->bandwidth.read_sequential;
    row[WRITE].u = heap->bandwidth.write_sequential;
    row[READ_RANDOM].u = heap->bandwidth.read_random;
    row[WRITE_RANDOM].u = heap->bandwidth.write_random;
}

static void regions_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    struct regions regions;
    regions_find(&regions, model);
    for (size_t i = 0; i < regions.list.count; i++)
        regions_row(regions.list.at + i, table);
    table_sort(table, USE_SHARE, true, 0);
    regions_done(&regions);
}

const struct analysis analysis_regions = {
    .name = "regions",
    .title = "Regions",
    .about = "One row per heap that the program has named or given a kind or a place (ht_heap_add, firmware's heaps): the fullest first. Fragmentation is "
             "1 - largest free piece / all free bytes.",
    .is_rare = true,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = regions_answer,
};
