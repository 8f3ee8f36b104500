/* stack: in the id of a stack and the place that its next frame returns to, out the id of the longer stack; a new id is told as EVENT_FRAME first. */
#ifndef HOST_SOURCE_STACK_H
#define HOST_SOURCE_STACK_H

#include <stdint.h>

#include "emit.h"
#include "place.h"

/* The two frames that followed most lately, the latest first; child 0: none yet. */
struct stack_last {
    uint32_t place, child, older_place, older_child;
};

struct stack_node {
    uint32_t parent, place;
};

struct stack_slot {
    uint32_t parent, place, child; /* child 0: free slot */
};

struct stacks {
    VEC(struct stack_node) nodes; /* by id; 0 is the empty stack */
    VEC(struct stack_last) last;  /* by parent id */
    struct stack_slot *slots;     /* open addressing, at most 3/4 full */
    size_t room;
    const struct places *places;
    struct emit *emit;
};

void stacks_init(struct stacks *stacks, const struct places *places, struct emit *emit);
uint32_t stacks_find(struct stacks *stacks, uint32_t parent, uint32_t place);
void stacks_done(struct stacks *stacks);

/* Most frames follow the same frame as last time; ids are given in order of appearance, so the entries of one path are neighbours in memory. */
static inline uint32_t stacks_child(struct stacks *stacks, uint32_t parent, uint32_t place)
{
    struct stack_last *last = &stacks->last.at[parent];
    if (__builtin_expect(last->place == place && last->child, 1))
        return last->child;
    if (last->older_place == place && last->older_child) {
        *last = (struct stack_last){place, last->older_child, last->place, last->child};
        return last->child;
    }
    return stacks_find(stacks, parent, place);
}

#endif
