/* replaying: in the events of a trace and an allocator, out the tables of a replay on it: replay, replay_first, replay_refusals. */
#ifndef HOST_CMD_REPLAYING_H
#define HOST_CMD_REPLAYING_H

#include <heaptracer/table.h>

#include "allocator_wish.h"
#include "host/replay/contest.h"
#include "reading.h"

struct replaying {
    const struct allocator_wish *wish;
    struct requests requests;
    struct arena_wishes wishes;
    struct contest contest;
};

/* Says what is wrong with the wish, before the trace is read. `fits`: the smallest arena is asked for, too. replaying_done ends it, also after a failure. */
bool replaying_begin(struct replaying *replaying, const struct allocator_wish *wish, const struct trace_header *header, bool fits, struct error *error);
/* For reading loops: every event of the trace. */
void replaying_see(void *replaying, const struct event *event);
/* After reading_run: the tables come behind the others of the reading. */
bool replaying_add(struct replaying *replaying, struct reading *reading, struct error *error);
bool replaying_has_table(const char *name);
/* A table of that name with its columns, and no row. */
void replaying_table_like(const char *name, struct table *table);
/* What a table of figures of the replay must say: on what it was, and what the trace cannot tell. */
void replaying_note(const struct replaying *replaying, struct table *table);
void replaying_done(struct replaying *replaying);

#endif
