/* receiver: sequence numbers tell frames that are missing, late or repeated, the counts of events in them how many events that were. */
#include "receiver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool frame_put(void *context, const uint8_t *payload, size_t count);

void receiver_init(struct receiver *receiver, const struct twin_sink *sink, const struct flash *flash, const char *from)
{
    memset(receiver, 0, sizeof *receiver);
    receiver->splitter.put = frame_put;
    receiver->splitter.context = receiver;
    twin_init(&receiver->twin, sink, flash, from);
}

/* The frame's records, all or none. SIZE_MAX: they make no sense. */
static size_t records_get(struct receiver *receiver, struct ht_opened *opened, uint16_t *events)
{
    size_t count = 0;
    *events = 0;
    for (; count < RECEIVER_RECORDS && ht__told_get(opened, receiver->heard + count); count++) {
        const struct ht_heard *heard = receiver->heard + count;
        *events = (uint16_t)(*events + (heard->kind <= HT_TOLD_REFUSE) + (heard->kind == HT_TOLD_LOST ? heard->numbers[HT_LOST_EVENTS] : 0));
        if ((heard->kind == HT_TOLD_ALLOC || heard->kind == HT_TOLD_RESIZE) && !heard->told.address)
            return SIZE_MAX;
        if (heard->kind == HT_TOLD_HELLO && count)
            return SIZE_MAX;
    }
    return opened->bytes.bad || opened->bytes.at != opened->bytes.end ? SIZE_MAX : count;
}

static bool boot_is_over(const struct receiver *receiver, uint32_t boot)
{
    unsigned known = receiver->ended_count < RECEIVER_BOOTS ? receiver->ended_count : RECEIVER_BOOTS;
    for (unsigned i = 0; i < known; i++)
        if (receiver->ended[i] == boot)
            return true;
    return false;
}

enum place { PLACE_NEXT, PLACE_OLD, PLACE_RESTART, PLACE_FAR };
enum { FAR_FRAMES = 1024, EPOCHS_MOST = 1 << 16 };

/* A device that cannot tell its boots apart is known by the HELLO of an epoch that was heard already, with another content. So a frame from far away is believed
 * only when it is a HELLO. */
static enum place frame_place(struct receiver *receiver, const struct ht_opened *opened, const struct ht_device *device, uint32_t check)
{
    const struct ht_heard *first = receiver->heard;
    bool is_hello = first->kind == HT_TOLD_HELLO;
    int16_t way = (int16_t)(opened->sequence - receiver->next_sequence);
    if (!receiver->is_going)
        return PLACE_RESTART;
    if (device->boot != receiver->device.boot)
        return boot_is_over(receiver, device->boot) ? PLACE_OLD : PLACE_RESTART;
    const uint64_t *known = is_hello ? map_get(&receiver->epochs, first->numbers[HT_HELLO_EPOCH]) : NULL;
    if (known)
        return *known != check ? PLACE_RESTART : PLACE_OLD;
    return way < 0 ? PLACE_OLD : way > FAR_FRAMES && !is_hello ? PLACE_FAR : PLACE_NEXT;
}

static void restart(struct receiver *receiver, const struct ht_opened *opened)
{
    if (receiver->is_going) {
        receiver->counts.restarts++;
        receiver->ended[receiver->ended_count++ % RECEIVER_BOOTS] = receiver->device.boot;
    }
    map_done(&receiver->epochs);
    receiver->next_sequence = opened->sequence;
    receiver->next_events = 0;
    receiver->is_going = true;
    receiver->heard_ns = receiver->heard_ticks = 0;
}

static uint64_t nearest(uint16_t low, uint64_t frames, const struct receiver *receiver)
{
    uint64_t each = receiver->counts.frames ? (receiver->twin.events + receiver->counts.frames - 1) / receiver->counts.frames : 0, round = UINT16_MAX + 1;
    uint64_t likely = frames * each;
    return likely > low ? low + (likely - low + round / 2) / round * round : low;
}

/* While nothing was heard the device's clock may have gone round; ours has not. */
static void clock_catch_up(struct receiver *receiver)
{
    if (!receiver->now_ns || !receiver->heard_ns)
        return;
    unsigned __int128 passed = (unsigned __int128)(receiver->now_ns - receiver->heard_ns) * receiver->twin.ticks_per_s / 1000000000u;
    twin_catch_up(&receiver->twin, receiver->heard_ticks + (uint64_t)passed);
}

static void gap_put(struct receiver *receiver, uint16_t frames, uint16_t events, bool is_first)
{
    char why[96];
    uint64_t missing = nearest(events, frames, receiver);
    if (is_first)
        snprintf(why, sizeof why, "the device was heard from here on only");
    else if (frames)
        snprintf(why, sizeof why, "%u frame%s lost on the line", frames, frames == 1 ? " was" : "s were");
    else
        snprintf(why, sizeof why, "the device counted more events than it told");
    clock_catch_up(receiver);
    receiver->counts.lost_frames += frames;
    receiver->counts.lost_events += missing;
    twin_gap(&receiver->twin, missing, 0, why);
}

static void records_put(struct receiver *receiver, size_t count, uint16_t frames, uint16_t events, bool is_first)
{
    size_t at = 0;
    const struct ht_heard *first = receiver->heard;
    if (receiver->heard->kind == HT_TOLD_HELLO) {
        if (!twin_hello(&receiver->twin, first, is_first, receiver->now_ns, &receiver->error))
            return;
        at = 1;
    }
    if (frames || events)
        gap_put(receiver, frames, events, is_first);
    for (; at < count; at++)
        twin_put(&receiver->twin, receiver->heard + at);
}

static void hello_keep(struct receiver *receiver, uint32_t check)
{
    if (map_count(&receiver->epochs) >= EPOCHS_MOST)
        map_done(&receiver->epochs);
    *map_put(&receiver->epochs, receiver->heard->numbers[HT_HELLO_EPOCH], NULL) = check;
}

static void frame_take(struct receiver *receiver, struct ht_opened *opened, const struct ht_device *device, uint32_t check)
{
    uint16_t events;
    size_t records = records_get(receiver, opened, &events);
    bool makes_sense = records && records != SIZE_MAX;
    enum place place = makes_sense ? frame_place(receiver, opened, device, check) : PLACE_FAR;
    receiver->counts.senseless += !makes_sense;
    receiver->counts.repeated += place == PLACE_OLD;
    receiver->counts.strange += makes_sense && place == PLACE_FAR;
    if (place == PLACE_FAR || place == PLACE_OLD)
        return;
    if (place == PLACE_RESTART)
        restart(receiver, opened);
    receiver->device = *device;
    if (receiver->heard->kind == HT_TOLD_HELLO)
        hello_keep(receiver, check);
    records_put(receiver, records, (uint16_t)(opened->sequence - receiver->next_sequence), (uint16_t)(opened->events - receiver->next_events), place == PLACE_RESTART);
    receiver->next_sequence = (uint16_t)(opened->sequence + 1);
    receiver->next_events = (uint16_t)(opened->events + events);
    receiver->counts.frames++;
    receiver->heard_ns = receiver->now_ns;
    receiver->heard_ticks = receiver->twin.ticks;
}

static bool frame_put(void *context, const uint8_t *payload, size_t count)
{
    struct receiver *receiver = context;
    struct ht_device device = receiver->device;
    struct ht_opened opened;
    uint32_t check;
    if (receiver->error.kind)
        return true;
    switch (ht__frame_open(&opened, &device, payload, count)) {
    case HT_OPEN_DONE:
        memcpy(&check, payload + count - sizeof check, sizeof check);
        frame_take(receiver, &opened, &device, check);
        return true;
    case HT_OPEN_VERSION:
        error_set(&receiver->error, ERROR_READ, "the device speaks another version of the line than this heaptracer: build it with the matching sources");
        return true;
    case HT_OPEN_STRANGE:
        receiver->counts.strange++;
        return false;
    default:
        return false;
    }
}

void receiver_put(struct receiver *receiver, const uint8_t *bytes, size_t count)
{
    receiver->counts.bytes += count;
    splitter_put(&receiver->splitter, bytes, count);
}

void receiver_end(struct receiver *receiver)
{
    splitter_end(&receiver->splitter);
}

void receiver_done(struct receiver *receiver)
{
    map_done(&receiver->epochs);
    twin_done(&receiver->twin);
}
