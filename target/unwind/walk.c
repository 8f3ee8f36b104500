/* walk: in the registers at an event, out the thread's stack as what it keeps of last time and fresh frames. The essay is in walk.h. */
#include "target/process/walk.h"

#include "arch.h"
#include "rule.h"

#include "target/process/port_process.h"

/* Where the walk stands. Fresh frames are pushed downwards from the end of the thread's array, so they end up oldest first. */
struct cursor {
    uint64_t pc, sp, slot;     /* slot: where pc was read */
    uint64_t fp, fp_slot;      /* the frame pointer's value in the frame fp_end, and where it was read; slot 0: in the register at the event */
    const struct ht_frame *fp_end; /* frames from here on say nothing of the frame pointer */
    uint64_t low, high;        /* bounds of the stack */
    struct ht_frame *cached;   /* frames[0] .. cached[-1] of last time may still be met */
    struct ht_frame *top;      /* youngest pushed frame is frames[HT_FRAMES - 1], the last pushed one is *top */
    uint64_t room;             /* bytes that steps of the quick loop may add up to */
    uint32_t anchor_top;
    uint32_t odd;              /* enum walk_odd */
    uint64_t ra;               /* the register with the return address of a frame that a signal interrupted before it saved it */
    const struct ht_frame *interrupted; /* that frame, when it is pushed; NULL: none */
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

static inline __attribute__((always_inline)) void frame_put(struct ht_frame *frame, uint64_t slot, uint64_t pc, uint64_t sp)
{
    frame->slot = slot;
    frame->pc = pc;
#if HT_CALL_PUSHES
    (void)sp;
#else
    frame->sp = sp;
#endif
}

/* How far below its caller's frame the frame with return address `pc` saved the frame pointer; 0: not there. */
static uint64_t fp_below(uint64_t pc)
{
    rule_word rule = ht__rule_find(pc);
    if (rule_kind(rule) == RULE_BIG)
        return ht__rule_find_wide(pc).fp_below;
    return rule_kind(rule) == RULE_SP || rule_kind(rule) == RULE_FP ? rule_fp_below(rule) : 0;
}

/* Where the frame pointer of the cursor's frame was saved: by the oldest pushed frame that saved it. 0: by none, it is at->fp. The frame that the
 * cursor stands on may be pushed already: `from` is the first frame younger than it. */
static uint64_t fp_slot_from(const struct cursor *at, const struct ht_frame *from, uint64_t sp)
{
    for (const struct ht_frame *frame = from; frame < at->fp_end; sp = walk_stack_pointer(frame), frame++) {
        uint64_t below = fp_below(frame->pc);
        if (below)
            return sp - below;
    }
    return at->fp_slot;
}

/* The frame pushed last found its caller's frame pointer at `slot`. */
static void fp_read_at(struct cursor *at, uint64_t slot)
{
    at->fp_slot = slot;
    at->fp = load(slot);
    at->fp_end = at->top;
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
#define HOLDS(n) (load_ra(frame[-(n)].slot) == frame[-(n)].pc)
    for (; frame >= oldest + 4; frame -= 4) {
        if (!HOLDS(1))
            return frame;
        if (!HOLDS(2))
            return frame - 1;
        if (!HOLDS(3))
            return frame - 2;
        if (!HOLDS(4))
            return frame - 3;
    }
    while (frame > oldest && HOLDS(1))
        frame--;
#undef HOLDS
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
        if (anchor == 0 || t->frames + t->anchors[anchor - 1].frame != frame)
            continue;
        push_anchor(t, at, t->anchors[--anchor]);
        if (t->anchors[anchor].cfa_slot)
            fp_read_at(at, t->anchors[anchor].fp);
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
    if (at->high - at->sp < ARCH_SIGNAL_BYTES)
        return false;
    struct arch_registers were = arch_signal(at->sp, at->pc);
    uint64_t sp = were.sp, pc = were.pc;
    at->fp = were.fp;
    at->fp_slot = 0;
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

enum { FRAME_BYTES_MOST = 1 << 20 };

/* True if the stack goes up to `to`. A foreign one (a coroutine's) is looked at a part at a time, and where another one lies right below it that was looked at
 * before, what was seen ends in the middle of this one. */
static bool goes_up_to(struct ht_thread *t, struct cursor *at, uint64_t to)
{
    uint64_t before = at->high, low = 0, high = 0;
    if (to <= before)
        return true;
    if (t->stack_now != &ht__maps_generation || to - before > FRAME_BYTES_MOST || !ht__port_stack(before - ARCH_WORD, &low, &high) || to > high)
        return false;
    at->high = high;
    if (t->stack_high != before)
        return true;
    t->stack_high = high;
    t->stack_bytes += high - before;
    for (int i = 0; i < HT_STACKS; i++)
        if (t->stacks[i].high == before && t->stacks[i].generation == t->stack_seen)
            t->stacks[i].high = high;
    return true;
}

/* Goes on to the caller once the CFA is known; what the frame saved, the frame pointer too, lies between its stack pointer at the event and the CFA. */
static bool step_to(struct ht_thread *t, struct cursor *at, uint64_t cfa, uint64_t ra_below, uint64_t fp_below)
{
    if (cfa <= at->sp || !goes_up_to(t, at, cfa) || cfa & (ARCH_WORD - 1) || fp_below > cfa - at->low || ra_below > cfa - at->low)
        return false;
    at->sp = cfa;
    at->slot = cfa - ra_below;
    at->pc = load_ra(at->slot);
    return true;
}

/* A frame whose return address is still in its register: only the one that a signal interrupted can be. */
static bool step_leaf(struct ht_thread *t, struct cursor *at, uint64_t cfa, uint64_t fp_below)
{
    if (at->top != at->interrupted || cfa < at->sp || !goes_up_to(t, at, cfa) || cfa & (ARCH_WORD - 1) || fp_below > cfa - at->low)
        return false;
    at->sp = cfa;
    at->slot = cfa - ARCH_WORD; /* never compared: a signal's stack is not kept */
    at->pc = ARCH_STRIP_RA(at->ra);
    return true;
}

static bool in_stack(struct ht_thread *t, struct cursor *at, uint64_t address)
{
    return address >= at->low && address < UINT64_MAX - ARCH_WORD && !(address & (ARCH_WORD - 1)) && goes_up_to(t, at, address + ARCH_WORD);
}

static bool step_through_fp(struct ht_thread *t, struct cursor *at, uint64_t rule)
{
    uint64_t slot = fp_slot_from(at, at->top + 1, at->sp), fp = frame_pointer(at, slot);
    push_anchor(t, at, (struct ht_anchor){.fp_slot = slot, .fp = fp});
    return step_to(t, at, fp + rule_cfa(rule), rule_ra_below(rule), rule_fp_below(rule));
}

/* A frame that aligned its stack: CFA and frame pointer are both found through memory. */
static bool step_through_memory(struct ht_thread *t, struct cursor *at, rule_word rule)
{
    uint64_t slot = fp_slot_from(at, at->top + 1, at->sp), fp = frame_pointer(at, slot), cfa_slot = fp + (uint64_t)rule_cfa_signed(rule);
    if (!in_stack(t, at, cfa_slot) || !in_stack(t, at, fp))
        return false;
    uint64_t cfa = load(cfa_slot);
    push_anchor(t, at, (struct ht_anchor){.fp_slot = slot, .fp = fp, .cfa_slot = cfa_slot, .cfa = cfa});
    if (cfa <= fp || !step_to(t, at, cfa, ARCH_WORD, 0))
        return false;
    fp_read_at(at, fp);
    return true;
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
        return step_leaf(t, at, cfa, wide.fp_below);
    return step_to(t, at, cfa, wide.ra_below, wide.fp_below);
}

/* One frame up by any rule. False: the frame that was pushed last is the last one; `truncated` tells if it should not have been. */
static __attribute__((noinline)) bool step(struct ht_thread *t, struct cursor *at)
{
    rule_word rule = ht__rule_find(at->pc);
    bool more = false;
    switch (rule_kind(rule)) {
    case RULE_END: return false;
    case RULE_SP: more = step_to(t, at, at->sp + rule_cfa(rule), rule_ra_below(rule), rule_fp_below(rule)); break;
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
    uint32_t anchors = t->anchor_count;
    uint64_t keep = walk_keep(t, walk), depth = keep + walk_fresh(t, walk);
    while (anchors > 0 && t->anchors[anchors - 1].frame >= keep)
        anchors--;
    for (uint32_t i = walk->anchor_top; i < HT_ANCHORS; i++) {
        struct ht_anchor anchor = t->anchors[i];
        anchor.frame = depth - anchor.frame;
        t->anchors[anchors++] = anchor;
    }
    t->anchor_count = anchors;
}

__attribute__((noinline)) void ht__walk_settle_odd(struct ht_thread *t, struct walk walk)
{
    if (walk.odd & WALK_ANCHORS)
        settle_anchors(t, &walk);
    t->kept = (t->anchor_count ? HT_KEPT_ANCHORS : 0) | (walk.odd & WALK_TRUNCATED ? HT_KEPT_TRUNCATED : 0);
    if (walk.odd & WALK_ONCE)
        walk_forget(t);
}

static void stand_on_home(struct ht_thread *t, uint64_t code_seen)
{
    t->stack_bytes = t->home_high - t->home_low;
    t->stack_high = t->home_high;
    t->stack_now = &ht__code_generation;
    t->stack_seen = code_seen;
}

/* The bounds of a stack that is not the thread's first, remembered until something is unmapped. */
static bool find_other_bounds(struct ht_thread *t, uint64_t sp, uint64_t maps_seen, uint64_t code_seen)
{
    struct ht_bounds *known = &t->stacks[(sp >> 20 ^ sp >> 28) % HT_STACKS];
    if (known->generation != maps_seen || sp < known->low || sp >= known->high) {
        if (known->generation != maps_seen || sp >= known->high)
            known->low = known->high = 0;
        if (!ht__port_stack(sp, &known->low, &known->high))
            return false;
        known->generation = maps_seen;
        if (!t->home_high) { /* the first stack */
            t->home_low = known->low;
            t->home_high = known->high;
            stand_on_home(t, code_seen);
            return true;
        }
    }
    t->stack_bytes = known->high - known->low;
    t->stack_high = known->high;
    t->stack_now = &ht__maps_generation;
    t->stack_seen = maps_seen;
    return true;
}

/* The stack that `sp` is on; frames of another one are forgotten. */
static __attribute__((noinline, cold)) bool find_bounds(struct ht_thread *t, uint64_t sp)
{
    walk_forget(t);
    uint64_t code_seen = __atomic_load_n(&ht__code_generation, __ATOMIC_ACQUIRE), maps_seen = __atomic_load_n(&ht__maps_generation, __ATOMIC_ACQUIRE);
    if (sp < t->home_low && ht__port_reach(sp, t->home_low)) /* it has grown */
        t->home_low = sp & ~(uint64_t)4095;
    if (sp < t->home_low || sp >= t->home_high)
        return find_other_bounds(t, sp, maps_seen, code_seen);
    stand_on_home(t, code_seen);
    return true;
}

/* The oldest place that fresh frames may be pushed to: both halves of the array have room for one walk. */
static struct ht_frame *push_floor(struct ht_thread *t)
{
    uint32_t limit = ht__session->depth_limit;
    return t->frames + HT_FRAMES - (limit && limit < HT_FRAMES / 2 ? limit : HT_FRAMES / 2);
}

static inline __attribute__((always_inline)) struct walk finish(struct ht_thread *t, struct ht_frame *kept_end, struct ht_frame *fresh, uint32_t anchor_top, uint32_t odd)
{
    struct walk walk = {kept_end, fresh, anchor_top, odd};
    uint64_t keep = walk_keep(t, &walk), count = walk_fresh(t, &walk);
    if (__builtin_expect((keep | count) >= WALK_SHORT_FRAMES, 0))
        walk.odd |= keep + count > HT_FRAMES / 2 ? WALK_DEEP | WALK_ONCE : WALK_DEEP;
    return walk;
}

#if defined(__arm__)
/* From the walk's own frame to that of the hook's caller. False: one of our own frames has no rule. */
static bool go_to_caller(struct arch_registers *at, const struct ht_origin *origin, uint64_t *slot)
{
    while (at->sp < (uintptr_t)origin->cfa) {
        rule_word rule = ht__rule_find(at->pc);
        if ((rule_kind(rule) != RULE_SP && rule_kind(rule) != RULE_FP) || !rule_ra_below(rule))
            return false;
        at->sp = (rule_kind(rule) == RULE_FP ? at->fp : at->sp) + rule_cfa(rule);
        if (rule_fp_below(rule))
            at->fp = load(at->sp - rule_fp_below(rule));
        *slot = at->sp - rule_ra_below(rule);
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

/* Where the quick loop is: all of it in registers. */
struct place {
    uint64_t pc, sp, slot;
    uint64_t room;
    struct ht_frame *cached, *top;
};

static inline uint64_t place_sp(const struct place *at)
{
    return HT_CALL_PUSHES ? at->slot + ARCH_WORD : at->sp;
}

/* The most that `room` may be: where steps have their own table a hit is told by it. Its frames fit into half the array, whatever they are. */
enum { ROOM_MOST = 0xffff };
_Static_assert(ROOM_MOST / sizeof(uintptr_t) + 1 < HT_FRAMES / 2, "the quick loop does not count its frames");

/* One frame up where the rule is to add to SP and nothing else is to be asked. */
static inline __attribute__((always_inline)) bool step_quick(struct place *at)
{
#if HT_CALL_PUSHES
    uint64_t distance = rule_step(at->pc);
    if (__builtin_expect(distance > at->room, 0))
        return false;
    at->slot += distance;
#else
    uint64_t entry = rule_entry(at->pc), distance = rule_cfa(entry);
    if (__builtin_expect(!rule_is_sp(entry, at->pc) || distance > at->room, 0))
        return false;
    at->sp += distance;
    at->slot = at->sp - rule_ra_below(entry);
#endif
    at->room -= distance;
    at->pc = load_ra(at->slot);
    return true;
}

/* Goes up by quick steps until the walk meets last time's stack: then cached[-1] is the frame that it stands on, and the oldest frame that holds from
 * there is returned. NULL: no quick step leads on from the frame pushed last. */
static inline __attribute__((always_inline)) struct ht_frame *go(const struct ht_thread *t, struct place *at)
{
    for (;;) {
        while (frame_place(at->cached - 1) < place(at->slot, at->sp))
            at->cached--;
        if (frame_place(at->cached - 1) == place(at->slot, at->sp) && at->cached[-1].pc == at->pc) {
            if (!HT_CALL_PUSHES)
                at->cached[-1].slot = at->slot; /* each callee saves the return address elsewhere: where last time's did is dead */
            return verify_slots(t, at->cached - 1);
        }
        frame_put(--at->top, at->slot, at->pc, at->sp);
        if (!step_quick(at))
            return NULL;
    }
}

/* Room until the stack's end, or until so many frames may have been pushed that it must be looked. */
static uint64_t room_at(const struct cursor *at, const struct ht_frame *floor)
{
    uint64_t room = at->high - at->sp, frames = at->top > floor ? (uint64_t)(at->top - floor - 1) * ARCH_WORD : 0;
    room = room < ROOM_MOST ? room : ROOM_MOST;
    return room < frames ? room : frames;
}

/* Steps from the frame pushed last, which has no quick step. False: it is the oldest one. */
static bool step_on(struct ht_thread *t, struct cursor *at, const struct ht_frame *floor)
{
    bool more = step(t, at);
    if (more && at->top <= floor) {
        at->odd |= WALK_TRUNCATED;
        more = false;
    }
    if (!more)
        at->cached = t->frames;
    return more;
}

/* The quick loop, from the cursor and back to it. */
static struct ht_frame *go_from(struct ht_thread *t, struct cursor *at, const struct ht_frame *floor)
{
    struct place place = {.pc = at->pc, .sp = at->sp, .slot = at->slot, .room = room_at(at, floor), .cached = at->cached, .top = at->top};
    struct ht_frame *first = go(t, &place);
    at->pc = place.pc;
    at->slot = place.slot;
    at->sp = place_sp(&place);
    at->cached = place.cached;
    at->top = place.top;
    return first;
}

/* The walk's rest, `first` being what the quick loop returned. */
static struct walk walk_on(struct ht_thread *t, struct cursor *at, struct ht_frame *first, const struct ht_frame *floor)
{
    bool all = false, more = true;
    for (;;) {
        if (first)
            all = meet(t, at, first);
        else
            more = step_on(t, at, floor);
        if (all || !more)
            break;
        first = go_from(t, at, floor);
    }
    if (all && t->kept & HT_KEPT_TRUNCATED)
        at->odd |= WALK_TRUNCATED;
    if (t->kept)
        at->odd |= WALK_CHANGES;
    if (t->anchor_count || at->anchor_top != HT_ANCHORS)
        at->odd |= WALK_ANCHORS;
    return finish(t, at->cached, at->top, at->anchor_top, at->odd);
}

/* Of what the quick loop knows; frames of this stack can lie from `low` on, below nothing may even be mapped. */
static struct cursor cursor_at(const struct ht_thread *t, const struct place *place, uint64_t low, uint64_t fp)
{
    return (struct cursor){.pc = place->pc, .sp = place_sp(place), .slot = place->slot, .fp = fp, .fp_end = t->frames + HT_FRAMES, .low = low,
                           .high = t->stack_high, .cached = place->cached, .top = place->top, .anchor_top = HT_ANCHORS};
}

/* A walk that is more than quick steps up to a stack that is as it was. */
static __attribute__((noinline)) struct walk walk_oddly(struct ht_thread *t, struct place place, uint64_t low, uint64_t fp, struct ht_frame *first)
{
    struct cursor at = cursor_at(t, &place, low, fp);
    return walk_on(t, &at, first, t->frames + HT_FRAMES / 2);
}

/* Where the hook's caller stands; false: nobody knows. *low and *fp are its stack pointer and frame pointer. */
static inline __attribute__((always_inline)) bool start(struct ht_thread *t, const void *frame, struct place *place, uint64_t *low, uint64_t *fp)
{
    uint64_t slot;
    struct arch_registers caller = arch_caller(frame, &slot);
    if (!go_to_caller(&caller, frame, &slot))
        return false;
    uint64_t room = t->stack_high - caller.sp;
    if (__builtin_expect(room > t->stack_bytes || *t->stack_now != t->stack_seen, 0)) {
        if (!find_bounds(t, caller.sp))
            return false;
        room = t->stack_high - caller.sp;
    }
    *place = (struct place){.pc = caller.pc, .sp = caller.sp, .slot = slot, .room = room < ROOM_MOST ? room : ROOM_MOST, .cached = t->frames_end};
    place->top = t->frames + HT_FRAMES;
    *low = caller.sp;
    *fp = caller.fp;
    return true;
}

struct walk ht__walk_quick(struct ht_thread *t, const void *frame)
{
    struct place place;
    uint64_t low, fp;
    if (__builtin_expect(!start(t, frame, &place, &low, &fp), 0))
        return (struct walk){t->frames, t->frames + HT_FRAMES, HT_ANCHORS, WALK_TRUNCATED | WALK_ONCE};
    struct ht_frame *first = go(t, &place);
    if (__builtin_expect(first == t->frames && !t->kept, 1))
        return finish(t, place.cached, place.top, HT_ANCHORS, 0);
    return walk_oddly(t, place, low, fp, first);
}

/* Nothing is kept of a stack with a limit: it is counted from the youngest frame. */
static struct walk walk_limited(struct ht_thread *t, const void *frame)
{
    struct place place;
    uint64_t low, fp;
    if (!start(t, frame, &place, &low, &fp))
        return (struct walk){t->frames, t->frames + HT_FRAMES, HT_ANCHORS, WALK_TRUNCATED | WALK_ONCE};
    place.cached = t->frames;
    struct cursor at = cursor_at(t, &place, low, fp);
    const struct ht_frame *floor = push_floor(t);
    struct ht_frame *first = go_from(t, &at, floor);
    return walk_on(t, &at, first, floor);
}

__attribute__((noinline)) struct walk ht__walk(struct ht_thread *t, const void *frame)
{
    return ht__session->depth_limit ? walk_limited(t, frame) : ht__walk_quick(t, frame);
}
