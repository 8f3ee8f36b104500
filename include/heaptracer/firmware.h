/* firmware: for a watched firmware: configuration, sink, pump, tasks, stacks, guards, pools, bandwidth, alerts and report. Included by heaptracer.h.
 *
 * A firmware has the tracer's core linked in (target/core, or the pair of files that `make dist` writes) and a port (port.h). A Linux process has neither:
 * there these calls cost nothing and answer HT_NOT_HERE, 0 or NULL, so that one source serves both.
 *
 * What is certain in every case, and tested:
 *   before ht_start    ht_malloc and its like are the allocator's own (with guard bands if those are compiled in); nothing else happens. Calls return at once.
 *   in an interrupt    every call that tells something may be made (ht_on_*, ht_malloc if the allocator itself may be called there, ht_mark). ht_pump, ht_report,
 *                      ht_start, ht_guard_scan and ht_bandwidth may not. An interrupt that the port's lock cannot hold off, and that comes while the core is at
 *                      work, is not recorded: ht_counters().reentered counts it.
 *   the ring is full   the event is dropped and counted; a LOST record takes its place in the stream as soon as there is room. Nothing waits.
 *   the table is full  (or crowded: a block is looked for in at most HT_PROBES places) the block is not kept and counted, as table_full; reports say so. Its free
 *                      is an unknown one. The stream has it.
 *   a wrong free       of what was freed already is refused and told, with guard bands; of an address where no heap is too, as far as the heaps are told
 *                      (ht_heap_main, ht_heap_add); of an address within a block only where there is a table. Else the allocator gets it.
 *   heaps that overlap one inside another is right (a pool in an arena); a partial overlap is refused by ht_heap_add, and is an overlap fault.
 *   time under the lock  at most HT_LONGEST_LOCK instructions on a Cortex-M or RISC-V with the default sizes. HT_WITH_COST measures it: over the light controller's life
 *                      (QEMU, 32 ns an instruction) 68 us on a Cortex-M3, 78 on RV32, 221 on an lx106. Most events take less than 200 instructions. */
#ifndef HEAPTRACER_FIRMWARE_H
#define HEAPTRACER_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "here.h"

/* What is compiled in, 0 or 1. */
#ifndef HT_WITH_STREAM
#define HT_WITH_STREAM 1
#endif
#ifndef HT_WITH_TABLE
#define HT_WITH_TABLE 1
#endif
#ifndef HT_WITH_GUARD
#define HT_WITH_GUARD 1
#endif
#ifndef HT_WITH_STACKS
#define HT_WITH_STACKS 1
#endif
#ifndef HT_WITH_POOLS
#define HT_WITH_POOLS 1
#endif
#ifndef HT_WITH_ALERTS
#define HT_WITH_ALERTS 1
#endif
#ifndef HT_WITH_BANDWIDTH
#define HT_WITH_BANDWIDTH 1
#endif
#ifndef HT_WITH_REPORT
#define HT_WITH_REPORT HT_WITH_TABLE
#endif
#ifndef HT_WITH_DUMP
#define HT_WITH_DUMP 0 /* the host may read any memory by a control byte */
#endif
#ifndef HT_WITH_ROOTS
#define HT_WITH_ROOTS 0 /* ht_root_add, ht_leak_scan; a byte more for each block of the table */
#endif
#ifndef HT_ROOTS
#define HT_ROOTS 4 /* ranges of memory that ht_root_add takes */
#endif
#ifndef HT_WITH_COST
#define HT_WITH_COST 0 /* the longest time under the lock is told, for two readings of the clock each time that it is taken */
#endif
#ifndef HT_FRAMES
#define HT_FRAMES 4 /* most frames of a stack, 0 to 32 */
#endif
#ifndef HT_SLICE_BYTES
#define HT_SLICE_BYTES 256 /* of the stack, in a slice of it (HT_WITH_SLICE of here.h) */
#endif
#ifndef HT_FRAME_BYTES
#define HT_FRAME_BYTES (HT_WITH_SLICE ? 240 : 128) /* of the line, at most 240; the ring's memory is a row of them */
#endif
#ifndef HT_EPOCH_FRAMES
#define HT_EPOCH_FRAMES 256 /* of the line: so often are names and stacks told anew */
#endif
#ifndef HT_TASKS
#define HT_TASKS 8 /* with the interrupts' and main's own, number 0 */
#endif
#ifndef HT_HEAPS
#define HT_HEAPS 4 /* with malloc's own, number 0 */
#endif
#ifndef HT_CAPS
#define HT_CAPS 4 /* different capability masks that are told without a source */
#endif
#ifndef HT_PROBES
#define HT_PROBES 64 /* places of the table where a block may stand */
#endif
#ifndef HT_PAINT
#define HT_PAINT 0xa5 /* what the system fills its stacks with: FreeRTOS this, Zephyr 0xaa */
#endif
#ifndef HT_STACK_UNIT
#define HT_STACK_UNIT 4 /* stacks are measured in as many bytes; the largest has 65,535 of them */
#endif
#define HT_LONGEST_LOCK 3000

enum ht_mode {
    HT_MODE_STREAM, /* events leave through the sink as they happen */
    HT_MODE_TABLE,  /* live blocks are kept on the device; no host is needed */
    HT_MODE_BOTH,
};
enum ht_running { HT_STATE_IDLE, HT_STATE_TRACKING, HT_STATE_ALERTING /* tracking, with a threshold passed */, HT_STATE_REPORTING };
enum ht_light { HT_LIGHT_OK, HT_LIGHT_WARN, HT_LIGHT_CRITICAL, HT_LIGHT_NO_DATA };

/* What is watched, of the heaps that tell it, the worst one. Its number is the rule of an alert on the line and in a trace. */
enum ht_watch {
    HT_WATCH_FREE,          /* bytes free: passed when FEWER */
    HT_WATCH_LARGEST,       /* bytes of the largest free block: passed when FEWER */
    HT_WATCH_FRAGMENTATION, /* percent: 100 - 100 * largest free / free */
    HT_WATCH_LIVE,          /* live blocks in the table */
    HT_WATCH_GROWTH,        /* live bytes in the table above those at ht_alert_baseline */
    HT_WATCH_REFUSED,       /* requests that the allocator refused */
    HT_WATCH_STACK,         /* bytes that the tightest watched stack never used: passed when FEWER */
    HT_WATCH_FAULTS,
    HT_WATCH_TRACER,        /* events lost and blocks that the table has not */
    HT_WATCHES
};
/* 0: there is none. */
struct ht_threshold {
    uint32_t warn, critical;
};
struct ht_alert {
    enum ht_light light;
    enum ht_watch watch;
    uint32_t value, threshold;
};

/* Where frames go, and control bytes come from. Called by ht_pump only. */
struct ht_sink {
    long (*write)(void *context, const uint8_t *bytes, size_t count); /* how many it took; 0: none now, the rest is offered again; -1: it is gone */
    int (*read)(void *context);                                       /* a control byte, or -1; may be NULL */
    void *context;
};

enum ht_error {
    HT_NOT_HERE = -1,    /* the program runs without a tracer that could do this */
    HT_TOO_SMALL = -2,   /* memory: fewer than two frames of a ring, or no block of a table */
    HT_NO_SINK = -3,     /* a stream needs one */
    HT_NOT_COMPILED = -4,
    HT_NOT_YET = -5,     /* ht_leak_scan has not been twice through */
};

/* Zero is the default of everything but `memory`, and `sink` where there is a stream. */
struct ht_config {
    uint32_t reserved;
    enum ht_mode mode;
    void *memory;              /* all that the tracer uses besides its own few hundred bytes; it stays the tracer's until ht_start is called with another */
    size_t memory_bytes;
    const struct ht_sink *sink;
    uint16_t stacks;           /* slots for different stacks; 0: a quarter of the memory */
    uint16_t blocks;           /* of the table; 0: half of what is left (without a stream: all) */
    uint16_t quarantine;       /* freed blocks that are held back, filled and watched; 0: none. Needs guard bands. */
    size_t quarantine_bytes;   /* most that they hold together; 0: no other bound */
    uint8_t frames;            /* of a stack; 0: HT_FRAMES */
    bool free_stacks;          /* frees have their stack too */
    uint8_t scan;              /* blocks whose guards each ht_pump checks */
    const struct ht_threshold *thresholds; /* HT_WATCHES of them, or NULL: none */
    void (*on_alert)(void *context, const struct ht_alert *alert); /* from ht_pump; NULL: none. The log line, the LED and the notice come without it. */
    void *context;
};

/* Bits of `caps`: those of ESP-IDF's MALLOC_CAP_* that say where memory lies and what it can do. A port of another system uses them as they fit. */
enum ht_cap {
    HT_CAP_EXECUTE = 1 << 0,
    HT_CAP_WORDS = 1 << 1, /* for 32-bit access only */
    HT_CAP_BYTES = 1 << 2,
    HT_CAP_DMA = 1 << 3,
    HT_CAP_EXTERNAL = 1 << 10,
    HT_CAP_INTERNAL = 1 << 11,
    HT_CAP_DEFAULT = 1 << 12, /* what malloc gives out */
    HT_CAP_RETENTION = 1 << 14,
    HT_CAP_RTC = 1 << 15,
};

/* What a capability, an interrupt or a size says about where a block belongs. */
enum ht_place { HT_PLACE_ANY, HT_PLACE_INTERNAL, HT_PLACE_EXTERNAL };
enum ht_wish { HT_WISH_DMA = 1, HT_WISH_INTERRUPT = 2, HT_WISH_HOT = 4 };

/* kB/s; 0: not measured. */
struct ht_bandwidth {
    uint32_t read_sequential, write_sequential, read_random, write_random;
};
struct ht_heap_use {
    size_t used, free, largest_free, least_free; /* 0 of largest_free: not known */
    uint32_t blocks;
};

/* Fixed blocks in the caller's memory. Fields are the pool's own. */
struct ht_pool {
    struct ht_pool *next;
    void *free;
    uint8_t *memory;
    size_t block_bytes;
    uint32_t waste_bytes; /* of the blocks in use: what was not asked for */
    uint16_t blocks, used, peak;
    uint16_t refused;
    uint8_t heap;
};

typedef void (*ht_print)(char letter);

#ifdef __cplusplus
extern "C" {
#endif

#if HT_FIRMWARE
/* They serve compiled out too, only untraced. Returns false if the memory is too small for one block, or no heap number is free. */
bool ht_pool_begin(struct ht_pool *pool, const char *name, void *memory, size_t bytes, size_t block_bytes);
void *ht_pool_take(struct ht_pool *pool, size_t bytes); /* NULL: none is free, or bytes is too large */
void ht_pool_give(struct ht_pool *pool, void *block);
#endif

#if HT_ENABLED && HT_FIRMWARE

/* Frames out, control bytes in, a slice of each scan, alerts told. From the idle task, a task of its own or the main loop; one caller at a time. Returns the number
 * of frames that still wait. */
int ht_pump(void);
enum ht_running ht_state(void);
/* Live blocks, oldest first, a summary and the heaps' state, as text; print NULL: by the port. Needs a table. What other tasks do meanwhile goes on being recorded.
 * Returns how many blocks there were. */
int ht_report(ht_print print);

/* A task with its stack (the lowest address and its bytes; NULL, 0: not known). Returns its number, 0 when HT_TASKS are there already: then it counts as 0, which
 * is main and the interrupts. The name must stay. */
uint8_t ht_task_begin(const void *handle, const char *name, void *stack, size_t bytes, uint8_t priority);
void ht_task_end(uint8_t task);
uint8_t ht_task_of(const void *handle); /* 0: none */
/* The stack of `task` is painted (unless it is already, with HT_PAINT) below where it is in use, gets a canary at its end, and is watched. Task 0 is main's or the
 * interrupts': give its stack by ht_stack_main first. */
void ht_stack_watch(uint8_t task, bool painted);
void ht_stack_main(void *stack, size_t bytes);
/* All watched stacks: canary and high-water mark; told to the host. Returns the fewest bytes that one of them never used. Part of ht_pump. */
size_t ht_stacks_check(void);
/* One task's; also right before ht_task_end, so that what it used at last is known. Reads all of the stack that was never used: not with interrupts off. */
size_t ht_stack_check(uint8_t task);

/* Heap 0, malloc's own: where it is. A port that knows says it before ht_start. A block's heap is the innermost of ht_heap_add's that it is in, else this. */
void ht_heap_main(const char *name, const void *base, size_t bytes, enum ht_memory kind);
/* `use` answers for the heap whenever ht_pump tells its state; false: not now. */
void ht_heap_watch(ht_heap_id heap, bool (*use)(void *context, struct ht_heap_use *use), void *context);

/* The traced allocator: the port's malloc with guard bands where those are compiled in. caps: what the port makes of them. */
void *ht_malloc(size_t bytes);
void *ht_calloc(size_t count, size_t bytes);
void *ht_realloc(void *block, size_t bytes);
void ht_free(void *block);

/* Who asks, for hooks between the program and the tracer. A hook is made HT_HOOK and says: struct ht_site site = {HT_HERE, NULL, caps}; ht_malloc_from(&site, bytes); */
struct ht_source;
struct ht_site {
    const void *here;
    const struct ht_source *source; /* NULL: not known */
    uint32_t caps;
};
void *ht_malloc_from(const struct ht_site *site, size_t bytes);
void *ht_calloc_from(const struct ht_site *site, size_t count, size_t bytes);
void *ht_realloc_from(const struct ht_site *site, void *block, size_t bytes);
void ht_free_from(const struct ht_site *site, void *block);
/* Behind the HT_MALLOC family. */
void *ht_malloc_at(const struct ht_source *source, size_t bytes, uint32_t caps);
void *ht_calloc_at(const struct ht_source *source, size_t count, size_t bytes, uint32_t caps);
void *ht_realloc_at(const struct ht_source *source, void *block, size_t bytes, uint32_t caps);
char *ht_strdup_at(const struct ht_source *source, const char *text);
/* As ht_on_*, for hooks that know more. taken: bytes that the allocator really used, 0 not known. */
void ht_on_alloc_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes, size_t taken);
void ht_on_free_from(const struct ht_site *site, ht_heap_id heap, const void *block);
void ht_on_resize_from(const struct ht_site *site, ht_heap_id heap, const void *from, const void *to, size_t bytes, size_t taken);
void ht_on_resize_failed_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes);
void ht_on_refuse_from(const struct ht_site *site, ht_heap_id heap, size_t bytes);

/* At most `most` live blocks, going on where the last call ended; needs a table. Returns the faults found. */
int ht_guard_scan(unsigned most);
/* One block, on demand. 0: it is whole, or not one of ht_malloc's. */
int ht_guard_check(const void *block);
/* The system itself found that this task's stack overflowed. */
void ht_on_stack_overflow(uint8_t task);

/* HT_WITH_ROOTS. Memory in which pointers to blocks may stand: .data and .bss, memory that a heap of its own manages. False: there are HT_ROOTS already. Stacks need not
 * be told: those of ht_task_begin and ht_stack_main, and the running one, are looked at too; of one whose stack pointer is not known (ht_stack_at) all of it. */
bool ht_root_add(const void *base, size_t bytes);
/* Looks for pointers to the table's blocks. 0: everywhere, at once; certain as long as no other task or interrupt moves a pointer meanwhile (hold the scheduler). Else at
 * `most` words, going on where the last call ended, a stack at once: then the program moves its pointers in between, and what two scans in a row do not find is only
 * perhaps lost. How many blocks are lost, surely or perhaps; HT_NOT_YET before there was one scan at once or two in slices. ht_report tells them, and a snapshot
 * tells the host. Not in an interrupt; always by the same task. */
int ht_leak_scan(unsigned most);

/* All live blocks are told to the host by the next calls of ht_pump, a slice each. */
void ht_snapshot(void);

/* Growth counts from here. */
void ht_alert_baseline(void);
/* Compares with the thresholds now. Part of ht_pump. */
enum ht_light ht_alert_check(void);

/* Measures `bytes` (a power of two, 256 at least) of memory that nobody uses meanwhile, which belongs to `heap`. Its contents are lost. */
int ht_bandwidth(ht_heap_id heap, void *memory, size_t bytes, struct ht_bandwidth *result);
/* Where a block of that size belongs; wishes: enum ht_wish. Goes by the bandwidths that were measured, and by 4 KiB without. */
enum ht_place ht_advise(size_t bytes, unsigned wishes);

#else

#ifdef __cplusplus
#define ht_nothing_(answer) (answer)
#else
#define ht_nothing_(answer) __extension__({ answer; }) /* no warning where it is a statement */
#endif
static inline __attribute__((always_inline, unused)) enum ht_running ht_state(void)
{
    return HT_STATE_IDLE;
}
static inline __attribute__((always_inline, unused)) enum ht_light ht_alert_check(void)
{
    return HT_LIGHT_NO_DATA;
}
static inline __attribute__((always_inline, unused)) enum ht_place ht_advise(size_t bytes, unsigned wishes)
{
    (void)bytes, (void)wishes;
    return HT_PLACE_ANY;
}
#define ht_pump() ht_nothing_(0)
#define ht_report(print) ht_nothing_(HT_NOT_HERE)
#define ht_task_begin(handle, name, stack, bytes, priority) ht_nothing_(0)
#define ht_task_of(handle) ht_nothing_(0)
#define ht_stacks_check() ht_nothing_(0)
#define ht_stack_check(task) ht_nothing_(0)
#define ht_guard_scan(most) ht_nothing_(0)
#define ht_guard_check(block) ht_nothing_(0)
#define ht_root_add(base, bytes) ht_nothing_(0)
#define ht_leak_scan(most) ht_nothing_(HT_NOT_HERE)
#define ht_bandwidth(heap, memory, bytes, result) ht_nothing_(HT_NOT_HERE)
#define ht_task_end(task) ((void)0)
#define ht_stack_watch(task, painted) ((void)0)
#define ht_stack_main(stack, bytes) ((void)0)
#define ht_heap_main(name, base, bytes, kind) ((void)0)
#define ht_heap_watch(heap, use, context) ((void)0)
#define ht_on_stack_overflow(task) ((void)0)
#define ht_snapshot() ((void)0)
#define ht_alert_baseline() ((void)0)

#endif

#ifdef __cplusplus
}
#endif
#endif
