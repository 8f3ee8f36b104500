/* timeline: in changes, out a series of what lived and what was allocated, in rows of equal length. When it gets too many rows, each two become one. */
#include "timeline.h"

#include "answer.h"
#include "host/base/memory.h"

static const uint64_t timeline_least_ns = 100000;

enum { TIME, LIVE, LIVE_COUNT, PEAK, ALLOCATED, ALLOCATIONS, FREES, RATE, BYTE_RATE };

static const struct column columns[] = {
    [TIME] = {"time_ns", "Time", "", "begin of the row; it lasts until the next row begins, the last until the end of the range", COLUMN_TIME},
    [LIVE] = {"live_bytes", "Live", "", "live bytes at the end of the row; blocks left by a process that ends count until then", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live blocks", "", "live blocks at the end of the row", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Peak", "", "most live bytes at any moment of the row", COLUMN_BYTES},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes asked for in the row by births and successful reallocs", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "those births and reallocs", COLUMN_COUNT},
    [FREES] = {"frees", "Frees", "", "blocks freed or replaced by realloc in the row", COLUMN_COUNT},
    [RATE] = {"allocation_rate", "Allocations/s", "/s", "allocations / length of the row", COLUMN_REAL},
    [BYTE_RATE] = {"allocated_rate", "Allocated/s", "B/s", "allocated_bytes / length of the row", COLUMN_REAL},
};

void *timeline_begin(const struct model *model)
{
    struct timeline *timeline = memory_new(1, sizeof *timeline);
    const struct model_totals *totals = model_get_totals(model);
    timeline->count = 1;
    timeline->begin_ns = totals->begin_ns;
    timeline->width_ns = timeline_least_ns;
    timeline->edge_ns = timeline->begin_ns + timeline->width_ns;
    timeline->moments[0].live = totals->account.live;
    timeline->moments[0].peak_bytes = totals->account.live.bytes;
    return timeline;
}

static void moment_vote(struct moment *moment, uint32_t site)
{
    if (moment->site == site)
        moment->votes++;
    else if (moment->votes)
        moment->votes--;
    else
        *moment = (struct moment){moment->live, moment->allocated, moment->peak_bytes, moment->frees, 1, site};
}

struct moment moment_join(const struct moment *first, const struct moment *second)
{
    struct moment both = *second;
    uint64_t more = first->votes > second->votes ? first->votes - second->votes : second->votes - first->votes;
    both.site = first->votes > second->votes ? first->site : second->site;
    both.votes = first->site == second->site ? first->votes + second->votes : more;
    tally_add(&both.allocated, first->allocated);
    both.frees += first->frees;
    if (first->peak_bytes > both.peak_bytes)
        both.peak_bytes = first->peak_bytes;
    return both;
}

/* `count` is even here: the last moment has just ended. */
static void timeline_halve(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->count / 2; i++)
        timeline->moments[i] = moment_join(timeline->moments + 2 * i, timeline->moments + 2 * i + 1);
    timeline->count /= 2;
    timeline->width_ns *= 2;
}

static void timeline_step(struct timeline *timeline)
{
    struct tally live = timeline->moments[timeline->count - 1].live;
    live.bytes -= timeline->left.bytes;
    live.count -= timeline->left.count;
    timeline->left = (struct tally){0};
    if (timeline->count == TIMELINE_ROWS)
        timeline_halve(timeline);
    timeline->moments[timeline->count++] = (struct moment){.live = live, .peak_bytes = live.bytes};
    timeline->edge_ns = timeline->begin_ns + timeline->count * timeline->width_ns;
}

/* Until `time_ns` lies in the last moment. A leap costs at most a few times TIMELINE_ROWS steps, since each halving doubles the width. */
static void timeline_advance(struct timeline *timeline, uint64_t time_ns)
{
    while (time_ns >= timeline->edge_ns && timeline->edge_ns < UINT64_MAX / 4)
        timeline_step(timeline);
}

static void moment_freed(struct moment *moment, const struct change *change)
{
    moment->frees += change->amount.count;
}

static void timeline_apply(struct timeline *timeline, const struct change *change)
{
    struct moment *moment = timeline->moments + timeline->count - 1;
    if (change->kind == CHANGE_BIRTH || change->kind == CHANGE_RESIZE) {
        tally_add(&moment->allocated, change->amount);
        moment_vote(moment, change->block.site);
    }
    if (change->kind == CHANGE_FREE || change->kind == CHANGE_RESIZE)
        moment_freed(moment, change);
    if (change->kind == CHANGE_LEAVE)
        tally_add(&timeline->left, change->amount);
    moment->live = change->live;
    tally_add(&moment->live, timeline->left);
    moment->peak_bytes = moment->live.bytes > moment->peak_bytes ? moment->live.bytes : moment->peak_bytes;
}

/* A bunch that lies in one row and in which no process ends needs no order but for the peak. */
static void timeline_apply_all(struct timeline *timeline, const struct changes *changes)
{
    struct moment *moment = timeline->moments + timeline->count - 1;
    uint64_t most = 0;
    for (size_t i = 0; i < changes->made_count; i++) {
        tally_add(&moment->allocated, changes->made[i]->amount);
        moment_vote(moment, changes->made[i]->block.site);
    }
    for (size_t i = 0; i < changes->freed_count; i++)
        moment_freed(moment, changes->freed[i]);
    for (size_t i = 0; i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_RESIZE)
            moment_freed(moment, changes->rare[i]);
    for (size_t i = 0; i < changes->count; i++)
        most = changes->all[i].live.bytes > most ? changes->all[i].live.bytes : most;
    moment->live = changes->all[changes->count - 1].live;
    tally_add(&moment->live, timeline->left);
    most += timeline->left.bytes;
    moment->peak_bytes = most > moment->peak_bytes ? most : moment->peak_bytes;
}

static bool timeline_is_simple(const struct timeline *timeline, const struct changes *changes)
{
    for (size_t i = 0; i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_LEAVE)
            return false;
    return changes->all[changes->count - 1].time_ns < timeline->edge_ns;
}

void timeline_see(void *state, const struct changes *changes)
{
    struct timeline *timeline = state;
    if (timeline_is_simple(timeline, changes)) {
        timeline_apply_all(timeline, changes);
        return;
    }
    for (const struct change *change = changes->all; change < changes->all + changes->count; change++) {
        if (change->time_ns >= timeline->edge_ns)
            timeline_advance(timeline, change->time_ns);
        timeline_apply(timeline, change);
    }
}

static void timeline_row(const struct moment *moment, uint64_t time_ns, uint64_t length_ns, struct table *table)
{
    union cell *row = table_row(table);
    row[TIME].u = time_ns;
    row[LIVE].u = moment->live.bytes;
    row[LIVE_COUNT].u = tally_count(moment->live);
    row[PEAK].u = moment->peak_bytes;
    row[ALLOCATED].u = moment->allocated.bytes;
    row[ALLOCATIONS].u = tally_count(moment->allocated);
    row[FREES].u = tally_count((struct tally){0, moment->frees});
    row[RATE].f = ratio((double)row[ALLOCATIONS].u, (double)length_ns / 1e9);
    row[BYTE_RATE].f = ratio((double)moment->allocated.bytes, (double)length_ns / 1e9);
}

/* What happened at the very end, on the edge of a row that would have no length, belongs to the row before. */
static void timeline_join_end(struct timeline *timeline, uint64_t end_ns)
{
    struct moment *last = timeline->moments + timeline->count - 1;
    if (timeline->count < 2 || timeline->begin_ns + (timeline->count - 1) * timeline->width_ns != end_ns)
        return;
    last[-1] = moment_join(last - 1, last);
    timeline->count--;
}

struct timeline *timeline_now(const struct timeline *timeline, uint64_t end_ns)
{
    struct timeline *now = memory_new(1, sizeof *now);
    *now = *timeline;
    timeline_advance(now, end_ns);
    timeline_join_end(now, end_ns);
    return now;
}

static void timeline_answer(const void *state, const struct model *model, struct table *table)
{
    uint64_t end_ns = model_time(model);
    struct timeline *now = timeline_now(state, end_ns);
    for (size_t i = 0; i < now->count; i++) {
        uint64_t from_ns = now->begin_ns + i * now->width_ns, length_ns = i + 1 < now->count ? now->width_ns : age_ns(from_ns, end_ns);
        timeline_row(now->moments + i, from_ns, length_ns, table);
    }
    memory_free(now);
}

const struct analysis analysis_timeline = {
    .name = "timeline",
    .title = "Timeline",
    .about = "Live and allocated bytes over time, in at most 2048 rows of equal length (100 us times a power of two).",
    .shape = TABLE_SERIES,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = timeline_begin,
    .see = timeline_see,
    .end = memory_free,
    .answer = timeline_answer,
};
