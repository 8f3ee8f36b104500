/* stack_slice: in a hook's place, out what the host needs to unwind its stack: a SLICE record. Nothing is unwound here and no table is needed in the firmware: of the words
 * of the stack only those are told that an unwinder can need, addresses of code and of the stack itself; what they hold else stays on the device.
 *
 * The same words are the key of the stack's slot, as two hashes of them: where all of them are the same, and where the hook was called is the same, unwinding
 * finds the same. So a SLICE is sent once for each key in an epoch, and a STACK that has a key refers to it. */
#include "core.h"
#include "outbox.h"
#include "slots.h"

#if HT_WITH_SLICE

#if !HT_WITH_STREAM || HT_FRAMES < 3
#error "HT_WITH_SLICE needs HT_WITH_STREAM and HT_FRAMES of 3 at least: a stack's key takes the place of frames"
#endif
#if !defined(__arm__) && !defined(__riscv)
#error "HT_WITH_SLICE is for Cortex-M and RISC-V"
#endif

enum { WORD = sizeof(uintptr_t), TAIL_MOST = HT_FRAME_BYTES - 64 < HT_TAIL_MOST ? HT_FRAME_BYTES - 64 : HT_TAIL_MOST, WORD_MOST = (sizeof(uintptr_t) * 8 + 6) / 7 };
#if defined(__arm__)
enum { BELOW = 10 * WORD /* of the hook's frame, where its caller's r7 may be saved: r4 to r11, lr, and of one with a changing list r0 to r3 are above it */ };
#else
enum { BELOW = 0 };
#endif

struct place {
    uintptr_t pc, sp, hook, fp; /* hook 0: fp is the caller's own frame pointer */
};

static inline struct place place_of(const void *here)
{
#if defined(__arm__)
    const struct ht_here *at = here;
    return (struct place){at->pc & ~(uintptr_t)1, (uintptr_t)at->stack, at->hook.pc, at->hook.fp};
#else
    const uintptr_t *frame = here;
    return (struct place){frame[-1], (uintptr_t)frame, 0, frame[-2]};
#endif
}

/* The words that matter, upwards. */
struct look {
    uintptr_t at, end, sp, code, code_bytes; /* code: where the first call may return to */
    bool has_code, in_interrupt;
};

static struct look look_begin(const struct place *place)
{
    struct ht_image image = ht_port_image();
    const struct ht_task *task = &ht__core.tasks[ht_port_task() % HT_TASKS];
    uintptr_t end = ht__walk_stack.high, top = (uintptr_t)task->stack + stack_bytes(task);
    if (place->sp - (uintptr_t)task->stack < stack_bytes(task) && top < end)
        end = top;
    if (place->sp < ht__walk_stack.low || place->sp > end || place->sp % WORD)
        end = place->sp - BELOW; /* it is not known where stacks are */
    else if (end - place->sp > HT_SLICE_BYTES)
        end = place->sp + HT_SLICE_BYTES;
    return (struct look){place->sp - BELOW, end, place->sp, (uintptr_t)image.start + 4, image.bytes ? image.bytes : UINTPTR_MAX, image.bytes != 0, ht_port_in_interrupt()};
}

/* Whether a call stands before the place that the word leads to; it is in the code. */
static __attribute__((noinline)) bool has_call_before(uintptr_t word)
{
#if defined(__arm__)
    const uint16_t *behind = (const uint16_t *)(word - 1);
    return (behind[-1] & 0xff87) == 0x4780 || ((behind[-2] & 0xf800) == 0xf000 && (behind[-1] & 0xd000) == 0xd000);
#else
    const uint16_t *behind = (const uint16_t *)word;
    uint32_t four = behind[-2] | (uint32_t)behind[-1] << 16;
    bool is_short = (behind[-1] & 0xf07f) == 0x9002 || (__riscv_xlen == 32 && (behind[-1] & 0xe003) == 0x2001);
    return is_short || (four & 0xfff) == 0x0ef || (four & 0x7fff) == 0x0e7;
#endif
}

/* Without knowing where code is: what may be a place in it. */
static inline __attribute__((always_inline)) bool is_return(const struct look *look, uintptr_t word)
{
#if defined(__arm__)
    bool is_place = word & 1;
#else
    bool is_place = !(word & 1);
#endif
    return is_place && word - look->code < look->code_bytes && (!look->has_code || has_call_before(word));
}

/* In an interrupt: what stands on the stack of the code that ends it. */
static inline bool is_interrupt_end(uintptr_t word)
{
#if defined(__arm__)
    return word >= 0xffffffe0u && word & 1 && word != UINT32_MAX;
#else
    return (void)word, false;
#endif
}

/* Below sp only a frame pointer counts, and behind what ends an interrupt there is another stack. False: there are no more. */
static inline __attribute__((always_inline)) bool look_next(struct look *look, uintptr_t *word, bool *is_stack)
{
    for (uintptr_t at = look->at, room = look->end - look->sp; at < look->end; at += WORD) {
        uintptr_t value = *(const volatile uintptr_t *)at;
        bool points = value - look->sp <= room, ends = look->in_interrupt && at >= look->sp && is_interrupt_end(value);
        if (!points && !ends && !(at >= look->sp && is_return(look, value)))
            continue;
        look->at = at + WORD;
        look->end = ends ? look->at : look->end;
        *word = value;
        *is_stack = points;
        return true;
    }
    look->at = look->end;
    return false;
}

unsigned ht__walk_slice(const void *here, ht_pc *frames, unsigned most)
{
    struct place place = place_of(here);
    struct look look = look_begin(&place);
    uintptr_t fp = place.fp - place.sp;
    uint32_t first = fp <= HT_SLICE_BYTES ? (uint32_t)fp : UINT32_MAX, second = 0x9e3779b1u;
    uintptr_t word;
    bool is_stack;
    frames[0] = place.pc;
    if (most < HT_SLICE_KEY || look.at >= look.end)
        return 1 | HT_WALK_CUT;
    while (look_next(&look, &word, &is_stack)) {
        uint32_t value = (uint32_t)(is_stack ? ~(word - look.sp) : word), place_of_it = (uint32_t)(look.at - look.sp);
        first = ((first ^ value) * HT_CHECK_FACTOR ^ place_of_it) * HT_CHECK_FACTOR;
        second = (second + value) * 0x85ebca6bu + place_of_it;
        second ^= second >> 15;
    }
    frames[1] = first;
    frames[2] = second;
    return HT_SLICE_KEY;
}

static uint8_t *number_put(uint8_t *to, uintptr_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *difference_put(uint8_t *to, uintptr_t difference)
{
    return number_put(to, difference << 1 ^ ((intptr_t)difference < 0 ? UINTPTR_MAX : 0));
}

/* Of each word: how many were passed over, what it is, and its difference: of code from that before, of the stack from its own place. *above: bytes from sp on that
 * were looked at. */
static uint8_t words_put(uint8_t *tail, struct look look, uintptr_t code, ht_number *above)
{
    uint8_t *to = tail;
    uintptr_t word, next = look.at;
    bool is_stack, has_more = true;
    while (to - tail <= TAIL_MOST - 2 * WORD_MOST && (has_more = look_next(&look, &word, &is_stack))) {
        uintptr_t at = look.at - WORD;
        to = number_put(to, (at - next) / WORD << 1 | is_stack);
        to = difference_put(to, word - (is_stack ? at : code));
        code = is_stack ? code : word;
        next = look.at;
    }
    *above = (has_more ? next : look.end) - look.sp;
    return (uint8_t)(to - tail);
}

bool ht__slice_tell(uint16_t slot, const ht_pc *key, const void *here)
{
    uint8_t tail[TAIL_MOST];
    struct place place = place_of(here);
    uintptr_t fp = place.fp - place.sp;
    ht_number numbers[HT_SLICE_NUMBERS] = {slot, place.pc, place.sp, place.hook, fp <= HT_SLICE_BYTES ? fp + 1 : 0, BELOW, 0, key[1], key[2]};
    uint8_t tail_bytes = words_put(tail, look_begin(&place), place.pc, &numbers[HT_SLICE_ABOVE]);
    return ht__outbox_rare(HT_TOLD_SLICE, numbers, HT_SLICE_NUMBERS, tail, tail_bytes);
}

#endif
