/* probe_story: in calls and returns of many threads in order of time, out the events of a trace: births, ends, refusals, with processes, threads, modules and stacks. */
#ifndef HOST_PROBE_PROBE_STORY_H
#define HOST_PROBE_PROBE_STORY_H

#include <heaptracer/trace.h>

#include "host/base/arena.h"
#include "probe_ring.h"

struct story_process;
struct story_thread;

struct probe_story {
    void (*put)(void *context, const struct event *event);
    void *context;
    uint64_t begin_ns; /* CLOCK_MONOTONIC at the trace's time 0 */
    struct map processes, threads; /* by pid, tid: places in the lists + 1 */
    VEC(struct story_process *) process_list;
    VEC(struct story_thread *) thread_list;
    struct map modules, frames; /* by digests: ids */
    uint32_t module_count, frame_count;
    uint64_t calls, lost, unreturned; /* unreturned: calls whose return was not seen */
};

/* `put` must be there; the rest is zero. `pid`: a process that is told of at once, while it is surely there; 0: none. */
void probe_story_begin(struct probe_story *story, uint64_t begin_ns, uint32_t pid);
/* For probe_rings_take. */
void probe_story_see(void *story, const struct probe_sample *sample);
/* Ends the threads and processes. */
void probe_story_end(struct probe_story *story);

#endif
