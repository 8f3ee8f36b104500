/* judge: in the events that a receiver made and the truth of a simulated device, out whether each is right, and whether what is missing was counted. */
#ifndef TESTS_DEVICE_JUDGE_H
#define TESTS_DEVICE_JUDGE_H

#include <heaptracer/trace.h>

#include "host/base/vec.h"
#include "host/device/receiver.h"
#include "simulated.h"

struct judge_frame {
    uint32_t parent;
    uint64_t pc;
    bool is_lost;
};

struct judge {
    const struct sim *sim;
    uint64_t next;      /* ordinal of the event that must come next, if no gap comes before */
    uint64_t judged, missing, wrong, stacks, stacks_lost, processes;
    VEC(struct judge_frame) frames;
    struct event begin; /* of a resize */
    VEC(uint32_t) tids; /* of threads */
    char first[256];    /* what was wrong first */
};

struct twin_sink judge_sink(struct judge *judge);
void judge_done(struct judge *judge);

#endif
