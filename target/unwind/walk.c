/* walk: in the registers at an event, out the thread's stack as what it keeps of last time and fresh frames. The essay is in walk.h. */
#include "target/core/walk.h"

#include "arch.h"
#include "rule.h"

#include "target/core/port_core.h"

/* Where the walk stands. Fresh frames are pushed downwards from the end of the thread's array, so they end up oldest first. */
struct cursor {
    uint64_t pc, sp, slot;     /* slot: where pc was read */
    uint64_t fp;               /* the frame pointer's value at the event, or in the frame `fp_end` */
    const struct ht_frame *fp_end; /* frames from here on say nothing of the frame pointer */
    uint64_t low, high;        /* bounds of the stack */
    struct ht_frame *cached;   /* frames[0] .. cached[-1] of last time may still be met */
    struct ht_frame *top;      /* youngest pushed frame is frames[HT_FRAMES - 1], the last pushed one is *top */
    uint32_t anchor_top;
    uint32_t odd;              /* enum walk_odd */
    uint64_t ra;               /* the register with the return address of a frame that a signal interrupted before it saved it */
    const struct ht_frame *interrupted; /* that frame, when it is pushed */
};

static inline uint64_t load(uint64_t address)
{
    return arch_load(address);
}

static inline uint64_t load_ra(uint64_t slot)
{
    return ARCH_STRIP_RA(load(slot));
}

/* Frames are told apart by their stack pointers, or by their slots where those are as good. */
static inline uint64_t place(uint64_t slot, uint64_t sp)
{
    return HT_CALL_PUSHES ? slot : sp;
}

static inline uint64_t frame_place(const struct ht_frame *frame)
{
    return place(frame->slot, HT_CALL_PUSHES ? 0 : walk_stack_pointer(frame));
}

static inline struct ht_frame frame_made(uint64_t slot, uint64_t pc, uint64_t rule, uint64_t sp)
{
#if HT_CALL_PUSHES
    (void)sp;
    return (struct ht_frame){slot, pc, rule};
#else
    return (struct ht_frame){slot, pc, rule, sp};
#endif
}

/* A frame's rule is the table's word, or with the top bit set just the distance of its saved frame pointer below the CFA. */
#define RULE_FP_BELOW ((uint64_t)1 << 63)

static inline uint64_t frame_fp_below(uint64_t rule)
{
    return rule & RULE_FP_BELOW ? rule & ~RULE_FP_BELOW : rule_fp_below(rule);
}

/* Where the frame pointer of the cursor's frame was saved: by the oldest pushed frame that saved it. 0: by none, it is at->fp. The frame that the
 * cursor stands on may be pushed already: `from` is the first frame younger than it. */
static uint64_t fp_slot_from(const struct cursor *at, const struct ht_frame *from, uint64_t sp)
{
    for (const struct ht_frame *frame = from; frame < at->fp_end; sp = walk_stack_pointer(frame), frame++)
        if (frame_fp_below(frame->rule))
            return sp - frame_fp_below(frame->rule);
    return 0;
}

static uint64_t frame_pointer(const struct cursor *at, uint64_t slot)
{
    return slot ? load(slot) : at->fp;
}

/* An anchor of the frame pushed last; frames are counted from the youngest until the depth is known. */
static void push_anchor(struct ht_thread *t, struct cursor *at, struct ht_anchor anchor)
{
    if (at->anchor_top <= t->anchor_count) {
        at->odd |= WALK_ONCE;
        return;
    }
    anchor.frame = (uint64_t)(t->frames + HT_FRAMES - at->top);
    t->anchors[--at->anchor_top] = anchor;
}

/* The oldest of the frames up to `youngest` (which is known to hold) that still hold without a break. */
static inline struct ht_frame *verify_slots(const struct ht_thread *t, struct ht_frame *youngest)
{
    struct ht_frame *frame = youngest;
    const struct ht_frame *oldest = t->frames;
#define DIFFERS(n) (load_ra(frame[-(n)].slot) ^ frame[-(n)].pc)
    while (frame >= oldest + 4) {
        if (DIFFERS(1) | DIFFERS(2) | DIFFERS(3) | DIFFERS(4))
            break;
        frame -= 4;
    }
#undef DIFFERS
    while (frame > oldest && load_ra(frame[-1].slot) == frame[-1].pc)
        frame--;
    return frame;
}

/* The first frame that holds, given that frames[first .. count) have the right slots: anchors may say that it is a younger one. A frame pointer that
 * was saved below the meeting point is now where the walk found it: the old place is dead, and the anchor is told. */
static uint64_t verify_anchors(struct ht_thread *t, const struct cursor *at, uint64_t first, uint64_t count)
{
    uint64_t slot = fp_slot_from(at, at->top, at->sp), fp = frame_pointer(at, slot);
    for (uint32_t i = t->anchor_count; i > 0; i--) {
        struct ht_anchor *anchor = &t->anchors[i - 1];
        if (anchor->frame >= count)
            continue;
        if (anchor->frame < first)
            break;
        if (anchor->fp_slot < at->sp)
            anchor->fp_slot = slot;
        uint64_t now = anchor->fp_slot == slot ? fp : load(anchor->fp_slot);
        if (now != anchor->fp || (anchor->cfa_slot && load(anchor->cfa_slot) != anchor->cfa))
            return anchor->frame;
    }
    return first;
}

/* Moves the still valid frames of last time from cached[-1] down to `first` to the fresh ones, but for `first` itself, on which the cursor stands then. */
static void take_over(struct ht_thread *t, struct cursor *at, struct ht_frame *first)
{
    uint32_t anchor = t->anchor_count;
    while (anchor > 0 && t->frames + t->anchors[anchor - 1].frame >= at->cached)
        anchor--;
    for (struct ht_frame *frame = at->cached - 1; frame > first; frame--) {
        *--at->top = *frame;
        if (anchor > 0 && t->frames + t->anchors[anchor - 1].frame == frame)
            push_anchor(t, at, t->anchors[--anchor]);
    }
    at->sp = walk_stack_pointer(first);
    at->slot = first->slot;
    at->pc = first->pc;
    at->cached = first;
}

/* cached[-1] is the frame that the walk stands on and the slots from `first` on hold. True: all of last time's stack holds from here on. False: a part
 * did; the cursor stands on the oldest frame that holds. */
static __attribute__((noinline)) bool meet(struct ht_thread *t, struct cursor *at, struct ht_frame *first)
{
    if (t->anchor_count)
        first = t->frames + verify_anchors(t, at, (uint64_t)(first - t->frames), (uint64_t)(at->cached - t->frames));
    if (first == t->frames)
        return true;
    take_over(t, at, first);
    return false;
}

/* The kernel's signal frame: the interrupted code's registers. Its stack may be another one, so nothing of this walk is compared next time. */
static bool step_signal(struct ht_thread *t, struct cursor *at)
{
    at->odd |= WALK_ONCE;
    at->top->rule = 0;
    if (at->high - at->sp < ARCH_SIGNAL_BYTES)
        return false;
    struct arch_registers were = arch_signal(at->sp, at->pc);
    uint64_t sp = were.sp, pc = were.pc;
    at->fp = were.fp;
    at->fp_end = at->top;
    at->ra = were.ra;
    at->interrupted = at->top - 1;
    at->low = at->high = 0;
    if (sp >= t->home_low && sp < t->home_high) {
        at->low = sp;
        at->high = t->home_high;
    } else if (!ht__port_stack(sp, &at->low, &at->high))
        return false;
    at->cached = t->frames;
    at->sp = sp;
    at->slot = sp - ARCH_WORD;
    at->pc = pc + ARCH_AFTER;
    return pc != 0;
}

/* Goes on to the caller once the CFA is known. */
static bool step_to(struct cursor *at, uint64_t cfa, uint64_t ra_below, uint64_t rule)
{
    if (cfa <= at->sp || cfa > at->high || cfa & (ARCH_WORD - 1) || frame_fp_below(rule) > cfa - at->low || ra_below > cfa - at->low)
        return false;
    at->top->rule = rule;
    at->sp = cfa;
    at->slot = cfa - ra_below;
    at->pc = load_ra(at->slot);
    return true;
}

/* A frame whose return address is still in its register: only the one that a signal interrupted can be. */
static bool step_leaf(struct cursor *at, uint64_t cfa, uint64_t rule)
{
    if (at->top != at->interrupted || cfa < at->sp || cfa > at->high || cfa & (ARCH_WORD - 1) || frame_fp_below(rule) > cfa - at->low)
        return false;
    at->top->rule = rule;
    at->sp = cfa;
    at->slot = cfa - ARCH_WORD; /* never compared: a signal's stack is not kept */
    at->pc = ARCH_STRIP_RA(at->ra);
    return true;
}

static bool in_stack(const struct cursor *at, uint64_t address)
{
    return address >= at->low && address + ARCH_WORD <= at->high && !(address & (ARCH_WORD - 1));
}

static bool step_through_fp(struct ht_thread *t, struct cursor *at, uint64_t rule)
{
    uint64_t slot = fp_slot_from(at, at->top + 1, at->sp), fp = frame_pointer(at, slot);
    push_anchor(t, at, (struct ht_anchor){.fp_slot = slot, .fp = fp});
    return step_to(at, fp + rule_cfa(rule), rule_ra_below(rule), rule);
}

/* A frame that aligned its stack: CFA and frame pointer are both found through memory. */
static bool step_through_memory(struct ht_thread *t, struct cursor *at, rule_word rule)
{
    uint64_t slot = fp_slot_from(at, at->top + 1, at->sp), fp = frame_pointer(at, slot), cfa_slot = fp + (uint64_t)rule_cfa_signed(rule);
    if (!in_stack(at, cfa_slot) || !in_stack(at, fp))
        return false;
    uint64_t cfa = load(cfa_slot);
    push_anchor(t, at, (struct ht_anchor){.fp_slot = slot, .fp = fp, .cfa_slot = cfa_slot, .cfa = cfa});
    return cfa > fp && step_to(at, cfa, ARCH_WORD, RULE_FP_BELOW | (cfa - fp));
}

static bool step_wide(struct ht_thread *t, struct cursor *at)
{
    struct rule_wide wide = ht__rule_find_wide(at->pc);
    uint64_t slot = fp_slot_from(at, at->top + 1, at->sp), fp = frame_pointer(at, slot);
    if (wide.kind == RULE_FP)
        push_anchor(t, at, (struct ht_anchor){.fp_slot = slot, .fp = fp});
    if (wide.kind != RULE_SP && wide.kind != RULE_FP)
        return false;
    uint64_t cfa = (wide.kind == RULE_FP ? fp : at->sp) + (uint64_t)wide.cfa;
    if (!wide.ra_below)
        return step_leaf(at, cfa, RULE_FP_BELOW | wide.fp_below);
    return step_to(at, cfa, wide.ra_below, RULE_FP_BELOW | wide.fp_below);
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
    case RULE_SP: more = step_to(at, at->sp + rule_cfa(rule), rule_ra_below(rule), rule); break;
    case RULE_FP: more = step_through_fp(t, at, rule); break;
    case RULE_DEREF: more = step_through_memory(t, at, rule); break;
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
    if (sp < t->home_low && ht__port_reach(sp, t->home_low)) { /* it has grown */
        t->home_low = sp & ~(uint64_t)4095;
        stand_on_home(t);
        return true;
    }
    uint64_t now = __atomic_load_n(&ht__maps_generation, __ATOMIC_ACQUIRE);
    struct ht_bounds *known = &t->stacks[(sp >> 20 ^ sp >> 28) % HT_STACKS];
    if (known->generation != now || sp < known->low || sp >= known->high) {
        if (known->generation != now || sp >= known->high)
            known->low = known->high = 0;
        if (!ht__port_stack(sp, &known->low, &known->high))
            return false;
        known->generation = now;
        if (!t->home_high) { /* the first stack */
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

#if defined(__arm__)
/* From the walk's own frame to that of the hook's caller. False: one of our own frames has no rule. */
static bool go_to_caller(struct arch_registers *at, const struct ht_origin *origin, uint64_t *slot)
{
    while (at->sp < (uintptr_t)origin->cfa) {
        struct rule_wide rule = ht__rule_find_wide(at->pc);
        if ((rule.kind != RULE_SP && rule.kind != RULE_FP) || !rule.ra_below)
            return false;
        at->sp = (rule.kind == RULE_FP ? at->fp : at->sp) + (uint64_t)rule.cfa;
        if (rule.fp_below)
            at->fp = load(at->sp - rule.fp_below);
        *slot = at->sp - rule.ra_below;
        at->pc = load_ra(*slot);
    }
    return true;
}
#else
static inline bool go_to_caller(const struct arch_registers *at, const void *origin, const uint64_t *slot)
{
    return (void)at, (void)origin, (void)slot, true;
}
#endif

#define WALK_NOTHING ((struct walk){.odd = WALK_TRUNCATED | WALK_ONCE, .anchor_top = HT_ANCHORS})

/* The hot loop keeps pc, sp, cached and top in registers: frames that are found through SP, which nearly all are, and a full meeting never
 * leave it; the cursor in memory is for the rest. */
#define CURSOR_STORE() (at.pc = pc, at.sp = sp, at.slot = slot, at.cached = cached, at.top = top)
#define CURSOR_LOAD() (pc = at.pc, sp = at.sp, slot = at.slot, cached = at.cached, top = at.top, high = at.high)

struct walk ht__walk(struct ht_thread *t, const void *frame)
{
    uint64_t slot;
    struct arch_registers caller = arch_caller(frame, &slot);
    if (!go_to_caller(&caller, frame, &slot))
        return WALK_NOTHING;
    uint64_t pc = caller.pc, sp = caller.sp;
    if (__builtin_expect(sp < t->stack_low || sp >= t->stack_high || *t->maps_now != t->maps_generation || t->code_generation != ht__code_generation, 0))
        if (!find_bounds(t, sp))
            return WALK_NOTHING;
    uint64_t high = t->stack_high;
    struct ht_frame *cached = t->frames + t->frame_count, *top = t->frames + HT_FRAMES, *floor = t->frames + HT_FRAMES / 2;
    struct cursor at;
    at.fp = caller.fp;
    at.fp_end = t->frames + HT_FRAMES;
    at.low = sp; /* what frames of this stack can be in; below nothing may even be mapped */
    at.high = high;
    at.anchor_top = HT_ANCHORS;
    at.odd = 0;
    at.interrupted = NULL;
    if (__builtin_expect(ht__session->depth_limit, 0))
        floor = push_floor(t), cached = t->frames;
    for (;;) {
        while (frame_place(cached - 1) < place(slot, sp))
            cached--;
        if (frame_place(cached - 1) == place(slot, sp) && cached[-1].pc == pc) {
            struct ht_frame *first = verify_slots(t, cached - 1);
            if (__builtin_expect(first == t->frames && !t->anchor_count, 1)) {
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
        }
        if (__builtin_expect(top <= floor, 0)) {
            at.odd |= WALK_TRUNCATED;
            cached = t->frames;
            break;
        }
        uint64_t entry = rule_entry(pc), cfa = sp + rule_cfa(entry);
        *--top = frame_made(slot, pc, entry, sp);
        if (__builtin_expect(!rule_is_sp(entry, pc) || cfa > high, 0)) {
            CURSOR_STORE();
            bool more = step(t, &at);
            CURSOR_LOAD();
            if (more)
                continue;
            cached = t->frames;
            break;
        }
        sp = cfa;
        slot = cfa - rule_ra_below(entry);
        pc = load_ra(slot);
    }
    return finish(t, cached, top, at.anchor_top, at.odd);
}
