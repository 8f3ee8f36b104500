/* mark: in the edges between blocks, out the class of each block: who is kept alive, by whom, and who is lost. */
#ifndef HOST_REACH_MARK_H
#define HOST_REACH_MARK_H

#include <heaptracer/trace.h>

#include "edges.h"
#include "window.h"

#define MARK_NOBODY 0xFFFFFFFFu
#define MARK_ROOT 0x80000000u /* the rest is the number of a root_edge */

struct mark {
    uint8_t *class;   /* by block: enum block_class */
    uint32_t *keeper; /* of a reachable or possible block: the block that holds the pointer, or MARK_ROOT; of an indirect one: the block that was first seen to lead to it */
    uint32_t *owner;  /* of an indirect block; of others MARK_NOBODY */
    uint32_t *cycle;  /* of a lost block: how many blocks are in the circle that it is in, 0: in none */
    uint64_t *retained_bytes; /* of a direct one: of the indirect blocks that go with it */
    uint32_t *retained_count;
};

/* `window` is asked when a pointer into a block may be one to its start by the ways of C++ (heuristic.h). */
void mark_run(struct mark *mark, const struct edges *edges, struct window *window, const struct mappings *mappings);
void mark_done(struct mark *mark);

#endif
