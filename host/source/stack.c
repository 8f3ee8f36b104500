/* stack: a tree in a hash table, with the last child of every node beside it. */
#include "stack.h"

void stacks_init(struct stacks *stacks, const struct places *places, struct emit *emit)
{
    *stacks = (struct stacks){.places = places, .emit = emit};
    vec_push(&stacks->last, ((struct stack_last){0}));
    vec_push(&stacks->nodes, ((struct stack_node){0}));
}

static void stacks_tell(struct stacks *stacks, uint32_t id, uint32_t parent, uint32_t place)
{
    const struct place *at = &stacks->places->at.at[place];
    struct frame_definition frame = {.id = id, .parent = parent, .module = at->module, .offset = at->offset};
    emit_event(stacks->emit, &(struct event){.kind = EVENT_FRAME, .time_ns = stacks->emit->last_ns, .stack = id, .define = &frame});
}

uint32_t stacks_find(struct stacks *stacks, uint32_t parent, uint32_t place)
{
    bool is_new;
    uint64_t *child = map_put(&stacks->children, (uint64_t)parent << 32 | place, &is_new);
    if (is_new) {
        *child = stacks->last.count;
        vec_push(&stacks->last, ((struct stack_last){0}));
        vec_push(&stacks->nodes, ((struct stack_node){parent, place}));
        stacks_tell(stacks, (uint32_t)*child, parent, place);
    }
    stacks->last.at[parent] = (struct stack_last){place, (uint32_t)*child};
    return (uint32_t)*child;
}

void stacks_done(struct stacks *stacks)
{
    map_done(&stacks->children);
    vec_done(&stacks->last);
    vec_done(&stacks->nodes);
}
