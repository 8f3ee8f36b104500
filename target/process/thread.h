/* thread: what the runtime keeps for one thread: its lane, the stack that it had at its last event, and the bounds of its stack.
 * One mapping per thread, reached by one initial-exec TLS pointer. Only its own thread touches it. */
#ifndef TARGET_PROCESS_THREAD_H
#define TARGET_PROCESS_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/lane.h"

/* A call puts its return address just below the caller's stack pointer. Elsewhere the callee may save it anywhere. */
#if defined(__x86_64__) || defined(__i386__)
#define HT_CALL_PUSHES 1
#else
#define HT_CALL_PUSHES 0
#endif

/* A frame on the stack: the place and the value of the return address that leads to it. A power of two in size: indexes are shifts. */
struct ht_frame {
    uint64_t slot, pc;
#if !HT_CALL_PUSHES
    uint64_t sp; /* its stack pointer at the call */
#endif
} __attribute__((aligned(16)));

/* A frame whose caller was found through the frame pointer: reuse must compare that too. */
struct ht_anchor {
    uint64_t fp_slot, fp;   /* where the frame pointer was restored from (0: it was in the register), and its value then */
    uint64_t cfa_slot, cfa; /* where the CFA itself was read and its value; slot 0: it was not read but added up */
    uint64_t frame;         /* index of the frame */
};

/* Bounds of a stack seen before. */
struct ht_bounds {
    uint64_t low, high, generation;
};

enum {
    HT_FRAMES = 1 << 16,   /* frames of one stack that are kept; deeper ones are cut and told so */
    HT_ANCHORS = 1 << 12,
    HT_LEVELS = 4,         /* records that may interrupt one another */
    HT_STACKS = 256,       /* bounds that are remembered, for coroutines */
};

/* Why a thread takes the longer way. */
enum { HT_DETOUR_SESSION = 1, HT_DETOUR_SOURCE = 2 };

/* What is unusual about the stack that is kept. */
enum { HT_KEPT_ANCHORS = 1, HT_KEPT_TRUNCATED = 2 };

struct ht_thread {
    /* what each event needs; sampling, which is to cost nearly nothing, the first line only */
    uint64_t generation;   /* equal to ht__state.generation while this thread may record */
    int64_t sample_left;   /* bytes until the next sample; always below 0 where there is none */
    uint64_t sample_bytes; /* mean distance of samples; 0: every block is recorded */
    uint64_t busy;         /* a record is being made: frame address of the hook that makes it */
    uint64_t detour;       /* not 0: what the session wants of this thread is more than the shortest records */
    uint64_t head;         /* bytes written */
    uint64_t soft_limit;   /* below it a record needs no further question: room, wake mark and ring end are all beyond */
    struct ht_lane *lane;
    char *ring;
    uint64_t ring_mask;
    uint64_t clock_start;  /* of the session */
    uint64_t free_detour;  /* not 0: a free is told by more than the shortest record */
    uint64_t stack_high, stack_bytes; /* end and size of the stack it runs on */
    uint64_t stack_seen;   /* the bounds and the kept frames are right at this count */
    const uint64_t *stack_now; /* of unmappings: of code only on the home stack, of anything on others */
    struct ht_frame *frames_end; /* frames[0] .. frames_end[-1]: the stack told last, oldest first */
    uint32_t kept;         /* HT_KEPT_... of it */
    /* the rest */
    uint32_t anchor_count; /* ordered by frame */
    uint64_t source;       /* place in the program's source of the allocation that is about to be made, 0 none */
    uint64_t wake_at;
    struct ht_thread *above; /* the same thread when it interrupts itself: a signal handler has a lane of its own while a record is being made */
    uint64_t home_low, home_high;   /* its own stack, as far as it was used: never unmapped while the thread lives */
    uint64_t random;
    uint64_t gap_events, gap_bytes; /* dropped and not yet told */
    uint32_t tid;
    char name[16];                  /* as told */
    struct ht_thread *next_late;    /* a thread that had an event after its end: taken apart by another thread */
    struct ht_anchor anchors[HT_ANCHORS];
    struct ht_bounds stacks[HT_STACKS];
    struct ht_frame sentinel;      /* just before frames[0]; no slot is like its */
    struct ht_frame frames[HT_FRAMES]; /* from the start those that are kept; new ones are pushed downwards from the end */
};

extern __thread struct ht_thread *ht__self __attribute__((tls_model("initial-exec")));

/* On a page of its own that a fork wipes: in a new child `generation` reads 0 and every thread takes the slow way once. */
struct ht_state {
    uint64_t generation;          /* 0 not started (or just forked); HT_OFF: never again in this process */
    const uint32_t *recording;    /* ht_session.recording */
    uint32_t beginning;           /* threads that are about to get what is missing */
};
#define HT_OFF (~(uint64_t)0)
extern struct ht_state *ht__state;

/* A record of `t` is not finished. Who may make one with its hook at `frame`: the same if that record is dead (a handler jumped out of it),
 * else the level above, else NULL: counted as lost. */
struct ht_thread *ht__thread_interrupted(struct ht_thread *t, uint64_t frame);

/* The thread, ready to record, or NULL. Makes what is missing: session, lane. Keeps errno. */
struct ht_thread *ht__thread_slow(void) __attribute__((noinline, cold));

static inline struct ht_thread *ht_thread_get(void)
{
    struct ht_thread *self = ht__self;
    if (__builtin_expect(self->generation == ht__state->generation && __atomic_load_n(ht__state->recording, __ATOMIC_RELAXED), 1))
        return self;
    return ht__thread_slow();
}

#endif
