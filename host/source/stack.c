/* stack: a tree in a hash table, with the two latest children of every node beside it. */
#include "stack.h"

enum { STACKS_LEAST_ROOM = 1024 };

void stacks_init(struct stacks *stacks, const struct places *places, struct emit *emit)
{
    *stacks = (struct stacks){.places = places, .emit = emit, .room = STACKS_LEAST_ROOM};
    stacks->slots = memory_new(stacks->room, sizeof *stacks->slots);
    vec_push(&stacks->last, ((struct stack_last){0}));
    vec_push(&stacks->nodes, ((struct stack_node){0}));
}

static inline size_t stacks_home(const struct stacks *stacks, uint32_t parent, uint32_t place)
{
    uint64_t hash = ((uint64_t)parent << 32 | place) * 0x9E3779B97F4A7C15u;
    return (size_t)((hash ^ hash >> 32) & (stacks->room - 1));
}

static struct stack_slot *stacks_slot(const struct stacks *stacks, uint32_t parent, uint32_t place)
{
    size_t at = stacks_home(stacks, parent, place);
    while (stacks->slots[at].child && (stacks->slots[at].parent != parent || stacks->slots[at].place != place))
        at = (at + 1) & (stacks->room - 1);
    return &stacks->slots[at];
}

static void stacks_grow(struct stacks *stacks)
{
    memory_free(stacks->slots);
    stacks->room *= 2;
    stacks->slots = memory_new(stacks->room, sizeof *stacks->slots);
    for (size_t id = 1; id < stacks->nodes.count; id++) {
        const struct stack_node *node = &stacks->nodes.at[id];
        *stacks_slot(stacks, node->parent, node->place) = (struct stack_slot){node->parent, node->place, (uint32_t)id};
    }
}

static void stacks_tell(struct stacks *stacks, uint32_t id, uint32_t parent, uint32_t place)
{
    const struct place *at = &stacks->places->at.at[place];
    struct frame_definition frame = {.id = id, .parent = parent, .module = at->module, .offset = at->offset};
    emit_event(stacks->emit, &(struct event){.kind = EVENT_FRAME, .time_ns = stacks->emit->last_ns, .stack = id, .define = &frame});
}

static uint32_t stacks_add(struct stacks *stacks, struct stack_slot *slot, uint32_t parent, uint32_t place)
{
    uint32_t id = (uint32_t)stacks->nodes.count;
    *slot = (struct stack_slot){parent, place, id};
    vec_push(&stacks->last, ((struct stack_last){0}));
    vec_push(&stacks->nodes, ((struct stack_node){parent, place}));
    if (stacks->nodes.count * 4 > stacks->room * 3)
        stacks_grow(stacks);
    stacks_tell(stacks, id, parent, place);
    return id;
}

uint32_t stacks_find(struct stacks *stacks, uint32_t parent, uint32_t place)
{
    struct stack_slot *slot = stacks_slot(stacks, parent, place);
    uint32_t child = slot->child ? slot->child : stacks_add(stacks, slot, parent, place);
    struct stack_last *last = &stacks->last.at[parent];
    *last = (struct stack_last){place, child, last->place, last->child};
    return child;
}

void stacks_done(struct stacks *stacks)
{
    memory_free(stacks->slots);
    vec_done(&stacks->last);
    vec_done(&stacks->nodes);
}
