/* census: in a list of requests, out what each place in the code asked for, and when each block ended. */
#include "census.h"

struct owner {
    uint32_t group, born;
    uint64_t size;
};

struct counting {
    struct census *census;
    census_place place;
    void *context;
    struct map groups;     /* place and heap: number */
    struct owner **owners; /* by heap and block */
    uint64_t live_bytes;
};

static uint64_t key_of(uint32_t number, uint32_t heap)
{
    return (uint64_t)heap << 32 | number;
}

uint32_t census_group_of(const struct census *census, const struct request *request)
{
    const uint64_t *group = map_get(&census->by_stack, key_of(request->stack, (uint32_t)request->heap));
    return group ? (uint32_t)*group : UINT32_MAX;
}

static uint32_t group_take(struct counting *counting, const struct request *request, uint64_t number)
{
    struct census *census = counting->census;
    bool is_new;
    uint64_t *found = map_put(&census->by_stack, key_of(request->stack, (uint32_t)request->heap), &is_new);
    if (!is_new)
        return (uint32_t)*found;
    uint32_t place = counting->place ? counting->place(counting->context, request->stack) : request->stack;
    uint64_t *group = map_put(&counting->groups, key_of(place, (uint32_t)request->heap), &is_new);
    if (is_new) {
        *group = census->groups.count;
        vec_push(&census->groups,
                 ((struct census_group){.stack = request->stack, .heap = (uint32_t)request->heap, .place = place, .least = UINT64_MAX, .first = number}));
    }
    *found = *group;
    return (uint32_t)*group;
}

static void group_grow(struct counting *counting, struct census_group *group, uint64_t size, uint64_t number)
{
    struct census *census = counting->census;
    counting->live_bytes += size;
    group->live_bytes += size;
    if (group->live_bytes > group->live_bytes_most)
        group->live_bytes_most = group->live_bytes;
    if (counting->live_bytes > census->peak_bytes) {
        census->peak_bytes = counting->live_bytes;
        census->peak_request = number;
    }
}

static void count_alloc(struct counting *counting, const struct request *request, uint64_t number)
{
    struct owner *owner = &counting->owners[request->heap][request->block];
    *owner = (struct owner){group_take(counting, request, number), (uint32_t)number, request->size};
    struct census_group *group = &counting->census->groups.at[owner->group];
    counting->census->ends[number] = CENSUS_LIVES;
    group->allocs++;
    group->bytes += request->size;
    group->least = request->size < group->least ? request->size : group->least;
    group->most = request->size > group->most ? request->size : group->most;
    if (++group->live > group->live_most)
        group->live_most = group->live;
    group_grow(counting, group, request->size, number);
}

static void count_free(struct counting *counting, const struct request *request, uint64_t number)
{
    const struct owner *owner = &counting->owners[request->heap][request->block];
    struct census_group *group = &counting->census->groups.at[owner->group];
    counting->census->ends[owner->born] = (uint32_t)number;
    group->frees++;
    group->live--;
    group->live_bytes -= owner->size;
    counting->live_bytes -= owner->size;
}

static void count_resize(struct counting *counting, const struct request *request, uint64_t number)
{
    struct census *census = counting->census;
    struct owner *owner = &counting->owners[request->heap][request->block];
    struct census_group *group = &census->groups.at[group_take(counting, request, number)];
    struct census_group *maker = &census->groups.at[owner->group];
    group->resizes++;
    if (request->size > owner->size) {
        group->grows++;
        group->grown_bytes += request->size - owner->size;
        group->grown_from_bytes += owner->size;
    }
    maker->resized += !census->is_resized[owner->born];
    census->is_resized[owner->born] = 1;
    maker->live_bytes -= owner->size;
    counting->live_bytes -= owner->size;
    owner->size = request->size;
    group_grow(counting, maker, request->size, number);
}

void census_init(struct census *census, const struct requests *requests, census_place place, void *context)
{
    struct counting counting = {.census = census, .place = place, .context = context};
    uint64_t count = requests->list.count;
    *census = (struct census){.requests = requests, .ends = memory_new(count + 1, sizeof *census->ends), .is_resized = memory_new(count + 1, 1)};
    counting.owners = memory_new(requests->heaps.count + 1, sizeof *counting.owners);
    for (size_t i = 0; i < requests->heaps.count; i++)
        counting.owners[i] = memory_new(requests->heaps.at[i].blocks + 1, sizeof **counting.owners);
    for (uint64_t i = 0; i < count; i++) {
        const struct request *request = &requests->list.at[i];
        if (request->kind == REQUEST_ALLOC || request->kind == REQUEST_ZEROED)
            count_alloc(&counting, request, i);
        else if (request->kind == REQUEST_FREE)
            count_free(&counting, request, i);
        else if (request->kind == REQUEST_RESIZE)
            count_resize(&counting, request, i);
    }
    for (size_t i = 0; i < requests->heaps.count; i++)
        memory_free(counting.owners[i]);
    memory_free(counting.owners);
    map_done(&counting.groups);
}

void census_done(struct census *census)
{
    vec_done(&census->groups);
    map_done(&census->by_stack);
    memory_free(census->ends);
    memory_free(census->is_resized);
}
