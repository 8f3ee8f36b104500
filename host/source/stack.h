/* stack: in the id of a stack and the place that its next frame returns to, out the id of the longer stack; a new id is told as EVENT_FRAME first. */
#ifndef HOST_SOURCE_STACK_H
#define HOST_SOURCE_STACK_H

#include <stdint.h>

#include "emit.h"
#include "place.h"

struct stack_last {
    uint32_t place, child; /* the frame that followed last time; child 0: none yet */
};

struct stack_node {
    uint32_t parent, place;
};

struct stacks {
    VEC(struct stack_node) nodes; /* by id; 0 is the empty stack */
    struct map children;          /* parent << 32 | place -> id */
    VEC(struct stack_last) last;  /* by parent id */
    const struct places *places;
    struct emit *emit;
};

void stacks_init(struct stacks *stacks, const struct places *places, struct emit *emit);
uint32_t stacks_find(struct stacks *stacks, uint32_t parent, uint32_t place);
void stacks_done(struct stacks *stacks);

/* Most frames follow the same frame as last time; ids are given in order of appearance, so the entries of one path are neighbours in memory. */
static inline uint32_t stacks_child(struct stacks *stacks, uint32_t parent, uint32_t place)
{
    struct stack_last last = stacks->last.at[parent];
    if (__builtin_expect(last.place == place && last.child, 1))
        return last.child;
    return stacks_find(stacks, parent, place);
}

#endif
