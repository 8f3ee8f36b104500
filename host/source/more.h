/* more: in a rare record of a lane (HT_LANE_MORE), out its event. */
#ifndef HOST_SOURCE_MORE_H
#define HOST_SOURCE_MORE_H

#include "unpack.h"

/* Words of the record, 0 if it is nonsense. */
uint64_t more_unpack(struct unpacker *unpacker, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp);

/* what unpack.c has for it. */
uint32_t unpack_stack(struct unpacker *unpacker, struct ring *ring, uint64_t keep, uint64_t fresh, const uint64_t *frames);
void unpack_tell_thread(struct unpacker *unpacker, struct ring *ring, const char *name);

#endif
