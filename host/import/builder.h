/* builder: in what a foreign file tells (allocations at stacks of names or addresses), out the events of a trace: definitions before their first use, and
 * addresses for blocks that have none. */
#ifndef HOST_IMPORT_BUILDER_H
#define HOST_IMPORT_BUILDER_H

#include <heaptracer/trace.h>

#include "host/base/error.h"
#include "host/base/map.h"
#include "host/base/str.h"
#include "host/base/vec.h"

/* Where events go. `begin` comes once, before all events; false ends the reading. */
struct import_sink {
    bool (*begin)(void *context, const struct trace_header *header, struct error *error);
    void (*put)(void *context, const struct event *event);
    void *context;
};

enum {
    BUILDER_LIVE_MOST = 16 << 20,    /* blocks that live at once, */
    BUILDER_FRAMES_MOST = 16 << 20,  /* and frames: memory is for these */
    BUILDER_MODULES_MOST = 1 << 16,
    BUILDER_NAME_BYTES = 4096,       /* of a function or file; the rest is cut */
    BUILDER_SLOT_MOST = 4096 / 16,
};

struct builder_slots {
    VEC(ht_addr) list;
};

struct builder {
    const struct import_sink *sink;
    struct map frames, modules; /* of digests: ids */
    uint32_t frame_count, module_count;
    uint64_t time_ns, live_count, live_most;
    ht_addr next_address;
    struct builder_slots unused[BUILDER_SLOT_MOST + 1]; /* by slots of 16 bytes */
    struct str function, file; /* reused */
    bool has_begun;
};

struct builder_start {
    const char *tool;    /* "heaptrack 1.4.0" */
    const char *recorder, *machine, *thread; /* NULL: what imported it, an unknown machine, "imported" */
    const char *source;  /* the file */
    const char *command; /* NULL: not known */
    const char *about;   /* what is made up: one sentence, kept as a mark in the trace */
    uint64_t sample_bytes, tick_ns;
    uint32_t pointer_bytes;
};

/* A place in the code: with a function it is named for good, else its name is looked up by module and offset. */
struct builder_place {
    const char *function, *file;
    uint64_t offset;
    uint32_t line, module;
    bool exact;
};

void builder_init(struct builder *builder, const struct import_sink *sink);
/* Must come first. */
bool builder_begin(struct builder *builder, const struct builder_start *start, struct error *error);
/* Ids; 0 when there are too many. */
uint32_t builder_module(struct builder *builder, const char *path, uint64_t start, uint64_t end, uint64_t bias);
uint32_t builder_frame(struct builder *builder, uint32_t parent, const struct builder_place *place);
void builder_heap(struct builder *builder, uint32_t id, uint32_t kind, const char *name);
/* Time never goes back. */
void builder_time(struct builder *builder, uint64_t time_ns);
/* An address for a block that has none; 0 when too many live. builder_take_back makes it free again. */
ht_addr builder_address(struct builder *builder, uint64_t size);
void builder_take_back(struct builder *builder, ht_addr address, uint64_t size);
/* `event` needs kind, address, size, stack, maybe api, flags, heap; the rest is filled in. */
void builder_put(struct builder *builder, struct event event);
/* A birth at a made-up address, 0 when too many blocks live; its end. */
ht_addr builder_alloc(struct builder *builder, uint64_t size, uint32_t stack, uint8_t flags);
void builder_free(struct builder *builder, ht_addr address, uint64_t size);
/* Ends the process, frees. */
void builder_end(struct builder *builder);

#endif
