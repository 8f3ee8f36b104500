/* slices: in changes, out the time range in equal slices and what every site, thread and size class did in each. When there are too many, each two become one. */
#include "slices.h"

#include "answer.h"
#include "size_class.h"

static const uint64_t slices_least_ns = 10000;
static const uint64_t slices_latest_ns = UINT64_MAX / 4; /* a damaged trace's time must not make the edge overflow */

enum { TIME, LIVE, LIVE_COUNT, ALLOCATED, ALLOCATIONS, FREED, FREES, TEMPORARY };

static const struct column columns[] = {
    [TIME] = {"time_ns", "Time", "", "begin of the slice", COLUMN_TIME},
    [LIVE] = {"live_bytes", "Live", "", "live bytes at the end of the slice; blocks left by a process that ends count until then", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live blocks", "", "live blocks at the end of the slice", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes asked for by births and successful reallocs", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "those births and reallocs", COLUMN_COUNT},
    [FREED] = {"freed_bytes", "Freed", "", "bytes of blocks freed or replaced by realloc", COLUMN_BYTES},
    [FREES] = {"frees", "Frees", "", "those blocks", COLUMN_COUNT},
    [TEMPORARY] = {"temporary", "Temporary", "", "blocks freed by the thread that made them before it made another", COLUMN_COUNT},
};

static void *slices_begin(const struct model *model)
{
    struct slices *slices = memory_new(1, sizeof *slices);
    const struct model_totals *totals = model_get_totals(model);
    slices->model = model;
    slices->begin_ns = totals->begin_ns;
    slices->width_ns = slices_least_ns;
    slices->edge_ns = slices->begin_ns + slices->width_ns;
    slices->totals[0].live = totals->account.live;
    return slices;
}

static struct slice_total total_join(const struct slice_total *first, const struct slice_total *second)
{
    struct slice_total both = *second;
    tally_add(&both.allocated, first->allocated);
    tally_add(&both.freed, first->freed);
    both.temporary += first->temporary;
    return both;
}

static void slices_halve(struct slices *slices)
{
    for (size_t i = 0; i < SLICES_MOST / 2; i++)
        slices->totals[i] = total_join(slices->totals + 2 * i, slices->totals + 2 * i + 1);
    slice_grid_halve(&slices->sites);
    slice_grid_halve(&slices->threads);
    slice_grid_halve(&slices->sizes);
    slices->now = SLICES_MOST / 2 - 1;
    slices->width_ns *= 2;
}

static void slices_step(struct slices *slices)
{
    struct tally live = slices->totals[slices->now].live;
    live.bytes -= slices->left.bytes;
    live.count -= slices->left.count;
    slices->left = (struct tally){0};
    if (slices->now + 1 == SLICES_MOST)
        slices_halve(slices);
    slices->totals[++slices->now] = (struct slice_total){.live = live};
    slices->edge_ns = slices->begin_ns + (slices->now + 1) * slices->width_ns;
}

static void slices_advance(struct slices *slices, uint64_t time_ns)
{
    while (time_ns >= slices->edge_ns && slices->edge_ns < slices_latest_ns)
        slices_step(slices);
}

static void slices_made(struct slices *slices, const struct change *change)
{
    const struct block *block = &change->block;
    tally_add(&slices->totals[slices->now].allocated, change->amount);
    tally_add(&slice_grid_cell(&slices->sites, block->site, slices->now)->allocated, change->amount);
    tally_add(&slice_grid_cell(&slices->threads, block->thread, slices->now)->allocated, change->amount);
    tally_add(&slice_grid_cell(&slices->sizes, size_class(block->size), slices->now)->allocated, change->amount);
}

static void cell_freed(struct slice_cell *cell, struct tally amount, bool is_temporary)
{
    tally_add(&cell->freed, amount);
    cell->temporary += is_temporary ? amount.count : 0;
}

static void slices_freed(struct slices *slices, const struct block *block, struct tally amount, bool is_temporary)
{
    struct slice_total *total = slices->totals + slices->now;
    tally_add(&total->freed, amount);
    total->temporary += is_temporary ? amount.count : 0;
    cell_freed(slice_grid_cell(&slices->sites, block->site, slices->now), amount, is_temporary);
    cell_freed(slice_grid_cell(&slices->threads, block->thread, slices->now), amount, is_temporary);
    cell_freed(slice_grid_cell(&slices->sizes, size_class(block->size), slices->now), amount, is_temporary);
}

/* The slice of a birth; births before the range count in the first. */
static uint32_t slices_of(const struct slices *slices, uint64_t time_ns)
{
    uint64_t slice = age_ns(slices->begin_ns, time_ns) / slices->width_ns;
    return slice < slices->now ? (uint32_t)slice : slices->now;
}

static void slices_left(struct slices *slices, const struct change *change)
{
    const struct block *block = &change->block;
    uint32_t slice = slices_of(slices, block->birth_ns);
    tally_add(&slices->left, change->amount);
    slice_leaks_add(&slices->sites.left, block->site, slice_grid_round(&slices->sites, block->site, slice), change->amount);
    slice_leaks_add(&slices->threads.left, block->thread, slice, change->amount);
    slice_leaks_add(&slices->sizes.left, size_class(block->size), slice, change->amount);
}

static void slices_apply_rare(struct slices *slices, const struct change *change)
{
    if (change->kind == CHANGE_RESIZE)
        slices_freed(slices, &change->old, model_weigh(slices->model, &change->old), false);
    else if (change->kind == CHANGE_LEAVE)
        slices_left(slices, change);
}

static void slices_note_live(struct slices *slices, const struct change *change)
{
    struct slice_total *total = slices->totals + slices->now;
    total->live = change->live;
    tally_add(&total->live, slices->left);
}

/* A bunch that lies in one slice needs no order. */
static void slices_apply_all(struct slices *slices, const struct changes *changes)
{
    for (size_t i = 0; i < changes->made_count; i++)
        slices_made(slices, changes->made[i]);
    for (size_t i = 0; i < changes->freed_count; i++)
        slices_freed(slices, &changes->freed[i]->block, changes->freed[i]->amount, changes->freed[i]->is_temporary);
    for (size_t i = 0; i < changes->rare_count; i++)
        slices_apply_rare(slices, changes->rare[i]);
    slices_note_live(slices, changes->all + changes->count - 1);
}

static void slices_see(void *state, const struct changes *changes)
{
    struct slices *slices = state;
    if (changes->all[changes->count - 1].time_ns < slices->edge_ns) {
        slices_apply_all(slices, changes);
        return;
    }
    for (const struct change *change = changes->all; change < changes->all + changes->count; change++) {
        slices_advance(slices, change->time_ns);
        if (change->kind == CHANGE_BIRTH || change->kind == CHANGE_RESIZE)
            slices_made(slices, change);
        if (change->kind == CHANGE_FREE)
            slices_freed(slices, &change->block, change->amount, change->is_temporary);
        slices_apply_rare(slices, change);
        slices_note_live(slices, change);
    }
}

static void slices_end(void *state)
{
    struct slices *slices = state;
    slice_grid_done(&slices->sites);
    slice_grid_done(&slices->threads);
    slice_grid_done(&slices->sizes);
    memory_free(slices);
}

static void slices_answer_series(const void *state, const struct model *model, struct table *table)
{
    const struct slices *slices = state;
    (void)model;
    for (uint32_t i = 0; i <= slices->now; i++) {
        const struct slice_total *total = slices->totals + i;
        union cell *row = table_row(table);
        row[TIME].u = slices->begin_ns + i * slices->width_ns;
        row[LIVE].u = total->live.bytes;
        row[LIVE_COUNT].u = tally_count(total->live);
        row[ALLOCATED].u = total->allocated.bytes;
        row[ALLOCATIONS].u = tally_count(total->allocated);
        row[FREED].u = total->freed.bytes;
        row[FREES].u = tally_count(total->freed);
        row[TEMPORARY].u = tally_count((struct tally){0, total->temporary});
    }
}

const struct analysis analysis_slices = {
    .name = "slices",
    .title = "Slices",
    .about = "The time range in at most 128 slices of equal length (10 us times a power of two).",
    .shape = TABLE_SERIES,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = slices_begin,
    .see = slices_see,
    .end = slices_end,
    .answer = slices_answer_series,
};

struct leaks_now {
    const struct slices *slices;
    struct slice_leaks sites, threads, sizes;
};

static void live_visit(void *context, const struct block *block)
{
    struct leaks_now *now = context;
    struct tally amount = model_weigh(now->slices->model, block);
    uint32_t slice = slices_of(now->slices, block->birth_ns);
    slice_leaks_add(&now->sites, block->site, slice_grid_round(&now->slices->sites, block->site, slice), amount);
    slice_leaks_add(&now->threads, block->thread, slice, amount);
    slice_leaks_add(&now->sizes, size_class(block->size), slice, amount);
}

static void leaks_copy(struct slice_leaks *to, const struct slice_leaks *from)
{
    for (size_t i = 0; i < from->cells.count; i++)
        slice_leaks_add(to, from->cells.at[i].key, from->cells.at[i].slice, from->cells.at[i].leaked);
}

static void leaks_now_done(struct leaks_now *now)
{
    slice_leaks_done(&now->sites);
    slice_leaks_done(&now->threads);
    slice_leaks_done(&now->sizes);
}

void slices_take(const struct slices *slices, const uint32_t *site_places, size_t site_keys, size_t most_cells, struct slices_answer *answer)
{
    struct leaks_now now = {.slices = slices};
    size_t sites, threads;
    model_sites(slices->model, &sites);
    model_threads(slices->model, &threads);
    *answer = (struct slices_answer){.begin_ns = slices->begin_ns, .width_ns = slices->width_ns, .count = slices->now + 1};
    for (uint32_t i = 0; i < answer->count; i++)
        answer->totals[i] = slices->totals[i];
    leaks_copy(&now.sites, &slices->sites.left);
    leaks_copy(&now.threads, &slices->threads.left);
    leaks_copy(&now.sizes, &slices->sizes.left);
    model_each_block(slices->model, live_visit, &now);
    slice_grid_take(&slices->sites, &now.sites, site_places, site_places ? site_keys : sites, most_cells, &answer->sites);
    slice_grid_take(&slices->threads, &now.threads, NULL, threads, most_cells, &answer->threads);
    slice_grid_take(&slices->sizes, &now.sizes, NULL, SIZE_CLASSES, most_cells, &answer->sizes);
    leaks_now_done(&now);
}

void slices_done(struct slices_answer *answer)
{
    slice_columns_done(&answer->sites);
    slice_columns_done(&answer->threads);
    slice_columns_done(&answer->sizes);
}
