/* decode: in one record of a lane, out its events, with the definitions they need put before them. */
#ifndef HOST_SOURCE_DECODE_H
#define HOST_SOURCE_DECODE_H

#include "emit.h"
#include "family.h"
#include "place.h"
#include "ring.h"
#include "stack.h"

struct decoder {
    struct emit emit;
    struct places places;
    struct stacks stacks;
    struct family *family;
    uint32_t threads, heaps, sources; /* session-wide ids given so far */
    bool recording;                   /* as the last EVENT_STATE said */
    uint64_t raw_bytes;
    uint64_t dropped_lanes;
};

void decode_init(struct decoder *decoder, struct ht_session *shared, struct clock *clock, emit_put put, void *context);
/* Takes the record at the ring's tail, whose stamp was peeked. A ring that holds nonsense is dropped. */
void decode_record(struct decoder *decoder, struct ring *ring, uint64_t stamp);
void decode_thread_end(struct decoder *decoder, struct ring *ring);
void decode_gap(struct decoder *decoder, struct ring *ring, uint64_t events, uint64_t bytes, const char *why);
/* EVENT_STATE, unless that is known. */
void decode_state(struct decoder *decoder, bool recording);
void decode_mark(struct decoder *decoder, const char *label);
void decode_done(struct decoder *decoder);

#endif
