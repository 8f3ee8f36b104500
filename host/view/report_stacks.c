/* report_stacks: in stack ids, out the tree of their frames. */
#include "report_stacks.h"

void report_stacks_start(struct report_stacks *stacks, struct view_json *page, struct symbols *symbols)
{
    *stacks = (struct report_stacks){.page = page, .symbols = symbols};
    *map_put(&stacks->places, 0, NULL) = 0;
    vec_push(&stacks->nodes, ((struct report_node){-1, -1}));
}

static size_t node_add(struct report_stacks *stacks, int64_t parent, const struct frame *frame)
{
    vec_push(&stacks->nodes, ((struct report_node){parent, (int64_t)view_json_frame(stacks->page, frame)}));
    return stacks->nodes.count - 1;
}

/* The frames of the one address `stack` stand in stacks->frames at [from, to), innermost first. */
static size_t address_add(struct report_stacks *stacks, int64_t parent, uint32_t stack, size_t from, size_t to)
{
    size_t place = 0;
    for (size_t i = to; i-- > from;) {
        place = node_add(stacks, parent, &stacks->frames.list.at[i]);
        parent = (int64_t)place;
    }
    *map_put(&stacks->places, stack, NULL) = place;
    return place;
}

/* Where the frames of each address that is new begin, from the innermost on; returns the first address that is known, or 0. */
static uint32_t unknown_find(const struct report_stacks *stacks, uint32_t stack, uint32_t *addresses, size_t *starts, size_t *count)
{
    const struct frame_text *texts;
    size_t at = 0;
    *count = 0;
    while (stack && at < stacks->frames.list.count && !map_get(&stacks->places, stack)) {
        addresses[*count] = stack;
        starts[(*count)++] = at;
        at += symbols_frame(stacks->symbols, stack, &texts);
        stack = symbols_parent(stacks->symbols, stack);
    }
    starts[*count] = at;
    return map_get(&stacks->places, stack) ? stack : 0;
}

size_t report_stacks_place(void *context, uint32_t stack)
{
    struct report_stacks *stacks = context;
    uint64_t *known = map_get(&stacks->places, stack);
    uint32_t addresses[FRAMES_MOST];
    size_t starts[FRAMES_MOST + 1], count;
    if (known || !stacks->symbols)
        return known ? (size_t)*known : 0;
    frames_of_stack(&stacks->frames, stacks->symbols, stack);
    uint32_t caller = unknown_find(stacks, stack, addresses, starts, &count);
    int64_t place = caller ? (int64_t)*map_get(&stacks->places, caller) : -1;
    for (size_t i = count; i-- > 0;)
        place = (int64_t)address_add(stacks, place, addresses[i], starts[i], starts[i + 1] < stacks->frames.list.count ? starts[i + 1] : stacks->frames.list.count);
    return (size_t)place;
}

void report_stacks_put(const struct report_stacks *stacks, struct json *json)
{
    json_object(json, "stacks");
    json_array(json, "parent");
    for (size_t i = 0; i < stacks->nodes.count; i++)
        json_signed(json, NULL, stacks->nodes.at[i].parent);
    json_end(json);
    json_array(json, "frame");
    for (size_t i = 0; i < stacks->nodes.count; i++)
        json_signed(json, NULL, stacks->nodes.at[i].frame);
    json_end(json);
    json_end(json);
}

void report_stacks_done(struct report_stacks *stacks)
{
    map_done(&stacks->places);
    vec_done(&stacks->nodes);
    frames_done(&stacks->frames);
}
