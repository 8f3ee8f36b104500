/* heap_layout: one watch for all tables that ask for it. Heaps of processes that end are measured when they do. */
#include "heap_layout.h"

#include <stdlib.h>

#include "answer.h"
#include "region.h"

enum { PERIOD_LIVE = 8, PERIOD_LEAST = 1024 };
static const uint64_t point_least_ns = 1000000;

struct heap_layout_heap {
    uint32_t process, heap;
    struct ranges ranges;
    uint64_t mapped;     /* bytes of pages that live blocks have of their own */
    uint64_t live_count; /* blocks */
    struct heap_layout_course course;
    heap_layout_extents left; /* of a process that is ending */
};

struct heap_layout {
    const struct model *model;
    unsigned users;
    VEC(struct heap_layout_heap) heaps;
    struct map numbers; /* region_key -> number + 1 */
    uint64_t last_key;
    size_t last_number; /* + 1; 0: none */
    VEC(struct heap_layout_found) ended;
    uint64_t left_out;
    size_t leaving; /* heaps with blocks in `left` */
    VEC(struct heap_layout_point) points;
    size_t moments;                      /* times of points */
    uint64_t width_ns, next_ns, period;  /* period: events until the next look */
    VEC(struct heap_layout_found) found; /* the latest answer */
    uint64_t found_at;                   /* the model's events then, + 1 */
};

struct heap_layout_user {
    struct heap_layout *layout;
    bool feeds;
};

static struct heap_layout_heap *heap_add(struct heap_layout *layout, uint32_t process, uint32_t heap)
{
    uint64_t key = region_key(process, heap);
    uint64_t *number = map_put(&layout->numbers, key, NULL);
    if (!*number) {
        vec_push(&layout->heaps, ((struct heap_layout_heap){.process = process, .heap = heap}));
        *number = layout->heaps.count;
    }
    layout->last_key = key;
    layout->last_number = *number;
    return layout->heaps.at + *number - 1;
}

static inline struct heap_layout_heap *heap_of(struct heap_layout *layout, const struct block *block)
{
    if (layout->last_number && layout->last_key == region_key(block->process, block->heap))
        return layout->heaps.at + layout->last_number - 1;
    return heap_add(layout, block->process, block->heap);
}

static inline uint64_t block_end(const struct block *block)
{
    uint64_t bytes = block->usable > block->size ? block->usable : block->size;
    return bytes < UINT64_MAX - block->address ? block->address + bytes : UINT64_MAX;
}

static uint64_t mapped_bytes(const struct block *block)
{
    uint64_t bytes = block_end(block) - block->address;
    return bytes / LAYOUT_PAGE * LAYOUT_PAGE + (bytes % LAYOUT_PAGE ? LAYOUT_PAGE : 0);
}

static inline uint64_t used_of(const struct heap_layout_heap *heap)
{
    return heap->ranges.bytes + heap->mapped;
}

static void used_rise(struct heap_layout_course *course, uint64_t used)
{
    course->used = used;
    if (used <= course->used_most)
        return;
    course->used_most = used;
    course->live_at_used_most = course->live;
}

/* Few allocators give a block pages of its own, so the address alone rules most blocks out. */
static inline bool block_is_mapped(const struct block *block)
{
    return (block->address & (LAYOUT_PAGE - 1)) <= 16 && heap_layout_is_mapped(block->address, block->size, block->usable);
}

static inline void heap_place(struct heap_layout_heap *heap, const struct block *block)
{
    heap->live_count++;
    heap->course.live += block->size;
    if (block_is_mapped(block)) {
        heap->mapped += mapped_bytes(block);
        used_rise(&heap->course, used_of(heap));
    } else if (ranges_add(&heap->ranges, block->address, block_end(block))) {
        used_rise(&heap->course, used_of(heap));
    }
}

static inline void heap_birth(struct heap_layout_heap *heap, const struct block *block)
{
    struct heap_layout_course *course = &heap->course;
    heap_place(heap, block);
    course->births++;
    course->asked += block->size;
    if (course->live > course->live_most) {
        course->live_most = course->live;
        course->used_at_live_most = course->used;
    }
    if (course->live)
        course->ratios += (double)course->used / (double)course->live;
}

static inline void heap_death(struct heap_layout_heap *heap, const struct block *block)
{
    heap->live_count -= heap->live_count > 0;
    heap->course.live -= block->size < heap->course.live ? block->size : heap->course.live;
    if (block_is_mapped(block)) {
        uint64_t bytes = mapped_bytes(block);
        heap->mapped -= bytes < heap->mapped ? bytes : heap->mapped;
        heap->course.used = used_of(heap);
    }
}

static struct heap_layout_extent extent_of(const struct block *block)
{
    return (struct heap_layout_extent){
        block->address, block_end(block), block->size, block->birth_ns, block->site, block->thread, block->usable && block->usable >= block->size};
}

static void heap_leave(struct heap_layout *layout, struct heap_layout_heap *heap, const struct block *block)
{
    layout->leaving += !heap->left.count;
    vec_push(&heap->left, extent_of(block));
    heap_death(heap, block);
}

static void block_inherit(void *context, const struct block *block)
{
    struct heap_layout *layout = context;
    heap_place(heap_of(layout, block), block);
}

static struct heap_layout *heap_layout_new(const struct model *model)
{
    struct heap_layout *layout = memory_new(1, sizeof *layout);
    layout->model = model;
    layout->width_ns = point_least_ns;
    layout->period = PERIOD_LEAST;
    if (model_sample_bytes(model))
        return layout;
    model_each_block(model, block_inherit, layout);
    for (size_t i = 0; i < layout->heaps.count; i++) {
        struct heap_layout_course *course = &layout->heaps.at[i].course;
        course->live_most = course->live_at_used_most = course->live;
        course->used_at_live_most = course->used_most;
    }
    return layout;
}

void *heap_layout_begin(const struct model *model)
{
    void **shared = model_shared(model);
    struct heap_layout_user *user = memory_new(1, sizeof *user);
    user->feeds = !*shared;
    user->layout = *shared = *shared ? *shared : heap_layout_new(model);
    user->layout->users++;
    return user;
}

static void found_list_done(struct heap_layout_found *found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        heap_layout_found_done(found + i);
}

void heap_layout_end(void *state)
{
    struct heap_layout_user *user = state;
    struct heap_layout *layout = user->layout;
    memory_free(user);
    if (--layout->users)
        return;
    *model_shared(layout->model) = NULL;
    for (size_t i = 0; i < layout->heaps.count; i++) {
        ranges_done(&layout->heaps.at[i].ranges);
        vec_done(&layout->heaps.at[i].left);
    }
    found_list_done(layout->found.at, layout->found.count);
    found_list_done(layout->ended.at, layout->ended.count);
    vec_done(&layout->heaps);
    vec_done(&layout->ended);
    vec_done(&layout->found);
    vec_done(&layout->points);
    map_done(&layout->numbers);
    memory_free(layout);
}

void heap_layout_found_done(struct heap_layout_found *found)
{
    vec_done(&found->pins);
    vec_done(&found->pinners);
    vec_done(&found->cells);
}

/* Only the largest keep their cells. */
static void cells_keep(struct heap_layout_found *found, size_t count)
{
    struct heap_layout_found *least = NULL;
    size_t maps = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_less = !least || found[i].stretch_bytes + found[i].mapped_bytes < least->stretch_bytes + least->mapped_bytes;
        maps += found[i].cells.count > 0;
        least = found[i].cells.count && is_less ? found + i : least;
    }
    if (maps > HEAP_LAYOUT_MAPS)
        vec_done(&least->cells);
}

unsigned heap_layout_mean_log2(const struct heap_layout_course *course)
{
    uint64_t mean = course->births ? course->asked / course->births : 1;
    return mean > 1 ? size_class(mean - 1) : 0;
}

const struct heap *heap_layout_heap_named(const struct model *model, uint32_t process, uint32_t id)
{
    const struct heap *heap;
    for (size_t i = 0; (heap = model_heap(model, i)); i++)
        if (heap->process == process && heap->id == id)
            return heap;
    return NULL;
}

static void heap_measure(const struct heap_layout *layout, const struct heap_layout_heap *heap, heap_layout_extents *extents, bool has_pins,
                         struct heap_layout_found *found)
{
    const struct heap *named = heap_layout_heap_named(layout->model, heap->process, heap->heap);
    bool is_exact = named && named->base && named->size && named->size <= UINT64_MAX - named->base;
    struct range whole = is_exact ? (struct range){named->base, named->base + named->size} : (struct range){0, 0};
    struct heap_layout_place place = {is_exact ? &whole : heap->ranges.list.at, is_exact ? 1 : heap->ranges.list.count, is_exact, has_pins,
                                      heap->ranges.list.count ? heap->ranges.list.at[0].low : 0};
    *found = (struct heap_layout_found){.process = heap->process, .heap = heap->heap, .course = heap->course};
    heap_layout_measure(found, extents, &place);
}

/* Processes that have ended now: their heaps are measured, and forgotten but for that. */
static void ended_close(struct heap_layout *layout)
{
    for (size_t i = 0; i < layout->heaps.count && layout->leaving; i++) {
        struct heap_layout_heap *heap = layout->heaps.at + i;
        struct heap_layout_found found;
        if (!heap->left.count)
            continue;
        layout->leaving--;
        if (layout->ended.count < LAYOUT_ENDED) {
            heap_measure(layout, heap, &heap->left, true, &found);
            found.has_ended = true;
            vec_push(&layout->ended, found);
            cells_keep(layout->ended.at, layout->ended.count);
        } else {
            layout->left_out++;
        }
        vec_done(&heap->left);
        ranges_done(&heap->ranges);
        heap->course = (struct heap_layout_course){0};
    }
}

/* The blocks of each heap. The model has taken in some changes more than were looked at: `late` has the blocks that these are about. */
struct gather {
    struct heap_layout *layout;
    VEC(heap_layout_extents) heaps; /* as layout->heaps */
    struct map late;
};

static uint64_t late_key(const struct block *block)
{
    return block->address ^ region_key(block->process, block->heap) * 0x9E3779B97F4A7C15u;
}

static void gather_add(struct gather *gather, const struct block *block)
{
    size_t number = (size_t)(heap_of(gather->layout, block) - gather->layout->heaps.at);
    vec_extend(&gather->heaps, number + 1);
    vec_push(gather->heaps.at + number, extent_of(block));
}

static void gather_visit(void *context, const struct block *block)
{
    struct gather *gather = context;
    if (!map_count(&gather->late) || !map_get(&gather->late, late_key(block)))
        gather_add(gather, block);
}

/* Of the changes behind `last` the first about a block tells what was before: one that ends then was live. */
static void gather_run(struct gather *gather, const struct change *last, const struct change *end)
{
    for (const struct change *change = last; change && change < end; change++) {
        bool is_new = false;
        if (change_way(change))
            map_put(&gather->late, late_key(&change->block), &is_new);
        if (is_new && change_way(change) < 0)
            gather_add(gather, &change->block);
    }
    model_each_block(gather->layout->model, gather_visit, gather);
}

static void gather_done(struct gather *gather)
{
    for (size_t i = 0; i < gather->heaps.count; i++)
        vec_done(gather->heaps.at + i);
    vec_done(&gather->heaps);
    map_done(&gather->late);
}

/* Half of the points go; those of one time stay together. */
static void points_halve(struct heap_layout *layout)
{
    size_t kept = 0;
    uint64_t time_ns = UINT64_MAX, number = 0;
    for (size_t i = 0; i < layout->points.count; i++) {
        number += layout->points.at[i].time_ns != time_ns;
        time_ns = layout->points.at[i].time_ns;
        if (number % 2)
            layout->points.at[kept++] = layout->points.at[i];
    }
    layout->points.count = kept;
    layout->moments = (LAYOUT_POINTS + 1) / 2 + 1;
    layout->width_ns *= 2;
}

/* Between `change` and what follows it, so that it does not matter how changes are bunched. */
static void points_take(struct heap_layout *layout, const struct change *change, const struct change *end)
{
    struct gather gather = {.layout = layout};
    uint64_t live = 0, time_ns = change->time_ns;
    size_t lines = 0;
    gather_run(&gather, change + 1, end);
    if (layout->moments++ == LAYOUT_POINTS)
        points_halve(layout);
    for (size_t i = 0; i < gather.heaps.count; i++) {
        struct heap_layout_found found;
        live += gather.heaps.at[i].count;
        if (!gather.heaps.at[i].count || lines++ >= LAYOUT_LINES)
            continue;
        heap_measure(layout, layout->heaps.at + i, gather.heaps.at + i, false, &found);
        vec_push(&layout->points, heap_layout_point_of(&found, time_ns));
        heap_layout_found_done(&found);
    }
    layout->period = PERIOD_LIVE * live > PERIOD_LEAST ? PERIOD_LIVE * live : PERIOD_LEAST;
    layout->next_ns = time_ns + layout->width_ns;
    gather_done(&gather);
}

static void change_see(struct heap_layout *layout, const struct change *change)
{
    struct heap_layout_heap *heap = heap_of(layout, &change->block);
    if (change->kind == CHANGE_BIRTH || change->kind == CHANGE_RESIZE)
        heap_birth(heap, &change->block);
    else if (change->kind == CHANGE_LEAVE)
        heap_leave(layout, heap, &change->block);
    else if (change_way(change) > 0)
        heap_place(heap, &change->block);
    else
        heap_death(heap, &change->block);
}

void heap_layout_see(void *state, const struct changes *changes)
{
    const struct heap_layout_user *user = state;
    struct heap_layout *layout = user->layout;
    if (!user->feeds || model_sample_bytes(layout->model) || !changes->count)
        return;
    for (const struct change *change = changes->all, *end = change + changes->count; change < end; change++) {
        if (layout->leaving && change->kind != CHANGE_LEAVE)
            ended_close(layout);
        if (change_way(change))
            change_see(layout, change);
        layout->period -= layout->period > 0;
        if (!layout->period && change->time_ns >= layout->next_ns && !layout->leaving)
            points_take(layout, change, end);
    }
}

/* Those that end at this very moment, too. */
static void found_make(struct heap_layout *layout)
{
    struct gather gather = {.layout = layout};
    ended_close(layout);
    found_list_done(layout->found.at, layout->found.count);
    layout->found.count = 0;
    gather_run(&gather, NULL, NULL);
    for (size_t i = 0; i < gather.heaps.count; i++) {
        struct heap_layout_found found;
        if (!gather.heaps.at[i].count)
            continue;
        heap_measure(layout, layout->heaps.at + i, gather.heaps.at + i, true, &found);
        vec_push(&layout->found, found);
        cells_keep(layout->found.at, layout->found.count);
    }
    gather_done(&gather);
}

const struct heap_layout_found *heap_layout_ask(const void *state, const struct model *model, size_t number)
{
    struct heap_layout *layout = ((const struct heap_layout_user *)state)->layout;
    uint64_t now = model_get_totals(model)->events + 1;
    if (model_sample_bytes(model))
        return NULL;
    if (layout->found_at != now)
        found_make(layout);
    layout->found_at = now;
    if (number < layout->ended.count)
        return layout->ended.at + number;
    number -= layout->ended.count;
    return number < layout->found.count ? layout->found.at + number : NULL;
}

struct heap_layout_point heap_layout_point_of(const struct heap_layout_found *found, uint64_t time_ns)
{
    return (struct heap_layout_point){.time_ns = time_ns,
                                      .process = found->process,
                                      .heap = found->heap,
                                      .live = found->asked,
                                      .used = found->stretch_bytes + found->mapped_bytes,
                                      .free = found->free.bytes,
                                      .largest = found->free.largest,
                                      .pieces = found->free.count,
                                      .wasted = found->wasted,
                                      .umm = fragments_umm(&found->free),
                                      .score = fragments_score(&found->free, found->wasted),
                                      .unusable = fragments_unusable(&found->free, heap_layout_mean_log2(&found->course))};
}

const struct heap_layout_point *heap_layout_points(const void *state, size_t *count)
{
    const struct heap_layout *layout = ((const struct heap_layout_user *)state)->layout;
    *count = layout->points.count;
    return layout->points.at;
}

void heap_layout_note(const void *state, const struct model *model, struct table *table)
{
    const struct heap_layout *layout = ((const struct heap_layout_user *)state)->layout;
    if (model_sample_bytes(model))
        table_note(table, "a sampled trace does not tell where all blocks lie");
    if (layout->left_out)
        table_note(table, "%llu heaps of processes that ended later are left out", (unsigned long long)layout->left_out);
}

uint64_t heap_layout_time(const struct heap_layout_found *found, const struct model *model)
{
    size_t count;
    const struct process *processes = model_processes(model, &count);
    return found->has_ended && found->process < count ? processes[found->process].end_ns : model_time(model);
}

const char *heap_layout_thread_name(const struct model *model, uint32_t thread, struct table *table)
{
    size_t count;
    const struct thread *threads = model_threads(model, &count);
    return thread < count && threads[thread].name ? table_text(table, "%s", threads[thread].name) : "";
}
