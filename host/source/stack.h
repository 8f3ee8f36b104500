/* stack: in the id of a stack and the place that its next frame returns to, out the id of the longer stack; a new id is told as EVENT_FRAME first. */
#ifndef HOST_SOURCE_STACK_H
#define HOST_SOURCE_STACK_H

#include <stdint.h>

#include "emit.h"
#include "place.h"

/* What it was last asked for is with the node, so that a stack like the one before is followed through one row of nodes: ids are given in order of
 * appearance, and the nodes of one path are neighbours. A program counter is a place as long as the modules of its process do not change: an era. */
struct stack_node {
    uint64_t pc;
    uint32_t era; /* `pc` was this place in this era, 0: never yet */
    uint32_t parent, place;
    uint32_t latest; /* the child that was asked for last, 0: none */
};

/* With its hash, so that what is not looked for is passed over without a look at its node. */
struct stack_slot {
    uint32_t hash, id; /* id 0: free */
};

enum { STACKS_NEAR = 1 << 15 };

struct stacks {
    VEC(struct stack_node) nodes; /* by id; 0 is the empty stack */
    struct stack_slot *slots;     /* by parent and place: open addressing, at most 3/4 full */
    uint32_t *near;               /* STACKS_NEAR ids by parent and pc, asked for lately */
    size_t room;
    uint32_t eras; /* given so far */
    const struct places *places;
    struct emit *emit;
};

void stacks_init(struct stacks *stacks, const struct places *places, struct emit *emit);
uint32_t stacks_find(struct stacks *stacks, uint32_t parent, uint32_t place);
/* The child that `pc` led to, 0: not known. */
uint32_t stacks_recall(struct stacks *stacks, uint32_t parent, uint64_t pc, uint32_t era);
/* From now on `pc` leads from the parent to this child. */
void stacks_learn(struct stacks *stacks, uint32_t parent, uint64_t pc, uint32_t era, uint32_t child);
void stacks_done(struct stacks *stacks);

#endif
