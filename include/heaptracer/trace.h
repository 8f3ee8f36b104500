/* trace: in a file of bytes, out events in exact order. For programs that read HeapTracer traces.
 * Thread safety: one trace_reader belongs to one thread at a time; two readers may be used side by side. Nothing here is for signal handlers. */
#ifndef HEAPTRACER_TRACE_H
#define HEAPTRACER_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t ht_addr; /* an address of the target, never a host pointer */

struct error;

enum event_kind {
    EVENT_NONE,
    /* the heap */
    EVENT_ALLOC,        /* a block was born: address size usable alignment_log2 stack source heap */
    EVENT_FREE,         /* a block ended: address (heap); stack if free stacks were recorded; stamped before the real free */
    EVENT_RESIZE_BEGIN, /* realloc is called: the block at `address` is in flight, stamped before the real call */
    EVENT_RESIZE_END,   /* realloc returned: the block old_address became address/size (equal addresses: in place); address 0: it failed, the old block lives on */
    EVENT_REFUSE,       /* an allocation of `size` failed: stack */
    EVENT_MAP,          /* pages came: address size, old_address if moved (mremap), stack */
    EVENT_UNMAP,        /* pages went: address size */
    /* definitions, each before its first use */
    EVENT_FRAME,        /* define: struct frame_definition; stack ids are these */
    EVENT_MODULE,       /* define: struct module_definition */
    EVENT_THREAD,       /* define: struct thread_definition; again when it changes its name */
    EVENT_PROCESS,      /* define: struct process_definition */
    EVENT_HEAP,         /* define: struct heap_definition */
    EVENT_SOURCE,       /* define: struct source_definition */
    /* course of the recording */
    EVENT_THREAD_END,
    EVENT_PROCESS_END,  /* size: wait status; flags bit 0: status is not known */
    EVENT_MARK,         /* define: const char *label */
    EVENT_STATE,        /* size: 1 recording goes on, 0 it pauses */
    EVENT_GAP,          /* size: events that are missing here; address: their bytes or 0; define: const char *why */
    EVENT_COST,         /* define: struct cost_definition: what the recording itself cost so far */
    /* what firmware tells of itself */
    EVENT_FAULT,        /* define: struct fault_definition; address: what was given or hit; stack: where it was found; thread, heap */
    EVENT_STACK_USE,    /* define: struct stack_use_definition of the thread's stack; thread 0: of interrupts, or of all before there were tasks */
    EVENT_HEAP_USE,     /* define: struct heap_use_definition of the heap, as its allocator counts */
    EVENT_POOL_USE,     /* define: struct pool_use_definition of one size of blocks of the heap */
    EVENT_ALERT,        /* define: struct alert_definition: a threshold was crossed on the target */
    EVENT_BANDWIDTH,    /* define: struct bandwidth_definition, measured on the heap's memory */
    EVENT_DUMP,         /* define: const char *hex: the bytes from `address` on */
    /* what a look at a process that stood still found: who keeps its blocks alive */
    EVENT_SCAN = 40,    /* define: struct scan_definition; process; size: blocks that could not be looked at */
    EVENT_SCAN_SITE,    /* define: struct scan_site_definition: the blocks of one class that `stack` made; size: their bytes; address: of one that stands for all */
    EVENT_SCAN_BLOCK,   /* define: struct scan_site_definition of one block that is not reachable: address size stack */
    EVENT_KIND_COUNT
};

enum {
    EVENT_TRUNCATED = 1, /* its stack does not reach the root */
    EVENT_SAMPLED = 2,   /* an unbiased weight belongs to it: see trace_header.sample_bytes */
    EVENT_INHERITED = 4,
    EVENT_INTERRUPT = 8, /* it happened in an interrupt */
};

struct event {
    uint8_t kind;            /* enum event_kind */
    uint8_t api;             /* enum ht_api (wire/api.def) */
    uint8_t flags;
    uint8_t alignment_log2;  /* 0: none was asked for */
    uint32_t heap;           /* 0: the process's malloc heap */
    uint32_t process;        /* from 1, see EVENT_PROCESS */
    uint32_t thread;         /* from 1 across all processes, see EVENT_THREAD */
    uint64_t time_ns;        /* since the start of the session; not finer than trace_header.tick_ns */
    uint64_t index;          /* ordinal of this event in the trace, from 0 */
    ht_addr address;
    uint64_t size;           /* bytes asked for */
    uint64_t usable;         /* bytes that the program may use; 0: not known */
    ht_addr old_address;
    uint32_t stack;          /* id of the innermost frame (EVENT_FRAME); 0: no stack */
    uint32_t source;         /* EVENT_SOURCE id, 0 none */
    const void *define;      /* valid until the next trace_next on the same reader */
};

/* A node of the tree of stacks: `id` is the stack whose innermost frame is (module, offset) and whose callers are the stack `parent`. */
struct frame_definition {
    uint32_t id, parent;     /* ids from 1 in order of appearance; parent 0: this frame is the root */
    uint32_t module;         /* 0: in no file (offset is then an absolute address) */
    bool exact;              /* the address is of the instruction itself, not a return address behind a call */
    uint64_t offset;         /* return address minus the module's bias: an address in the ELF file */
    const char *function, *file; /* what the frame is, where the recorder knew it (an imported trace); NULL: by module and offset */
    uint32_t line;           /* 0: not known */
};
struct module_definition {
    uint32_t id, process;    /* ids from 1; one per file (path and build-id), shared by processes */
    uint64_t start, end, bias;
    uint8_t build_id[20];
    uint32_t build_id_bytes;
    const char *path;
};
struct thread_definition {
    uint32_t id, process, tid;
    const char *name;
    uint64_t stack_base, stack_bytes; /* 0: not known */
    uint32_t priority;
};
struct process_definition {
    uint32_t id, parent, pid;
    uint32_t how;            /* 0 first, 1 fork, 2 exec: of the parent itself if it has the same pid, else of a child that it spawned */
    const char *command;
};
struct heap_definition {
    uint32_t id, process, kind; /* kind: enum ht_memory of heaptracer.h */
    uint64_t base, size;
    const char *name;
    uint32_t caps;              /* enum ht_cap (firmware.h): what this memory can do */
};
struct source_definition {
    uint32_t id, line;
    const char *file, *function, *variable;
    uint32_t caps;              /* enum ht_cap: what the call asks for */
    uint32_t api;               /* enum ht_api, 0: not known */
};
struct cost_definition {
    uint64_t events, lost_events, truncated_stacks, late_events, waits, lanes_refused;
    uint64_t recorder_cpu_ns;   /* CPU time of the collector */
    uint64_t target_cpu_ns;     /* CPU time of the traced processes, user and system, 0 not known */
    uint64_t raw_bytes, stored_bytes;
    uint64_t clock_ticks_per_s;
    uint32_t clock;             /* enum ht_clock of wire/lane.h */
};

struct fault_definition {
    uint32_t kind, found_by, guess;     /* enum ht_told_fault, _found, _guess of wire/device.h; 0: none */
    uint64_t block, block_bytes;        /* the block that is meant, as the program knows it; 0: none */
    int64_t first_bad;                  /* offset of the first bad byte from the block's first */
    uint64_t bad_bytes;
    uint32_t alloc_stack, free_stack;   /* who made it, who freed it; 0: not known */
    const char *around;                 /* bytes from the first bad one on, in hex; "": not known */
};
enum { STACK_CANARY_BROKEN = 1 };
struct stack_use_definition {
    uint64_t size, least_free, used;    /* bytes; least_free: that were never used so far; used: now */
    uint32_t flags;
};
struct heap_use_definition {
    uint64_t used, free, largest_free, least_free, blocks; /* bytes; least_free: the least `free` so far, 0 if not known */
};
struct pool_use_definition {
    uint64_t block_bytes, blocks, used, peak, refused;
    uint64_t waste;                     /* bytes of the used blocks that nobody asked for */
};
struct alert_definition {
    uint32_t level, rule;               /* enum ht_told_level of wire/device.h, ht_watch of firmware.h */
    uint64_t value, threshold;
    const char *text;
};
struct bandwidth_definition {
    uint64_t bytes;                     /* that were gone through */
    uint64_t read_sequential, write_sequential, read_random, write_random; /* 1000 bytes a second; 0: not measured */
};

/* The numbers are in traces. */
enum block_class {
    CLASS_NONE,
    CLASS_DIRECT,    /* nothing points to it but what is lost with it */
    CLASS_INDIRECT,  /* only lost blocks lead to it */
    CLASS_POSSIBLE,  /* every way to it has a pointer that leads into a block, not to its start */
    CLASS_REACHABLE, /* the program can still find it */
    CLASS_COUNT
};
enum scan_moment { SCAN_NEVER, SCAN_AT_END, SCAN_AT_ABORT, SCAN_ASKED };
struct class_sum {
    uint64_t bytes, count;
};
struct scan_definition {
    uint32_t id;     /* from 1 */
    uint32_t moment; /* enum scan_moment */
    uint64_t held_ns, mark_ns;        /* how long the process stood still; how long the search took */
    uint64_t block_bytes, root_bytes; /* that were looked at */
    struct class_sum of[CLASS_COUNT]; /* by class; CLASS_NONE is not used */
};
struct scan_site_definition {
    uint32_t scan, class; /* enum block_class */
    uint64_t count;
    ht_addr owner;        /* CLASS_INDIRECT: the lost block that it goes with */
    uint64_t retained_bytes, retained_count; /* CLASS_DIRECT: of the indirect blocks that go with it */
    uint32_t cycle;       /* blocks of the circle that it is in, or of the largest; 0: none */
    const char *chain;    /* who keeps it alive, root first: "libfoo.so 0x4010 > 0x5512 (48 bytes)" */
};

struct trace_header {
    uint32_t version;
    uint32_t pointer_bytes, page_bytes;
    bool big_endian;
    uint64_t tick_ns;           /* resolution of event times */
    uint64_t sample_bytes;      /* 0: every event is there */
    uint64_t start_unix_ns;
    const char *command, *machine, *system, *directory, *recorder; /* command line, architecture, "Linux 6.1 ...", working directory, "heaptracer 0.1.0" */
    const char *environment;    /* lines NAME=value of the variables that matter; secrets are left out */
};

/* An amount of blocks. In a sampled trace every block stands for its weight, so counts are kept in units of 1 / TALLY_ONE block: sums stay exact. */
enum { TALLY_SHIFT = 16, TALLY_ONE = 1 << TALLY_SHIFT };
struct tally {
    uint64_t bytes, count;
};
static inline uint64_t tally_count(struct tally tally)
{
    return (tally.count + TALLY_ONE / 2) >> TALLY_SHIFT;
}

/* Of one stack at the end of the trace. peak: at the peak of all; leaked: never freed, whether its process ended or not; own_peak: its own highest live bytes. */
struct trace_site_total {
    uint32_t stack, source;
    struct tally allocated, peak, leaked, temporary;
    uint64_t own_peak_bytes, refused;
};
enum { TRACE_TOP_SITES = 64, TRACE_SITES_MOST = 5 * TRACE_TOP_SITES };

/* Totals kept by the recorder, from the footer; `complete` false when the trace was cut: then all are zero. They are what the model has at the end, but for
 * `vague` ones. Of sites only those are there that are among the first TRACE_TOP_SITES by allocated bytes or blocks, peak, leaked or temporary. */
struct trace_totals {
    bool complete, has_sites;
    bool vague;                /* some sums of sites may be too low */
    uint64_t events;           /* without definitions */
    uint64_t allocations, frees, allocated_bytes, freed_bytes, duration_ns, processes, threads;
    uint64_t peak_bytes, peak_time_ns, peak_count;
    uint64_t leaked_bytes, leaked_count, live_bytes, live_count; /* live: of processes that have not ended; they are among the leaked */
    uint64_t sites, resizes, refused, unknown_frees, inherited_frees, vanished, inherited, maps, gaps, lost_events, lost_bytes;
    uint64_t told; /* EVENT_FAULT and what follows it: what firmware told of itself */
    uint64_t allocated_sites, peak_sites, leaked_sites, temporary_sites; /* how many there are in all */
    struct cost_definition cost;
    uint32_t site_count;
    struct trace_site_total site[TRACE_SITES_MOST]; /* in the order of their first events */
};

struct trace_reader;

/* Bytes come from `read` (like read(2): count, 0 at the end, -1 on error with errno). Needs no seek. */
typedef long (*trace_read)(void *context, void *bytes, size_t room);
struct trace_reader *trace_open(const char *path, struct error *error); /* a path, or "-" for standard input */
struct trace_reader *trace_open_stream(trace_read read, void *context, const char *name, struct error *error);
const struct trace_header *trace_get_header(const struct trace_reader *reader);
/* True and an event; false at the end, or when nothing more can be read (then `error` says where and why). Damage in the middle becomes an EVENT_GAP
 * and reading goes on. After the end trace_get_totals() has the footer's totals. */
bool trace_next(struct trace_reader *reader, struct event *event, struct error *error);
/* Totals of a seekable trace without reading it (the footer), or of what was read so far. */
bool trace_get_totals(struct trace_reader *reader, struct trace_totals *totals);
/* Goes to the last place at or before `time_ns` from which decoding can start; the next events are first the definitions and, as EVENT_ALLOC with
 * EVENT_INHERITED, every block that lives there. False if the source cannot seek. */
bool trace_seek(struct trace_reader *reader, uint64_t time_ns, struct error *error);
/* From now on trace_next tells the definitions of the whole trace, in order, and then ends. False if the source cannot seek. */
bool trace_seek_definitions(struct trace_reader *reader, struct error *error);
/* How the file is built. A segment can be decoded without what stands before it; a checkpoint is where trace_seek can begin. */
struct trace_layout {
    uint64_t blocks, bytes, segments, checkpoints, checkpoint_blocks, checkpoint_bytes;
    bool has_index; /* at its end; else it was made from the heads of the blocks */
};
bool trace_get_layout(struct trace_reader *reader, struct trace_layout *layout); /* false if the source cannot seek */
void trace_close(struct trace_reader *reader);

#endif
