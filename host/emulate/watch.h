/* watch: in a firmware that a debugger runs, out its allocations and frees as events. */
#ifndef HOST_EMULATE_WATCH_H
#define HOST_EMULATE_WATCH_H

#include "allocators.h"
#include "host/base/map.h"
#include "host/device/caller_walk.h"
#include "host/import/builder.h"
#include "remote.h"

/* A call that has not returned. */
struct watch_call {
    const struct allocator *allocator;
    uint64_t ra, sp, size, block;
};

enum { WATCH_CALLS = 64, WATCH_STACK = 512 };

struct watch {
    struct remote *remote;
    const struct firmware *firmware;
    struct builder *builder;
    const volatile uint64_t *instructions; /* run so far */
    double ns_per_instruction;
    uint32_t module;
    struct caller_walk walk;
    struct map returns;    /* addresses that have a breakpoint */
    struct machine_state state;
    struct watch_call calls[WATCH_CALLS];
    unsigned call_count;
    struct watch_call freed;              /* the last free, while what it calls may have its arguments */
    uint8_t stack[WATCH_STACK];           /* of the target, from `stack_from` on, while it stands still */
    uint64_t stack_from, stack_bytes;
    uint64_t events, refused, lost_calls, cut;
};

enum watch_end { WATCH_ENDED, WATCH_TIME_OUT, WATCH_FAILED };

/* All but the first seven zero-filled. Sets the breakpoints. */
bool watch_begin(struct watch *watch, struct error *error);
/* Runs until the firmware ends, or timeout_ms, or a signal of ours. */
enum watch_end watch_run(struct watch *watch, int timeout_ms, struct error *error);
void watch_done(struct watch *watch);

#endif
