/* twin: in the records of a device, in order, out the events of a trace. It is the host's picture of the device: its clock, tasks, heaps, sources, stack slots and
 * live blocks. What was lost on the line is never guessed. Memory is for live blocks and distinct stacks; both are bounded. */
#ifndef HOST_DEVICE_TWIN_H
#define HOST_DEVICE_TWIN_H

#include <heaptracer/trace.h>

#include "caller_walk.h"
#include "flash.h"
#include "host/base/map.h"
#include "host/base/vec.h"
#include "wire/device_get.h"

/* Where events go. `begin` comes once, before all events; false ends the reading. */
struct twin_sink {
    bool (*begin)(void *context, const struct trace_header *header, struct error *error);
    void (*put)(void *context, const struct event *event);
    void *context;
};

enum { TWIN_LIVE_MOST = 4 << 20, TWIN_SLICES_MOST = 1 << 20, TWIN_FRAMES_MOST = 4 << 20, TWIN_HEAPS = 256 };

struct twin_slot {
    uint32_t stack, age; /* known if age is the twin's */
    bool is_cut;
};

struct twin_task {
    uint32_t thread;
    uint64_t handle;
};

struct twin_live {
    uint64_t address, size;
    uint32_t seen; /* the snapshot that told it, or after whose begin it was born */
    uint8_t heap;
};

/* A block whose reach the device told. */
struct twin_found {
    uint64_t address, size;
    uint32_t stack, class;
};

struct twin_source {
    uint32_t id;
    uint64_t digest;
};

struct twin {
    const struct twin_sink *sink;
    const struct flash *flash; /* NULL: there is no ELF file */
    const char *from;          /* the line's name, for the header */
    uint64_t start_unix_ns;
    struct str note;           /* warnings for people: sentences, each ended by a newline */
    /* of the trace */
    bool has_begun;
    uint32_t process, thread_count, source_count, frame_count, lost_stack;
    uint32_t pointer_bytes;
    uint64_t time_ns, events, cut_stacks;
    struct map frames; /* of digests: ids */
    /* of the device since it started */
    uint64_t base_ns, ticks, ticks_per_s;
    uint32_t tick, slots_age, main_thread, interrupt_thread, unseen_thread;
    bool has_words, has_slices, has_all_code, is_thumb, is_tracking, has_wrong_file;
    struct map tasks;   /* of ids: places in task_list + 1 */
    VEC(struct twin_task) task_list;
    struct map sources; /* of ids: places in source_list + 1 */
    VEC(struct twin_source) source_list;
    VEC(struct twin_slot) slots;
    struct caller_walk walk; /* of slices; open if it has a machine */
    struct map slices;       /* of keys of slices: stack << 1 | is_cut */
    uint64_t cost[HT_COST_NUMBERS];
    /* its blocks */
    struct map places; /* of addresses: places in live + 1 */
    VEC(struct twin_live) live;
    uint32_t snapshot; /* its number */
    uint64_t snapshot_told;
    bool in_snapshot, snapshot_is_whole;
    VEC(struct twin_found) found; /* of this snapshot */
    uint32_t scans;
};

void twin_init(struct twin *twin, const struct twin_sink *sink, const struct flash *flash, const char *from);
/* A HELLO. `restarted`: of a device that began anew, at `now_ns` of the session (0: not known). False: nothing can be recorded, `error` says why. */
bool twin_hello(struct twin *twin, const struct ht_heard *hello, bool restarted, uint64_t now_ns, struct error *error);
/* Any other record; only after a HELLO. */
void twin_put(struct twin *twin, const struct ht_heard *heard);
/* Records are missing here: slots are forgotten, a snapshot is not whole any more. */
void twin_gap(struct twin *twin, uint64_t events, uint64_t bytes, const char *why);
/* The clock stands at `ticks` at least; it may have gone round while nothing was heard. */
void twin_catch_up(struct twin *twin, uint64_t ticks);
void twin_done(struct twin *twin);

/* Among the files of the twin. */
void twin_tick(struct twin *twin, uint32_t tick);
struct event twin_event(const struct twin *twin, uint8_t kind);
void twin_emit(struct twin *twin, struct event event);
void twin_define(struct twin *twin, uint8_t kind, const void *define);
uint32_t twin_thread(struct twin *twin, uint64_t task);
uint32_t twin_thread_new(struct twin *twin, uint64_t tid, const char *name);
uint32_t twin_source_id(const struct twin *twin, uint64_t source);
/* twin_stacks.c: the stack of a slot, 0 for slot 0; *is_cut is set when it does not reach the root. */
void twin_slot_set(struct twin *twin, const struct ht_heard *heard);
uint32_t twin_slot_stack(struct twin *twin, uint64_t slot, bool *is_cut);
void twin_modules(struct twin *twin, const struct ht_heard *hello);
/* twin_rare.c */
void twin_put_rare(struct twin *twin, const struct ht_heard *heard);
/* twin_blocks.c */
void twin_born(struct twin *twin, uint64_t address, uint64_t size, uint8_t heap);
/* The heap that it lived in, else `heap`. */
uint8_t twin_died(struct twin *twin, uint64_t address, uint8_t heap);
void twin_snapshot(struct twin *twin, const struct ht_heard *heard);
void twin_block(struct twin *twin, const struct ht_heard *heard);
/* twin_scan.c: what the device found out about who can be reached; `is_whole`: of all its blocks */
void twin_scan_block(struct twin *twin, const struct ht_heard *heard, uint32_t stack);
void twin_scan_end(struct twin *twin, bool is_whole);
void twin_blocks_forget(struct twin *twin);

#endif
