/* unpack: in records of a lane, out their events, with the definitions they need put before them. */
#ifndef HOST_SOURCE_UNPACK_H
#define HOST_SOURCE_UNPACK_H

#include "emit.h"
#include "family.h"
#include "place.h"
#include "ring.h"
#include "stack.h"

struct unpacker {
    struct emit emit;
    struct places places;
    struct stacks stacks;
    struct family *family;
    uint32_t threads, heaps, sources; /* session-wide ids given so far */
    bool recording;                   /* as the last EVENT_STATE said */
    uint64_t raw_bytes;
    uint64_t dropped_lanes;
    uint64_t *copy, copy_words; /* of the payload that is looked at: its producer could change it meanwhile */
};

void unpack_init(struct unpacker *unpacker, struct ht_session *shared, struct clock *clock, emit_put put, void *context);
/* Takes the records from the ring's tail on, the first of which is of *stamp, up to `stop`. True and the stamp of the next one; a ring that holds nonsense is dropped. */
bool unpack_run(struct unpacker *unpacker, struct ring *ring, uint64_t *stamp, uint64_t stop);
void unpack_thread_end(struct unpacker *unpacker, struct ring *ring);
void unpack_gap(struct unpacker *unpacker, struct ring *ring, uint64_t events, uint64_t bytes, const char *why);
/* EVENT_STATE, unless that is known. */
void unpack_state(struct unpacker *unpacker, bool recording);
void unpack_mark(struct unpacker *unpacker, const char *label);
void unpack_done(struct unpacker *unpacker);

#endif
