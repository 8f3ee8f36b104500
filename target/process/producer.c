/* producer: in whole records, out a ring in shared memory that the collector reads. */
#include "producer.h"

#include "port_process.h"
#include "sample.h"

#include <string.h>

/* A record must never wrap and 8 bytes at the end could hold no PAD record: both are filled up here. */
static void lane_pad(struct ht_thread *thread, uint64_t rest)
{
    uint64_t *words = (uint64_t *)(void *)(thread->ring + (thread->head & thread->ring_mask));
    lane_begin(thread);
    words[0] = ht_lane_word0(stamp_early(), HT_LANE_MORE, 0);
    words[1] = (rest - 16) << 8 | HT_MORE_PAD;
    lane_publish(thread, rest);
}

static void lane_wake_collector(struct ht_thread *thread)
{
    if (__atomic_load_n(&ht__session->sleeping, __ATOMIC_SEQ_CST) && __atomic_exchange_n(&ht__session->sleeping, 0, __ATOMIC_SEQ_CST))
        ht__port_wake(&ht__session->sleeping);
    thread->wake_at = thread->head + ht__session->wake_bytes;
}

static bool lane_has_room(const struct ht_thread *thread, uint64_t bytes)
{
    uint64_t tail = __atomic_load_n(&thread->lane->tail, __ATOMIC_ACQUIRE);
    return thread->head + bytes - tail <= thread->ring_mask + 1;
}

/* Waits until the collector made room; false if there is no collector any more. */
static bool lane_wait(struct ht_thread *thread, uint64_t bytes)
{
    struct ht_lane *lane = thread->lane;
    __atomic_add_fetch(&lane->waits, 1, __ATOMIC_RELAXED);
    while (!lane_has_room(thread, bytes)) {
        uint32_t seen = __atomic_load_n(&lane->room_futex, __ATOMIC_SEQ_CST);
        __atomic_store_n(&lane->blocked, 1, __ATOMIC_SEQ_CST);
        lane_wake_collector(thread);
        if (lane_has_room(thread, bytes))
            break;
        ht__port_wait(&lane->room_futex, seen, 100);
        if (!lane_is_current(lane))
            return false;
        if (!lane_has_room(thread, bytes) && !ht__port_collector_lives()) {
            __atomic_store_n(&ht__state->generation, HT_OFF, __ATOMIC_RELAXED);
            return false;
        }
    }
    __atomic_store_n(&lane->blocked, 0, __ATOMIC_RELAXED);
    return true;
}

static bool lane_make_room(struct ht_thread *thread, uint64_t bytes)
{
    if (lane_has_room(thread, bytes))
        return true;
    if (ht__session->policy == HT_POLICY_BLOCK && lane_wait(thread, bytes))
        return true;
    __atomic_add_fetch(&thread->lane->lost_events, 1, __ATOMIC_RELAXED);
    thread->gap_events++;
    return false;
}

void ht__lane_tell_gap(struct ht_thread *thread)
{
    uint64_t gap[2] = {thread->gap_events, thread->gap_bytes};
    if (!gap[0] || !lane_has_room(thread, (thread->ring_mask + 1) / 4))
        return;
    thread->gap_events = thread->gap_bytes = 0;
    ht__lane_put_more(thread, HT_MORE_GAP, gap, sizeof gap, NULL, 0);
}

/* With HT_POLICY_SAMPLE: a ring that is three quarters full makes its thread sample, one that is a quarter full makes it record all again. Frees are told
 * in any case, so those of blocks that were passed over are frees of unknown blocks. */
static void lane_degrade(struct ht_thread *thread)
{
    uint64_t ring_bytes = thread->ring_mask + 1, used = thread->head - __atomic_load_n(&thread->lane->tail, __ATOMIC_ACQUIRE);
    if (!thread->sample_bytes && used > ring_bytes / 4 * 3)
        ht__sample_set(thread, ht__session->sample_bytes);
    else if (thread->sample_bytes && used < ring_bytes / 4)
        ht__sample_set(thread, 0);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

__attribute__((noinline)) uint64_t *ht__lane_reserve_slow(struct ht_thread *thread, uint64_t bytes)
{
    uint64_t ring_bytes = thread->ring_mask + 1;
    if (bytes > ring_bytes / 4) {
        __atomic_add_fetch(&thread->lane->lost_events, 1, __ATOMIC_RELAXED);
        thread->gap_events++;
        return NULL;
    }
    if (thread->head >= thread->wake_at)
        lane_wake_collector(thread);
    if (ht__session->policy == HT_POLICY_SAMPLE)
        lane_degrade(thread);
    if (thread->gap_events)
        ht__lane_tell_gap(thread);
    uint64_t rest = ring_bytes - (thread->head & thread->ring_mask);
    if (rest < bytes || rest == bytes + 8) {
        if (!lane_make_room(thread, rest))
            return NULL;
        lane_pad(thread, rest);
        rest = ring_bytes;
    }
    if (!lane_make_room(thread, bytes))
        return NULL;
    uint64_t room_end = __atomic_load_n(&thread->lane->tail, __ATOMIC_ACQUIRE) + ring_bytes;
    /* 8 bytes short of the ring's end, so that a record that fits needs no look at the rest. */
    thread->soft_limit = smaller(smaller(room_end, thread->wake_at), thread->head + rest - 16);
    return (uint64_t *)(void *)(thread->ring + (thread->head & thread->ring_mask));
}

bool ht__lane_put_more(struct ht_thread *thread, unsigned type, const void *head, uint64_t head_bytes, const void *tail, uint64_t tail_bytes)
{
    uint64_t payload = head_bytes + tail_bytes, bytes = 16 + ((payload + 7) & ~(uint64_t)7);
    uint64_t *words = lane_reserve(thread, bytes);
    if (!words)
        return false;
    lane_begin(thread);
    words[0] = ht_lane_word0(stamp_late(), HT_LANE_MORE, 0);
    words[1] = payload << 8 | type;
    memcpy(words + 2, head, head_bytes);
    if (tail_bytes)
        memcpy((char *)(words + 2) + head_bytes, tail, tail_bytes);
    lane_publish(thread, bytes);
    return true;
}

static bool lane_claim(struct ht_lane *lane)
{
    uint32_t idle = HT_LANE_IDLE;
    return __atomic_load_n(&lane->state, __ATOMIC_RELAXED) == HT_LANE_IDLE &&
           __atomic_compare_exchange_n(&lane->state, &idle, HT_LANE_OWNED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* The collector looks at no lane from lanes_used on. */
static void lane_raise_used(uint32_t count)
{
    uint32_t used = __atomic_load_n(&ht__session->lanes_used, __ATOMIC_RELAXED);
    while (used < count && !__atomic_compare_exchange_n(&ht__session->lanes_used, &used, count, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        ;
}

/* An idle lane, now this thread's; NULL: none. *closed: one was left and will be idle when the collector has read it. */
static struct ht_lane *lane_find(bool *closed)
{
    *closed = false;
    for (uint32_t i = 0; i < ht__session->lane_count; i++) {
        struct ht_lane *lane = ht_session_lane(ht__session, i);
        if (i >= __atomic_load_n(&ht__session->lanes_used, __ATOMIC_RELAXED))
            lane_raise_used(i + 1);
        if (lane_claim(lane))
            return lane;
        *closed |= __atomic_load_n(&lane->state, __ATOMIC_RELAXED) == HT_LANE_CLOSED;
    }
    return NULL;
}

/* Threads may come and go faster than the collector looks: then it is waited for like for room in a lane. */
static struct ht_lane *lane_await(void)
{
    bool closed;
    struct ht_lane *lane = lane_find(&closed);
    while (!lane && closed && ht__session->policy == HT_POLICY_BLOCK && ht__port_collector_lives()) {
        uint32_t never = 0;
        if (__atomic_exchange_n(&ht__session->sleeping, 0, __ATOMIC_SEQ_CST))
            ht__port_wake(&ht__session->sleeping);
        ht__port_wait(&never, 0, 1);
        lane = lane_find(&closed);
    }
    return lane;
}

bool ht__lane_take(struct ht_thread *thread, uint32_t process, uint32_t pid, uint32_t tid)
{
    struct ht_lane *lane = lane_await();
    if (!lane) {
        __atomic_add_fetch(&ht__session->lanes_refused, 1, __ATOMIC_RELAXED);
        return false;
    }
    lane->process = process;
    lane->pid = pid;
    __atomic_store_n(&lane->tid, tid, __ATOMIC_RELEASE);
    thread->lane = lane;
    thread->ring = ht_lane_ring(lane);
    thread->ring_mask = ht__session->lane_bytes - 1;
    thread->head = lane->head;
    thread->clock_start = ht__session->clock_start;
    bool plain = ht__session->clock == PORT_CLOCK_REGISTER && !ht__session->depth_limit;
    thread->detour = plain ? 0 : HT_DETOUR_SESSION;
    thread->free_detour = !plain || ht__session->flags & HT_SESSION_FREE_STACKS;
    thread->source = 0;
    thread->soft_limit = 0;
    thread->wake_at = thread->head + ht__session->wake_bytes;
    return true;
}

void ht__lane_leave(struct ht_thread *thread)
{
    __atomic_store_n(&thread->lane->state, HT_LANE_CLOSED, __ATOMIC_RELEASE);
    thread->lane = NULL;
}
