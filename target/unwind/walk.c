/* walk: in the registers at an event, out the thread's stack as what it keeps of last time and fresh frames. The essay is in walk.h. */
#include "target/core/walk.h"

#include "arch.h"
#include "rule.h"

#include "target/core/port_core.h"

/* Where the walk stands. Fresh frames are pushed downwards from the top end of the thread's arrays, so they end up oldest first. */
struct cursor {
    uint64_t pc, sp;
    uint64_t fp, fp_slot;     /* fp is the register's value at the event; when fp_slot is not 0 the value is in memory there */
    uint64_t low, high;       /* bounds of the stack */
    uint32_t cached;          /* frames[0 .. cached) of last time may still be met */
    uint32_t top;             /* first fresh frame */
    uint32_t anchor_top;      /* first fresh anchor */
    bool reusable;            /* frames found may be compared with next time */
    bool truncated;
};

static inline uint64_t load(uint64_t address)
{
    return *(const volatile uint64_t *)(uintptr_t)address;
}

static inline uint64_t frame_pointer(const struct cursor *at)
{
    return at->fp_slot ? load(at->fp_slot) : at->fp;
}

static inline bool push(struct ht_thread *t, struct cursor *at)
{
    if (__builtin_expect(at->top <= at->cached, 0))
        return false;
    at->top--;
    t->frames[at->top] = (struct ht_frame){at->sp - 8, at->pc};
    t->fp_slots[at->top] = at->fp_slot;
    return true;
}

static void push_anchor(struct ht_thread *t, struct cursor *at, uint64_t fp, uint64_t cfa_slot, uint64_t cfa)
{
    if (at->anchor_top <= t->anchor_count) {
        at->reusable = false;
        return;
    }
    t->anchors[--at->anchor_top] = (struct ht_anchor){at->fp_slot, fp, cfa_slot, cfa, HT_FRAMES - at->top};
}

/* How many of frames[0 .. count) hold, counted from the youngest, of which frames[count - 1] is known to. */
static inline uint32_t verify_slots(const struct ht_thread *t, uint32_t count)
{
    const struct ht_frame *frame = t->frames + count - 1, *oldest = t->frames;
    while (frame - oldest >= 4) {
        uint64_t a = load(frame[-1].slot) ^ frame[-1].pc, b = load(frame[-2].slot) ^ frame[-2].pc;
        uint64_t c = load(frame[-3].slot) ^ frame[-3].pc, d = load(frame[-4].slot) ^ frame[-4].pc;
        if (a | b | c | d)
            break;
        frame -= 4;
    }
    while (frame > oldest && load(frame[-1].slot) == frame[-1].pc)
        frame--;
    return (uint32_t)(frame - oldest);
}

/* The first frame (counted from the oldest) that holds, given that frames[first .. count) have the right slots: anchors may say that it is a younger one. */
static uint32_t verify_anchors(const struct ht_thread *t, const struct cursor *at, uint32_t first, uint32_t count)
{
    for (uint32_t i = t->anchor_count; i > 0; i--) {
        const struct ht_anchor *anchor = &t->anchors[i - 1];
        if (anchor->frame >= count)
            continue;
        if (anchor->frame < first)
            break;
        /* A slot younger than the meeting point is not proven; there the frame pointer that the walk has now is the truth. */
        uint64_t fp = anchor->fp_slot < at->sp ? frame_pointer(at) : load(anchor->fp_slot);
        if (fp != anchor->fp || (anchor->cfa_slot && load(anchor->cfa_slot) != anchor->cfa))
            return (uint32_t)anchor->frame;
    }
    return first;
}

/* Moves the still valid frames[first .. count) of last time to the fresh ones and stands on the oldest of them. */
static bool take_over(struct ht_thread *t, struct cursor *at, uint32_t first, uint32_t count)
{
    uint64_t meeting = at->sp, fp_slot = at->fp_slot;
    uint32_t anchor = t->anchor_count;
    while (anchor > 0 && t->anchors[anchor - 1].frame >= count)
        anchor--;
    for (uint32_t i = count; i > first; i--) {
        at->sp = t->frames[i - 1].slot + 8;
        at->pc = t->frames[i - 1].pc;
        at->fp_slot = t->fp_slots[i - 1] < meeting ? fp_slot : t->fp_slots[i - 1];
        if (i - 1 == first)
            break;
        if (!push(t, at))
            return false;
        if (anchor > 0 && t->anchors[anchor - 1].frame == i - 1) {
            anchor--;
            push_anchor(t, at, t->anchors[anchor].fp, t->anchors[anchor].cfa_slot, t->anchors[anchor].cfa);
        }
    }
    at->cached = first;
    return true;
}

/* Kept frames whose frame pointer came from below the meeting point have it from where the walk found it now: the old place is dead. */
static inline void refresh_fp(struct ht_thread *t, const struct cursor *at, uint32_t keep)
{
    if (t->fp_slots[keep - 1] == at->fp_slot)
        return;
    for (uint32_t i = keep; i > 0 && t->fp_slots[i - 1] < at->sp; i--)
        t->fp_slots[i - 1] = at->fp_slot;
    for (uint32_t i = t->anchor_count; i > 0; i--)
        if (t->anchors[i - 1].frame < keep && t->anchors[i - 1].fp_slot < at->sp)
            t->anchors[i - 1].fp_slot = at->fp_slot;
}

enum met { MET_NOT, MET_ALL, MET_PART };

/* Does the stack of last time hold from here on? MET_PART: a part of it did; the cursor stands on the oldest frame that holds, not yet pushed. */
static inline enum met meet(struct ht_thread *t, struct cursor *at)
{
    uint64_t slot = at->sp - 8;
    uint32_t count = at->cached;
    while (count > 0 && t->frames[count - 1].slot < slot)
        count--;
    at->cached = count;
    if (!count || t->frames[count - 1].slot != slot || t->frames[count - 1].pc != at->pc)
        return MET_NOT;
    uint32_t first = verify_slots(t, count);
    if (t->anchor_count)
        first = verify_anchors(t, at, first, count);
    if (!first)
        return MET_ALL;
    if (!take_over(t, at, first, count))
        at->truncated = true;
    return MET_PART;
}

/* The kernel's signal frame: the interrupted code's registers. Its stack may be another one, so nothing of this walk is compared next time. */
static bool step_signal(struct ht_thread *t, struct cursor *at)
{
    at->reusable = false;
    if (at->high - at->sp < ARCH_SIGNAL_BYTES)
        return false;
    uint64_t sp = ARCH_SIGNAL_SP(at->sp), pc = ARCH_SIGNAL_PC(at->sp);
    at->fp = ARCH_SIGNAL_FP(at->sp);
    at->fp_slot = 0;
    if (sp < at->low || sp >= at->high)
        if (!ht__port_stack(sp, &at->low, &at->high))
            return false;
    at->cached = 0;
    (void)t;
    at->sp = sp;
    at->pc = pc + 1; /* like a return address: one behind the instruction that is meant */
    return pc != 0;
}

/* Goes on to the caller once the CFA is known. */
static inline bool step_to(struct cursor *at, uint64_t cfa, uint64_t fp_below)
{
    if (__builtin_expect(cfa <= at->sp || cfa > at->high || cfa & 7, 0))
        return false;
    if (fp_below) {
        if (fp_below > cfa - at->low)
            return false;
        at->fp_slot = cfa - fp_below;
    }
    at->sp = cfa;
    at->pc = ARCH_STRIP_RA(load(cfa - 8));
    return true;
}

static bool in_stack(const struct cursor *at, uint64_t address)
{
    return address >= at->low && address + 8 <= at->high && !(address & 7);
}

static bool step_through_fp(struct ht_thread *t, struct cursor *at, int64_t cfa, uint64_t fp_below)
{
    uint64_t fp = frame_pointer(at);
    push_anchor(t, at, fp, 0, 0);
    return step_to(at, fp + (uint64_t)cfa, fp_below);
}

static bool step_through_memory(struct ht_thread *t, struct cursor *at, int64_t offset)
{
    uint64_t fp = frame_pointer(at), place = fp + (uint64_t)offset;
    if (!in_stack(at, place) || !in_stack(at, fp))
        return false;
    push_anchor(t, at, fp, place, load(place));
    if (!step_to(at, load(place), 0))
        return false;
    at->fp_slot = fp;
    return true;
}

static bool step_rare(struct ht_thread *t, struct cursor *at, rule_word rule)
{
    if (rule_kind(rule) == RULE_SIGNAL)
        return step_signal(t, at);
    if (rule_kind(rule) == RULE_DEREF)
        return step_through_memory(t, at, (int64_t)((uint64_t)rule << (64 - 3 - RULE_CFA_BITS)) >> (64 - RULE_CFA_BITS) << 3);
    if (rule_kind(rule) != RULE_BIG)
        return false;
    struct rule_wide wide = ht__rule_find_wide(at->pc);
    if (wide.kind == RULE_SP)
        return step_to(at, at->sp + (uint64_t)wide.cfa, wide.fp_below);
    return wide.kind == RULE_FP && step_through_fp(t, at, wide.cfa, wide.fp_below);
}

/* One frame up. False: this was the last one; `truncated` tells if it should not have been. */
static inline bool step(struct ht_thread *t, struct cursor *at)
{
    rule_word rule = rule_known(at->pc);
    if (__builtin_expect(!rule, 0))
        rule = ht__rule_find(at->pc);
    bool more;
    if (__builtin_expect(rule_kind(rule) == RULE_SP, 1))
        more = step_to(at, at->sp + rule_cfa(rule), rule_fp_below(rule));
    else if (rule_kind(rule) == RULE_FP)
        more = step_through_fp(t, at, (int64_t)rule_cfa(rule), rule_fp_below(rule));
    else if (rule_kind(rule) == RULE_END)
        return false;
    else
        more = step_rare(t, at, rule);
    if (!more)
        at->truncated = true;
    return more && at->pc;
}

/* Puts fresh frames and anchors behind what is kept. */
static void settle(struct ht_thread *t, const struct cursor *at, uint32_t keep)
{
    uint32_t fresh = HT_FRAMES - at->top, depth = keep + fresh;
    for (uint32_t i = 0; i < fresh; i++) {
        t->frames[keep + i] = t->frames[at->top + i];
        t->fp_slots[keep + i] = t->fp_slots[at->top + i];
    }
    uint32_t anchors = t->anchor_count;
    while (anchors > 0 && t->anchors[anchors - 1].frame >= keep)
        anchors--;
    for (uint32_t i = at->anchor_top; i < HT_ANCHORS; i++) {
        t->anchors[anchors] = t->anchors[i];
        t->anchors[anchors++].frame = depth - t->anchors[i].frame;
    }
    t->anchor_count = anchors;
    t->frame_count = at->reusable ? depth : 0;
    t->truncated = at->truncated;
}

static void stand_on_home(struct ht_thread *t)
{
    t->stack_low = t->home_low;
    t->stack_high = t->home_high;
    t->maps_now = &t->maps_generation;
}

/* The stack that `sp` is on; frames of another one are forgotten. A stack that is not the thread's first (a coroutine's, a signal stack) is
 * remembered until something is unmapped. */
static bool find_bounds(struct ht_thread *t, uint64_t sp)
{
    t->frame_count = t->anchor_count = 0;
    t->code_generation = __atomic_load_n(&ht__code_generation, __ATOMIC_ACQUIRE);
    if (sp >= t->home_low && sp < t->home_high) {
        stand_on_home(t);
        return true;
    }
    uint64_t now = __atomic_load_n(&ht__maps_generation, __ATOMIC_ACQUIRE);
    struct ht_bounds *known = &t->stacks[(sp >> 16 ^ sp >> 24) % HT_STACKS];
    if (known->generation != now || sp < known->low || sp >= known->high) {
        if (!ht__port_stack(sp, &known->low, &known->high))
            return false;
        known->generation = now;
        if (!t->home_high || known->high == t->home_high) { /* the first stack, or it has grown */
            t->home_low = known->low;
            t->home_high = known->high;
            stand_on_home(t);
            return true;
        }
    }
    t->stack_low = known->low;
    t->stack_high = known->high;
    t->maps_generation = now;
    t->maps_now = &ht__maps_generation;
    return true;
}

struct walk ht__walk(struct ht_thread *t, const uint64_t *frame)
{
    struct cursor at = {.pc = frame[1], .sp = (uint64_t)(uintptr_t)(frame + 2), .fp = frame[0], .top = HT_FRAMES, .anchor_top = HT_ANCHORS, .reusable = true};
    if (at.sp < t->stack_low || at.sp >= t->stack_high || *t->maps_now != t->maps_generation || t->code_generation != ht__code_generation)
        if (!find_bounds(t, at.sp))
            return (struct walk){.truncated = true};
    at.low = t->stack_low;
    at.high = t->stack_high;
    uint32_t limit = ht__session->depth_limit ? ht__session->depth_limit : HT_FRAMES;
    at.cached = ht__session->depth_limit ? 0 : t->frame_count;
    uint32_t keep = 0;
    do {
        enum met met = at.cached ? meet(t, &at) : MET_NOT;
        if (met == MET_ALL) {
            keep = at.cached;
            refresh_fp(t, &at, keep);
            at.truncated = t->truncated;
            break;
        }
        if (HT_FRAMES - at.top >= limit || !push(t, &at)) {
            at.truncated = true;
            break;
        }
    } while (step(t, &at));
    settle(t, &at, keep);
    return (struct walk){keep, HT_FRAMES - at.top, at.truncated};
}
