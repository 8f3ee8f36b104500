/* core: the state of a firmware's tracer, one for the machine, and what its files ask of each other. Freestanding. All of it is guarded by the port's lock.
 *
 * A hook (hook.c) walks the stack, takes the lock, and puts what happened into the table of live blocks (live_table.c) and the outbox (outbox.c), with the stack
 * as a slot (slots.c). pump.c does everything that may take its time. */
#ifndef TARGET_CORE_CORE_H
#define TARGET_CORE_CORE_H

#include <heaptracer/port.h>

#include "wire/device.h"

#ifndef HT_ADDRESS_SHIFT /* log2 of what most blocks' addresses are multiples of */
#if defined(__AVR__)
#define HT_ADDRESS_SHIFT 0
#elif UINTPTR_MAX > 0xFFFFFFFF
#define HT_ADDRESS_SHIFT 4
#elif defined(ESP_PLATFORM)
#define HT_ADDRESS_SHIFT 2
#else
#define HT_ADDRESS_SHIFT 3
#endif
#endif

#define HT_WITH_FAULTS (HT_WITH_GUARD || HT_WITH_STACKS)

#define HT_SLOT_FULL 0xffffu /* a stack was walked, but no slot was free */
enum { HT_SLOT_NONE = 0, HT_LIVE_INTERRUPT = 0x80, HT_LIVE_GUARDED = 0x40, HT_LIVE_TASK = 0x3f };

/* A live block. address 0: the cell is free. */
struct ht_live {
    uintptr_t address;
    size_t size;
    const struct ht_source *source;
    uint32_t tick, id;
    uint16_t slot;
    uint8_t task; /* with HT_LIVE_INTERRUPT, HT_LIVE_GUARDED */
    uint8_t heap;
};

struct ht_heap {
    const char *name;
    uintptr_t base;
    size_t bytes;
    bool (*use)(void *context, struct ht_heap_use *use);
    void *context;
    size_t most_taken; /* all bits but those of the fewest bytes that were free; 0: not known */
};

enum { HT_TASK_USED = 1, HT_TASK_WATCHED = 2, HT_TASK_BROKEN = 4 };
struct ht_task {
    const void *handle;
    const char *name;
    uint8_t *stack;                 /* lowest address */
    uint16_t units, least_free, now; /* of HT_STACK_UNIT bytes: of the stack; never used; in use, as far as the port said */
    uint8_t priority, flags;
};

static inline size_t stack_bytes(const struct ht_task *task)
{
    return (size_t)task->units * HT_STACK_UNIT;
}

static inline uint16_t stack_units(size_t bytes)
{
    return bytes / HT_STACK_UNIT < UINT16_MAX ? (uint16_t)(bytes / HT_STACK_UNIT) : UINT16_MAX;
}

struct ht_outbox {
    uint8_t slots, head, tail;
    uint8_t ready, sent; /* bytes of the frame at `tail` */
    bool flush;
    uint16_t sequence, frames_of_epoch;
    uint8_t *bytes; /* `slots` of HT_FRAME_BYTES; the first byte of one that is closed is its length until it is sent */
    struct ht_frame frame;
    uint32_t lost_events, lost_bytes; /* that no LOST told yet */
    uint32_t opened;                  /* tick at which `head` was opened */
};

enum { CORE_PLAIN_FREE = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 0x100 }; /* plain_busy: plain, and not busy */

enum { HT_AGAIN = 16 }; /* a power of 2 */
struct ht_slots {
    uint8_t *bytes;
    uint16_t stride, mask; /* mask + 1 slots */
    uint8_t depth, turn;
#ifdef HT_WALK_AGAIN
    uint16_t again[HT_AGAIN]; /* the slot of the last stack of this caller at this stack pointer; 0: none */
#endif
};

struct ht_live_table {
    struct ht_live *cells;
    uint16_t count, scan, told; /* cells; where the guard scan and the snapshot stand */
    uint8_t reach;              /* no block stands further than this from its home */
};

/* A freed block that is held back. */
struct ht_held {
    struct ht_live block;
    uint16_t free_slot;
};
struct ht_quarantine {
    struct ht_held *held;
    size_t bytes, most_bytes;
    uint16_t count, oldest; /* oldest: where the next one goes */
};

struct ht_fault {
    struct ht_live block; /* its story; address 0: there is none */
    const void *bytes;    /* that stand there */
    int32_t offset;       /* of the first bad byte in the block */
    uint16_t free_slot;
    uint8_t kind, guess, found_by, count, bytes_count;
};

/* What of it ht_pump says as text. */
struct ht_fault_kept {
    uintptr_t address;
    size_t size;
    int32_t offset;
    uint16_t slot; /* held */
    uint8_t kind, guess, count;
};

/* State that stands in the caller's memory. */
struct ht_run {
#if HT_WITH_STREAM
    struct ht_source_told caps[HT_CAPS];
#endif
#if HT_WITH_TABLE
    size_t bytes[HT_HEAPS]; /* of the live blocks of each heap, and how many they are */
    uint16_t blocks[HT_HEAPS];
#endif
#if HT_WITH_ALERTS
    uint8_t lights[HT_WATCHES];
#endif
};

enum { HT_WANT_EPOCH = 1, HT_WANT_SNAPSHOT = 2, HT_WANT_DETACHED = 4, HT_WANT_FAULT = 8 };

enum { DOES_RUN = 1, DOES_STREAM = 2, DOES_KEEP = 4, DOES_WALK = 8, DOES_WALK_FREES = 16 };

/* What an event touches comes first: near to the beginning a load or store takes two bytes of a Thumb program, further on four. */
struct ht_core {
    /* from here to `epoch` a start sets all to 0 */
    uint8_t does;             /* DOES_*: what a hook has to do, all in one look */
    volatile uint8_t running; /* enum ht_running */
    union {
        struct {
            uint8_t plain;         /* 1: allocations and frees may take the short way (plain.c) */
            volatile uint8_t busy; /* a hook has the lock: whoever comes now was let through by it */
        };
        volatile uint16_t plain_busy; /* both at one look */
    };
    uint8_t mode, configured;
    uint8_t wants, free_stacks, scan_blocks, worst;
    uint8_t names; /* of the epoch that are told: heaps, then tasks */
    uint16_t snapshot_blocks;
#if HT_WITH_STREAM
    struct ht_outbox outbox;
#endif
    struct ht_run *run;
    ht_lock before; /* of who has the lock by ht__enter */
    const struct ht_sink *sink;
#if HT_FRAMES
    struct ht_slots slots;
#endif
#if HT_WITH_TABLE
    struct ht_live_table live;
#endif
    struct ht_counters counters;
    uint32_t last_told;       /* when the state of heaps and stacks was told */
    uint32_t image_hash;
#if HT_WITH_FAULTS
    struct ht_fault_kept fault; /* the first that ht_pump has to say */
#endif
#if HT_WITH_GUARD
    struct ht_quarantine quarantine;
#endif
#if HT_WITH_ALERTS
    const struct ht_threshold *thresholds;
    void (*on_alert)(void *context, const struct ht_alert *alert);
    void *alert_context;
    uint32_t baseline;
#endif
    uint16_t epoch, sources;
    uint32_t boot;
    struct ht_heap heaps[HT_HEAPS];
    struct ht_task tasks[HT_TASKS];
    uint8_t heaps_top; /* the last entry of `heaps` that was ever used */
#if HT_WITH_COST
    uint32_t locked_at, longest_lock;
#endif
    uint8_t kinds[HT_HEAPS]; /* enum ht_memory; HT_MEMORY_NONE: that one of `heaps` is free */
#if HT_WITH_BANDWIDTH
    uint32_t random_read[2]; /* kB/s: of internal memory, of external */
#endif
#if HT_WITH_POOLS
    struct ht_pool *pools;
#endif
};
_Static_assert(HT_HEAPS < 128, "a heap takes one byte of a record");
_Static_assert(sizeof(void *) > 4 || sizeof(struct ht_core) - HT_HEAPS * sizeof(struct ht_heap) - HT_TASKS * sizeof(struct ht_task) <= 512,
               "the state without buffers, and without the tables of heaps and tasks");
extern struct ht_core ht__core;

/* As soon as the lock is taken, and before it is given back. */
static inline void cost_begin(void)
{
#if HT_WITH_COST
    ht__core.locked_at = ht_port_now();
#endif
}

static inline void cost_end(void)
{
#if HT_WITH_COST
    uint32_t ticks = ht_port_now() - ht__core.locked_at;
    if (ticks > ht__core.longest_lock)
        ht__core.longest_lock = ticks;
#endif
}

/* core.c. False: the core is at work already in what this call interrupted; it was counted, and the lock is not taken. */
bool ht__enter(void);
void ht__leave(void);

static inline bool core_streams(void)
{
    return HT_WITH_STREAM && ht__core.mode != HT_MODE_TABLE;
}

static inline bool core_keeps(void)
{
    return HT_WITH_TABLE && ht__core.mode != HT_MODE_STREAM;
}

/* An AVR needs 40 bytes for it. */
#ifdef __AVR__
void ht__count_one(uint32_t *counter);
#else
static inline void ht__count_one(uint32_t *counter)
{
    (*counter)++;
}
#endif

static inline void core_want(uint8_t wants)
{
    ht__core.wants |= wants;
}

/* What happened, on its way through hook.c. The caller sets told's kind, heap and numbers, live_flags, holds, and of a resize `was`. */
struct ht_hooked {
    struct ht_told told;
    const struct ht_site *site;
    struct ht_live was;  /* the block's story, as the table had it: of a resize by ht__hook_take, of a free set by the hook; address 0: there is none */
    uint16_t slot;
    uint8_t live_flags;
    uint8_t count;       /* of pcs, with HT_WALK_CUT */
    bool holds;          /* of a free: the holds of the slots of `was` and of the free itself become the caller's */
    uint8_t does;
#if HT_FRAMES
    ht_pc pcs[HT_FRAMES];
#endif
};
void ht__hook(const struct ht_site *site, struct ht_hooked *hooked);

/* Field by field: a small libc clears memory byte by byte, which would cost more than all else that an event costs. */
void ht__hooked_set(struct ht_hooked *hooked, uint8_t kind, uint8_t heap, const void *block, size_t bytes);
void ht__hook_take(const void *block, struct ht_live *was);
#if HT_WITH_FAULTS
void ht__fault_set(struct ht_fault *fault, uint8_t found_by);
/* site NULL: nobody's call found it. */
void ht__hook_fault(const struct ht_site *site, const struct ht_fault *fault);
#endif

/* heap.c, task.c: what is known of them, told to the host; false: there was no room. */
bool ht__heap_tell(uint8_t heap);
void ht__heap_use_tell(uint8_t heap);
/* The innermost heap that the address is in; 0: none but malloc's. */
uint8_t ht__heap_of_many(const void *address);
static inline __attribute__((always_inline)) uint8_t ht__heap_of(const void *address)
{
    return ht__core.heaps_top ? ht__heap_of_many(address) : 0;
}
bool ht__heap_use(uint8_t heap, struct ht_heap_use *use);
bool ht__task_tell(uint8_t task);
/* epoch.c: the host is told anew who this is. False: there was no room. Under the lock, but ht__epoch_names. */
bool ht__epoch_begin(void);
void ht__epoch_names(void);
/* core.c */
void ht__does_set(void);
void ht__state_set(enum ht_running running);
/* order.c */
void ht__order_take(void);
/* pool.c */
void ht__pools_tell(void);
/* snapshot.c: a slice of it */
void ht__snapshot_tell(void);
/* live_report.c: what is kept of a fault, as lines of text */
void ht__fault_say(void);
/* Blocks that are younger than `since`. */
int ht__report(ht_print print, uint32_t since);
/* stack_watch.c */
void ht__stack_fault(uint8_t task);

#endif
