/* heuristic: in a block and a pointer into it, out whether that is how C++ keeps such a block: the same four cases that memcheck knows. */
#ifndef HOST_REACH_HEURISTIC_H
#define HOST_REACH_HEURISTIC_H

#include "lookup.h"
#include "mappings.h"
#include "window.h"

bool heuristic_is_start(const struct reach_block *block, uint64_t offset, struct window *window, const struct mappings *mappings);

#endif
