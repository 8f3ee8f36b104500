/* stack: a tree in a hash table; beside it, of every node, which program counter led to it last. */
#include "stack.h"

enum { STACKS_LEAST_ROOM = 1024 };

void stacks_init(struct stacks *stacks, const struct places *places, struct emit *emit)
{
    *stacks = (struct stacks){.places = places, .emit = emit, .room = STACKS_LEAST_ROOM};
    stacks->slots = memory_new(stacks->room, sizeof *stacks->slots);
    stacks->near = memory_new(STACKS_NEAR, sizeof *stacks->near);
    vec_push(&stacks->nodes, ((struct stack_node){0}));
}

static inline uint32_t stacks_hash(uint32_t parent, uint64_t other)
{
    uint64_t hash = ((uint64_t)parent << 32 ^ other) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(hash ^ hash >> 32);
}

static struct stack_slot *stacks_slot(const struct stacks *stacks, uint32_t hash, uint32_t parent, uint32_t place)
{
    size_t at = hash & (stacks->room - 1);
    for (; stacks->slots[at].id; at = (at + 1) & (stacks->room - 1)) {
        const struct stack_node *node = stacks->nodes.at + stacks->slots[at].id;
        if (stacks->slots[at].hash == hash && node->parent == parent && node->place == place)
            break;
    }
    return &stacks->slots[at];
}

static void stacks_grow(struct stacks *stacks)
{
    struct stack_slot *old = stacks->slots;
    size_t old_room = stacks->room;
    stacks->room *= 2;
    stacks->slots = memory_new(stacks->room, sizeof *stacks->slots);
    for (size_t i = 0; i < old_room; i++) {
        size_t at = old[i].hash & (stacks->room - 1);
        while (old[i].id && stacks->slots[at].id)
            at = (at + 1) & (stacks->room - 1);
        if (old[i].id)
            stacks->slots[at] = old[i];
    }
    memory_free(old);
}

static void stacks_tell(struct stacks *stacks, uint32_t id, uint32_t parent, uint32_t place)
{
    const struct place *at = &stacks->places->at.at[place];
    struct frame_definition frame = {.id = id, .parent = parent, .module = at->module, .offset = at->offset};
    emit_event(stacks->emit, &(struct event){.kind = EVENT_FRAME, .time_ns = stacks->emit->last_ns, .stack = id, .define = &frame});
}

static uint32_t stacks_add(struct stacks *stacks, struct stack_slot *slot, uint32_t hash, uint32_t parent, uint32_t place)
{
    uint32_t id = (uint32_t)stacks->nodes.count;
    *slot = (struct stack_slot){hash, id};
    vec_push(&stacks->nodes, ((struct stack_node){.parent = parent, .place = place}));
    if (stacks->nodes.count * 4 > stacks->room * 3)
        stacks_grow(stacks);
    stacks_tell(stacks, id, parent, place);
    return id;
}

uint32_t stacks_find(struct stacks *stacks, uint32_t parent, uint32_t place)
{
    uint32_t hash = stacks_hash(parent, place);
    struct stack_slot *slot = stacks_slot(stacks, hash, parent, place);
    return slot->id ? slot->id : stacks_add(stacks, slot, hash, parent, place);
}

static inline uint32_t *stacks_near(const struct stacks *stacks, uint32_t parent, uint64_t pc)
{
    return stacks->near + stacks_hash(parent, pc) % STACKS_NEAR;
}

uint32_t stacks_recall(struct stacks *stacks, uint32_t parent, uint64_t pc, uint32_t era)
{
    uint32_t child = *stacks_near(stacks, parent, pc);
    const struct stack_node *node = stacks->nodes.at + child;
    if (node->pc != pc || node->era != era || node->parent != parent)
        return 0;
    stacks->nodes.at[parent].latest = child;
    return child;
}

void stacks_learn(struct stacks *stacks, uint32_t parent, uint64_t pc, uint32_t era, uint32_t child)
{
    struct stack_node *node = stacks->nodes.at + child;
    node->pc = pc;
    node->era = era;
    stacks->nodes.at[parent].latest = child;
    *stacks_near(stacks, parent, pc) = child;
}

void stacks_done(struct stacks *stacks)
{
    memory_free(stacks->slots);
    memory_free(stacks->near);
    vec_done(&stacks->nodes);
}
