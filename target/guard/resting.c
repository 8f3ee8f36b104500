/* resting: in freed blocks, out the same blocks much later, and whether somebody wrote into them meanwhile.
 *
 * There are some queues, so that threads need not wait for one another: a queue that is in use is passed over, and where all are, the block leaves at once. */
#include "resting.h"

#include "target/process/port_process.h"

#include <stddef.h>
#include <string.h>

enum {
    QUEUES = 8,
    ROOM = 8192, /* blocks of one queue */
    LEAVE_AT_ONCE = 32,
    POISON = 0xDB, /* eight of them are no address */
    POISON_ALL = 2048,
    POISON_STEP = 4096, /* of a larger block its ends are poisoned, and a little of each page */
    POISON_STEPS = 64,
    POISON_BITE = 64,
};

struct queue {
    uint32_t locked, first, count;
    uint64_t bytes;
    struct resting *at;
} __attribute__((aligned(64)));

static struct queue queues[QUEUES];
static uint64_t queue_bytes;
static void (*leave)(const struct resting *resting);
static uint32_t next_queue;
static __thread uint32_t own_queue __attribute__((tls_model("initial-exec")));

bool resting_begin(uint64_t bytes, void (*leaves)(const struct resting *resting))
{
    struct resting *all = ht__port_pages(sizeof(struct resting) * QUEUES * ROOM);
    for (int i = 0; all && i < QUEUES; i++)
        queues[i].at = all + (size_t)i * ROOM;
    queue_bytes = bytes / QUEUES;
    leave = leaves;
    return all != NULL;
}

/* Calls `each` for the parts of a block that are poisoned, until it says no. */
static bool poison_parts(const struct resting *resting, bool (*each)(uint8_t *from, uint64_t bytes, void *context), void *context)
{
    uint8_t *block = resting->block;
    if (resting->size <= POISON_ALL)
        return each(block, resting->size, context);
    bool all = each(block, POISON_ALL / 2, context);
    for (uint64_t i = 1, at = POISON_STEP; all && i < POISON_STEPS && at + POISON_BITE < resting->size - POISON_ALL / 4; i++, at += POISON_STEP)
        all = each(block + at, POISON_BITE, context);
    return all && each(block + resting->size - POISON_ALL / 4, POISON_ALL / 4, context);
}

static bool poison_put(uint8_t *from, uint64_t bytes, void *context)
{
    (void)context;
    memset(from, POISON, bytes);
    return true;
}

void resting_poison(const struct resting *resting)
{
    poison_parts(resting, poison_put, NULL);
}

static bool poison_check(uint8_t *from, uint64_t bytes, void *context)
{
    uint8_t **bad = context;
    uint64_t i = 0, word;
    for (; i + 8 <= bytes; i += 8) {
        memcpy(&word, from + i, 8);
        if (word != POISON * 0x0101010101010101u)
            break;
    }
    while (i < bytes && from[i] == POISON)
        i++;
    *bad = i < bytes ? from + i : NULL;
    return i >= bytes;
}

bool resting_is_whole(const struct resting *resting, struct damage *damage)
{
    uint8_t *bad = NULL, *end = (uint8_t *)resting->block + resting->size;
    if (poison_parts(resting, poison_check, &bad))
        return true;
    damage->first = bad - (uint8_t *)resting->block;
    for (const uint8_t *at = bad; at < end && at < bad + POISON_ALL; at++)
        damage->count += *at != POISON;
    damage->around_bytes = end - bad < SEAL_AROUND ? (uint32_t)(end - bad) : SEAL_AROUND;
    memcpy(damage->around, bad, damage->around_bytes);
    return false;
}

static bool queue_lock(struct queue *queue)
{
    return !__atomic_load_n(&queue->locked, __ATOMIC_RELAXED) && !__atomic_exchange_n(&queue->locked, 1, __ATOMIC_ACQUIRE);
}

static void queue_unlock(struct queue *queue)
{
    __atomic_store_n(&queue->locked, 0, __ATOMIC_RELEASE);
}

static struct queue *queue_take(void)
{
    if (!own_queue)
        own_queue = __atomic_add_fetch(&next_queue, 1, __ATOMIC_RELAXED) % QUEUES + 1;
    for (uint32_t i = 0; i < QUEUES; i++)
        if (queue_lock(&queues[(own_queue - 1 + i) % QUEUES]))
            return &queues[(own_queue - 1 + i) % QUEUES];
    return NULL;
}

static bool queue_is_full(const struct queue *queue)
{
    return queue->count == ROOM || (queue->bytes > queue_bytes && queue->count > 1);
}

static struct resting queue_pop(struct queue *queue)
{
    struct resting oldest = queue->at[queue->first];
    queue->first = (queue->first + 1) % ROOM;
    queue->count--;
    queue->bytes -= oldest.size + SEAL_HEAD;
    return oldest;
}

void resting_put(const struct resting *resting)
{
    struct resting leaving[LEAVE_AT_ONCE];
    uint32_t count = 0;
    resting_poison(resting);
    struct queue *queue = queue_take();
    if (!queue) {
        leave(resting);
        return;
    }
    if (queue->count == ROOM)
        leaving[count++] = queue_pop(queue);
    queue->at[(queue->first + queue->count++) % ROOM] = *resting;
    queue->bytes += resting->size + SEAL_HEAD;
    while (queue_is_full(queue) && count < LEAVE_AT_ONCE)
        leaving[count++] = queue_pop(queue);
    queue_unlock(queue);
    for (uint32_t i = 0; i < count; i++)
        leave(&leaving[i]);
}

bool resting_find(const void *address, struct resting *found)
{
    bool is_found = false;
    for (int i = 0; i < QUEUES && !is_found; i++) {
        struct queue *queue = &queues[i];
        if (!queue_lock(queue))
            continue;
        for (uint32_t k = 0; k < queue->count && !is_found; k++) {
            *found = queue->at[(queue->first + k) % ROOM];
            is_found = (uintptr_t)address - (uintptr_t)found->block <= found->size;
        }
        queue_unlock(queue);
    }
    return is_found;
}

void resting_each(void (*see)(const struct resting *resting))
{
    for (int i = 0; i < QUEUES; i++) {
        struct queue *queue = &queues[i];
        if (!queue_lock(queue))
            continue;
        for (uint32_t k = 0; k < queue->count; k++)
            see(&queue->at[(queue->first + k) % ROOM]);
        queue_unlock(queue);
    }
}

/* What another thread of the parent was about to change is left alone for good. */
void resting_after_fork(void)
{
    for (int i = 0; i < QUEUES; i++)
        if (queues[i].locked) {
            queues[i].first = queues[i].count = 0;
            queues[i].bytes = 0;
            queue_unlock(&queues[i]);
        }
}
