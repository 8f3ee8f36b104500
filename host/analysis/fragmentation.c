/* fragmentation: in the layout of each heap, out one row per heap with every figure of fragmentation that is in use, each under its own name. */
#include "answer.h"
#include "heap_layout.h"

enum {
    HEAP,
    NAME,
    LIVE,
    BLOCKS,
    USED,
    STRETCHES,
    FREE,
    PIECES,
    AVERAGE,
    LARGEST,
    EXTERNAL,
    UNUSABLE,
    UNUSABLE_64,
    UNUSABLE_1K,
    UNUSABLE_16K,
    LINUX,
    UMM,
    SCORE,
    WASTED,
    WASTED_SHARE,
    EFFICIENCY,
    JOHNSTONE_1,
    JOHNSTONE_2,
    JOHNSTONE_3,
    JOHNSTONE_4,
    PAGES,
    PAGE_WASTE,
    OWN,
    HEADER,
    WORST,
    WORST_TIME,
    TOLD,
    ENDED,
    PROCESS
};

static const struct column columns[] = {
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc", COLUMN_COUNT},
    [NAME] = {"name", "Name", "", "as the program called it", COLUMN_TEXT},
    [LIVE] = {"live_bytes", "Live", "", "bytes that the live blocks asked for, at the end of the range or of their process", COLUMN_BYTES},
    [BLOCKS] = {"blocks", "Blocks", "", "those blocks", COLUMN_COUNT},
    [USED] = {"used_bytes", "Used", "",
              "memory that the heap lies in: its size where base and size are known, else the stretches that its blocks have used so far, and the pages "
              "of live blocks that have some of their own",
              COLUMN_BYTES},
    [STRETCHES] = {"stretches", "Stretches", "", "how many stretches of memory that is, without blocks that have pages of their own", COLUMN_COUNT},
    [FREE] = {"free_bytes", "Free", "", "F: bytes of the free pieces in there", COLUMN_BYTES},
    [PIECES] = {"free_pieces", "Free pieces", "",
                "n: gaps between live blocks, less the allocator's header, of 32 bytes and more (16 in the first 4 GiB, 4 in the first 64 KiB of "
                "memory)",
                COLUMN_COUNT},
    [AVERAGE] = {"average_piece_bytes", "Average piece", "", "F / n", COLUMN_BYTES},
    [LARGEST] = {"largest_free_bytes", "Largest free", "", "L: the largest piece", COLUMN_BYTES},
    [EXTERNAL] = {"external", "External", "", "1 - L / F", COLUMN_RATIO},
    [UNUSABLE] = {"unusable", "Unusable", "", "part of F in pieces smaller than the heap's mean request, rounded up to a power of two", COLUMN_RATIO},
    [UNUSABLE_64] = {"unusable_64", "Unusable, 64 B", "", "part of F in pieces below 64 bytes; table `unusable` has all sizes", COLUMN_RATIO},
    [UNUSABLE_1K] = {"unusable_1k", "Unusable, 1 KiB", "", "the same below 1 KiB", COLUMN_RATIO},
    [UNUSABLE_16K] = {"unusable_16k", "Unusable, 16 KiB", "", "the same below 16 KiB", COLUMN_RATIO},
    [LINUX] = {"linux_index", "Linux index", "",
               "1 - (1 + F / s) / n for the smallest power of two s that no piece holds: near 0 a failure is lack of memory, near 1 fragmentation; 0 "
               "where nothing is free",
               COLUMN_REAL},
    [UMM] = {"umm", "Square root", "", "1 - sqrt(sum of squared pieces) / F, as umm_malloc", COLUMN_RATIO},
    [SCORE] = {"weighted_score", "Weighted score", "", "0.5 L / F + 0.3 / (1 + ln n) + 0.2 (1 - wasted_bytes / F): 1 is best; 0 where nothing is free",
               COLUMN_REAL},
    [WASTED] = {"wasted_bytes", "Wasted", "", "free bytes in pieces that `unusable` means", COLUMN_BYTES},
    [WASTED_SHARE] = {"wasted_share", "Wasted share", "", "wasted_bytes / used_bytes", COLUMN_RATIO},
    [EFFICIENCY] = {"efficiency", "Efficiency", "", "live_bytes / (used_bytes - free_bytes): which part of what blocks take was asked for", COLUMN_RATIO},
    [JOHNSTONE_1] = {"johnstone_1", "Johnstone 1", "", "mean over all births of memory used so far / live bytes, less 1", COLUMN_RATIO},
    [JOHNSTONE_2] = {"johnstone_2", "Johnstone 2", "", "memory used when most bytes were live / those, less 1", COLUMN_RATIO},
    [JOHNSTONE_3] = {"johnstone_3", "Johnstone 3", "", "most memory used / bytes live at its first moment, less 1; 0 if none were", COLUMN_RATIO},
    [JOHNSTONE_4] = {"johnstone_4", "Johnstone 4", "", "most memory used / most live bytes, less 1", COLUMN_RATIO},
    [PAGES] = {"page_bytes", "Pages", "", "bytes of the 4 KiB pages in which a live block lies: these cannot go back to the system", COLUMN_BYTES},
    [PAGE_WASTE] = {"page_waste_bytes", "Page waste", "", "page_bytes - live_bytes", COLUMN_BYTES},
    [OWN] = {"own_bytes", "Allocator's own", "", "used, but neither in blocks nor free: headers and what is too small for a piece", COLUMN_BYTES},
    [HEADER] = {"header_bytes", "Header", "", "the smallest gap between two blocks, if it is small: what the allocator keeps before each", COLUMN_BYTES},
    [WORST] = {"worst_external", "Worst external", "", "the highest `external` in table `fragmentation_timeline`, or now", COLUMN_RATIO},
    [WORST_TIME] = {"worst_time_ns", "Time of worst", "", "when that was", COLUMN_TIME},
    [TOLD] = {"told_external", "Told external", "", "1 - largest / free as the firmware's allocator told it last; 0: not told", COLUMN_RATIO},
    [ENDED] = {"ended", "Ended", "", "1: its process has ended, and this was its end", COLUMN_COUNT},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static void pieces_put(union cell *row, const struct heap_layout_found *found)
{
    const struct fragments *free = &found->free;
    row[FREE].u = free->bytes;
    row[PIECES].u = free->count;
    row[AVERAGE].u = free->count ? free->bytes / free->count : 0;
    row[LARGEST].u = free->largest;
    row[EXTERNAL].f = fragments_external(free);
    row[UNUSABLE].f = fragments_unusable(free, heap_layout_mean_log2(&found->course));
    row[UNUSABLE_64].f = fragments_unusable(free, 6);
    row[UNUSABLE_1K].f = fragments_unusable(free, 10);
    row[UNUSABLE_16K].f = fragments_unusable(free, 14);
    row[LINUX].f = fragments_linux(free, size_class(free->largest));
    row[UMM].f = fragments_umm(free);
    row[SCORE].f = fragments_score(free, found->wasted);
}

static double over(uint64_t used, uint64_t live)
{
    return live ? (double)used / (double)live - 1 : 0;
}

static void course_put(union cell *row, const struct heap_layout_course *course)
{
    row[JOHNSTONE_1].f = course->births ? course->ratios / (double)course->births - 1 : 0;
    row[JOHNSTONE_2].f = over(course->used_at_live_most, course->live_most);
    row[JOHNSTONE_3].f = over(course->used_most, course->live_at_used_most);
    row[JOHNSTONE_4].f = over(course->used_most, course->live_most);
}

static void worst_put(union cell *row, const struct heap_layout_found *found, const struct heap_layout_point *points, size_t count, uint64_t now_ns)
{
    row[WORST].f = row[EXTERNAL].f;
    row[WORST_TIME].u = now_ns;
    for (size_t i = 0; i < count; i++) {
        double external = points[i].free ? 1 - (double)points[i].largest / (double)points[i].free : 0;
        if (points[i].process != found->process || points[i].heap != found->heap || external <= row[WORST].f)
            continue;
        row[WORST].f = external;
        row[WORST_TIME].u = points[i].time_ns;
    }
}

static void named_put(union cell *row, const struct model *model, struct table *table)
{
    const struct heap *heap = heap_layout_heap_named(model, (uint32_t)row[PROCESS].u, (uint32_t)row[HEAP].u);
    row[NAME].text = heap ? table_text(table, "%s", heap->name) : "";
    if (heap && heap->use_known && heap->use.free)
        row[TOLD].f = 1 - (double)heap->use.largest_free / (double)heap->use.free;
}

static void fragmentation_row(const void *state, const struct model *model, const struct heap_layout_found *found, struct table *table)
{
    size_t count;
    const struct heap_layout_point *points = heap_layout_points(state, &count);
    union cell *row = table_row(table);
    row[HEAP].u = found->heap;
    row[PROCESS].u = found->process;
    row[LIVE].u = found->asked;
    row[BLOCKS].u = found->blocks;
    row[USED].u = found->stretch_bytes + found->mapped_bytes;
    row[STRETCHES].u = found->stretches;
    pieces_put(row, found);
    course_put(row, &found->course);
    row[WASTED].u = found->wasted;
    row[WASTED_SHARE].f = ratio((double)found->wasted, (double)row[USED].u);
    row[EFFICIENCY].f = ratio((double)found->asked, (double)row[USED].u - (double)found->free.bytes);
    row[PAGES].u = found->pages * LAYOUT_PAGE;
    row[PAGE_WASTE].u = row[PAGES].u > found->asked ? row[PAGES].u - found->asked : 0;
    row[OWN].u = found->own;
    row[HEADER].u = found->header;
    row[ENDED].u = found->has_ended;
    worst_put(row, found, points, count, heap_layout_time(found, model));
    named_put(row, model, table);
}

static void fragmentation_answer(const void *state, const struct model *model, struct table *table)
{
    const struct heap_layout_found *found;
    for (size_t i = 0; (found = heap_layout_ask(state, model, i)); i++)
        fragmentation_row(state, model, found, table);
    table_sort(table, USED, true, 0);
    heap_layout_note(state, model, table);
}

const struct analysis analysis_fragmentation = {
    .name = "fragmentation",
    .title = "Fragmentation",
    .about = "One row per heap with live blocks at the end of the range, or at the end of its process: how its free memory is broken up, by every figure that "
             "is in use. Each has its "
             "formula here and its source in docs/fragmentation.md.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_layout_begin,
    .see = heap_layout_see,
    .end = heap_layout_end,
    .answer = fragmentation_answer,
};
