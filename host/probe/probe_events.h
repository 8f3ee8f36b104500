/* probe_events: in a file and offsets in it, out events of the kernel's tracing (tracefs) that perf can open: their numbers. They are taken back at the end; those of a
 * recorder that was killed, by the next one.
 * perf's own uprobes are not used: a thread with one that its children inherit can neither fork nor start a thread, since the kernel reads the path from its memory. */
#ifndef HOST_PROBE_PROBE_EVENTS_H
#define HOST_PROBE_PROBE_EVENTS_H

#include <stdint.h>

#include "host/base/error.h"
#include "host/base/str.h"
#include "host/base/vec.h"

struct probe_events {
    char *folder;    /* of tracefs */
    uint32_t number; /* of those that were made */
    VEC(char *) names;
};

/* Finds tracefs, or mounts it for this process alone. */
bool probe_events_open(struct probe_events *events, struct error *error);
bool probe_events_add(struct probe_events *events, const char *path, uint64_t offset, bool is_return, uint64_t *id, struct error *error);
void probe_events_close(struct probe_events *events);

#endif
