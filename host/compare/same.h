/* same: in the stacks of two traces, out a key that is equal for stacks that people would call the same, though addresses, ids and lines differ.
 * All traces are told to one `struct symbols`: the ids of each are moved behind those of the ones told before. */
#ifndef HOST_COMPARE_SAME_H
#define HOST_COMPARE_SAME_H

#include "host/symbol/symbol.h"

struct same;

struct same *same_new(struct symbols *symbols);
/* What is told from now on belongs to that trace, each once, in any order. The ids of the one that is told first stay as they are. */
void same_begin(struct same *same, unsigned trace);
/* Must be told each definition of modules and frames, as symbols_see, which it calls. */
void same_see(struct same *same, const struct event *event);
/* The id in `symbols` of a stack of that trace. */
uint32_t same_id(const struct same *same, unsigned trace, uint32_t stack);
/* Frames in a module whose build-id is the same in all traces are told apart by function and line (or address), others by function alone: lines and
 * addresses move from one build to the next. `id` is from same_id. */
uint64_t same_key(struct same *same, uint32_t id);
/* True if a stack that was asked for has a frame in a module whose build-id differs: its lines were ignored. */
bool same_has_moved(const struct same *same);
void same_free(struct same *same);

#endif
