/* region_timeline: in the changes of each region's blocks, and what firmware told of it, out a series of each region. */
#include "answer.h"
#include "region.h"

enum { LINE_POINTS = 512 };
static const uint64_t line_least_ns = 1000000;

enum { TIME, HEAP, NAME, USED, FREE, LARGEST, FRAGMENTATION, BLOCKS, LIVE, PEAK, PROCESS };

static const struct column columns[] = {
    [TIME] = {"time_ns", "Time", "", "when it was so; rows of one region are in order, those of several regions lie between one another", COLUMN_TIME},
    [HEAP] = {"heap", "Heap", "id", "id of the region's heap in the trace", COLUMN_COUNT},
    [NAME] = {"name", "Region", "", "as the program called it", COLUMN_TEXT},
    [USED] = {"used_bytes", "Used", "", "in use, as the firmware's allocator counts; else live_bytes", COLUMN_BYTES},
    [FREE] = {"free_bytes", "Free", "", "as told; else size - used_bytes; 0 if not known", COLUMN_BYTES},
    [LARGEST] = {"largest_free_bytes", "Largest free", "", "the largest piece of it, as told; 0 if not known", COLUMN_BYTES},
    [FRAGMENTATION] = {"fragmentation", "Fragmentation", "", "1 - largest_free_bytes / free_bytes, where told", COLUMN_RATIO},
    [BLOCKS] = {"blocks", "Blocks", "", "live blocks", COLUMN_COUNT},
    [LIVE] = {"live_bytes", "Live", "", "bytes that they asked for", COLUMN_BYTES},
    [PEAK] = {"peak_bytes", "Peak", "", "most live bytes since the row before", COLUMN_BYTES},
    [PROCESS] = {"process", "Process", "id", "id of its process image", COLUMN_COUNT},
};

struct point {
    uint64_t time_ns, peak_bytes;
    struct tally live;
};

struct line {
    uint32_t process, heap;
    uint64_t width_ns; /* no two points are closer */
    VEC(struct point) points;
};

struct lines {
    struct region_watch watch;
    VEC(struct line) list;
    struct map numbers; /* region_key -> number + 1 */
};

static void lines_end(void *state)
{
    struct lines *lines = state;
    for (size_t i = 0; i < lines->list.count; i++)
        vec_done(&lines->list.at[i].points);
    vec_done(&lines->list);
    map_done(&lines->numbers);
    memory_free(lines);
}

static struct line *line_of(struct lines *lines, uint32_t process, uint32_t heap)
{
    uint64_t *number = map_put(&lines->numbers, region_key(process, heap), NULL);
    if (!*number) {
        vec_push(&lines->list, ((struct line){.process = process, .heap = heap, .width_ns = line_least_ns}));
        *number = lines->list.count;
    }
    return lines->list.at + *number - 1;
}

/* What lives already is not born in the range. */
static void *lines_begin(const struct model *model)
{
    struct lines *lines = memory_new(1, sizeof *lines);
    const struct heap *heap;
    lines->watch.model = model;
    for (size_t i = 0; (heap = model_heap(model, i)); i++)
        if (heap->account.live.count)
            vec_push(&line_of(lines, heap->process, heap->id)->points,
                     ((struct point){model_get_totals(model)->begin_ns, heap->account.live.bytes, heap->account.live}));
    return lines;
}

static void line_halve(struct line *line)
{
    size_t kept = 0;
    for (size_t i = 0; i + 1 < line->points.count; i += 2) {
        struct point both = line->points.at[i + 1];
        if (line->points.at[i].peak_bytes > both.peak_bytes)
            both.peak_bytes = line->points.at[i].peak_bytes;
        line->points.at[kept++] = both;
    }
    line->points.count = kept;
    line->width_ns *= 2;
}

static uint64_t take(uint64_t from, uint64_t amount)
{
    return amount < from ? from - amount : 0;
}

static void line_see(struct line *line, const struct change *change)
{
    struct point *last = line->points.count ? line->points.at + line->points.count - 1 : NULL;
    struct point now = {change->time_ns, 0, last ? last->live : (struct tally){0}};
    if (!last || change->time_ns >= last->time_ns + line->width_ns) {
        if (line->points.count == LINE_POINTS)
            line_halve(line);
        now.peak_bytes = now.live.bytes;
        vec_push(&line->points, now);
        last = line->points.at + line->points.count - 1;
    }
    if (change_way(change) > 0)
        tally_add(&last->live, change->amount);
    else
        last->live = (struct tally){take(last->live.bytes, change->amount.bytes), take(last->live.count, change->amount.count)};
    last->peak_bytes = last->live.bytes > last->peak_bytes ? last->live.bytes : last->peak_bytes;
}

static void lines_see(void *state, const struct changes *changes)
{
    struct lines *lines = state;
    if (!region_watch(&lines->watch))
        return;
    for (const struct change *change = changes->all; change < changes->all + changes->count; change++)
        if (change_way(change) && region_concerns(&lines->watch, change))
            line_see(line_of(lines, change->block.process, change->block.heap), change);
}

/* What a line had at a time; the point before it. */
static struct point point_at(const struct line *line, uint64_t time_ns)
{
    struct point found = {.time_ns = time_ns};
    for (size_t i = 0; line && i < line->points.count && line->points.at[i].time_ns <= time_ns; i++)
        found = line->points.at[i];
    return found;
}

static union cell *timeline_row(const struct heap *heap, uint64_t time_ns, const struct point *point, struct table *table)
{
    union cell *row = table_row(table);
    row[TIME].u = time_ns;
    row[HEAP].u = heap->id;
    row[NAME].text = table_text(table, "%s", heap->name);
    row[PROCESS].u = heap->process;
    row[BLOCKS].u = tally_count(point->live);
    row[LIVE].u = row[USED].u = point->live.bytes;
    row[PEAK].u = point->peak_bytes;
    row[FREE].u = heap->size > point->live.bytes ? heap->size - point->live.bytes : 0;
    return row;
}

/* Every `step`-th of the heap's readings, and the last. */
static void readings_put(const struct heap *heap, const struct line *line, const struct heap_reading *readings, size_t count, struct table *table)
{
    size_t all = 0, seen = 0;
    for (size_t i = 0; i < count; i++)
        all += readings[i].process == heap->process && readings[i].heap == heap->id;
    size_t step = (all + LINE_POINTS - 1) / LINE_POINTS;
    for (size_t i = 0; i < count; i++) {
        if (readings[i].process != heap->process || readings[i].heap != heap->id)
            continue;
        if (seen++ % step && seen != all)
            continue;
        struct point point = point_at(line, readings[i].time_ns);
        union cell *row = timeline_row(heap, readings[i].time_ns, &point, table);
        row[USED].u = readings[i].use.used;
        row[FREE].u = readings[i].use.free;
        row[LARGEST].u = readings[i].use.largest_free;
        row[FRAGMENTATION].f = region_fragmentation(&readings[i].use);
    }
}

static void region_put(const struct heap *heap, struct lines *lines, const struct model *model, struct table *table)
{
    size_t count;
    const struct heap_reading *readings = model_readings(model, &count);
    const uint64_t *number = map_get(&lines->numbers, region_key(heap->process, heap->id));
    const struct line *line = number ? lines->list.at + *number - 1 : NULL;
    if (heap->use_known) {
        readings_put(heap, line, readings, count, table);
        return;
    }
    for (size_t i = 0; line && i < line->points.count; i++)
        timeline_row(heap, line->points.at[i].time_ns, line->points.at + i, table);
}

static void region_timeline_answer(const void *state, const struct model *model, struct table *table)
{
    const struct heap *heap;
    for (size_t i = 0; (heap = model_heap(model, i)); i++)
        if (region_is(heap))
            region_put(heap, (struct lines *)state, model, table);
    table_sort(table, TIME, false, 0);
}

const struct analysis analysis_region_timeline = {
    .name = "region_timeline",
    .title = "Regions over time",
    .about =
        "How full and how fragmented each region was over time: where firmware told it, as it did; else from the recorded blocks, at most 512 rows a region.",
    .is_rare = true,
    .shape = TABLE_SERIES,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = lines_begin,
    .see = lines_see,
    .end = lines_end,
    .answer = region_timeline_answer,
};
