/* ring: the collector's end of one lane (wire/lane.h): in what a thread put there, out whole records in their order. What is in the shared memory may be
 * nonsense: nothing is believed that is not checked, and nothing is read twice. */
#ifndef HOST_SOURCE_RING_H
#define HOST_SOURCE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/lane.h"

enum ring_state {
    RING_IDLE,    /* nobody's */
    RING_OPEN,    /* a thread's */
    RING_CLOSING, /* its thread is gone; what is in it is still to be read */
};

struct ring {
    struct ht_lane *shared;
    const char *bytes;
    uint64_t room;       /* a power of two */
    uint64_t tail, head; /* bytes read; bytes that are whole, as last seen */
    uint64_t told_tail;  /* what the producer knows of tail */
    uint64_t bound;      /* no record that is still to come has an earlier stamp */
    enum ring_state state;
    bool writing;              /* a record was being written at the last look */
    bool stalled;              /* that record took so long that the merge goes on without the lane */
    bool dropped;              /* it held nonsense: nothing more is read of it */
    bool told;                 /* EVENT_THREAD is out */
    uint32_t index;            /* of the lane */
    uint32_t serial, pid, tid; /* of the thread that has it */
    uint32_t thread;           /* session-wide id */
    struct image *image;
    uint32_t usable_rule; /* enum ht_usable_rule */
    uint32_t *stack;      /* ids of the frames of the last stack, oldest first */
    uint32_t depth, stack_room;
    uint64_t held_ns;                       /* since when its record in the making holds the merge, 0: it does not */
    uint64_t idle_ns;                       /* since when it is idle, 0: its pages are given back */
    uint64_t truncated, waits, lost_events; /* of earlier threads that had it */
};

/* Takes note of what is whole now. False if the lane's counters are nonsense. */
bool ring_look(struct ring *ring);
/* True if a record is there; its stamp. Skips padding. */
bool ring_peek(struct ring *ring, uint64_t *stamp);
/* The words from the tail on, and how many may be read. */
static inline const uint64_t *ring_words(const struct ring *ring, uint64_t *count)
{
    uint64_t at = ring->tail & (ring->room - 1), whole = ring->head - ring->tail, straight = ring->room - at;
    *count = (whole < straight ? whole : straight) / 8;
    return (const uint64_t *)(ring->bytes + at);
}
static inline uint64_t ring_word(const uint64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}
static inline uint64_t ring_unread(const struct ring *ring)
{
    return ring->head - ring->tail;
}
/* Lets the producer have what was read; wakes it if it waits for room. */
void ring_give_back(struct ring *ring);
/* Wakes whoever waits for room. */
void ring_wake(struct ring *ring);
/* A thread took the lane: who it is, its first whole record tells (the lane is taken before these words are filled). */
void ring_adopt(struct ring *ring);
/* The lane may be taken again. */
void ring_release(struct ring *ring);
/* Nothing of it is believed any more; the producer is kept from waiting. */
void ring_drop(struct ring *ring);

#endif
