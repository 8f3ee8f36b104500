/* more: in a rare record of a lane (HT_LANE_MORE), out its event. */
#ifndef HOST_SOURCE_MORE_H
#define HOST_SOURCE_MORE_H

#include "decode.h"

/* Words of the record, 0 if it is nonsense. */
uint64_t more_decode(struct decoder *decoder, struct ring *ring, const uint64_t *words, uint64_t count, uint64_t stamp);

/* What decode.c has for it. */
uint32_t decode_stack(struct decoder *decoder, struct ring *ring, uint64_t keep, uint64_t fresh, const uint64_t *frames);
void decode_tell_thread(struct decoder *decoder, struct ring *ring, const char *name);

#endif
