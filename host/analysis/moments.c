/* moments: each change adds to the map that is now, or takes from it; now and then that is kept. When there are too many, those nearest to each other go. */
#include "moments.h"

#include "answer.h"

static const uint64_t moments_least_ns = 100000;

enum { TIME, LIVE, CELLS };

static const struct column columns[] = {
    [TIME] = {"time_ns", "Time", "", "of the map", COLUMN_TIME},
    [LIVE] = {"live_bytes", "Live", "", "bytes of the blocks in it", COLUMN_BYTES},
    [CELLS] = {"pieces", "Pieces", "", "of memory in which they lie", COLUMN_COUNT},
};

static void block_come(void *context, const struct block *block)
{
    coarse_map_add(context, block->process, block->address, block->size, 1);
}

static void block_go(struct moments *moments, const struct block *block)
{
    coarse_map_add(&moments->heap, block->process, block->address, block->size, -1);
}

static void *moments_begin(const struct model *model)
{
    struct moments *moments = memory_new(1, sizeof *moments);
    moments->model = model;
    moments->width_ns = moments_least_ns;
    coarse_map_init(&moments->heap);
    model_each_block(model, block_come, &moments->heap);
    return moments;
}

struct page_visit {
    struct coarse_map map;
    uint64_t count;
};

static void pages_visit(void *context, const struct page_range *range)
{
    struct page_visit *visit = context;
    coarse_map_add(&visit->map, range->process, range->start, range->end - range->start, 1);
    visit->count++;
}

static void runs_copy(struct coarse_runs *to, const struct coarse_runs *from)
{
    to->log2 = from->log2;
    to->list.count = 0;
    for (size_t i = 0; i < from->list.count; i++)
        vec_push(&to->list, from->list.at[i]);
}

/* Looking at all page maps costs more than a change of one: that is done the more seldom the more there are. */
static void pages_take(struct moments *moments, struct moment *moment)
{
    enum { SHARE = 4 };
    const struct model_totals *totals = model_get_totals(moments->model);
    uint64_t changes = totals->maps + totals->unmaps;
    bool is_dear = moments->page_visits > SHARE * changes;
    if ((changes == moments->page_changes || is_dear) && moments->count) {
        runs_copy(&moment->pages, &moments->list[moments->count - 1].pages);
        return;
    }
    struct page_visit *visit = memory_new(1, sizeof *visit);
    coarse_map_init(&visit->map);
    model_each_pages(moments->model, pages_visit, visit);
    coarse_map_take(&visit->map, &moment->pages);
    moments->page_changes = changes;
    moments->page_visits += visit->count;
    memory_free(visit);
}

static void moment_done(struct moment *moment)
{
    coarse_runs_done(&moment->heap);
    coarse_runs_done(&moment->pages);
    *moment = (struct moment){0};
}

/* Of those that lie in one step of time the last stays. */
static void moments_thin(struct moments *moments)
{
    size_t kept = 0;
    moments->width_ns *= 2;
    for (size_t i = 0; i < moments->count; i++) {
        bool is_last = i + 1 == moments->count || moments->list[i].time_ns / moments->width_ns != moments->list[i + 1].time_ns / moments->width_ns;
        struct moment moment = moments->list[i];
        moments->list[i] = (struct moment){0};
        if (is_last)
            moments->list[kept++] = moment;
        else
            moment_done(&moment);
    }
    moments->count = kept;
}

static void moment_take(struct moments *moments, uint64_t time_ns)
{
    while (moments->count == MOMENTS_MOST)
        moments_thin(moments);
    struct moment *moment = moments->list + moments->count;
    moment->time_ns = time_ns;
    coarse_map_take(&moments->heap, &moment->heap);
    pages_take(moments, moment);
    moments->count++;
    moments->edge_ns = time_ns < UINT64_MAX / 2 ? (time_ns / moments->width_ns + 1) * moments->width_ns : UINT64_MAX;
}

/* What a realloc ends went when it was lifted. */
static void rare_apply(struct moments *moments, const struct change *change)
{
    if (change->kind == CHANGE_INHERIT || change->kind == CHANGE_RESTORE)
        block_come(&moments->heap, &change->block);
    else if (change->kind == CHANGE_LIFT || change->kind == CHANGE_LEAVE || change->kind == CHANGE_VANISH)
        block_go(moments, &change->block);
}

static void moments_see(void *state, const struct changes *changes)
{
    struct moments *moments = state;
    for (size_t i = 0; i < changes->made_count; i++)
        block_come(&moments->heap, &changes->made[i]->block);
    for (size_t i = 0; i < changes->freed_count; i++)
        block_go(moments, &changes->freed[i]->block);
    for (size_t i = 0; i < changes->rare_count; i++)
        rare_apply(moments, changes->rare[i]);
    uint64_t time_ns = changes->all[changes->count - 1].time_ns;
    if (time_ns >= moments->edge_ns)
        moment_take(moments, time_ns);
}

void moments_done(struct moments *moments)
{
    for (size_t i = 0; moments && i < moments->count; i++)
        moment_done(moments->list + i);
    memory_free(moments);
}

static void moments_end(void *state)
{
    moments_done(state);
}

struct moments *moments_take(const struct moments *moments)
{
    struct moments *taken = memory_new(1, sizeof *taken);
    unsigned heap = 0, pages = 0;
    for (size_t i = 0; i < moments->count; i++) {
        const struct moment *moment = moments->list + i;
        heap = moment->heap.log2 > heap ? moment->heap.log2 : heap;
        pages = moment->pages.log2 > pages ? moment->pages.log2 : pages;
    }
    for (size_t i = 0; i < moments->count; i++) {
        struct moment *moment = taken->list + taken->count++;
        moment->time_ns = moments->list[i].time_ns;
        runs_copy(&moment->heap, &moments->list[i].heap);
        runs_copy(&moment->pages, &moments->list[i].pages);
        coarse_runs_widen(&moment->heap, heap);
        coarse_runs_widen(&moment->pages, pages);
        moment->heap.log2 = heap;
        moment->pages.log2 = pages;
    }
    return taken;
}

static void moments_answer(const void *state, const struct model *model, struct table *table)
{
    const struct moments *moments = state;
    (void)model;
    for (size_t i = 0; i < moments->count; i++) {
        union cell *row = table_row(table);
        row[TIME].u = moments->list[i].time_ns;
        row[CELLS].u = moments->list[i].heap.list.count;
        for (size_t j = 0; j < moments->list[i].heap.list.count; j++)
            row[LIVE].u += moments->list[i].heap.list.at[j].bytes;
    }
}

const struct analysis analysis_moments = {
    .name = "moments",
    .title = "Moments",
    .about = "At most 48 times of the run with a coarse map of the heap at each.",
    .shape = TABLE_SERIES,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = moments_begin,
    .see = moments_see,
    .end = moments_end,
    .answer = moments_answer,
};
