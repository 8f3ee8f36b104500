/* device_plain: in an allocation or a free as most are, out its record in a frame, in one go: nothing was said of it but address, size, stack and source, and no number
 * in it is large. Inline, for the one place of a tracer that each event passes. */
#ifndef WIRE_DEVICE_PLAIN_H
#define WIRE_DEVICE_PLAIN_H

#include "device.h"

#define HT_PLAIN_MOST (1u + 4 * 3 + 1)
enum { HT_HOT_HAS_SLOT = 8, HT_HOT_HAS_SOURCE = 16, HT_HOT_HAS_TAKEN = 32, HT_HOT_IS_ODD = 64, HT_HOT_HAS_MORE = 128 };

struct ht_plain {
    uint8_t kind; /* HT_TOLD_ALLOC or HT_TOLD_FREE, of the task and the heap of the record before */
    uint8_t shift; /* of the frame, as constants: its own, */
    unsigned room; /* and its room */
    uint8_t source;      /* below 128 */
    uint16_t slot;
    uint32_t tick;
    ht_word address, size; /* size: of a free 0 */
    uint32_t *allocations; /* their counter */
};

static inline __attribute__((always_inline)) uint8_t *ht__plain_put(uint8_t *to, uint32_t value)
{
    while (value >= 0x80) {
        __asm__("" : "+r"(value)); /* what follows is not prepared for values that need it not */
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

/* False: it is not so, or there is no room; nothing changed. `plain` is never in memory. */
static inline __attribute__((always_inline)) bool ht__frame_put_plain(struct ht_frame *frame, struct ht_plain plain)
{
    ht_word way = (ht_word)(plain.address - frame->address);
    ht_distance far = (ht_distance)way, twice = plain.shift ? far >> (plain.shift - 1) : (ht_distance)(way << 1);
    ht_word folded = (ht_word)(twice ^ (far >> (sizeof far * 8 - 1)));
    uint32_t time = plain.tick - frame->tick;
    uint8_t *bytes = frame->bytes;
    uint_fast8_t used = frame->used;
    if (way & (ht_word)((1u << plain.shift) - 1) || (time | folded | plain.size) >> 21 || used > plain.room - HT_PLAIN_MOST - HT_FRAME_TAIL)
        return false;
    uint8_t *head = bytes + used, *to = head + 1;
    frame->tick = plain.tick;
    frame->address = plain.address;
    frame->events++;
    to = ht__plain_put(to, time);
    to = ht__plain_put(to, folded);
    if (plain.kind == HT_TOLD_ALLOC) {
        to = ht__plain_put(to, plain.size);
        ++*plain.allocations;
    }
    if (plain.slot) {
        plain.kind |= HT_HOT_HAS_SLOT;
        to = ht__plain_put(to, plain.slot);
    }
    if (plain.source) {
        plain.kind |= HT_HOT_HAS_SOURCE;
        *to++ = plain.source;
    }
    *head = plain.kind;
    frame->used = (uint8_t)(to - bytes);
    return true;
}

#endif
