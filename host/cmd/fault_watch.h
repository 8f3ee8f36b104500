/* fault_watch: in events on their way into a trace, out their faults with the stacks that made and freed the block; and what people are told of them. */
#ifndef HOST_CMD_FAULT_WATCH_H
#define HOST_CMD_FAULT_WATCH_H

#include <heaptracer/trace.h>

#include "host/base/map.h"
#include "host/base/str.h"
#include "host/base/vec.h"

struct shm;

struct fault_seen {
    struct fault_definition define; /* without `around` */
    uint64_t address;
    uint32_t stack;
};

struct fault_watch {
    struct map blocks;          /* process and address -> stack that made it << 32 | stack that freed it */
    VEC(uint64_t) freed;        /* keys of freed blocks, the oldest at `oldest` once it is full */
    size_t oldest;
    struct map parents;         /* process -> the one that it was forked from */
    VEC(struct fault_seen) seen; /* the first ones */
    uint64_t count;
};

/* True if the event is a fault; then *define is what it has to say, to be used instead of the event's own. */
bool fault_watch_see(struct fault_watch *watch, const struct event *event, struct fault_definition *define);
/* Of each fault what, where and by whom. */
void fault_watch_say(const struct fault_watch *watch, const struct shm *shm);
void fault_watch_done(struct fault_watch *watch);

#endif
