/* ring: the collector alone writes tail; state goes OWNED, CLOSED by the producer and IDLE by the collector. */
#include "ring.h"

#include <linux/futex.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

bool ring_look(struct ring *ring)
{
    uint64_t head = __atomic_load_n(&ring->shared->head, __ATOMIC_ACQUIRE);
    ring->writing = head & 1;
    head &= ~1ull;
    if (ring->dropped) {
        ring->tail = ring->head = head & ~7ull;
        return true;
    }
    if (head & 7 || head - ring->tail > ring->room || head < ring->head)
        return false;
    ring->head = head;
    return true;
}

bool ring_peek(struct ring *ring, uint64_t *stamp)
{
    for (;;) {
        uint64_t count;
        const uint64_t *words = ring_words(ring, &count);
        if (!count)
            return false;
        uint64_t first = ring_word(words);
        if (__builtin_expect((first & 7) != HT_LANE_MORE || count < 2, 1)) {
            *stamp = first >> 8;
            return true;
        }
        uint64_t size = ring_word(words + 1);
        uint64_t skip = 2 + ((size >> 8) + 7) / 8;
        if ((size & 0xFF) != HT_MORE_PAD || size >> 8 > ring->room || skip > count) {
            *stamp = first >> 8;
            return true;
        }
        ring->tail += skip * 8;
    }
}

void ring_wake(struct ring *ring)
{
    __atomic_add_fetch(&ring->shared->room_futex, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &ring->shared->room_futex, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void ring_give_back(struct ring *ring)
{
    if (ring->tail == ring->told_tail)
        return;
    ring->told_tail = ring->tail;
    __atomic_store_n(&ring->shared->tail, ring->tail, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&ring->shared->blocked, __ATOMIC_RELAXED))
        return;
    ring_wake(ring);
}

void ring_adopt(struct ring *ring)
{
    ring->state = RING_OPEN;
    ring->serial = 0;
    ring->image = NULL;
    ring->told = ring->dropped = ring->writing = ring->stalled = false;
    ring->depth = 0;
    ring->idle_ns = ring->held_ns = 0;
    ring->tail = ring->told_tail = ring->head = __atomic_load_n(&ring->shared->tail, __ATOMIC_RELAXED) & ~7ull;
}

void ring_release(struct ring *ring)
{
    struct ht_lane *shared = ring->shared;
    ring->state = RING_IDLE;
    ring->truncated += __atomic_exchange_n(&shared->truncated, 0, __ATOMIC_RELAXED);
    ring->waits += __atomic_exchange_n(&shared->waits, 0, __ATOMIC_RELAXED);
    ring->lost_events += __atomic_exchange_n(&shared->lost_events, 0, __ATOMIC_RELAXED);
    ring->head = ring->tail;
    __atomic_store_n(&shared->process, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&shared->head, ring->tail, __ATOMIC_RELAXED);
    __atomic_store_n(&shared->tail, ring->tail, __ATOMIC_RELAXED);
    __atomic_store_n(&shared->state, HT_LANE_IDLE, __ATOMIC_RELEASE);
}

void ring_drop(struct ring *ring)
{
    ring->dropped = true;
    ring->head = 0;
    ring_look(ring);
}
