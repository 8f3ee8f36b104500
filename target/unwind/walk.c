/* walk: in the registers at an event, out the thread's stack as what it keeps of last time and fresh frames. The essay is in walk.h. */
#include "target/core/walk.h"

#include "arch.h"
#include "rule.h"

#include "target/core/port_core.h"

/* Where the walk stands. Fresh frames are pushed downwards from the end of the thread's array, so they end up oldest first. */
struct cursor {
    uint64_t pc, sp;
    uint64_t fp, fp_slot;      /* fp is the register's value at the event; when fp_slot is not 0 the value is in memory there */
    uint64_t low, high;        /* bounds of the stack */
    struct ht_frame *cached;   /* frames[0] .. cached[-1] of last time may still be met */
    struct ht_frame *top;      /* youngest pushed frame is frames[HT_FRAMES - 1], the last pushed one is *top */
    uint32_t anchor_top;
    uint32_t odd;              /* enum walk_odd */
};

static inline uint64_t load(uint64_t address)
{
    return *(const volatile uint64_t *)(uintptr_t)address;
}

static inline uint64_t frame_pointer(const struct cursor *at)
{
    return at->fp_slot ? load(at->fp_slot) : at->fp;
}

/* An anchor of the frame pushed last; frames are counted from the youngest until the depth is known. */
static void push_anchor(struct ht_thread *t, struct cursor *at, uint64_t fp, uint64_t cfa_slot, uint64_t cfa)
{
    if (at->anchor_top <= t->anchor_count) {
        at->odd |= WALK_ONCE;
        return;
    }
    t->anchors[--at->anchor_top] = (struct ht_anchor){at->fp_slot, fp, cfa_slot, cfa, (uint64_t)(t->frames + HT_FRAMES - at->top)};
}

/* The oldest of the frames up to `youngest` (which is known to hold) that still hold without a break. */
static inline struct ht_frame *verify_slots(const struct ht_thread *t, struct ht_frame *youngest)
{
    struct ht_frame *frame = youngest;
    const struct ht_frame *oldest = t->frames;
    while (frame - oldest >= 4) {
        uint64_t a = load(frame[-1].slot) ^ frame[-1].pc, b = load(frame[-2].slot) ^ frame[-2].pc;
        uint64_t c = load(frame[-3].slot) ^ frame[-3].pc, d = load(frame[-4].slot) ^ frame[-4].pc;
        if (a | b | c | d)
            break;
        frame -= 4;
    }
    while (frame > oldest && load(frame[-1].slot) == frame[-1].pc)
        frame--;
    return frame;
}

/* The first frame that holds, given that frames[first .. count) have the right slots: anchors may say that it is a younger one. */
static uint64_t verify_anchors(const struct ht_thread *t, const struct cursor *at, uint64_t first, uint64_t count)
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
            return anchor->frame;
    }
    return first;
}

/* Moves the still valid frames of last time from cached[-1] down to `first` to the fresh ones, but for `first` itself, on which the cursor stands then. */
static void take_over(struct ht_thread *t, struct cursor *at, struct ht_frame *first)
{
    uint64_t meeting = at->sp, fp_slot = at->fp_slot;
    uint32_t anchor = t->anchor_count;
    while (anchor > 0 && t->frames + t->anchors[anchor - 1].frame >= at->cached)
        anchor--;
    for (struct ht_frame *frame = at->cached - 1;; frame--) {
        at->sp = frame->slot + 8;
        at->pc = frame->pc;
        at->fp_slot = frame->fp_slot < meeting ? fp_slot : frame->fp_slot;
        if (frame == first)
            break;
        *--at->top = (struct ht_frame){frame->slot, frame->pc, at->fp_slot};
        if (anchor > 0 && t->frames + t->anchors[anchor - 1].frame == frame) {
            anchor--;
            push_anchor(t, at, t->anchors[anchor].fp, t->anchors[anchor].cfa_slot, t->anchors[anchor].cfa);
        }
    }
    at->cached = first;
}

/* Kept frames whose frame pointer came from below the meeting point have it from where the walk found it now: the old place is dead. */
static void refresh_fp(struct ht_thread *t, const struct cursor *at)
{
    for (struct ht_frame *frame = at->cached; frame > t->frames && frame[-1].fp_slot < at->sp; frame--)
        frame[-1].fp_slot = at->fp_slot;
    for (uint32_t i = t->anchor_count; i > 0; i--)
        if (t->frames + t->anchors[i - 1].frame < at->cached && t->anchors[i - 1].fp_slot < at->sp)
            t->anchors[i - 1].fp_slot = at->fp_slot;
}

/* cached[-1] is the frame that the walk stands on and the slots from `first` on hold. True: all of last time's stack holds from here on. False: a part
 * did; the cursor stands on the oldest frame that holds. */
static __attribute__((noinline)) bool meet(struct ht_thread *t, struct cursor *at, struct ht_frame *first)
{
    if (t->anchor_count)
        first = t->frames + verify_anchors(t, at, (uint64_t)(first - t->frames), (uint64_t)(at->cached - t->frames));
    if (first == t->frames) {
        refresh_fp(t, at);
        return true;
    }
    take_over(t, at, first);
    return false;
}

/* The kernel's signal frame: the interrupted code's registers. Its stack may be another one, so nothing of this walk is compared next time. */
static bool step_signal(struct ht_thread *t, struct cursor *at)
{
    at->odd |= WALK_ONCE;
    if (at->high - at->sp < ARCH_SIGNAL_BYTES)
        return false;
    uint64_t sp = ARCH_SIGNAL_SP(at->sp), pc = ARCH_SIGNAL_PC(at->sp);
    at->fp = ARCH_SIGNAL_FP(at->sp);
    at->fp_slot = 0;
    if (sp < at->low || sp >= at->high)
        if (!ht__port_stack(sp, &at->low, &at->high))
            return false;
    at->cached = t->frames;
    at->sp = sp;
    at->pc = pc + 1; /* like a return address: one behind the instruction that is meant */
    return pc != 0;
}

/* Goes on to the caller once the CFA is known. */
static bool step_to(struct cursor *at, uint64_t cfa, uint64_t fp_below)
{
    if (cfa <= at->sp || cfa > at->high || cfa & 7 || fp_below > cfa - at->low)
        return false;
    if (fp_below)
        at->fp_slot = cfa - fp_below;
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

static bool step_wide(struct ht_thread *t, struct cursor *at)
{
    struct rule_wide wide = ht__rule_find_wide(at->pc);
    if (wide.kind == RULE_SP)
        return step_to(at, at->sp + (uint64_t)wide.cfa, wide.fp_below);
    return wide.kind == RULE_FP && step_through_fp(t, at, wide.cfa, wide.fp_below);
}

/* One frame up by any rule. False: the frame that was pushed last is the last one; `truncated` tells if it should not have been. */
static __attribute__((noinline)) bool step(struct ht_thread *t, struct cursor *at)
{
    uint64_t entry = rule_entry(at->pc);
    rule_word rule = rule_other(entry, at->pc);
    bool more = false;
    if (!rule)
        rule = ht__rule_find(at->pc);
    switch (rule_kind(rule)) {
    case RULE_END: return false;
    case RULE_SP: more = step_to(at, at->sp + rule_cfa(rule), rule_fp_below(rule)); break;
    case RULE_FP: more = step_through_fp(t, at, (int64_t)rule_cfa(rule), rule_fp_below(rule)); break;
    case RULE_DEREF: more = step_through_memory(t, at, (int64_t)((uint64_t)rule << (64 - 3 - RULE_CFA_BITS)) >> (64 - RULE_CFA_BITS) << 3); break;
    case RULE_SIGNAL: more = step_signal(t, at); break;
    case RULE_BIG: more = step_wide(t, at); break;
    default: break;
    }
    if (!more)
        at->odd |= WALK_TRUNCATED;
    return more && at->pc;
}

static void settle_anchors(struct ht_thread *t, const struct walk *walk)
{
    uint32_t anchors = t->anchor_count, depth = walk->keep + walk->fresh;
    while (anchors > 0 && t->anchors[anchors - 1].frame >= walk->keep)
        anchors--;
    for (uint32_t i = walk->anchor_top; i < HT_ANCHORS; i++) {
        struct ht_anchor anchor = t->anchors[i];
        anchor.frame = depth - anchor.frame;
        t->anchors[anchors++] = anchor;
    }
    t->anchor_count = anchors;
}

__attribute__((noinline)) void ht__walk_settle_odd(struct ht_thread *t, const struct walk *walk)
{
    if (walk->odd & WALK_ANCHORS)
        settle_anchors(t, walk);
    if (walk->odd & WALK_ONCE)
        t->frame_count = t->anchor_count = 0;
    t->truncated = walk->odd & WALK_TRUNCATED;
}

static void stand_on_home(struct ht_thread *t)
{
    t->stack_low = t->home_low;
    t->stack_high = t->home_high;
    t->maps_now = &t->maps_generation;
}

/* The stack that `sp` is on; frames of another one are forgotten. A stack that is not the thread's first (a coroutine's, a signal stack) is
 * remembered until something is unmapped. */
static __attribute__((noinline)) bool find_bounds(struct ht_thread *t, uint64_t sp)
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

/* The oldest place that fresh frames may be pushed to. */
static struct ht_frame *push_floor(struct ht_thread *t)
{
    uint32_t limit = ht__session->depth_limit;
    struct ht_frame *half = t->frames + HT_FRAMES / 2;
    return limit && limit < HT_FRAMES / 2 ? t->frames + HT_FRAMES - limit : half;
}

static inline struct walk finish(const struct ht_thread *t, const struct ht_frame *cached, const struct ht_frame *top, uint32_t anchor_top, uint32_t odd)
{
    uint32_t keep = (uint32_t)(cached - t->frames), fresh = (uint32_t)(t->frames + HT_FRAMES - top);
    if (__builtin_expect(t->anchor_count || anchor_top != HT_ANCHORS, 0))
        odd |= WALK_ANCHORS;
    if (__builtin_expect((keep | fresh) >= WALK_SHORT_FRAMES, 0))
        odd |= keep + fresh > HT_FRAMES / 2 ? WALK_DEEP | WALK_ONCE : WALK_DEEP; /* both halves of the array have room for one walk */
    return (struct walk){keep, fresh, anchor_top, odd};
}

/* The hot loop keeps pc, sp, fp_slot, cached and top in registers: frames that are found through SP, which nearly all are, and a full meeting never
 * leave it; the cursor in memory is for the rest. */
#define CURSOR_STORE() (at.pc = pc, at.sp = sp, at.fp_slot = fp_slot, at.cached = cached, at.top = top)
#define CURSOR_LOAD() (pc = at.pc, sp = at.sp, fp_slot = at.fp_slot, cached = at.cached, top = at.top, high = at.high)

struct walk ht__walk(struct ht_thread *t, const uint64_t *frame)
{
    uint64_t pc = frame[1], sp = (uint64_t)(uintptr_t)(frame + 2), fp_slot = 0;
    if (__builtin_expect(sp < t->stack_low || sp >= t->stack_high || *t->maps_now != t->maps_generation || t->code_generation != ht__code_generation, 0))
        if (!find_bounds(t, sp))
            return (struct walk){.odd = WALK_TRUNCATED | WALK_ONCE, .anchor_top = HT_ANCHORS};
    uint64_t high = t->stack_high;
    struct ht_frame *cached = t->frames + t->frame_count, *top = t->frames + HT_FRAMES, *floor = t->frames + HT_FRAMES / 2;
    struct cursor at;
    at.fp = frame[0];
    at.low = t->stack_low;
    at.high = high;
    at.anchor_top = HT_ANCHORS;
    at.odd = 0;
    if (__builtin_expect(ht__session->depth_limit, 0))
        floor = push_floor(t), cached = t->frames;
    for (;;) {
        uint64_t slot = sp - 8;
        while (cached[-1].slot < slot)
            cached--;
        if (cached[-1].slot == slot && cached[-1].pc == pc) {
            struct ht_frame *first = verify_slots(t, cached - 1);
            if (__builtin_expect(first == t->frames && !t->anchor_count && cached[-1].fp_slot == fp_slot, 1)) {
                at.odd |= t->truncated ? WALK_TRUNCATED : 0;
                break;
            }
            CURSOR_STORE();
            bool all = meet(t, &at, first);
            CURSOR_LOAD();
            if (all) {
                at.odd |= t->truncated ? WALK_TRUNCATED : 0;
                break;
            }
            slot = sp - 8;
        }
        if (__builtin_expect(top <= floor, 0)) {
            at.odd |= WALK_TRUNCATED;
            cached = t->frames;
            break;
        }
        *--top = (struct ht_frame){slot, pc, fp_slot};
        uint64_t entry = rule_entry(pc), cfa = sp + rule_cfa(entry), below = rule_fp_below(entry);
        if (__builtin_expect(!rule_is_sp(entry, pc) || cfa > high, 0)) {
            CURSOR_STORE();
            bool more = step(t, &at);
            CURSOR_LOAD();
            if (more)
                continue;
            cached = t->frames;
            break;
        }
        fp_slot = below ? cfa - below : fp_slot;
        sp = cfa;
        pc = ARCH_STRIP_RA(load(cfa - 8));
    }
    return finish(t, cached, top, at.anchor_top, at.odd);
}
