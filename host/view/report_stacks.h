/* report_stacks: in stack ids, out the tree of their frames as a report has it: columns of parents and frames, an inlined function a node of its own, and
 * only nodes that something names. Place 0 is "no stack". */
#ifndef HOST_VIEW_REPORT_STACKS_H
#define HOST_VIEW_REPORT_STACKS_H

#include "host/base/map.h"
#include "view_json.h"

struct report_node {
    int64_t parent, frame; /* -1: none */
};

struct report_stacks {
    struct view_json *page;
    struct symbols *symbols;
    struct map places; /* stack id -> place of its innermost frame */
    VEC(struct report_node) nodes;
    struct frames frames; /* reused */
};

void report_stacks_start(struct report_stacks *stacks, struct view_json *page, struct symbols *symbols);
/* The place of a stack; for view_json_set_places. */
size_t report_stacks_place(void *stacks, uint32_t stack);
void report_stacks_put(const struct report_stacks *stacks, struct json *json);
void report_stacks_done(struct report_stacks *stacks);

#endif
