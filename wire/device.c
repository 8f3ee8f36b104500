/* device: in records, out the bytes of a frame. Differences are taken within a frame only, so that each can be read by itself. */
#include "device_plain.h"

enum { NUMBERS_MOST = 7 /* of a hot record */, LEAST = 3, MORE_MOST = 2 + 3 + 1 + 1 };
enum { MORE_TASK = 1, MORE_HEAP = 2, MORE_API = 16 };

static uint8_t *bytes_put(uint8_t *to, uint32_t value, uint8_t count)
{
    for (; count; count--, value >>= 8)
        *to++ = (uint8_t)value;
    return to;
}

/* Before `limit`; behind it when there is no room, and from then on. */
static uint8_t *number_fit(uint8_t *to, uint8_t *limit, ht_number value)
{
    for (;; value >>= 7) {
        if (to >= limit)
            return limit + 1;
        *to++ = (uint8_t)(value >= 0x80 ? value | 0x80 : value);
        if (value < 0x80)
            return to;
    }
}

static uint8_t *numbers_fit(uint8_t *to, uint8_t *limit, const ht_number *numbers, uint8_t count)
{
    for (const ht_number *end = numbers + count; numbers < end; numbers++)
        to = number_fit(to, limit, *numbers);
    return to;
}

/* A difference, small whichever its sign. */
static ht_number folded(ht_signed difference)
{
    return (ht_number)difference << 1 ^ (difference < 0 ? ~(ht_number)0 : 0);
}

static uint8_t *frame_limit(const struct ht_frame *frame)
{
    return frame->bytes + frame->room - HT_FRAME_TAIL;
}

void ht__frame_begin(struct ht_frame *frame, uint8_t *bytes, uint8_t room, uint16_t sequence, uint32_t tick)
{
    frame->bytes = bytes;
    frame->room = room;
    frame->used = HT_FRAME_HEAD;
    frame->task = frame->heap = 0;
    frame->tick = tick;
    frame->address = frame->address_base;
    frame->pc = frame->pc_base;
    bytes_put(bytes_put(bytes_put(bytes + 1, sequence, 2), frame->events, 2), tick, 4);
}

/* Where pointers have 16 bits nothing is gained by a shift. */
static inline uint8_t shift_of(const struct ht_frame *frame)
{
    return sizeof(ht_word) > 2 ? frame->shift : 0;
}

static bool has_old(uint8_t kind)
{
    return kind == HT_TOLD_RESIZE || kind == HT_TOLD_RESIZE_FAILED;
}

static ht_number way_from(ht_word from, ht_word to, uint8_t shift)
{
    return folded((ht_distance)(to - from) >> shift);
}

/* The numbers of any record; *head gets what its first byte says of them. */
static ht_number *told_put(struct ht_frame *frame, const struct ht_told *told, uint8_t *head, ht_number *to)
{
    uint8_t kind = told->kind, has = 0, shift = shift_of(frame);
    ht_word from = frame->address, old = has_old(kind) ? told->old_address : from, now = kind <= HT_TOLD_RESIZE ? told->address : old;
    if (((old - from) | (now - old)) & ((1 << shift) - 1)) {
        shift = 0;
        has = HT_HOT_IS_ODD;
    }
    *to++ = (uint32_t)(told->tick - frame->tick);
    frame->tick = told->tick;
    frame->address = now;
    if (has_old(kind))
        *to++ = way_from(from, old, shift);
    if (kind <= HT_TOLD_RESIZE)
        *to++ = way_from(old, now, shift);
    if (kind != HT_TOLD_FREE)
        *to++ = told->size;
    if (told->taken) {
        has |= HT_HOT_HAS_TAKEN;
        *to++ = (ht_word)(told->taken - told->size);
    }
    if (told->slot) {
        has |= HT_HOT_HAS_SLOT;
        *to++ = told->slot;
    }
    if (told->source) {
        has |= HT_HOT_HAS_SOURCE;
        *to++ = told->source;
    }
    *head |= has;
    return to;
}

static uint8_t more_of(const struct ht_frame *frame, const struct ht_told *told)
{
    uint8_t more = told->flags;
    if (told->task != frame->task && !(more & HT_TOLD_INTERRUPT))
        more |= MORE_TASK;
    if (told->heap != frame->heap)
        more |= MORE_HEAP;
    if (told->api)
        more |= MORE_API;
    return more;
}

/* Any record, anywhere in the frame. */
bool ht__frame_put_hot(struct ht_frame *frame, const struct ht_told *told)
{
    ht_number numbers[NUMBERS_MOST];
    uint8_t *head = frame->bytes + frame->used, *to = head + 1, *limit = frame_limit(frame), more = more_of(frame, told);
    if (limit - head < (more ? MORE_MOST : LEAST))
        return false;
    *head = told->kind;
    if (more) {
        *head |= HT_HOT_HAS_MORE;
        *to++ = more;
        if (more & MORE_TASK)
            to = number_fit(to, limit, frame->task = told->task);
        if (more & MORE_HEAP)
            *to++ = frame->heap = told->heap;
        if (more & MORE_API)
            *to++ = told->api;
    }
    const ht_number *end = told_put(frame, told, head, numbers);
    to = numbers_fit(to, limit, numbers, (uint8_t)(end - numbers));
    if (to > limit)
        return false;
    frame->used = (uint8_t)(to - frame->bytes);
    frame->events++;
    return true;
}

bool ht__frame_put_rare(struct ht_frame *frame, const struct ht_rare *rare)
{
    uint8_t *to = frame->bytes + frame->used, *limit = frame_limit(frame);
    *to++ = (uint8_t)(rare->kind << 3); /* these two may lie where the check will: then nothing further fits */
    *to++ = (uint8_t)(rare->count << 1 | (rare->tail_bytes != 0));
    to = number_fit(to, limit, (uint32_t)(rare->tick - frame->tick));
    to = numbers_fit(to, limit, rare->numbers, rare->count);
    if (rare->tail_bytes)
        to = number_fit(to, limit, rare->tail_bytes);
    if (to > limit || limit - to < rare->tail_bytes)
        return false;
    for (uint8_t i = 0; i < rare->tail_bytes; i++)
        *to++ = ((const uint8_t *)rare->tail)[i];
    frame->used = (uint8_t)(to - frame->bytes);
    frame->tick = rare->tick;
    if (rare->kind == HT_TOLD_LOST) /* they count, so that the loss of this very frame can be counted */
        frame->events = (uint16_t)(frame->events + rare->numbers[HT_LOST_EVENTS]);
    return true;
}

bool ht__frame_put_stack(struct ht_frame *frame, uint16_t slot, const ht_number *pcs, uint8_t count, bool is_cut)
{
    uint8_t *to = frame->bytes + frame->used, *limit = frame_limit(frame), *told, fitting = 0;
    ht_number pc = frame->pc;
    *to++ = HT_TOLD_STACK;
    told = number_fit(to, limit, slot);
    to = told + 1;
    for (; fitting < count; pc = pcs[fitting++]) {
        uint8_t *next = number_fit(to, limit, folded((ht_signed)(pcs[fitting] - pc)));
        if (next > limit)
            break;
        to = next;
    }
    if ((fitting < count || to > limit) && !ht__frame_is_empty(frame))
        return false;
    *told = (uint8_t)(fitting << 1 | (is_cut || fitting < count));
    frame->used = (uint8_t)(to - frame->bytes);
    frame->pc = pc;
    return true;
}

uint32_t ht__check(uint32_t check, const uint8_t *bytes, size_t count)
{
    for (const uint8_t *end = bytes + count; bytes < end; bytes++)
        check = (check ^ *bytes) * HT_CHECK_FACTOR;
    return check;
}

/* COBS: each 0 becomes the way to the next one; a frame is shorter than 254 bytes, so there is one run. */
static uint8_t *zeros_link(uint8_t *last, uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++) {
        if (*at)
            continue;
        *last = (uint8_t)(at - last);
        last = at;
    }
    return last;
}

size_t ht__frame_end(uint8_t *bytes, uint8_t used, uint32_t boot)
{
    uint32_t check = HT_CHECK_START ^ boot;
    uint8_t *last = bytes, *end = bytes + used;
    for (uint8_t *at = bytes + 1; at < end; at++) {
        uint8_t byte = *at;
        check = (check ^ byte) * HT_CHECK_FACTOR;
        if (byte)
            continue;
        *last = (uint8_t)(at - last);
        last = at;
    }
    uint8_t *behind = bytes_put(end, check, 4);
    last = zeros_link(last, end, behind);
    *last = (uint8_t)(behind - last);
    *behind = 0;
    return (size_t)(behind + 1 - bytes);
}
