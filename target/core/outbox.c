/* outbox: in records, out frames that wait for the line. A full ring loses the event, and nothing is put behind a loss before a LOST record has told it. */
#include "outbox.h"

#if HT_WITH_STREAM

#define BOX (ht__core.outbox)

enum { TAIL_MOST = HT_FRAME_BYTES - 64 };

static uint8_t after(uint8_t slot)
{
    return (uint8_t)(slot + 1) == BOX.slots ? 0 : (uint8_t)(slot + 1);
}

static uint8_t *slot_bytes(uint8_t slot)
{
    return BOX.bytes + (uint16_t)slot * HT_FRAME_BYTES;
}

static void begin(uint32_t tick)
{
    BOX.opened = tick;
    ht__frame_begin(&BOX.frame, slot_bytes(BOX.head), HT_FRAME_BYTES, BOX.sequence++, tick);
    BOX.frames_of_epoch++;
}

void ht__outbox_open(uint8_t *bytes, uint8_t slots)
{
    BOX.bytes = bytes;
    BOX.slots = slots;
    BOX.frame.shift = HT_ADDRESS_SHIFT;
    begin(ht_port_now());
}

static void tell_loss(uint32_t tick)
{
    const ht_number numbers[] = {BOX.lost_events, BOX.lost_bytes, HT_WHY_RING_FULL};
    const struct ht_rare lost = {HT_TOLD_LOST, HT_LOST_NUMBERS, 0, tick, numbers, NULL};
    if (!ht__frame_put_rare(&BOX.frame, &lost))
        return;
    BOX.lost_events = BOX.lost_bytes = 0;
    ht__does_set();
}

bool ht__outbox_next(uint32_t tick)
{
    uint8_t next = after(BOX.head);
    if (next == BOX.tail)
        return false;
    *slot_bytes(BOX.head) = BOX.frame.used;
    BOX.head = next;
    begin(tick);
    if (BOX.lost_events)
        tell_loss(tick);
    return true;
}

/* Room that was not enough before. */
static bool more_room(uint32_t tick)
{
    return ht__frame_is_empty(&BOX.frame) ? false : ht__outbox_next(tick);
}

bool ht__outbox_hot_slow(const struct ht_told *told)
{
    if (more_room(told->tick) && ht__frame_put_hot(&BOX.frame, told))
        return true;
    ht__outbox_miss((uint32_t)told->size);
    return false;
}

void ht__outbox_miss(uint32_t bytes)
{
    BOX.lost_events++;
    BOX.lost_bytes += bytes;
    ht__core.plain = 0;
    ht__count_one(&ht__core.counters.lost_events);
}

bool ht__outbox_rare(uint8_t kind, const ht_number *numbers, uint8_t count, const void *tail, size_t tail_bytes)
{
    const struct ht_rare rare = {kind, count, (uint8_t)(tail_bytes < TAIL_MOST ? tail_bytes : TAIL_MOST), ht_port_now(), numbers, tail};
    if (!BOX.lost_events && ht__frame_put_rare(&BOX.frame, &rare))
        return true;
    return more_room(rare.tick) && ht__frame_put_rare(&BOX.frame, &rare);
}

void ht__outbox_tell(uint8_t kind, const ht_number *numbers, uint8_t count, const char *tail)
{
    if (ht__core.running == HT_STATE_IDLE || !core_streams() || !ht__enter())
        return;
    ht__outbox_rare(kind, numbers, count, tail, tail ? __builtin_strlen(tail) : 0);
    ht__leave();
}

bool ht__outbox_stack(uint16_t slot, const ht_pc *pcs, uint8_t count, bool is_cut)
{
    if (!BOX.lost_events && ht__frame_put_stack(&BOX.frame, slot, pcs, count, is_cut))
        return true;
    return more_room(ht_port_now()) && ht__frame_put_stack(&BOX.frame, slot, pcs, count, is_cut);
}

uint8_t ht__outbox_free(void)
{
    return (uint8_t)((BOX.tail + BOX.slots - BOX.head - 1) % BOX.slots);
}

/* A frame that is not full goes out when it is old, so that a slow program's line is not mostly frames' heads. */
static void close_old(void)
{
    if (!ht__enter())
        return;
    uint32_t now = ht_port_now();
    if (ht__frame_is_empty(&BOX.frame) && !BOX.lost_events)
        BOX.opened = now;
    else if (BOX.flush || now - BOX.opened > ht_port_ticks_per_s() >> 4)
        BOX.flush = !ht__outbox_next(now) && BOX.flush;
    ht__leave();
}

/* True: the frame at the tail is out. */
static bool send_one(void)
{
    uint8_t *bytes = slot_bytes(BOX.tail);
    if (!BOX.ready) {
        BOX.ready = (uint8_t)ht__frame_end(bytes, *bytes, ht__core.boot);
        BOX.sent = 0;
    }
    long took = ht__core.sink->write(ht__core.sink->context, bytes + BOX.sent, (size_t)(BOX.ready - BOX.sent));
    if (took <= 0)
        return false;
    BOX.sent = (uint8_t)(BOX.sent + took);
    ht__core.counters.bytes += (uint32_t)took;
    if (BOX.sent < BOX.ready)
        return false;
    BOX.ready = 0;
    ht__count_one(&ht__core.counters.frames);
    ht_lock before = ht_port_lock();
    BOX.tail = after(BOX.tail);
    ht_port_unlock(before);
    return true;
}

int ht__outbox_send(void)
{
    close_old();
    for (uint8_t sent = 0; sent < BOX.slots && BOX.tail != BOX.head && send_one(); sent++)
        ;
    return BOX.head >= BOX.tail ? BOX.head - BOX.tail : BOX.head + BOX.slots - BOX.tail;
}

#endif
