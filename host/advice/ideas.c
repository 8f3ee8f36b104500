/* ideas: in a census and a first replay, out changes that are worth a trial. */
#include "ideas.h"

#include <stdlib.h>

enum {
    POOL_LEAST = 32,      /* blocks that a place must have made */
    BUFFER_LEAST = 16,
    BUFFER_MOST = 4,      /* at once */
    PAIRS_LEAST = 16,
    GROWS_LEAST = 16,
    MARKS_MOST = 64,
};

static void idea_add(struct ideas *ideas, struct idea idea)
{
    vec_push(&ideas->list, idea);
}

static uint64_t pool_unit(uint64_t size)
{
    return size ? (size + 7) & ~7ull : 8;
}

static bool is_whole(const struct census_group *group)
{
    return !group->resized && !group->resizes && group->most;
}

/* Blocks that are nearly of one size, and few blocks of any. */
static void find_pools(struct ideas *ideas, const struct census *census, bool is_fixed)
{
    for (uint32_t i = 0; i < census->groups.count; i++) {
        const struct census_group *group = &census->groups.at[i];
        bool is_alike = group->least * 4 >= group->most * 3;
        struct idea idea = {.group = i, .size = pool_unit(group->most), .count = group->live_most, .is_at_start = is_fixed, .sites = 1, .promise = (double)group->allocs};
        if (!is_whole(group))
            continue;
        if (group->live_most <= BUFFER_MOST && group->allocs >= BUFFER_LEAST) { /* so some were freed */
            idea.kind = IDEA_BUFFER;
            idea.lines = 4;
            idea_add(ideas, idea);
        } else if (is_alike && group->allocs >= POOL_LEAST) {
            idea.kind = IDEA_POOL;
            idea.lines = 8;
            idea_add(ideas, idea);
        }
    }
}

static bool is_birth(const struct request *request)
{
    return request->kind == REQUEST_ALLOC || request->kind == REQUEST_ZEROED;
}

static void find_pairs(struct ideas *ideas, const struct census *census)
{
    struct map pairs = {0};
    const struct requests *requests = census->requests;
    for (uint64_t i = 0; i + 1 < requests->list.count; i++) {
        const struct request *one = &requests->list.at[i], *other = one + 1;
        if (!is_birth(one) || !is_birth(other) || one->heap != other->heap)
            continue;
        uint64_t end = census->ends[i], other_end = census->ends[i + 1], key = (uint64_t)census_group_of(census, one) << 32 | census_group_of(census, other);
        if (end != CENSUS_LIVES && other_end != CENSUS_LIVES && (end + 1 == other_end || other_end + 1 == end))
            ++*map_put(&pairs, key, NULL);
    }
    for (size_t i = 0; i < pairs.room; i++) {
        uint32_t one = (uint32_t)(pairs.at[i].key >> 32), other = (uint32_t)pairs.at[i].key;
        uint64_t count = pairs.at[i].value;
        if (!pairs.at[i].key || one == other || count < PAIRS_LEAST)
            continue;
        const struct census_group *a = &census->groups.at[one], *b = &census->groups.at[other];
        if (is_whole(a) && is_whole(b) && count * 10 >= a->allocs * 9 && count * 10 >= b->allocs * 9)
            idea_add(ideas, (struct idea){.kind = IDEA_MERGE, .group = one, .other = other, .sites = 2, .lines = 6, .promise = (double)count});
    }
    map_done(&pairs);
}

static void find_early(struct ideas *ideas, const struct census *census)
{
    uint64_t late = census->requests->list.count / 20;
    bool has_any = false;
    uint32_t sites = 0;
    for (uint32_t i = 0; i < census->groups.count; i++) {
        const struct census_group *group = &census->groups.at[i];
        if (!group->allocs || group->frees == group->allocs || group->first < late)
            continue;
        has_any = true;
        sites++;
        idea_add(ideas, (struct idea){.kind = IDEA_EARLY, .group = i, .sites = 1, .lines = 2, .promise = (double)group->live_bytes});
    }
    if (has_any)
        idea_add(ideas, (struct idea){.kind = IDEA_EARLY, .group = IDEA_ALL, .sites = sites, .lines = 2 * sites, .promise = (double)census->peak_bytes});
}

/* Small steps: a block grows by less than a half of itself each time. */
static void find_growth(struct ideas *ideas, const struct census *census)
{
    for (uint32_t i = 0; i < census->groups.count; i++) {
        const struct census_group *group = &census->groups.at[i];
        if (group->grows < GROWS_LEAST || group->grown_bytes * 2 >= group->grown_from_bytes)
            continue;
        for (uint64_t halves = 3; halves <= 4; halves++)
            idea_add(ideas, (struct idea){.kind = IDEA_GROWTH, .group = i, .size = halves, .sites = 1, .lines = 3, .promise = (double)group->grows});
    }
}

static void find_rounding(struct ideas *ideas)
{
    static const uint64_t steps[] = {16, 32, 64, 0};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        idea_add(ideas, (struct idea){.kind = IDEA_ROUND, .size = steps[i], .sites = 1, .lines = 4, .promise = 1});
}

static void find_moves(struct ideas *ideas, const struct census *census)
{
    const struct requests *requests = census->requests;
    for (uint32_t i = 0; i < census->groups.count; i++)
        for (uint32_t heap = 0; heap < requests->heaps.count; heap++) {
            const struct census_group *group = &census->groups.at[i];
            if (heap == group->heap || requests->heaps.at[heap].process != requests->heaps.at[group->heap].process || !group->allocs || group->resizes)
                continue;
            idea_add(ideas, (struct idea){.kind = IDEA_MOVE, .group = i, .heap = heap, .sites = 1, .lines = 1, .promise = (double)group->live_bytes_most});
        }
}

/* What is made and freed between two requests of a heap. */
static uint64_t inside_bytes(const struct census *census, uint32_t heap, uint64_t from, uint64_t to, uint64_t *blocks)
{
    uint64_t bytes = 0;
    *blocks = 0;
    for (uint64_t i = from; i < to; i++) {
        const struct request *request = &census->requests->list.at[i];
        if (!is_birth(request) || request->heap != heap || census->ends[i] >= to || census->is_resized[i])
            continue;
        bytes += (request->size + 15) & ~15ull;
        ++*blocks;
    }
    return bytes;
}

static void phase_add(struct ideas *ideas, const struct census *census, uint32_t heap, uint64_t from, uint64_t to)
{
    uint64_t blocks;
    while (from < to && census->requests->list.at[from].heap != heap) /* so that who asks first is of this heap */
        from++;
    uint64_t bytes = from < to ? inside_bytes(census, heap, from, to, &blocks) : 0;
    if (bytes && blocks >= POOL_LEAST)
        idea_add(ideas, (struct idea){.kind = IDEA_PHASE, .heap = heap, .from = from, .to = to, .size = bytes, .sites = 1, .lines = 12, .promise = (double)blocks});
}

/* The spike that the peak is the top of: what is above half of it. */
static void find_spike(struct ideas *ideas, const struct census *census, uint32_t heap)
{
    const struct requests *requests = census->requests;
    uint64_t live = 0, from = 0, to = requests->list.count, half = requests->heaps.at[heap].peak_bytes / 2, peak = 0;
    uint64_t *sizes = memory_new(requests->heaps.at[heap].blocks + 1, sizeof *sizes);
    for (uint64_t i = 0, low = 0; i < requests->list.count; i++) {
        const struct request *request = &requests->list.at[i];
        if (request->heap != heap || request->kind == REQUEST_TRY)
            continue;
        uint64_t size = request->kind == REQUEST_FREE ? 0 : request->size;
        live += size - sizes[request->block];
        sizes[request->block] = size;
        if (live > peak) {
            peak = live;
            from = low;
            to = requests->list.count;
        }
        if (live <= half) {
            low = i + 1;
            to = to == requests->list.count && peak > half ? i + 1 : to;
        }
    }
    memory_free(sizes);
    phase_add(ideas, census, heap, from, to);
}

static void find_phases(struct ideas *ideas, const struct census *census)
{
    const struct requests *requests = census->requests;
    for (uint32_t heap = 0; heap < requests->heaps.count; heap++) {
        find_spike(ideas, census, heap);
        for (size_t i = 0; i < requests->marks.count && i < MARKS_MOST; i++)
            phase_add(ideas, census, heap, requests->marks.at[i], i + 1 < requests->marks.count ? requests->marks.at[i + 1] : requests->list.count);
    }
}

static void find_compactions(struct ideas *ideas, const struct census *census, const struct play_result *results)
{
    for (uint32_t heap = 0; heap < census->requests->heaps.count; heap++) {
        const struct play_result *result = &results[heap];
        struct idea idea = {.kind = IDEA_COMPACT, .heap = heap, .from = result->first.request, .sites = 1, .lines = 60, .promise = 1};
        if (result->first.is_there && !result->first.is_resize)
            idea_add(ideas, idea);
        idea.from = result->worst_request;
        if (result->fragmentation_worst > 0.3 && idea.from)
            idea_add(ideas, idea);
    }
}

/* Those of targets with the same width of pointers. */
static void find_allocators(struct ideas *ideas, const struct simulator *simulator)
{
    for (const struct simulator *const *at = simulators; *at; at++)
        if (*at != simulator && (*at)->pointer_bytes == simulator->pointer_bytes)
            idea_add(ideas, (struct idea){.kind = IDEA_ALLOCATOR, .simulator = *at, .sites = 1, .lines = 10, .promise = 1});
}

static int idea_order(const void *a, const void *b)
{
    const struct idea *one = a, *other = b;
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    if (one->promise != other->promise)
        return one->promise > other->promise ? -1 : 1;
    return one->group != other->group ? one->group < other->group ? -1 : 1 : one->size < other->size ? -1 : one->size > other->size;
}

/* Of each kind the most promising; allocators are all tried. */
static void ideas_cut(struct ideas *ideas, size_t most)
{
    size_t kept = 0, of_kind = 0;
    if (ideas->list.count)
        qsort(ideas->list.at, ideas->list.count, sizeof *ideas->list.at, idea_order);
    for (size_t i = 0; i < ideas->list.count; i++) {
        of_kind = i && ideas->list.at[i].kind == ideas->list.at[i - 1].kind ? of_kind + 1 : 0;
        if (of_kind < most || ideas->list.at[i].kind == IDEA_ALLOCATOR)
            ideas->list.at[kept++] = ideas->list.at[i];
    }
    ideas->list.count = kept;
}

void ideas_find(struct ideas *ideas, const struct census *census, const struct play_result *results, const struct simulator *simulator, bool is_fixed,
                size_t of_a_kind)
{
    find_pools(ideas, census, is_fixed);
    find_pairs(ideas, census);
    find_growth(ideas, census);
    find_phases(ideas, census);
    if (is_fixed) {
        find_early(ideas, census);
        find_rounding(ideas);
        find_moves(ideas, census);
        find_compactions(ideas, census, results);
        find_allocators(ideas, simulator);
    }
    ideas_cut(ideas, of_a_kind);
}

void ideas_done(struct ideas *ideas)
{
    vec_done(&ideas->list);
}
