/* walk: in the registers at an event, out the thread's stack as "the oldest `keep` frames of last time, then these", by rules and verified reuse.
 *
 * Why reuse is sound. A frame is (slot, pc): the place of the return address that leads into it and the value there. What lies above a frame is a
 * function of its pc, its slot (hence SP), its frame pointer where a rule asks for it, and of the memory words that the rules read: return address
 * slots and, for frames found through the frame pointer, the slot it was restored from ("anchor"). So if the walk reaches a (slot, pc) that it also
 * met last time, and every older slot still holds the same return address and every older anchor the same value, then by induction each older frame
 * is what it was. No word is read that was not derived from a frame already proven, so stale stack contents cannot mislead it. */
#ifndef TARGET_PROCESS_WALK_H
#define TARGET_PROCESS_WALK_H

#include "thread.h"

struct walk {
    struct ht_frame *kept_end; /* of last time's frames [thread->frames, kept_end) */
    struct ht_frame *fresh;    /* then [fresh, thread->frames + HT_FRAMES) */
    uint32_t anchor_top;       /* fresh anchors are anchors[anchor_top .. HT_ANCHORS) */
    uint32_t odd;              /* enum walk_odd; 0 nearly always */
};

enum walk_odd {
    WALK_TRUNCATED = 1, /* the oldest frame is not the root */
    WALK_ONCE = 2,      /* next time must not build on it */
    WALK_ANCHORS = 4,   /* there are anchors, old or fresh */
    WALK_DEEP = 8,      /* too deep for a short record */
    WALK_CHANGES = 16,  /* the stack before was unusual, this one is not */
};

/* Frames that fit the 16-bit fields of a short record and a quarter of the smallest ring. */
enum { WALK_SHORT_FRAMES = 1024 };

/* In a hook: what tells the walk where the hook's caller stands; lies in the hook's own frame. */
#if HT_CALL_PUSHES
#define HT_FRAME __builtin_frame_address(0) /* { caller's frame pointer, return address }; the caller's stack pointer is behind them */
#else
struct ht_origin {
    const void *frame, *cfa;
};
#define HT_FRAME (&(struct ht_origin){__builtin_frame_address(0), __builtin_dwarf_cfa()})
#endif
/* `frame` is HT_FRAME of the hook. Must be followed by walk_settle or walk_forget. */
struct walk ht__walk(struct ht_thread *thread, const void *frame);
/* The same where no depth limit is set. */
struct walk ht__walk_quick(struct ht_thread *thread, const void *frame);

static inline uint64_t walk_keep(const struct ht_thread *thread, const struct walk *walk)
{
    return (uint64_t)(walk->kept_end - thread->frames);
}

static inline uint64_t walk_fresh(const struct ht_thread *thread, const struct walk *walk)
{
    return (uint64_t)(thread->frames + HT_FRAMES - walk->fresh);
}

/* What walk_settle leaves undone for a walk that is odd. */
void ht__walk_settle_odd(struct ht_thread *thread, struct walk walk);

/* Makes the walk's stack the one that is kept and writes the fresh return addresses to `words` (NULL: nowhere), oldest first. */
static inline __attribute__((always_inline)) void walk_settle(struct ht_thread *thread, const struct walk *walk, uint64_t *words)
{
    struct ht_frame *to = walk->kept_end;
    const struct ht_frame *from = walk->fresh, *end = thread->frames + HT_FRAMES;
    for (; from < end; from++) {
        *to++ = *from;
        if (words)
            *words++ = from->pc;
    }
    thread->frames_end = to;
    if (__builtin_expect(walk->odd, 0))
        ht__walk_settle_odd(thread, *walk);
}

/* The stack was not told: nothing may build on it. */
static inline void walk_forget(struct ht_thread *thread)
{
    thread->frames_end = thread->frames;
    thread->anchor_count = thread->kept = 0;
}

/* Nothing is known of the stack that the thread is on. */
static inline void walk_begin(struct ht_thread *thread)
{
    walk_forget(thread);
    thread->stack_high = thread->stack_bytes = 0;
}

/* The stack pointer that a frame had when it made the call that it is in. */
static inline uint64_t walk_stack_pointer(const struct ht_frame *frame)
{
#if HT_CALL_PUSHES
    return frame->slot + sizeof(uintptr_t);
#else
    return frame->sp;
#endif
}

#endif
