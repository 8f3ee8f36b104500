/* fragmentation_timeline: in what was seen of each heap's layout on the way, out a series of its fragmentation. */
#include "answer.h"
#include "heap_layout.h"

enum { TIME, HEAP, LIVE, USED, FREE, PIECES, LARGEST, EXTERNAL, UNUSABLE, UMM, SCORE, WASTED, EFFICIENCY, PROCESS };

static const struct column columns[] = {
    [TIME] = {"time_ns", "Time", "", "when it was so; rows of one heap are in order, those of several lie between one another", COLUMN_TIME},
    [HEAP] = {"heap", "Heap", "id", "id in the trace; 0: the process's malloc", COLUMN_COUNT},
    [LIVE] = {"live_bytes", "Live", "", "bytes that the live blocks asked for", COLUMN_BYTES},
    [USED] = {"used_bytes", "Used", "", "memory that the heap lies in, as in `fragmentation`", COLUMN_BYTES},
    [FREE] = {"free_bytes", "Free", "", "bytes of the free pieces in there", COLUMN_BYTES},
    [PIECES] = {"free_pieces", "Free pieces", "", "how many", COLUMN_COUNT},
    [LARGEST] = {"largest_free_bytes", "Largest free", "", "the largest piece", COLUMN_BYTES},
    [EXTERNAL] = {"external", "External", "", "1 - largest_free_bytes / free_bytes", COLUMN_RATIO},
    [UNUSABLE] = {"unusable", "Unusable", "", "part of the free bytes in pieces below the mean request so far, rounded up to a power of two", COLUMN_RATIO},
    [UMM] = {"umm", "Square root", "", "1 - sqrt(sum of squared pieces) / free_bytes", COLUMN_RATIO},
    [SCORE] = {"weighted_score", "Weighted score", "", "as in `fragmentation`: 1 is best", COLUMN_REAL},
    [WASTED] = {"wasted_bytes", "Wasted", "", "free bytes in pieces that `unusable` means", COLUMN_BYTES},
    [EFFICIENCY] = {"efficiency", "Efficiency", "", "live_bytes / (used_bytes - free_bytes)", COLUMN_RATIO},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

static void point_put(const struct heap_layout_point *point, struct table *table)
{
    union cell *row = table_row(table);
    row[TIME].u = point->time_ns;
    row[HEAP].u = point->heap;
    row[PROCESS].u = point->process;
    row[LIVE].u = point->live;
    row[USED].u = point->used;
    row[FREE].u = point->free;
    row[PIECES].u = point->pieces;
    row[LARGEST].u = point->largest;
    row[EXTERNAL].f = point->free ? 1 - (double)point->largest / (double)point->free : 0;
    row[UNUSABLE].f = point->unusable;
    row[UMM].f = point->umm;
    row[SCORE].f = point->score;
    row[WASTED].u = point->wasted;
    row[EFFICIENCY].f = ratio((double)point->live, (double)point->used - (double)point->free);
}

static void fragmentation_timeline_answer(const void *state, const struct model *model, struct table *table)
{
    size_t count;
    const struct heap_layout_point *points = heap_layout_points(state, &count);
    const struct heap_layout_found *found;
    for (size_t i = 0; i < count; i++)
        point_put(points + i, table);
    for (size_t i = 0; (found = heap_layout_ask(state, model, i)); i++) {
        struct heap_layout_point point = heap_layout_point_of(found, heap_layout_time(found, model));
        point_put(&point, table);
    }
    table_sort(table, TIME, false, 0);
    heap_layout_note(state, model, table);
}

const struct analysis analysis_fragmentation_timeline = {
    .name = "fragmentation_timeline",
    .title = "Fragmentation over time",
    .about = "The course of each heap's fragmentation: a look each time that 8 times as many events as blocks live have gone by (at least 1,024 events and 1 "
             "ms), at most 256 looks "
             "and 64 heaps each, and the end.",
    .shape = TABLE_SERIES,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = heap_layout_begin,
    .see = heap_layout_see,
    .end = heap_layout_end,
    .answer = fragmentation_timeline_answer,
};
