/* lane: the shared memory between a watched program and its collector: one session file, one ring ("lane") per thread. In records, out the same
 * records in the order they were put; a record is visible to the collector only when it is whole, so a SIGKILL loses none that was finished.
 *
 * Session file = struct ht_session (one page), then `lane_count` times (struct ht_lane (one page), then `lane_bytes` of ring). Every process of a
 * session maps the whole file shared once, when the runtime starts in it. Native byte order and alignment: both ends are on one machine. All
 * counters are accessed with the __atomic builtins.
 *
 * A record is a row of 64-bit words, never wrapped: when it does not fit before the ring's end, a MORE record of type PAD fills the rest.
 *   word 0 of every record: stamp << 8 | kind, kind = op | api << 3 (enum ht_lane_op, enum ht_api); stamp in ticks of the session's clock, 56 bits,
 *   counted from ht_session.clock_start. What follows a call (ALLOC, RESIZE_END) is stamped behind a fence (rdtscp, lfence, isb): a bare rdtsc may run before the
 *   loads that the call waited for, and then the next owner of an address would be stamped before the free that gave it (seen in test_shm).
 * By op:
 *   FREE, RESIZE_BEGIN   w1 address
 *   ALLOC                w1 address  w2 size (32) << 32 | keep (16) << 16 | fresh (16); then `fresh` return addresses, oldest first
 *   FREE_STACK           w1 address  w2 heap (16) << 48 | flags (8) << 40 | keep (20) << 20 | fresh (20); then `fresh` return addresses, oldest first
 *   ALLOC_WIDE, RESIZE_END, REFUSE
 *                        w1 address  w2 size  w3 keep (32) << 32 | fresh (32)  w4 usable size (0: not known)
 *                        w5 alignment (32: bytes, 0 none) << 32 | heap (16) << 16 | flags (16)  w6 old address or 0  w7 source id or 0;
 *                        then `fresh` return addresses, oldest first. RESIZE_END with address 0: the call failed, the old block lives on.
 *   MORE                 w1 payload bytes << 8 | enum ht_lane_more; then the payload, padded to a word
 *
 * Stacks are told by difference: the stack of a record is the `keep` oldest frames of the stack before it in the same lane, then the fresh ones. A
 * frame is an absolute return address. A REFUSE has address 0. */
#ifndef WIRE_LANE_H
#define WIRE_LANE_H

#include <stdint.h>

#define HT_SESSION_MAGIC 0x3130534c52544148u /* "HATRLS01" */

enum ht_lane_op {
    HT_LANE_MORE, /* rare records: enum ht_lane_more */
    HT_LANE_FREE,
    HT_LANE_ALLOC,
    HT_LANE_ALLOC_WIDE,
    HT_LANE_RESIZE_BEGIN,
    HT_LANE_RESIZE_END,
    HT_LANE_REFUSE,
    HT_LANE_FREE_STACK,
};

/* flags (w5; of a FREE_STACK w2) */
enum {
    HT_LANE_TRUNCATED = 1, /* the stack could not be walked to its root */
    HT_LANE_SAMPLED = 2,   /* stands for more than itself: see ht_session.sample_bytes */
    HT_LANE_INHERITED = 4, /* a block from before the recording */
};

enum ht_lane_more {
    HT_MORE_PAD,         /* nothing */
    HT_MORE_MODULE,      /* struct ht_more_module, then build-id bytes, then path */
    HT_MORE_MODULE_GONE, /* u64 start */
    HT_MORE_THREAD,      /* u32 tid, u32 0, then name: the lane's thread is called this from now on */
    HT_MORE_MARK,        /* label */
    HT_MORE_HEAP,        /* u32 heap, u32 kind, u64 base, u64 size, name */
    HT_MORE_GAP,         /* u64 events lost in this lane, u64 bytes that they allocated */
    HT_MORE_SOURCE,      /* u64 id, u32 line, u32 0, then file, 0, function, 0, variable */
    HT_MORE_MAP,         /* u64 address, u64 size, u64 old address, u64 api, u64 keep << 32 | fresh, frames */
    HT_MORE_STATE,       /* u64: 1 recording goes on, 0 it pauses */
    HT_MORE_STACK,       /* u64 keep << 32 | fresh, frames: makes the lane's stack without an event (parts of a stack too deep for one record) */
    HT_MORE_FAULT,       /* struct ht_more_fault, u64 keep << 32 | fresh, frames */
    HT_MORE_THREAD_END,  /* the last record of the lane's thread, which has run its destructors */
};

struct ht_more_module {
    uint64_t start, end;  /* mapped range; frames in [start, end) belong to it */
    uint64_t bias;        /* address in memory minus address in the ELF file */
    uint32_t build_id_bytes;
    uint32_t path_bytes;
};

struct ht_more_fault {
    uint32_t kind, found_by, guess; /* enum ht_told_fault, ht_told_found, ht_told_guess of device.h */
    uint32_t around_bytes;
    uint64_t address, block, block_bytes;
    int64_t first_bad;
    uint64_t bad_bytes;
    uint8_t around[16];             /* bytes from the first bad one on */
};

enum ht_lane_state {
    HT_LANE_IDLE,    /* a process may take it: compare and swap to OWNED */
    HT_LANE_OWNED,   /* one thread writes */
    HT_LANE_CLOSED,  /* the thread left it for good; the collector drains it and makes it IDLE */
};

struct ht_lane {
    /* the producer's cache line */
    uint64_t head __attribute__((aligned(64))); /* bytes written, ever; bit 0 set: a record is being stamped and written (see recorder rule 4) */
    uint32_t state;       /* enum ht_lane_state */
    uint32_t process;     /* serial of the process image in the session, from 1 */
    uint32_t pid, tid;
    uint64_t lost_events; /* dropped because the ring was full and the policy is to drop */
    uint64_t truncated;   /* stacks cut short */
    uint64_t waits;       /* times the thread waited for room */
    uint64_t own_address; /* memory that the runtime keeps for the thread: no program's */
    uint64_t own_bytes;
    /* the collector's cache line */
    uint64_t tail __attribute__((aligned(64))); /* bytes read, ever */
    uint32_t room_futex;  /* the collector adds 1 and wakes it when it made room and `blocked` is set */
    uint32_t blocked;
};

enum ht_session_flag {
    HT_SESSION_FREE_STACKS = 1,
    HT_SESSION_FOLLOW = 2,      /* children after fork and exec belong to the session */
    HT_SESSION_MAPS = 4,        /* mmap, munmap, mremap, sbrk are traced */
    HT_SESSION_GUARD = 32,      /* heaps are guarded: target/guard */
    HT_SESSION_GUARD_STOP = 64, /* the first fault ends its program */
    HT_SESSION_GUARD_FULL = 128, /* every block ends at a guard page, and the first one hit is the end */
    HT_SESSION_LEAKS = 16,      /* a process that ends waits until the collector has seen it: enum ht_hold */
    HT_SESSION_USABLE = 8,      /* usable sizes are recorded where they differ from the allocator's usual rounding */
};
enum ht_policy { HT_POLICY_BLOCK, HT_POLICY_DROP, HT_POLICY_SAMPLE };
enum ht_clock { HT_CLOCK_NONE, HT_CLOCK_TSC, HT_CLOCK_CNTVCT, HT_CLOCK_MONOTONIC };

enum ht_refusal {
    HT_REFUSED_NOTHING,
    HT_REFUSED_CLOCK,    /* it cannot read the session's clock */
    HT_REFUSED_EMULATOR, /* it is in a program that an emulator runs, and the emulator, the same process, is recorded already */
};

enum { HT_SESSION_PROCESSES = 16384 }; /* images of one session, ended ones too; a page is touched when its entries are */

/* One process image (a fork makes one, an exec makes one). The parent of a fork takes the child's entry before the fork: it fills parent, how and stamp,
 * then sets state 1; behind the fork child and parent each add pid, name and rule and set 2 (a child may be killed at once, and the merge waits at state 1;
 * of a child in a PID namespace of its own the parent does not know the number, and leaves it to the child); the parent sets 4 if the fork failed. So the
 * child's place in the order is exact, and the collector knows of a child whose parent is already gone. An exec'd image fills its own entry (1 at once
 * with how and stamp). */
struct ht_process {
    uint32_t state;     /* 0 free, 1 being filled, 2 ready, 3 said goodbye (its last record is in its lanes), 4 void: there is no such process */
    uint32_t pid;
    uint32_t parent;    /* serial of the image it came from, 0 none */
    uint32_t how;       /* 0 first, 1 fork, 2 exec: of the parent itself if it has the same pid, else of a child that it spawned (vfork, posix_spawn) */
    uint64_t stamp;
    uint16_t usable_rule; /* enum ht_usable_rule */
    uint16_t machine;     /* of the runtime: EM_ of <elf.h> */
    uint32_t pid_space;   /* inode of the PID namespace that `pid` is of, 0 not known */
    char name[96];      /* path of the executable, cut from the left */
    uint32_t hold;      /* futex, enum ht_hold: what the process is about to do, and waits to be allowed (HT_SESSION_LEAKS) */
    uint32_t hold_tid;  /* its thread that waits */
    uint64_t hold_stack; /* where on its stack the program's own frames begin, above those of the runtime and the C library; 0: not known */
};

/* A process that ends tells so and waits, while the collector lives, so that the collector can look at its memory once more. */
enum ht_hold {
    HT_HOLD_NONE,
    HT_HOLD_EXIT,  /* its last functions run before it makes its last call */
    HT_HOLD_ABORT, /* it dies at once */
    HT_HOLD_OVER,  /* the collector: it may go on */
};

/* How this process's allocator usually rounds a size up. With HT_SESSION_USABLE a record whose usable size is 0 has the usual one. */
enum ht_usable_rule { HT_USABLE_UNKNOWN, HT_USABLE_GLIBC64, HT_USABLE_GLIBC32 };

/* Bytes usable for a request of `size` bytes; 0: not known. glibc: a chunk is request + one size word, rounded up to 16, at least 32 (16 on 32 bit). */
static inline uint64_t ht_usable_usual(uint32_t rule, uint64_t size)
{
    if (rule == HT_USABLE_GLIBC64)
        return size <= 24 ? 24 : ((size + 23) & ~(uint64_t)15) - 8;
    if (rule == HT_USABLE_GLIBC32)
        return size <= 12 ? 12 : ((size + 19) & ~(uint64_t)15) - 4;
    return 0;
}

struct ht_session {
    uint64_t magic;
    uint32_t version;
    uint32_t lane_count;
    uint64_t lane_bytes;      /* ring bytes of one lane: a power of two, a multiple of the page */
    uint64_t lane_stride;     /* bytes from one lane to the next */
    uint64_t lanes_offset;    /* bytes from the start of the file to the first struct ht_lane */
    uint64_t file_bytes;
    uint32_t flags;           /* enum ht_session_flag */
    uint32_t policy;          /* enum ht_policy */
    uint32_t clock;           /* enum ht_clock, chosen by the collector; each runtime can read HT_CLOCK_MONOTONIC and that of its processor */
    uint32_t depth_limit;     /* frames; 0 none */
    uint64_t sample_bytes;    /* mean distance of samples in bytes; 0: every event */
    uint64_t clock_start;     /* clock value at the start of the session */
    uint32_t collector_pid;
    uint32_t wake_bytes;      /* a producer that has this much unread wakes the collector if it sleeps */
    /* with HT_SESSION_GUARD */
    uint64_t quarantine_bytes; /* of freed blocks that wait */
    uint64_t pages_most;       /* of blocks that end at a guard page, at once */
    uint64_t fail_nth;         /* the call of each process, from 1, that is refused; 0: none */
    uint32_t page_every;       /* one of so many blocks ends at a guard page; 0: none */
    uint32_t fail_rate;        /* of 2^32 calls so many are refused, at random */
    uint32_t page_align;       /* a block ends so near to its guard page that it still begins at a multiple of this, if it is as large */
    uint32_t page_before;      /* 1: blocks begin behind a guard page instead */
    /* changing words, each on its own cache line */
    uint32_t recording __attribute__((aligned(64)));   /* 1: events are wanted; 0: paused */
    uint32_t collector_gone;                           /* 1: nobody reads any more; the runtime stops recording */
    uint64_t unpaged;                                  /* blocks that should have ended at a guard page, and there was none */
    uint32_t sleeping __attribute__((aligned(64)));    /* futex: 1 while the collector sleeps; a producer swaps it to 0 and wakes */
    uint32_t process_count __attribute__((aligned(64)));
    uint32_t lanes_refused;                            /* threads that found no lane, processes that found no entry: their events are not in the trace */
    uint32_t lanes_used;                               /* lanes from this one on were never taken; a thread raises it before it takes a lane beyond */
    uint32_t refused;                                  /* enum ht_refusal: why a runtime that came to this session stays out of it */
    uint32_t holds;                                    /* how often a process began to wait: enum ht_hold */
    uint32_t looks;                                    /* processes that looked at all their guarded blocks before they ended */
    struct ht_process processes[HT_SESSION_PROCESSES]; /* serial s is at [s - 1] */
};

/* A target of 32 bits has a collector of 64. Where a uint64_t needs alignment of 4 only, nothing may lie elsewhere. */
_Static_assert(sizeof(struct ht_more_module) == 32 && sizeof(struct ht_more_fault) == 72, "the same with 32 and 64 bits");
_Static_assert(__builtin_offsetof(struct ht_lane, lost_events) == 24 && __builtin_offsetof(struct ht_lane, tail) == 64 &&
               sizeof(struct ht_lane) == 128, "the same with 32 and 64 bits");
_Static_assert(__builtin_offsetof(struct ht_process, stamp) == 16 && sizeof(struct ht_process) == 144, "the same with 32 and 64 bits");
_Static_assert(__builtin_offsetof(struct ht_session, sample_bytes) == 64 && __builtin_offsetof(struct ht_session, recording) == 128 &&
               __builtin_offsetof(struct ht_session, process_count) == 256 && __builtin_offsetof(struct ht_session, processes) == 280 &&
               sizeof(struct ht_session) == 320 + sizeof(struct ht_process[HT_SESSION_PROCESSES]), "the same with 32 and 64 bits");

/* Both ends must be of one build: what one of them lays elsewhere the other would wait for in vain. To a change that the sizes below do not show, a
 * new number is given by hand. */
#define HT_SESSION_BY_HAND 3u
#define HT_SESSION_VERSION                                                                                                                                  \
    ((uint32_t)(HT_SESSION_BY_HAND << 24 | (sizeof(struct ht_process) * 31 + sizeof(struct ht_lane) * 7 + sizeof(struct ht_more_module) * 5 +               \
                                            sizeof(struct ht_more_fault) * 3 + __builtin_offsetof(struct ht_session, processes) * 2 + HT_MORE_FAULT) % (1u << 24)))

/* The runtime's file says so, too: a note of this name and kind, whose content is HT_SESSION_VERSION. */
#define HT_NOTE_NAME "HeapTracer"
#define HT_NOTE_SESSION 1u

static inline uint64_t ht_lane_word0(uint64_t stamp, unsigned op, unsigned api)
{
    return stamp << 8 | op | api << 3;
}

static inline struct ht_lane *ht_session_lane(struct ht_session *session, uint32_t lane)
{
    return (struct ht_lane *)((char *)session + session->lanes_offset + lane * session->lane_stride);
}

#define HT_LANE_HEADER_BYTES 4096u /* the ring begins this far behind its struct ht_lane */

static inline char *ht_lane_ring(struct ht_lane *lane)
{
    return (char *)lane + HT_LANE_HEADER_BYTES;
}

/* The environment that a traced program is started with. */
#define HT_ENV_SESSION "HEAPTRACER_SESSION" /* path of the session file */
#define HT_ENV_LIBRARY "HEAPTRACER_LIBRARY" /* path of the runtime, so that an exec with a changed environment can be followed */
#define HT_ENV_PROCESS "HEAPTRACER_PROCESS" /* "PID:SERIAL" of the image that is execing, set by the runtime itself */

#endif
