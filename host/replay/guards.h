/* guards: in the head of a trace, out what the recorded firmware put round its blocks and held back of them: only with that a replay finds its addresses. */
#ifndef HOST_REPLAY_GUARDS_H
#define HOST_REPLAY_GUARDS_H

#include <heaptracer/trace.h>

#include "host/base/str.h"

/* All zero: nothing. */
struct guards {
    uint64_t head_bytes, tail_bytes;  /* of a block, before and behind what the program asked for */
    uint64_t held_most, held_bytes;   /* freed blocks that wait, the oldest goes when another comes; held_bytes 0: any */
};

/* False: there are none, or the trace does not tell. */
bool guards_take(struct guards *guards, const struct trace_header *header);
/* "guard bands of 16 and 4 bytes, 4 freed blocks of at most 64 bytes held back" */
void guards_say(const struct guards *guards, struct str *out);

#endif
