/* cortex_m: in a hook's place, out return addresses by .ARM.exidx, whose instructions wire/ehabi reads; what was read once is known by its address.
 *
 * Where a frame is counted from r7 (it has an array of changing size, or was built with -O0) the walk begins anew in itself, with all registers, and goes
 * through the tracer's own frames to the hook's caller. An exception's frame ends the stack: a handler has no caller. */
#if defined(__arm__)

#include "known.h"
#include "wire/ehabi.h"

/* The linker's; not all scripts have them. */
extern const uint32_t __exidx_start __attribute__((weak)), __exidx_end __attribute__((weak));

/* Each table names its personality routine, which in a C library is all of an unwinder. Nothing calls these; one with exceptions has its own. */
void __aeabi_unwind_cpp_pr0(void), __aeabi_unwind_cpp_pr1(void), __aeabi_unwind_cpp_pr2(void);
__attribute__((weak)) void __aeabi_unwind_cpp_pr0(void) {}
__attribute__((weak)) void __aeabi_unwind_cpp_pr1(void) {}
__attribute__((weak)) void __aeabi_unwind_cpp_pr2(void) {}

struct registers {
    uint32_t pc, sp, fp;
};

/* Return addresses from here on are codes that end an exception, or what LR holds at reset. */
#define EXCEPTION_RETURN 0xf0000000u

static inline bool is_root(uint32_t ra)
{
    return ra >= EXCEPTION_RETURN || !ra;
}

static uint32_t rule_make(uint32_t pc)
{
    if (!&__exidx_start || !&__exidx_end)
        return KNOWN_LOST;
    uint32_t from = (uint32_t)&__exidx_start;
    struct ehabi_table table = {&__exidx_start, from, ((uint32_t)&__exidx_end - from) / 8, 0, UINT32_MAX};
    struct ehabi_rule found = ht__ehabi_find(&table, pc - 1);
    if (found.kind == EHABI_END)
        return KNOWN_END;
    if (found.kind == EHABI_LOST || (found.kind == EHABI_FROM_SP && !found.cfa))
        return KNOWN_LOST;
    uint32_t rule = known_rule(found.cfa, found.ra_below, found.fp_below);
    return found.kind == EHABI_FROM_FP && known_is_common(rule) ? rule | KNOWN_FROM_FP : rule;
}

static __attribute__((noinline)) uint32_t rule_learn(uint32_t pc)
{
    uint32_t rule = rule_make(pc);
    known_keep(pc, rule);
    return rule;
}

static inline __attribute__((always_inline)) uint32_t rule_find(uint32_t pc)
{
    uint32_t rule = known_find(pc);
    return __builtin_expect(rule != 0, 1) ? rule : rule_learn(pc);
}

/* From a frame to its caller's. KNOWN_END or KNOWN_LOST: there is none. Else not 0. */
static uint32_t step(struct registers *at)
{
    uint32_t rule = rule_find(at->pc), base = at->sp;
    if (known_is_from_fp(rule))
        base = at->fp;
    else if (!known_is_common(rule))
        return rule;
    uint32_t cfa = base + known_cfa(rule), ra;
    if (base < at->sp || cfa > ht__walk_stack.high || (cfa & 3) || cfa < at->sp + known_ra_below(rule) || cfa < at->sp + known_fp_below(rule))
        return KNOWN_LOST;
    ra = known_load(cfa - known_ra_below(rule));
    if (known_fp_below(rule))
        at->fp = known_load(cfa - known_fp_below(rule));
    at->sp = cfa;
    at->pc = ra & ~1u;
    return is_root(ra) ? KNOWN_END : ra & 1 ? 1 : KNOWN_LOST;
}

/* The registers of whoever calls it, as they are behind the call. */
static __attribute__((naked, noinline)) void registers_get(struct registers *registers)
{
    (void)registers;
    __asm__ volatile("mov r1, lr\n\tmov r2, sp\n\tmov r3, r7\n\tstmia r0!, {r1, r2, r3}\n\tbx lr");
}

/* Frames that the tracer may have between a hook and the walk. */
enum { OWN_FRAMES = 16 };

static __attribute__((noinline)) unsigned walk_all(const struct ht_here *here, ht_pc *frames, unsigned most)
{
    struct registers at;
    uint32_t found = 1;
    unsigned count = 0;
    registers_get(&at);
    at.pc &= ~1u;
    for (unsigned own = 0; at.sp != (uint32_t)here->stack && found == 1 && own < OWN_FRAMES; own++)
        found = step(&at);
    if (found != 1 || at.pc != (here->pc & ~1u)) {
        frames[0] = here->pc & ~1u;
        return 1 | HT_WALK_CUT;
    }
    while (count < most && found == 1) {
        frames[count++] = at.pc;
        found = count < most ? step(&at) : KNOWN_LOST;
    }
    return found == KNOWN_END ? count : count | HT_WALK_CUT;
}

unsigned ht__walk_cortex_m(const void *place, ht_pc *frames, unsigned most)
{
    const struct ht_here *here = place;
    uint32_t pc = here->pc & ~1u, sp = (uint32_t)here->stack, high = ht__walk_stack.high;
    if (sp < ht__walk_stack.low)
        most = 1;
    for (unsigned count = 0;;) {
        frames[count++] = pc;
        if (count == most)
            return count | HT_WALK_CUT;
        uint32_t rule = rule_find(pc);
        if (!known_is_common(rule))
            return known_is_from_fp(rule) ? walk_all(here, frames, most) : rule == KNOWN_END ? count : count | HT_WALK_CUT;
        sp += known_cfa(rule);
        if (sp > high)
            return count | HT_WALK_CUT;
        uint32_t ra = known_load(sp - known_ra_below(rule));
        if (!(ra & 1) || ra >= EXCEPTION_RETURN)
            return is_root(ra) ? count : count | HT_WALK_CUT;
        pc = ra & ~1u;
    }
}

/* A frame that is found by the frame pointer stands at no place of its own. */
bool ht__walk_learn_cortex_m(const ht_pc *frames, unsigned count, uint8_t *offsets)
{
    unsigned last = (count & ~HT_WALK_CUT) - 1;
    uint32_t stack = 0;
    offsets[0] = 0;
    for (unsigned i = 0; i < last || !(count & HT_WALK_CUT); i++) {
        uint32_t rule = rule_find(frames[i]);
        if (!known_is_common(rule))
            return i == last && rule == KNOWN_END;
        stack += known_cfa(rule);
        uint32_t place = (stack - known_ra_below(rule)) / 4;
        if (place > UINT8_MAX)
            return false;
        offsets[i == last ? 0 : i + 1] = (uint8_t)place;
        if (i == last)
            return place;
    }
    return true;
}

#endif
